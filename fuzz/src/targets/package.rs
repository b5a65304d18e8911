//! Documents in ZIP archives.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{part_or, parts, with_magic};

/// The input as an archive, which it may be by its head already.
pub(super) fn archive(input: &[u8]) -> Vec<u8> {
    if input.starts_with(b"PK") {
        input.to_vec()
    } else {
        with_magic(b"PK\x03\x04", input)
    }
}

const CONTENT_TYPES: &[u8] = br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/docProps/custom.xml" ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/><Override PartName="/docMetadata/LabelInfo.xml" ContentType="application/vnd.ms-office.classificationlabels+xml"/></Types>"#;

const RELATIONSHIPS: &[u8] = br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties" Target="docProps/custom.xml"/><Relationship Id="rId3" Type="http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels" Target="docMetadata/LabelInfo.xml"/></Relationships>"#;

const CUSTOM: &[u8] = br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="MSIP_Label_11111111-2222-4333-8444-555555555555_Enabled"><vt:lpwstr>true</vt:lpwstr></property><property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="3" name="MSIP_Label_11111111-2222-4333-8444-555555555555_SiteId"><vt:lpwstr>aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee</vt:lpwstr></property></Properties>"#;

const LABEL_INFO: &[u8] = br#"<?xml version="1.0" encoding="utf-8" standalone="yes"?><clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"><clbl:label id="{66666666-2222-4333-8444-555555555555}" enabled="1" method="Privileged" siteId="{aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee}" contentBits="0" removed="0" /></clbl:labelList>"#;

/// A Word document of four parts of the input: content types, package relationships, custom
/// properties, label information.
pub(super) fn office_package(input: &[u8]) -> Vec<u8> {
    let mut parts = parts(input);
    zip(&[
        ("[Content_Types].xml", part_or(&mut parts, CONTENT_TYPES)),
        ("_rels/.rels", part_or(&mut parts, RELATIONSHIPS)),
        ("docProps/custom.xml", part_or(&mut parts, CUSTOM)),
        ("docMetadata/LabelInfo.xml", part_or(&mut parts, LABEL_INFO)),
        ("word/document.xml", b"<document/>"),
    ])
}

const ODF_META: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?>
<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" office:version="1.2"><office:meta><meta:user-defined meta:name="MSIP_Label_11111111-2222-4333-8444-555555555555_Enabled">true</meta:user-defined></office:meta></office:document-meta>"#;

const ODF_MANIFEST: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>"#;

/// An OpenDocument file of three parts of the input: `meta.xml`, the manifest, and the media type.
pub(super) fn open_document(input: &[u8]) -> Vec<u8> {
    let mut parts = parts(input);
    let meta = part_or(&mut parts, ODF_META);
    let manifest = part_or(&mut parts, ODF_MANIFEST);
    let media_type = part_or(&mut parts, b"application/vnd.oasis.opendocument.text");
    zip(&[
        ("mimetype", media_type),
        ("meta.xml", meta),
        ("META-INF/manifest.xml", manifest),
    ])
}

/// An archive whose entries are stored: compressing costs more than all reading, and what comes out
/// of decompression is the same.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, options).expect("a good name");
        writer.write_all(bytes).expect("memory takes it");
    }
    writer.finish().expect("memory takes it").into_inner()
}
