//! The `labelList` document: part `docMetadata/LabelInfo.xml` and stream `LabelInfo` (MS-OFFCRYPTO
//! 2.6.4, 2.6.5).

use crate::input::{Input, Parsed};
use crate::msip::{parse_flag, parse_guid};
use crate::reading::{Findings, LabelGroup, Place, Warning};
use crate::refusal::Refusal;
use crate::xml::{self, Node};

/// Namespace of `labelList` (MS-OFFCRYPTO 2.6.4).
pub(crate) const NAMESPACE: &str = "http://schemas.microsoft.com/office/2020/mipLabelMetadata";

/// How strong a label list is. The part outranks custom properties (MS-OFFCRYPTO 2.6.3), the stream
/// outranks all metadata inside the encrypted package (MS-OFFCRYPTO 2.6.2).
fn precedence(place: Place) -> u8 {
    match place {
        Place::RmsLabelInfo => 4,
        _ => 2,
    }
}

/// Reads a `labelList`. A document with another root is damage.
pub(crate) fn read(
    input: &Input<'_>,
    bytes: &[u8],
    place: Place,
    findings: &mut Findings,
) -> Parsed<()> {
    let text = xml::decode(bytes)?;
    let mut reader = xml::Reader::new(&text, input);
    let mut depth = 0u32;
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => {
                depth += 1;
                let known = element.is(NAMESPACE, if depth == 1 { "labelList" } else { "label" });
                if depth == 1 && !known {
                    return Err(Refusal::corrupt("its LabelInfo is not a label list").into());
                }
                if depth != 2 || !known {
                    continue;
                }
                if findings.groups.len() >= input.limits().labels {
                    findings.warn(Warning::TooManyLabels);
                    continue;
                }
                findings.groups.extend(label(&element, place)?);
            }
            Node::End => depth -= 1,
            Node::Text(_) => {}
        }
    }
    Ok(())
}

/// One `label` element; an element whose id is no GUID says nothing that could be used.
pub(crate) fn label(element: &xml::Element<'_>, place: Place) -> Parsed<Option<LabelGroup>> {
    let mut group = LabelGroup::new(place, precedence(place), uuid::Uuid::nil());
    let mut id = None;
    for attribute in element.attributes() {
        let (name, value) = attribute?;
        match name {
            "id" => id = parse_guid(&value),
            "siteId" => group.site_id = parse_guid(&value),
            "enabled" => group.enabled = parse_flag(&value),
            "removed" => group.removed = parse_flag(&value),
            "method" if !value.is_empty() => group.method = Some(value.into_owned()),
            "contentBits" => group.content_bits = value.trim().parse().ok(),
            _ => {}
        }
    }
    Ok(id.map(|id| LabelGroup { id, ..group }))
}
