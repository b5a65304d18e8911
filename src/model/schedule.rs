//! When something happens again and again: cron expressions in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// A cron expression, evaluated in UTC, where no day is skipped or doubled.
///
/// Five fields (minute, hour, day of month, month, day of week), six (seconds in front), seven (a year behind them),
/// or a nickname such as `@hourly`. Where both a day of the month and a day of the week are told, both must match.
/// Days of the week are names: the numbers mean other days in other programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(cron::Schedule);

/// Why a text is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not a cron expression.
    #[error("not a cron expression")]
    Syntax,
    /// The day of the week is a number.
    #[error("a day of the week as a number, which means another day in another program")]
    NumberedWeekday,
    /// There is no such time, as on 30 February.
    #[error("there is never such a time")]
    Never,
}

/// Position of the day of the week, counted from the seconds.
const WEEKDAY: usize = 5;

impl Schedule {
    /// The first time after `time`; `None` where the schedule has come to its end.
    #[must_use]
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.after(&time).next()
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        let is_nickname = text.trim_start().starts_with('@');
        if !is_nickname && !(6..=7).contains(&fields.len()) {
            return Err(ScheduleError::Syntax);
        }
        if fields.get(WEEKDAY).is_some_and(|days| names_number(days)) {
            return Err(ScheduleError::NumberedWeekday);
        }
        let schedule: cron::Schedule = fields
            .join(" ")
            .parse()
            .map_err(|_| ScheduleError::Syntax)?;
        match schedule.after(&DateTime::UNIX_EPOCH).next() {
            Some(_) => Ok(Self(schedule)),
            None => Err(ScheduleError::Never),
        }
    }
}

/// Whether a field names days by number; a number behind a slash is a step.
fn names_number(days: &str) -> bool {
    days.split(',')
        .filter_map(|part| part.split('/').next())
        .any(|part| part.contains(|c: char| c.is_ascii_digit()))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.source())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 29 March and 25 October 2026 are the nights in which clocks in Europe are changed.
    #[test]
    fn the_time_after() {
        for (text, after, expected) in [
            ("0 * * * *", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"),
            (
                "30 0 * * * *",
                "2026-03-01T10:00:31Z",
                "2026-03-01T11:00:30Z",
            ),
            (
                "0 2 * * SUN",
                "2026-03-28T12:00:00Z",
                "2026-03-29T02:00:00Z",
            ),
            ("30 2 * * *", "2026-03-29T00:59:59Z", "2026-03-29T02:30:00Z"),
            ("0 * * * *", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
            ("0 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
            ("0 * * * *", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
            ("@weekly", "2026-03-25T12:00:00Z", "2026-03-29T00:00:00Z"),
            (
                "0 0 0 1 1 * 2027",
                "2026-03-25T12:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                "0 0 * * MON-FRI/2",
                "2026-03-28T00:00:00Z",
                "2026-03-30T00:00:00Z",
            ),
        ] {
            let schedule: Schedule = text.parse().unwrap();
            let next = schedule.next_after(after.parse().unwrap());
            assert_eq!(next, Some(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_schedule() {
        for (text, expected) in [
            ("", ScheduleError::Syntax),
            ("hourly", ScheduleError::Syntax),
            ("@sometimes", ScheduleError::Syntax),
            ("61 * * * *", ScheduleError::Syntax),
            ("* * * *", ScheduleError::Syntax),
            ("0 2 * * 0", ScheduleError::NumberedWeekday),
            ("0 2 * * MON,7", ScheduleError::NumberedWeekday),
            ("0 0 2 * * 1-5 2027", ScheduleError::NumberedWeekday),
            ("0 0 30 2 *", ScheduleError::Never),
        ] {
            assert_eq!(text.parse::<Schedule>(), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_schedule_that_has_come_to_its_end() {
        let schedule: Schedule = "0 0 0 1 1 * 2027".parse().unwrap();
        assert_eq!(
            schedule.next_after("2027-01-01T00:00:00Z".parse().unwrap()),
            None
        );
    }
}
