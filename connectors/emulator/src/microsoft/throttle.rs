//! Resource units (reference/microsoft-graph.md §8.1): counted always, refused by switch.

use std::collections::BTreeMap;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::state::item::Millis;
use super::switches::ThrottleSwitches;
use super::wire::Failure;
use super::world::World;

const MINUTE: Millis = 60_000;
const FIVE_MINUTES: Millis = 5 * MINUTE;
const DAY: Millis = 24 * 60 * MINUTE;

/// Units used in a span of time that begins with its first call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    begun: Millis,
    used: u32,
}

impl Window {
    /// Adds units and says how many are used. A new span begins where the last one has ended.
    fn add(&mut self, now: Millis, length: Millis, units: u32) -> u32 {
        if !(self.begun..self.begun.saturating_add(length)).contains(&now) {
            *self = Self {
                begun: now,
                used: 0,
            };
        }
        self.used = self.used.saturating_add(units);
        self.used
    }

    /// Seconds until the span ends, at least one.
    fn seconds_left(&self, now: Millis, length: Millis) -> Millis {
        let left = self.begun.saturating_add(length).saturating_sub(now);
        (left.saturating_add(999) / 1000).max(1)
    }
}

/// What was used, by whom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    applications: BTreeMap<String, ApplicationUsage>,
    tenant: Window,
    assignments: Window,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct ApplicationUsage {
    minute: Window,
    day: Window,
    sharing: Window,
    /// Since the start.
    total: u64,
}

/// What a call costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) units: u32,
    /// Whether it counts against the limit of the sharing APIs.
    pub(crate) sharing: bool,
}

/// Charges a call, and gives the headers that its answer carries.
///
/// # Errors
///
/// 429 when a limit is reached. The refused call counts all the same.
pub(crate) fn charge(
    world: &mut World<'_>,
    client_id: &str,
    cost: Cost,
) -> Result<HeaderMap, Failure> {
    let now = world.millis();
    let switches = &world.switches.throttle;
    let usage = &mut world.state.usage;
    let application = usage.applications.entry(client_id.to_owned()).or_default();
    application.total = application.total.saturating_add(u64::from(cost.units));
    let minute = application.minute.add(now, MINUTE, cost.units);
    let day = application.day.add(now, DAY, cost.units);
    let sharing = application
        .sharing
        .add(now, FIVE_MINUTES, u32::from(cost.sharing));
    let tenant = usage.tenant.add(now, FIVE_MINUTES, cost.units);
    let headers = rate_limit_headers(
        switches,
        minute,
        application.minute.seconds_left(now, MINUTE),
    );
    if !switches.enabled || cost.units == 0 {
        return Ok(headers);
    }
    let sharing_limit = switches.sharing_calls_per_five_minutes.unwrap_or(u32::MAX);
    let waits = [
        (minute > switches.units_per_minute).then(|| application.minute.seconds_left(now, MINUTE)),
        (day > switches.units_per_day).then(|| application.day.seconds_left(now, DAY)),
        (tenant > switches.tenant_units_per_five_minutes)
            .then(|| usage.tenant.seconds_left(now, FIVE_MINUTES)),
        (cost.sharing && sharing > sharing_limit)
            .then(|| application.sharing.seconds_left(now, FIVE_MINUTES)),
    ];
    match waits.into_iter().flatten().max() {
        None => Ok(headers),
        Some(seconds) => {
            let mut failure = refusal(switches, Some(seconds));
            failure.headers.extend(headers);
            Err(failure)
        }
    }
}

/// Charges an assignment of a label.
///
/// # Errors
///
/// 429 when the tenant's limit is reached.
pub(crate) fn charge_assignment(world: &mut World<'_>) -> Result<(), Failure> {
    let now = world.millis();
    let switches = &world.switches.throttle;
    let window = &mut world.state.usage.assignments;
    if window.add(now, FIVE_MINUTES, 1) > switches.assignments_per_five_minutes {
        return Err(refusal(
            switches,
            Some(window.seconds_left(now, FIVE_MINUTES)),
        ));
    }
    Ok(())
}

/// The answer to a call over a limit.
pub(crate) fn refusal(switches: &ThrottleSwitches, seconds: Option<Millis>) -> Failure {
    let failure = Failure::with_status(
        switches.status,
        &switches.code,
        "The request has been throttled",
    )
    .inner("throttledRequest");
    match seconds {
        Some(seconds) => failure.header(RETRY_AFTER, &seconds.to_string()),
        None => failure,
    }
}

fn rate_limit_headers(switches: &ThrottleSwitches, used: u32, seconds_left: Millis) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let limit = switches.units_per_minute;
    if !switches.enabled
        || !switches.rate_limit_headers
        || u64::from(used) * 10 < u64::from(limit) * 8
    {
        return headers;
    }
    for (name, value) in [
        ("ratelimit-limit", Millis::from(limit)),
        (
            "ratelimit-remaining",
            Millis::from(limit.saturating_sub(used)),
        ),
        ("ratelimit-reset", seconds_left),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    headers
}

impl Usage {
    /// Units by application since the start.
    pub(crate) fn describe(&self) -> Value {
        self.applications
            .iter()
            .map(|(client_id, usage)| (client_id.clone(), json!(usage.total)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}
