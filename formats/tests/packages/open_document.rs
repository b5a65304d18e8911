//! OpenDocument files.

use labeld_formats::{Format, Place, ProtectionKind, Reading};

use crate::support::{LABEL, Part, TENANT, archive, part, read_all_ways, state};

const TEXT: &str = "application/vnd.oasis.opendocument.text";

fn metadata() -> String {
    format!(
        r#"<o:document-meta xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:m="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><o:meta><m:user-defined m:name="MSIP_Label_{LABEL}_Enabled">true</m:user-defined><m:user-defined m:name="MSIP_Label_{LABEL}_SiteId" m:value-type="string">{TENANT}</m:user-defined></o:meta></o:document-meta>"#
    )
}

fn manifest(of_content: &str) -> String {
    format!(
        r#"<!--manifest--><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="/" m:media-type="{TEXT}"/><m:file-entry m:full-path="content.xml" m:media-type="text/xml">{of_content}</m:file-entry></m:manifest>"#
    )
}

fn document(mimetype: Option<&str>, manifest: &str) -> Vec<Part> {
    let mimetype = mimetype.map(|text| Part {
        is_stored: true,
        ..part("mimetype", text)
    });
    let rest = [
        part("content.xml", "<x/>"),
        part("meta.xml", metadata()),
        part("META-INF/manifest.xml", manifest),
    ];
    mimetype.into_iter().chain(rest).collect()
}

fn check(parts: &[Part], expected: (&str, Option<Format>, usize)) -> Reading {
    let reading = read_all_ways(&archive(parts));
    let labels = reading.labels.len();
    assert_eq!((state(&reading), reading.format, labels), expected);
    reading
}

#[test]
fn labels_stand_in_the_metadata() {
    let old = format!(
        "<!DOCTYPE manifest:manifest PUBLIC \"x\" \"Manifest.dtd\">{}",
        manifest("")
    );
    for (mimetype, manifest) in [
        (Some(TEXT), manifest("")),
        (Some(TEXT), old),
        (None, manifest("")),
    ] {
        let reading = check(&document(mimetype, &manifest), ("ok", Some(Format::Odt), 1));
        assert_eq!(reading.labels[0].places, [Place::OdfMeta]);
        assert!(reading.labels[0].effective);
    }
}

#[test]
fn kinds_are_told_apart() {
    let prefix = "application/vnd.oasis.opendocument.";
    for (kind, format) in [
        ("spreadsheet", Format::Ods),
        ("presentation", Format::Odp),
        ("graphics", Format::Odg),
        ("text-template", Format::Odf),
        ("formula", Format::Odf),
    ] {
        let mimetype = format!("{prefix}{kind}");
        check(
            &document(Some(&mimetype), &manifest("")),
            ("ok", Some(format), 1),
        );
    }
    let book = document(Some("application/epub+zip"), &manifest(""));
    check(&book, ("file.type_unsupported", Some(Format::Zip), 0));
}

#[test]
fn an_encrypted_document_shows_its_clear_metadata() {
    let encrypted = manifest("<m:encryption-data/>");
    let reading = check(
        &document(Some(TEXT), &encrypted),
        ("file.password", Some(Format::Odt), 1),
    );
    assert_eq!(reading.protection.kind, ProtectionKind::Password);
    let both = encrypted.replace("content.xml", "meta.xml").replace(
        "</m:manifest>",
        r#"<m:file-entry m:full-path="encrypted-package"><m:encryption-data/></m:file-entry></m:manifest>"#,
    );
    check(
        &document(Some(TEXT), &both),
        ("file.password", Some(Format::Odt), 0),
    );
}
