//! Changing `docMetadata/LabelInfo.xml` (reference/label-formats.md §2.2, §2.5).

use uuid::Uuid;

use crate::input::{Input, Parsed};
use crate::label_info::{self, NAMESPACE};
use crate::msip::parse_guid;
use crate::reading::{LabelGroup, Place};
use crate::refusal::Refusal;
use crate::write::Fields;
use crate::xml::{Child, Edited, EncodedText, Outline};

/// An element of the list.
#[derive(Debug)]
struct Listed {
    site_id: Option<Uuid>,
    /// As it is written, in lower case.
    id: String,
    group: Option<LabelGroup>,
}

pub(super) struct LabelList<'b> {
    text: EncodedText<'b>,
    outline: Outline<Listed>,
}

impl<'b> LabelList<'b> {
    pub(super) fn open(input: &Input<'_>, bytes: &'b [u8]) -> Parsed<Self> {
        let text = EncodedText::open(bytes)?;
        let outline = Outline::read(input, text.text(), |element| {
            if !element.is(NAMESPACE, "label") {
                return Ok(None);
            }
            let site_id = element.attribute("siteId")?;
            let id = element.attribute("id")?.unwrap_or_default();
            Ok(Some(Listed {
                site_id: site_id.and_then(|id| parse_guid(&id)),
                id: id.trim().to_ascii_lowercase(),
                group: label_info::label(element, Place::LabelInfo)?,
            }))
        })?;
        if !outline.root.is(&[NAMESPACE], "labelList") {
            return Err(Refusal::corrupt("its LabelInfo is not a label list").into());
        }
        Ok(Self { text, outline })
    }

    fn of(&self, site_id: Uuid) -> impl Iterator<Item = &Child<Listed>> {
        let listed = self.outline.children.iter();
        listed.filter(move |child| child.item.site_id == Some(site_id))
    }

    /// Whether it has an element of the tenant's, be it one that says "removed".
    pub(super) fn has(&self, site_id: Uuid) -> bool {
        self.of(site_id).next().is_some()
    }

    pub(super) fn says(&self, fields: &Fields) -> bool {
        let mut own = self.of(fields.site_id);
        let (first, second) = (own.next(), own.next());
        let first = first.and_then(|child| child.item.group.as_ref());
        first.is_some_and(|group| fields.are_said_by(group)) && second.is_none()
    }

    pub(super) fn set(&self, fields: &Fields) -> Parsed<Edited> {
        let row = format!(
            "<{}label id=\"{{{}}}\" enabled=\"1\" method=\"{}\" siteId=\"{{{}}}\" contentBits=\"{}\" removed=\"0\" />",
            self.outline.root.prefix,
            fields.label_id,
            fields.method,
            fields.site_id,
            fields.content_bits
        );
        self.replace(fields.site_id, &fields.label_id, row)
    }

    /// `None` where the tenant has no element, or one that says so already.
    pub(super) fn remove(&self, site_id: Uuid) -> Parsed<Option<Edited>> {
        let is_removed = |child: &Child<Listed>| {
            let group = child.item.group.as_ref();
            group.is_some_and(|group| group.removed && !group.enabled)
        };
        if self.of(site_id).all(is_removed) {
            return Ok(None);
        }
        let row = format!(
            "<{}label id=\"{{{site_id}}}\" enabled=\"0\" method=\"\" siteId=\"{{{site_id}}}\" removed=\"1\" />",
            self.outline.root.prefix,
        );
        self.replace(site_id, &site_id, row).map(Some)
    }

    /// Puts `row` in place of the tenant's element; if it has none, where the order of ids wants it.
    fn replace(&self, site_id: Uuid, id: &Uuid, row: String) -> Parsed<Edited> {
        let id = format!("{{{id}}}");
        let listed = &self.outline.children;
        let own = self.of(site_id).next().map(|child| child.span.start);
        let greater = || listed.iter().find(|child| child.item.id > id);
        let at = own
            .or_else(|| greater().map(|child| child.span.start))
            .or_else(|| listed.last().map(|child| child.span.end))
            // Extensions, which come last, must not be overtaken.
            .unwrap_or(self.outline.root.content_start());
        let cuts = self.of(site_id).map(|child| child.span.clone()).collect();
        let edits = self
            .outline
            .root
            .edits(self.text.text(), cuts, Some((Some(at), row)));
        self.text.edited(edits)
    }
}
