//! Pages of lists: by marker, and by offset (reference/box.md §2.2).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::query::Query;
use super::refusal::Refusal;
use crate::box_service::state::Id;
use crate::box_service::switches::EndMarker;
use crate::box_service::world::World;

/// The farthest offset of most lists.
const MOST_OFFSET: u64 = 10_000;

/// A page that was asked for by marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MarkerPage {
    /// The last entry of the page before.
    pub(crate) after: Option<Id>,
    pub(crate) limit: usize,
}

impl MarkerPage {
    /// Reads the parameters. `what` is the list, whose markers are for no other.
    pub(crate) fn of(world: &World<'_>, query: &Query, what: &str) -> Result<Self, Refusal> {
        let limit = limit(world, query)?;
        let after = match query.get("marker") {
            None | Some("" | "0") => None,
            Some(marker) => {
                let place = read_marker(world, marker, what);
                Some(place.ok_or_else(|| Refusal::bad_request("Invalid value for 'marker'"))?)
            }
        };
        Ok(Self { after, limit })
    }

    /// The page: `entries` begins behind `after`, and may have more than fit.
    pub(crate) fn answer(
        self,
        world: &World<'_>,
        what: &str,
        mut entries: Vec<(Id, Value)>,
    ) -> Value {
        let has_more = entries.len() > self.limit;
        entries.truncate(self.limit);
        let last = entries.last().map(|(id, _)| *id);
        let next = last.filter(|_| has_more);
        let entries: Vec<Value> = entries.into_iter().map(|(_, entry)| entry).collect();
        let mut page = json!({"limit": self.limit, "entries": entries});
        match (next, world.switches.end_marker) {
            (Some(id), _) => page["next_marker"] = json!(marker(world, id, what)),
            (None, EndMarker::Null) => page["next_marker"] = Value::Null,
            (None, EndMarker::Empty) => page["next_marker"] = json!(""),
            (None, EndMarker::Absent) => {}
        }
        page
    }
}

fn limit(world: &World<'_>, query: &Query) -> Result<usize, Refusal> {
    let limit = query.number("limit", 100)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(limit.clamp(1, world.switches.most_entries))
}

/// Opaque to clients, for one list, and good for a while only.
fn marker(world: &World<'_>, after: Id, what: &str) -> String {
    let text = format!("{after}:{}:{what}", world.millis());
    BASE64URL_NOPAD.encode(text.as_bytes())
}

fn read_marker(world: &World<'_>, marker: &str, what: &str) -> Option<Id> {
    let bytes = BASE64URL_NOPAD.decode(marker.as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (after, rest) = text.split_once(':')?;
    let (made, list) = rest.split_once(':')?;
    let age = world.millis() - made.parse::<i64>().ok()?;
    let is_good = list == what && age <= i64::from(world.switches.marker_seconds) * 1000;
    is_good.then(|| after.parse().ok())?
}

/// The page of a list that is paged by offset.
pub(crate) fn offset_page(
    world: &World<'_>,
    query: &Query,
    entries: Vec<Value>,
    most_offset: Option<u64>,
) -> Result<Value, Refusal> {
    let limit = limit(world, query)?;
    let offset = query.number("offset", 0)?;
    if offset > most_offset.unwrap_or(MOST_OFFSET) {
        return Err(Refusal::bad_request("Invalid value for 'offset'"));
    }
    let total = entries.len();
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let entries: Vec<Value> = entries.into_iter().skip(skipped).take(limit).collect();
    Ok(json!({
        "total_count": total,
        "offset": offset,
        "limit": limit,
        "entries": entries,
    }))
}
