//! How many files there are of each kind; removed files are not counted.

use uuid::Uuid;

use super::filter::{Conditions, FileQuery};
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::value::Site;

/// Files with one state or reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermCount {
    /// The state or reason code; `None` for files that have none.
    pub term: Option<String>,
    /// Files.
    pub files: u64,
}

/// Files with one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCount {
    /// Its Entra tenant, where the files say.
    pub site_id: Option<Uuid>,
    /// Its GUID.
    pub id: Uuid,
    /// Files that carry it in any way.
    pub files: u64,
    /// Files for which it is effective.
    pub effective: u64,
}

/// Files that meet a query.
///
/// # Errors
///
/// Those of the store.
pub async fn count(source: &impl Source, query: &FileQuery) -> Result<u64> {
    let conditions = Conditions::new(source, query, Vec::new()).await?;
    let sql = format!("SELECT COUNT(*) FROM file f WHERE {}", conditions.sql);
    let rows = source.query(sql, conditions.params).await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// Files by state; `None` stands for files that were never read.
///
/// # Errors
///
/// Those of the store.
pub async fn by_state(source: &impl Source) -> Result<Vec<TermCount>> {
    by_term(
        source,
        "SELECT t.text, counted.files FROM (
            SELECT state AS term, COUNT(*) AS files FROM file WHERE removed IS NULL GROUP BY state
        ) AS counted LEFT JOIN term t ON t.id = counted.term ORDER BY t.text",
    )
    .await
}

/// Files by reason code; files without one are not among them.
///
/// # Errors
///
/// Those of the store.
pub async fn by_reason(source: &impl Source) -> Result<Vec<TermCount>> {
    by_term(
        source,
        "SELECT t.text, counted.files FROM (
            SELECT reason AS term, COUNT(*) AS files FROM file
            WHERE removed IS NULL AND reason IS NOT NULL GROUP BY reason
        ) AS counted LEFT JOIN term t ON t.id = counted.term ORDER BY t.text",
    )
    .await
}

async fn by_term(source: &impl Source, sql: &'static str) -> Result<Vec<TermCount>> {
    let mut counts = Vec::new();
    for mut row in source.query(sql, Vec::new()).await? {
        counts.push(TermCount {
            term: row.take()?,
            files: row.take()?,
        });
    }
    // Databases disagree on the place of null.
    counts.sort_by(|one, other| one.term.cmp(&other.term));
    Ok(counts)
}

/// Files by label, sorted by GUID and tenant.
///
/// # Errors
///
/// Those of the store.
pub async fn by_label(source: &impl Source) -> Result<Vec<LabelCount>> {
    let rows = source
        .query(
            "SELECT l.guid, l.site, counted.files, counted.effective FROM (
                SELECT fl.label AS label, COUNT(*) AS files, CAST(SUM(fl.effective) AS BIGINT) AS effective
                FROM file_label fl JOIN file f ON f.id = fl.file
                WHERE f.removed IS NULL GROUP BY fl.label
            ) AS counted JOIN label l ON l.id = counted.label ORDER BY l.guid, l.site",
            Vec::new(),
        )
        .await?;
    let mut counts = Vec::new();
    for mut row in rows {
        let id = row.take()?;
        let Site(site_id) = row.take()?;
        counts.push(LabelCount {
            site_id,
            id,
            files: row.take()?,
            effective: row.take()?,
        });
    }
    Ok(counts)
}
