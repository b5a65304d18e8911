//! The one way this crate reads XML: decoded, bounded, without document types.
//!
//! quick-xml does the tokens. What it leaves open is closed here: a character or predefined reference
//! is text like any other, an unclosed element is an error, entities cannot be declared, nesting and
//! the number of nodes are bounded.

mod attributes;
mod encoded;
mod namespaces;
mod outline;

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use encoding_rs::Encoding;
use quick_xml::events::{BytesStart, Event};

use attributes::RawAttributes;
pub(crate) use encoded::{ByteEdit, Edited, EncodedText, TextEdit};
use namespaces::{Namespaces, declared_prefix};
pub(crate) use outline::{Child, Outline, Root};

use crate::input::{Input, Parsed, Stop};
use crate::refusal::Refusal;

/// How the text of a document stands in its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// UTF-8, UTF-16, or an encoding that only some writers use.
    Coded(&'static Encoding),
    Utf32 {
        big_endian: bool,
    },
}

/// The form of a document by its byte order mark, the shape of its first bytes, or its declaration;
/// UTF-8 without any of them. UTF-32 occurs in XMP packets (reference/label-formats.md §5.4). The
/// second value is the length of the mark.
fn form(bytes: &[u8]) -> (Form, usize) {
    let utf32 = |big_endian| Form::Utf32 { big_endian };
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => (Form::Coded(encoding_rs::UTF_8), 3),
        [0, 0, 0xFE, 0xFF, ..] => (utf32(true), 4),
        [0xFF, 0xFE, 0, 0, ..] => (utf32(false), 4),
        [0, 0, 0, 1..=0xFF, ..] => (utf32(true), 0),
        [1..=0xFF, 0, 0, 0, ..] => (utf32(false), 0),
        [0xFE, 0xFF, ..] => (Form::Coded(encoding_rs::UTF_16BE), 2),
        [0xFF, 0xFE, ..] => (Form::Coded(encoding_rs::UTF_16LE), 2),
        [0, 1..=0xFF, ..] => (Form::Coded(encoding_rs::UTF_16BE), 0),
        [1..=0xFF, 0, ..] => (Form::Coded(encoding_rs::UTF_16LE), 0),
        _ => (
            Form::Coded(declared_encoding(bytes).unwrap_or(encoding_rs::UTF_8)),
            0,
        ),
    }
}

/// Decodes a document to UTF-8, by its [`form`].
pub(crate) fn decode(bytes: &[u8]) -> Parsed<Cow<'_, str>> {
    let (form, mark) = form(bytes);
    decoded(form, bytes.get(mark..).unwrap_or_default())
}

fn decoded(form: Form, bytes: &[u8]) -> Parsed<Cow<'_, str>> {
    match form {
        Form::Coded(encoding) => encoding
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(|| {
                Refusal::corrupt(format!("its XML is not valid {}", encoding.name())).into()
            }),
        Form::Utf32 { big_endian: true } => utf32(bytes, u32::from_be_bytes),
        Form::Utf32 { big_endian: false } => utf32(bytes, u32::from_le_bytes),
    }
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Parsed<Cow<'_, str>> {
    let text: Option<String> = bytes
        .chunks(4)
        .map(|chunk| chunk.try_into().ok().map(unit).and_then(char::from_u32))
        .collect();
    let text = text.ok_or_else(|| Refusal::corrupt("its XML is not valid UTF-32"))?;
    Ok(Cow::Owned(text))
}

/// The encoding of an XML declaration written in ASCII. UTF-16 cannot be declared that way and is
/// then a lie told by tools that converted the text but not the declaration.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(200))?;
    let end = memchr::memmem::find(head.strip_prefix(b"<?xml")?, b"?>")?;
    let declaration = std::str::from_utf8(head.get(5..5 + end)?).ok()?;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let label = value.get(1..)?.split(quote).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

/// One node of a document. Comments and processing instructions are skipped.
pub(crate) enum Node<'a> {
    /// A start tag. An empty element gives a start and an end.
    Start(Element<'a>),
    /// The end of the element opened last.
    End,
    /// A piece of text; neighbouring pieces come one by one.
    Text(Cow<'a, str>),
}

/// A start tag with its namespace resolved.
pub(crate) struct Element<'a> {
    tag: BytesStart<'a>,
    namespace: Rc<str>,
}

impl Element<'_> {
    /// Whether it is `local` in `namespace`.
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local_name() == local && self.namespace() == namespace
    }

    /// Name without prefix.
    pub(crate) fn local_name(&self) -> &str {
        local(self.qualified_name())
    }

    /// Name as it is written.
    pub(crate) fn qualified_name(&self) -> &str {
        self.tag.name().into_inner()
    }

    /// Attributes as qualified name, value, and where in the text they stand, with the white space
    /// before them; `tag` is where the tag stands. Namespace declarations are left out.
    pub(crate) fn attributes_at(
        &self,
        tag: &Range<usize>,
    ) -> impl Iterator<Item = Parsed<(&str, Cow<'_, str>, Range<usize>)>> {
        let start = tag.start + "<".len() + self.qualified_name().len();
        RawAttributes::new(self.tag.attributes_raw())
            .with_spans()
            .filter_map(move |attribute| match attribute {
                Ok((name, _, _)) if declared_prefix(name).is_some() => None,
                Ok((name, raw, span)) => Some(
                    attributes::value(raw)
                        .map(|value| (name, value, start + span.start..start + span.end)),
                ),
                Err(error) => Some(Err(error)),
            })
    }

    /// The namespaces that this tag declares, as prefix and URI.
    pub(crate) fn declarations(&self) -> impl Iterator<Item = Parsed<(&str, Cow<'_, str>)>> {
        RawAttributes::new(self.tag.attributes_raw()).filter_map(|attribute| match attribute {
            Ok((name, raw)) => declared_prefix(name)
                .map(|prefix| attributes::value(raw).map(|value| (prefix, value))),
            Err(error) => Some(Err(error)),
        })
    }

    /// Namespace URI; empty where there is none.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Attributes as local name and value with references resolved. Namespace declarations are left
    /// out.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Parsed<(&str, Cow<'_, str>)>> {
        RawAttributes::new(self.tag.attributes_raw()).filter_map(|attribute| match attribute {
            Ok((name, _)) if declared_prefix(name).is_some() => None,
            Ok((name, raw)) => Some(attributes::value(raw).map(|value| (local(name), value))),
            Err(error) => Some(Err(error)),
        })
    }

    /// The value of the attribute with this local name.
    pub(crate) fn attribute(&self, name: &str) -> Parsed<Option<Cow<'_, str>>> {
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            if key == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    let colon = name.bytes().position(|byte| byte == b':');
    colon.and_then(|at| name.get(at + 1..)).unwrap_or(name)
}

fn malformed(error: &dyn std::fmt::Display) -> Stop {
    Refusal::corrupt(format!("its XML is malformed: {error}")).into()
}

/// A bounded pull reader over one decoded document.
pub(crate) struct Reader<'a, 'i> {
    reader: quick_xml::Reader<&'a [u8]>,
    input: &'a Input<'i>,
    namespaces: Namespaces,
    depth: u32,
    seen_root: bool,
    /// The tag read last was of an empty element, whose end is still to be told.
    is_in_empty: bool,
    /// Where in the text the event read last begins.
    event_start: u64,
}

impl<'a, 'i> Reader<'a, 'i> {
    pub(crate) fn new(text: &'a str, input: &'a Input<'i>) -> Self {
        Self {
            reader: quick_xml::Reader::from_str(text),
            input,
            namespaces: Namespaces::new(),
            depth: 0,
            seen_root: false,
            is_in_empty: false,
            event_start: 0,
        }
    }

    /// Where in the text the tag stands that was read last. An empty element's end has no tag of its
    /// own; its place is that of the whole element.
    pub(crate) fn tag(&self) -> Range<usize> {
        self.event_start as usize..self.reader.buffer_position() as usize
    }

    /// Whether the element whose start was read last is written as an empty one.
    pub(crate) fn is_in_empty(&self) -> bool {
        self.is_in_empty
    }

    /// The namespace of a qualified name at this place; empty for one without prefix, as attributes
    /// have it.
    pub(crate) fn attribute_namespace(&self, qualified: &str) -> Parsed<Rc<str>> {
        match qualified.contains(':') {
            true => self.namespaces.of(qualified),
            false => Ok(Rc::from("")),
        }
    }

    /// The next node; `None` at the regular end.
    pub(crate) fn next(&mut self) -> Parsed<Option<Node<'a>>> {
        if self.is_in_empty {
            self.is_in_empty = false;
            return Ok(Some(self.leave()));
        }
        loop {
            self.input.step(1)?;
            self.event_start = self.reader.buffer_position();
            let event = self
                .reader
                .read_event()
                .map_err(|error| malformed(&error))?;
            match event {
                Event::Start(tag) => return Ok(Some(self.enter(tag)?)),
                Event::Empty(tag) => {
                    self.is_in_empty = true;
                    return Ok(Some(self.enter(tag)?));
                }
                Event::End(_) => return Ok(Some(self.leave())),
                Event::Text(text) => return self.text(text.into_inner()),
                Event::CData(text) => return self.text(text.into_inner()),
                Event::GeneralRef(reference) => {
                    let text = resolve(&reference.into_inner())?;
                    return self.text(Cow::Owned(text.to_string()));
                }
                Event::DocType(_) => {
                    return Err(Refusal::corrupt("its XML declares a document type").into());
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof if self.depth == 0 && self.seen_root => return Ok(None),
                Event::Eof => return Err(Refusal::corrupt("its XML ends early").into()),
            }
        }
    }

    /// The text of the element whose start was read last, its children's left out.
    pub(crate) fn text_content(&mut self) -> Parsed<String> {
        let mut text = String::new();
        let level = self.depth;
        while let Some(node) = self.next()? {
            match node {
                Node::Text(piece) if self.depth == level => text.push_str(&piece),
                Node::End if self.depth < level => break,
                _ => {}
            }
        }
        Ok(text)
    }

    /// The text of the first element in the element whose start was read last, whatever it is; reads up
    /// to the end of the outer one.
    pub(crate) fn first_value(&mut self) -> Parsed<String> {
        let mut value = String::new();
        let (mut level, mut elements) = (0u32, 0u32);
        while let Some(node) = self.next()? {
            match node {
                Node::Start(_) => {
                    elements += u32::from(level == 0);
                    level += 1;
                }
                Node::End if level == 0 => break,
                Node::End => level -= 1,
                Node::Text(text) if level == 1 && elements == 1 => value.push_str(&text),
                Node::Text(_) => {}
            }
        }
        Ok(value)
    }

    fn enter(&mut self, tag: BytesStart<'a>) -> Parsed<Node<'a>> {
        if self.depth == 0 && self.seen_root {
            return Err(Refusal::corrupt("its XML has two roots").into());
        }
        self.seen_root = true;
        self.depth += 1;
        if self.depth > self.input.limits().depth {
            return Err(Refusal::Limit("its XML is nested too deeply").into());
        }
        self.namespaces.enter(self.depth, tag.attributes_raw())?;
        let namespace = self.namespaces.of(tag.name().into_inner())?;
        Ok(Node::Start(Element { tag, namespace }))
    }

    fn leave(&mut self) -> Node<'a> {
        self.namespaces.leave(self.depth);
        self.depth -= 1;
        Node::End
    }

    fn text(&self, text: Cow<'a, str>) -> Parsed<Option<Node<'a>>> {
        if self.depth == 0
            && !text
                .trim_matches(['\u{feff}', ' ', '\t', '\r', '\n', '\0'])
                .is_empty()
        {
            return Err(Refusal::corrupt("its XML has text outside the root").into());
        }
        Ok(Some(Node::Text(text)))
    }
}

/// Text as it may stand in an element or in a quoted attribute value.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for each in text.chars() {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            each => escaped.push(each),
        }
    }
    escaped
}

/// A character reference or one of the five predefined entities; no other can exist without a
/// document type.
fn resolve(name: &str) -> Parsed<char> {
    let resolved = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name
            .strip_prefix('#')
            .and_then(|number| match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
                None => number.parse().ok().and_then(char::from_u32),
            }),
    };
    resolved.ok_or_else(|| Refusal::corrupt("its XML uses an unknown entity").into())
}
