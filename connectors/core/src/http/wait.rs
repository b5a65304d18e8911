//! How long a service asks to wait.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::clock::{ServerClock, http_date};

/// The longest wait that is believed. A larger one is a mistake, or is better spent doing other work and
/// asking again.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What is left of the service's allowance (IETF draft-ietf-httpapi-ratelimit-headers-03; microsoft-graph.md
/// §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Units that may still be used before the reset.
    pub(super) remaining: u64,
    /// Time until the reset.
    pub(super) reset: Duration,
}

/// How long a refusal asks to wait: `Retry-After`, and when it is for too many calls the larger of that and
/// `RateLimit-Reset`.
pub(super) fn asked_wait(
    headers: &HeaderMap,
    clock: &ServerClock,
    throttled: bool,
) -> Option<Duration> {
    let reset = seconds(headers, "ratelimit-reset").filter(|_| throttled);
    retry_after(headers, clock).max(reset.map(bounded))
}

/// What is left of the allowance, when the service tells it.
pub(super) fn allowance(headers: &HeaderMap) -> Option<Allowance> {
    Some(Allowance {
        remaining: seconds(headers, "ratelimit-remaining")?,
        reset: bounded(seconds(headers, "ratelimit-reset")?),
    })
}

/// `Retry-After`, which is a number of seconds or a date on the service's clock (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, clock: &ServerClock) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = whole_seconds(text) {
        return Some(bounded(seconds));
    }
    let wait = http_date(text)?.signed_duration_since(clock.now());
    // A date in the past means now.
    Some(wait.to_std().unwrap_or_default().min(LONGEST_WAIT))
}

/// The number that a header starts with; more may follow it (`100, 100;w=60`).
fn seconds(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?;
    whole_seconds(text.split([',', ';']).next()?.trim())
}

/// A number without sign, of any length; a fraction is rounded up.
fn whole_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let rounded = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(
        whole
            .parse::<u64>()
            .unwrap_or(u64::MAX)
            .saturating_add(rounded),
    )
}

fn bounded(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(LONGEST_WAIT)
}
