//! What was decided: which policies match a file, and what the one that has won says.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::store::db::{Source, Tx};
use crate::store::error::{Result, StoreError};
use crate::store::files::intern_terms;
use crate::store::policies::{PolicyId, RevisionId};
use crate::store::statement::{Statement, integers};
use crate::store::value::{Row, values};

/// What a policy does to a file, or would do if it were in `enforce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Would {
    /// A label is applied.
    Apply,
    /// The label is removed.
    Remove,
}

impl Would {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Apply, Self::Remove];

    pub(in crate::store) fn code(self) -> i64 {
        match self {
            Self::Apply => 1,
            Self::Remove => 2,
        }
    }

    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Remove => "remove",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// What was decided for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDecision {
    /// A digest of all that was looked at.
    pub stamp: i64,
    /// The policy that has won; `None` where none does anything to labels.
    pub policy: Option<PolicyId>,
    /// Why nothing is done; `None` where something is or would be, or where no policy speaks.
    pub outcome: Option<Reason>,
    /// What is, or would be done.
    pub would: Option<Would>,
}

/// What was decided for files; those that never were are left out.
///
/// # Errors
///
/// Those of the store.
pub async fn decided(tx: &Tx, ids: &[FileId]) -> Result<HashMap<FileId, StoredDecision>> {
    static DECIDED: Statement = Statement::new(
        "SELECT d.file, d.stamp, d.policy, t.text, d.would
         FROM file_decision d LEFT JOIN term t ON t.id = d.outcome WHERE d.file {integers:$1}",
    );
    let params = vec![integers(ids.iter().map(|id| id.0))];
    let rows = tx.query(DECIDED.text(tx.dialect()), params).await?;
    rows.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<(FileId, StoredDecision)> {
    let file = FileId(row.take()?);
    let stamp = row.take()?;
    let policy = row.take::<Option<i64>>()?.map(PolicyId);
    let outcome = row.take::<Option<String>>()?;
    let would = row.take::<Option<i64>>()?;
    let known = |code: String| {
        Reason::from_code(&code)
            .ok_or_else(|| StoreError::content(format!("`{code}` is no reason code")))
    };
    let decision = StoredDecision {
        stamp,
        policy,
        outcome: outcome.map(known).transpose()?,
        would: would.and_then(|code| Would::ALL.into_iter().find(|one| one.code() == code)),
    };
    Ok((file, decision))
}

/// Stores what was decided.
///
/// # Errors
///
/// Those of the store.
pub async fn put(
    tx: &Tx,
    decisions: &[(FileId, StoredDecision)],
    now: DateTime<Utc>,
) -> Result<()> {
    let outcomes = decisions.iter().filter_map(|(_, it)| it.outcome);
    intern_terms(tx, outcomes.map(Reason::code)).await?;
    let rows = decisions.iter().map(|(file, it)| {
        values![
            file.0,
            it.stamp,
            it.policy.map(|policy| policy.0),
            it.outcome.map(Reason::code),
            it.would.map(Would::code),
            now,
        ]
    });
    tx.execute_many(
        "INSERT INTO file_decision (file, stamp, policy, outcome, would, decided)
         VALUES ($1, $2, $3, (SELECT id FROM term WHERE text = $4), $5, $6)
         ON CONFLICT (file) DO UPDATE SET
            stamp = excluded.stamp, policy = excluded.policy, outcome = excluded.outcome, would = excluded.would,
            decided = excluded.decided",
        rows.collect(),
    )
    .await?;
    Ok(())
}

/// Forgets what was decided for files that are gone, and which policies matched them.
///
/// # Errors
///
/// Those of the store.
pub async fn forget(tx: &Tx, ids: &[FileId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for sql in [
        "DELETE FROM file_decision WHERE file = $1",
        "DELETE FROM policy_match WHERE file = $1",
    ] {
        let rows = ids.iter().map(|id| values![id.0]);
        tx.execute_many(sql, rows.collect()).await?;
    }
    Ok(())
}

/// Which policies match files, as far as was decided.
///
/// # Errors
///
/// Those of the store.
pub async fn matches(tx: &Tx, ids: &[FileId]) -> Result<HashMap<FileId, Vec<PolicyId>>> {
    static MATCHES: Statement = Statement::new(
        "SELECT file, policy FROM policy_match WHERE file {integers:$1} ORDER BY file, policy",
    );
    let params = vec![integers(ids.iter().map(|id| id.0))];
    let mut found: HashMap<FileId, Vec<PolicyId>> = HashMap::new();
    for mut row in tx.query(MATCHES.text(tx.dialect()), params).await? {
        let file = FileId(row.take()?);
        found.entry(file).or_default().push(PolicyId(row.take()?));
    }
    Ok(found)
}

/// Notes which policies match files since now, and which no longer do.
///
/// # Errors
///
/// Those of the store.
pub async fn set_matches(
    tx: &Tx,
    begun: &[(PolicyId, RevisionId, FileId)],
    ended: &[(PolicyId, FileId)],
    now: DateTime<Utc>,
) -> Result<()> {
    let rows = ended.iter().map(|(policy, file)| values![policy.0, file.0]);
    tx.execute_many(
        "DELETE FROM policy_match WHERE policy = $1 AND file = $2",
        rows.collect(),
    )
    .await?;
    let rows = begun
        .iter()
        .map(|(policy, revision, file)| values![policy.0, file.0, revision.0, now]);
    tx.execute_many(
        "INSERT INTO policy_match (policy, file, revision, since) VALUES ($1, $2, $3, $4)
         ON CONFLICT (policy, file) DO NOTHING",
        rows.collect(),
    )
    .await?;
    Ok(())
}

/// Files that a policy matches.
///
/// # Errors
///
/// Those of the store.
pub async fn match_count(source: &impl Source, policy: PolicyId) -> Result<u64> {
    let rows = source
        .query(
            "SELECT COUNT(*) FROM policy_match WHERE policy = $1",
            values![policy.0],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}
