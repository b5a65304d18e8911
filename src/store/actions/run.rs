//! What actions belong to where they are undone as a whole.

use chrono::{DateTime, Utc};

use super::ActionRunId;
use crate::model::cap::CapDay;
use crate::store::db::{Source, Tx};
use crate::store::error::{Result, StoreError};
use crate::store::value::{Row, values};

/// What actions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunKind {
    /// `labeld rescan`.
    Rescan,
    /// `labeld label`.
    Hand,
    /// The service; one for each UTC date.
    Service,
    /// `labeld undo`.
    Undo,
}

impl RunKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rescan, Self::Hand, Self::Service, Self::Undo];

    /// The word in the store and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rescan => "rescan",
            Self::Hand => "hand",
            Self::Service => "service",
            Self::Undo => "undo",
        }
    }

    /// Whether it carries out what belongs to it and nothing else. A service carries out whatever waits.
    #[must_use]
    pub fn is_bounded(self) -> bool {
        self != Self::Service
    }
}

/// What actions belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRun {
    /// Its number.
    pub id: ActionRunId,
    /// What it comes from.
    pub kind: RunKind,
    /// When it began.
    pub started: DateTime<Utc>,
    /// Who asked, where it was a person.
    pub asked_by: Option<String>,
    /// The run that it takes back.
    pub undoes: Option<ActionRunId>,
}

/// Begins a run of a person's: a rescan, a label by hand, or the undoing of another run.
///
/// # Errors
///
/// Those of the store.
pub async fn begin_run(
    tx: &Tx,
    kind: RunKind,
    asked_by: Option<&str>,
    undoes: Option<ActionRunId>,
    now: DateTime<Utc>,
) -> Result<ActionRunId> {
    let rows = tx
        .query(
            "INSERT INTO action_run (kind, started, asked_by, undoes) VALUES ($1, $2, $3, $4) RETURNING id",
            values![kind.as_str(), now, asked_by, undoes.map(|run| run.0)],
        )
        .await?;
    first_id(rows)
}

/// The service's run of a UTC date; it begins where there is none yet.
///
/// # Errors
///
/// Those of the store.
pub async fn service_run(tx: &Tx, now: DateTime<Utc>) -> Result<ActionRunId> {
    let day = CapDay::of(now).number();
    tx.execute(
        "INSERT INTO action_run (kind, started, day) VALUES ($1, $2, $3) ON CONFLICT (day) DO NOTHING",
        values![RunKind::Service.as_str(), now, day],
    )
    .await?;
    let rows = tx
        .query("SELECT id FROM action_run WHERE day = $1", values![day])
        .await?;
    first_id(rows)
}

fn first_id(rows: Vec<Row>) -> Result<ActionRunId> {
    let row = rows.into_iter().next();
    let mut row = row.ok_or_else(|| StoreError::content("a new run of actions got no number"))?;
    row.take().map(ActionRunId)
}

/// A run by its number.
///
/// # Errors
///
/// Those of the store.
pub async fn find_run(source: &impl Source, run: ActionRunId) -> Result<Option<ActionRun>> {
    let rows = source
        .query(
            "SELECT id, kind, started, asked_by, undoes FROM action_run WHERE id = $1",
            values![run.0],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let id = ActionRunId(row.take()?);
    let word: String = row.take()?;
    let kind = RunKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    Ok(Some(ActionRun {
        id,
        kind: kind.ok_or_else(|| StoreError::content(format!("a run of actions is a `{word}`")))?,
        started: row.take()?,
        asked_by: row.take()?,
        undoes: row.take::<Option<i64>>()?.map(ActionRunId),
    }))
}
