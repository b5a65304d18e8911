//! What two texts of a policy say differently, key by key, as the configuration calls them.

use std::fmt::Display;

use super::evaluate::describe;
use crate::model::policy::{AllowEntry, Governance, PolicyDefinition};

/// A key whose value differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: &'static str,
    /// What the old text says; long values are cut.
    pub before: String,
    /// What the new one says.
    pub after: String,
}

/// A key of a policy.
struct Key {
    name: &'static str,
    /// Its value in words.
    value: fn(&PolicyDefinition) -> String,
    differs: fn(&PolicyDefinition, &PolicyDefinition) -> bool,
}

macro_rules! keys {
    ($($name:literal $($field:ident).+ => $value:expr;)+) => {
        &[$(Key {
            name: $name,
            value: $value,
            differs: |old, new| old.$($field).+ != new.$($field).+,
        },)+]
    };
}

/// In the order of the documentation.
const KEYS: &[Key] = keys! {
    "description" description => |it| text(&it.description);
    "category" category => |it| it.category.to_string();
    "enabled" enabled => |it| it.enabled.to_string();
    "mode" mode => |it| it.mode.to_string();
    "priority" priority => |it| it.priority.to_string();
    "severity" severity => |it| it.severity.to_string();
    "tenants" scope.tenants => |it| list(&it.scope.tenants);
    "apps" scope.apps => |it| list(&it.scope.apps);
    "app_kinds" scope.app_kinds => |it| list(&it.scope.app_kinds);
    "folders.in" scope.folders_in => |it| list(&it.scope.folders_in);
    "folders.out" scope.folders_out => |it| list(&it.scope.folders_out);
    "owners.in" scope.owners_in => |it| list(&it.scope.owners_in);
    "owners.out" scope.owners_out => |it| list(&it.scope.owners_out);
    "filter" filter => |it| it.filter.as_ref().map_or_else(String::new, describe);
    "actions" governance => governance;
    "alert" alert.enabled => |it| it.alert.enabled.to_string();
    "alerts_per_day" alert.per_day => |it| text(&it.alert.per_day);
    "override" overrides => |it| it.overrides.to_string();
    "allow_downgrade" allow_downgrade => |it| it.allow_downgrade.to_string();
    "signed" signed => |it| it.signed.to_string();
    "canary" canary => |it| text(&it.canary);
    "max_matches" max_matches.files => |it| text(&it.max_matches.files);
    "max_matches_percent" max_matches.percent => |it| text(&it.max_matches.percent);
    "allow" allow => allow;
};

/// The keys that differ. Where the policies stand does not count.
#[must_use]
pub fn changes(old: &PolicyDefinition, new: &PolicyDefinition) -> Vec<KeyChange> {
    let differing = KEYS.iter().filter(|key| (key.differs)(old, new));
    differing
        .map(|key| KeyChange {
            key: key.name,
            before: (key.value)(old),
            after: (key.value)(new),
        })
        .collect()
}

fn text<T: Display>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(String::new, T::to_string)
}

fn list<T: Display>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(T::to_string).collect();
    values.join(", ")
}

fn governance(rule: &PolicyDefinition) -> String {
    match &rule.governance {
        Some(Governance::ApplyLabel(label)) => format!("apply {label}"),
        Some(Governance::RemoveLabel) => "remove".to_owned(),
        None => String::new(),
    }
}

fn allow(rule: &PolicyDefinition) -> String {
    let entry = |entry: &AllowEntry| {
        let until = entry
            .expires
            .map_or_else(String::new, |end| format!(" until {end}"));
        format!(
            "{} ({}: {}{until})",
            describe(&entry.filter),
            entry.author,
            entry.reason
        )
    };
    let entries: Vec<String> = rule.allow.iter().map(entry).collect();
    entries.join("; ")
}
