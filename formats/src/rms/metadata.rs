//! Labels in the XMP block of a pfile (reference/label-migration-and-rms.md §9.3).
//!
//! Newer writers use one property for each field, named as everywhere; older ones a bag of structures.

use crate::input::{Input, Parsed};
use crate::msip::{Collector, parse_guid, split_name};
use crate::reading::{Findings, Place};
use crate::xml::{self, Element, Node};

/// The licence is stronger (MS-OFFCRYPTO 2.6.1).
const PRECEDENCE: u8 = 1;

const MSIP: &str = "http://www.microsoft.com/msip/1.0/";
const MSIP_LABEL: &str = "http://www.microsoft.com/msip/label/1.0/";
const MSIP_LABEL_EXTENDED: &str = "http://www.microsoft.com/msip/label/extended/1.0/";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Fields kept of one structure; real ones have about ten.
const MOST_FIELDS: usize = 64;

/// Reads the block. Zeros are a place kept free.
pub(super) fn read(input: &Input<'_>, bytes: &[u8], findings: &mut Findings) -> Parsed<()> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    let text = xml::decode(bytes)?;
    let limit = input.limits().labels;
    let mut walk = Walk {
        labels: Collector::new(Place::PdfXmp, PRECEDENCE, limit),
        open: Vec::new(),
        bag: None,
        structure: None,
    };
    let result = walk.all(xml::Reader::new(text.trim_end_matches('\0'), input));
    walk.labels.finish(findings);
    result
}

/// State of one walk through a packet.
struct Walk {
    labels: Collector,
    open: Vec<Open>,
    /// How many elements are open around the bag of structures, inside it.
    bag: Option<usize>,
    structure: Option<Structure>,
}

/// One label in the old form.
struct Structure {
    /// How many elements are open around it.
    depth: usize,
    fields: Vec<(String, String)>,
}

impl Walk {
    fn all(&mut self, mut reader: xml::Reader<'_, '_>) -> Parsed<()> {
        while let Some(node) = reader.next()? {
            match node {
                Node::Start(element) => self.start(&element)?,
                Node::Text(piece) => {
                    if let Some(element) = self.open.last_mut().filter(|open| open.is_wanted) {
                        element.text.push_str(&piece);
                    }
                }
                Node::End => self.end(),
            }
        }
        Ok(())
    }

    fn start(&mut self, element: &Element<'_>) -> Parsed<()> {
        let depth = self.open.len();
        if element.is(MSIP, "labels") {
            self.bag = self.bag.or(Some(depth));
        } else if self.bag.is_some() && self.structure.is_none() && element.is(RDF, "li") {
            self.structure = Some(Structure {
                depth,
                fields: Vec::new(),
            });
        }
        // RDF lets a property be an attribute.
        for attribute in element.attributes() {
            let (name, value) = attribute?;
            self.property(name, &value);
        }
        self.open.push(Open::of(element));
        Ok(())
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else {
            return;
        };
        let depth = self.open.len();
        if let Some(structure) = self.structure.take_if(|structure| structure.depth == depth) {
            keep_structure(&structure.fields, &mut self.labels);
        } else if element.is_wanted {
            self.property(&element.name, element.text.trim());
        }
        self.bag.take_if(|bag| *bag == depth);
    }

    fn property(&mut self, name: &str, value: &str) {
        match &mut self.structure {
            None => self.labels.property(name, value),
            Some(structure) if structure.fields.len() < MOST_FIELDS => {
                structure.fields.push((name.to_owned(), value.to_owned()));
            }
            Some(_) => {}
        }
    }
}

/// An element whose end has not come yet.
struct Open {
    name: String,
    text: String,
    is_wanted: bool,
}

impl Open {
    fn of(element: &Element<'_>) -> Self {
        let name = element.local_name();
        let is_wanted = matches!(element.namespace(), MSIP_LABEL | MSIP_LABEL_EXTENDED)
            || split_name(name).is_some();
        Self {
            name: name.to_owned(),
            text: String::new(),
            is_wanted,
        }
    }
}

/// A structure of the old form, under the names of today. What RDF needs, and triples that other
/// vendors added, are no fields.
fn keep_structure(fields: &[(String, String)], labels: &mut Collector) {
    let id = fields.iter().find(|(name, _)| name == "Id");
    let Some(id) = id.and_then(|(_, id)| parse_guid(id)) else {
        return;
    };
    for (name, value) in fields {
        let field = match name.as_str() {
            "Id" | "parseType" | "about" | "Vendor" | "Key" | "Value" => continue,
            "Ref" if parse_guid(value).is_some() => "SiteId",
            "ParentId" => "Parent",
            "DateCreated" => "SetDate",
            "MSFT_Method" => "Extended_MSFT_Method",
            other => other,
        };
        if !value.is_empty() {
            labels.property(&format!("MSIP_Label_{id}_{field}"), value);
        }
    }
}
