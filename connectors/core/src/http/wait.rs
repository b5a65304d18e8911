//! How long a service asks to wait.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::clock::{ServerClock, http_date};

/// The longest wait that is believed. A larger one is a mistake, or is better spent doing other work and
/// asking again.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What is left of the service's allowance (IETF draft-ietf-httpapi-ratelimit-headers-03;
/// microsoft-graph.md §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Units that may still be used before the reset.
    pub(super) remaining: u64,
    /// Time until the reset.
    pub(super) reset: Duration,
}

/// How long a refusal asks to wait: `Retry-After`, and when it is for too many calls the larger of that
/// and `RateLimit-Reset`.
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

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_wait_is_read_in_every_form() {
        type Headers = &'static [(&'static str, &'static str)];
        let table: &[(Headers, bool, Option<u64>)] = &[
            (&[], true, None),
            (&[("retry-after", "3")], true, Some(3)),
            (&[("retry-after", " 3 ")], false, Some(3)),
            (&[("retry-after", "0")], true, Some(0)),
            (&[("retry-after", "1.2")], true, Some(2)),
            (&[("retry-after", "7200")], true, Some(3600)),
            (
                &[("retry-after", "99999999999999999999999")],
                true,
                Some(3600),
            ),
            (&[("retry-after", "-3")], true, None),
            (&[("retry-after", "soon")], true, None),
            (&[("retry-after", "")], true, None),
            (
                &[("retry-after", "Wed, 04 Mar 2015 10:00:00 GMT")],
                true,
                Some(0),
            ),
            (
                &[("retry-after", "Wed, 04 Mar 9998 10:00:00 GMT")],
                true,
                Some(3600),
            ),
            (&[("ratelimit-reset", "5")], true, Some(5)),
            (&[("ratelimit-reset", "5")], false, None),
            (
                &[("retry-after", "3"), ("ratelimit-reset", "5")],
                true,
                Some(5),
            ),
            (
                &[("retry-after", "3"), ("ratelimit-reset", "5")],
                false,
                Some(3),
            ),
            (
                &[("retry-after", "9"), ("ratelimit-reset", "5;w=60")],
                true,
                Some(9),
            ),
        ];
        for (fields, throttled, seconds) in table {
            let headers: HeaderMap = fields
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect();
            let found = asked_wait(&headers, &ServerClock::new(), *throttled);
            assert_eq!(found, seconds.map(Duration::from_secs), "{fields:?}");
        }
    }
}
