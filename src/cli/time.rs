//! Times on the command line.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A point in time: an age (`7d`), a date or a date with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// So long ago.
    Age(TimeDelta),
    /// Exactly then.
    At(DateTime<Utc>),
}

impl Since {
    /// The point in time, seen from `now`.
    pub(super) fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Age(age) => now.checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH),
            Self::At(at) => at,
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(age) = age(text) {
            return Ok(Self::Age(age));
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(at.to_utc()));
        }
        let midnight = text
            .parse::<NaiveDate>()
            .ok()
            .and_then(|date| date.and_hms_opt(0, 0, 0));
        midnight.map(|at| Self::At(at.and_utc())).ok_or_else(|| {
            "give an age such as 7d, 12h or 30m, a date such as 2026-03-01, or a time such as \
             2026-03-01T10:00:00Z"
                .to_owned()
        })
    }
}

fn age(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let count: i64 = text
        .strip_suffix(unit)?
        .parse()
        .ok()
        .filter(|count| *count >= 0)?;
    match unit {
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        'w' => TimeDelta::try_weeks(count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_dates_and_times() {
        let now: DateTime<Utc> = "2026-03-08T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("7d", Some("2026-03-01T12:00:00Z")),
            ("1w", Some("2026-03-01T12:00:00Z")),
            ("90m", Some("2026-03-08T10:30:00Z")),
            ("2026-02-28", Some("2026-02-28T00:00:00Z")),
            ("2026-02-28T10:00:00+02:00", Some("2026-02-28T08:00:00Z")),
            ("9999999999999d", None),
            ("-3d", None),
            ("yesterday", None),
            ("", None),
        ] {
            let found = text.parse::<Since>().ok().map(|since| since.before(now));
            assert_eq!(found, expected.map(|at| at.parse().unwrap()), "{text}");
        }
    }
}
