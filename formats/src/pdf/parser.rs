//! From bytes to PDF objects (ISO 32000-2, 7.2 and 7.3), over windows of unknown sufficiency.
//!
//! How long an object is shows only when it has been read. So the parser works on a window and says
//! [`Fault::Incomplete`] when the object does not end in it; the caller then tries a larger window.

mod source;
mod strings;

pub(super) use source::SourceDictionary;

use crate::input::{Input, Stop};
use crate::pdf::characters::{decimal, is_regular, is_white_space};
use crate::pdf::object::{Dictionary, Object, ObjectId};
use crate::refusal::Refusal;

/// Why an object could not be parsed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The window ends before the object does.
    Incomplete,
    /// These bytes are no object.
    Malformed(&'static str),
    /// A budget is spent.
    Stop(Stop),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Fault {
    /// The fault as the end of a reading, for a window that could not have been larger.
    pub(super) fn into_stop(self) -> Stop {
        match self {
            Self::Incomplete => Refusal::corrupt("an object of it ends early").into(),
            Self::Malformed(what) => Refusal::corrupt(what).into(),
            Self::Stop(stop) => stop,
        }
    }
}

/// Entries of the dictionaries met most, to make room for at once.
const USUAL_ENTRIES: usize = 8;

/// Result of a parser step.
pub(super) type Lexed<T> = Result<T, Fault>;

/// An indirect object as it stands in the file.
pub(super) struct Indirect {
    pub(super) id: ObjectId,
    pub(super) object: Object,
    /// Where in the window the data of its stream begins, if it is one.
    pub(super) stream: Option<usize>,
}

/// A recursive descent parser with a bounded depth and a bounded number of objects.
pub(super) struct Parser<'b, 'a> {
    bytes: &'b [u8],
    at: usize,
    /// Where the bytes begin that are not accounted for yet.
    counted: usize,
    /// Nothing follows the window: what does not end in it does not end at all.
    whole: bool,
    input: &'b Input<'a>,
    depth: u32,
    objects_left: u64,
}

impl<'b, 'a> Parser<'b, 'a> {
    pub(super) fn new(bytes: &'b [u8], whole: bool, input: &'b Input<'a>) -> Self {
        Self {
            bytes,
            at: 0,
            counted: 0,
            whole,
            input,
            depth: 0,
            objects_left: input.limits().entries,
        }
    }

    /// Where in the window the next token is looked for.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn seek(&mut self, at: usize) {
        self.account();
        self.at = at;
        self.counted = at;
    }

    /// Accounts for the bytes passed. One string may be as long as the file, and a file may lead to it
    /// again and again.
    fn account(&self) {
        let passed = self.at.saturating_sub(self.counted);
        self.input.passed(passed as u64);
    }

    /// `N G obj`, the object, and whether a stream follows. `endobj` is not asked for: it is missing in
    /// files that every viewer opens.
    pub(super) fn indirect(&mut self) -> Lexed<Indirect> {
        let id = self.indirect_header()?.ok_or(Fault::Malformed(
            "an object of it is not where it should be",
        ))?;
        self.skip_white_space()?;
        if self.rest().starts_with(b"endobj") {
            return Ok(Indirect {
                id,
                object: Object::Null,
                stream: None,
            });
        }
        let object = self.object()?;
        let mut stream = None;
        if matches!(object, Object::Dictionary(_)) && self.keyword(b"stream")? {
            stream = Some(self.stream_start()?);
        }
        Ok(Indirect { id, object, stream })
    }

    /// `N G obj`; `None` where something else stands.
    pub(super) fn indirect_header(&mut self) -> Lexed<Option<ObjectId>> {
        let Some(id) = self.two_numbers()? else {
            return Ok(None);
        };
        Ok(self.keyword(b"obj")?.then_some(id))
    }

    /// Takes `word` if it comes next. What follows the word is not looked at: writers leave out the
    /// space between `obj` and a value.
    pub(super) fn keyword(&mut self, word: &[u8]) -> Lexed<bool> {
        self.skip_white_space_or_end();
        let rest = self.rest();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(true);
        }
        if !self.whole && word.starts_with(rest) {
            return Err(Fault::Incomplete);
        }
        Ok(false)
    }

    /// A number without sign, if one comes next.
    pub(super) fn unsigned(&mut self) -> Lexed<Option<u64>> {
        self.skip_white_space()?;
        let digits = self.run(|byte| byte.is_ascii_digit())?;
        Ok(decimal(digits))
    }

    fn two_numbers(&mut self) -> Lexed<Option<ObjectId>> {
        let number = self
            .unsigned()?
            .and_then(|number| u32::try_from(number).ok());
        let Some(number) = number else {
            return Ok(None);
        };
        let generation = self
            .unsigned()?
            .and_then(|number| u32::try_from(number).ok());
        Ok(generation.map(|generation| ObjectId { number, generation }))
    }

    /// The data of a stream begins after the end of the line; a lone carriage return is tolerated.
    fn stream_start(&mut self) -> Lexed<usize> {
        while let Some(b' ' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        match self.rest() {
            [b'\r', b'\n', ..] => Ok(self.at + 2),
            [b'\r', _, ..] | [b'\n', ..] => Ok(self.at + 1),
            [] | [b'\r'] if !self.whole => Err(Fault::Incomplete),
            _ => Ok(self.at),
        }
    }

    /// One object; a number may turn out to be a reference.
    pub(super) fn object(&mut self) -> Lexed<Object> {
        self.spend()?;
        self.skip_white_space()?;
        match self.peek()? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal_string().map(Object::String),
            b'<' if self.second()? == Some(b'<') => self.dictionary().map(Object::Dictionary),
            b'<' => self.hexadecimal_string().map(Object::String),
            b'[' => self.array().map(Object::Array),
            b'0'..=b'9' => self.number_or_reference(),
            b'+' | b'-' | b'.' => self.number(),
            byte if is_regular(byte) => match self.run(is_regular)? {
                b"true" => Ok(Object::Boolean(true)),
                b"false" => Ok(Object::Boolean(false)),
                b"null" => Ok(Object::Null),
                _ => Err(Fault::Malformed(
                    "it has an unknown word where a value belongs",
                )),
            },
            _ => Err(Fault::Malformed(
                "it has a stray delimiter where a value belongs",
            )),
        }
    }

    fn number_or_reference(&mut self) -> Lexed<Object> {
        let start = self.at;
        if let Some(id) = self.two_numbers_or_end()?
            && self.keyword(b"R")?
            && self.peek_or_end()?.is_none_or(|next| !is_regular(next))
        {
            return Ok(Object::Reference(id));
        }
        self.at = start;
        self.number()
    }

    /// As [`two_numbers`](Self::two_numbers), where the bytes may rightly end after the first.
    fn two_numbers_or_end(&mut self) -> Lexed<Option<ObjectId>> {
        let digits = self.run(|byte| byte.is_ascii_digit())?;
        let number = decimal(digits).and_then(|number| u32::try_from(number).ok());
        let Some(number) = number else {
            return Ok(None);
        };
        self.skip_white_space_or_end();
        if !self
            .peek_or_end()?
            .is_some_and(|byte| byte.is_ascii_digit())
        {
            return Ok(None);
        }
        let digits = self.run(|byte| byte.is_ascii_digit())?;
        let generation = decimal(digits).and_then(|number| u32::try_from(number).ok());
        Ok(generation.map(|generation| ObjectId { number, generation }))
    }

    fn number(&mut self) -> Lexed<Object> {
        let token = self.run(is_regular)?;
        let (negative, digits) = match token {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        let value = decimal(digits).and_then(|value| i64::try_from(value).ok());
        match value {
            Some(value) => Ok(Object::Integer(if negative { -value } else { value })),
            None if token
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+')) =>
            {
                Ok(Object::Real)
            }
            None => Err(Fault::Malformed("a number of it is none")),
        }
    }

    fn array(&mut self) -> Lexed<Vec<Object>> {
        self.at += 1;
        self.enter()?;
        let mut items = Vec::new();
        loop {
            self.skip_white_space()?;
            if self.peek()? == b']' {
                self.at += 1;
                self.depth -= 1;
                return Ok(items);
            }
            items.push(self.object()?);
        }
    }

    fn dictionary(&mut self) -> Lexed<Dictionary> {
        self.at += 2;
        self.enter()?;
        let mut entries = Vec::with_capacity(USUAL_ENTRIES);
        loop {
            self.skip_white_space()?;
            match self.peek()? {
                b'>' if self.second()? == Some(b'>') => {
                    self.at += 2;
                    self.depth -= 1;
                    return Ok(Dictionary(entries));
                }
                b'/' => {
                    let key = self.name()?;
                    self.skip_white_space()?;
                    // A key without a value at the end is no entry.
                    if self.peek()? != b'>' {
                        entries.push((key, self.object()?));
                    }
                }
                // A value without a key is passed over, as viewers do.
                _ => {
                    self.object()?;
                }
            }
        }
    }

    fn enter(&mut self) -> Lexed<()> {
        self.depth += 1;
        if self.depth > self.input.limits().depth {
            return Err(Stop::from(Refusal::Limit("its objects are nested too deeply")).into());
        }
        Ok(())
    }

    /// Accounts for one object or table entry.
    pub(super) fn spend(&mut self) -> Lexed<()> {
        self.input.step(1)?;
        self.objects_left = self
            .objects_left
            .checked_sub(1)
            .ok_or_else(|| Stop::from(Refusal::Limit("an object of it has too many parts")))?;
        Ok(())
    }

    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn end(&self) -> Fault {
        if self.whole {
            Fault::Malformed("an object of it ends early")
        } else {
            Fault::Incomplete
        }
    }

    fn peek(&self) -> Lexed<u8> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.end())
    }

    /// The next byte, where the bytes may rightly end.
    fn peek_or_end(&self) -> Lexed<Option<u8>> {
        match self.bytes.get(self.at) {
            None if !self.whole => Err(Fault::Incomplete),
            next => Ok(next.copied()),
        }
    }

    fn second(&self) -> Lexed<Option<u8>> {
        match self.bytes.get(self.at + 1) {
            None if !self.whole => Err(Fault::Incomplete),
            next => Ok(next.copied()),
        }
    }

    fn take(&mut self) -> Lexed<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn take_if(&mut self, wanted: u8) -> Lexed<()> {
        if self.peek()? == wanted {
            self.at += 1;
        }
        Ok(())
    }

    /// The bytes from here on that `belongs` accepts. That they end in the window is known only when
    /// something follows them there.
    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> Lexed<&'b [u8]> {
        let rest = self.rest();
        let length = match rest.iter().position(|byte| !belongs(*byte)) {
            Some(length) => length,
            None if self.whole => rest.len(),
            None => {
                self.at = self.bytes.len();
                return Err(Fault::Incomplete);
            }
        };
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Skips white space and comments; something must follow.
    pub(super) fn skip_white_space(&mut self) -> Lexed<()> {
        self.skip_white_space_or_end();
        self.peek().map(|_| ())
    }

    fn skip_white_space_or_end(&mut self) {
        loop {
            while self
                .bytes
                .get(self.at)
                .is_some_and(|byte| is_white_space(*byte))
            {
                self.at += 1;
            }
            if self.bytes.get(self.at) != Some(&b'%') {
                return;
            }
            let comment = self.rest();
            self.at += memchr::memchr2(b'\r', b'\n', comment).unwrap_or(comment.len());
        }
    }
}

impl Drop for Parser<'_, '_> {
    fn drop(&mut self) {
        self.account();
    }
}
