//! Relationship parts: which parts belong to a package and what they are to it (OPC §6.5).

use crate::input::{Input, Parsed};
use crate::reading::Warning;
use crate::refusal::Refusal;
use crate::xml::{self, Element, Node};
use crate::zip::PartName;

pub(crate) const NAMESPACE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

const STRICT_MAIN_PART: &str =
    "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument";
/// The main part, transitional, strict, and as Visio has it.
const MAIN_PART: [&str; 3] = [
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
    STRICT_MAIN_PART,
    "http://schemas.microsoft.com/visio/2010/relationships/document",
];
/// Custom properties, transitional and strict (reference/label-formats.md §1.1).
const CUSTOM_PROPERTIES: [&str; 2] = [
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/customProperties",
];
/// The label list (reference/label-formats.md §2.1).
const LABEL_INFO: [&str; 1] =
    ["http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels"];
/// Where the signatures hang (reference/label-formats.md §7).
const SIGNATURE_ORIGIN: [&str; 1] =
    ["http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"];
const SIGNATURE: &str =
    "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/signature";

/// The parts of a package that matter here, as its own relationships name them.
#[derive(Debug, Default)]
pub(crate) struct PackageRelationships {
    pub(crate) main: Option<PartName>,
    pub(crate) custom_properties: Option<PartName>,
    pub(crate) label_info: Option<PartName>,
    pub(crate) signature_origin: Option<PartName>,
    /// Whether the main part is one of ISO/IEC 29500 Strict.
    pub(crate) is_strict: bool,
    has_duplicate: bool,
}

impl PackageRelationships {
    /// Reads `/_rels/.rels`. Of two relationships of a kind the first counts.
    pub(crate) fn read(input: &Input<'_>, bytes: &[u8]) -> Parsed<Self> {
        let mut found = Self::default();
        each(input, bytes, |kind, relationship| {
            found.take(kind, relationship)
        })?;
        Ok(found)
    }

    fn take(&mut self, kind: &str, relationship: &Element<'_>) -> Parsed<()> {
        let slot = if MAIN_PART.contains(&kind) {
            self.is_strict |= kind == STRICT_MAIN_PART;
            &mut self.main
        } else if CUSTOM_PROPERTIES.contains(&kind) {
            &mut self.custom_properties
        } else if LABEL_INFO.contains(&kind) {
            &mut self.label_info
        } else if SIGNATURE_ORIGIN.contains(&kind) {
            &mut self.signature_origin
        } else {
            return Ok(());
        };
        if let Some(part) = internal_target(relationship, b"")? {
            self.has_duplicate |= slot.is_some();
            slot.get_or_insert(part);
        }
        Ok(())
    }

    /// What is wrong with them that stops nothing.
    pub(crate) fn warning(&self) -> Option<Warning> {
        self.has_duplicate.then_some(Warning::DuplicateRelationship)
    }
}

/// The signature parts that a signature origin in `folder` names.
pub(crate) fn signatures(input: &Input<'_>, bytes: &[u8], folder: &[u8]) -> Parsed<Vec<PartName>> {
    let mut found = Vec::new();
    each(input, bytes, |kind, relationship| {
        if kind == SIGNATURE {
            found.extend(internal_target(relationship, folder)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Calls `visit` with each relationship and its type. Relationships that lead out of the package come
/// too; see [`internal_target`].
fn each(
    input: &Input<'_>,
    bytes: &[u8],
    mut visit: impl FnMut(&str, &Element<'_>) -> Parsed<()>,
) -> Parsed<()> {
    let text = xml::decode(bytes)?;
    let mut reader = xml::Reader::new(&text, input);
    let mut depth = 0u32;
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => {
                depth += 1;
                if depth == 1 && !element.is(NAMESPACE, "Relationships") {
                    return Err(Refusal::corrupt("its relationships are none").into());
                }
                if depth == 2
                    && element.is(NAMESPACE, "Relationship")
                    && let Some(kind) = element.attribute("Type")?
                {
                    visit(kind.trim(), &element)?;
                }
            }
            Node::End => depth -= 1,
            Node::Text(_) => {}
        }
    }
    Ok(())
}

/// The part in the package, where `folder` is the source's, that a relationship leads to.
fn internal_target(relationship: &Element<'_>, folder: &[u8]) -> Parsed<Option<PartName>> {
    let mode = relationship.attribute("TargetMode")?;
    if mode.is_some_and(|mode| mode.trim().eq_ignore_ascii_case("External")) {
        return Ok(None);
    }
    let target = relationship.attribute("Target")?;
    Ok(target.map(|target| PartName::resolve(folder, &target)))
}
