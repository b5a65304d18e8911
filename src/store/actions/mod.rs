//! Label writes that are wanted, one open for each file at most, and what became of them.
//!
//! A decision [`propose`]s one, a worker [`claim`]s it and ends it with [`finish`]. What was tried and what came of it stands
//! in the [`ledger`](super::ledger).

mod again;
mod claim;
mod end;
mod list;
mod propose;
mod run;

pub use self::again::{DueAgain, due_again, leave_refused, next_again, open_again, open_again_at};
pub use self::claim::{Claim, Held, abandoned, claim, claim_is_held, next_due, note_crash};
pub use self::end::{ActionEnd, due_now, end_landed, finish, seize};
pub use self::list::{ActionQuery, cancel, get, list, open_of_file, retry};
pub use self::propose::{Proposed, cancel_of_policy, propose, resume, suspend, withdraw};
pub use self::run::{ActionRun, RunKind, begin_run, find_run, service_run};

use chrono::{DateTime, Utc};
use labeld_connector::Version;
use uuid::Uuid;

use super::apps::AppId;
use super::error::{Result, StoreError};
use super::policies::{PolicyId, RevisionId};
use super::value::Row;
use super::workers::WorkerId;
use crate::model::inventory::FileId;
use crate::model::policy::Override;
use crate::model::{Reason, TenantName};

/// An action's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub i64);

/// The number of what actions belong to, and what `labeld undo` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionRunId(pub i64);

/// What is done to the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// A label is applied.
    Apply,
    /// The label is removed.
    Remove,
    /// What labeld did is taken back.
    Restore,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Apply, Self::Remove, Self::Restore];

    pub(super) fn code(self) -> i64 {
        match self {
            Self::Apply => 0,
            Self::Remove => 1,
            Self::Restore => 2,
        }
    }

    pub(super) fn from_code(code: i64) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|verb| verb.code() == code);
        found.ok_or_else(|| StoreError::content(format!("{code} stands for no kind of action")))
    }

    /// The word in output, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Remove => "remove",
            Self::Restore => "restore",
        }
    }
}

/// Who wants an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedBy {
    /// A policy.
    Policy {
        /// It.
        policy: PolicyId,
        /// Its text when it was decided.
        revision: RevisionId,
    },
    /// A person, by hand.
    Person {
        /// Their name as the system knows it.
        name: String,
        /// Which labels may be replaced.
        overrides: Override,
        /// Whether a lower label may be applied.
        allow_downgrade: bool,
    },
}

impl AskedBy {
    /// Whether it is a person.
    #[must_use]
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person { .. })
    }
}

/// An action that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// The tenant.
    pub tenant: TenantName,
    /// Where the file is.
    pub app: AppId,
    /// The file.
    pub file: FileId,
    /// What is done to it.
    pub verb: Verb,
    /// The tenant's Entra id: whose label it is.
    pub site: Uuid,
    /// The label that is applied; `None` for the other verbs.
    pub label: Option<Uuid>,
    /// Who wants it.
    pub asked_by: AskedBy,
    /// What it belongs to; an open action that wants the same is taken over into it.
    pub run: Option<ActionRunId>,
    /// For [`Verb::Restore`]: the ledger's row that is taken back.
    pub undoes: Option<Uuid>,
    /// The version that it was decided for.
    pub file_version: Version,
    /// The lower is done sooner.
    pub rank: i64,
}

/// How an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// It will be carried out when it is due.
    Waiting,
    /// Its policy is switched off (`policy.suspended`).
    Suspended,
    /// Carried out, or there was nothing to do.
    Done,
    /// Nobody wants it any more.
    Cancelled,
    /// It may not be carried out, or could not be.
    Refused,
}

impl ActionState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Suspended,
        Self::Done,
        Self::Cancelled,
        Self::Refused,
    ];

    pub(super) fn code(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Suspended => 1,
            Self::Done => 2,
            Self::Cancelled => 3,
            Self::Refused => 4,
        }
    }

    fn from_code(code: i64) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.code() == code);
        found.ok_or_else(|| StoreError::content(format!("{code} stands for no state of actions")))
    }

    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
        }
    }
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// What was wanted.
    pub wanted: NewAction,
    /// How it stands.
    pub state: ActionState,
    /// Not before then.
    pub due: DateTime<Utc>,
    /// Who is at it.
    pub worker: Option<WorkerId>,
    /// Attempts that have failed.
    pub attempt: u32,
    /// Processes that died over it.
    pub crashes: u32,
    /// Why it waits, or how it ended.
    pub reason: Option<Reason>,
    /// What the reason does not say.
    pub detail: Option<String>,
    /// When it was first wanted.
    pub made: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// How often it was opened again by itself after it was refused.
    pub looks: u32,
    /// When a refused one is opened again.
    pub again: Option<DateTime<Utc>>,
}

/// The columns of an action, for [`read`].
pub(super) const COLUMNS: &str = "a.id, a.tenant, a.app, a.file, a.verb, a.site, a.label, a.policy, a.revision, a.asked_by,
    a.overrides, a.allow_downgrade, a.run, a.undoes, a.file_version, a.rank, a.state, a.due, a.worker, a.attempt, a.crashes,
    (SELECT text FROM term WHERE term.id = a.reason), a.detail, a.made, a.ended, a.looks, a.again";

fn read(mut row: Row) -> Result<Action> {
    Ok(Action {
        id: ActionId(row.take()?),
        wanted: NewAction {
            tenant: TenantName(row.take()?),
            app: AppId(row.take()?),
            file: FileId(row.take()?),
            verb: Verb::from_code(row.take()?)?,
            site: row.take()?,
            label: row.take()?,
            asked_by: read_asked_by(&mut row)?,
            run: row.take::<Option<i64>>()?.map(ActionRunId),
            undoes: row.take()?,
            file_version: Version(row.take()?),
            rank: row.take()?,
        },
        state: ActionState::from_code(row.take()?)?,
        due: row.take()?,
        worker: row.take::<Option<i64>>()?.map(WorkerId),
        attempt: row.take()?,
        crashes: row.take()?,
        reason: reason_of(row.take()?)?,
        detail: row.take()?,
        made: row.take()?,
        ended: row.take()?,
        looks: row.take()?,
        again: row.take()?,
    })
}

fn read_asked_by(row: &mut Row) -> Result<AskedBy> {
    let (policy, revision): (Option<i64>, Option<i64>) = (row.take()?, row.take()?);
    let (name, overrides): (Option<String>, Option<String>) = (row.take()?, row.take()?);
    let allow_downgrade = row.take()?;
    match (policy, revision) {
        (Some(policy), Some(revision)) => Ok(AskedBy::Policy {
            policy: PolicyId(policy),
            revision: RevisionId(revision),
        }),
        _ => Ok(AskedBy::Person {
            name: name.unwrap_or_default(),
            overrides: overrides
                .as_deref()
                .and_then(Override::from_word)
                .unwrap_or(Override::Automatic),
            allow_downgrade,
        }),
    }
}

/// The reason of a stored code.
pub(super) fn reason_of(code: Option<String>) -> Result<Option<Reason>> {
    let Some(code) = code else {
        return Ok(None);
    };
    let reason = Reason::from_code(&code);
    reason
        .map(Some)
        .ok_or_else(|| StoreError::content(format!("`{code}` is no reason code")))
}
