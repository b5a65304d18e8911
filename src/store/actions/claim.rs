//! Taking actions to carry them out.

use chrono::{DateTime, Utc};

use super::{Action, ActionId, ActionRunId, ActionState, COLUMNS, Verb, read};
use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::db::{Db, Source, Tx};
use crate::store::error::Result;
use crate::store::statement::{Statement, integers};
use crate::store::value::values;
use crate::store::workers::{WorkerId, is_alive};

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Labels may be applied; not so while the cap is paused.
    pub applies: bool,
    /// Only what belongs to this run.
    pub run: Option<ActionRunId>,
    /// At most so many.
    pub limit: u32,
}

/// A write of a file that is on its way or may be keeps whatever else is wanted of the file waiting.
static CANDIDATES: Statement = Statement::new(
    "SELECT a.id, a.rank FROM action a
     WHERE a.app = $1 AND a.state = 0 AND a.verb = $2 AND a.due <= $3 AND a.worker IS NULL AND a.ended IS NULL
        AND (CAST($4 AS BIGINT) IS NULL OR a.run = CAST($4 AS BIGINT))
        AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.file = a.file AND l.state IN (0, 4))
     ORDER BY a.rank, a.due, a.id LIMIT $5 {skip_locked:a}",
);

/// Claims actions of an app that are due, those of the lowest rank first. Nothing is claimed for a worker that has lost its
/// lease.
///
/// # Errors
///
/// Those of the store.
pub async fn claim(
    db: &Db,
    app: AppId,
    worker: WorkerId,
    claim: Claim,
    now: DateTime<Utc>,
) -> Result<Vec<Action>> {
    static TAKE: Statement =
        Statement::new("UPDATE action SET worker = $2 WHERE id {integers:$1} AND worker IS NULL");
    static TAKEN: Statement =
        Statement::made(|| format!("SELECT {COLUMNS} FROM action a WHERE a.id {{integers:$1}}"));
    let tx = db.begin().await?;
    if !is_alive(&tx, worker).await? {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for verb in Verb::ALL {
        if verb == Verb::Apply && !claim.applies {
            continue;
        }
        let run = claim.run.map(|run| run.0);
        let params = values![app.0, verb.code(), now, run, claim.limit];
        for mut row in tx.query(CANDIDATES.text(tx.dialect()), params).await? {
            let (id, rank): (i64, i64) = (row.take()?, row.take()?);
            found.push((rank, id));
        }
    }
    found.sort_unstable();
    found.truncate(claim.limit as usize);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids = || integers(found.iter().map(|(_, id)| *id));
    tx.execute(TAKE.text(tx.dialect()), values![ids(), worker.0])
        .await?;
    let rows = tx.query(TAKEN.text(tx.dialect()), vec![ids()]).await?;
    tx.commit().await?;
    let mut actions = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    actions.sort_by_key(|action| (action.wanted.rank, action.id));
    Ok(actions)
}

/// Whether the worker still has an action, which nobody has suspended or cancelled meanwhile. The row cannot change before
/// the end of the transaction then.
///
/// # Errors
///
/// Those of the store.
pub async fn claim_is_held(tx: &Tx, action: ActionId, worker: WorkerId) -> Result<Held> {
    static HELD: Statement =
        Statement::new("SELECT worker, state, ended FROM action WHERE id = $1 {locked}");
    if !is_alive(tx, worker).await? {
        return Ok(Held::Lost);
    }
    let rows = tx.query(HELD.text(tx.dialect()), values![action.0]).await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(Held::Lost);
    };
    let holder: Option<i64> = row.take()?;
    let state = ActionState::from_code(row.take()?)?;
    let ended: Option<DateTime<Utc>> = row.take()?;
    Ok(match state {
        _ if holder != Some(worker.0) => Held::Lost,
        ActionState::Waiting if ended.is_none() => Held::Yes,
        ActionState::Suspended => Held::Suspended,
        _ => Held::Cancelled,
    })
}

/// Whether a worker may go on with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It may.
    Yes,
    /// Its policy was switched off.
    Suspended,
    /// It was cancelled.
    Cancelled,
    /// Another worker may be at it: the lease is lost.
    Lost,
}

/// The actions that the worker has claimed and none of its parts is at (`in_hand`), because the store failed when they
/// should have been given back; they are free again.
///
/// # Errors
///
/// Those of the store.
pub async fn abandoned(tx: &Tx, worker: WorkerId, in_hand: &[ActionId]) -> Result<u64> {
    static FREE: Statement = Statement::new(
        "UPDATE action SET worker = NULL WHERE worker = $1 AND NOT (id {integers:$2})",
    );
    let in_hand = integers(in_hand.iter().map(|action| action.0));
    tx.execute(FREE.text(tx.dialect()), values![worker.0, in_hand])
        .await
}

/// When the next action of the app is due: the next that applies a label, and the next other one. Those of files whose last
/// write is not settled yet are left out.
///
/// # Errors
///
/// Those of the store.
pub async fn next_due(
    source: &impl Source,
    app: AppId,
    run: Option<ActionRunId>,
) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>)> {
    let rows = source
        .query(
            "SELECT MIN(CASE WHEN verb = 0 THEN due END), MIN(CASE WHEN verb <> 0 THEN due END) FROM action a
             WHERE app = $1 AND state = 0 AND ended IS NULL AND (CAST($2 AS BIGINT) IS NULL OR run = CAST($2 AS BIGINT))
                AND worker IS NULL
                AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.file = a.file AND l.state IN (0, 4))",
            values![app.0, run.map(|run| run.0)],
        )
        .await?;
    match rows.into_iter().next() {
        Some(mut row) => Ok((row.take()?, row.take()?)),
        None => Ok((None, None)),
    }
}

/// Notes that a process died while it had these files in its hands.
///
/// # Errors
///
/// Those of the store.
pub async fn note_crash(tx: &Tx, files: &[FileId]) -> Result<()> {
    static NOTE: Statement = Statement::new(
        "UPDATE action SET crashes = crashes + 1 WHERE ended IS NULL AND file {integers:$1}",
    );
    let params = vec![integers(files.iter().map(|file| file.0))];
    tx.execute(NOTE.text(tx.dialect()), params).await?;
    Ok(())
}
