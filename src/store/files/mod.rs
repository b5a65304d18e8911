//! The inventory: what the apps list, and what reading the files has found.

mod arrival;
mod changes;
mod codes;
mod collaborators;
mod counts;
mod exposure;
mod facts;
mod filter;
mod folders;
mod list;
mod record;
mod survey;

pub use arrival::{arrived, arrived_at};
pub use changes::{Origin, apply_changes, last_of_each};
pub use counts::{
    LabelCount, PlaceCount, TermCount, by_label, by_place, by_reason, by_state, count,
};
pub(super) use exposure::unknown_access;
pub use exposure::{forget_asked_exposure, store_access, unknown_exposure};
pub use facts::store_facts;
pub(super) use filter::Conditions;
pub use filter::{FileQuery, FolderFilter, LabelFilter, Removed, Span};
pub(super) use folders::TREE;
pub use list::{Page, list};
pub(super) use record::{SCAN_TARGET, read_records, read_scan_target, select_records};

pub use survey::{Survey, Surveyed};

use labeld_connector::FileRef;

use super::apps::AppId;
use super::db::{Source, Tx};
use super::error::Result;
use super::statement::{Statement, integers};
use super::value::{Value, values};
use crate::model::inventory::{FileId, FileRecord};

/// One file.
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, id: FileId) -> Result<Option<FileRecord>> {
    let sql = select_records("SELECT id FROM file WHERE id = $1");
    let records = read_records(source.query(sql, values![id.0]).await?)?;
    Ok(records.into_iter().next())
}

/// Those of these files that are known, removed or not, in the order of ids.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn of_ids(tx: &Tx, ids: &[FileId]) -> Result<Vec<FileRecord>> {
    static OF_IDS: Statement =
        Statement::made(|| select_records("SELECT id FROM file WHERE id {integers:$1}"));
    let params = vec![integers(ids.iter().map(|id| id.0))];
    let sql = OF_IDS.text(tx.dialect());
    read_records(tx.query(sql, params).await?)
}

/// The file that an app calls `file`, removed or not.
///
/// # Errors
///
/// Those of the store.
pub async fn find(source: &impl Source, app: AppId, file: &FileRef) -> Result<Option<FileRecord>> {
    let sql = select_records("SELECT id FROM file WHERE app = $1 AND ref = $2");
    let rows = source.query(sql, values![app.0, file.0.as_str()]).await?;
    Ok(read_records(rows)?.into_iter().next())
}

/// Files of an app whose present version has no facts of reader `reader`, in the order of ids.
///
/// # Errors
///
/// Those of the store.
pub async fn needing_read(
    source: &impl Source,
    app: AppId,
    reader: u32,
    page: Page,
) -> Result<Vec<FileRecord>> {
    let sql = select_records(
        "SELECT id FROM file
         WHERE app = $1 AND removed IS NULL AND id > $3
           AND (facts_version IS NULL OR facts_version <> version OR reader <> $2)
         ORDER BY id LIMIT $4",
    );
    let params = values![app.0, reader, page.after_id(), page.limit];
    read_records(source.query(sql, params).await?)
}

/// Makes sure that each of `texts` has a number.
pub(super) async fn intern_terms<'a>(
    tx: &Tx,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    intern(
        tx,
        "INSERT INTO term (text) VALUES ($1) ON CONFLICT (text) DO NOTHING",
        texts,
    )
    .await
}

/// Runs `sql` once for each different text, always in the same order, so that two workers cannot wait for each other.
async fn intern<'a>(
    tx: &Tx,
    sql: &'static str,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    let mut texts: Vec<&str> = texts.into_iter().collect();
    texts.sort_unstable();
    texts.dedup();
    let rows = texts.into_iter().map(|text| vec![Value::from(text)]);
    tx.execute_many(sql, rows.collect()).await?;
    Ok(())
}
