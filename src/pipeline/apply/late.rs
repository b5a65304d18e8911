//! Writes that count as not landed, and whose label stands on the file all the same: the service did later what it had left
//! unanswered.

use serde_json::Value as Json;
use uuid::Uuid;

use super::acting::Acting;
use crate::clock::Clock;
use crate::model::cap::CapDay;
use crate::model::inventory::{FileFacts, FileId, FileLabel};
use crate::pipeline::StageError;
use crate::policy::facts::LedgerFact;
use crate::store::actions::Verb;
use crate::store::cap::{self, CapKey};
use crate::store::ledger::{self, AttemptState, LedgerRow};
use crate::store::{StoreError, Tx, actions};

/// Turns rows that count as not landed into applied ones, where what was read of their files shows their write. In the
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
    let mut landed = 0;
    for row in shown(tx, read).await? {
        landed += u64::from(land(tx, &row, clock).await?);
    }
    Ok(landed)
}

/// Rows that do not count as landed, and whose write is on the file.
async fn shown(tx: &Tx, read: &[(FileId, FileFacts)]) -> Result<Vec<LedgerRow>, StoreError> {
    let labelled = read.iter().filter(|(_, facts)| !facts.labels.is_empty());
    let files: Vec<FileId> = labelled.map(|(file, _)| *file).collect();
    let mut rows = ledger::not_landed(tx, &files).await?;
    if rows.is_empty() {
        return Ok(rows);
    }
    let newest = ledger::newest_applied(tx, &files).await?;
    rows.retain(|row| {
        let facts = read.iter().find(|(file, _)| *file == row.file);
        facts.is_some_and(|(_, facts)| is_on(facts, row, newest.get(&row.file)))
    });
    Ok(rows)
}

/// Whether the file shows the write: its ActionId, or, where the place of the label stores none (LabelInfo), its GUID and
/// Method (rules §1) on another version than the one that it was to replace, and no later write explains them.
fn is_on(facts: &FileFacts, row: &LedgerRow, newest: Option<&LedgerFact>) -> bool {
    let may_be_on_its_way =
        row.state == AttemptState::Failed && row.sent_at.is_some() && row.verb == Verb::Apply;
    let is_explained =
        newest.is_some_and(|fact| Some(fact.label) == row.label && is_same(row, &fact.method));
    facts.labels.iter().any(|label| match action_id(label) {
        Some(id) => id == row.id,
        None => {
            may_be_on_its_way
                && !is_explained
                && label.effective
                && facts.version != row.version_before
                && Some(label.id) == row.label
                && text(label, "method").is_some_and(|method| is_same(row, method))
        }
    })
}

fn is_same(row: &LedgerRow, method: &str) -> bool {
    let written = row.method.as_deref();
    written.is_some_and(|written| written.eq_ignore_ascii_case(method))
}

/// The id of the labelling action that put a label there, where its place stores one.
fn action_id(label: &FileLabel) -> Option<Uuid> {
    Uuid::try_parse(text(label, "action_id")?).ok()
}

fn text<'l>(label: &'l FileLabel, key: &str) -> Option<&'l str> {
    label.document.get(key).and_then(Json::as_str)
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
    let rows = ledger::not_landed(&acting.work.db, &[file]).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let tx = acting.work.db.begin().await?;
    let read = [(file, facts.clone())];
    let landed = land_late(&tx, &read, &*acting.work.clock).await?;
    tx.commit().await?;
    Ok(landed > 0)
}
