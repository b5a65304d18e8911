//! The open actions of files, as a decision sees them.

use std::collections::HashMap;

use crate::model::inventory::FileId;
use crate::store::actions::ActionRunId;
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::policies::{PolicyId, RevisionId};
use crate::store::runs::RunId;
use crate::store::statement::{Statement, integers};
use crate::store::value::values;

/// The actions `a` that wait for files of the scope of rescan `$1`; 0 stands for a file that is out of its scope.
const OF_RUN: &str = "a.ended IS NULL AND a.state = 0 AND a.policy IS NOT NULL AND a.worker IS NULL
    AND EXISTS (SELECT 1 FROM run_file r WHERE r.run = $1 AND r.file = a.file AND (r.outcome IS NULL OR r.outcome <> 0))";

/// An open action of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAction {
    /// The policy that wants it; `None` for a person.
    pub policy: Option<PolicyId>,
    /// The text of the policy that wanted it.
    pub revision: Option<RevisionId>,
}

/// The open actions of files.
///
/// # Errors
///
/// Those of the store.
pub async fn open_actions(tx: &Tx, ids: &[FileId]) -> Result<HashMap<FileId, OpenAction>> {
    static OPEN: Statement = Statement::new(
        "SELECT file, policy, revision FROM action WHERE file {integers:$1} AND ended IS NULL",
    );
    let params = vec![integers(ids.iter().map(|id| id.0))];
    let rows = tx.query(OPEN.text(tx.dialect()), params).await?;
    rows.into_iter()
        .map(|mut row| {
            let file = FileId(row.take()?);
            let open = OpenAction {
                policy: row.take::<Option<i64>>()?.map(PolicyId),
                revision: row.take::<Option<i64>>()?.map(RevisionId),
            };
            Ok((file, open))
        })
        .collect()
}

/// Actions that a policy's text has led to and that were not in vain: what its canary counts.
///
/// # Errors
///
/// Those of the store.
pub async fn made_by(source: &impl Source, revision: RevisionId) -> Result<u64> {
    let rows = source
        .query(
            // Waiting, suspended and done ones.
            "SELECT COUNT(*) FROM action WHERE revision = $1 AND state IN (0, 1, 2)",
            values![revision.0],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// Whether actions of policies wait for files of a rescan's scope that nobody is at.
///
/// # Errors
///
/// Those of the store.
pub async fn has_open(source: &impl Source, run: RunId) -> Result<bool> {
    let sql = format!("SELECT a.id FROM action a WHERE {OF_RUN} LIMIT 1");
    Ok(!source.query(sql, values![run.0]).await?.is_empty())
}

/// Makes the open actions of policies that wait for files of a rescan's scope part of its run of actions; how many there are.
///
/// # Errors
///
/// Those of the store.
pub async fn adopt(tx: &Tx, run: RunId, actions: ActionRunId) -> Result<u64> {
    let sql = format!("UPDATE action AS a SET run = $2 WHERE {OF_RUN}");
    tx.execute(sql, values![run.0, actions.0]).await
}
