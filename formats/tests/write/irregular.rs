//! Packages that break a rule, or in which a label has no place.

use labeld_formats::Coauthoring::{On, Unknown};
use labeld_formats::write::WriteRefusal;

use crate::package_writer::{Part, archive, part, with};
use crate::packages::{
    LABEL, OTHER_TENANT, TENANT, custom, group, label, list, new_element, package, parts,
};
use crate::places::{label_parts, options, text};
use crate::support::{knowledge, set_label};

#[test]
fn packages_that_break_the_rules_are_not_written_into() {
    let check = |parts: Vec<Part>, expected: &str| {
        let known = knowledge(TENANT, On);
        let refusal = set_label(&archive(&parts), &label(), &options(&known)).unwrap_err();
        assert_eq!(refusal.code(), expected, "{refusal}");
    };
    let usual = || parts(Some(&custom("")), None, false);
    let rows = |parts: &[Part]| text(&parts[1].bytes);
    let row = |rows: &str, name: &str| {
        let rows = rows.split_inclusive("/>");
        rows.filter(|row| row.contains(name)).collect::<String>()
    };
    // A relationship to a part that is missing, two of a kind, a name with a backslash.
    let mut dangling = usual();
    dangling.retain(|part| part.name != "docProps/custom.xml");
    check(dangling, "file.corrupt");
    let all = rows(&usual());
    let twice = all.replace(
        "</Rel",
        &(row(&all, "custom").replace("rId1", "b") + "</Rel"),
    );
    check(with(usual(), "_rels/.rels", twice), "file.corrupt");
    let mut odd = usual();
    odd.push(part("xl\\a.xml", ""));
    check(odd, "file.corrupt");
    // Parts that are not what they should be.
    check(with(usual(), "docProps/custom.xml", "<a/>"), "file.corrupt");
    check(
        with(usual(), "docProps/custom.xml", "<Properties>"),
        "file.corrupt",
    );
    let declared = custom("").replace("<Properties", "<!DOCTYPE a><Properties");
    check(
        with(usual(), "docProps/custom.xml", declared),
        "file.corrupt",
    );
}

/// Ids of labels are not unique across tenants, names of properties are within a file.
#[test]
fn a_label_id_that_another_tenant_uses_is_refused() {
    let known = knowledge(TENANT, Unknown);
    let file = package(Some(&custom(&group(2, OTHER_TENANT, LABEL))), None);
    let refused = set_label(&file, &label(), &options(&known));
    assert_eq!(refused.unwrap_err(), WriteRefusal::ForeignLabel(LABEL));
    // The list tells tenants apart.
    let known = knowledge(TENANT, On);
    let written = set_label(&file, &label(), &options(&known)).unwrap();
    let [custom_after, list_after] = label_parts(&written.bytes);
    assert_eq!(custom_after, Some(custom(&group(2, OTHER_TENANT, LABEL))));
    assert_eq!(list_after, Some(list(&new_element())));
}
