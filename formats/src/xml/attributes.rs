//! The attributes of one start tag.
//!
//! quick-xml has them too, but compares each name with all before it, which a hostile tag makes
//! quadratic, and takes all attributes apart once more for namespaces, which costs a third of the time
//! that reading label parts takes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::resolve;
use crate::input::Parsed;
use crate::refusal::Refusal;

/// Names compared one by one; longer lists are hashed.
const FEW: usize = 12;

/// Pulls attributes as qualified name and raw value from what follows a tag's name.
pub(super) struct RawAttributes<'t> {
    rest: &'t str,
    few: [&'t str; FEW],
    count: usize,
    many: Option<HashSet<&'t str>>,
}

impl<'t> RawAttributes<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            few: [""; FEW],
            count: 0,
            many: None,
        }
    }

    /// Pulls them with where they stand, the white space before them included.
    pub(super) fn with_spans(
        mut self,
    ) -> impl Iterator<Item = Parsed<(&'t str, &'t str, Range<usize>)>> {
        let length = self.rest.len();
        std::iter::from_fn(move || {
            let start = length - self.rest.len();
            let attribute = self.next()?;
            let end = length - self.rest.len();
            Some(attribute.map(|(name, value)| (name, value, start..end)))
        })
    }

    /// Whether the name has not been seen in this tag.
    fn is_new(&mut self, name: &'t str) -> bool {
        let few = self.few.get(..self.count.min(FEW)).unwrap_or_default();
        if few.contains(&name) {
            return false;
        }
        self.count += 1;
        match self.few.get_mut(self.count - 1) {
            Some(slot) => {
                *slot = name;
                true
            }
            None => self.many.get_or_insert_default().insert(name),
        }
    }

    fn parse(&mut self) -> Option<(&'t str, &'t str)> {
        let bytes = self.rest.as_bytes();
        let name_end = bytes.iter().position(|byte| ends_name(*byte))?;
        let name = self.rest.get(..name_end).filter(|name| !name.is_empty())?;
        let after = self.rest.get(name_end..)?.trim_ascii_start();
        let value = after.strip_prefix('=')?.trim_ascii_start();
        let (quote, _) = value.as_bytes().split_first()?;
        if !matches!(quote, b'"' | b'\'') {
            return None;
        }
        let value = value.get(1..)?;
        let end = memchr::memchr(*quote, value.as_bytes())?;
        let after = value.get(end + 1..)?;
        if after
            .bytes()
            .next()
            .is_some_and(|byte| !byte.is_ascii_whitespace())
        {
            return None;
        }
        self.rest = after;
        Some((name, value.get(..end)?))
    }
}

fn ends_name(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'=' | b'"' | b'\'' | b'<' | b'&')
}

impl<'t> Iterator for RawAttributes<'t> {
    type Item = Parsed<(&'t str, &'t str)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return None;
        }
        match self.parse() {
            Some((name, value)) if self.is_new(name) => Some(Ok((name, value))),
            _ => {
                self.rest = "";
                Some(Err(
                    Refusal::corrupt("its XML has malformed attributes").into()
                ))
            }
        }
    }
}

/// An attribute's value with references resolved and white space as single spaces (XML 1.0, 3.3.3).
pub(super) fn value(raw: &str) -> Parsed<Cow<'_, str>> {
    let is_special = |byte: u8| byte < b' ' || byte == b'&' || byte == b'<';
    // Without an early exit this is done many bytes at a time.
    if !raw.bytes().fold(false, |any, byte| any | is_special(byte)) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        value.push_str(plain);
        rest = special;
        let length = match special.as_bytes() {
            [b'&', ..] => {
                let (reference, _) = special
                    .get(1..)
                    .and_then(|after| after.split_once(';'))
                    .ok_or_else(|| Refusal::corrupt("its XML has an unclosed reference"))?;
                value.push(resolve(reference)?);
                reference.len() + 2
            }
            [b'<', ..] => return Err(Refusal::corrupt("its XML has a tag in an attribute").into()),
            [b'\r', b'\n', ..] => {
                value.push(' ');
                2
            }
            _ => {
                value.push(' ');
                1
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
