//! What the service knows of the labels in files, and how it writes them.

use crate::frame::Content;
use crate::microsoft::package::{self, FileLabel};
use crate::microsoft::state::actor::Actors;
use crate::microsoft::state::item::StoredLabel;
use crate::microsoft::state::transient::{LabelJob, Place};
use crate::microsoft::wire::Failure;
use crate::microsoft::world::World;

/// The label as it is stored. It lags behind the content until the switch's time has passed, or until somebody
/// extracts it.
pub(crate) fn stored(world: &World<'_>, place: Place) -> Option<StoredLabel> {
    let item = world.item(place).ok()?;
    let noted = item.rarely(|rare| rare.stored_label.clone());
    let current = noted.as_ref().is_some_and(|noted| noted.blob == item.blob);
    let lag = i64::from(world.switches.stored_label_lag_seconds) * 1000;
    let since = item.rarely(|rare| rare.uploaded).unwrap_or(item.created);
    if current || world.millis() < since.saturating_add(lag) {
        return noted;
    }
    parse(world, place)
}

/// The label that is in the stored bytes.
pub(crate) fn parse(world: &World<'_>, place: Place) -> Option<StoredLabel> {
    let item = world.item(place).ok()?;
    let blob = item.blob;
    let bytes = world.blob(place).ok()?.bytes();
    let tenant = world.state.tenant_id;
    let found = package::labels(&bytes);
    // Of several, that of the own tenant counts.
    let label = found
        .iter()
        .find(|label| label.tenant == Some(tenant))
        .or(found.first());
    Some(StoredLabel {
        label: label.map(|label| label.id),
        method: label.map_or_else(|| "standard".to_owned(), |label| label.method.clone()),
        tenant: label.and_then(|label| label.tenant),
        blob,
    })
}

/// Reads the label and stores it, when what is stored is not of this content.
pub(crate) fn notice(world: &mut World<'_>, place: Place) -> Result<StoredLabel, Failure> {
    let item = world.item(place)?;
    let noted = item.rarely(|rare| rare.stored_label.clone());
    if let Some(noted) = noted.filter(|noted| noted.blob == item.blob) {
        return Ok(noted);
    }
    let stored = parse(world, place).ok_or_else(Failure::item_not_found)?;
    note(world, place, stored.clone());
    Ok(stored)
}

/// Does an accepted assignment: a new version by the service, with the label in it.
pub(crate) fn assign(world: &mut World<'_>, job: &LabelJob) -> Result<(), Failure> {
    if world.item(job.place)?.lock_at(world.millis()).is_some() {
        return Err(Failure::locked());
    }
    let bytes = world.blob(job.place)?.bytes();
    let label = job.label.map(|id| FileLabel {
        id,
        tenant: Some(world.state.tenant_id),
        method: job.method.clone(),
    });
    let failed = || Failure::invalid_request("The file cannot be labelled.");
    let written = package::with_label(&bytes, label.as_ref()).ok_or_else(failed)?;
    let blob = world.keep(Content::new(written))?;
    world.replace(job.place, blob, Actors::SYSTEM)?;
    note(
        world,
        job.place,
        StoredLabel {
            label: job.label,
            method: job.method.clone(),
            tenant: Some(world.state.tenant_id),
            blob: Some(blob),
        },
    );
    Ok(())
}

fn note(world: &mut World<'_>, place: Place, stored: StoredLabel) {
    if let Some(drive) = world.state.drive_mut(place.drive) {
        drive
            .tree
            .change_quietly(place.item, |item| item.rare().stored_label = Some(stored));
    }
}
