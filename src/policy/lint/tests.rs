use super::*;
use crate::model::policy::{AllowEntry, Filter};
use crate::policy::catalogue::TenantLabels;
use crate::policy::evaluate::AppTraits;
use crate::policy::evaluate::tests::{policies, rule};

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// A policy without a remark.
fn quiet() -> PolicyDefinition {
    let mut one = rule("one", "Public");
    one.mode = PolicyMode::Observe;
    one.filter = Some(Filter::Condition(Condition::Labelled(false)));
    one
}

fn remarks(rules: Vec<PolicyDefinition>) -> Vec<String> {
    lint(&policies(rules), now())
        .into_iter()
        .map(|remark| format!("{:?} {}", remark.weight, remark.message))
        .collect()
}

#[test]
fn a_plain_policy_is_without_remark() {
    assert_eq!(remarks(vec![quiet()]), [""; 0]);
}

/// A condition, and how the remark on it begins.
#[test]
fn traps_of_filters() {
    let text = |operator, text: &str| vec![TextPattern::new(operator, text).unwrap()];
    let label = |text: &str| vec![LabelName::new(text)];
    for (condition, expected) in [
        (
            Condition::Access(vec![Exposure::External]),
            Some("`access = \"external\"` leaves out"),
        ),
        (
            Condition::Access(vec![Exposure::External, Exposure::Public]),
            None,
        ),
        (
            Condition::Folder(vec![FolderPattern::new("a")]),
            Some("`folder = \"a\"` means the files in that folder only"),
        ),
        (Condition::Folder(vec![FolderPattern::new("a/**")]), None),
        (
            Condition::Name(text(TextOperator::Contains, "*.docx")),
            Some("`name contains \"*.docx\"`: `*` and `?` are plain"),
        ),
        (Condition::Name(text(TextOperator::Like, "*.docx")), None),
        (
            Condition::Content,
            Some("content inspection does not exist yet"),
        ),
        (
            Condition::CollaboratorDomain(vec!["a.example".to_owned()]),
            None,
        ),
        (
            Condition::OwnerGroup(vec!["a".to_owned()]),
            Some("`owner_group` holds only"),
        ),
        (
            Condition::OwnerUnit(vec![FolderPattern::new("a")]),
            Some("`owner_unit` is known only"),
        ),
        (
            Condition::Trashed(true),
            Some("files in the trash are never written"),
        ),
        (Condition::Trashed(false), None),
        (
            Condition::Extension(vec!["txt".to_owned()]),
            Some("files of these types are never written: txt"),
        ),
        (
            Condition::Extension(vec!["txt".to_owned(), "docx".to_owned()]),
            None,
        ),
        (
            Condition::Type(vec![FileType::Image]),
            Some("files of these types are never written"),
        ),
        (
            Condition::Inspection(vec![FileState::Password]),
            Some("files whose inspection ended"),
        ),
        (Condition::Label(label("Secret")), None),
    ] {
        let mut one = quiet();
        one.filter = Some(Filter::Condition(condition.clone()));
        let found = remarks(vec![one]);
        match expected {
            None => assert_eq!(found, [""; 0], "{condition:?}"),
            Some(expected) => {
                assert_eq!(found.len(), 1, "{condition:?}: {found:?}");
                assert!(
                    found[0].starts_with(&format!("Warning {expected}")),
                    "{found:?}"
                );
            }
        }
    }
}

#[test]
fn conditions_on_collaborators_need_an_app_that_tells_them() {
    let traits = |names_collaborators| AppTraits {
        names_collaborators,
        ..AppTraits::default()
    };
    type Row<'a> = (&'a [(&'a str, bool)], &'a [&'a str], bool);
    let table: [Row<'_>; 5] = [
        (&[("share", false)], &[], true),
        (&[("share", false), ("drive", true)], &[], false),
        (&[("share", false), ("drive", true)], &["share"], true),
        (&[("share", false), ("drive", true)], &["drive"], false),
        (&[], &[], false),
    ];
    for (apps, scope, is_told) in table {
        let mut one = quiet();
        let domains = vec!["a.example".to_owned()];
        one.filter = Some(Filter::Condition(Condition::CollaboratorDomain(domains)));
        one.scope.apps = scope.iter().map(|&app| app.into()).collect();
        let apps = apps.iter().map(|&(app, tells)| (app.into(), traits(tells)));
        let policies = Policies::new(vec![one], TenantLabels::default(), apps.collect());
        let remarks = lint(&policies, now());
        let found = remarks.iter().any(|remark| {
            remark
                .message
                .starts_with("no app of its scope tells whom a file is shared with")
        });
        assert_eq!(found, is_told, "{scope:?}: {remarks:?}");
    }
}

#[test]
fn traps_of_policies() {
    type Change = fn(&mut PolicyDefinition);
    let table: Vec<(Change, &str)> = vec![
        (
            |one| one.filter = None,
            "Warning it has neither a filter nor a scope",
        ),
        (
            |one| one.mode = PolicyMode::Enforce,
            "Warning it acts on any number of files",
        ),
        (
            |one| {
                one.compat_defender = true;
                one.allow_downgrade = true;
            },
            "Warning `compat = \"defender\"` lets it",
        ),
        (
            |one| one.signed = SignedFiles::AllowUncovered,
            "Warning `signed = \"allow_uncovered\"` writes into signed files: Office shows them as final, and a PDF",
        ),
        (
            |one| one.scope.folders_out = vec![FolderPattern::new("a")],
            "Warning `folders.out = \"a\"` means",
        ),
        (
            |one| one.governance = Some(Governance::ApplyLabel(LabelName::new("Encrypted"))),
            "Warning the label \"Encrypted\" encrypts",
        ),
        (
            |one| one.governance = Some(Governance::ApplyLabel(LabelName::new("Publik"))),
            "Error no label of the tenant is called `Publik`",
        ),
        (
            |one| {
                one.governance = Some(Governance::ApplyLabel(LabelName::new(
                    "00000000-0000-0000-0000-0000000000ff",
                )));
            },
            "Error the label \"00000000-0000-0000-0000-0000000000ff\" cannot be applied: deleted",
        ),
        (
            |one| {
                one.filter = Some(Filter::Not(Box::new(Filter::Condition(Condition::Label(
                    vec![LabelName::new("Secret")],
                )))));
            },
            "Warning `not label = Secret` also holds for files without any label",
        ),
        (
            |one| {
                one.governance = Some(Governance::RemoveLabel);
                one.filter = Some(Filter::Condition(Condition::LabelOrigin(vec![
                    Origin::OutsideUser,
                ])));
            },
            "Warning labels that labeld did not set are never removed",
        ),
        (
            |one| {
                one.allow = vec![AllowEntry {
                    filter: Filter::Condition(Condition::Trashed(true)),
                    reason: "a".to_owned(),
                    author: "mina".to_owned(),
                    expires: None,
                }];
            },
            "Warning the allow entry of mina never ends",
        ),
    ];
    for (change, expected) in table {
        let mut one = quiet();
        change(&mut one);
        let found = remarks(vec![one]);
        assert_eq!(found.len(), 1, "{expected}: {found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn policies_that_get_in_each_others_way() {
    let pair = |change: fn(&mut PolicyDefinition)| {
        let mut other = quiet();
        other.name = "two".into();
        other.governance = Some(Governance::ApplyLabel(LabelName::new("Secret")));
        change(&mut other);
        remarks(vec![quiet(), other]).len()
    };
    assert_eq!(pair(|_| {}), 1);
    assert_eq!(pair(|other| other.priority = 1), 0);
    assert_eq!(pair(|other| other.enabled = false), 0);
    assert_eq!(pair(|other| other.governance = quiet().governance), 0);
    assert_eq!(
        pair(|other| other.governance = Some(Governance::RemoveLabel)),
        1
    );
}
