//! Lists in pages.

use serde_json::{Value, json};

use crate::microsoft::wire::{Call, Failure};
use crate::microsoft::world::World;

/// The most entries of a page of an ordinary list.
const MAXIMUM: usize = 999;

/// A page of entries that are all at hand, `usual` of them when `$top` is absent.
pub(super) fn of(
    world: &World<'_>,
    call: &Call,
    entries: &[Value],
    usual: usize,
) -> Result<Value, Failure> {
    let size = call.top()?.unwrap_or(usual).min(MAXIMUM);
    let begin = match call.parameter("$skiptoken") {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .map_err(|_| Failure::invalid_request("The skip token is not valid."))?,
    };
    let end = begin.saturating_add(size).min(entries.len());
    let mut page = json!({ "value": entries.get(begin..end).unwrap_or_default() });
    if end < entries.len() {
        page["@odata.nextLink"] = json!(next_link(world, call, &end.to_string()));
    }
    Ok(page)
}

/// The URL of the same call from a position on.
pub(super) fn next_link(world: &World<'_>, call: &Call, token: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &call.query {
        if !name.eq_ignore_ascii_case("$skiptoken") {
            query.append_pair(name, value);
        }
    }
    query.append_pair("$skiptoken", token);
    let base = world.bases.graph.as_str().trim_end_matches('/');
    format!("{base}{}?{}", call.path, query.finish())
}
