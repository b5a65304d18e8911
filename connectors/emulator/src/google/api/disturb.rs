//! Scripted faults that only lists can have.

use serde_json::Value;

use crate::google::wire::call::Call;

/// Repeats, reorders and empties entries, as the faults in force say. `id` is the way to an entry's id, which is
/// what an emptied one keeps.
pub(super) fn list(call: &Call, entries: &mut Vec<Value>, id: &[&str]) {
    let Some(faults) = &call.faults else {
        return;
    };
    if let Some(seed) = faults.duplicate() {
        let mut dice = fastrand::Rng::with_seed(seed);
        for index in (0..entries.len()).rev() {
            if dice.bool()
                && let Some(entry) = entries.get(index).cloned()
            {
                entries.insert(index, entry);
            }
        }
    }
    if let Some(seed) = faults.reorder() {
        fastrand::Rng::with_seed(seed).shuffle(entries);
    }
    if let Some(seed) = faults.id_only() {
        let mut dice = fastrand::Rng::with_seed(seed);
        for entry in entries.iter_mut() {
            if dice.bool() {
                keep_only(entry, id);
            }
        }
    }
}

/// Whether the token of this call is to be refused.
pub(super) fn cursor_is_expired(call: &Call) -> bool {
    call.faults
        .as_ref()
        .is_some_and(crate::frame::ActiveFaults::expired_cursor)
}

/// Whether this page is to have nothing on it but the way to the next.
pub(super) fn page_is_empty(call: &Call) -> bool {
    call.faults
        .as_ref()
        .is_some_and(crate::frame::ActiveFaults::empty_page)
}

fn keep_only(entry: &mut Value, way: &[&str]) {
    let Some((last, outer)) = way.split_last() else {
        return;
    };
    let mut at = entry;
    for name in outer {
        match at.get_mut(*name) {
            Some(inner) => at = inner,
            None => return,
        }
    }
    if let Some(fields) = at.as_object_mut() {
        fields.retain(|name, _| name == last);
    }
}
