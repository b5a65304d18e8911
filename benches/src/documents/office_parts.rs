//! Parts of Office packages that all applications write alike, and what fills the others.

use std::fmt::Write as _;

use super::applications::Application;
use super::random::Random;

/// One part of a package.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// `None` where the default of its extension says it.
    pub(crate) content_type: Option<String>,
    pub(crate) data: Vec<u8>,
    /// Kept without compression, as Office keeps pictures.
    pub(crate) stored: bool,
    /// See [`Entry::room`](super::zip_archive::Entry).
    pub(crate) room: u16,
    /// Pictures or sheets follow this part.
    pub(crate) bulk_follows: bool,
    /// Stands behind the document properties.
    pub(crate) late: bool,
}

impl Part {
    pub(crate) fn untyped(name: impl Into<String>, data: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            content_type: None,
            data,
            stored: false,
            room: 0,
            bulk_follows: false,
            late: false,
        }
    }

    pub(crate) fn typed(name: impl Into<String>, content_type: &str, data: Vec<u8>) -> Self {
        Self {
            content_type: Some(content_type.to_owned()),
            ..Self::untyped(name, data)
        }
    }

    /// A part of `application/vnd.openxmlformats-officedocument.{kind}+xml` with about `size` bytes of
    /// markup.
    pub(crate) fn filled(
        name: impl Into<String>,
        kind: &str,
        size: usize,
        random: &mut Random,
    ) -> Self {
        let content_type = format!("application/vnd.openxmlformats-officedocument.{kind}+xml");
        Self::typed(name, &content_type, markup(size, random))
    }

    pub(crate) fn picture(name: String, data: Vec<u8>) -> Self {
        Self {
            stored: true,
            ..Self::untyped(name, data)
        }
    }

    pub(crate) fn with_room(self, room: u16) -> Self {
        Self { room, ..self }
    }
}

/// A relationships part of (type, target) pairs.
pub(crate) fn relationships<T: AsRef<str>>(name: &str, targets: &[(T, T)]) -> Part {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
         <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">",
    );
    for (index, (kind, target)) in targets.iter().enumerate() {
        let _ = write!(
            xml,
            r#"<Relationship Id="rId{}" Type="{}" Target="{}"/>"#,
            index + 1,
            kind.as_ref(),
            target.as_ref()
        );
    }
    xml.push_str("</Relationships>");
    Part::untyped(name, xml.into_bytes())
}

/// `docProps/core.xml`.
pub(crate) fn core_properties(random: &mut Random) -> Part {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
         <cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:dcmitype=\"http://purl.org/dc/dcmitype/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <dc:title>{}</dc:title><dc:subject></dc:subject><dc:creator>{}</dc:creator><cp:keywords></cp:keywords>\
         <dc:description></dc:description><cp:revision>{}</cp:revision>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">2025-03-0{}T08:11:00Z</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">2026-01-1{}T16:40:00Z</dcterms:modified></cp:coreProperties>",
        phrase(5, random),
        phrase(2, random),
        random.within(1..=40),
        random.within(1..=9),
        random.within(0..=9)
    );
    let content_type = "application/vnd.openxmlformats-package.core-properties+xml";
    Part::typed("docProps/core.xml", content_type, xml.into_bytes()).with_room(264)
}

/// `docProps/app.xml`.
pub(crate) fn extended_properties(application: Application, random: &mut Random) -> Part {
    let name = match application {
        Application::Word => "Microsoft Office Word",
        Application::Excel => "Microsoft Excel",
        Application::PowerPoint => "Microsoft Office PowerPoint",
    };
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
         <Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\" \
         xmlns:vt=\"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes\">\
         <Template>Normal.dotm</Template><TotalTime>{}</TotalTime><Pages>{}</Pages><Words>{}</Words>\
         <Application>{name}</Application><DocSecurity>0</DocSecurity><ScaleCrop>false</ScaleCrop>\
         <Company>{}</Company><LinksUpToDate>false</LinksUpToDate><SharedDoc>false</SharedDoc>\
         <HyperlinksChanged>false</HyperlinksChanged><AppVersion>16.0000</AppVersion></Properties>",
        random.below(900),
        random.within(1..=80),
        random.within(100..=30_000),
        phrase(2, random)
    );
    let content_type = "application/vnd.openxmlformats-officedocument.extended-properties+xml";
    Part::typed("docProps/app.xml", content_type, xml.into_bytes()).with_room(264)
}

/// What makes a package as large as it is: pictures, and sheets in Excel, of about `left` bytes packed.
pub(crate) fn bulk(application: Application, left: usize, random: &mut Random) -> Vec<Part> {
    if left < 1_000 {
        return Vec::new();
    }
    let folder = match application {
        Application::Word => "word",
        Application::PowerPoint => "ppt",
        Application::Excel => "xl",
    };
    let mut left = left;
    let mut parts = Vec::new();
    if application == Application::Excel {
        let packed = (left * 3 / 5).min(1 << 20);
        let kind = "spreadsheetml.worksheet";
        let content_type = format!("application/vnd.openxmlformats-officedocument.{kind}+xml");
        let rows = sheet_rows(packed, random);
        parts.push(Part::typed(
            "xl/worksheets/sheet99.xml",
            &content_type,
            rows,
        ));
        left -= packed;
    }
    let pictures = (left / 150_000).clamp(1, 12);
    for index in 1..=pictures {
        let extension = random.pick(&["png", "jpeg"]);
        let name = format!("{folder}/media/image{index}.{extension}");
        parts.push(Part::picture(name, random.bytes(left / pictures)));
    }
    parts
}

/// Rows of numbers that deflate to about `packed` bytes.
fn sheet_rows(packed: usize, random: &mut Random) -> Vec<u8> {
    /// What one cell of the kind below comes to after compression.
    const PACKED_CELL: usize = 11;
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
         <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for row in 1..=packed / (PACKED_CELL * 4) + 1 {
        let _ = write!(xml, "<row r=\"{row}\">");
        for column in ["A", "B", "C", "D"] {
            let value = random.below(100_000_000);
            let _ = write!(xml, "<c r=\"{column}{row}\" s=\"4\"><v>{value}</v></c>");
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData></worksheet>");
    xml.into_bytes()
}

/// About `size` bytes of markup that deflates as styles, layouts and text do (some 5 : 1).
pub(crate) fn markup(size: usize, random: &mut Random) -> Vec<u8> {
    let mut xml = String::with_capacity(size + 200);
    xml.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
         <w:root xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">",
    );
    while xml.len() < size {
        let _ = write!(
            xml,
            "<w:p w:rsidR=\"{:08X}\"><w:pPr><w:spacing w:after=\"{}\"/></w:pPr><w:r><w:t>{}</w:t></w:r></w:p>",
            random.next() as u32,
            random.within(0..=24) * 10,
            phrase(9, random)
        );
    }
    xml.push_str("</w:root>");
    xml.into_bytes()
}

/// `count` words of prose.
pub(crate) fn phrase(count: usize, random: &mut Random) -> String {
    const WORDS: [&str; 32] = [
        "annual", "budget", "meeting", "harbour", "review", "design", "supplier", "market",
        "quarter", "north", "report", "travel", "contract", "service", "window", "season",
        "project", "storage", "garden", "delivery", "person", "figure", "section", "summary",
        "factory", "country", "number", "village", "letter", "morning", "station", "measure",
    ];
    let words: Vec<&str> = (0..count).map(|_| random.pick(&WORDS)).collect();
    words.join(" ")
}
