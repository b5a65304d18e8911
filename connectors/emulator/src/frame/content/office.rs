//! Office documents: a package with what a program needs to open it, a label, and padding.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipResult};

use super::padding::{incompressible, words};
use super::{DocumentKind, LabelMark, Recipe};

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The type of the relationship from the package to its label part (reference/label-formats.md §2.1).
const LABEL_RELATIONSHIP: &str =
    "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels";
const LABEL_CONTENT_TYPE: &str = "application/vnd.ms-office.classificationlabels+xml";
const LABEL_PART: &str = "docMetadata/LabelInfo.xml";

/// A part of the package: name, content type (empty where the extension tells it), and text.
type Part = (&'static str, &'static str, String);

/// What differs between the kinds.
struct Skeleton {
    /// The first is the one that the package points to.
    parts: Vec<Part>,
    media: &'static str,
}

/// The package of a recipe.
pub(super) fn document(recipe: &Recipe) -> ZipResult<Vec<u8>> {
    let skeleton = match recipe.kind {
        DocumentKind::Xlsx => workbook(recipe.seed),
        DocumentKind::Pptx => presentation(recipe.seed),
        DocumentKind::Docx | DocumentKind::Pdf => text_document(recipe.seed),
    };
    let least = assemble(&skeleton, recipe.label.as_ref(), &[])?.len() as u64;
    let padding = incompressible(recipe.size.saturating_sub(least), recipe.seed);
    assemble(&skeleton, recipe.label.as_ref(), &padding)
}

/// The package with this padding as a media part, in the order in which Office writes: properties and label
/// come last.
fn assemble(skeleton: &Skeleton, label: Option<&LabelMark>, padding: &[u8]) -> ZipResult<Vec<u8>> {
    let deflated = options(CompressionMethod::Deflated);
    let mut package = ZipWriter::new(Cursor::new(Vec::with_capacity(padding.len() + 16 * 1024)));
    let mut write = |name: &str, options: SimpleFileOptions, body: &[u8]| -> ZipResult<()> {
        package.start_file(name, options)?;
        Ok(package.write_all(body)?)
    };
    let content_types = content_types(skeleton, label.is_some());
    write("[Content_Types].xml", deflated, content_types.as_bytes())?;
    let root = root_relationships(skeleton, label.is_some());
    write("_rels/.rels", deflated, root.as_bytes())?;
    for (name, _, text) in &skeleton.parts {
        write(name, deflated, text.as_bytes())?;
    }
    write(skeleton.media, options(CompressionMethod::Stored), padding)?;
    write("docProps/core.xml", deflated, core_properties().as_bytes())?;
    if let Some(label) = label {
        write(LABEL_PART, deflated, label_info(label).as_bytes())?;
    }
    Ok(package.finish()?.into_inner())
}

/// Dated like the packages that Office writes, so that the same recipe gives the same bytes at any time.
fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(DateTime::default())
}

fn content_types(skeleton: &Skeleton, has_label: bool) -> String {
    let mut types = format!(
        "{DECLARATION}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Default Extension=\"bin\" ContentType=\"application/octet-stream\"/>\
         <Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>"
    );
    let label = (LABEL_PART, LABEL_CONTENT_TYPE);
    let named = skeleton.parts.iter().map(|(name, kind, _)| (*name, *kind));
    for (name, kind) in named.chain(has_label.then_some(label)) {
        if !kind.is_empty() {
            types += &format!("<Override PartName=\"/{name}\" ContentType=\"{kind}\"/>");
        }
    }
    types + "</Types>"
}

fn root_relationships(skeleton: &Skeleton, has_label: bool) -> String {
    let main = skeleton.parts.first().map_or("", |(name, ..)| name);
    let mut links = vec![
        (format!("{OFFICE}/officeDocument"), main),
        (
            format!("{RELATIONSHIPS}/metadata/core-properties"),
            "docProps/core.xml",
        ),
    ];
    if has_label {
        links.push((LABEL_RELATIONSHIP.to_owned(), LABEL_PART));
    }
    relationships(&links)
}

/// A relationships part: `rId1` is the first link, and so on.
fn relationships(links: &[(String, &str)]) -> String {
    let mut text = format!("{DECLARATION}<Relationships xmlns=\"{RELATIONSHIPS}\">");
    for (number, (kind, to)) in (1..).zip(links) {
        text += &format!("<Relationship Id=\"rId{number}\" Type=\"{kind}\" Target=\"{to}\"/>");
    }
    text + "</Relationships>"
}

fn core_properties() -> String {
    format!(
        "{DECLARATION}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:creator>labeld emulator</dc:creator></cp:coreProperties>"
    )
}

/// The label part (reference/label-formats.md §2.2): ids in braces and lower case, booleans as 0 and 1.
fn label_info(label: &LabelMark) -> String {
    format!(
        "{DECLARATION}<clbl:labelList xmlns:clbl=\"http://schemas.microsoft.com/office/2020/mipLabelMetadata\">\
         <clbl:label id=\"{{{}}}\" enabled=\"1\" method=\"{}\" siteId=\"{{{}}}\" contentBits=\"0\" removed=\"0\"/>\
         </clbl:labelList>",
        label.label_id,
        label.method(),
        label.tenant_id
    )
}

fn text_document(seed: u64) -> Skeleton {
    Skeleton {
        parts: vec![
            (
                "word/document.xml",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                with_words(include_str!("templates/document.xml"), seed),
            ),
            (
                "word/_rels/document.xml.rels",
                "",
                relationships(&[link("image", "media/image1.bin")]),
            ),
        ],
        media: "word/media/image1.bin",
    }
}

fn workbook(seed: u64) -> Skeleton {
    Skeleton {
        parts: vec![
            (
                "xl/workbook.xml",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                include_str!("templates/workbook.xml").to_owned(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "",
                relationships(&[
                    link("worksheet", "worksheets/sheet1.xml"),
                    link("image", "media/image1.bin"),
                ]),
            ),
            (
                "xl/worksheets/sheet1.xml",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
                with_words(include_str!("templates/worksheet.xml"), seed),
            ),
        ],
        media: "xl/media/image1.bin",
    }
}

/// A slide, and the master, layout and theme without which PowerPoint opens nothing.
fn presentation(seed: u64) -> Skeleton {
    let to_layout = link("slideLayout", "../slideLayouts/slideLayout1.xml");
    Skeleton {
        parts: vec![
            (
                "ppt/presentation.xml",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
                include_str!("templates/presentation.xml").to_owned(),
            ),
            (
                "ppt/_rels/presentation.xml.rels",
                "",
                relationships(&[
                    link("slideMaster", "slideMasters/slideMaster1.xml"),
                    link("slide", "slides/slide1.xml"),
                    link("theme", "theme/theme1.xml"),
                ]),
            ),
            (
                "ppt/slides/slide1.xml",
                "application/vnd.openxmlformats-officedocument.presentationml.slide+xml",
                with_words(include_str!("templates/slide.xml"), seed),
            ),
            (
                "ppt/slides/_rels/slide1.xml.rels",
                "",
                relationships(&[to_layout.clone(), link("image", "../media/image1.bin")]),
            ),
            (
                "ppt/slideLayouts/slideLayout1.xml",
                "application/vnd.openxmlformats-officedocument.presentationml.slideLayout+xml",
                include_str!("templates/slide_layout.xml").to_owned(),
            ),
            (
                "ppt/slideLayouts/_rels/slideLayout1.xml.rels",
                "",
                relationships(&[link("slideMaster", "../slideMasters/slideMaster1.xml")]),
            ),
            (
                "ppt/slideMasters/slideMaster1.xml",
                "application/vnd.openxmlformats-officedocument.presentationml.slideMaster+xml",
                include_str!("templates/slide_master.xml").to_owned(),
            ),
            (
                "ppt/slideMasters/_rels/slideMaster1.xml.rels",
                "",
                relationships(&[to_layout, link("theme", "../theme/theme1.xml")]),
            ),
            (
                "ppt/theme/theme1.xml",
                "application/vnd.openxmlformats-officedocument.theme+xml",
                include_str!("templates/theme.xml").to_owned(),
            ),
        ],
        media: "ppt/media/image1.bin",
    }
}

/// A relationship of one of Office's own types.
fn link(kind: &str, to: &'static str) -> (String, &'static str) {
    (format!("{OFFICE}/{kind}"), to)
}

fn with_words(template: &str, seed: u64) -> String {
    template.replace("@WORDS@", &words(seed))
}
