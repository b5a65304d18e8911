//! PDF files of every structure, to write labels into.

use crate::pdf_writer::{Pdf, deflated};

const CATALOG: &str = "<</Type /Catalog /Pages 2 0 R>>";
pub(crate) const WITH_METADATA: &str = "<</Type /Catalog /Pages 2 0 R /Metadata 4 0 R>>";
pub(crate) const PAGES: &str = "<</Type /Pages /Kids [] /Count 0>>";
const INFO: &str = "<</Producer (labeld \\(tests\\)) /Real 1.50 /Ref 2 0 R>>";
pub(crate) const METADATA: &str = "/Type /Metadata /Subtype /XML";
pub(crate) const TRAILER: &str = "/Root 1 0 R /Info 3 0 R /ID [<0102> (ab)]";

/// A packet with these properties of the document.
pub(crate) fn packet(properties: &str) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:pdfx=\"http://ns.adobe.com/pdfx/1.3/\" \
         xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">{properties}</rdf:Description>\
         </rdf:RDF></x:xmpmeta>\n    \n<?xpacket end=\"w\"?>"
    )
}

pub(crate) fn plain() -> Pdf {
    let mut pdf = Pdf::new();
    pdf.object(1, WITH_METADATA)
        .object(2, PAGES)
        .object(3, INFO);
    pdf.stream(4, METADATA, packet("<pdfx:A>a</pdfx:A>").as_bytes());
    pdf
}

/// Files by what is special about them.
pub(crate) fn structures() -> Vec<(&'static str, Vec<u8>)> {
    let classic = plain().table(TRAILER).bytes.clone();
    let in_object_stream = |number: u32| {
        let mut pdf = Pdf::new();
        let objects = [
            (1, CATALOG.to_owned()),
            (2, PAGES.to_owned()),
            (3, INFO.to_owned()),
        ];
        pdf.object_stream(number, &objects);
        pdf
    };
    let mut hybrid = in_object_stream(5);
    let hidden = hybrid.bare_stream_section(6, TRAILER, true);
    hybrid.table(&format!("{TRAILER} /XRefStm {hidden}"));
    // Office exports end in a revision that has nothing but the hidden stream.
    let mut office = Pdf::new();
    office.object(1, CATALOG).object(2, PAGES);
    office.free(3).table("/Root 1 0 R /Info 3 0 R");
    office.object_stream(5, &[(3, INFO.to_owned())]);
    let hidden = office.bare_stream_section(6, TRAILER, false);
    let at = office.bytes.len();
    let previous = office.section.unwrap();
    office.raw(format!(
        "xref\n0 0\ntrailer\n<</Size 7 {TRAILER} /Prev {previous} /XRefStm {hidden}>>\n"
    ));
    office.end(at);

    let trimmed = |file: &[u8]| file.trim_ascii_end().to_vec();
    let no_id = TRAILER.split(" /ID").next().unwrap();
    let no_info = "/Root 1 0 R";
    let direct = format!("/Root 1 0 R /Info {INFO}");
    let wide: Vec<u8> = packet("")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let with_packet = |dictionary: &str, data: &[u8]| {
        let mut pdf = Pdf::new();
        pdf.object(1, WITH_METADATA)
            .object(2, PAGES)
            .object(3, INFO);
        pdf.stream(4, dictionary, data).table(TRAILER).bytes.clone()
    };
    let mut without_packet = Pdf::new();
    without_packet.object(1, CATALOG).object(2, PAGES);
    let mut dangling = Pdf::new();
    dangling.object(1, WITH_METADATA).object(2, PAGES);
    let mut shifted = Pdf::after(b"some bytes before\n");
    shifted.object(1, CATALOG).object(2, PAGES).object(3, INFO);
    let mut two = plain();
    two.table(TRAILER).object(3, "<</Title (new)>>");
    let low_size = replaced(&plain().table(TRAILER).bytes, "/Size 5", "/Size 2");
    vec![
        ("classic", classic.clone()),
        ("stream", plain().stream_section(9, TRAILER).bytes.clone()),
        (
            "objects in a stream",
            in_object_stream(5).stream_section(6, TRAILER).bytes.clone(),
        ),
        ("hybrid", hybrid.bytes.clone()),
        ("export of Office", office.bytes.clone()),
        ("no end of line", trimmed(&classic)),
        (
            "no end of line, stream",
            trimmed(&plain().stream_section(9, TRAILER).bytes),
        ),
        (
            "a carriage return",
            [&trimmed(&classic), b"\r".as_slice()].concat(),
        ),
        ("bytes behind the end", [&classic[..], b"\0\0junk"].concat()),
        ("no identifier", plain().table(no_id).bytes.clone()),
        (
            "no identifier, no end of line",
            trimmed(&plain().table(no_id).bytes),
        ),
        (
            "odd identifier",
            plain().table(&format!("{no_id} /ID [(a)]")).bytes.clone(),
        ),
        ("no information", plain().table(no_info).bytes.clone()),
        (
            "information in the trailer",
            plain().table(&direct).bytes.clone(),
        ),
        (
            "information missing",
            plain().table("/Root 1 0 R /Info 77 0 R").bytes.clone(),
        ),
        ("nothing", without_packet.table(no_info).bytes.clone()),
        ("metadata missing", dangling.table(no_info).bytes.clone()),
        ("packet in UTF-16", with_packet(METADATA, &wide)),
        (
            "packet compressed",
            with_packet(
                &format!("{METADATA} /Filter /FlateDecode /Extra 1"),
                &deflated(packet("").as_bytes()),
            ),
        ),
        (
            "offsets from the header",
            shifted.table(TRAILER).bytes.clone(),
        ),
        ("two revisions", two.table(TRAILER).bytes.clone()),
        ("a size that is too low", low_size),
        ("generation", plain_with_generation()),
    ]
}

/// An information dictionary of a later generation.
fn plain_with_generation() -> Vec<u8> {
    let file = plain().table("/Root 1 0 R /Info 3 2 R").bytes.clone();
    let file = replaced(&file, "3 0 obj", "3 2 obj");
    let at = file.windows(4).rposition(|window| window == b"3 1\n");
    let (before, entry) = file.split_at(at.unwrap());
    [before, &replaced(entry, "00000 n", "00002 n")].concat()
}

/// The file with the first `old` replaced.
pub(crate) fn replaced(file: &[u8], old: &str, new: &str) -> Vec<u8> {
    let at = file
        .windows(old.len())
        .position(|window| window == old.as_bytes());
    let at = at.unwrap();
    [&file[..at], new.as_bytes(), &file[at + old.len()..]].concat()
}
