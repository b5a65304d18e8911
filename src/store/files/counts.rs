//! How many files there are of each kind; removed files are not counted.

use uuid::Uuid;

use super::filter::{Conditions, FileQuery};
use crate::model::{AppName, TenantName};
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::value::{Site, values};

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

/// Files of one folder and owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceCount {
    /// Their app.
    pub app: AppName,
    /// Their folder, `/`-separated, empty for the root.
    pub folder: String,
    /// Their owner as the app names people.
    pub owner: Option<String>,
    /// How many there are.
    pub files: u64,
}

/// Files of a tenant by app, folder and owner.
///
/// # Errors
///
/// Those of the store.
pub async fn by_place(source: &impl Source, tenant: &TenantName) -> Result<Vec<PlaceCount>> {
    let rows = source
        .query(
            "SELECT a.name, d.path, o.name, counted.files FROM (
                SELECT f.app, f.folder, f.owner, COUNT(*) AS files FROM file f
                WHERE f.removed IS NULL AND f.app IN (SELECT id FROM app WHERE tenant = $1)
                GROUP BY f.app, f.folder, f.owner
             ) AS counted
             JOIN app a ON a.id = counted.app JOIN folder d ON d.id = counted.folder
             LEFT JOIN owner o ON o.id = counted.owner",
            values![tenant.0.as_str()],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(PlaceCount {
                app: AppName(row.take()?),
                folder: row.take()?,
                owner: row.take()?,
                files: row.take()?,
            })
        })
        .collect()
}
