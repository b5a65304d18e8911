//! PDF documents in the structures that are common: Office exports, classic files, object streams,
//! incremental updates, linearised files, encrypted ones.

use std::fmt::Write as _;
use std::io;

use super::label::Label;
use super::office_parts::phrase;
use super::pdf_encryption::{FileKey, hexadecimal};
use super::pdf_file::{Body, Object, PdfFile, Trailer, deflate};
use super::random::Random;

/// File structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Structure {
    /// Tables only.
    Classic,
    /// Object streams and a cross-reference stream.
    Compressed,
    /// As Office exports: tagged, hybrid, two revisions.
    Office,
    /// One to three revisions appended; the last one labels the file.
    Updated,
    /// Objects of the first page and their table in front.
    Linearised,
}

/// Object numbers that all documents share.
const CATALOGUE: u32 = 1;
const PAGES: u32 = 2;
const INFO: u32 = 3;
const METADATA: u32 = 4;
const FIRST_FREE: u32 = 5;

/// What to write.
#[derive(Debug)]
pub(crate) struct Pdf<'a> {
    pub(crate) structure: Structure,
    pub(crate) labels: &'a [Label],
    /// Encrypted with an owner password only.
    pub(crate) encrypted: bool,
    /// About how many bytes it shall have.
    pub(crate) size: usize,
}

impl Pdf<'_> {
    /// The bytes of the document.
    pub(crate) fn write(&self, random: &mut Random) -> io::Result<Vec<u8>> {
        let key = self.encrypted.then(|| FileKey::new(random));
        // Strings inside an object stream are encrypted with it.
        let string_key = key
            .as_ref()
            .filter(|_| self.structure != Structure::Compressed);
        let first_labels = match self.structure {
            Structure::Updated => &[],
            _ => self.labels,
        };
        let mut objects = vec![
            info(first_labels, string_key, random),
            metadata(first_labels, random),
        ];
        self.add_pages(&mut objects, random)?;
        let encrypt = key.as_ref().map(|key| {
            let dictionary = key.dictionary(b"for the owner alone", random);
            let number = FIRST_FREE + objects.len() as u32;
            value(number, dictionary)
        });
        let trailer = Trailer {
            root: CATALOGUE,
            info: INFO,
            id: hexadecimal(&random.bytes(16))
                .trim_matches(['<', '>'])
                .to_owned(),
            encrypt: encrypt.as_ref().map(|object| object.number),
        };
        let version = if self.encrypted { "2.0" } else { "1.7" };
        let mut file = PdfFile::new(version, trailer, key);
        match self.structure {
            Structure::Office => office(&mut file, &objects, random)?,
            Structure::Linearised => linearised(&mut file, &objects, random),
            Structure::Updated => {
                let compressed = random.percent(50);
                whole(&mut file, &objects, encrypt.as_ref(), compressed, random)?;
                update(&mut file, &objects, self.labels, compressed, random)?;
            }
            Structure::Classic => whole(&mut file, &objects, encrypt.as_ref(), false, random)?,
            Structure::Compressed => whole(&mut file, &objects, encrypt.as_ref(), true, random)?,
        }
        Ok(file.finish())
    }

    /// Catalogue, pages, fonts, pictures, and the logical structure where Office writes one.
    fn add_pages(&self, objects: &mut Vec<Object>, random: &mut Random) -> io::Result<()> {
        let pages = (self.size / random.within(20_000..=60_000)).clamp(1, 250) as u32;
        let picture = (self.size / pages as usize).saturating_sub(5_500).max(500);
        let mut next = FIRST_FREE;
        let mut kids = String::new();
        let font = next;
        objects.push(value(
            font,
            format!("<</Type/Font/Subtype/TrueType/BaseFont/BCDEEE+Invented/FirstChar 32/LastChar 126/FontDescriptor {} 0 R>>", font + 1),
        ));
        objects.push(value(
            font + 1,
            format!("<</Type/FontDescriptor/FontName/BCDEEE+Invented/Flags 32/Ascent 939/Descent -282/FontFile2 {} 0 R>>", font + 2),
        ));
        let font_size = random.within(4_000..=30_000).min(self.size / 3);
        let outlines = random.bytes(font_size);
        objects.push(stream(font + 2, "/Filter/FlateDecode", deflate(&outlines)?));
        next += 3;
        for _ in 0..pages {
            let _ = write!(kids, "{next} 0 R ");
            next = self.add_page(objects, next, font, picture, random)?;
        }
        objects.push(value(
            PAGES,
            format!("<</Type/Pages/Count {pages}/Kids[ {kids}]>>"),
        ));
        objects.push(value(
            CATALOGUE,
            format!("<</Type/Catalog/Pages {PAGES} 0 R/Metadata {METADATA} 0 R/MarkInfo<</Marked true>>/PageLayout/OneColumn>>"),
        ));
        objects.sort_by_key(|object| object.number);
        Ok(())
    }

    /// A page, its text, a picture and its structure elements; returns the next free number.
    fn add_page(
        &self,
        objects: &mut Vec<Object>,
        page: u32,
        font: u32,
        picture: usize,
        random: &mut Random,
    ) -> io::Result<u32> {
        objects.push(value(
            page,
            format!(
                "<</Type/Page/Parent {PAGES} 0 R/Resources<</Font<</F1 {font} 0 R>>/XObject<</I1 {} 0 R>>\
                 /ProcSet[/PDF/Text/ImageB/ImageC/ImageI]>>/MediaBox[0 0 612 792]/Contents {} 0 R/StructParents {page}>>",
                page + 2,
                page + 1
            ),
        ));
        let mut text = String::from("BT /F1 11 Tf 72 720 Td\n");
        for _ in 0..60 {
            let _ = writeln!(
                text,
                "({}) Tj 0 -{} Td",
                phrase(11, random),
                random.within(11..=16)
            );
        }
        text.push_str("ET");
        objects.push(stream(
            page + 1,
            "/Filter/FlateDecode",
            deflate(text.as_bytes())?,
        ));
        objects.push(stream(
            page + 2,
            "/Type/XObject/Subtype/Image/Width 900/Height 600/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode",
            deflate(&random.bytes(picture))?,
        ));
        let mut next = page + 3;
        if self.structure == Structure::Office {
            for index in 0..random.within(8..=35) {
                objects.push(Object {
                    structure: true,
                    ..value(
                        next,
                        format!("<</P {page} 0 R/S/P/Type/StructElem/K[{index}]/Pg {page} 0 R>>"),
                    )
                });
                next += 1;
            }
        }
        Ok(next)
    }
}

fn value(number: u32, value: String) -> Object {
    Object {
        number,
        body: Body::Value(value),
        structure: false,
    }
}

fn stream(number: u32, dictionary: &str, data: Vec<u8>) -> Object {
    Object {
        number,
        body: Body::Stream(dictionary.to_owned(), data),
        structure: false,
    }
}

/// The document information dictionary, its strings in one of the spellings that writers use.
fn info(labels: &[Label], key: Option<&FileKey>, random: &mut Random) -> Object {
    let wide = random.percent(25);
    let mut entries: Vec<(String, String)> = labels.iter().flat_map(Label::fields).collect();
    for (name, text) in [
        ("Title", phrase(4, random)),
        ("Author", phrase(2, random)),
        ("Creator", "Invented writer for documents".to_owned()),
        ("Producer", "Invented writer for documents".to_owned()),
        ("CreationDate", "D:20260112093000+01'00'".to_owned()),
        ("ModDate", "D:20260112093000+01'00'".to_owned()),
    ] {
        entries.push((name.to_owned(), text));
    }
    let mut dictionary = String::from("<<");
    for (name, text) in entries {
        let bytes = if wide && !name.ends_with("Date") {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            units.flat_map(u16::to_be_bytes).collect()
        } else {
            text.into_bytes()
        };
        let string = match key {
            Some(key) => hexadecimal(&key.encrypt(&bytes, random)),
            None if wide => hexadecimal(&bytes),
            None => literal(&bytes),
        };
        let _ = write!(dictionary, "/{name}{string}");
    }
    dictionary.push_str(">>");
    value(INFO, dictionary)
}

fn literal(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text
        .replace('\\', "\\\\")
        .replace('(', "\\(")
        .replace(')', "\\)");
    format!("({text})")
}

/// The XMP packet: 2 to 4 KB, unfiltered, with room to grow.
fn metadata(labels: &[Label], random: &mut Random) -> Object {
    let mut xml = String::from(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"3.1-701\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\"  xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n\
         <pdf:Producer>Invented writer for documents</pdf:Producer></rdf:Description>\n",
    );
    if !labels.is_empty() {
        xml.push_str(
            "<rdf:Description rdf:about=\"\" xmlns:pdfx=\"http://ns.adobe.com/pdfx/1.3/\">\n",
        );
        for (name, text) in labels.iter().flat_map(Label::fields) {
            let _ = writeln!(xml, "<pdfx:{name}>{text}</pdfx:{name}>");
        }
        xml.push_str("</rdf:Description>\n");
    }
    let _ = write!(
        xml,
        "<rdf:Description rdf:about=\"\"  xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n\
         <dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator></rdf:Description>\n\
         <rdf:Description rdf:about=\"\"  xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\">\n\
         <xmpMM:DocumentID>uuid:{}</xmpMM:DocumentID></rdf:Description>\n",
        phrase(2, random),
        random.uuid()
    );
    for _ in 0..random.within(12..=20) {
        let _ = writeln!(xml, "{:100}", "");
    }
    xml.push_str("</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
    stream(METADATA, "/Type/Metadata/Subtype/XML", xml.into_bytes())
}

/// A file of one revision.
fn whole(
    file: &mut PdfFile,
    objects: &[Object],
    encrypt: Option<&Object>,
    compressed: bool,
    random: &mut Random,
) -> io::Result<()> {
    /// Objects that writers put into one object stream.
    const IN_ONE_STREAM: usize = 100;
    let (values, streams): (Vec<&Object>, Vec<&Object>) = objects
        .iter()
        .partition(|object| compressed && matches!(object.body, Body::Value(_)));
    // Most writers know what the catalogue and its like say only when all else is written.
    let late = random.percent(60);
    let is_late = |object: &&&Object| late && object.number < FIRST_FREE;
    for object in streams.iter().filter(|object| !is_late(object)) {
        file.put(object, random);
    }
    for object in streams.iter().filter(is_late) {
        file.put(object, random);
    }
    if let Some(encrypt) = encrypt {
        file.put(encrypt, random);
    }
    let first_stream = objects
        .iter()
        .map(|object| object.number)
        .max()
        .unwrap_or(0)
        + 2;
    for (number, values) in (first_stream..).zip(values.chunks(IN_ONE_STREAM)) {
        file.put_object_stream(number, values, random)?;
    }
    if compressed {
        return file.end_with_stream();
    }
    file.end_with_table();
    Ok(())
}

/// A hybrid file as Office exports it: the structure elements in an object stream, the XMP packet
/// near the end.
fn office(file: &mut PdfFile, objects: &[Object], random: &mut Random) -> io::Result<()> {
    let (structure, rest): (Vec<&Object>, Vec<&Object>) =
        objects.iter().partition(|object| object.structure);
    for object in rest.iter().filter(|object| object.number != METADATA) {
        file.put(object, random);
    }
    let number = objects
        .iter()
        .map(|object| object.number)
        .max()
        .unwrap_or(0)
        + 1;
    file.put_object_stream(number, &structure, random)?;
    for object in rest.iter().filter(|object| object.number == METADATA) {
        file.put(object, random);
    }
    file.end_as_office()
}

/// Appends one to three revisions, the last of which has the labels.
fn update(
    file: &mut PdfFile,
    objects: &[Object],
    labels: &[Label],
    compressed: bool,
    random: &mut Random,
) -> io::Result<()> {
    let revisions = random.within(1..=3);
    let pages: Vec<&Object> = objects
        .iter()
        .filter(
            |object| matches!(&object.body, Body::Value(value) if value.contains("/Type/Page/")),
        )
        .collect();
    for revision in 1..=revisions {
        file.push("\r\n");
        let note = value(
            file.next_number(),
            format!(
                "<</Type/Annot/Subtype/Text/Rect[9 9 30 30]/Name/Note/M(D:2026021{revision})>>"
            ),
        );
        file.put(&note, random);
        file.put(random.pick(&pages), random);
        if revision == revisions {
            file.put(&info(labels, None, random), random);
            file.put(&metadata(labels, random), random);
        }
        if compressed {
            file.end_with_stream()?;
        } else {
            file.end_with_table();
        }
    }
    Ok(())
}

/// A linearised file: parameters, the table of the first part, catalogue and first page, then the
/// rest and the main table; `startxref` names the first table (ISO 32000-2, annex F).
pub(crate) fn linearised(file: &mut PdfFile, objects: &[Object], random: &mut Random) {
    const PARAMETERS: usize = 120;
    let parameters = objects
        .iter()
        .map(|object| object.number)
        .max()
        .unwrap_or(0)
        + 1;
    // Catalogue, the font, and the first page with its text and picture.
    let mut first: Vec<u32> = vec![CATALOGUE];
    first.extend(FIRST_FREE..FIRST_FREE + 6);
    first.push(parameters);
    let dictionary = value(parameters, " ".repeat(PARAMETERS));
    let parameters_at = file.len() + format!("{parameters} 0 obj\r\n").len();
    file.put(&dictionary, random);
    let first_at = file.len();
    let reserved = first_table_length(&first, parameters);
    file.push(&" ".repeat(reserved));
    let (front, back): (Vec<&Object>, Vec<&Object>) = objects
        .iter()
        .partition(|object| first.contains(&object.number));
    for object in &front {
        file.put(object, random);
    }
    let first_end = file.len();
    for object in &back {
        file.put(object, random);
    }
    let (table, main_at) = file.split_tables(&first, first_at);
    file.patch(first_at, table.as_bytes());
    let text = format!(
        "<</Linearized 1/L {}/O {}/E {first_end}/N 1/T {main_at}/H[ 0 0]>>",
        file.len(),
        FIRST_FREE + 3
    );
    file.patch(parameters_at, text.as_bytes());
}

/// An upper bound of the bytes that the table and trailer of the first part need.
fn first_table_length(numbers: &[u32], highest: u32) -> usize {
    let subsections = 3 * (highest.to_string().len() + 6);
    numbers.len() * 20 + subsections + 260
}
