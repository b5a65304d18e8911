//! Text in its encoding, and changes to it that leave every other byte as it is.

use std::borrow::Cow;
use std::ops::Range;

use super::{Form, decoded, form};
use crate::input::Parsed;
use crate::refusal::Refusal;

/// A document whose text is known, in whatever encoding it stands.
pub(crate) struct EncodedText<'b> {
    bytes: &'b [u8],
    form: Form,
    mark: usize,
    text: Cow<'b, str>,
}

/// Text to put in place of a range of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextEdit {
    pub(crate) range: Range<usize>,
    pub(crate) insert: String,
}

impl TextEdit {
    pub(crate) fn insert(at: usize, insert: String) -> Self {
        Self {
            range: at..at,
            insert,
        }
    }

    pub(crate) fn cut(range: Range<usize>) -> Self {
        Self {
            range,
            insert: String::new(),
        }
    }
}

/// What a change did to bytes: at `at` of the changed bytes there are `inserted` new ones in place of
/// `removed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ByteEdit {
    pub(crate) at: usize,
    pub(crate) inserted: usize,
    pub(crate) removed: Vec<u8>,
}

/// Changed bytes, and what was done to them in order of place.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) bytes: Vec<u8>,
    pub(crate) edits: Vec<ByteEdit>,
}

impl<'b> EncodedText<'b> {
    pub(crate) fn open(bytes: &'b [u8]) -> Parsed<Self> {
        let (form, mark) = form(bytes);
        let text = decoded(form, bytes.get(mark..).unwrap_or_default())?;
        Ok(Self {
            bytes,
            form,
            mark,
            text,
        })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes with `edits` made, which must not overlap. Bytes beside them stay as they are.
    pub(crate) fn edited(&self, mut edits: Vec<TextEdit>) -> Parsed<Edited> {
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut done = Edited {
            bytes: Vec::with_capacity(self.bytes.len() + added(&edits)),
            edits: Vec::with_capacity(edits.len()),
        };
        let (mut text_at, mut byte_at) = (0, 0);
        for edit in edits {
            let start = byte_at + self.length(text_at, byte_at, edit.range.start)?;
            let end = start + self.length(edit.range.start, start, edit.range.end)?;
            done.bytes.extend(self.slice(byte_at..start)?);
            let at = done.bytes.len();
            self.encode(&edit.insert, &mut done.bytes);
            done.edits.push(ByteEdit {
                at,
                inserted: done.bytes.len() - at,
                removed: self.slice(start..end)?.to_vec(),
            });
            (text_at, byte_at) = (edit.range.end, end);
        }
        done.bytes.extend(self.slice(byte_at..self.bytes.len())?);
        Ok(done)
    }

    fn slice(&self, range: Range<usize>) -> Parsed<&'b [u8]> {
        Ok(self.bytes.get(range).ok_or_else(not_to_be_mapped)?)
    }

    /// How many bytes, from `byte_at` on, the text from `from` to `to` takes. The mark belongs to what
    /// begins the text.
    fn length(&self, from: usize, byte_at: usize, to: usize) -> Parsed<usize> {
        let text = self.text.get(from..to).ok_or_else(not_to_be_mapped)?;
        let mark = if byte_at == 0 { self.mark } else { 0 };
        let length = match self.form {
            Form::Utf32 { .. } => 4 * text.chars().count(),
            Form::Coded(encoding) if encoding == encoding_rs::UTF_8 => text.len(),
            Form::Coded(encoding) if is_utf16(encoding) => 2 * text.encode_utf16().count(),
            Form::Coded(encoding) => {
                let (encoded, _, _) = encoding.encode(text);
                let start = byte_at + mark;
                let found = self.bytes.get(start..start + encoded.len());
                if found != Some(&*encoded) {
                    return Err(not_to_be_mapped().into());
                }
                encoded.len()
            }
        };
        Ok(mark + length)
    }

    fn encode(&self, text: &str, to: &mut Vec<u8>) {
        match self.form {
            Form::Utf32 { big_endian: true } => {
                to.extend(text.chars().flat_map(|each| u32::from(each).to_be_bytes()));
            }
            Form::Utf32 { big_endian: false } => {
                to.extend(text.chars().flat_map(|each| u32::from(each).to_le_bytes()));
            }
            Form::Coded(encoding) if encoding == encoding_rs::UTF_16BE => {
                to.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
            Form::Coded(encoding) if encoding == encoding_rs::UTF_16LE => {
                to.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            }
            // What an encoding has not becomes a character reference, which XML understands.
            Form::Coded(encoding) => to.extend_from_slice(&encoding.encode(text).0),
        }
    }
}

fn is_utf16(encoding: &encoding_rs::Encoding) -> bool {
    encoding == encoding_rs::UTF_16BE || encoding == encoding_rs::UTF_16LE
}

fn added(edits: &[TextEdit]) -> usize {
    edits.iter().map(|edit| edit.insert.len()).sum()
}

fn not_to_be_mapped() -> Refusal {
    Refusal::corrupt("its XML is in an encoding that cannot be changed in place")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    fn utf32(text: &str) -> Vec<u8> {
        let units = text.chars().flat_map(|each| u32::from(each).to_be_bytes());
        units.collect()
    }

    /// `[` and `]` are cut, `—€` is put in where they stood and at both ends.
    fn check(encode: impl Fn(&str) -> Vec<u8>, original: &str, expected: &str) {
        let bytes = encode(original);
        let text = EncodedText::open(&bytes).unwrap();
        let mut edits: Vec<TextEdit> = text
            .text()
            .match_indices(['[', ']'])
            .map(|(at, _)| TextEdit {
                range: at..at + 1,
                insert: "—€".to_owned(),
            })
            .collect();
        edits.push(TextEdit::insert(text.text().len(), "—€".to_owned()));
        let edited = text.edited(edits).unwrap();
        assert_eq!(edited.bytes, encode(expected), "{original}");
        let mut restored = edited.bytes;
        for edit in edited.edits.into_iter().rev() {
            restored.splice(edit.at..edit.at + edit.inserted, edit.removed);
        }
        assert_eq!(restored, bytes, "{original}");
    }

    #[test]
    fn only_the_bytes_of_a_change_change() {
        let (old, new) = ("é[𝄞]ü", "é—€𝄞—€ü—€");
        check(
            |text| text.as_bytes().to_vec(),
            &format!("<{old}"),
            &format!("<{new}"),
        );
        let marked = |text: &str| format!("\u{feff}{text}");
        check(|text| marked(text).into_bytes(), old, new);
        check(|text| utf16(&marked(text), u16::to_le_bytes), old, new);
        check(|text| utf16(&marked(text), u16::to_be_bytes), old, new);
        check(|text| utf32(&marked(text)), old, new);
        // A declared encoding without these characters.
        let declared = "<?xml version='1.0' encoding='iso-8859-1'?>";
        let latin = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        check(
            latin,
            &format!("{declared}é[a]ü"),
            &format!("{declared}é—€a—€ü—€"),
        );
    }
}
