//! Packages to write labels into: small, and with whatever label metadata a test wants.

use std::time::{Duration, UNIX_EPOCH};

use labeld_formats::write::{LabelChange, Method};
use uuid::Uuid;

use crate::package_writer::{
    DOCX, LABEL_INFO, Part, STRICT, TRANSITIONAL, archive, content_types, part, relationships,
};

pub(crate) const TENANT: Uuid = Uuid::from_u128(0xaaaa_aaaa_bbbb_cccc_dddd_eeee_eeee_eeee);
pub(crate) const OTHER_TENANT: Uuid = Uuid::from_u128(0xbbbb_bbbb_bbbb_cccc_dddd_eeee_eeee_eeee);
/// Of the order of ids: `LOW` < `LABEL` < `HIGH`.
pub(crate) const LABEL: Uuid = Uuid::from_u128(0x5555_5555_2222_3333_4444_5555_5555_5555);
pub(crate) const LOW: Uuid = Uuid::from_u128(0x1111_1111_2222_3333_4444_5555_5555_5555);
pub(crate) const HIGH: Uuid = Uuid::from_u128(0x9999_9999_2222_3333_4444_5555_5555_5555);

pub(crate) fn label() -> LabelChange {
    LabelChange {
        site_id: TENANT,
        label_id: LABEL,
        name: "A & B".to_owned(),
        method: Method::Privileged,
        set_date: UNIX_EPOCH + Duration::from_secs(1_772_323_200),
        action_id: Uuid::from_u128(0x7777_0000_0000_0000_0000_0000_0000_0001),
        content_bits: 0,
    }
}

pub(crate) const DECLARATION: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n";
const FORMAT_ID: &str = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}";

/// A custom property as Office writes it.
pub(crate) fn property(pid: i64, name: &str, value: &str) -> String {
    format!(
        "<property fmtid=\"{FORMAT_ID}\" pid=\"{pid}\" name=\"{name}\"><vt:lpwstr>{value}</vt:lpwstr></property>"
    )
}

/// The properties of a label, from this pid on.
pub(crate) fn group(pid: i64, tenant: Uuid, id: Uuid) -> String {
    group_of(
        pid,
        id,
        &[("Enabled", "true"), ("SiteId", &tenant.to_string())],
    )
}

pub(crate) fn group_of(pid: i64, id: Uuid, fields: &[(&str, &str)]) -> String {
    (pid..)
        .zip(fields)
        .map(|(pid, (field, value))| property(pid, &format!("MSIP_Label_{id}_{field}"), value))
        .collect()
}

/// The seven properties that [`label`] makes.
pub(crate) fn new_group(pid: i64) -> String {
    let tenant = TENANT.to_string();
    let fields = [
        ("Enabled", "true"),
        ("SetDate", "2026-03-01T00:00:00Z"),
        ("Method", "Privileged"),
        ("Name", "A &amp; B"),
        ("SiteId", &tenant),
        ("ActionId", "77770000-0000-0000-0000-000000000001"),
        ("ContentBits", "0"),
    ];
    group_of(pid, LABEL, &fields)
}

/// A custom properties part with this content.
pub(crate) fn custom(content: &str) -> String {
    format!(
        "{DECLARATION}<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties\" xmlns:vt=\"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes\">{content}</Properties>"
    )
}

/// An element of a label list, as Office writes it.
pub(crate) fn element(tenant: Uuid, id: Uuid) -> String {
    format!(
        "<clbl:label id=\"{{{id}}}\" enabled=\"1\" method=\"Standard\" siteId=\"{{{tenant}}}\" contentBits=\"0\" removed=\"0\" />"
    )
}

pub(crate) fn removed_element(tenant: Uuid) -> String {
    format!(
        "<clbl:label id=\"{{{tenant}}}\" enabled=\"0\" method=\"\" siteId=\"{{{tenant}}}\" removed=\"1\" />"
    )
}

/// The element that [`label`] makes.
pub(crate) fn new_element() -> String {
    element(TENANT, LABEL).replace("Standard", "Privileged")
}

/// A label list with this content.
pub(crate) fn list(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><clbl:labelList xmlns:clbl=\"http://schemas.microsoft.com/office/2020/mipLabelMetadata\">{content}</clbl:labelList>"
    )
}

/// The parts of a document with these label parts, in the usual places.
pub(crate) fn parts(custom: Option<&str>, list: Option<&str>, is_strict: bool) -> Vec<Part> {
    let (base, custom_kind) = match is_strict {
        true => (STRICT, "customProperties"),
        false => (TRANSITIONAL, "custom-properties"),
    };
    let main = format!("{base}/officeDocument");
    let custom_kind = format!("{base}/{custom_kind}");
    let mut rows = vec![(main.as_str(), "word/document.xml")];
    let mut types = vec![("/word/document.xml", DOCX)];
    if custom.is_some() {
        rows.push((&custom_kind, "docProps/custom.xml"));
        types.push(("/docProps/custom.xml", "application/x-custom"));
    }
    if list.is_some() {
        rows.push((LABEL_INFO, "docMetadata/LabelInfo.xml"));
        types.push(("/docMetadata/LabelInfo.xml", "application/x-list"));
    }
    let mut parts = vec![
        part("[Content_Types].xml", content_types(&types)),
        part("_rels/.rels", relationships(&rows)),
        part("word/document.xml", "<document/>"),
    ];
    parts.extend(custom.map(|content| part("docProps/custom.xml", content)));
    parts.extend(list.map(|content| part("docMetadata/LabelInfo.xml", content)));
    parts
}

/// The document of [`parts`].
pub(crate) fn package(custom: Option<&str>, list: Option<&str>) -> Vec<u8> {
    archive(&parts(custom, list, false))
}
