//! The daily cap on applied labels (rules §6): its days, its pause, and when it lets on.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// Labels that may be applied in a UTC date where the configuration says nothing else (rules §6).
pub const DEFAULT_CAP: u32 = 100;

/// When a cap that was reached lets on (rules §6, the readings of "the next day (after 12:00 UTC)").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CapReset {
    /// At the first 12:00 UTC on a later date: reading B.
    #[default]
    Noon,
    /// At the beginning of the next UTC date: reading C.
    Midnight,
}

/// How many labels may be applied, and when more may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapRule {
    /// Labels per UTC date; 0 allows none.
    pub limit: u32,
    /// When it lets on.
    pub reset: CapReset,
}

impl Default for CapRule {
    fn default() -> Self {
        Self {
            limit: DEFAULT_CAP,
            reset: CapReset::default(),
        }
    }
}

impl CapRule {
    /// When a cap that was reached on `day` lets on.
    #[must_use]
    pub fn lets_on(self, day: CapDay) -> DateTime<Utc> {
        let next = day.next().0;
        match self.reset {
            CapReset::Noon => next
                .and_time(NaiveTime::MIN)
                .and_utc()
                .checked_add_signed(chrono::TimeDelta::hours(12))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            CapReset::Midnight => next.and_time(NaiveTime::MIN).and_utc(),
        }
    }

    /// When the last of `waiting` labels can be applied, where `used` of today's are gone and nothing else comes in between;
    /// `None` where the limit is 0 or the day lies beyond the calendar.
    #[must_use]
    pub fn finish(self, waiting: u64, used: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let left_today = u64::from(self.limit.saturating_sub(used));
        if waiting <= left_today {
            return Some(now);
        }
        let limit = u64::from(self.limit);
        let days = (waiting - left_today).checked_div(limit)?;
        let more = u64::from(!(waiting - left_today).is_multiple_of(limit));
        // Each full day ends in a pause, which the next day begins behind.
        let last_full = CapDay::of(now)
            .0
            .checked_add_days(Days::new(days + more - 1))?;
        Some(self.lets_on(CapDay(last_full)))
    }
}

/// A UTC date as the cap counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CapDay(NaiveDate);

impl CapDay {
    /// The date of a time.
    #[must_use]
    pub fn of(time: DateTime<Utc>) -> Self {
        Self(time.date_naive())
    }

    /// Its beginning.
    #[must_use]
    pub fn begin(self) -> DateTime<Utc> {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }

    /// The date behind it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.succ_opt().unwrap_or(self.0))
    }

    /// The date before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.pred_opt().unwrap_or(self.0))
    }

    /// Days since 1970.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
            .signed_duration_since(DateTime::UNIX_EPOCH.date_naive())
            .num_days()
    }

    /// The date by its number; `None` beyond the calendar.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let distance = chrono::TimeDelta::try_days(number)?;
        let day = DateTime::UNIX_EPOCH
            .date_naive()
            .checked_add_signed(distance)?;
        Some(Self(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn when_a_cap_lets_on() {
        let rule = |reset| CapRule { limit: 100, reset };
        let day = CapDay::of(at("2026-03-02T23:59:59Z"));
        assert_eq!(
            rule(CapReset::Noon).lets_on(day),
            at("2026-03-03T12:00:00Z")
        );
        assert_eq!(
            rule(CapReset::Midnight).lets_on(day),
            at("2026-03-03T00:00:00Z")
        );
    }

    #[test]
    fn when_the_last_label_can_be_applied() {
        let now = "2026-03-02T09:00:00Z";
        // Limit, reset, waiting, used today, and when the last of them can go.
        let table = [
            (100, CapReset::Noon, 0, 100, Some(now)),
            (100, CapReset::Noon, 40, 60, Some(now)),
            (100, CapReset::Noon, 41, 60, Some("2026-03-03T12:00:00Z")),
            (100, CapReset::Noon, 140, 60, Some("2026-03-03T12:00:00Z")),
            (100, CapReset::Noon, 141, 60, Some("2026-03-04T12:00:00Z")),
            (
                100,
                CapReset::Midnight,
                141,
                60,
                Some("2026-03-04T00:00:00Z"),
            ),
            (100, CapReset::Noon, 100, 130, Some("2026-03-03T12:00:00Z")),
            (0, CapReset::Noon, 1, 0, None),
            (1, CapReset::Noon, u64::MAX, 0, None),
        ];
        for (limit, reset, waiting, used, expected) in table {
            let rule = CapRule { limit, reset };
            let expected = expected.map(at);
            assert_eq!(
                rule.finish(waiting, used, at(now)),
                expected,
                "{waiting} at {limit}"
            );
        }
    }

    #[test]
    fn days_by_number() {
        for number in [-1, 0, 20_000] {
            assert_eq!(CapDay::from_number(number).unwrap().number(), number);
        }
        assert_eq!(CapDay::from_number(i64::MAX), None);
    }
}
