//! One `[[policy]]`.

use super::filter::{FilterReader, TITLE};
use super::mentions::Mentions;
use super::values::{Address, Folder, Label, Moment, OneOrMore, Word};
use crate::config::section::Section;
use crate::config::value::{Choice, Value, Whole};
use crate::model::policy::{
    AlertRule, AllowEntry, Category, Condition, Filter, Governance, MatchLimit, Override,
    PolicyDefinition, PolicyMode, Scope, Severity, SignedFiles,
};

/// Largest number of files in an option.
const MOST_FILES: u32 = 100_000_000;

/// What `compat` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compatibility {
    Defender,
}

impl Choice for Compatibility {
    const WORDS: &'static [(&'static str, Self)] = &[("defender", Self::Defender)];
    const EXAMPLE: &'static str = "\"defender\"";
}

/// Reads a policy. What is wrong with it is reported, and it is left out.
pub(super) fn read_policy(
    section: &mut Section<'_>,
    mentions: &mut Mentions,
) -> Option<PolicyDefinition> {
    let name = mentions.own_name(section);
    let (line, _) = section.source().position(section.start());
    let compat_defender = section.optional::<Compatibility>("compat").is_some();
    let scope = read_scope(section, mentions);
    let filter = read_filter(section, mentions);
    let governance = section.table("actions", read_governance).flatten();
    let definition = PolicyDefinition {
        name: name?,
        place: (section.source().file.clone(), line),
        description: section.optional("description"),
        category: word(section, "category", Category::Labelling),
        enabled: section.optional("enabled").unwrap_or(true),
        mode: word(section, "mode", PolicyMode::Observe),
        priority: section
            .optional("priority")
            .map_or(0, |Whole::<1_000>(it)| it),
        severity: word(section, "severity", Severity::Low),
        scope,
        filter,
        governance,
        alert: read_alert(section),
        overrides: word(section, "override", Override::Automatic),
        allow_downgrade: section
            .optional("allow_downgrade")
            .unwrap_or(compat_defender),
        signed: word(section, "signed", SignedFiles::Refuse),
        canary: section.optional("canary").map(|Whole::<MOST_FILES>(it)| it),
        max_matches: MatchLimit {
            files: section
                .optional("max_matches")
                .map(|Whole::<MOST_FILES>(it)| it),
            percent: section
                .optional("max_matches_percent")
                .map(|Whole::<100>(it)| it),
        },
        allow: section.tables("allow", |entry| read_allow(entry, mentions)),
        compat_defender,
    };
    if definition.governance.is_none() && !definition.alert.enabled {
        section.report_missing(
            format!("policy {} does nothing", definition.name),
            "add [policy.actions] with `apply_label = \"…\"` or `remove_label = true`, or `alert = true`"
                .to_owned(),
        );
    }
    Some(definition)
}

fn word<T: crate::model::policy::Worded>(
    section: &mut Section<'_>,
    key: &'static str,
    default: T,
) -> T {
    section.optional(key).map_or(default, |Word(it)| it)
}

fn list<V: Value, T>(
    section: &mut Section<'_>,
    key: &'static str,
    open: impl Fn(V) -> T,
) -> Vec<T> {
    let values = section.optional::<OneOrMore<V>>(key);
    let values = values.into_iter().flat_map(|OneOrMore(values)| values);
    values.map(open).collect()
}

fn read_scope(section: &mut Section<'_>, mentions: &mut Mentions) -> Scope {
    let folder = |Folder(it)| it;
    let address = |Address(it)| it;
    let folders = section.table("folders", |inner| {
        Some((list(inner, "in", folder), list(inner, "out", folder)))
    });
    let owners = section.table("owners", |inner| {
        Some((list(inner, "in", address), list(inner, "out", address)))
    });
    let (folders_in, folders_out) = folders.unwrap_or_default();
    let (owners_in, owners_out) = owners.unwrap_or_default();
    Scope {
        tenants: mentions.tenants(section, "tenants").unwrap_or_default(),
        apps: mentions.apps(section, "apps").unwrap_or_default(),
        app_kinds: mentions.kinds(section, "app_kinds").unwrap_or_default(),
        folders_in,
        folders_out,
        owners_in,
        owners_out,
    }
}

/// The filter, and `content` beside it, which must hold too.
fn read_filter(section: &mut Section<'_>, mentions: &mut Mentions) -> Option<Filter> {
    let mut reader = FilterReader { mentions, nodes: 0 };
    let filter = section.titled_table("filter", TITLE.to_owned(), |inner| reader.node(inner, 1));
    match (filter, section.look_up("content")) {
        (filter, None) => filter,
        (None, Some(_)) => Some(Filter::Condition(Condition::Content)),
        (Some(filter), Some(_)) => Some(Filter::All(vec![
            filter,
            Filter::Condition(Condition::Content),
        ])),
    }
}

fn read_governance(section: &mut Section<'_>) -> Option<Option<Governance>> {
    let apply = section.optional("apply_label").map(|Label(it)| it);
    let remove: bool = section.optional("remove_label").unwrap_or(false);
    if section.has("apply_label") && remove {
        section.report_key(
            "remove_label",
            "one policy cannot both apply and remove a label".to_owned(),
            "take one of the two out, or write two policies",
        );
    }
    Some(match (apply, remove) {
        (Some(label), _) => Some(Governance::ApplyLabel(label)),
        (None, true) => Some(Governance::RemoveLabel),
        (None, false) => None,
    })
}

fn read_alert(section: &mut Section<'_>) -> AlertRule {
    let enabled = section.optional("alert").unwrap_or(false);
    let per_day = section
        .optional("alerts_per_day")
        .map(|Whole::<100_000>(it)| it);
    if per_day.is_some() && !enabled {
        section.report_key(
            "alerts_per_day",
            "`alerts_per_day` bounds alerts that are not raised".to_owned(),
            "add `alert = true`",
        );
    }
    AlertRule { enabled, per_day }
}

fn read_allow(section: &mut Section<'_>, mentions: &mut Mentions) -> Option<AllowEntry> {
    let mut reader = FilterReader { mentions, nodes: 0 };
    if !section.has("filter") {
        section.report_missing(
            "[[policy.allow]] does not say which files".to_owned(),
            "add `filter = { file_id = [\"…\"] }` or another condition".to_owned(),
        );
    }
    let filter = section.titled_table("filter", TITLE.to_owned(), |inner| reader.node(inner, 1));
    let reason = section.required("reason");
    let author = section.required("author");
    let expires = section.optional("expires").map(|Moment(it)| it);
    Some(AllowEntry {
        filter: filter?,
        reason: reason?,
        author: author?,
        expires,
    })
}
