//! Values that are spans of time or schedules.

use std::time::Duration;

use toml::de::DeValue;

use super::source::Source;
use super::value::{Refusal, Value, refuse, wrong_type};
use crate::model::schedule::{Schedule, ScheduleError};

/// A span of time from `LEAST` to `MOST` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<const LEAST: u64, const MOST: u64>(pub(super) Duration);

impl<const LEAST: u64, const MOST: u64> Value for Span<LEAST, MOST> {
    const EXPECTED: &'static str = "a span of time as text";
    const EXAMPLE: &'static str = "\"5m\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or_else(|| wrong_type::<Self>(value))?;
        match parse_span(text) {
            Some(span) if (LEAST..=MOST).contains(&span.as_secs()) => Ok(Self(span)),
            Some(_) => refuse(
                "out of range",
                format!("from {} to {}", in_words(LEAST), in_words(MOST)),
            ),
            None => refuse(
                "not a span of time",
                "a whole number with s, m, h or d behind it: \"5m\"",
            ),
        }
    }
}

/// `30s`, `5m`, `1 h`, `7d`.
fn parse_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    Some(Duration::from_secs(seconds))
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

impl Value for Schedule {
    const EXPECTED: &'static str = "a cron expression as text";
    const EXAMPLE: &'static str = "\"0 * * * *\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or_else(|| wrong_type::<Self>(value))?;
        text.parse().or_else(|error: ScheduleError| {
            let fix = match error {
                ScheduleError::Syntax => {
                    "minute, hour, day of month, month, day of week, in UTC: \"30 2 * * SUN\" is half past two on Sundays"
                }
                ScheduleError::NumberedWeekday => "write its name: SUN, MON, TUE, WED, THU, FRI or SAT",
                ScheduleError::Never => "check day and month",
            };
            refuse(error.to_string(), fix)
        })
    }
}
