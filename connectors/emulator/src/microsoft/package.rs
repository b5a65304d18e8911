//! Labels in documents, read and written as the service does: by code of its own, so that it judges labeld's.

mod markup;
mod parts;
mod pdf;

use uuid::Uuid;

use self::markup::{attribute, elements, without_properties};
use self::parts::Parts;

const LABEL_PART: &str = "docMetadata/LabelInfo.xml";
const PROPERTIES_PART: &str = "docProps/custom.xml";
const TYPES_PART: &str = "[Content_Types].xml";
const RELATIONS_PART: &str = "_rels/.rels";

const LABEL_TYPE: &str = "application/vnd.ms-office.classificationlabels+xml";
const PROPERTIES_TYPE: &str = "application/vnd.openxmlformats-officedocument.custom-properties+xml";
const LABEL_RELATION: &str =
    "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels";
const PROPERTIES_RELATION: &str =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties";

/// The property that the service's rewrite sets.
const PROMOTED: &str = "ContentTypeId";

/// A label in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileLabel {
    pub(crate) id: Uuid,
    pub(crate) tenant: Option<Uuid>,
    /// `standard`, `privileged` or `auto`.
    pub(crate) method: String,
}

/// Whether the service writes library columns into documents of this extension.
pub(crate) fn is_promoted(extension: &str) -> bool {
    [
        "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "pptx", "pptm", "potx", "ppsx",
        "ppsm",
    ]
    .contains(&extension)
}

/// The labels in a document: those of the label part where there is one, else those of the properties.
pub(crate) fn labels(bytes: &[u8]) -> Vec<FileLabel> {
    if bytes.starts_with(b"%PDF") {
        return property_labels(&pdf::properties(bytes));
    }
    let Some(parts) = Parts::read(bytes) else {
        return Vec::new();
    };
    match parts.text(LABEL_PART) {
        Some(text) => part_labels(&text),
        None => parts
            .text(PROPERTIES_PART)
            .map(|text| property_labels(&properties(&text)))
            .unwrap_or_default(),
    }
}

fn part_labels(text: &str) -> Vec<FileLabel> {
    let on = |value: Option<String>| value.is_some_and(|value| value == "1" || value == "true");
    elements(text, "label")
        .into_iter()
        .filter(|element| on(attribute(element, "enabled")) && !on(attribute(element, "removed")))
        .filter_map(|element| {
            Some(FileLabel {
                id: guid(&attribute(element, "id")?)?,
                tenant: attribute(element, "siteId").and_then(|id| guid(&id)),
                method: method(attribute(element, "method").as_deref()),
            })
        })
        .collect()
}

/// Names and values of the custom properties.
fn properties(text: &str) -> Vec<(String, String)> {
    text.split("<property ")
        .skip(1)
        .filter_map(|element| {
            let name = attribute(element, "name")?;
            let value = element.split("</property>").next()?;
            let value = value
                .split_once("<vt:lpwstr>")?
                .1
                .split_once("</vt:lpwstr>")?
                .0;
            Some((name, markup::plain(value)))
        })
        .collect()
}

/// The labels among properties whose names are `MSIP_Label_{id}_{field}`.
fn property_labels(properties: &[(String, String)]) -> Vec<FileLabel> {
    let field = |id: &str, wanted: &str| {
        let name = format!("MSIP_Label_{id}_{wanted}");
        properties
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value.as_str())
    };
    properties
        .iter()
        .filter_map(|(name, value)| {
            let id = name.strip_prefix("MSIP_Label_")?.strip_suffix("_Enabled")?;
            value.eq_ignore_ascii_case("true").then_some(id)
        })
        .filter_map(|id| {
            Some(FileLabel {
                id: guid(id)?,
                tenant: field(id, "SiteId").and_then(guid),
                method: method(field(id, "Method")),
            })
        })
        .collect()
}

fn guid(text: &str) -> Option<Uuid> {
    text.trim_matches(['{', '}']).parse().ok()
}

fn method(text: Option<&str>) -> String {
    match text {
        Some(text) if text.eq_ignore_ascii_case("privileged") => "privileged",
        _ => "standard",
    }
    .to_owned()
}

/// The document with this label in place of what it has, or without any. `None` for what is no package.
pub(crate) fn with_label(bytes: &[u8], label: Option<&FileLabel>) -> Option<Vec<u8>> {
    let mut parts = Parts::read(bytes)?;
    if let Some(text) = parts.text(PROPERTIES_PART) {
        parts.set(
            PROPERTIES_PART,
            without_properties(&text, |name| name.starts_with("MSIP_Label_")),
        );
    }
    match label {
        Some(label) => {
            parts.set(LABEL_PART, label_part(label));
            declare(&mut parts, LABEL_PART, LABEL_TYPE, LABEL_RELATION)?;
        }
        None if parts.has(LABEL_PART) => {
            const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><clbl:labelList xmlns:clbl=\"http://schemas.microsoft.com/office/2020/mipLabelMetadata\"/>";
            parts.set(LABEL_PART, EMPTY.to_owned());
        }
        None => {}
    }
    parts.write()
}

fn label_part(label: &FileLabel) -> String {
    let method = if label.method == "privileged" {
        "Privileged"
    } else {
        "Standard"
    };
    let site = label
        .tenant
        .map_or_else(String::new, |tenant| format!(" siteId=\"{{{tenant}}}\""));
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><clbl:labelList xmlns:clbl=\"http://schemas.microsoft.com/office/2020/mipLabelMetadata\"><clbl:label id=\"{{{}}}\" enabled=\"1\" method=\"{method}\"{site} contentBits=\"0\" removed=\"0\"/></clbl:labelList>",
        label.id
    )
}

/// The document with a library column among its properties; everything else in it is kept. `None` for what is no
/// package.
pub(crate) fn with_library_columns(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Parts::read(bytes)?;
    let text = parts.text(PROPERTIES_PART).unwrap_or_else(|| {
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties\" xmlns:vt=\"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes\"></Properties>".to_owned()
    });
    let text = without_properties(&text, |name| name == PROMOTED);
    let next = elements(&text, "property")
        .into_iter()
        .filter_map(|element| attribute(element, "pid")?.parse::<u32>().ok())
        .max()
        .unwrap_or(1)
        .saturating_add(1);
    // Another value for another content, so that each upload is rewritten anew.
    let value = format!("0x010100{:032X}", sum(bytes));
    let property = format!(
        "<property fmtid=\"{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}\" pid=\"{next}\" name=\"{PROMOTED}\"><vt:lpwstr>{value}</vt:lpwstr></property>"
    );
    parts.set(
        PROPERTIES_PART,
        markup::insert_before_end(&text, "Properties", &property)?,
    );
    declare(
        &mut parts,
        PROPERTIES_PART,
        PROPERTIES_TYPE,
        PROPERTIES_RELATION,
    )?;
    parts.write()
}

fn sum(bytes: &[u8]) -> u128 {
    use sha2::{Digest, Sha256};

    Sha256::digest(bytes)
        .iter()
        .take(16)
        .fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

/// Names a part in the content types and the relations of the package, where it is not named yet.
fn declare(parts: &mut Parts<'_>, part: &str, media_type: &str, relation: &str) -> Option<()> {
    let types = parts.text(TYPES_PART)?;
    if !types.contains(media_type) {
        let entry = format!("<Override PartName=\"/{part}\" ContentType=\"{media_type}\"/>");
        parts.set(
            TYPES_PART,
            markup::insert_before_end(&types, "Types", &entry)?,
        );
    }
    let relations = parts.text(RELATIONS_PART)?;
    if !relations.contains(relation) {
        let id = format!("rIdE{}", relations.matches("<Relationship ").count() + 1);
        let entry = format!("<Relationship Id=\"{id}\" Type=\"{relation}\" Target=\"{part}\"/>");
        parts.set(
            RELATIONS_PART,
            markup::insert_before_end(&relations, "Relationships", &entry)?,
        );
    }
    Some(())
}

#[cfg(test)]
mod tests;
