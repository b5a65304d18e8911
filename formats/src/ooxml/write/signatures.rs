//! Whether signatures of a package cover what a label changes (reference/label-formats.md §7).

use super::Package;
use crate::input::{Input, Parsed};
use crate::ooxml::relationships;
use crate::refusal::Refusal;
use crate::write::WriteRefusal;
use crate::xml::{self, Node};
use crate::zip::PartName;

const XML_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const PACKAGE_SIGNATURE: &str = "http://schemas.openxmlformats.org/package/2006/digital-signature";
/// Takes only some relationships into a signature (OPC §13.2.4.24).
const SELECTION: &str = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform";

/// Refuses a package of which a signature covers one of the parts `names`, the content types, or any
/// relationship that might be added or taken out.
pub(super) fn refuse_covered(
    package: &Package<'_, '_>,
    names: &[String],
) -> Result<(), WriteRefusal> {
    let archive = &package.archive;
    let input = archive.input();
    let Some(origin) = &package.relationships.signature_origin else {
        return Err(WriteRefusal::Signed("its signatures cannot be found"));
    };
    let Some(rows) = archive.find(&origin.relationships()) else {
        return Err(WriteRefusal::Signed("its signatures cannot be found"));
    };
    let rows = archive.read(rows)?;
    for signature in relationships::signatures(input, &rows, origin.folder())? {
        let Some(entry) = archive.find(&signature) else {
            continue;
        };
        let covered = Covered {
            parts: names,
            changed: [super::CONTENT_TYPES, super::RELATIONSHIPS],
        };
        if covers(input, &archive.read(entry)?, &covered)? {
            return Err(WriteRefusal::Signed(
                "a signature covers what would be changed",
            ));
        }
    }
    Ok(())
}

struct Covered<'n> {
    parts: &'n [String],
    /// Content types and relationships.
    changed: [&'static str; 2],
}

impl Covered<'_> {
    fn names(&self, part: &PartName) -> bool {
        let [content_types, _] = self.changed;
        part.is(content_types.as_bytes()) || self.parts.iter().any(|name| part.is(name.as_bytes()))
    }

    fn is_relationships(&self, part: &PartName) -> bool {
        let [_, relationships] = self.changed;
        part.is(relationships.as_bytes())
    }
}

/// The reference to the package's relationships that is being read.
#[derive(Default)]
struct Selection {
    depth: u32,
    is_selected: bool,
    takes_all_of_a_type: bool,
}

fn covers(input: &Input<'_>, signature: &[u8], covered: &Covered<'_>) -> Parsed<bool> {
    let text = xml::decode(signature)?;
    let mut reader = xml::Reader::new(&text, input);
    let mut depth = 0u32;
    let mut selection: Option<Selection> = None;
    let mut references = 0u32;
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => {
                depth += 1;
                if element.is(XML_SIGNATURE, "Reference") {
                    references += 1;
                    let uri = element.attribute("URI")?.unwrap_or_default();
                    let uri = uri.trim();
                    if uri.starts_with('#') {
                        continue;
                    }
                    let part = PartName::resolve(b"", uri);
                    // What lies outside of the package, or is named in another way, is not understood.
                    if !uri.starts_with('/') || covered.names(&part) {
                        return Ok(true);
                    }
                    if covered.is_relationships(&part) {
                        let begun = Selection {
                            depth,
                            ..Selection::default()
                        };
                        selection = Some(begun);
                    }
                } else if let Some(selection) = &mut selection {
                    if element.is(XML_SIGNATURE, "Transform") {
                        let algorithm = element.attribute("Algorithm")?;
                        selection.is_selected |= algorithm.is_some_and(|it| it.trim() == SELECTION);
                    }
                    // New relationships have types of their own, but a signature of a type is one of
                    // all that may come.
                    selection.takes_all_of_a_type |=
                        element.is(PACKAGE_SIGNATURE, "RelationshipsGroupReference");
                }
            }
            Node::End => {
                if let Some(read) = &selection
                    && read.depth == depth
                {
                    if !read.is_selected || read.takes_all_of_a_type {
                        return Ok(true);
                    }
                    selection = None;
                }
                depth -= 1;
            }
            Node::Text(_) => {}
        }
    }
    match references {
        0 => Err(Refusal::corrupt("a signature of it signs nothing").into()),
        _ => Ok(false),
    }
}
