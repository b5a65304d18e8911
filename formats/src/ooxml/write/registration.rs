//! What makes a part known to its package: a row of `[Content_Types].xml` and one of `_rels/.rels`
//! (OPC §6.5, §7.2.3).
//!
//! Rows are added at the end and nothing is renumbered, as signatures select relationships by their
//! ids. A row is taken out only where it is, byte for byte, one that this writer adds.

use std::collections::HashSet;
use std::ops::Range;

use super::kind::PartKind;
use crate::input::{Input, Parsed};
use crate::ooxml::{content_types, relationships};
use crate::refusal::Refusal;
use crate::xml::{Child, Edited, EncodedText, Outline};
use crate::zip::PartName;

/// Parts by kind and name.
type Parts<'p> = [(PartKind, &'p str)];

pub(super) struct ContentTypes<'b> {
    text: EncodedText<'b>,
    /// The part names of overrides.
    outline: Outline<String>,
}

impl<'b> ContentTypes<'b> {
    pub(super) fn open(input: &Input<'_>, bytes: &'b [u8]) -> Parsed<Self> {
        let text = EncodedText::open(bytes)?;
        let outline = Outline::read(input, text.text(), |element| {
            if !element.is(content_types::NAMESPACE, "Override") {
                return Ok(None);
            }
            let name = element.attribute("PartName")?;
            Ok(name.map(std::borrow::Cow::into_owned))
        })?;
        if !outline.root.is(&[content_types::NAMESPACE], "Types") {
            return Err(Refusal::corrupt("its content types are none").into());
        }
        Ok(Self { text, outline })
    }

    /// Whether a row gives this part a type of its own.
    pub(super) fn name(&self, part: &PartName) -> bool {
        let mut named = self.outline.children.iter();
        named.any(|child| part.is(child.item.as_bytes()))
    }

    fn row_text(&self, kind: PartKind, name: &str) -> String {
        format!(
            "<{}Override PartName=\"/{name}\" ContentType=\"{}\"/>",
            self.outline.root.prefix,
            kind.content_type()
        )
    }

    /// The row of a part, if it is one that this writer makes.
    pub(super) fn row(&self, kind: PartKind, name: &str) -> Option<Range<usize>> {
        let row = self.row_text(kind, name);
        span_of(&self.text, &self.outline.children, |_| Some(row.clone()))
    }

    pub(super) fn edited(&self, new: &Parts<'_>, dropped: &Parts<'_>) -> Parsed<Edited> {
        let rows = new.iter().map(|(kind, name)| self.row_text(*kind, name));
        let cuts = dropped
            .iter()
            .filter_map(|(kind, name)| self.row(*kind, name));
        edited(&self.text, &self.outline, rows.collect(), cuts.collect())
    }
}

pub(super) struct Relationships<'b> {
    text: EncodedText<'b>,
    /// Their ids.
    outline: Outline<String>,
}

impl<'b> Relationships<'b> {
    pub(super) fn open(input: &Input<'_>, bytes: &'b [u8]) -> Parsed<Self> {
        let text = EncodedText::open(bytes)?;
        let outline = Outline::read(input, text.text(), |element| {
            let id = element.attribute("Id")?.unwrap_or_default();
            Ok(Some(id.into_owned()))
        })?;
        if !outline
            .root
            .is(&[relationships::NAMESPACE], "Relationships")
        {
            return Err(Refusal::corrupt("its relationships are none").into());
        }
        Ok(Self { text, outline })
    }

    fn row_text(&self, kind: PartKind, name: &str, id: &str) -> String {
        format!(
            "<{}Relationship Id=\"{id}\" Type=\"{}\" Target=\"{name}\"/>",
            self.outline.root.prefix,
            kind.relationship_type()
        )
    }

    /// The row that leads to a part, if it is one that this writer makes.
    pub(super) fn row(&self, kind: PartKind, name: &str) -> Option<Range<usize>> {
        span_of(&self.text, &self.outline.children, |id| {
            let number = id.strip_prefix(kind.relationship_id())?;
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| self.row_text(kind, name, id))
        })
    }

    pub(super) fn edited(&self, new: &Parts<'_>, dropped: &Parts<'_>) -> Parsed<Edited> {
        let taken: HashSet<&str> = self
            .outline
            .children
            .iter()
            .map(|child| child.item.as_str())
            .collect();
        let mut rows = String::new();
        for (kind, name) in new {
            let stem = kind.relationship_id();
            let numbered = (2..).map(|number: u32| format!("{stem}{number}"));
            let mut ids = std::iter::once(stem.to_owned()).chain(numbered);
            let free = ids.find(|id| !taken.contains(id.as_str()));
            rows += &self.row_text(*kind, name, &free.unwrap_or_default());
        }
        let cuts = dropped
            .iter()
            .filter_map(|(kind, name)| self.row(*kind, name));
        edited(&self.text, &self.outline, rows, cuts.collect())
    }
}

/// The child that is written just as `expected` says of its item.
fn span_of(
    text: &EncodedText<'_>,
    children: &[Child<String>],
    expected: impl Fn(&str) -> Option<String>,
) -> Option<Range<usize>> {
    let is_it = |child: &&Child<String>| {
        let written = text.text().get(child.span.clone());
        expected(&child.item).is_some_and(|row| written == Some(&row))
    };
    children.iter().find(is_it).map(|child| child.span.clone())
}

fn edited(
    text: &EncodedText<'_>,
    outline: &Outline<String>,
    rows: String,
    cuts: Vec<Range<usize>>,
) -> Parsed<Edited> {
    let insert = (!rows.is_empty()).then_some((None, rows));
    text.edited(outline.root.edits(text.text(), cuts, insert))
}
