//! Labels in the information dictionary and in the XMP packet, however they are written.

use crate::support::{
    CATALOG, METADATA, PAGES, TENANT, TRAILER, check, info, info_entries, packet, summary,
};
use crate::writer::{Pdf, deflated};

fn with_info(info: impl AsRef<[u8]>) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.object(1, CATALOG).object(2, PAGES).object(3, info);
    pdf.table(TRAILER).bytes.clone()
}

fn with_stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.object(1, CATALOG)
        .object(2, PAGES)
        .stream(4, dictionary, data);
    pdf.table(TRAILER).bytes.clone()
}

fn with_both(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.object(1, CATALOG).object(2, PAGES).object(3, info('a'));
    pdf.stream(4, dictionary, data).table(TRAILER).bytes.clone()
}

#[test]
fn strings_of_every_encoding() {
    let wide = |text: &str, mark: &[u8], unit: fn(u16) -> [u8; 2]| {
        let units = text.encode_utf16().flat_map(unit);
        let bytes: Vec<u8> = mark.iter().copied().chain(units).collect();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
        format!("<{digits}>").into_bytes()
    };
    let name = "Confidential – \\ intérieur";
    let cases: [(&str, Vec<u8>); 5] = [
        (
            "PDFDocEncoding",
            b"(Confidential \\205 \\\\ int\xE9rieur)".to_vec(),
        ),
        ("UTF-16BE", wide(name, b"\xFE\xFF", u16::to_be_bytes)),
        ("UTF-16LE", wide(name, b"\xFF\xFE", u16::to_le_bytes)),
        (
            "UTF-8",
            b"(\xEF\xBB\xBFConfidential \xE2\x80\x93 \\\\ int\xC3\xA9rieur)".to_vec(),
        ),
        (
            "a line that goes on",
            b"(Confid\\\nential \\205 \\\\ int\\351rieur)".to_vec(),
        ),
    ];
    for (what, string) in cases {
        let label = info('a');
        let (before, after) = label.split_once("(Label \\(of a\\))").unwrap();
        let file = with_info([before.as_bytes(), &string, after.as_bytes()].concat());
        let reading = check(what, &file, "ok A:info");
        assert_eq!(reading.labels[0].name.as_deref(), Some(name), "{what}");
    }
}

#[test]
fn values_that_are_no_plain_strings() {
    let changed = |from: &str, to: &str| with_info(info('a').replace(from, to));
    check("a name", &changed("(true)", "/True"), "ok A:info");
    check("a boolean", &changed("(true)", "true"), "ok A:info");
    check("null is no entry", &changed("(true)", "null"), "ok a:info");
    check("not enabled", &changed("(true)", "(false)"), "ok a:info");
    let mut indirect = Pdf::new();
    indirect
        .object(1, CATALOG)
        .object(2, PAGES)
        .object(7, format!("({TENANT})"));
    indirect.object(3, info('a').replace(&format!("({TENANT})"), "7 0 R"));
    check("indirect", &indirect.table(TRAILER).bytes, "ok A:info");
    let twice = format!(
        "<<{} {}>>",
        info_entries('a').replace("(true)", "(false)"),
        info_entries('a')
    );
    check(
        "the last of two entries",
        &with_info(twice),
        "ok A:info duplicate_property",
    );
    let two = format!("<<{} {}>>", info_entries('a'), info_entries('b'));
    assert!(check("two labels", &with_info(two), "ok a:info b:info").ambiguous);
}

#[test]
fn packets_of_every_filter() {
    let packet = packet('a');
    let data = packet.as_bytes();
    let labelled = |what: &str, filter: &str, data: &[u8]| {
        check(
            what,
            &with_stream(&format!("{METADATA} {filter}"), data),
            "ok A:xmp",
        );
    };
    labelled("none", "", data);
    labelled("none, as null", "/Filter null", data);
    labelled("deflate", "/Filter /FlateDecode", &deflated(data));
    labelled(
        "deflate in an array",
        "/Filter [/FlateDecode]",
        &deflated(data),
    );
    let digits: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
    labelled("hexadecimal", "/Filter /ASCIIHexDecode", digits.as_bytes());
    let packed: String = deflated(data)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    labelled("two", "/Filter [/AHx /Fl]", packed.as_bytes());
    let runs: Vec<u8> = data
        .chunks(100)
        .flat_map(|run| [&[run.len() as u8 - 1], run].concat())
        .collect();
    labelled("run length", "/Filter /RunLengthDecode", &runs);
    labelled(
        "identity",
        "/Filter [/Crypt] /DecodeParms [<</Name /Identity>>]",
        data,
    );
    let wide: Vec<u8> = packet.encode_utf16().flat_map(u16::to_be_bytes).collect();
    labelled("UTF-16BE", "", &wide);
    let widest: Vec<u8> = packet
        .chars()
        .flat_map(|letter| (letter as u32).to_le_bytes())
        .collect();
    labelled("UTF-32LE", "", &widest);
}

/// LZW in which every code is a letter: what grows is the width of the codes.
fn lzw(data: &[u8], early_change: usize) -> Vec<u8> {
    let codes = std::iter::once(256).chain(data.iter().map(|byte| usize::from(*byte)));
    let mut bits = String::new();
    for (position, code) in codes.chain([257]).enumerate() {
        // The reader knows one sequence for each letter but the first.
        let known = 258 + position.saturating_sub(2) + early_change;
        let width = match known {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        bits += &format!("{code:0width$b}");
    }
    let bytes = bits.as_bytes().chunks(8);
    bytes
        .map(|byte| {
            byte.iter()
                .chain(b"0000000")
                .take(8)
                .fold(0, |value, bit| value << 1 | (bit - b'0'))
        })
        .collect()
}

#[test]
fn packets_in_lzw() {
    // Beyond the first 12-bit code.
    let packet = packet('a') + &" ".repeat(1_500);
    for early_change in [0, 1] {
        let packed = lzw(packet.as_bytes(), early_change);
        let parameters = lopdf::dictionary! { "EarlyChange" => early_change as i64 };
        let keys = lopdf::dictionary! { "Filter" => "LZWDecode", "DecodeParms" => parameters };
        let judge = lopdf::Stream::new(keys, packed.clone());
        assert_eq!(judge.decompressed_content().unwrap(), packet.as_bytes());
        let filter = format!("/Filter /LZWDecode /DecodeParms <</EarlyChange {early_change}>>");
        let file = with_stream(&format!("{METADATA} {filter}"), &packed);
        check(&filter, &file, "ok A:xmp");
    }
}

#[test]
fn packets_that_cannot_be_read() {
    let packet = packet('b');
    let cut = &packet.as_bytes()[..packet.len() - 60];
    let cases: [(&str, &str, &[u8], &str, &str); 5] = [
        (
            "cut",
            "",
            cut,
            "file.corrupt B:xmp",
            "ok A:info unreadable_metadata",
        ),
        (
            "cut in its compression",
            "/Filter /FlateDecode",
            &deflated(packet.as_bytes())[..300],
            "file.corrupt B:xmp unreadable_metadata",
            "ok A:info unreadable_metadata",
        ),
        (
            "a picture's filter",
            "/Filter /DCTDecode",
            packet.as_bytes(),
            "ok unreadable_metadata",
            "ok A:info unreadable_metadata",
        ),
        (
            "no XML, no label",
            "",
            b"\0\x01 nonsense",
            "ok",
            "ok A:info",
        ),
        (
            "no XML, but a label",
            "",
            b"MSIP_Label_",
            "file.corrupt",
            "ok A:info unreadable_metadata",
        ),
    ];
    for (what, filter, data, alone, beside_info) in cases {
        let dictionary = format!("{METADATA} {filter}");
        let reading = crate::support::read_all_ways(&with_stream(&dictionary, data));
        let words = summary(&reading).replace(" b:xmp", " B:xmp");
        assert_eq!(words, alone, "{what}, alone");
        check(
            &format!("{what}, beside information"),
            &with_both(&dictionary, data),
            beside_info,
        );
    }
}
