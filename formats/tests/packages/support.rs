//! An independent writer of packages, and reading that compares all ways to read.

use std::io::{Cursor, Write};

use labeld_formats::{Limits, RangeStrategy, ReadOptions, Reading, TenantKnowledge, read};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::ranged::read_in_ranges;

pub(crate) const RELATIONSHIPS: &str =
    "http://schemas.openxmlformats.org/package/2006/relationships";
pub(crate) const TRANSITIONAL: &str =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
pub(crate) const STRICT: &str = "http://purl.oclc.org/ooxml/officeDocument/relationships";
pub(crate) const LABEL_INFO: &str =
    "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels";
pub(crate) const DOCX: &str =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";

/// A part as it is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_stored: bool,
    pub(crate) is_zip64: bool,
}

pub(crate) fn part(name: &str, bytes: impl AsRef<[u8]>) -> Part {
    Part {
        name: name.to_owned(),
        bytes: bytes.as_ref().to_vec(),
        is_stored: false,
        is_zip64: false,
    }
}

/// Writes an archive with the `zip` crate.
pub(crate) fn archive(parts: &[Part]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    write_parts(&mut writer, parts);
    writer.finish().unwrap().into_inner()
}

/// The same, written to a stream: sizes follow the data.
pub(crate) fn streamed_archive(parts: &[Part]) -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    write_parts(&mut writer, parts);
    writer.finish().unwrap().into_inner()
}

fn write_parts<W: Write + std::io::Seek>(writer: &mut ZipWriter<W>, parts: &[Part]) {
    for part in parts {
        let method = if part.is_stored {
            zip::CompressionMethod::Stored
        } else {
            zip::CompressionMethod::Deflated
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .large_file(part.is_zip64);
        writer.start_file(&part.name, options).unwrap();
        writer.write_all(&part.bytes).unwrap();
    }
}

/// `/_rels/.rels` with these types and targets.
pub(crate) fn relationships(targets: &[(&str, &str)]) -> String {
    let rows: String = targets
        .iter()
        .enumerate()
        .map(|(id, (kind, target))| {
            format!(r#"<Relationship Id="rId{id}" Type="{kind}" Target="{target}"/>"#)
        })
        .collect();
    format!(r#"<Relationships xmlns="{RELATIONSHIPS}">{rows}</Relationships>"#)
}

/// `[Content_Types].xml` with these part names and types.
pub(crate) fn content_types(overrides: &[(&str, &str)]) -> String {
    let rows: String = overrides
        .iter()
        .map(|(name, kind)| format!(r#"<Override PartName="{name}" ContentType="{kind}"/>"#))
        .collect();
    format!(
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>{rows}</Types>"#
    )
}

pub(crate) const LABEL: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

/// A label list with one label.
pub(crate) fn label_list() -> String {
    format!(
        r#"<clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"><clbl:label id="{{{LABEL}}}" enabled="1" method="Privileged" siteId="{{{TENANT}}}" removed="0" /></clbl:labelList>"#
    )
}

/// The parts of a small document with one label, in the usual places.
pub(crate) fn labelled_document() -> Vec<Part> {
    vec![
        part(
            "[Content_Types].xml",
            content_types(&[("/word/document.xml", DOCX)]),
        ),
        part(
            "_rels/.rels",
            relationships(&[
                (
                    &format!("{TRANSITIONAL}/officeDocument"),
                    "word/document.xml",
                ),
                (LABEL_INFO, "docMetadata/LabelInfo.xml"),
            ]),
        ),
        part("word/document.xml", "<document/>"),
        part("docMetadata/LabelInfo.xml", label_list()),
    ]
}

/// Replaces the content of the part of this name.
pub(crate) fn with(mut parts: Vec<Part>, name: &str, bytes: impl AsRef<[u8]>) -> Vec<Part> {
    let part = parts.iter_mut().find(|part| part.name == name).unwrap();
    part.bytes = bytes.as_ref().to_vec();
    parts
}

/// Reads whole and under several strategies; all answers must be the same.
pub(crate) fn read_all_ways(bytes: &[u8]) -> Reading {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let whole = read(&bytes, options).unwrap();
    let stingy = RangeStrategy {
        whole_up_to: 0,
        tail: 0,
        least: 1,
        gap: 0,
    };
    for strategy in [RangeStrategy::LOCAL, RangeStrategy::BYTES, stingy] {
        let (ranged, _) = read_in_ranges(bytes, strategy, options);
        assert_eq!(ranged, whole, "{strategy:?}");
    }
    whole
}

/// `ok`, or the reason code.
pub(crate) fn state(reading: &Reading) -> &str {
    reading
        .refusal
        .as_ref()
        .map_or("ok", |refusal| refusal.code())
}
