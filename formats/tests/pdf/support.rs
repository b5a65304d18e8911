//! Labels to write, and reading that compares all ways to read.

use labeld_formats::{
    Limits, Place, RangeStrategy, ReadOptions, Reading, StreamSource, TenantKnowledge, read,
};

use crate::ranged::read_in_ranges;
use crate::writer::Pdf;

pub(crate) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// Labels are told apart by their last letter: `a`, `b` and so on.
const LABEL: &str = "f42aa342-8706-4288-bd11-ebb8599502";

fn id(letter: char) -> String {
    format!("{LABEL}a{letter}")
}

/// Entries of an information dictionary that set a label.
pub(crate) fn info_entries(letter: char) -> String {
    let key = format!("/MSIP_Label_{}", id(letter));
    format!(
        "{key}_Enabled (true) {key}_SiteId ({TENANT}) {key}_Method (Privileged) \
         {key}_Name (Label \\(of {letter}\\))"
    )
}

pub(crate) fn info(letter: char) -> String {
    format!("<</Producer (labeld tests) {}>>", info_entries(letter))
}

/// An XMP packet that sets a label.
pub(crate) fn packet(letter: char) -> String {
    let name = format!("pdfx:MSIP_Label_{}", id(letter));
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:pdfx=\"http://ns.adobe.com/pdfx/1.3/\">\
         <{name}_Enabled>true</{name}_Enabled><{name}_SiteId>{TENANT}</{name}_SiteId>\
         <{name}_Method>Privileged</{name}_Method>\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>"
    )
}

pub(crate) const METADATA: &str = "/Type /Metadata /Subtype /XML";
pub(crate) const CATALOG: &str = "<</Type /Catalog /Pages 2 0 R /Metadata 4 0 R>>";
pub(crate) const PAGES: &str = "<</Type /Pages /Kids [] /Count 0>>";
pub(crate) const TRAILER: &str = "/Root 1 0 R /Info 3 0 R";

/// A file with label `a` in both places, before its cross-references: catalog 1, pages 2,
/// information 3, metadata 4.
pub(crate) fn labelled() -> Pdf {
    let mut pdf = Pdf::new();
    pdf.object(1, CATALOG).object(2, PAGES).object(3, info('a'));
    pdf.stream(4, METADATA, packet('a').as_bytes());
    pdf
}

/// Reads in all ways and asserts that they agree.
pub(crate) fn read_all_ways(file: &[u8]) -> Reading {
    read_within(file, Limits::default())
}

/// As [`read_all_ways`], under other limits.
pub(crate) fn read_within(file: &[u8], limits: Limits) -> Reading {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits,
        known: &known,
    };
    let whole = read(&file, options).unwrap();
    let stream = StreamSource::new(std::io::Cursor::new(file)).unwrap();
    assert_eq!(read(&stream, options).unwrap(), whole, "from a stream");
    let stingy = RangeStrategy {
        whole_up_to: 0,
        tail: 0,
        least: 1,
        gap: 0,
    };
    for strategy in [RangeStrategy::LOCAL, RangeStrategy::BYTES, stingy] {
        let (ranged, _) = read_in_ranges(file, strategy, options);
        assert_eq!(ranged, whole, "in ranges: {strategy:?}");
    }
    whole
}

/// State, labels by their letters (effective ones in capitals, each with its places), warnings:
/// `ok A:info+xmp full_read`.
pub(crate) fn summary(reading: &Reading) -> String {
    let state = reading
        .refusal
        .as_ref()
        .map_or("ok", |refusal| refusal.code());
    let mut words = vec![state.to_owned()];
    for label in &reading.labels {
        assert_eq!(
            label.site_id.map(|id| id.to_string()).as_deref(),
            Some(TENANT)
        );
        let text = label.id.to_string();
        let letter = text.chars().last().unwrap();
        let letter = if label.effective {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        let places: Vec<&str> = label
            .places
            .iter()
            .map(|place| place_word(*place))
            .collect();
        words.push(format!("{letter}:{}", places.join("+")));
    }
    words.extend(
        reading
            .warnings
            .iter()
            .map(|warning| warning.name().to_owned()),
    );
    words.join(" ")
}

fn place_word(place: Place) -> &'static str {
    match place {
        Place::PdfInfo => "info",
        Place::PdfXmp => "xmp",
        Place::RmsLicense => "licence",
        _ => "elsewhere",
    }
}

/// Asserts what a file reads as.
pub(crate) fn check(what: &str, file: &[u8], expected: &str) -> Reading {
    let reading = read_all_ways(file);
    assert_eq!(summary(&reading), expected, "{what}: {:?}", reading.refusal);
    reading
}

/// The file with the first `old` replaced.
pub(crate) fn replaced(file: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = file
        .windows(old.len())
        .position(|window| window == old)
        .unwrap();
    [&file[..at], new, &file[at + old.len()..]].concat()
}
