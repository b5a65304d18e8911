//! Reading of fields that come in more forms than one.

use chrono::{DateTime, Datelike, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Years before this one stand for "no time" (§9: `0001-01-01T00:00:00Z` on system folders).
const FIRST_YEAR: i32 = 1900;

/// A facet that says something by being there, whatever is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Present;

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// A time, or nothing where the text is none.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<Value>::deserialize(deserializer)?;
    Ok(text
        .as_ref()
        .and_then(Value::as_str)
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .map(|time| time.with_timezone(&Utc))
        .filter(|time| time.year() >= FIRST_YEAR))
}

/// A number of bytes, or nothing where it is none.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        Some(Value::Number(number)) => number.as_u64(),
        // SharePoint REST writes 64-bit numbers as text.
        Some(Value::String(digits)) => digits.parse().ok(),
        _ => None,
    })
}

/// A flag, also where it is text (`"@microsoft.graph.sharedChanged":"True"` is one).
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        Some(Value::Bool(flag)) => Some(flag),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    })
}
