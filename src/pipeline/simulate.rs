//! The policies over the whole inventory, by what is stored of each file: nothing is fetched, and nothing is written.

mod compare;
mod outcomes;
mod rehearse;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

pub use self::compare::{Changed, Comparison, FileVerdict, compare};
pub use self::outcomes::{Outcome, Sampled, Simulation, What, simulate};
pub use self::rehearse::{Rehearsal, Rehearsing};
use super::govern::Governance;
use super::verdict;
use crate::model::inventory::FileId;
use crate::model::{AppName, TenantName};
use crate::policy::facts::{Facts, LedgerFact};
use crate::policy::{Decision, Policies, TenantLabels, evaluate_untraced};
use crate::store::files::{Survey, Surveyed};
use crate::store::{Db, StoreError, ledger};

/// The rules of several tenants.
#[derive(Debug, Clone)]
pub struct Rulebook {
    tenants: HashMap<TenantName, Governance>,
    now: DateTime<Utc>,
}

impl Rulebook {
    /// With `now` as the time that the policies see.
    #[must_use]
    pub fn new(tenants: impl IntoIterator<Item = Governance>, now: DateTime<Utc>) -> Self {
        Self {
            tenants: tenants
                .into_iter()
                .map(|one| (one.rules.tenant.clone(), one))
                .collect(),
            now,
        }
    }

    /// The tenants' rules.
    pub fn tenants(&self) -> impl Iterator<Item = &Governance> {
        self.tenants.values()
    }

    /// A tenant's labels.
    #[must_use]
    pub fn labels(&self, tenant: &TenantName) -> Option<&TenantLabels> {
        let governance = self.tenants.get(tenant)?;
        Some(governance.policies.labels())
    }

    /// What the policies say to a file; `None` for one of an app that is not configured.
    fn decide(&self, file: &SurveyedFile) -> Option<Decided<'_>> {
        let record = &file.surveyed.record;
        let governance = self.tenants.get(&record.tenant)?;
        let app = governance.rules.apps.get(&record.app)?;
        let readable = verdict::is_readable_type(&record.name);
        let facts = Facts {
            owner_details: file.surveyed.owner_details.clone(),
            ledger: file.ledger.clone(),
            ..Facts::of_record(record, &app.kind, readable)
        };
        Some(Decided {
            policies: &governance.policies,
            app_kind: &app.kind,
            decision: evaluate_untraced(&governance.policies, &facts, self.now),
        })
    }
}

/// What the policies say to a file.
struct Decided<'a> {
    policies: &'a Policies,
    app_kind: &'a str,
    decision: Decision,
}

/// Which files are looked at; what is `None` is no bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Within {
    /// Those of this tenant.
    pub tenant: Option<TenantName>,
    /// Those of this app.
    pub app: Option<AppName>,
}

impl Within {
    fn has(&self, file: &Surveyed) -> bool {
        let record = &file.record;
        self.tenant.as_ref().is_none_or(|one| *one == record.tenant)
            && self.app.as_ref().is_none_or(|one| *one == record.app)
    }
}

/// A file with all that policies ask about it.
struct SurveyedFile {
    surveyed: Surveyed,
    ledger: Option<LedgerFact>,
}

/// What is gathered while the inventory is walked through, by several tasks side by side.
trait Tally: Send + Sync + Sized + 'static {
    fn take(&mut self, file: &SurveyedFile);
}

/// Walks through the inventory, on all processors. Each tally has seen a part of it.
async fn walk<T: Tally>(
    db: &Db,
    within: &Within,
    tally: impl Fn() -> T,
) -> Result<Vec<T>, StoreError> {
    let survey = Arc::new(Survey::begin(db).await?);
    let next = Arc::new(AtomicU64::new(0));
    let side_by_side = std::thread::available_parallelism().map_or(1, usize::from);
    let tasks: Vec<_> = (0..side_by_side)
        .map(|_| {
            let mut part = Part {
                db: db.clone(),
                survey: Arc::clone(&survey),
                next: Arc::clone(&next),
                within: within.clone(),
                tally: tally(),
            };
            tokio::spawn(async move { part.walk().await.map(|()| part.tally) })
        })
        .collect();
    let mut tallies = Vec::with_capacity(tasks.len());
    for task in tasks {
        let ended = task.await.map_err(|error| StoreError::Other {
            operation: "walk through the inventory",
            source: Some(error.into()),
        })?;
        tallies.push(ended?);
    }
    Ok(tallies)
}

struct Part<T> {
    db: Db,
    survey: Arc<Survey>,
    next: Arc<AtomicU64>,
    within: Within,
    tally: T,
}

impl<T: Tally> Part<T> {
    async fn walk(&mut self) -> Result<(), StoreError> {
        loop {
            let page = self.next.fetch_add(1, Ordering::Relaxed);
            if page >= self.survey.pages() {
                return Ok(());
            }
            let files = self.survey.page(&self.db, page).await?;
            let mut ledger = self.ledger(&files).await?;
            for surveyed in files.into_iter().filter(|file| self.within.has(file)) {
                let ledger = ledger.remove(&surveyed.record.id);
                self.tally.take(&SurveyedFile { surveyed, ledger });
            }
        }
    }

    /// What labeld wrote last, for files with a label: for others it decides nothing.
    async fn ledger(&self, files: &[Surveyed]) -> Result<HashMap<FileId, LedgerFact>, StoreError> {
        let is_labelled = |file: &&Surveyed| {
            let facts = file.record.facts.as_ref();
            facts.is_some_and(|facts| !facts.labels.is_empty())
        };
        let labelled: Vec<FileId> = files
            .iter()
            .filter(is_labelled)
            .map(|file| file.record.id)
            .collect();
        ledger::newest_applied(&self.db, &labelled).await
    }
}
