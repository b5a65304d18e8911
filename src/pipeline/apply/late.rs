//! Writes that count as not landed, and whose ActionId stands on the file all the same: the service did later what it had
//! left unanswered.

use uuid::Uuid;

use super::acting::Acting;
use crate::clock::Clock;
use crate::model::cap::CapDay;
use crate::model::inventory::{FileFacts, FileId};
use crate::pipeline::StageError;
use crate::store::cap::{self, CapKey};
use crate::store::ledger::{self, AttemptState, LedgerRow};
use crate::store::{StoreError, Tx, actions};

/// Turns rows that count as not landed into applied ones, where what was read of their files shows their ActionId. In the
/// transaction that stores what was read; how many there were.
///
/// # Errors
///
/// Those of the store.
pub(in crate::pipeline) async fn land_late(
    tx: &Tx,
    read: &[(FileId, FileFacts)],
    clock: &dyn Clock,
) -> Result<u64, StoreError> {
    let with_action = read
        .iter()
        .filter(|(_, facts)| !action_ids(facts).is_empty());
    let files: Vec<FileId> = with_action.map(|(file, _)| *file).collect();
    let mut landed = 0;
    for row in ledger::not_landed(tx, &files).await? {
        let facts = read.iter().find(|(file, _)| *file == row.file);
        if facts.is_some_and(|(_, facts)| action_ids(facts).contains(&row.id)) {
            landed += u64::from(land(tx, &row, clock).await?);
        }
    }
    Ok(landed)
}

/// Ids of labelling actions on a file.
fn action_ids(facts: &FileFacts) -> Vec<Uuid> {
    let ids = facts.labels.iter().filter_map(|label| {
        let id = label.document.get("action_id")?.as_str()?;
        Uuid::try_parse(id).ok()
    });
    ids.collect()
}

/// The cap counts it on the date whose place it had, or was sent on.
async fn land(tx: &Tx, row: &LedgerRow, clock: &dyn Clock) -> Result<bool, StoreError> {
    let now = clock.now();
    let key = CapKey {
        tenant: &row.tenant,
        app_kind: &row.app_kind,
    };
    let day = row
        .slot_day
        .unwrap_or_else(|| CapDay::of(row.sent_at.unwrap_or(now)));
    if !ledger::land_late(tx, row, Some(day), now).await? {
        return Ok(false);
    }
    match (row.slot_day, row.state) {
        (Some(_), AttemptState::Lost) => cap::land(tx, key, day, false).await?,
        // Its effect was counted when it was covered.
        (Some(_), _) => {}
        (None, _) => cap::land_without_place(tx, key, day).await?,
    }
    actions::end_landed(tx, row.action, now).await?;
    Ok(true)
}

/// [`land_late`] for a file that is about to be written; whether there were any.
pub(super) async fn land_on(
    acting: &Acting<'_>,
    file: FileId,
    facts: &FileFacts,
) -> Result<bool, StageError> {
    let ids = action_ids(facts);
    let rows = ledger::not_landed(&acting.work.db, &[file]).await?;
    if !rows.iter().any(|row| ids.contains(&row.id)) {
        return Ok(false);
    }
    let tx = acting.work.db.begin().await?;
    let read = [(file, facts.clone())];
    let landed = land_late(&tx, &read, &*acting.work.clock).await?;
    tx.commit().await?;
    Ok(landed > 0)
}
