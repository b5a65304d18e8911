//! A policy as a text that is the same for the same meaning: what its revisions are told apart by.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::{Condition, Filter, Governance, PolicyDefinition, TimeSpan, Worded};

impl PolicyDefinition {
    /// The policy as JSON, without the place where it stands. Two policies have the same text where they say the same.
    #[must_use]
    pub fn document(&self) -> String {
        let scope = &self.scope;
        let allow = self.allow.iter().map(|entry| {
            json!({
                "filter": filter(&entry.filter),
                "reason": entry.reason,
                "author": entry.author,
                "expires": entry.expires,
            })
        });
        let document = json!({
            "name": self.name,
            "description": self.description,
            "category": self.category,
            "enabled": self.enabled,
            "mode": self.mode,
            "priority": self.priority,
            "severity": self.severity,
            "scope": {
                "tenants": scope.tenants,
                "apps": scope.apps,
                "app_kinds": scope.app_kinds,
                "folders_in": texts(&scope.folders_in),
                "folders_out": texts(&scope.folders_out),
                "owners_in": texts(&scope.owners_in),
                "owners_out": texts(&scope.owners_out),
            },
            "filter": self.filter.as_ref().map(filter),
            "actions": self.governance.as_ref().map(governance),
            "alert": { "enabled": self.alert.enabled, "per_day": self.alert.per_day },
            "override": self.overrides,
            "allow_downgrade": self.allow_downgrade,
            "signed": self.signed,
            "canary": self.canary,
            "max_matches": self.max_matches.files,
            "max_matches_percent": self.max_matches.percent,
            "allow": allow.collect::<Vec<_>>(),
        });
        document.to_string()
    }
}

fn governance(governance: &Governance) -> Value {
    match governance {
        Governance::ApplyLabel(label) => json!({ "apply_label": label.to_string() }),
        Governance::RemoveLabel => json!({ "remove_label": true }),
    }
}

fn filter(node: &Filter) -> Value {
    let nodes = |nodes: &[Filter]| nodes.iter().map(filter).collect::<Vec<_>>();
    let (key, value) = match node {
        Filter::All(all) => ("all", json!(nodes(all))),
        Filter::Any(any) => ("any", json!(nodes(any))),
        Filter::Not(inner) => ("not", filter(inner)),
        Filter::Condition(condition) => (condition.key(), wanted(condition)),
    };
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

/// What a condition compares with.
fn wanted(condition: &Condition) -> Value {
    match condition {
        Condition::Access(levels) => words(levels),
        Condition::AccessAtLeast(level) => words(&[*level]),
        Condition::App(list) => json!(list),
        Condition::AppKind(list)
        | Condition::CollaboratorDomain(list)
        | Condition::Extension(list)
        | Condition::FileId(list)
        | Condition::Mime(list)
        | Condition::OwnerDomain(list)
        | Condition::OwnerDepartment(list)
        | Condition::OwnerGroup(list) => json!(list),
        Condition::Collaborator(list)
        | Condition::Name(list)
        | Condition::Path(list)
        | Condition::Owner(list) => texts(list),
        Condition::Created(span) | Condition::Modified(span) => time_span(span),
        Condition::Folder(list) | Condition::OwnerUnit(list) => texts(list),
        Condition::Label(list) | Condition::LabelOrSublabel(list) => texts(list),
        Condition::Labelled(is) | Condition::ExternalLabel(is) | Condition::Trashed(is) => {
            json!(is)
        }
        Condition::LabelOrigin(list) => words(list),
        Condition::Inspection(list) => words(list),
        Condition::Type(list) => words(list),
        Condition::Size(span) => json!({ "at_least": span.at_least, "at_most": span.at_most }),
        Condition::MatchedPolicy(list) => json!(list),
        Condition::Content => json!(true),
    }
}

fn time_span(span: &TimeSpan) -> Value {
    json!({
        "from": span.from,
        "before": span.before,
        "within_seconds": span.within.map(|age: TimeDelta| age.num_seconds()),
        "older_than_seconds": span.older_than.map(|age: TimeDelta| age.num_seconds()),
    })
}

fn texts<T: ToString>(list: &[T]) -> Value {
    json!(list.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn words<T: Worded + PartialEq>(list: &[T]) -> Value {
    let word = |one: &T| {
        let found = T::WORDS.iter().find(|(_, value)| value == one);
        found.map(|(word, _)| *word)
    };
    json!(list.iter().map(word).collect::<Vec<_>>())
}
