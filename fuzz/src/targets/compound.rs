//! Compound files and pfiles around fuzz input.

use std::io::{Cursor, Write};

use cfb::CompoundFile;

use super::parts;

/// The first bytes of a compound file.
pub(super) const MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

const DOCUMENT_SUMMARY: &str = "\x05DocumentSummaryInformation";

/// A Word 97 document whose document summary is the input.
pub(super) fn with_property_set(input: &[u8]) -> Vec<u8> {
    compound_file(&[("WordDocument", &WORD_HEADER), (DOCUMENT_SUMMARY, input)])
}

/// The start of a Word 97 file information block that claims no encryption (MS-DOC 2.5.2).
const WORD_HEADER: [u8; 32] = {
    let mut header = [0; 32];
    header[0] = 0xEC;
    header[1] = 0xA5;
    header[2] = 0xC1;
    header
};

/// The streams that decide what a compound file is, one list for each verdict of
/// reference/label-formats.md §3.1 and §4.
pub const LAYOUTS: [&[&str]; 6] = [
    &["WordDocument", "1Table"],
    &["Workbook"],
    &["Book"],
    &["Current User", "PowerPoint Document"],
    &["EncryptionInfo", "EncryptedPackage"],
    &[
        "\x06DataSpaces/TransformInfo/LabelInfo",
        "EncryptedPackage",
        "\x06DataSpaces/DataSpaceMap",
        "\x06DataSpaces/DataSpaceInfo/DRMEncryptedDataSpace",
        "\x06DataSpaces/TransformInfo/DRMEncryptedTransform/\x06Primary",
    ],
];

/// A compound file whose kind the first byte of the input chooses; the parts of the rest are its
/// streams.
pub(super) fn with_streams(input: &[u8]) -> Vec<u8> {
    let (choice, rest) = input.split_first().unwrap_or((&0, &[]));
    let names = LAYOUTS[usize::from(*choice) % LAYOUTS.len()];
    let contents = parts(rest).chain(std::iter::repeat(&b""[..]));
    let streams: Vec<_> = names.iter().copied().zip(contents).collect();
    compound_file(&streams)
}

/// A rights-managed Office file with the input as publishing licence, in the frame of MS-OFFCRYPTO
/// 2.2.6.
pub(super) fn rights_managed(licence: &[u8]) -> Vec<u8> {
    let mut primary = Vec::new();
    primary.extend(0x58u32.to_le_bytes());
    primary.extend(1u32.to_le_bytes());
    for text in [
        "{C73DFACD-061F-43B0-8B64-0C620D2A8B50}",
        "Microsoft.Metadata.DRMTransform",
    ] {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        length_prefixed(&mut primary, &units);
    }
    for _ in 0..3 {
        primary.extend([1, 0, 0, 0]);
    }
    primary.extend(4u32.to_le_bytes());
    length_prefixed(&mut primary, licence);
    compound_file(&[
        ("EncryptedPackage", &[0; 16]),
        (
            "\x06DataSpaces/DataSpaceInfo/DRMEncryptedDataSpace",
            &[0; 8],
        ),
        (
            "\x06DataSpaces/TransformInfo/DRMEncryptedTransform/\x06Primary",
            &primary,
        ),
    ])
}

/// Length, bytes, and zeros to a multiple of four.
fn length_prefixed(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend((bytes.len() as u32).to_le_bytes());
    to.extend_from_slice(bytes);
    to.resize(to.len().next_multiple_of(4), 0);
}

/// A pfile, version 3.0, with the input as publishing licence (reference/label-formats.md §5.2).
pub(super) fn pfile(licence: &[u8]) -> Vec<u8> {
    const NOTICE: &[u8] = b"protected";
    const HEADER: u32 = 40;
    const EXTENSION: &[u8] = b".txt";
    let header_at = (b".pfile".len() + 12 + NOTICE.len()) as u32;
    let extension_at = header_at + HEADER;
    let licence_at = extension_at + EXTENSION.len() as u32;
    let content_at = licence_at + licence.len() as u32;

    let mut file = b".pfile".to_vec();
    for number in [3, 0, NOTICE.len() as u32] {
        file.extend(number.to_le_bytes());
    }
    file.extend_from_slice(NOTICE);
    for number in [
        HEADER,
        extension_at,
        EXTENSION.len() as u32,
        licence_at,
        licence.len() as u32,
        content_at,
        // Original size (64 bits), then offset and length of the metadata.
        0,
        0,
        0,
        0,
    ] {
        file.extend(number.to_le_bytes());
    }
    file.extend_from_slice(EXTENSION);
    file.extend_from_slice(licence);
    file.extend([0; 16]);
    file
}

fn compound_file(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))
        .expect("memory takes it");
    for (path, bytes) in streams {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(storage).expect("a good name");
        }
        let mut stream = file.create_stream(path).expect("a good name");
        stream.write_all(bytes).expect("memory takes it");
        stream.flush().expect("memory takes it");
    }
    file.flush().expect("memory takes it");
    file.into_inner().into_inner()
}
