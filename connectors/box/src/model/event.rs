//! Events of the enterprise's streams (reference/box.md §3.2).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::people::Person;
use super::tolerant::{self, Id};

/// The longest position that is stored. Real ones have 19 digits.
const MOST_POSITION: usize = 64;

/// A page of events.
#[derive(Debug, Deserialize)]
pub(crate) struct EventPage {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub(crate) entries: Vec<Event>,
    /// A string or a number beyond what a float can hold; as text always (§0 fact 5).
    #[serde(default, deserialize_with = "position")]
    pub(crate) next_stream_position: Option<String>,
}

/// Something that happened. Everything about it may be missing.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) event_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) event_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) created_by: Option<Person>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) source: Option<Source>,
}

/// What it happened to: an item in the small form of these streams, or a user.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Source {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) item_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) item_id: Option<Id>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) item_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) owned_by: Option<Person>,
    #[serde(rename = "type", default, deserialize_with = "tolerant::text")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) id: Option<Id>,
}

impl EventPage {
    /// Where to go on: only a page with events tells, and 0 is no position (§0 fact 6).
    pub(crate) fn next(&self) -> Option<&str> {
        let position = self.next_stream_position.as_deref()?;
        (!self.entries.is_empty() && is_position(position)).then_some(position)
    }
}

/// Whether it can be sent as a position.
pub(crate) fn is_position(text: &str) -> bool {
    !text.is_empty()
        && text != "0"
        && text.len() <= MOST_POSITION
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The digits as they are written. A number that is a float here would have lost some.
fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_keep_all_their_digits() {
        for (text, next) in [
            (
                r#"{"entries":[{}],"next_stream_position":"1152922976252290886"}"#,
                Some("1152922976252290886"),
            ),
            (
                r#"{"entries":[{}],"next_stream_position":1152922976252290887}"#,
                Some("1152922976252290887"),
            ),
            (
                r#"{"entries":[],"next_stream_position":"1152922976252290886"}"#,
                None,
            ),
            (r#"{"entries":[{}],"next_stream_position":0}"#, None),
            (r#"{"entries":[{}],"next_stream_position":1.5e+18}"#, None),
            (r#"{"entries":[{}],"next_stream_position":null}"#, None),
            (r#"{"entries":[{}]}"#, None),
            (r#"{"entries":null,"next_stream_position":"7"}"#, None),
        ] {
            let page: EventPage = serde_json::from_str(text).unwrap();
            assert_eq!(page.next(), next, "{text}");
        }
    }

    #[test]
    fn anything_may_be_missing_from_an_event() {
        for (text, item, owner) in [
            (
                r#"{"event_id":"e","event_type":"EDIT","source":{"item_type":"file","item_id":"8001","owned_by":{"id":"7001"}}}"#,
                Some(8001),
                Some(7001),
            ),
            (
                r#"{"source":{"item_type":"file","item_id":8001}}"#,
                Some(8001),
                None,
            ),
            (r#"{"source":null}"#, None, None),
            (r#"{"source":[]}"#, None, None),
            (
                r#"{"source":{"type":"user","id":"7001","login":"x"}}"#,
                None,
                None,
            ),
            (r#"{"source":{"item_id":{}},"created_by":7}"#, None, None),
        ] {
            let event: Event = serde_json::from_str(text).unwrap();
            let source = event.source.as_ref();
            let found = source.and_then(|source| source.item_id).map(|id| id.0);
            assert_eq!(found, item, "{text}");
            let found = source
                .and_then(|source| source.owned_by.as_ref())
                .map(|by| by.id.0);
            assert_eq!(found, owner, "{text}");
        }
    }
}
