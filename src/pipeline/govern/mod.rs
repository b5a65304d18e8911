//! Deciding: the policies over what is stored of the files, and what is to be written by them.
//!
//! Whatever makes something about a file new leaves a row in the store (`decision_job`) in the same transaction. A decision
//! looks at stored facts only and is stored with the end of that row: which policies match, the write that is wanted or no
//! longer wanted, alerts, and the audit entry. Nothing is fetched and nothing is written here; that is `pipeline::apply`.

mod again;
mod decide;
mod explain;
mod governance;
mod governor;
mod limits;
mod stamp;
mod switching;

use std::ops::AddAssign;

use chrono::{DateTime, Utc};
use labeld_connector::OwnerDetails;

pub(super) use self::decide::look;
pub use self::explain::{About, Explanation, explain};
pub use self::governance::{AppRules, Governance, TenantRules};
pub use self::governor::{Governor, Round, govern_task};
pub use self::switching::{SwitchError, SwitchWish, Switched, switch};
use super::poll::app_id;
use super::{App, MOST_CONFLICTS, StageError, Work, verdict};
use crate::model::inventory::FileRecord;
use crate::model::{AppName, TenantName};
use crate::policy::facts::{Facts, LedgerFact};
use crate::store::apps::AppId;
use crate::store::policies::{self, PolicyChanges};
use crate::store::{Db, StoreError, decisions};
use crate::telemetry;

/// What decisions came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecidedFiles {
    /// Files that were decided.
    pub files: u64,
    /// Writes that are wanted since.
    pub proposed: u64,
    /// Writes that are no longer wanted.
    pub withdrawn: u64,
    /// Alerts that were raised.
    pub alerts: u64,
}

impl AddAssign for DecidedFiles {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.proposed += other.proposed;
        self.withdrawn += other.withdrawn;
        self.alerts += other.alerts;
    }
}

/// Everything that a decision about a file looks at. Who a file is shared with no listing tells, so that it is not known.
#[must_use]
pub fn facts_for(
    record: &FileRecord,
    app: &App,
    owner_details: Option<OwnerDetails>,
    ledger: Option<LedgerFact>,
) -> Facts {
    facts_of(record, &app.kind, owner_details, ledger)
}

/// An app, as far as decisions about its files ask: they need no connection to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decided<'a> {
    pub(super) tenant: &'a TenantName,
    pub(super) name: &'a AppName,
    pub(super) kind: &'a str,
    pub(super) id: AppId,
}

impl<'a> Decided<'a> {
    pub(super) fn of(app: &'a App, id: AppId) -> Self {
        Self {
            tenant: &app.tenant,
            name: &app.name,
            kind: &app.kind,
            id,
        }
    }
}

/// [`facts_for`] where the app is known by its kind only.
fn facts_of(
    record: &FileRecord,
    app_kind: &str,
    owner_details: Option<OwnerDetails>,
    ledger: Option<LedgerFact>,
) -> Facts {
    let readable = verdict::is_readable_type(&record.name);
    Facts {
        owner_details,
        ledger,
        ..Facts::of_record(record, app_kind, readable)
    }
}

/// Takes the policies of a configuration over, before anything is decided by them.
///
/// # Errors
///
/// Those of the store.
pub async fn take_over(work: &Work, rules: &TenantRules) -> Result<PolicyChanges, StoreError> {
    take_over_at(&work.db, rules, work.clock.now()).await
}

async fn take_over_at(
    db: &Db,
    rules: &TenantRules,
    now: DateTime<Utc>,
) -> Result<PolicyChanges, StoreError> {
    let mut conflicts = 0;
    loop {
        let tx = db.begin().await?;
        let taken = policies::take_over(&tx, &rules.tenant, &rules.configured(), now).await;
        let done = match taken {
            Ok(changes) => tx.commit().await.map(|()| changes),
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.is_conflict() && conflicts < MOST_CONFLICTS => conflicts += 1,
            done => return done,
        }
    }
}

/// Decides the app's files that wait, until none is left.
///
/// # Errors
///
/// What the store says, or the stop. What was decided up to then is stored.
pub async fn decide_waiting(
    work: &Work,
    app: &App,
    governance: &Governance,
) -> Result<DecidedFiles, StageError> {
    let id = app_id(&work.db, app).await?;
    decide_waiting_of(work, Decided::of(app, id), governance).await
}

async fn decide_waiting_of(
    work: &Work,
    app: Decided<'_>,
    governance: &Governance,
) -> Result<DecidedFiles, StageError> {
    let mut total = DecidedFiles::default();
    let mut conflicts = 0;
    // A transaction for nothing would hold up others.
    while decisions::waiting(&work.db, app.id).await? {
        if work.stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        match decide::decide_batch(work, app, governance).await {
            Err(StageError::Store(error)) if error.is_conflict() && conflicts < MOST_CONFLICTS => {
                conflicts += 1;
            }
            Err(error) => return Err(error),
            Ok(decided) => {
                total += decided;
                conflicts = 0;
            }
        }
    }
    if total.files > 0 {
        telemetry::FilesDecided {
            tenant: app.tenant,
            app: app.name,
            files: total.files,
            proposed: total.proposed,
            withdrawn: total.withdrawn,
        }
        .emit();
    }
    Ok(total)
}
