//! Every condition, every joint, and the scope of a policy.

use labeld_connector::{Barrier, Exposure, OwnerDetails};
use serde_json::json;

use super::tests::{PUBLIC, SECRET, SECRET_BOARD, now, policies, rule, with_label};
use super::*;
use crate::model::inventory::FileLabel;
use crate::model::policy::{
    AllowEntry, FolderPattern, Origin, Scope, SizeSpan, TextOperator, TextPattern, TimeSpan,
};
use crate::policy::facts::tests::sample;

fn text(operator: TextOperator, text: &str) -> Vec<TextPattern> {
    vec![TextPattern::new(operator, text).unwrap()]
}

fn matches(filter: Filter, facts: &Facts) -> bool {
    let mut one = rule("one", "Public");
    one.filter = Some(filter);
    evaluate(&policies(vec![one]), facts, now()).matched.len() == 1
}

/// Each condition with facts for which it holds, and facts for which it does not. With facts that are not known neither the
/// condition nor its opposite holds.
#[test]
fn conditions_hold_or_not_or_are_open() {
    let set = |change: fn(&mut Facts)| {
        let mut facts = sample();
        change(&mut facts);
        facts
    };
    let label = |text: &str| vec![LabelName::new(text)];
    let list = |text: &str| vec![text.to_owned()];
    let span = TimeSpan {
        within: Some(chrono::TimeDelta::days(7)),
        ..TimeSpan::default()
    };
    let recent = |facts: &mut Facts| {
        facts.created = Some(now());
        facts.modified = Some(now());
    };
    let never = |facts: &mut Facts| {
        facts.created = None;
        facts.modified = None;
    };
    let details = |facts: &mut Facts| {
        facts.owner_details = Some(OwnerDetails {
            department: Some("HR".to_owned()),
            unit: Some("/Sales/North".to_owned()),
            groups: Some(vec!["staff".to_owned()]),
            ..OwnerDetails::default()
        });
    };
    let unread = set(|facts| facts.reading = None);
    let unlisted = set(|facts| facts.exposure = Exposure::Unknown);
    let ownerless = set(|facts| facts.owner = None);
    let shared =
        |facts: &mut Facts| facts.collaborators = Some(["pat@partner.example".to_owned()].into());
    let alone = set(|facts| facts.collaborators = Some([].into()));
    let standard = || with_label(SECRET, "Standard");
    let table: Vec<(Condition, Facts, Facts, Option<Facts>)> = vec![
        (
            Condition::Access(vec![Exposure::Public]),
            set(|f| f.exposure = Exposure::Public),
            sample(),
            Some(unlisted.clone()),
        ),
        (
            Condition::Access(vec![Exposure::External]),
            set(|f| f.exposure = Exposure::External),
            set(|f| f.exposure = Exposure::Public),
            None,
        ),
        (
            Condition::AccessAtLeast(Exposure::External),
            set(|f| f.exposure = Exposure::Public),
            sample(),
            Some(unlisted),
        ),
        (
            Condition::App(vec!["share".into()]),
            sample(),
            set(|f| f.app = "other".into()),
            None,
        ),
        (
            Condition::AppKind(list("folder")),
            sample(),
            set(|f| f.app_kind = "cloud".to_owned()),
            None,
        ),
        (
            Condition::Collaborator(text(TextOperator::StartsWith, "pat")),
            set(shared),
            alone.clone(),
            Some(sample()),
        ),
        (
            Condition::CollaboratorDomain(list("partner.example")),
            set(shared),
            alone,
            Some(sample()),
        ),
        (
            Condition::Created(span),
            set(recent),
            sample(),
            Some(set(never)),
        ),
        (
            Condition::Modified(span),
            set(recent),
            sample(),
            Some(set(never)),
        ),
        (
            Condition::Extension(list("docx")),
            set(|f| f.name = "A.DOCX".to_owned()),
            set(|f| f.name = "docx".to_owned()),
            None,
        ),
        (
            Condition::FileId(list("7")),
            sample(),
            set(|f| f.file = "77".to_owned()),
            None,
        ),
        (
            Condition::Name(text(TextOperator::Contains, "plan")),
            sample(),
            set(|f| f.name = "a.docx".to_owned()),
            None,
        ),
        (
            Condition::Path(text(TextOperator::Is, "finance/2026/plan.docx")),
            sample(),
            set(|f| f.folder.clear()),
            None,
        ),
        (
            Condition::Folder(vec![FolderPattern::new("finance/**")]),
            sample(),
            set(|f| f.folder.clear()),
            None,
        ),
        (
            Condition::Label(label("Secret")),
            standard(),
            sample(),
            Some(unread.clone()),
        ),
        (
            Condition::Label(label("Secret")),
            standard(),
            with_label(SECRET_BOARD, "Standard"),
            None,
        ),
        (
            Condition::LabelOrSublabel(label("Secret")),
            with_label(SECRET_BOARD, "Standard"),
            with_label(PUBLIC, "Standard"),
            None,
        ),
        (
            Condition::Labelled(true),
            standard(),
            sample(),
            Some(unread.clone()),
        ),
        (
            Condition::Labelled(false),
            sample(),
            standard(),
            Some(unread.clone()),
        ),
        (
            Condition::LabelOrigin(vec![Origin::OutsideUser]),
            with_label(SECRET, "Privileged"),
            standard(),
            Some(unread.clone()),
        ),
        (
            Condition::ExternalLabel(false),
            standard(),
            set(|f| {
                f.reading.as_mut().unwrap().labels = vec![FileLabel {
                    site_id: Some(Uuid::from_u128(2)),
                    id: SECRET,
                    effective: true,
                    document: json!({}),
                }];
            }),
            Some(unread.clone()),
        ),
        (
            Condition::Inspection(vec![crate::model::FileState::Password]),
            set(|f| f.reading.as_mut().unwrap().reason = Some(Reason::FilePassword)),
            sample(),
            Some(unread),
        ),
        (
            Condition::Type(vec![crate::model::policy::FileType::Document]),
            sample(),
            set(|f| f.name = "a.xlsx".to_owned()),
            None,
        ),
        (
            Condition::Mime(list("image/*")),
            set(|f| {
                f.name = "a.png".to_owned();
                f.reading = None;
            }),
            sample(),
            Some(set(|f| {
                f.name = "a.zzz".to_owned();
                f.reading = None;
            })),
        ),
        (
            Condition::Size(SizeSpan {
                at_least: Some(500),
                at_most: Some(500),
            }),
            sample(),
            set(|f| f.size = 501),
            None,
        ),
        (
            Condition::Owner(text(TextOperator::StartsWith, "mina")),
            sample(),
            set(|f| f.owner = Some("o".to_owned())),
            Some(ownerless.clone()),
        ),
        (
            Condition::OwnerDomain(list("acme.example")),
            sample(),
            set(|f| f.owner = Some("a@sub.acme.example".to_owned())),
            Some(ownerless),
        ),
        (
            Condition::OwnerDepartment(list("hr")),
            set(details),
            set(|f| {
                f.owner_details = Some(OwnerDetails {
                    department: Some("IT".to_owned()),
                    ..OwnerDetails::default()
                });
            }),
            Some(sample()),
        ),
        (
            Condition::OwnerUnit(vec![FolderPattern::new("/sales/**")]),
            set(details),
            set(|f| {
                f.owner_details = Some(OwnerDetails {
                    unit: Some("/Salesforce".to_owned()),
                    ..OwnerDetails::default()
                });
            }),
            Some(sample()),
        ),
        (
            Condition::OwnerGroup(list("Staff")),
            set(details),
            set(|f| {
                f.owner_details = Some(OwnerDetails {
                    groups: Some(Vec::new()),
                    ..OwnerDetails::default()
                });
            }),
            Some(sample()),
        ),
        (
            Condition::Trashed(true),
            set(|f| f.barrier = Some(Barrier::Trashed)),
            sample(),
            None,
        ),
    ];
    let not = |condition: &Condition| Filter::Not(Box::new(Filter::Condition(condition.clone())));
    for (condition, yes, no, open) in table {
        let plain = Filter::Condition(condition.clone());
        assert!(matches(plain.clone(), &yes), "{condition:?}");
        assert!(!matches(not(&condition), &yes), "not {condition:?}");
        assert!(!matches(plain.clone(), &no), "{condition:?}");
        assert!(matches(not(&condition), &no), "not {condition:?}");
        if let Some(facts) = open {
            assert!(!matches(plain.clone(), &facts), "{condition:?}");
            assert!(!matches(not(&condition), &facts), "not {condition:?}");
        }
    }
    assert!(!matches(Filter::Condition(Condition::Content), &sample()));
    assert!(!matches(not(&Condition::Content), &sample()));
}

#[test]
fn joints_know_what_is_open() {
    let leaf = |condition| Filter::Condition(condition);
    let yes = || leaf(Condition::Trashed(false));
    let no = || leaf(Condition::Trashed(true));
    let open = || leaf(Condition::Content);
    let not = |filter| Filter::Not(Box::new(filter));
    for (filter, expected) in [
        (Filter::All(vec![yes(), yes()]), true),
        (Filter::All(vec![yes(), no()]), false),
        (Filter::All(vec![yes(), open()]), false),
        (not(Filter::All(vec![open(), no()])), true),
        (not(Filter::All(vec![open(), yes()])), false),
        (Filter::Any(vec![no(), yes()]), true),
        (Filter::Any(vec![open(), yes()]), true),
        (Filter::Any(vec![open(), no()]), false),
        (not(Filter::Any(vec![open(), no()])), false),
        (not(Filter::Any(vec![no(), no()])), true),
    ] {
        assert_eq!(matches(filter.clone(), &sample()), expected, "{filter:?}");
    }
}

#[test]
fn a_scope_bounds_a_policy() {
    let scoped = |change: fn(&mut Scope)| {
        let mut one = rule("one", "Public");
        change(&mut one.scope);
        evaluate(&policies(vec![one]), &sample(), now())
            .matched
            .len()
    };
    assert_eq!(scoped(|_| {}), 1);
    assert_eq!(scoped(|scope| scope.tenants = vec!["acme".into()]), 1);
    assert_eq!(scoped(|scope| scope.tenants = vec!["other".into()]), 0);
    assert_eq!(scoped(|scope| scope.apps = vec!["other".into()]), 0);
    assert_eq!(
        scoped(|scope| scope.app_kinds = vec!["other".to_owned()]),
        0
    );
    assert_eq!(
        scoped(|scope| scope.folders_in = vec![FolderPattern::new("finance/**")]),
        1
    );
    assert_eq!(
        scoped(|scope| scope.folders_in = vec![FolderPattern::new("finance")]),
        0
    );
    assert_eq!(
        scoped(|scope| scope.folders_out = vec![FolderPattern::new("finance/2026")]),
        0
    );
    assert_eq!(
        scoped(|scope| scope.owners_in = text(TextOperator::Like, "*@acme.example")),
        1
    );
    assert_eq!(
        scoped(|scope| scope.owners_out = text(TextOperator::Like, "*@acme.example")),
        0
    );
}

#[test]
fn an_allow_entry_counts_until_it_expires() {
    for (expires, expected) in [
        (None, 0),
        (Some(now() + chrono::TimeDelta::seconds(1)), 0),
        (Some(now()), 1),
    ] {
        let mut one = rule("one", "Public");
        one.allow = vec![AllowEntry {
            filter: Filter::Condition(Condition::FileId(vec!["7".to_owned()])),
            reason: "a template".to_owned(),
            author: "mina".to_owned(),
            expires,
        }];
        let decision = evaluate(&policies(vec![one]), &sample(), now());
        assert_eq!(decision.matched.len(), expected, "{expires:?}");
    }
}
