//! Which parts of a package count, and what they say.

use labeld_formats::{Format, Reading, Warning};

use crate::support::{
    DOCX, LABEL, LABEL_INFO, Part, RELATIONSHIPS, TENANT, TRANSITIONAL, archive, content_types,
    label_list, labelled_document, part, read_all_ways, relationships, state, with,
};

/// A change to the labelled document and what it makes of it: state, number of labels, warning.
fn check(what: &str, parts: &[Part], expected: (&str, usize, Option<Warning>)) -> Reading {
    let reading = read_all_ways(&archive(parts));
    let labels = reading.labels.len();
    let warning = reading.warnings.first().copied();
    assert_eq!((state(&reading), labels, warning), expected, "{what}");
    reading
}

#[test]
fn relationships_decide_which_parts_count() {
    let main = format!("{TRANSITIONAL}/officeDocument");
    let usual = labelled_document;
    let rels = |targets: &[(&str, &str)]| with(usual(), "_rels/.rels", relationships(targets));
    let main = (main.as_str(), "word/document.xml");
    let label = (LABEL_INFO, "docMetadata/LabelInfo.xml");
    check("as it is", &usual(), ("ok", 1, None));
    check("no relationship", &rels(&[main]), ("ok", 0, None));
    check(
        "two relationships",
        &rels(&[main, label, (LABEL_INFO, "word/document.xml")]),
        ("ok", 1, Some(Warning::DuplicateRelationship)),
    );
    check(
        "part is missing",
        &rels(&[main, (LABEL_INFO, "nowhere.xml")]),
        ("ok", 0, Some(Warning::IrregularPackage)),
    );
    let external = format!(
        r#"<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="a" Type="{LABEL_INFO}" Target="docMetadata/LabelInfo.xml" TargetMode="External"/></Relationships>"#
    );
    check(
        "external",
        &with(usual(), "_rels/.rels", external),
        ("ok", 0, None),
    );
}

#[test]
fn only_custom_properties_are_labels() {
    let format_id = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}";
    let kind = format!("{TRANSITIONAL}/custom-properties");
    let document = |properties: &str| {
        let xml = format!(
            r#"<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="urn:vt">{properties}</Properties>"#
        );
        let rels = relationships(&[(&kind, "word/document.xml")]);
        with(
            with(labelled_document(), "_rels/.rels", rels),
            "word/document.xml",
            xml,
        )
    };
    let property = |format_id: &str, more: &str, value: &str| {
        let name = format!("MSIP_Label_{LABEL}_SiteId");
        format!(r#"<property fmtid="{format_id}" name="{name}"{more}>{value}</property>"#)
    };
    let text = format!("<vt:lpstr>{TENANT}</vt:lpstr>");
    check(
        "usual",
        &document(&property(format_id, "", &text)),
        ("ok", 1, None),
    );
    check(
        "linked",
        &document(&property(format_id, r#" linkTarget="_x""#, &text)),
        ("ok", 1, None),
    );
    check(
        "another property set",
        &document(&property(
            "{F29F85E0-4FF9-1068-AB91-08002B27B3D9}",
            "",
            &text,
        )),
        ("ok", 0, None),
    );
    let sensitivity = format!(
        r#"<property fmtid="{format_id}" name="Sensitivity"><vt:lpwstr>{LABEL}</vt:lpwstr></property>"#
    );
    check("display name", &document(&sensitivity), ("ok", 0, None));
    let twice = property(format_id, "", &text) + &property(format_id, "", "<vt:i4>1</vt:i4>");
    let reading = check(
        "twice",
        &document(&twice),
        ("ok", 1, Some(Warning::DuplicateProperty)),
    );
    assert_eq!(reading.labels[0].site_id.unwrap().to_string(), TENANT);
}

#[test]
fn damage_beside_a_label_does_not_hide_it() {
    let usual = labelled_document;
    let kind = format!("{TRANSITIONAL}/custom-properties");
    let both = relationships(&[
        (&kind, "word/document.xml"),
        (LABEL_INFO, "docMetadata/LabelInfo.xml"),
    ]);
    let cases = [
        (
            "content types",
            "[Content_Types].xml",
            "<Types>",
            "file.corrupt",
            1,
        ),
        (
            "no content types",
            "[Content_Types].xml",
            "",
            "file.corrupt",
            1,
        ),
        (
            "label list",
            "docMetadata/LabelInfo.xml",
            "<x/>",
            "file.corrupt",
            0,
        ),
        (
            "custom properties",
            "_rels/.rels",
            both.as_str(),
            "file.corrupt",
            1,
        ),
        (
            "relationships",
            "_rels/.rels",
            "<Relationships/>",
            "file.corrupt",
            0,
        ),
    ];
    for (what, name, bytes, state, labels) in cases {
        check(what, &with(usual(), name, bytes), (state, labels, None));
    }
    let unclosed = label_list().replace("</clbl:labelList>", "");
    let cut = with(usual(), "docMetadata/LabelInfo.xml", unclosed);
    check("cut label list", &cut, ("file.corrupt", 1, None));
}

#[test]
fn packages_without_their_tables() {
    let without = |name: &str| -> Vec<Part> {
        let parts = labelled_document().into_iter();
        parts.filter(|part| part.name != name).collect()
    };
    check(
        "relationships",
        &without("_rels/.rels"),
        ("file.corrupt", 0, None),
    );
    check(
        "content types",
        &without("[Content_Types].xml"),
        ("file.corrupt", 1, None),
    );
    let other = vec![
        part("[Content_Types].xml", content_types(&[])),
        part("a.xml", ""),
    ];
    let reading = check(
        "neither document nor relationships",
        &other,
        ("ok", 0, None),
    );
    assert_eq!(reading.format, Some(Format::Opc));
    let archive = vec![part("words/document.xml", "")];
    let reading = check("mere archive", &archive, ("file.type_unsupported", 0, None));
    assert_eq!(reading.format, Some(Format::Zip));
}

#[test]
fn signatures_are_noted_where_they_are() {
    let origin = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature";
    let document = |signatures: &[(&str, &str)], parts: &[Part]| {
        let rels = relationships(&[(&format!("{origin}/origin"), "/s/o.sigs")]);
        let mut all = with(labelled_document(), "_rels/.rels", rels);
        all.push(part("s/_rels/o.sigs.rels", relationships(signatures)));
        all.extend_from_slice(parts);
        read_all_ways(&archive(&all)).signatures
    };
    let signature = (&*format!("{origin}/signature"), "one.xml");
    assert!(document(&[signature], &[part("s/one.xml", "")]).signed);
    assert!(!document(&[signature], &[]).signed, "the signature is gone");
    assert!(
        !document(&[], &[part("s/one.xml", "")]).signed,
        "an origin alone"
    );
    let types = content_types(&[
        ("/word/document.xml", DOCX),
        (
            "/x.bin",
            "application/vnd.ms-office.vbaProjectSignatureAgile",
        ),
    ]);
    let macros = with(labelled_document(), "[Content_Types].xml", types);
    let signatures = read_all_ways(&archive(&macros)).signatures;
    assert!(signatures.macro_signed && !signatures.signed);
}

#[test]
fn the_main_part_tells_the_format() {
    let office = "application/vnd.openxmlformats-officedocument";
    let cases = [
        (
            format!("{office}.spreadsheetml.template.main+xml"),
            Format::Xltx,
        ),
        (
            format!("{office}.presentationml.slideshow.main+xml"),
            Format::Ppsx,
        ),
        (format!("{office}.themeManager+xml"), Format::Thmx),
        (DOCX.to_uppercase(), Format::Docx),
        (
            "application/vnd.ms-word.template.macroEnabledTemplate.main+xml".into(),
            Format::Dotm,
        ),
        (
            "application/vnd.ms-excel.sheet.binary.macroEnabled.main".into(),
            Format::Xlsb,
        ),
        (
            "application/vnd.ms-excel.addin.macroEnabled.main+xml".into(),
            Format::Xlam,
        ),
        (
            "application/vnd.ms-powerpoint.addin.macroEnabled.main+xml".into(),
            Format::Ppam,
        ),
        (
            "application/vnd.ms-visio.template.macroEnabled.main+xml".into(),
            Format::Vstm,
        ),
        (
            "application/vnd.ms-package.xps-fixeddocumentsequence+xml".into(),
            Format::Opc,
        ),
        ("application/xml".into(), Format::Opc),
    ];
    for (content_type, format) in cases {
        let types = content_types(&[("/WORD/document.xml", &content_type)]);
        let parts = with(labelled_document(), "[Content_Types].xml", types);
        assert_eq!(
            read_all_ways(&archive(&parts)).format,
            Some(format),
            "{content_type}"
        );
        let default = format!(
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="XML" ContentType="{content_type}"/></Types>"#
        );
        let parts = with(labelled_document(), "[Content_Types].xml", default);
        assert_eq!(
            read_all_ways(&archive(&parts)).format,
            Some(format),
            "{content_type}"
        );
    }
}
