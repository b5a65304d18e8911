//! The custom properties of a package (ECMA-376 Part 1, 22.3; reference/label-formats.md §1).

use crate::input::{Input, Parsed};
use crate::msip::{self, Collector};
use crate::reading::{Findings, Place};
use crate::refusal::Refusal;
use crate::xml::{self, Element, Node, Reader};

/// Transitional and strict.
pub(crate) const NAMESPACES: [&str; 2] = [
    "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
    "http://purl.oclc.org/ooxml/officeDocument/customProperties",
];
/// The property set of custom properties; nothing else may stand here (ECMA-376 Part 1, 22.3.2.2).
pub(crate) const FORMAT_ID: &str = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}";
/// LabelInfo outranks custom properties (MS-OFFCRYPTO 2.6.3).
pub(crate) const PRECEDENCE: u8 = 1;

/// Reads the label properties of a custom properties part.
pub(crate) fn read(input: &Input<'_>, bytes: &[u8], findings: &mut Findings) -> Parsed<()> {
    let mut collector = Collector::new(Place::Custom, PRECEDENCE, input.limits().labels);
    let outcome = collect(input, bytes, &mut collector);
    collector.finish(findings);
    outcome
}

fn collect(input: &Input<'_>, bytes: &[u8], collector: &mut Collector) -> Parsed<()> {
    let text = xml::decode(bytes)?;
    let mut reader = Reader::new(&text, input);
    let mut depth = 0u32;
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => {
                depth += 1;
                if depth == 1 && !is_one_of(&element, "Properties") {
                    return Err(Refusal::corrupt("its custom properties are none").into());
                }
                if depth == 2
                    && is_one_of(&element, "property")
                    && let Some(name) = label_property(&element)?
                {
                    let value = reader.first_value()?;
                    collector.property(&name, &value);
                    depth -= 1;
                }
            }
            Node::End => depth -= 1,
            Node::Text(_) => {}
        }
    }
    Ok(())
}

fn is_one_of(element: &Element<'_>, local: &str) -> bool {
    element.local_name() == local && NAMESPACES.contains(&element.namespace())
}

/// The name of a property that belongs to a label.
fn label_property(element: &Element<'_>) -> Parsed<Option<String>> {
    let (mut name, mut is_custom) = (None, false);
    for attribute in element.attributes() {
        let (key, value) = attribute?;
        match key {
            "fmtid" => is_custom = value.trim().eq_ignore_ascii_case(FORMAT_ID),
            "name" if msip::split_name(&value).is_some() => name = Some(value.into_owned()),
            _ => {}
        }
    }
    Ok(name.filter(|_| is_custom))
}
