//! Binary documents and their encryption flags.

use super::container_tests::Streams;
use super::read_tests::{SUMMARY, read_streams, summary, summary_of, with};
use crate::rms::samples::LABEL;

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend((body.len() as u16).to_le_bytes());
    bytes.extend(body);
    bytes
}

fn workbook(version: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let [low, high] = version.to_le_bytes();
    let mut bytes = record(0x0809, &[low, high, 5, 0, 0, 0, 0, 0]);
    bytes.extend(records.concat());
    bytes.extend(record(0x0A, &[]));
    bytes.resize(600, 0);
    bytes
}

fn word(flags: u16) -> Vec<u8> {
    let mut bytes = vec![0xEC, 0xA5, 0xC1, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(flags.to_le_bytes());
    bytes.resize(600, 0);
    bytes
}

fn current_user(token: u32) -> Vec<u8> {
    let mut bytes = record(0x0FF6, &[]);
    bytes.resize(12, 0);
    bytes.extend(token.to_le_bytes());
    bytes.resize(40, 0);
    bytes
}

#[test]
fn binary_documents() {
    let pass = |body: &[u8]| record(0x2F, body);
    let ppt = |more: &[(&str, Vec<u8>)]| {
        with(
            Streams::from([("PowerPoint Document".to_owned(), vec![0; 50])]),
            more,
        )
    };
    let doc = |flags, table: &str, head: &[u8]| {
        Streams::from([
            ("WordDocument".to_owned(), word(flags)),
            (table.to_owned(), head.to_vec()),
        ])
    };
    let xls = |name: &str, bytes| Streams::from([(name.to_owned(), bytes)]);
    let write_protect = record(0x86, &[]);
    for (streams, expected) in [
        (doc(0, "0Table", b"ab"), "doc | none |  | ok"),
        (
            doc(0x8100, "0Table", b"ab"),
            "doc | password | xor | file.password",
        ),
        (
            doc(0x0100, "0Table", &[1, 0, 1, 0]),
            "doc | password | rc4 | file.password",
        ),
        (
            doc(0x0300, "1Table", &[2, 0, 2, 0]),
            "doc | password | cryptoapi | file.password",
        ),
        (
            doc(0x0300, "0Table", &[2, 0, 2, 0]),
            "doc | password | rc4 | file.password",
        ),
        (
            xls("WordDocument", vec![0; 5]),
            "doc | none |  | file.corrupt",
        ),
        (xls("Workbook", workbook(0x600, &[])), "xls | none |  | ok"),
        (
            xls("Workbook", workbook(0x600, &[pass(&[0; 6])])),
            "xls | password | xor | file.password",
        ),
        (
            xls(
                "Workbook",
                workbook(0x600, &[write_protect, pass(&[1, 0, 1, 0, 1, 0])]),
            ),
            "xls | password | rc4 | file.password",
        ),
        (
            xls("workbook", workbook(0x600, &[pass(&[1, 0, 4, 0, 2, 0])])),
            "xls | password | cryptoapi | file.password",
        ),
        (
            xls("Book", workbook(0x500, &[pass(&[1, 0, 4, 0])])),
            "xls | password | xor | file.password",
        ),
        (
            xls("Workbook", b"no workbook".to_vec()),
            "xls | none |  | file.corrupt",
        ),
        (xls("Workbook", vec![]), "xls | none |  | file.corrupt"),
        (ppt(&[]), "ppt | none |  | ok"),
        (
            ppt(&[("Current User", current_user(0xE391_C05F))]),
            "ppt | none |  | ok",
        ),
        (
            ppt(&[("Current User", current_user(0xF3D1_C4DF))]),
            "ppt | password | cryptoapi | file.password",
        ),
        (
            ppt(&[("EncryptedSummary", vec![])]),
            "ppt | password | cryptoapi | file.password",
        ),
        (xls("__properties_version1.0", vec![]), "ole | none |  | ok"),
    ] {
        assert_eq!(summary_of(&read_streams(&streams)), expected);
        let labelled = with(streams, &[(SUMMARY, summary(LABEL))]);
        let expected = format!("{expected} | +1b1b1b1b [DocSummary]");
        assert_eq!(
            summary_of(&read_streams(&labelled)),
            expected,
            "with a label"
        );
    }
}
