//! Whether signatures of a package cover what a label changes (reference/label-formats.md §7).

use super::{Package, PartKind};
use crate::input::{Input, Parsed};
use crate::ooxml::relationships;
use crate::refusal::Refusal;
use crate::write::WriteRefusal;
use crate::xml::{self, Element, Node};
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
        if covers(input, &archive.read(entry)?, names)? {
            return Err(WriteRefusal::Signed(
                "a signature covers what would be changed",
            ));
        }
    }
    Ok(())
}

/// The reference to the package's relationships that is being read.
struct Selection {
    depth: u32,
    /// Only some relationships are signed.
    is_selected: bool,
    /// One that a label may bring or take is signed, or may be.
    covers_label: bool,
}

impl Selection {
    fn take(&mut self, element: &Element<'_>) -> Parsed<()> {
        if element.is(XML_SIGNATURE, "Transform") {
            let algorithm = element.attribute("Algorithm")?;
            self.is_selected |= algorithm.is_some_and(|it| it.trim() == SELECTION);
        }
        // A signature of a type is one of all that may come.
        self.covers_label |= element.is(PACKAGE_SIGNATURE, "RelationshipsGroupReference");
        if element.is(PACKAGE_SIGNATURE, "RelationshipReference") {
            let id = element.attribute("SourceId")?.unwrap_or_default();
            self.covers_label |= PartKind::OWN_IDS
                .iter()
                .any(|own| id.trim().starts_with(own));
        }
        Ok(())
    }

    fn covers(&self) -> bool {
        !self.is_selected || self.covers_label
    }
}

fn covers(input: &Input<'_>, signature: &[u8], names: &[String]) -> Parsed<bool> {
    let text = xml::decode(signature)?;
    let mut reader = xml::Reader::new(&text, input);
    let mut depth = 0u32;
    let mut selection: Option<Selection> = None;
    let mut has_references = false;
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => {
                depth += 1;
                if let Some(selection) = &mut selection {
                    selection.take(&element)?;
                }
                if !element.is(XML_SIGNATURE, "Reference") {
                    continue;
                }
                has_references = true;
                match target(&element, names)? {
                    Target::Other => {}
                    Target::Changed => return Ok(true),
                    Target::Relationships => {
                        selection = Some(Selection {
                            depth,
                            is_selected: false,
                            covers_label: false,
                        });
                    }
                }
            }
            Node::End => {
                if let Some(read) = selection.take_if(|read| read.depth == depth)
                    && read.covers()
                {
                    return Ok(true);
                }
                depth -= 1;
            }
            Node::Text(_) => {}
        }
    }
    match has_references {
        true => Ok(false),
        false => Err(Refusal::corrupt("a signature of it signs nothing").into()),
    }
}

/// What a signed reference leads to.
enum Target {
    /// Something that a label does not change.
    Other,
    /// Something that it does, or that is named in a way that is not understood.
    Changed,
    /// The relationships of the package, to which a label may add.
    Relationships,
}

fn target(reference: &Element<'_>, names: &[String]) -> Parsed<Target> {
    let uri = reference.attribute("URI")?.unwrap_or_default();
    let uri = uri.trim();
    if uri.starts_with('#') {
        return Ok(Target::Other);
    }
    let part = PartName::resolve(b"", uri);
    let is = |name: &str| part.is(name.as_bytes());
    Ok(if is(super::RELATIONSHIPS) {
        Target::Relationships
    } else if !uri.starts_with('/') || is(super::CONTENT_TYPES) || names.iter().any(|name| is(name))
    {
        Target::Changed
    } else {
        Target::Other
    })
}
