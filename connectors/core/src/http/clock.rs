//! What time it is for the service.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::{AGE, DATE};

/// A `Date` header has whole seconds and was written some time before it arrives: a difference up to
/// this says nothing about the machine's clock.
const UNCERTAIN_SECONDS: i64 = 2;

/// The machine's clock, corrected by the `Date` headers of a service. Times that the service checks (a
/// JWT's `exp`) and times that it names (`Retry-After` as a date) mean its clock, not this machine's.
#[derive(Debug, Default)]
pub struct ServerClock {
    skew: Mutex<Option<TimeDelta>>,
}

impl ServerClock {
    /// A clock that agrees with the machine's until it hears otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The time at the service.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let here = Utc::now();
        match self.skew() {
            Some(skew) if skew.abs() > TimeDelta::seconds(UNCERTAIN_SECONDS) => {
                here.checked_add_signed(skew).unwrap_or(here)
            }
            _ => here,
        }
    }

    /// Takes over the `Date` header of an answer. One from a cache (it has an `Age`) says nothing.
    pub fn observe(&self, headers: &HeaderMap) {
        self.observe_at(headers, Utc::now());
    }

    /// How far the service's clock is ahead of this machine's (negative: behind), to a second or two;
    /// `None` before the first answer.
    #[must_use]
    pub fn skew(&self) -> Option<TimeDelta> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time at the service, as its last answer told; `None` before the first.
    #[must_use]
    pub fn told(&self) -> Option<DateTime<Utc>> {
        Utc::now().checked_add_signed(self.skew()?)
    }

    fn observe_at(&self, headers: &HeaderMap, here: DateTime<Utc>) {
        if headers.contains_key(AGE) {
            return;
        }
        if let Some(there) = headers
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(http_date)
        {
            let skew = there.signed_duration_since(here);
            *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
    }
}

/// The time that an HTTP date names (RFC 9110 §5.6.7).
pub(super) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text.trim())
        .ok()
        .map(|time: SystemTime| DateTime::<Utc>::from(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_date_header_is_the_time() {
        let here = DateTime::parse_from_rfc3339("2026-03-04T10:00:00Z")
            .unwrap()
            .to_utc();
        type Fields = &'static [(&'static str, &'static str)];
        let table: &[(Fields, Option<i64>)] = &[
            (&[], None),
            (&[("date", "Wed, 04 Mar 2026 10:05:00 GMT")], Some(300)),
            (&[("date", "Wed, 04 Mar 2026 09:59:59 GMT")], Some(-1)),
            (
                &[("date", "Wed, 04 Mar 2026 10:05:00 GMT"), ("age", "300")],
                None,
            ),
            (&[("date", "yesterday")], None),
            (
                &[("date", "Fri, 31 Dec 9999 23:59:59 GMT")],
                Some(251_629_682_399),
            ),
        ];
        for (fields, seconds) in table {
            let clock = ServerClock::new();
            clock.observe_at(&headers(fields), here);
            let skew = clock.skew().map(|skew| skew.num_seconds());
            assert_eq!(skew, *seconds, "{fields:?}");
            let _ = clock.now();
        }
    }

    #[test]
    fn now_follows_the_service_when_the_difference_is_sure() {
        for (skew, followed) in [
            (-3600, true),
            (-2, false),
            (1, false),
            (3, true),
            (86_400, true),
        ] {
            let clock = ServerClock::new();
            *clock.skew.lock().unwrap() = Some(TimeDelta::seconds(skew));
            let difference = clock.now().signed_duration_since(Utc::now()).num_seconds();
            let expected = if followed { skew } else { 0 };
            assert!((difference - expected).abs() <= 1, "{skew}: {difference}");
        }
    }
}
