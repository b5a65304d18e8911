//! `labeld undo`: what a run has written is taken back, each file by an action of its own (rules §4, U1 and U2).

use std::collections::HashSet;

use crate::model::inventory::FileId;
use crate::model::policy::Override;
use crate::pipeline::Work;
use crate::store::actions::{
    self, ActionId, ActionRunId, AskedBy, NewAction, Proposed, RunKind, Verb,
};
use crate::store::apps::AppId;
use crate::store::ledger::{self, AttemptState, LedgerRow};
use crate::store::{StoreError, files};

/// What taking back a run will do; [`act`](super::act) does it, with the run that is named here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedUndo {
    /// The undoing itself, as a run.
    pub run: ActionRunId,
    /// The apps with files in it.
    pub apps: Vec<AppId>,
    /// Files whose state before will be put back.
    pub planned: Vec<(FileId, ActionId)>,
    /// Files of which it was taken back before.
    pub taken_back: Vec<FileId>,
    /// Files that another action is open for; it has to end first.
    pub busy: Vec<FileId>,
    /// Files that the run has written to more than once: this takes back the last write, and a second undoing the one before.
    pub more_than_once: Vec<FileId>,
}

/// Proposes to take back what a run has written, the newest write of each file first. Undoing costs no slot.
///
/// # Errors
///
/// Those of the store.
pub async fn plan_undo(work: &Work, run: ActionRunId, by: &str) -> Result<PlannedUndo, StoreError> {
    let now = work.clock.now();
    let rows = ledger::of_run(&work.db, run).await?;
    let written = rows.into_iter().rev().filter(|row| {
        row.state == AttemptState::Applied && matches!(row.verb, Verb::Apply | Verb::Remove)
    });
    let tx = work.db.begin().await?;
    let mut plan = PlannedUndo {
        run: actions::begin_run(&tx, RunKind::Undo, Some(by), Some(run), now).await?,
        apps: Vec::new(),
        planned: Vec::new(),
        taken_back: Vec::new(),
        busy: Vec::new(),
        more_than_once: Vec::new(),
    };
    let mut seen = HashSet::new();
    for row in written {
        if ledger::undone_by(&tx, row.id).await?.is_some() {
            plan.taken_back.push(row.file);
            continue;
        }
        if !seen.insert(row.file) {
            plan.more_than_once.push(row.file);
            continue;
        }
        let wanted = restoring(&row, plan.run, by, &tx).await?;
        match actions::propose(&tx, &wanted, now).await? {
            Proposed::Made(id) | Proposed::Kept(id) | Proposed::Replaced(id) => {
                plan.planned.push((row.file, id));
            }
            Proposed::Busy => plan.busy.push(row.file),
        }
        if !plan.apps.contains(&row.app) {
            plan.apps.push(row.app);
        }
    }
    tx.commit().await?;
    Ok(plan)
}

async fn restoring(
    row: &LedgerRow,
    run: ActionRunId,
    by: &str,
    tx: &crate::store::Tx,
) -> Result<NewAction, StoreError> {
    let present = files::get(tx, row.file).await?.map(|record| record.version);
    Ok(NewAction {
        tenant: row.tenant.clone(),
        app: row.app,
        file: row.file,
        verb: Verb::Restore,
        site: row.site,
        label: None,
        asked_by: AskedBy::Person {
            name: by.to_owned(),
            // An undo follows no options (U1).
            overrides: Override::None,
            allow_downgrade: false,
        },
        run: Some(run),
        undoes: Some(row.id),
        file_version: present.unwrap_or_else(|| row.version_before.clone()),
        rank: 0,
    })
}
