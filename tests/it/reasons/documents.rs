//! Documents in states that end in reason codes.

use std::fs;
use std::io::{Cursor, Write};
use std::time::SystemTime;

use labeld_formats::TenantKnowledge;
use labeld_formats::write::{LabelChange, Method, WriteOptions, set_label};
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::workspace::{TENANT, documents, docx};

/// A tenant that is not ours.
pub(super) const OTHER_TENANT: &str = "11111111-86f1-41af-91ab-2d7cd011db47";

/// A document that a tenant's label was put on by other software.
pub(super) fn labelled(site: &str, label: &str, method: Method) -> Vec<u8> {
    let known = TenantKnowledge::default();
    let change = LabelChange {
        site_id: site.parse().unwrap(),
        label_id: label.parse().unwrap(),
        name: "set elsewhere".to_owned(),
        method,
        set_date: SystemTime::UNIX_EPOCH,
        action_id: Uuid::from_u128(7),
        content_bits: 0,
    };
    let original = docx(None);
    let written = set_label(&original, &change, &WriteOptions::new(&known)).unwrap();
    written.content.to_vec(&original)
}

/// One of the sample documents.
pub(super) fn sample(path: &str) -> Vec<u8> {
    fs::read(documents().join(path)).unwrap()
}

/// A document with one more part, as somebody saves who has added something.
pub(super) fn with_part(document: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new_append(Cursor::new(document.to_vec())).unwrap();
    // Stored, so that it is as large as it says.
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file(name, options).unwrap();
    archive.write_all(content).unwrap();
    archive.finish().unwrap().into_inner()
}

/// A PDF encrypted by a label of the tenant.
pub(super) fn protected() -> Vec<u8> {
    sample("irm/busybox__taskbox_data_collection.pdf")
}

/// The same by another tenant's label.
pub(super) fn protected_elsewhere() -> Vec<u8> {
    let mut bytes = protected();
    let places: Vec<usize> = (0..bytes.len() - TENANT.len())
        .filter(|at| bytes[*at..].starts_with(TENANT.as_bytes()))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + TENANT.len()].copy_from_slice(OTHER_TENANT.as_bytes());
    }
    bytes
}

/// A PDF with two labels of the tenant, none of which is the last.
pub(super) fn with_two_labels(one: &str, other: &str) -> Vec<u8> {
    let entries = |label: &str| {
        format!(
            "/MSIP_Label_{label}_Enabled (true) /MSIP_Label_{label}_SiteId ({TENANT}) /MSIP_Label_{label}_Method (Standard)"
        )
    };
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[]/Count 0>>".to_owned(),
        format!("<<{} {}>>", entries(one), entries(other)),
    ];
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", pdf.len());
        write!(pdf, "{} 0 obj\n{object}\nendobj\n", number + 1).unwrap();
    }
    let at = pdf.len();
    let trailer = "trailer\n<</Size 4/Root 1 0 R/Info 3 0 R>>";
    write!(pdf, "xref\n0 4\n{table}{trailer}\nstartxref\n{at}\n%%EOF\n").unwrap();
    pdf
}

/// A document whose XML is nested deeper than any program writes it.
pub(super) fn nested_too_deep() -> Vec<u8> {
    let deep = format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">{}",
        "<a>".repeat(400)
    );
    let relations =
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"/>";
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", deep.as_str()),
        ("_rels/.rels", relations),
        ("word/document.xml", "<a/>"),
    ] {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
