//! `[tenant.schedules]`, and how often an app is asked for changes.

use std::time::Duration;

use super::network::whole_or_none;
use crate::config::section::Section;
use crate::config::time::Span;
use crate::model::schedule::Schedule;

/// When a tenant's scheduled tasks run (product §2), in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulesConfig {
    /// Bringing the label catalogue up to date.
    pub label_sync: Schedule,
    /// Listing everything in every app, to find what the change feeds did not tell.
    pub reconcile: Schedule,
    /// Asking who files are shared with.
    pub exposure: Schedule,
    /// Longest time by which each start is put off, by chance, so that not everything starts in the same second.
    pub jitter: Duration,
}

/// How often an app is asked, and how much that may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceConfig {
    /// Time from one look for changes to the next.
    pub poll: Duration,
    /// Calls that may be made in a calendar month (UTC); no bound without it.
    pub calls_per_month: Option<u64>,
}

/// Time from one look for changes to the next (product §2).
const POLL: u64 = 300;

/// Most calls a month that can be told.
const MOST_CALLS: u32 = 4_000_000_000;

const LABEL_SYNC: &str = "0 * * * *";
const RECONCILE: &str = "30 1 * * SUN";
const EXPOSURE: &str = "30 3 * * *";
const JITTER: u64 = 300;

/// The tenant's schedules; `None` only where a default is no schedule, which a test rules out.
pub(super) fn read(section: &mut Section<'_>) -> Option<SchedulesConfig> {
    let label_sync: Option<Schedule> = section.optional("label_sync");
    let reconcile: Option<Schedule> = section.optional("reconcile");
    let exposure: Option<Schedule> = section.optional("exposure");
    let jitter: Option<Span<0, 3_600>> = section.optional("jitter");
    let plain = defaults()?;
    Some(SchedulesConfig {
        label_sync: label_sync.unwrap_or(plain.label_sync),
        reconcile: reconcile.unwrap_or(plain.reconcile),
        exposure: exposure.unwrap_or(plain.exposure),
        jitter: jitter.map_or(plain.jitter, |jitter| jitter.0),
    })
}

/// What holds for a tenant without `[tenant.schedules]`.
pub(super) fn defaults() -> Option<SchedulesConfig> {
    Some(SchedulesConfig {
        label_sync: LABEL_SYNC.parse().ok()?,
        reconcile: RECONCILE.parse().ok()?,
        exposure: EXPOSURE.parse().ok()?,
        jitter: Duration::from_secs(JITTER),
    })
}

/// The pace of an app whose calls nobody counts.
pub(super) fn read_poll(section: &mut Section<'_>) -> PaceConfig {
    let poll: Option<Span<1, 86_400>> = section.optional("poll");
    PaceConfig {
        poll: poll.map_or(Duration::from_secs(POLL), |poll| poll.0),
        calls_per_month: None,
    }
}

/// The pace of an app in a cloud.
pub(super) fn read_pace(section: &mut Section<'_>) -> PaceConfig {
    PaceConfig {
        calls_per_month: whole_or_none::<MOST_CALLS>(section, "calls_per_month").map(u64::from),
        ..read_poll(section)
    }
}
