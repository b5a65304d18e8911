//! The label to set, and the fields that say it (reference/label-formats.md §1.2).

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::reading::LabelGroup;

/// How a label came to be set (reference/label-formats.md §1.2, rules §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// By a policy.
    Standard,
    /// By a person, or by a policy that may override a person's choice.
    Privileged,
}

impl Method {
    /// As files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Privileged => "Privileged",
        }
    }
}

/// A label to set on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelChange {
    /// Entra tenant id.
    pub site_id: Uuid,
    /// Label id.
    pub label_id: Uuid,
    /// The label's internal name in its tenant. What is beyond 255 characters is left out, and
    /// characters that XML cannot have become spaces.
    pub name: String,
    /// How it came to be set.
    pub method: Method,
    /// When it is set; files say it to the second.
    pub set_date: SystemTime,
    /// Id of the labelling action.
    pub action_id: Uuid,
    /// Marking bit mask; 0 says that nothing was marked or encrypted (reference/label-formats.md §8).
    pub content_bits: u32,
}

/// Longest value in UTF-16 code units (reference/label-formats.md §1.2).
const LONGEST_VALUE: usize = 255;

/// A label as the fields of a group, as files have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) site_id: Uuid,
    pub(crate) label_id: Uuid,
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) set_date: String,
    pub(crate) action_id: String,
    pub(crate) content_bits: u32,
}

impl From<&LabelChange> for Fields {
    fn from(change: &LabelChange) -> Self {
        Self {
            site_id: change.site_id,
            label_id: change.label_id,
            name: bounded(&change.name),
            method: change.method.name().to_owned(),
            set_date: utc(change.set_date),
            action_id: change.action_id.to_string(),
            content_bits: change.content_bits,
        }
    }
}

impl Fields {
    /// The fields of a group as this writer would have written it; `None` where it cannot have.
    pub(crate) fn of_group(group: &LabelGroup) -> Option<Self> {
        Some(Self {
            site_id: group.site_id?,
            label_id: group.id,
            name: group.name.clone()?,
            method: group.method.clone()?,
            set_date: group.set_date.clone()?,
            action_id: group.action_id.clone()?,
            content_bits: group.content_bits?,
        })
    }

    /// Name and value of each property, in the order in which Office has them.
    pub(crate) fn properties(&self) -> [(String, Cow<'_, str>); 7] {
        let fields = [
            ("Enabled", Cow::Borrowed("true")),
            ("SetDate", Cow::Borrowed(&*self.set_date)),
            ("Method", Cow::Borrowed(&*self.method)),
            ("Name", Cow::Borrowed(&*self.name)),
            ("SiteId", Cow::Owned(self.site_id.to_string())),
            ("ActionId", Cow::Borrowed(&*self.action_id)),
            ("ContentBits", Cow::Owned(self.content_bits.to_string())),
        ];
        let id = self.label_id;
        fields.map(|(field, value)| (format!("MSIP_Label_{id}_{field}"), value))
    }

    /// Whether a group already says this: the same label, in effect, set in the same way. When it was
    /// set, and by which action, does not matter.
    pub(crate) fn are_said_by(&self, group: &LabelGroup) -> bool {
        group.id == self.label_id
            && group.site_id == Some(self.site_id)
            && group.enabled
            && !group.removed
            && group.method.as_deref() == Some(&*self.method)
    }
}

/// The value without what is too long or no character for XML (XML 1.0, 2.2).
fn bounded(value: &str) -> String {
    let mut units = 0;
    value
        .chars()
        .map(|each| match each {
            '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => ' ',
            each => each,
        })
        .take_while(|each| {
            units += each.len_utf16();
            units <= LONGEST_VALUE
        })
        .collect()
}

/// `YYYY-MM-DDThh:mm:ssZ`. Times that it cannot say become the nearest that it can.
fn utc(time: SystemTime) -> String {
    const DAY: u64 = 86_400;
    /// The last second of the year 9999.
    const LAST: u64 = 253_402_300_799;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs().min(LAST);
    let (year, month, day) = civil(seconds / DAY);
    let second = seconds % DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date of a day counted from 1 January 1970. Years are taken to begin in March, so that the leap
/// day is their last.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    /// From 1 March of the year 0 to the day from which days are counted.
    const BEFORE: u64 = 719_468;
    let days = days + BEFORE;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        };
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_399, "2000-02-28T23:59:59Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_772_323_199, "2026-02-28T23:59:59Z");
        check(1_772_323_200, "2026-03-01T00:00:00Z");
        check(1_798_761_599, "2026-12-31T23:59:59Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
        check(253_402_300_800, "9999-12-31T23:59:59Z");
        assert_eq!(
            utc(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00Z"
        );
    }

    #[test]
    fn names_are_bounded_and_made_fit_for_xml() {
        let check = |name: &str, expected: &str| assert_eq!(bounded(name), expected);
        check("Confidential \\ Any – User", "Confidential \\ Any – User");
        check("A\tB\u{0}C\u{FFFF}", "A B C ");
        check(&"x".repeat(300), &"x".repeat(255));
        // A character of two units is not cut in half.
        check(&format!("{}𝄞", "x".repeat(254)), &"x".repeat(254));
    }
}
