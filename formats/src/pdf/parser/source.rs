//! Dictionaries as they are written: what it takes to change one without touching the rest of it.

use std::ops::Range;

use super::{Fault, Lexed, Parser};
use crate::input::{Input, Parsed};
use crate::pdf::object::Object;

/// The bytes of a dictionary, with where in them its entries stand.
#[derive(Debug, Clone)]
pub(in crate::pdf) struct SourceDictionary {
    pub(in crate::pdf) bytes: Vec<u8>,
    entries: Vec<SourceEntry>,
}

#[derive(Debug, Clone)]
struct SourceEntry {
    key: Vec<u8>,
    value: Object,
    /// From the key to the end of the value.
    span: Range<usize>,
    value_start: usize,
}

impl SourceDictionary {
    /// An empty one.
    pub(in crate::pdf) fn empty() -> Self {
        Self {
            bytes: b"<<>>".to_vec(),
            entries: Vec::new(),
        }
    }

    /// The dictionary that `bytes` begin with; `None` where they begin with something else.
    pub(in crate::pdf) fn parse(input: &Input<'_>, bytes: &[u8]) -> Parsed<Option<Self>> {
        let mut parser = Parser::new(bytes, true, input);
        parser.source_dictionary().map_err(Fault::into_stop)
    }

    /// The value of an entry; of two with one key the last counts.
    pub(in crate::pdf) fn get(&self, key: &[u8]) -> Option<&Object> {
        let entry = self.entries.iter().rev().find(|entry| entry.key == key)?;
        (entry.value != Object::Null).then_some(&entry.value)
    }

    /// The value of an entry as it is written.
    pub(in crate::pdf) fn source_of(&self, key: &[u8]) -> Option<&[u8]> {
        let entry = self.entries.iter().rev().find(|entry| entry.key == key)?;
        self.bytes.get(entry.value_start..entry.span.end)
    }

    /// Entries as they are written, but for those whose key `is_dropped`.
    pub(in crate::pdf) fn entries_but_for<'s>(
        &'s self,
        is_dropped: impl Fn(&[u8]) -> bool + 's,
    ) -> impl Iterator<Item = &'s [u8]> {
        let kept = self
            .entries
            .iter()
            .filter(move |entry| !is_dropped(&entry.key));
        kept.filter_map(|entry| self.bytes.get(entry.span.clone()))
    }

    /// The dictionary without the entries whose key `is_dropped`, and with `added` at its end. All
    /// other bytes stay.
    pub(in crate::pdf) fn edited(
        &self,
        is_dropped: impl Fn(&[u8]) -> bool,
        added: &[u8],
    ) -> Vec<u8> {
        let mut edited = Vec::with_capacity(self.bytes.len() + added.len());
        let mut at = 0;
        for entry in self.entries.iter().filter(|entry| is_dropped(&entry.key)) {
            edited.extend(self.bytes.get(at..entry.span.start).unwrap_or_default());
            at = entry.span.end;
        }
        let close = self.bytes.len().saturating_sub(b">>".len());
        edited.extend(self.bytes.get(at..close).unwrap_or_default());
        edited.extend_from_slice(added);
        edited.extend_from_slice(b">>");
        edited
    }
}

impl Parser<'_, '_> {
    /// A dictionary with its source; `None` where something else comes next.
    pub(in crate::pdf) fn source_dictionary(&mut self) -> Lexed<Option<SourceDictionary>> {
        self.skip_white_space()?;
        if self.peek()? != b'<' || self.second()? != Some(b'<') {
            return Ok(None);
        }
        let start = self.at;
        self.at += 2;
        self.enter()?;
        let mut entries = Vec::new();
        loop {
            self.skip_white_space()?;
            match self.peek()? {
                b'>' if self.second()? == Some(b'>') => {
                    self.at += 2;
                    self.depth -= 1;
                    let bytes = self.bytes.get(start..self.at).unwrap_or_default();
                    return Ok(Some(SourceDictionary {
                        bytes: bytes.to_vec(),
                        entries,
                    }));
                }
                b'/' => {
                    let key_start = self.at - start;
                    let key = self.name()?;
                    self.skip_white_space()?;
                    if self.peek()? == b'>' {
                        continue;
                    }
                    let value_start = self.at - start;
                    let value = self.object()?;
                    entries.push(SourceEntry {
                        key,
                        value,
                        span: key_start..self.at - start,
                        value_start,
                    });
                }
                // A value without a key is passed over, as the reader does.
                _ => {
                    self.object()?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn entries_are_cut_and_added_and_nothing_else_changes() {
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let check = |source: &str, expected: &str| {
            let dictionary = SourceDictionary::parse(&input, source.as_bytes());
            let dictionary = dictionary.unwrap().unwrap();
            let edited = dictionary.edited(|key| key == b"X", b"/Y 1");
            assert_eq!(String::from_utf8_lossy(&edited), expected, "{source}");
        };
        check("<<>>", "<</Y 1>>");
        check("<</X 1>> rest", "<</Y 1>>");
        check(
            "<</A 1.50/X(a\\)>>)/B <</X 2>> % /X\n /#58 4 0 R/C[/X]>>",
            "<</A 1.50/B <</X 2>> % /X\n /C[/X]/Y 1>>",
        );
        check("<< /X true /D null\n>>", "<<  /D null\n/Y 1>>");
        check("<</X/X/A/X>>", "<</A/X/Y 1>>");
        let other = SourceDictionary::parse(&input, b"[<<>>]").unwrap();
        assert!(other.is_none());
    }
}
