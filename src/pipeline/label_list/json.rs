//! Text and JSON of a label file, bounded before anything is built from them.

use serde_json::Value;

use super::LabelListProblem;

/// Deepest nesting of a JSON text. Label lists need fewer than ten.
const MAX_DEPTH: usize = 64;

/// Most values in a JSON text: keeps the tree below some 100 MB however the text is made.
const MAX_VALUES: usize = 1_000_000;

/// The text of a file in UTF-8 or UTF-16, with or without a byte order mark.
///
/// Windows PowerShell's `>` writes UTF-16.
pub(super) fn decode(bytes: &[u8]) -> Result<String, LabelListProblem> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => from_utf8(rest),
        [0xFF, 0xFE, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
        // JSON begins with an ASCII character, which shows the width of the units.
        [1..=u8::MAX, 0, ..] => from_utf16(bytes, u16::from_le_bytes),
        [0, 1..=u8::MAX, ..] => from_utf16(bytes, u16::from_be_bytes),
        _ => from_utf8(bytes),
    }
}

fn from_utf8(bytes: &[u8]) -> Result<String, LabelListProblem> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| LabelListProblem::NotText)
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, LabelListProblem> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return Err(LabelListProblem::NotText);
    };
    char::decode_utf16(pairs.iter().map(|&pair| unit(pair)))
        .collect::<Result<_, _>>()
        .map_err(|_| LabelListProblem::NotText)
}

/// Parses one JSON value within the limits.
pub(super) fn parse(text: &str) -> Result<Value, LabelListProblem> {
    check_limits(text)?;
    serde_json::from_str(text).map_err(|error| not_json(&error))
}

/// Parses JSON values that follow each other, as PowerShell joins a list that lies too deep.
pub(super) fn parse_sequence(text: &str) -> Result<Vec<Value>, LabelListProblem> {
    check_limits(text)?;
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| not_json(&error))
}

fn not_json(error: &serde_json::Error) -> LabelListProblem {
    let message = error.to_string();
    // The position is told in our own words.
    let end = message.find(" at line ").unwrap_or(message.len());
    LabelListProblem::NotJson {
        line: error.line(),
        column: error.column(),
        message: message.get(..end).unwrap_or_default().to_owned(),
    }
}

/// Counts depth and values without building anything.
fn check_limits(text: &str) -> Result<(), LabelListProblem> {
    let mut depth = 0_usize;
    let mut values = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(LabelListProblem::OverLimit(
                "nested deeper than any label list",
            ));
        }
        if values > MAX_VALUES {
            return Err(LabelListProblem::OverLimit(
                "more values than any label list",
            ));
        }
    }
    Ok(())
}
