//! Retention labels (reference/microsoft-graph.md §5.6).

use serde_json::{Value, json};

use super::projection::Projection;
use super::schema::RETENTION_LABEL;
use crate::microsoft::state::item::Item;
use crate::microsoft::state::transient::Place;
use crate::microsoft::switches::NoRetentionLabel;
use crate::microsoft::wire::{Call, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// `GET …/retentionLabel`
pub(super) fn get(world: &World<'_>, call: &Call, place: Place) -> Result<Reply, Failure> {
    call.allow_options(&["$select"])?;
    let projection = Projection::of(call, &RETENTION_LABEL)?;
    let item = world.item(place)?;
    let has_label = item.rarely(|rare| rare.retention.as_ref()).is_some();
    if !has_label && world.switches.no_retention_label == NoRetentionLabel::NotFound {
        return Err(Failure::item_not_found());
    }
    Ok(Reply::json(projection.apply(label(item))))
}

/// The label of an item; nulls when it has none.
pub(super) fn label(item: &Item) -> Value {
    match item.rarely(|rare| rare.retention.as_ref()) {
        None => json!({
            "name": null,
            "isLabelAppliedExplicitly": null,
            "labelAppliedDateTime": null,
            "labelAppliedBy": null,
            "retentionSettings": null,
        }),
        Some(retention) => json!({
            "name": retention.name,
            "isLabelAppliedExplicitly": true,
            "labelAppliedDateTime": timestamp(item.created),
            "labelAppliedBy": { "user": { "displayName": "Records Manager" } },
            "retentionSettings": {
                "behaviorDuringRetentionPeriod": retention.behavior,
                "isContentUpdateAllowed": retention.content_update_allowed,
                "isRecordLocked": retention.record_locked,
                "isMetadataUpdateAllowed": retention.metadata_update_allowed,
                "isDeleteAllowed": retention.delete_allowed,
                "isLabelUpdateAllowed": false,
            },
        }),
    }
}
