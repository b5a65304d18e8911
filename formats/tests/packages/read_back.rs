//! Documents made at random read back as they were made, however they are packed.

use std::collections::BTreeMap;

use labeld_formats::{Format, Label, Place, Warning};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{
    DOCX, LABEL_INFO, STRICT, TRANSITIONAL, archive, content_types, part, read_all_ways,
    relationships, state, streamed_archive,
};

/// A label group of the custom properties.
#[derive(Debug, Clone)]
struct Group {
    label: Uuid,
    tenant: Uuid,
    enabled: bool,
    name: String,
    parent: Option<Uuid>,
}

/// An element of the label list.
#[derive(Debug, Clone)]
struct Element {
    label: Uuid,
    tenant: Uuid,
    enabled: bool,
    removed: bool,
}

/// How a document is put down in bytes; nothing of it may change what is read.
#[derive(Debug, Clone)]
struct Packing {
    is_strict: bool,
    is_absolute: bool,
    prefix: &'static str,
    encoding: Encoding,
    custom_name: &'static str,
    label_info_name: &'static str,
    stored: u8,
    zip64: u8,
    is_streamed: bool,
    rotation: usize,
    junk: usize,
    comment: usize,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16Little,
    Utf16Big,
    Utf32Little,
    Latin1,
}

impl Encoding {
    fn encode(self, xml: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => format!(r#"<?xml version="1.0" encoding="UTF-8"?>{xml}"#).into_bytes(),
            Self::Utf8WithMark => format!("\u{feff}{xml}").into_bytes(),
            Self::Utf16Little => utf16(xml, u16::to_le_bytes),
            Self::Utf16Big => utf16(xml, u16::to_be_bytes),
            Self::Utf32Little => {
                let marked = format!("\u{feff}{xml}");
                marked
                    .chars()
                    .flat_map(|each| u32::from(each).to_le_bytes())
                    .collect()
            }
            Self::Latin1 => {
                let declared = format!(r#"<?xml version="1.0" encoding="iso-8859-1"?>{xml}"#);
                let in_references = |each: char| match u8::try_from(each) {
                    Ok(byte) => vec![byte],
                    Err(_) => format!("&#{};", u32::from(each)).into_bytes(),
                };
                declared.chars().flat_map(in_references).collect()
            }
        }
    }
}

fn utf16(xml: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = format!("\u{feff}{xml}");
    marked.encode_utf16().flat_map(unit).collect()
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|each| match each {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '"' => "&quot;".to_owned(),
            'e' => "&#101;".to_owned(),
            'i' => "<![CDATA[i]]>".to_owned(),
            each => each.to_string(),
        })
        .collect()
}

fn custom_xml(groups: &[Group], packing: &Packing) -> String {
    let namespace = if packing.is_strict {
        "http://purl.oclc.org/ooxml/officeDocument/customProperties"
    } else {
        "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
    };
    let (open, colon) = match packing.prefix {
        "" => ("xmlns".to_owned(), ""),
        prefix => (format!("xmlns:{prefix}"), ":"),
    };
    let tag = format!("{}{colon}", packing.prefix);
    let mut rows = property(&tag, "Unrelated", "MSIP_Label_");
    for group in groups {
        let mut field = |name: &str, value: &str| {
            rows += &property(&tag, &format!("MSIP_Label_{}_{name}", group.label), value);
        };
        field("Enabled", if group.enabled { "true" } else { "false" });
        field("SiteId", &group.tenant.to_string());
        field("Name", &group.name);
        field("Method", "Standard");
        if let Some(parent) = group.parent {
            field("Parent", &parent.to_string());
        }
    }
    format!(
        r#"<{tag}Properties {open}="{namespace}" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{rows}</{tag}Properties>"#
    )
}

fn property(tag: &str, name: &str, value: &str) -> String {
    let value = escaped(value);
    let name = name.replace('M', "&#x4D;");
    format!(
        "\r\n <{tag}property fmtid=\"{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}\" pid='2' name = \"{name}\"><vt:lpwstr>{value}</vt:lpwstr></{tag}property>"
    )
}

fn label_info_xml(elements: &[Element]) -> String {
    let rows: String = elements
        .iter()
        .map(|element| {
            format!(
                r#"<l:label id="{{{}}}" enabled="{}" method="Privileged" siteId="{{{}}}" removed="{}" />"#,
                element.label,
                u8::from(element.enabled),
                element.tenant,
                u8::from(element.removed),
            )
        })
        .collect();
    format!(
        r#"<l:labelList xmlns:l="http://schemas.microsoft.com/office/2020/mipLabelMetadata">{rows}</l:labelList>"#
    )
}

fn pack(groups: &[Group], elements: &[Element], packing: &Packing) -> Vec<u8> {
    let slash = if packing.is_absolute { "/" } else { "" };
    let (base, custom_kind) = if packing.is_strict {
        (STRICT, format!("{STRICT}/customProperties"))
    } else {
        (TRANSITIONAL, format!("{TRANSITIONAL}/custom-properties"))
    };
    let target = |name: &str| format!("{slash}{}", name.replace('\\', "/").replace(' ', "%20"));
    let encode = |xml: &str| packing.encoding.encode(xml);
    let mut parts = vec![
        part(
            "[Content_Types].xml",
            encode(&content_types(&[("/word/document.xml", DOCX)])),
        ),
        part(
            "_rels/.rels",
            encode(&relationships(&[
                ("urn:something-else", "docProps/app.xml"),
                (&custom_kind, &target(packing.custom_name)),
                (
                    &format!("{base}/officeDocument"),
                    &target("word/document.xml"),
                ),
                (LABEL_INFO, &target(packing.label_info_name)),
            ])),
        ),
        part(packing.custom_name, encode(&custom_xml(groups, packing))),
        part(packing.label_info_name, encode(&label_info_xml(elements))),
        part("word/document.xml", vec![b'x'; 9_000]),
    ];
    for (index, part) in parts.iter_mut().enumerate() {
        part.is_stored = packing.stored >> index & 1 == 1;
        part.is_zip64 = packing.zip64 >> index & 1 == 1;
    }
    parts.rotate_left(packing.rotation % 5);
    let mut file = vec![b'#'; packing.junk];
    file.extend(if packing.is_streamed {
        streamed_archive(&parts)
    } else {
        archive(&parts)
    });
    let length_at = file.len() - 2;
    file.truncate(length_at);
    file.extend((packing.comment as u16).to_le_bytes());
    file.extend(vec![b'c'; packing.comment]);
    file
}

/// What must be read, worked out from the model alone.
fn expected(groups: &[Group], elements: &[Element]) -> BTreeMap<(Uuid, Uuid), (bool, Vec<Place>)> {
    let mut labels: BTreeMap<(Uuid, Uuid), (bool, Vec<Place>)> = BTreeMap::new();
    for group in groups {
        let has_element = elements
            .iter()
            .any(|element| element.tenant == group.tenant);
        let is_parent = groups.iter().any(|other| {
            other.parent == Some(group.label) && other.tenant == group.tenant && other.enabled
        });
        let is_effective = group.enabled && !has_element && !is_parent;
        let label = labels.entry((group.tenant, group.label)).or_default();
        *label = (is_effective, vec![Place::Custom]);
    }
    for element in elements {
        let label = labels.entry((element.tenant, element.label)).or_default();
        label.0 = element.enabled && !element.removed;
        label.1.push(Place::LabelInfo);
    }
    labels
}

fn id(tenant_or_label: u8) -> Uuid {
    Uuid::from_u128(0x1234_5678_9abc_def0_0000_0000_0000_0000 + u128::from(tenant_or_label))
}

fn group() -> impl Strategy<Value = Group> {
    (10u8..20, any::<bool>(), "[a-z&<\"\\\\ é–🎉]{0,12}").prop_map(|(label, enabled, name)| Group {
        label: id(label),
        tenant: Uuid::nil(),
        enabled,
        name,
        parent: None,
    })
}

/// At most one group and its parent for each tenant, and at most one element.
fn labels() -> impl Strategy<Value = (Vec<Group>, Vec<Element>)> {
    let tenant = (
        prop::option::of((group(), any::<bool>())),
        prop::option::of((10u8..20, any::<bool>(), any::<bool>())),
    );
    prop::collection::vec(tenant, 0..4).prop_map(|tenants| {
        let (mut groups, mut elements) = (Vec::new(), Vec::new());
        for (number, (group, element)) in tenants.into_iter().enumerate() {
            let tenant = id(number as u8);
            // A label's group is found by its id alone, so ids differ between tenants here.
            let own = |label: Uuid| Uuid::from_u128(label.as_u128() + (number as u128) * 256);
            if let Some((group, has_parent)) = group {
                let mut child = Group {
                    tenant,
                    label: own(group.label),
                    ..group
                };
                if has_parent {
                    let label = Uuid::from_u128(child.label.as_u128() + 64);
                    child.parent = Some(label);
                    groups.push(Group {
                        label,
                        parent: None,
                        enabled: child.enabled,
                        ..child.clone()
                    });
                }
                groups.push(child);
            }
            if let Some((label, enabled, removed)) = element {
                elements.push(Element {
                    label: own(id(label)),
                    tenant,
                    enabled,
                    removed,
                });
            }
        }
        (groups, elements)
    })
}

fn packing() -> impl Strategy<Value = Packing> {
    let form = (
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec!["", "op", "x-1"]),
    );
    let encoding = prop::sample::select(vec![
        Encoding::Utf8,
        Encoding::Utf8WithMark,
        Encoding::Utf16Little,
        Encoding::Utf16Big,
        Encoding::Utf32Little,
        Encoding::Latin1,
    ]);
    let custom = prop::sample::select(vec![
        "docProps/custom.xml",
        "DOCPROPS/Custom.XML",
        "docProps\\custom.xml",
        "docProps/my props.xml",
        "elsewhere/a.b/c",
    ]);
    let label_info = prop::sample::select(vec!["docMetadata/LabelInfo.xml", "l.xml", "word/l.xml"]);
    let file = (any::<u8>(), any::<u8>(), any::<bool>(), 0usize..5);
    let around = (
        prop::sample::select(vec![0, 1, 700]),
        prop::sample::select(vec![0, 9, 3_000]),
    );
    (form, encoding, custom, label_info, file, around).prop_map(
        |(form, encoding, custom_name, label_info_name, file, (junk, comment))| Packing {
            is_strict: form.0,
            is_absolute: form.1,
            prefix: form.2,
            encoding,
            custom_name,
            label_info_name,
            stored: file.0,
            zip64: file.1,
            is_streamed: file.2,
            rotation: file.3,
            junk,
            // A long comment behind junk hides that the file is an archive at all.
            comment: if junk > 0 { comment.min(9) } else { comment },
        },
    )
}

fn found(labels: &[Label]) -> BTreeMap<(Uuid, Uuid), (bool, Vec<Place>)> {
    let rows = labels.iter().map(|label| {
        let key = (label.site_id.unwrap(), label.id);
        (key, (label.effective, label.places.clone()))
    });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn documents_read_back_however_packed((groups, elements) in labels(), packing in packing()) {
        let reading = read_all_ways(&pack(&groups, &elements, &packing));
        prop_assert_eq!(state(&reading), "ok", "{:?}", reading.refusal);
        prop_assert_eq!(reading.format, Some(Format::Docx));
        prop_assert!(!reading.ambiguous);
        prop_assert_eq!(found(&reading.labels), expected(&groups, &elements));
        for group in &groups {
            let label = reading.labels.iter().find(|label| label.id == group.label).unwrap();
            prop_assert_eq!(label.name.as_deref(), Some(group.name.as_str()));
        }
        let irregular = reading.warnings.contains(&Warning::IrregularPackage);
        prop_assert_eq!(irregular, packing.junk > 0);
    }
}
