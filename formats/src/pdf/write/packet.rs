//! Changing an XMP packet as text (reference/label-formats.md §5.1, §5.5): everything that is not the
//! tenant's label stays, with the packet's wrapper, padding and encoding.

use std::fmt::Write as _;
use std::ops::Range;

use uuid::Uuid;

use crate::input::{Input, Parsed};
use crate::msip::{Collector, split_name};
use crate::pdf::xmp::{self, PDFA_ID, PDFX, Piece, RDF};
use crate::reading::{Findings, LabelGroup, Place};
use crate::refusal::Refusal;
use crate::write::Fields;
use crate::xml::{Edited, Element, EncodedText, Reader, Root, escaped, local};

/// A packet of a document that has none.
pub(super) const EMPTY: &str = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
     <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
     <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"></rdf:RDF>\
     </x:xmpmeta>\n<?xpacket end=\"w\"?>";

pub(super) struct Packet<'b> {
    text: EncodedText<'b>,
    /// The element that holds the descriptions.
    rdf: Root,
    /// What the descriptions are about, as it is written.
    about: String,
    /// Properties of labels: of which, and where.
    properties: Vec<(Uuid, Range<usize>)>,
    pub(super) groups: Vec<LabelGroup>,
    /// The part of PDF/A that the file says it conforms to.
    pub(super) pdfa: Option<u8>,
}

/// What has been seen of a packet.
#[derive(Default)]
struct Seen {
    rdf: Option<Root>,
    is_rdf_closed: bool,
    about: Option<String>,
    properties: Vec<(Uuid, Range<usize>)>,
    pdfa: Option<u8>,
}

impl<'b> Packet<'b> {
    pub(super) fn open(input: &Input<'_>, bytes: &'b [u8]) -> Parsed<Self> {
        let text = EncodedText::open(bytes)?;
        let mut seen = Seen::default();
        let mut collector = Collector::new(Place::PdfXmp, 1, input.limits().labels);
        xmp::walk(input, text.text(), |piece, reader| {
            seen.take(piece, reader, &mut collector)
        })?;
        let mut findings = Findings::default();
        collector.finish(&mut findings);
        let rdf = seen
            .rdf
            .ok_or_else(|| Refusal::corrupt("its XMP packet describes nothing"))?;
        Ok(Self {
            rdf,
            about: seen.about.unwrap_or_default(),
            properties: seen.properties,
            groups: findings.groups,
            pdfa: seen.pdfa,
            text,
        })
    }

    /// The packet without the properties of the labels `dropped`, and with those of `fields`.
    pub(super) fn edited(&self, dropped: &[Uuid], fields: Option<&Fields>) -> Parsed<Edited> {
        let cuts = self
            .properties
            .iter()
            .filter(|(id, _)| dropped.contains(id))
            .map(|(_, span)| span.clone())
            .collect();
        let insert = fields.map(|fields| (None, self.description(fields)));
        let edits = self.rdf.edits(self.text.text(), cuts, insert);
        self.text.edited(edits)
    }

    /// A description of its own, as the ones there may be written in any way.
    fn description(&self, fields: &Fields) -> String {
        let (prefix, declaration) = match &*self.rdf.prefix {
            // Attributes need a prefix even where elements have none.
            "" => ("rdf:", format!(" xmlns:rdf=\"{RDF}\"")),
            prefix => (prefix, String::new()),
        };
        let mut text = format!(
            "<{prefix}Description{declaration} {prefix}about=\"{}\" xmlns:pdfx=\"{PDFX}\">",
            escaped(&self.about)
        );
        for (name, value) in fields.properties() {
            // Writing to a string does not fail.
            let _ = write!(text, "<pdfx:{name}>{}</pdfx:{name}>", escaped(&value));
        }
        text + &format!("</{prefix}Description>")
    }
}

impl Seen {
    fn take(
        &mut self,
        piece: Piece<'_, '_>,
        reader: &Reader<'_, '_>,
        collector: &mut Collector,
    ) -> Parsed<()> {
        match piece {
            Piece::Rdf(element) => {
                if self.rdf.is_none() {
                    self.rdf = Some(Root::of(element, reader)?);
                }
            }
            Piece::RdfEnd(tag) => {
                if let Some(rdf) = &mut self.rdf
                    && !std::mem::replace(&mut self.is_rdf_closed, true)
                {
                    rdf.ends_with(tag);
                }
            }
            Piece::Description(element) => self.take_attributes(element, reader, collector)?,
            Piece::Property {
                namespace,
                name,
                value,
                span,
            } => {
                let name = xmp::unescaped(name);
                if namespace == PDFX {
                    self.take_property(&name, &value, span, collector);
                } else if &*name == "part" {
                    self.take_pdfa(&value);
                }
            }
        }
        Ok(())
    }

    fn take_attributes(
        &mut self,
        element: &Element<'_>,
        reader: &Reader<'_, '_>,
        collector: &mut Collector,
    ) -> Parsed<()> {
        for attribute in element.attributes_at(&reader.tag()) {
            let (qualified, value, span) = attribute?;
            let name = xmp::unescaped(local(qualified));
            match &*name {
                "about" => {
                    self.about.get_or_insert_with(|| value.into_owned());
                }
                "part" if &*reader.attribute_namespace(qualified)? == PDFA_ID => {
                    self.take_pdfa(&value);
                }
                name => self.take_property(name, &value, span, collector),
            }
        }
        Ok(())
    }

    fn take_property(
        &mut self,
        name: &str,
        value: &str,
        span: Range<usize>,
        collector: &mut Collector,
    ) {
        if let Some((id, _)) = split_name(name) {
            collector.property(name, value);
            self.properties.push((id, span));
        }
    }

    fn take_pdfa(&mut self, value: &str) {
        self.pdfa = self.pdfa.or_else(|| value.trim().parse().ok());
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::limits::Limits;
    use crate::write::{LabelChange, Method};

    const OLD: &str = "f42aa342-8706-4288-bd11-ebb85995028c";
    const NEW: Uuid = Uuid::from_u128(1);

    fn fields() -> Fields {
        Fields::from(&LabelChange {
            site_id: Uuid::from_u128(2),
            label_id: NEW,
            name: "A & B".to_owned(),
            method: Method::Standard,
            set_date: UNIX_EPOCH,
            action_id: Uuid::from_u128(3),
            content_bits: 0,
        })
    }

    /// What becomes of a packet when label `OLD` is replaced; `#` stands for the description that comes
    /// in, but for its attributes.
    fn check(packet: &str, expected: &str) {
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let opened = Packet::open(&input, packet.as_bytes()).unwrap();
        let old = Uuid::parse_str(OLD).unwrap();
        let edited = opened.edited(&[old], Some(&fields())).unwrap();
        let text = String::from_utf8(edited.bytes).unwrap();
        let start = text.find("<pdfx:MSIP_Label_00000000").unwrap();
        let end = text.rfind("</pdfx:MSIP_Label_00000000").unwrap();
        let end = end + text[end..].find('>').unwrap() + 1;
        let found = format!("{}#{}", &text[..start], &text[end..]);
        assert_eq!(found, expected, "{packet}");
        assert!(text.contains("A &amp; B"), "{text}");
    }

    #[test]
    fn a_label_is_replaced_and_nothing_else_changes() {
        let rdf = format!("xmlns:r='{RDF}' xmlns:p='{PDFX}'");
        let begun = format!("xmlns:pdfx=\"{PDFX}\">#");
        check(
            EMPTY,
            &EMPTY.replace(
                "</rdf:RDF>",
                &format!("<rdf:Description rdf:about=\"\" {begun}</rdf:Description></rdf:RDF>"),
            ),
        );
        check(
            &format!("<r:RDF {rdf} />\n  "),
            &format!(
                "<r:RDF {rdf} ><r:Description r:about=\"\" {begun}</r:Description></r:RDF >\n  "
            ),
        );
        let element = format!("<p:MSIP_Label_{OLD}_Name>x</p:MSIP_Label_{OLD}_Name>");
        let attribute = format!("\n p:MSIP_Label_{OLD}_Name = 'x'");
        let old = |element: &str, attribute: &str| {
            format!(
                "<m><r:RDF {rdf}><r:Description p:A='a'{attribute} r:about='urn:&lt;x'>\
                 {element}<p:MSIP_Label_{NEW}_Owner>o</p:MSIP_Label_{NEW}_Owner> <p:B/>\
                 </r:Description>\n</r:RDF></m>"
            )
        };
        let new =
            format!("<r:Description r:about=\"urn:&lt;x\" {begun}</r:Description></r:RDF></m>");
        // Of the label with the new one's id the owner is another's; the caller knows whose.
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let packet = old(&element, &attribute);
        let opened = Packet::open(&input, packet.as_bytes()).unwrap();
        assert_eq!(opened.groups.len(), 2);
        let edited = opened
            .edited(&[Uuid::parse_str(OLD).unwrap()], None)
            .unwrap();
        assert_eq!(String::from_utf8(edited.bytes).unwrap(), old("", ""));
        let packet = old(&element, &attribute).replace("_Owner", "x");
        let packet = packet.replace(&NEW.to_string(), "x");
        let left = old("", "")
            .replace("_Owner", "x")
            .replace(&NEW.to_string(), "x");
        check(&packet, &left.replace("</r:RDF></m>", &new));
    }

    #[test]
    fn conformance_to_pdfa_is_seen_in_both_shapes() {
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let check = |description: &str, expected: Option<u8>| {
            let packet = format!(
                "<r:RDF xmlns:r='{RDF}' xmlns:a='{PDFA_ID}' xmlns:b='urn:b'>{description}</r:RDF>"
            );
            let packet = Packet::open(&input, packet.as_bytes()).unwrap();
            assert_eq!(packet.pdfa, expected, "{description}");
        };
        check("<r:Description a:part='1' a:conformance='B'/>", Some(1));
        check(
            "<r:Description><a:part> 4 </a:part></r:Description>",
            Some(4),
        );
        check(
            "<r:Description b:part='1'><b:part>2</b:part></r:Description>",
            None,
        );
        check("<r:Description part='1'/>", None);
    }
}
