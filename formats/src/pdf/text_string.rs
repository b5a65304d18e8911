//! Text strings (ISO 32000-2, 7.9.2.2 and annex D.3).

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};

/// The text of a string: by its byte order mark, else in PDFDocEncoding. What cannot be decoded
/// becomes U+FFFD. Little-endian UTF-16 is not allowed but occurs.
pub(super) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, text @ ..] => UTF_16BE.decode_without_bom_handling(text).0.into_owned(),
        [0xFF, 0xFE, text @ ..] => UTF_16LE.decode_without_bom_handling(text).0.into_owned(),
        [0xEF, 0xBB, 0xBF, text @ ..] => UTF_8.decode_without_bom_handling(text).0.into_owned(),
        text => text.iter().map(|byte| document_encoding(*byte)).collect(),
    }
}

/// Text as an object: what is plain ASCII as it reads, anything else in UTF-16, which every reader
/// takes.
pub(super) fn encode(text: &str) -> Vec<u8> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let mut string = vec![b'('];
        for byte in text.bytes() {
            if matches!(byte, b'(' | b')' | b'\\') {
                string.push(b'\\');
            }
            string.push(byte);
        }
        string.push(b')');
        return string;
    }
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    let digits: String = units.map(|unit| format!("{unit:04X}")).collect();
    format!("<{digits}>").into_bytes()
}

/// PDFDocEncoding: Latin 1 but for two ranges and the euro.
fn document_encoding(byte: u8) -> char {
    const FROM_18: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
    const FROM_80: [char; 32] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚',
        '™', 'ﬁ', 'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{FFFD}',
    ];
    let from = |table: &[char], first: u8| table.get(usize::from(byte - first)).copied();
    let special = match byte {
        0x18..=0x1F => from(&FROM_18, 0x18),
        0x80..=0x9F => from(&FROM_80, 0x80),
        0xA0 => Some('€'),
        _ => None,
    };
    special.unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_by_its_mark() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(decode(bytes), expected);
        check(b"Confidential \\ Any User", "Confidential \\ Any User");
        check(b"A \x85 B \x84 C \xA0 \xE9 \x1F", "A – B — C € é ˜");
        check(b"\xFE\xFF\x20\x13\x00A", "–A");
        check(b"\xFF\xFE\x13\x20A\x00", "–A");
        check(b"\xEF\xBB\xBF\xE2\x80\x93A", "–A");
        check(b"\xFE\xFF\x00", "\u{FFFD}");
        check(b"", "");
    }
}
