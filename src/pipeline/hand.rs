//! What a person asks for by hand: a label set, removed, or the writes of a run taken back. It becomes actions of a run of its
//! own, which are carried out by the one path of [`apply`](super::apply) with the same rules, cap and ledger as a policy's.

use chrono::{DateTime, Utc};
use labeld_connector::{Change, ErrorKind, FileRef};
use uuid::Uuid;

use super::apply::{self, Acted};
use super::govern::Governance;
use super::poll::app_id;
use super::{App, StageError, Work};
use crate::model::inventory::{FileId, FileRecord};
use crate::model::policy::Override;
use crate::model::{Reason, TenantName};
use crate::store::actions::{
    self, ActionId, ActionRunId, AskedBy, NewAction, Proposed, RunKind, Verb,
};
use crate::store::apps::AppId;
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, Tx, files};

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The label; `None` where the present one is to be removed.
    pub label: Option<Uuid>,
    /// Whose label it is: the tenant's Entra id.
    pub site: Uuid,
    /// Which labels may be replaced.
    pub overrides: Override,
    /// Whether a lower label may be applied.
    pub allow_downgrade: bool,
    /// Who asks, as the system knows them.
    pub by: String,
}

/// What became of asking for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is an action.
    Action {
        /// It.
        action: ActionId,
        /// The file.
        file: FileId,
    },
    /// Another write to the file is on its way; nothing was asked.
    Busy {
        /// The file.
        file: FileId,
    },
    /// The file is not there, or the app did not answer.
    Because(Reason),
}

/// Begins a run by hand.
///
/// # Errors
///
/// Those of the store.
pub async fn begin(work: &Work, by: &str) -> Result<ActionRunId, StoreError> {
    let tx = work.db.begin().await?;
    let run = actions::begin_run(&tx, RunKind::Hand, Some(by), None, work.clock.now()).await?;
    tx.commit().await?;
    Ok(run)
}

/// Asks for a file. One that the inventory does not know is looked up in its app first.
///
/// # Errors
///
/// Those of the store.
pub async fn ask(
    work: &Work,
    app: &App,
    wanted: &Wanted,
    run: ActionRunId,
    file: &FileRef,
) -> Result<Asked, StageError> {
    let app_id = app_id(&work.db, app).await?;
    let record = match known(work, app_id, file).await? {
        Some(record) => record,
        None => match look_up(work, app, app_id, file).await? {
            Ok(record) => record,
            Err(reason) => return Ok(Asked::Because(reason)),
        },
    };
    let now = work.clock.now();
    let action = NewAction {
        tenant: app.tenant.clone(),
        app: app_id,
        file: record.id,
        verb: match wanted.label {
            Some(_) => Verb::Apply,
            None => Verb::Remove,
        },
        site: wanted.site,
        label: wanted.label,
        asked_by: AskedBy::Person {
            name: wanted.by.clone(),
            overrides: wanted.overrides,
            allow_downgrade: wanted.allow_downgrade,
        },
        run: Some(run),
        undoes: None,
        file_version: record.version.clone(),
        rank: FIRST,
    };
    let tx = work.db.begin().await?;
    let asked = match actions::propose(&tx, &action, now).await? {
        Proposed::Made(action) | Proposed::Kept(action) | Proposed::Replaced(action) => {
            Asked::Action {
                action,
                file: record.id,
            }
        }
        Proposed::Busy => Asked::Busy { file: record.id },
    };
    if let Asked::Action { action: id, .. } = asked {
        note(&tx, &app.tenant, &action, id, run, now).await?;
    }
    tx.commit().await?;
    Ok(asked)
}

/// Before whatever policies want.
const FIRST: i64 = 0;

async fn known(work: &Work, app: AppId, file: &FileRef) -> Result<Option<FileRecord>, StoreError> {
    let found = files::find(&work.db, app, file).await?;
    Ok(found.filter(|record| record.removed.is_none()))
}

/// Takes a file into the inventory; the reason why it cannot be.
async fn look_up(
    work: &Work,
    app: &App,
    app_id: AppId,
    file: &FileRef,
) -> Result<Result<FileRecord, Reason>, StageError> {
    let meta = match app.connector.stat(file).await {
        Ok(meta) => meta,
        Err(error) => {
            return Ok(Err(match error.kind() {
                ErrorKind::NotFound => Reason::FileDeleted,
                ErrorKind::Denied => Reason::AccessDenied,
                ErrorKind::Throttled => Reason::FetchThrottled,
                ErrorKind::Unauthenticated => return Err(error.into()),
                _ => Reason::FetchFailed,
            }));
        }
    };
    let named = meta.file.clone();
    let tx = work.db.begin().await?;
    files::apply_changes(&tx, app_id, &[Change::Upserted(meta)], work.clock.now()).await?;
    tx.commit().await?;
    Ok(known(work, app_id, &named)
        .await?
        .ok_or(Reason::FileDeleted))
}

async fn note(
    tx: &Tx,
    tenant: &TenantName,
    action: &NewAction,
    id: ActionId,
    run: ActionRunId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let AskedBy::Person {
        name,
        overrides,
        allow_downgrade,
    } = &action.asked_by
    else {
        return Ok(());
    };
    let entry = Entry {
        kind: "action.asked",
        tenant: Some(tenant),
        document: serde_json::json!({
            "action": id.0,
            "run": run.0,
            "by": name,
            "verb": action.verb.as_str(),
            "file": action.file.0,
            "version": action.file_version.0,
            "label": action.label,
            "override": overrides,
            "allow_downgrade": allow_downgrade,
        }),
    };
    audit::append(tx, &entry, now).await
}

/// How many actions are carried out before the store is asked for the next ones.
const BATCH: u32 = 100;

/// Carries out the run's actions in an app as far as that is possible now. What waits for the cap, for a lock or for the
/// service's answer goes on waiting. `told` hears of each that was looked at.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease.
pub async fn carry_out(
    work: &Work,
    app: &App,
    governance: &Governance,
    run: ActionRunId,
    told: &mut (dyn FnMut(&Acted) + Send),
) -> Result<(), StageError> {
    loop {
        let acted = apply::act(work, app, governance, run, BATCH).await?;
        told(&acted);
        if acted.ended.is_empty() {
            return Ok(());
        }
    }
}
