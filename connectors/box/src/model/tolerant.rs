//! Fields that come in more forms than one (reference/box.md §10).

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The largest whole number below which every one is exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The number of a user, item, version: decimal digits, as a string or (in samples) as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    /// The root folder of every user, and "anonymous" is not it.
    pub(crate) const ROOT: Self = Self(0);

    /// Reads digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse().ok().map(Self))?
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = match Value::deserialize(deserializer)? {
            Value::String(text) => Self::parse(&text),
            Value::Number(number) => number.as_u64().map(Self),
            _ => None,
        };
        id.ok_or_else(|| D::Error::custom("no id"))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What of a value can be read; nothing where it has another form.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// A part of an answer, or nothing where it has another form.
pub(super) fn part<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    lenient(deserializer)
}

/// A text; an id that came as a number counts as one.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A time with any offset.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = text(deserializer)?;
    let time = text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    Ok(time.map(|time| time.with_timezone(&Utc)))
}

/// A whole number that may be written as `1.0e+18`.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole, not negative and exact"
)]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..EXACT).contains(&number)).then_some(number as u64)
}

/// A list; nothing where it is `null`. Entries that cannot be read are an error.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Fields {
        #[serde(default, deserialize_with = "number")]
        size: Option<u64>,
        #[serde(default, deserialize_with = "time")]
        at: Option<DateTime<Utc>>,
        #[serde(default, deserialize_with = "part")]
        id: Option<Id>,
    }

    #[test]
    fn fields_are_read_in_each_form() {
        for (text, size, seconds, id) in [
            (
                r#"{"size":7,"at":"2026-05-04T09:12:33-07:00","id":"12"}"#,
                Some(7),
                Some(1_777_911_153),
                Some(12),
            ),
            (
                r#"{"size":7.0,"at":"2026-05-04T16:12:33.000Z","id":12}"#,
                Some(7),
                Some(1_777_911_153),
                Some(12),
            ),
            (r#"{"size":1.23e+31,"at":"","id":""}"#, None, None, None),
            (r#"{"size":"7","at":null,"id":"12a"}"#, Some(7), None, None),
            (
                r#"{"size":-1,"at":5,"id":"99999999999999999999"}"#,
                None,
                None,
                None,
            ),
            (
                r#"{"size":9007199254740993,"id":{}}"#,
                Some(9_007_199_254_740_993),
                None,
                None,
            ),
            (r#"{"size":null}"#, None, None, None),
            ("{}", None, None, None),
        ] {
            let fields: Fields = serde_json::from_str(text).unwrap();
            assert_eq!(fields.size, size, "{text}");
            assert_eq!(fields.at.map(|at| at.timestamp()), seconds, "{text}");
            assert_eq!(fields.id, id.map(Id), "{text}");
        }
    }
}
