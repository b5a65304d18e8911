//! Label properties in the information dictionary of a PDF, as far as they are not compressed.

const PREFIX: &[u8] = b"/MSIP_Label_";

/// Names, with their prefix, and values of the label properties.
pub(super) fn properties(file: &[u8]) -> Vec<(String, String)> {
    let dictionary = information(file).unwrap_or(file);
    let mut found = Vec::new();
    let mut rest = dictionary;
    while let Some(at) = find(rest, PREFIX) {
        rest = &rest[at + 1..];
        let end = rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || b"(<[/".contains(byte))
            .unwrap_or(rest.len());
        let name = String::from_utf8_lossy(&rest[..end]).into_owned();
        if let Some(value) = string(rest[end..].trim_ascii_start()) {
            found.push((name, value));
        }
    }
    found
}

/// The information dictionary that the last trailer names; an updated document has several.
fn information(file: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"/Info ";
    let at = rfind(file, KEY)? + KEY.len();
    let reference = String::from_utf8_lossy(file.get(at..file.len().min(at + 24))?).into_owned();
    let mut numbers = reference.split_ascii_whitespace();
    let object = format!("{} {} obj", numbers.next()?, numbers.next()?);
    // A number that ends so is another object.
    let begins = [format!("\n{object}"), format!("\r{object}")];
    let begin = begins
        .iter()
        .filter_map(|begin| rfind(file, begin.as_bytes()))
        .max()?;
    let object = &file[begin..];
    Some(&object[..find(object, b"endobj").unwrap_or(object.len())])
}

/// A string object at the beginning of `bytes`: in parentheses or in hexadecimal.
fn string(bytes: &[u8]) -> Option<String> {
    match bytes.split_first()? {
        (b'(', rest) => Some(text(&literal(rest))),
        (b'<', rest) if rest.first() != Some(&b'<') => {
            let digits: Vec<u8> = rest
                .iter()
                .take_while(|byte| **byte != b'>')
                .filter(|byte| !byte.is_ascii_whitespace())
                .copied()
                .collect();
            let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()?;
            Some(text(&bytes))
        }
        _ => None,
    }
}

/// The bytes of a literal string up to its closing parenthesis.
fn literal(bytes: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b'(' => depth += 1,
            b'\\' => {
                found.extend(escaped(&mut rest));
                continue;
            }
            _ => {}
        }
        found.push(byte);
    }
    found
}

fn escaped(rest: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> Option<u8> {
    let byte = rest.next()?;
    match byte {
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'b' => Some(8),
        b'f' => Some(12),
        b'\n' | b'\r' => None,
        b'0'..=b'7' => {
            let mut value = u16::from(byte - b'0');
            for _ in 0..2 {
                match rest.next_if(|digit| (b'0'..=b'7').contains(digit)) {
                    Some(digit) => value = value * 8 + u16::from(digit - b'0'),
                    None => break,
                }
            }
            Some(value.to_le_bytes()[0])
        }
        other => Some(other),
    }
}

/// A text string: UTF-16 with a mark, or one byte for each character.
fn text(bytes: &[u8]) -> String {
    match bytes.strip_prefix(b"\xfe\xff") {
        Some(units) => {
            let units: Vec<u16> = units
                .chunks_exact(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .rposition(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::properties;

    #[test]
    fn the_last_dictionary_counts() {
        let file = b"%PDF-1.7\n4 0 obj\n<< /MSIP_Label_a_Enabled (true) >>\nendobj\n\
            trailer << /Info 4 0 R >>\n4 0 obj\n<< /MSIP_Label_b_Name <FEFF00E40062> \
            /MSIP_Label_b_Enabled(tr\\165e) /MSIP_Label_b_Text (a \\(b\\) (c)) >>\nendobj\n\
            trailer << /Size 5 /Info 4 0 R >>\n";
        let expected = [
            ("MSIP_Label_b_Name", "\u{e4}b"),
            ("MSIP_Label_b_Enabled", "true"),
            ("MSIP_Label_b_Text", "a (b) (c)"),
        ];
        let found = properties(file);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(found, expected);
    }
}
