//! Classes and values of single characters (ISO 32000-2, 7.2.3).

const WHITE_SPACE: u8 = 1;
const DELIMITER: u8 = 2;

/// The class of each byte (ISO 32000-2, tables 1 and 2); 0 for the regular characters. Every byte of
/// every object is looked up here.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            0 | b'\t' | b'\n' | 12 | b'\r' | b' ' => WHITE_SPACE,
            b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%' => DELIMITER,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// White space (ISO 32000-2, table 1).
pub(super) fn is_white_space(byte: u8) -> bool {
    class(byte) == WHITE_SPACE
}

/// A character of a name, number or word.
pub(super) fn is_regular(byte: u8) -> bool {
    class(byte) == 0
}

/// The value of a run of digits.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// The value of a hexadecimal digit.
pub(super) fn hexadecimal_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Bytes written as hexadecimal digits; anything else is passed over, a missing last digit is zero.
pub(super) fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 2 + 1);
    let mut high = None;
    for digit in text.iter().copied().filter_map(hexadecimal_digit) {
        match high.take() {
            Some(high) => bytes.push(high << 4 | digit),
            None => high = Some(digit),
        }
    }
    bytes.extend(high.map(|high| high << 4));
    bytes
}
