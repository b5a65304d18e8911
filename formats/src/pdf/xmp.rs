//! Labels in an XMP packet (reference/label-formats.md §5.1, §5.4).

use std::ops::Range;

use crate::input::{Input, Parsed};
use crate::msip::Collector;
use crate::xml::{self, Element, Node, Reader};

/// Namespace of the mirrored entries of the information dictionary.
pub(super) const PDFX: &str = "http://ns.adobe.com/pdfx/1.3/";
/// Namespace in which a file says that it is PDF/A.
pub(super) const PDFA_ID: &str = "http://www.aiim.org/pdfa/ns/id/";
pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// Begins the escape of a character that XML names may not have; four hexadecimal digits follow.
const ESCAPE: char = '\u{2182}';

/// Whether a packet may hold a label, told without parsing it.
///
/// Labels are names of elements or attributes. XML allows no references in names, so in any encoding
/// that this crate decodes their letters stand there as they are, in wide encodings with zeros between
/// them; only the escape for characters that names may not have could hide one.
pub(super) fn may_hold_labels(packet: &[u8]) -> bool {
    let is_wide = matches!(packet, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..])
        || packet.iter().take(4).any(|byte| *byte == 0);
    if !is_wide {
        return names_label(packet) || contains(packet, "\u{2182}".as_bytes());
    }
    let narrow: Vec<u8> = packet.iter().copied().filter(|byte| *byte != 0).collect();
    names_label(&narrow) || contains(packet, &[0x21, 0x82]) || contains(packet, &[0x82, 0x21])
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

/// Underscores are rare in packets, so they are what is looked for.
fn names_label(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'_', bytes).any(|at| {
        let before = at.checked_sub(4).and_then(|start| bytes.get(start..at));
        before.is_some_and(|before| before.eq_ignore_ascii_case(b"MSIP"))
    })
}

/// What the element opened last is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Rdf,
    /// Describes the document, not one of its ingredients.
    Description,
    Other,
}

/// A piece of a packet that describes the document.
pub(super) enum Piece<'p, 'a> {
    /// The element that holds the descriptions begins.
    Rdf(&'p Element<'a>),
    /// It ends with this tag.
    RdfEnd(Range<usize>),
    /// A description begins; its attributes are properties.
    Description(&'p Element<'a>),
    /// A simple property, written as an element of one of the namespaces that matter.
    Property {
        namespace: &'p str,
        name: &'p str,
        value: String,
        span: Range<usize>,
    },
}

/// Gives all simple properties of a packet to `collector`.
pub(super) fn read(input: &Input<'_>, packet: &[u8], collector: &mut Collector) -> Parsed<()> {
    let text = xml::decode(packet)?;
    walk(input, &text, |piece, _| {
        match piece {
            Piece::Description(element) => {
                for attribute in element.attributes() {
                    let (name, value) = attribute?;
                    collector.property(&unescaped(name), &value);
                }
            }
            Piece::Property {
                namespace,
                name,
                value,
                ..
            } if namespace == PDFX => collector.property(&unescaped(name), &value),
            _ => {}
        }
        Ok(())
    })
}

/// Calls `visit` with the pieces of a packet, in their order.
pub(super) fn walk<'a>(
    input: &'a Input<'_>,
    text: &'a str,
    mut visit: impl FnMut(Piece<'_, 'a>, &Reader<'a, '_>) -> Parsed<()>,
) -> Parsed<()> {
    let mut reader = Reader::new(text, input);
    let mut open: Vec<Level> = Vec::new();
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => {
                let parent = open.last().copied();
                let matters = [PDFX, PDFA_ID].contains(&element.namespace());
                if parent == Some(Level::Description) && matters {
                    let start = reader.tag().start;
                    let value = value(&mut reader)?;
                    let property = Piece::Property {
                        namespace: element.namespace(),
                        name: element.local_name(),
                        value,
                        span: start..reader.tag().end,
                    };
                    visit(property, &reader)?;
                    continue;
                }
                let level = level(&element, parent);
                match level {
                    Level::Rdf => visit(Piece::Rdf(&element), &reader)?,
                    Level::Description => visit(Piece::Description(&element), &reader)?,
                    Level::Other => {}
                }
                open.push(level);
            }
            Node::End => {
                if open.pop() == Some(Level::Rdf) {
                    visit(Piece::RdfEnd(reader.tag()), &reader)?;
                }
            }
            Node::Text(_) => {}
        }
    }
    Ok(())
}

fn level(element: &Element<'_>, parent: Option<Level>) -> Level {
    // The packet's own RDF stands at the root or in the one element around it; what is nested deeper,
    // such as the metadata of ingredients, is not reached.
    if parent.is_none_or(|parent| parent == Level::Other) && element.is(RDF, "RDF") {
        Level::Rdf
    } else if parent == Some(Level::Rdf) && element.is(RDF, "Description") {
        Level::Description
    } else {
        Level::Other
    }
}

/// The text of the element opened last with that of its descendants: values stand bare, or as the one
/// item of an array.
fn value(reader: &mut Reader<'_, '_>) -> Parsed<String> {
    let mut value = String::new();
    let mut depth = 1u32;
    let mut is_nested = false;
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(_) => {
                depth += 1;
                is_nested = true;
            }
            Node::End => depth -= 1,
            Node::Text(text) => value.push_str(&text),
        }
        if depth == 0 {
            break;
        }
    }
    Ok(if is_nested {
        value.trim().to_owned()
    } else {
        value
    })
}

/// A property name with its escaped characters put back.
pub(super) fn unescaped(name: &str) -> std::borrow::Cow<'_, str> {
    if !name.contains(ESCAPE) {
        return name.into();
    }
    let mut pieces = name.split(ESCAPE);
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let character = piece
            .get(..4)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        match character.zip(piece.get(4..)) {
            Some((character, rest)) => {
                plain.push(character);
                plain.push_str(rest);
            }
            None => {
                plain.push(ESCAPE);
                plain.push_str(piece);
            }
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::reading::{Findings, LabelGroup, Place};

    const ID: &str = "f42aa342-8706-4288-bd11-ebb85995028c";

    fn packet(properties: &str) -> String {
        format!(
            "<?xpacket begin='\u{feff}' id='W5M0MpCehiHzreSzNTczkc9d'?>\
             <x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='{RDF}' xmlns:p='{PDFX}'>{properties}\
             </r:RDF></x:xmpmeta>\n  <?xpacket end='w'?>"
        )
    }

    fn groups(packet: &[u8]) -> Parsed<Vec<LabelGroup>> {
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let mut collector = Collector::new(Place::PdfXmp, 1, 10);
        read(&input, packet, &mut collector)?;
        let mut findings = Findings::default();
        collector.finish(&mut findings);
        Ok(findings.groups)
    }

    #[test]
    fn properties_of_the_document_are_found_in_each_of_their_shapes() {
        let check = |properties: &str, names: &[&str]| {
            let packet = packet(properties);
            let found = groups(packet.as_bytes()).unwrap();
            let found: Vec<&str> = found
                .iter()
                .map(|group| group.name.as_deref().unwrap_or("-"))
                .collect();
            assert_eq!(found, names, "{properties}");
            assert!(
                names.is_empty() || may_hold_labels(packet.as_bytes()),
                "{properties}"
            );
            let wide: Vec<u8> = packet.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(
                groups(&wide).unwrap().len(),
                names.len(),
                "UTF-16: {properties}"
            );
            assert!(
                names.is_empty() || may_hold_labels(&wide),
                "UTF-16: {properties}"
            );
        };
        let name = format!("p:MSIP_Label_{ID}_Name");
        check(
            &format!("<r:Description><{name}>A &amp; B</{name}></r:Description>"),
            &["A & B"],
        );
        check(
            &format!("<r:Description r:about='' {name}='A &lt; B'/>"),
            &["A < B"],
        );
        check(
            &format!(
                "<r:Description><{name}><r:Alt> <r:li>A</r:li> </r:Alt></{name}></r:Description>"
            ),
            &["A"],
        );
        let escaped = name.replace("IP_", "IP\u{2182}005F");
        check(
            &format!("<r:Description><{escaped}>A</{escaped}></r:Description>"),
            &["A"],
        );
        let lower = name.to_lowercase();
        check(
            &format!("<r:Description><{lower}>A</{lower}></r:Description>"),
            &["A"],
        );
        // Another namespace, an ingredient's label, a name that only looks alike.
        check(
            &format!(
                "<r:Description><x:{0}>A</x:{0}></r:Description>",
                &name[2..]
            ),
            &[],
        );
        check(
            &format!(
                "<r:Description><x:Pantry><r:Bag><r:li><r:Description><{name}>A</{name}>\
                 </r:Description></r:li></r:Bag></x:Pantry></r:Description>"
            ),
            &[],
        );
        check(
            "<r:Description><p:Company>MSIP_Label_x</p:Company></r:Description>",
            &[],
        );
    }

    #[test]
    fn packets_without_a_label_need_no_parsing() {
        assert!(!may_hold_labels(
            packet("<r:Description p:A_b='c'/>").as_bytes()
        ));
        assert!(!may_hold_labels(b""));
        assert!(!may_hold_labels(b"_____MSI_"));
    }
}
