//! What tells one decision from another (rules §3, gate 13): a file whose stamp was decided is not decided again.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use labeld_connector::Version;
use ring::digest::{SHA256, digest};

use super::Governance;
use crate::model::cap::CapDay;
use crate::model::policy::{Condition, Filter, PolicyDefinition, TimeSpan};
use crate::policy::facts::Facts;

/// The stamp of a file: a digest of all that a decision looks at.
pub(super) fn of_file(
    version: &Version,
    facts: &Facts,
    governance: &Governance,
    now: DateTime<Utc>,
) -> i64 {
    let mut text = of_app(governance, facts.app_kind.as_str(), now);
    // Writing to a string does not fail.
    let traits = governance.rules.apps.get(&facts.app);
    let _ = write!(text, "{traits:?}{version:?}{facts:?}");
    let digest = digest(&SHA256, text.as_bytes());
    let bytes = digest.as_ref().first_chunk().copied();
    i64::from_be_bytes(bytes.unwrap_or_default())
}

/// What the files of an app have in common: the rules in force, and the date where a policy asks for the age of something.
pub(super) fn of_app(governance: &Governance, app: &str, now: DateTime<Utc>) -> String {
    let day = governance.asks_for_age.then(|| CapDay::of(now).number());
    format!("{}:{app}:{}", governance.stamp, day.unwrap_or_default())
}

/// Whether what a policy says of a file can change by the mere passing of time.
pub(super) fn asks_for_age(rule: &PolicyDefinition) -> bool {
    let expires = rule.allow.iter().any(|entry| entry.expires.is_some());
    let allowed = rule.allow.iter().map(|entry| &entry.filter);
    let mut filters = rule.filter.iter().chain(allowed);
    expires || filters.any(filter_asks_for_age)
}

fn filter_asks_for_age(filter: &Filter) -> bool {
    let mut asks = false;
    filter.visit(&mut |condition, _| {
        if let Condition::Created(span) | Condition::Modified(span) = condition {
            asks |= is_relative(span);
        }
    });
    asks
}

fn is_relative(span: &TimeSpan) -> bool {
    span.within.is_some() || span.older_than.is_some()
}
