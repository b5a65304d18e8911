//! Settling: what became of a write whose outcome was lost (product §3). It has landed where the file is what was sent, or the
//! label parts are, or the ActionId is ours, or the service shows the label that it was to assign; it has not where the
//! version before is unchanged; otherwise nobody can tell, and the cap counts it.

use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::{Change, ErrorKind, FileMeta, FileRef, ReadOptions as FetchOptions};
use labeld_formats::write::label_parts;

use super::acting::Acting;
use super::assign::shows;
use super::look::read_whole;
use super::record::{self, Landing};
use super::rehearse::{digest, parts_json};
use super::verify::{Expected, Verified, verify};
use super::{Settled, audited, send};
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::cap::CapDay;
use crate::model::inventory::FileFacts;
use crate::model::policy::Route;
use crate::pipeline::file_facts::file_facts;
use crate::pipeline::{StageError, error_chain, verdict};
use crate::store::actions::{self, ActionState, Verb};
use crate::store::ledger::{self, AttemptState, LedgerRow, Unsettled};
use crate::store::{cap, files};

/// How long a service may take to assign a label that it has accepted.
const ASSIGNING_TAKES: TimeDelta = TimeDelta::hours(1);

/// What was found out about a write.
enum Finding {
    /// It has landed; `is_as_left`: and nobody has changed the file since.
    Landed {
        meta: Option<Box<FileMeta>>,
        facts: Option<Box<FileFacts>>,
        is_as_left: bool,
    },
    /// It has not.
    NotLanded(&'static str),
    /// Nobody can tell.
    Lost(Option<Box<FileMeta>>, Option<Box<FileFacts>>),
    /// The file is gone.
    Gone,
    /// Not yet: the app did not answer, or the service is still at it.
    Later(String),
}

pub(super) async fn settle_all(acting: &Acting<'_>) -> Result<Settled, StageError> {
    let mut settled = Settled::default();
    for unsettled in ledger::unsettled(&acting.work.db, acting.app_id).await? {
        if acting.work.stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        if is_held(acting, &unsettled) {
            continue;
        }
        let now = acting.now();
        let due = due(acting, &unsettled);
        if due > now {
            settled.look_again_at(due);
            continue;
        }
        settle_one(acting, &unsettled.row, &mut settled).await?;
    }
    Ok(settled)
}

impl Settled {
    fn look_again_at(&mut self, due: DateTime<Utc>) {
        self.next_due = Some(self.next_due.map_or(due, |before| before.min(due)));
    }
}

/// Whether somebody is at it. A living worker's rows are its own, but for those that this process has left behind.
fn is_held(acting: &Acting<'_>, unsettled: &Unsettled) -> bool {
    let work = acting.work;
    let is_ours = unsettled.row.worker == Some(work.worker);
    unsettled.worker_lives && (!is_ours || work.actions_in_hand.has(unsettled.row.action))
}

/// What was sent may be landing for a while, also after whoever sent it is gone.
fn due(acting: &Acting<'_>, unsettled: &Unsettled) -> DateTime<Utc> {
    match unsettled.row.sent_at {
        None => DateTime::<Utc>::MIN_UTC,
        Some(sent) => {
            let since = unsettled.worker_ended.map_or(sent, |ended| ended.max(sent));
            since + acting.governance.rules.settle_after
        }
    }
}

async fn settle_one(
    acting: &Acting<'_>,
    row: &LedgerRow,
    settled: &mut Settled,
) -> Result<(), StageError> {
    let in_hand = &acting.work.actions_in_hand;
    let _in_hand = {
        let _claiming = in_hand.claiming().await;
        if in_hand.has(row.action) {
            // Another part of this process was quicker.
            return Ok(());
        }
        in_hand.take(row.action)
    };
    let tx = acting.work.db.begin().await?;
    if !ledger::take_over(&tx, row, acting.work.worker).await? {
        return Ok(());
    }
    tx.commit().await?;
    crash_points::pass(CrashPoint::DuringSettle);
    let finding = match (row.sent_at, row.route) {
        (None, _) => Finding::NotLanded("it was never sent"),
        (Some(_), Route::File) => find_out(acting, row).await?,
        (Some(sent), Route::Service) => find_assigned(acting, row, sent).await?,
    };
    match finding {
        Finding::NotLanded(why) => {
            not_landed(acting, row, why).await?;
            settled.failed += 1;
        }
        Finding::Landed {
            meta,
            facts,
            is_as_left,
        } => {
            landed(acting, row, meta.as_deref(), facts, is_as_left).await?;
            settled.landed += 1;
        }
        Finding::Lost(meta, facts) => {
            let reason = Reason::WriteUnknown;
            lost(acting, row, reason, meta.as_deref(), facts.as_deref()).await?;
            settled.lost += 1;
        }
        Finding::Gone => {
            lost(acting, row, Reason::FileDeleted, None, None).await?;
            settled.lost += 1;
        }
        Finding::Later(detail) => {
            let tx = acting.work.db.begin().await?;
            ledger::leave_unknown(&tx, row.id, acting.work.worker, Some(&detail)).await?;
            tx.commit().await?;
            settled.look_again_at(acting.now() + acting.governance.rules.settle_after);
        }
    }
    Ok(())
}

async fn file_of(acting: &Acting<'_>, row: &LedgerRow) -> Result<Option<FileRef>, StageError> {
    let record = files::get(&acting.work.db, row.file).await?;
    Ok(record.map(|record| record.file))
}

/// What the app says of a file: of one that is gone, or does not show itself, the finding.
async fn present(
    acting: &Acting<'_>,
    row: &LedgerRow,
) -> Result<Result<FileMeta, Finding>, StageError> {
    let Some(file) = file_of(acting, row).await? else {
        return Ok(Err(Finding::Gone));
    };
    Ok(match acting.app.connector.stat(&file).await {
        Ok(meta) => Ok(meta),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Finding::Gone),
        Err(error) => Err(Finding::Later(error_chain(&error))),
    })
}

async fn find_out(acting: &Acting<'_>, row: &LedgerRow) -> Result<Finding, StageError> {
    let meta = match present(acting, row).await? {
        Ok(meta) => meta,
        Err(finding) => return Ok(finding),
    };
    if meta.version == row.version_before {
        return Ok(Finding::NotLanded("the file is as it was before"));
    }
    // Memory for the whole file, as for a write.
    let _memory = acting.work.budget.reserve(meta.size).await;
    let fetch = FetchOptions {
        range: None,
        if_match: Some(meta.version.clone()),
    };
    let bytes = match acting.app.connector.read(&meta.file, fetch).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Finding::Gone),
        Err(error) => return Ok(Finding::Later(error_chain(&error))),
    };
    let is_as_left = row.sent_digest == Some(digest(&bytes));
    let parts = label_parts(&bytes, acting.limits()).ok();
    let cost = (bytes.len() as u64, 1);
    let reading = read_whole(acting, row.file, bytes).await;
    let has_action_id = reading.as_ref().is_some_and(|reading| {
        let mut ids = reading
            .labels
            .iter()
            .filter_map(|label| label.action_id.as_deref());
        ids.any(|id| uuid::Uuid::try_parse(id).is_ok_and(|id| id == row.id))
    });
    let facts = reading.map(|reading| {
        let verdict = verdict::of_reading(&meta.name, &reading, acting.app.size_limit);
        let version = meta.version.clone();
        Box::new(file_facts(
            version,
            verdict,
            Some(reading),
            cost,
            acting.now(),
        ))
    });
    let same_parts =
        row.part_digests.is_some() && parts.map(|parts| parts_json(&parts)) == row.part_digests;
    let has_action_id = row.verb == Verb::Apply && has_action_id;
    if is_as_left || same_parts || has_action_id {
        return Ok(Finding::Landed {
            meta: Some(Box::new(meta)),
            facts,
            is_as_left,
        });
    }
    Ok(Finding::Lost(Some(Box::new(meta)), facts))
}

async fn find_assigned(
    acting: &Acting<'_>,
    row: &LedgerRow,
    sent: DateTime<Utc>,
) -> Result<Finding, StageError> {
    let mut meta = match present(acting, row).await? {
        Ok(meta) => meta,
        Err(finding) => return Ok(finding),
    };
    let shown = match (acting.app.connector.native_labels(), row.label) {
        (Some(native), Some(label)) => shows(native, &meta.file, label).await,
        _ => None,
    };
    let is_over = sent + ASSIGNING_TAKES <= acting.now();
    Ok(match shown {
        Some(true) => {
            let facts = match verify(acting, row.file, &mut meta, &Expected::Anything).await {
                Verified::AsWanted(facts) | Verified::Otherwise(facts) => Some(facts),
                Verified::NotRead => None,
            };
            Finding::Landed {
                meta: Some(Box::new(meta)),
                facts,
                is_as_left: true,
            }
        }
        Some(false) if is_over => Finding::NotLanded("the service has not assigned the label"),
        Some(false) => Finding::Later("the service does not show the label yet".to_owned()),
        None => Finding::Later("the service cannot tell just now".to_owned()),
    })
}

async fn not_landed(acting: &Acting<'_>, row: &LedgerRow, why: &str) -> Result<(), StageError> {
    let (worker, now) = (acting.work.worker, acting.now());
    let tx = acting.work.db.begin().await?;
    let why = (Reason::WriteUnknown, Some(why));
    let whose = (row.id, worker);
    if !ledger::fail(&tx, whose, AttemptState::Failed, why, false, now).await? {
        return Ok(());
    }
    if let Some(day) = row.slot_day {
        cap::give_back(&tx, acting.cap_key(), day).await?;
    }
    actions::due_now(&tx, row.action, now).await?;
    audited::ended(&tx, acting, row.id, Some(Reason::WriteUnknown)).await?;
    crash_points::pass(CrashPoint::BeforeOutcomeCommit);
    tx.commit().await?;
    crash_points::pass(CrashPoint::AfterOutcomeCommit);
    Ok(())
}

async fn landed(
    acting: &Acting<'_>,
    row: &LedgerRow,
    meta: Option<&FileMeta>,
    facts: Option<Box<FileFacts>>,
    is_as_left: bool,
) -> Result<(), StageError> {
    let verified = facts.map_or(Verified::NotRead, Verified::AsWanted);
    let landing = Landing {
        id: row.id,
        action: row.action,
        file: row.file,
        verb: row.verb,
        slot: row.slot_day,
        over_midnight: was_over_midnight(acting, row),
        meta,
        is_as_left,
        verified: &verified,
        holds_action: false,
    };
    record::landed(acting, &landing).await?;
    Ok(())
}

/// It landed before it was looked at, and not long after it was sent.
fn was_over_midnight(acting: &Acting<'_>, row: &LedgerRow) -> bool {
    let (Some(day), Some(sent)) = (row.slot_day, row.sent_at) else {
        return false;
    };
    let latest = CapDay::of(sent + acting.governance.rules.settle_after);
    day < latest && day < send::today(acting)
}

async fn lost(
    acting: &Acting<'_>,
    row: &LedgerRow,
    reason: Reason,
    meta: Option<&FileMeta>,
    facts: Option<&FileFacts>,
) -> Result<(), StageError> {
    let (worker, now) = (acting.work.worker, acting.now());
    let tx = acting.work.db.begin().await?;
    match meta {
        Some(meta) => record::take_over(&tx, acting, row.file, meta, facts).await?,
        None => {
            if let Some(record) = files::get(&tx, row.file).await? {
                let change = Change::Removed(record.file);
                files::apply_changes(&tx, acting.app_id, &[change], now).await?;
            }
        }
    }
    let whose = (row.id, worker);
    if !ledger::fail(&tx, whose, AttemptState::Lost, (reason, None), true, now).await? {
        return Ok(());
    }
    record::end_action(
        &tx,
        acting,
        row.action,
        false,
        ActionState::Refused,
        Some(reason),
    )
    .await?;
    audited::ended(&tx, acting, row.id, Some(reason)).await?;
    crash_points::pass(CrashPoint::BeforeOutcomeCommit);
    tx.commit().await?;
    crash_points::pass(CrashPoint::AfterOutcomeCommit);
    tracing::warn!(
        app = %acting.app.name,
        "nobody can tell what became of a write to file {}: {reason}",
        row.file.0,
    );
    Ok(())
}
