//! Where a label goes and what its parts look like (reference/label-formats.md §2.4, §2.5).

use labeld_formats::Coauthoring::{self, Off, On, Unknown};
use labeld_formats::write::WriteOptions;
use uuid::Uuid;

use crate::independent::contents;
use crate::package_writer::{DOCX, Part, archive, content_types, part, relationships, with};
use crate::packages::{
    DECLARATION, HIGH, LABEL, LOW, OTHER_TENANT, TENANT, custom, element, group, group_of, label,
    list, new_element, new_group, package, parts, property, removed_element,
};
use crate::support::{knowledge, remove_label, restore, set_label};

pub(crate) fn text(content: &[u8]) -> String {
    String::from_utf8(content.to_vec()).unwrap()
}

/// The label parts of a package: custom properties and label list.
pub(crate) fn label_parts(file: &[u8]) -> LabelParts {
    let contents = contents(file);
    let part = |name: &str| contents.get(name.as_bytes()).map(|content| text(content));
    [
        part("docProps/custom.xml"),
        part("docMetadata/LabelInfo.xml"),
    ]
}

pub(crate) fn options(known: &labeld_formats::TenantKnowledge) -> WriteOptions<'_> {
    WriteOptions {
        own_labels: &[LOW],
        ..WriteOptions::new(known)
    }
}

/// Custom properties and label list, where they are.
pub(crate) type LabelParts = [Option<String>; 2];

/// What setting the label makes of these parts, and that it can be undone.
fn check_set(setting: Coauthoring, before: &LabelParts, expected: &LabelParts) {
    let file = package(before[0].as_deref(), before[1].as_deref());
    let known = knowledge(TENANT, setting);
    let written = set_label(&file, &label(), &options(&known)).unwrap();
    assert_eq!(
        label_parts(&written.bytes),
        *expected,
        "{setting:?} {before:?}"
    );
    let again = set_label(&written.bytes, &label(), &options(&known)).unwrap();
    assert!(again.unchanged, "{setting:?} {before:?}");
    let undo = written.undo.unwrap();
    let restored = restore(&written.bytes, &undo, &options(&known)).unwrap();
    assert_eq!(contents(&restored.bytes), contents(&file));
}

/// What removing the tenant's label makes of these parts, and that it can be undone; `None` where
/// nothing is to be done.
fn check_removed(setting: Coauthoring, before: &LabelParts, expected: Option<&LabelParts>) {
    let file = package(before[0].as_deref(), before[1].as_deref());
    let known = knowledge(TENANT, setting);
    let written = remove_label(&file, TENANT, &options(&known)).unwrap();
    let found = (!written.unchanged).then(|| label_parts(&written.bytes));
    assert_eq!(found.as_ref(), expected, "{setting:?} {before:?}");
    if let Some(undo) = written.undo {
        let restored = restore(&written.bytes, &undo, &options(&known)).unwrap();
        assert_eq!(contents(&restored.bytes), contents(&file));
    }
}

fn some(text: String) -> Option<String> {
    Some(text)
}

#[test]
fn the_setting_and_the_file_decide_where_a_label_goes() {
    let new_custom = || some(custom(&new_group(2)));
    let new_list = || some(list(&new_element()));
    let old_custom = || some(custom(&group(2, TENANT, HIGH)));
    let old_list = || some(list(&element(TENANT, HIGH)));
    let removed = || some(list(&removed_element(TENANT)));
    let others_list = || some(list(&element(OTHER_TENANT, HIGH)));
    let others_and_new = || some(list(&(new_element() + &element(OTHER_TENANT, HIGH))));

    // A file without a label.
    check_set(Unknown, &[None, None], &[new_custom(), None]);
    check_set(Off, &[None, None], &[new_custom(), None]);
    check_set(On, &[None, None], &[None, new_list()]);
    // Where a label is.
    check_set(Unknown, &[old_custom(), None], &[new_custom(), None]);
    check_set(Unknown, &[None, old_list()], &[None, new_list()]);
    check_set(Unknown, &[None, removed()], &[None, new_list()]);
    check_set(Off, &[old_custom(), None], &[new_custom(), None]);
    check_set(On, &[None, old_list()], &[None, new_list()]);
    // Custom properties that the list hides would go on naming the old label elsewhere.
    check_set(On, &[old_custom(), None], &[new_custom(), new_list()]);
    check_set(On, &[old_custom(), old_list()], &[new_custom(), new_list()]);
    check_set(
        Unknown,
        &[old_custom(), removed()],
        &[new_custom(), new_list()],
    );
    // A list that does not count says the same all the same.
    check_set(Off, &[None, old_list()], &[new_custom(), new_list()]);
    // The list of others is none of the tenant's business, unless it uses lists.
    check_set(
        Unknown,
        &[None, others_list()],
        &[new_custom(), others_list()],
    );
    check_set(On, &[None, others_list()], &[None, others_and_new()]);
}

#[test]
fn removal_is_recorded_in_the_list_and_leaves_no_properties() {
    let old_custom = || some(custom(&group(2, TENANT, HIGH)));
    let old_list = || some(list(&element(TENANT, HIGH)));
    let removed = || some(list(&removed_element(TENANT)));
    let others = || some(custom(&group(2, OTHER_TENANT, HIGH)));
    let empty = || some(custom(""));

    check_removed(Unknown, &[None, None], None);
    check_removed(On, &[others(), None], None);
    check_removed(On, &[None, removed()], None);
    check_removed(Unknown, &[old_custom(), None], Some(&[empty(), None]));
    check_removed(On, &[old_custom(), None], Some(&[empty(), None]));
    check_removed(Unknown, &[None, old_list()], Some(&[None, removed()]));
    check_removed(
        Off,
        &[old_custom(), old_list()],
        Some(&[empty(), removed()]),
    );
    check_removed(On, &[old_custom(), removed()], Some(&[empty(), removed()]));
}

#[test]
fn custom_properties_keep_all_that_is_not_the_tenants() {
    let check = |before: &str, expected: &str| {
        check_set(
            Unknown,
            &[some(custom(before)), None],
            &[some(custom(expected)), None],
        );
    };
    let other = |pid| property(pid, "Client", "MSIP_Label_");
    let foreign = group(5, OTHER_TENANT, HIGH);
    // New numbers come after the highest; nothing is renumbered.
    check(&other(9), &(other(9) + &new_group(10)));
    check(
        &(other(9) + &foreign),
        &(other(9) + &foreign + &new_group(10)),
    );
    check(&other(0), &(other(0) + &new_group(2)));
    check(
        &(group(2, TENANT, HIGH) + &other(3) + "\n <!-- x -->"),
        &(other(3) + "\n <!-- x -->" + &new_group(4)),
    );
    // The last number is taken: those that are free.
    let last = other(i64::from(i32::MAX)) + &property(3, "B", "");
    let rows = new_group(2);
    let rows = (3..9).rev().fold(rows, |rows, pid| {
        rows.replace(&format!("pid=\"{pid}\""), &format!("pid=\"{}\"", pid + 1))
    });
    check(&last, &(last.clone() + &rows));
    // Every group of the tenant goes, parent and child, in whatever case; one that does not say whose
    // it is goes only if its label is the tenant's.
    let parent_and_child = group(2, TENANT, LOW) + &group(4, TENANT, HIGH);
    check(&parent_and_child, &new_group(2));
    let shouted = group(2, TENANT, HIGH)
        .replace("MSIP_Label", "msip_label")
        .replace(
            &TENANT.to_string(),
            &format!("{{{}}}", TENANT.to_string().to_uppercase()),
        );
    check(&shouted, &new_group(2));
    check(&group_of(2, LOW, &[("Enabled", "true")]), &new_group(2));
    check(&group_of(2, LABEL, &[("Owner", "x")]), &new_group(2));
    let nobodys = group_of(2, HIGH, &[("Enabled", "true")]);
    check(&nobodys, &(nobodys.clone() + &new_group(3)));
    // The display name that old clients left goes with the label that it names.
    let old = group_of(2, HIGH, &[("SiteId", &TENANT.to_string()), ("Name", "Old")]);
    let display = |name| property(8, "Sensitivity", name);
    check(&(display("Old") + &old), &new_group(2));
    check(
        &(old.clone() + &display("Else")),
        &(display("Else") + &new_group(9)),
    );
    // Properties of other sets are no labels.
    let alien = group(2, TENANT, HIGH).replace("{D5CDD505", "{D5CDD5FF");
    check(&alien, &(alien.clone() + &new_group(4)));
}

#[test]
fn custom_properties_are_written_as_the_part_is() {
    let check = |before: String, expected: String| {
        check_set(Unknown, &[some(before), None], &[some(expected), None]);
    };
    let empty = custom("");
    let root = empty.replace("></Properties>", "/>");
    let opened = custom(&new_group(2)).replace("</Properties>", "</Properties >");
    check(root, opened);
    let prefixed = |text: String| {
        text.replace("xmlns=", "xmlns:op=")
            .replace("<Properties", "<op:Properties")
            .replace("</Properties", "</op:Properties")
            .replace("<property", "<op:property")
            .replace("</property", "</op:property")
    };
    check(prefixed(empty.clone()), prefixed(custom(&new_group(2))));
    // Another prefix for values, and none that reaches all properties.
    let renamed = |text: String| text.replace("vt:", "v:").replace(":vt=", ":v=");
    check(renamed(empty.clone()), renamed(custom(&new_group(2))));
    let types =
        " xmlns:vt=\"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes\"";
    let without = empty.replace(types, "");
    let each = new_group(2).replace("<vt:lpwstr>", &format!("<vt:lpwstr{types}>"));
    check(without, custom(&each).replacen(types, "", 1));
    let strict = |text: String| {
        text.replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
            "http://purl.oclc.org/ooxml/officeDocument/customProperties",
        )
        .replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
            "http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes",
        )
    };
    check(strict(empty), strict(custom(&new_group(2))));

    // A part that is new in a strict package is strict.
    let known = knowledge(TENANT, Unknown);
    let file = archive(&parts(None, None, true));
    let written = set_label(&file, &label(), &options(&known)).unwrap();
    let [found, _] = label_parts(&written.bytes);
    assert_eq!(found, Some(strict(custom(&new_group(2)))));
    let rows = text(&contents(&written.bytes)[b"_rels/.rels".as_slice()]);
    assert!(rows.contains(
        "Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/customProperties\""
    ));
}

#[test]
fn the_list_is_ordered_and_keeps_its_extensions() {
    let check = |before: &str, expected: &str| {
        check_set(
            On,
            &[None, some(list(before))],
            &[None, some(list(expected))],
        );
    };
    let third = Uuid::from_u128(3);
    let (low, high) = (element(OTHER_TENANT, LOW), element(third, HIGH));
    let new = new_element();
    let extensions = "<clbl:extLst><clbl:ext uri=\"x\"><a/></clbl:ext></clbl:extLst>";
    check(&(low.clone() + &high), &(low.clone() + &new + &high));
    check(&low, &(low.clone() + &new));
    check(extensions, &(new.clone() + extensions));
    check(
        &(low.clone() + extensions),
        &(low.clone() + &new + extensions),
    );
    // The tenant's element is replaced where it is; a second one must not be.
    let own = element(TENANT, HIGH);
    check(&(own.clone() + &low), &(new.clone() + &low));
    check(&(own.clone() + &low + &own), &(new.clone() + &low));
    check(
        &own.replace(&format!("{{{TENANT}}}"), &TENANT.to_string().to_uppercase()),
        &new,
    );

    let written_as_empty = list("").replace("></clbl:labelList>", " />");
    let opened = list(&new)
        .replace("mipLabelMetadata\">", "mipLabelMetadata\" >")
        .replace("</clbl:labelList>", "</clbl:labelList >");
    check_set(On, &[None, some(written_as_empty)], &[None, some(opened)]);
    let bare = |text: String| text.replace("clbl:", "").replace(":clbl=", "=");
    check_set(
        On,
        &[None, some(bare(list("")))],
        &[None, some(bare(list(&new)))],
    );
}

#[test]
fn parts_that_are_new_are_made_known_and_forgotten_again() {
    let file = package(None, None);
    for (setting, name, kind, id, content_type) in [
        (
            Unknown,
            "docProps/custom.xml",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
            "labeldCustom",
            "application/vnd.openxmlformats-officedocument.custom-properties+xml",
        ),
        (
            On,
            "docMetadata/LabelInfo.xml",
            "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels",
            "labeldLabelInfo",
            "application/vnd.ms-office.classificationlabels+xml",
        ),
    ] {
        let known = knowledge(TENANT, setting);
        let written = set_label(&file, &label(), &options(&known)).unwrap();
        let (old, new) = (contents(&file), contents(&written.bytes));
        let grown = |part: &str, row: &str, end: &str| {
            let part = part.as_bytes();
            let expected = text(&old[part]).replace(end, &format!("{row}{end}"));
            assert_eq!(text(&new[part]), expected);
        };
        let row = format!("<Override PartName=\"/{name}\" ContentType=\"{content_type}\"/>");
        grown("[Content_Types].xml", &row, "</Types>");
        let row = format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{name}\"/>");
        grown("_rels/.rels", &row, "</Relationships>");
    }
    // A part made for a label goes with it; one that was there before stays, empty.
    let known = knowledge(TENANT, Unknown);
    let written = set_label(&file, &label(), &options(&known)).unwrap();
    let removed = remove_label(&written.bytes, TENANT, &options(&known)).unwrap();
    assert_eq!(contents(&removed.bytes), contents(&file));
    let file = package(Some(&custom("")), None);
    let written = set_label(&file, &label(), &options(&known)).unwrap();
    let removed = remove_label(&written.bytes, TENANT, &options(&known)).unwrap();
    assert_eq!(contents(&removed.bytes), contents(&file));
}

#[test]
fn names_and_ids_that_are_taken_are_left_alone() {
    let known = knowledge(TENANT, Unknown);
    let check = |types: &[(&str, &str)], rows: &[(&str, &str)], extra: Vec<Part>, name: &str| {
        let main =
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
        let types = [&[("/word/document.xml", DOCX)], types].concat();
        let rows = [&[(main, "word/document.xml")], rows].concat();
        let mut parts = vec![
            part("[Content_Types].xml", content_types(&types)),
            part(
                "_rels/.rels",
                relationships(&rows).replace("rId1", "labeldCustom"),
            ),
            part("word/document.xml", "<document/>"),
        ];
        parts.extend(extra);
        let file = archive(&parts);
        let written = set_label(&file, &label(), &options(&known)).unwrap();
        let new = contents(&written.bytes);
        assert_eq!(text(&new[name.as_bytes()]), custom(&new_group(2)));
        let removed = remove_label(&written.bytes, TENANT, &options(&known)).unwrap();
        assert_eq!(contents(&removed.bytes), contents(&file));
    };
    let orphan = || vec![part("DocProps/Custom.xml", "<not-read/>")];
    check(&[], &[], orphan(), "docProps/custom2.xml");
    check(
        &[("/docProps/custom.xml", "text/x")],
        &[],
        vec![],
        "docProps/custom2.xml",
    );
    check(
        &[],
        &[("urn:other", "x.xml")],
        vec![],
        "docProps/custom.xml",
    );
}

type Encode<'e> = &'e dyn Fn(&str) -> Vec<u8>;

#[test]
fn the_encoding_of_a_part_stays() {
    let known = knowledge(TENANT, Unknown);
    let before = custom(&property(2, "Straße", "é"));
    let after = custom(&(property(2, "Straße", "é") + &new_group(3)));
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(unit)
            .collect()
    };
    let latin = |text: &str| {
        let text = text.replace("UTF-8", "iso-8859-1");
        text.chars()
            .map(|each| u8::try_from(each).unwrap())
            .collect::<Vec<u8>>()
    };
    let encodings: [Encode<'_>; 4] = [
        &|text| format!("\u{feff}{text}").into_bytes(),
        &|text| utf16(text, u16::to_le_bytes),
        &|text| utf16(text, u16::to_be_bytes),
        &latin,
    ];
    for encode in encodings {
        let parts = with(
            parts(Some(""), None, false),
            "docProps/custom.xml",
            encode(&before),
        );
        let file = archive(&parts);
        let written = set_label(&file, &label(), &options(&known)).unwrap();
        let content = &contents(&written.bytes)[b"docProps/custom.xml".as_slice()];
        assert_eq!(*content, encode(&after));
        let removed = remove_label(&written.bytes, TENANT, &options(&known)).unwrap();
        assert_eq!(contents(&removed.bytes), contents(&file));
    }
    assert!(before.starts_with(DECLARATION));
}
