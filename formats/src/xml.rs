//! The one way this crate reads XML: decoded, bounded, without document types.
//!
//! quick-xml does the tokens. What it leaves open is closed here: a character or predefined reference
//! is text like any other, an unclosed element is an error, entities cannot be declared, nesting and
//! the number of nodes are bounded.

mod attributes;
mod namespaces;

use std::borrow::Cow;
use std::rc::Rc;

use encoding_rs::Encoding;
use quick_xml::events::{BytesStart, Event};

use attributes::RawAttributes;
use namespaces::{Namespaces, declared_prefix};

use crate::input::{Input, Parsed, Stop};
use crate::refusal::Refusal;

/// Decodes a document to UTF-8 by its byte order mark, the shape of its first bytes, or its
/// declaration; UTF-8 without any of them. UTF-32 occurs in XMP packets
/// (reference/label-formats.md §5.4).
pub(crate) fn decode(bytes: &[u8]) -> Parsed<Cow<'_, str>> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => decoded(encoding_rs::UTF_8, rest),
        [0, 0, 0xFE, 0xFF, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xFF, 0xFE, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0, 0, 0, 1..=0xFF, ..] => utf32(bytes, u32::from_be_bytes),
        [1..=0xFF, 0, 0, 0, ..] => utf32(bytes, u32::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decoded(encoding_rs::UTF_16BE, rest),
        [0xFF, 0xFE, rest @ ..] => decoded(encoding_rs::UTF_16LE, rest),
        [0, 1..=0xFF, ..] => decoded(encoding_rs::UTF_16BE, bytes),
        [1..=0xFF, 0, ..] => decoded(encoding_rs::UTF_16LE, bytes),
        _ => decoded(
            declared_encoding(bytes).unwrap_or(encoding_rs::UTF_8),
            bytes,
        ),
    }
}

fn decoded<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Parsed<Cow<'a, str>> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| Refusal::corrupt(format!("its XML is not valid {}", encoding.name())).into())
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
        local(self.tag.name().into_inner())
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
fn local(name: &str) -> &str {
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
