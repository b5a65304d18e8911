//! Who can reach a file, where only the app can tell when it is asked.

use chrono::{DateTime, Utc};
use labeld_connector::{Access, Change, Exposure, FileKind};

use super::codes::{exposure_code, kind_code};
use super::collaborators::{StoredList, intern_lists};
use super::{last_of_each, read_records, select_records};
use crate::model::content_scan::AccessNeed;
use crate::model::inventory::{FileId, FileRecord};
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::decisions;
use crate::store::error::Result;
use crate::store::statement::{Statement, texts};
use crate::store::value::{Value, values};

/// Files of an app of which nobody has told who can reach them, as far as `need` goes, or that the app was last asked about
/// before `since`: those first that were never asked about.
///
/// # Errors
///
/// Those of the store.
pub async fn unknown_exposure(
    source: &impl Source,
    app: AppId,
    need: AccessNeed,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<FileRecord>> {
    unknown_access(source, "app = $1", vec![app.0.into()], need, since, limit).await
}

/// The same of the files for which `of` holds, a condition on the table `file` with the parameters `params`.
pub(in crate::store) async fn unknown_access(
    source: &impl Source,
    of: &str,
    mut params: Vec<Value>,
    need: AccessNeed,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<FileRecord>> {
    let first = params.len();
    let [kind, names, private, before, most] = [1, 2, 3, 4, 5].map(|number| first + number);
    let sql = select_records(&format!(
        "SELECT id FROM file
         WHERE {of} AND removed IS NULL AND kind = ${kind} AND barrier = 0
            AND ((exposure IS NULL AND exposure_at IS NULL) OR exposure_at < ${before}
                OR (CAST(${names} AS BIGINT) = 1 AND collaborators IS NULL AND exposure IS DISTINCT FROM ${private}))
         ORDER BY COALESCE(exposure_at, 0), id LIMIT ${most}"
    ));
    params.extend(values![
        kind_code(FileKind::File),
        need == AccessNeed::Names,
        // Where the owner alone can reach it, there is nobody to name.
        exposure_code(Exposure::Private),
        since,
        limit,
    ]);
    read_records(source.query(sql, params).await?)
}

/// Stores what the app has answered, and has the files decided anew. Where it was not asked for names, those that were known
/// are forgotten: nobody needs them, and nobody keeps them up to date.
///
/// # Errors
///
/// Those of the store.
pub async fn store_access(
    tx: &Tx,
    answers: &[(FileId, Access)],
    need: AccessNeed,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut answers: Vec<(FileId, Exposure, Option<StoredList>)> = answers
        .iter()
        .map(|(file, access)| {
            let names = access.collaborators.as_deref();
            let list = (need == AccessNeed::Names).then(|| StoredList::of(names));
            (*file, access.exposure, list)
        })
        .collect();
    answers.sort_by_key(|(file, ..)| *file);
    intern_lists(tx, answers.iter().filter_map(|(.., list)| list.as_ref())).await?;
    let rows = answers.iter().map(|(file, exposure, list)| {
        let list = list.as_ref().map_or(Value::Null, StoredList::key);
        values![file.0, exposure_code(*exposure), now, list]
    });
    tx.execute_many(
        "UPDATE file SET exposure = $2, exposure_at = $3,
            collaborators = (SELECT id FROM collaborator_list WHERE digest = $4)
         WHERE id = $1",
        rows.collect(),
    )
    .await?;
    let ids: Vec<FileId> = answers.iter().map(|(file, ..)| *file).collect();
    decisions::enqueue_files(tx, &ids, now).await
}

/// Files that a feed names as changed are to be asked about again: it may be their sharing that has changed.
///
/// # Errors
///
/// Those of the store.
pub async fn forget_asked_exposure(tx: &Tx, app: AppId, changes: &[Change]) -> Result<()> {
    static FORGET: Statement = Statement::new(
        "WITH asked AS MATERIALIZED (
            SELECT f.id AS id FROM {files_of:$1 $2}
            WHERE f.exposure_at > 0 AND (CAST($3 AS BIGINT) = 0 OR f.collaborators IS NOT NULL)
         )
         UPDATE file SET exposure_at = 0 WHERE id {rows:asked.id}",
    );
    let listed = last_of_each(changes).filter_map(|change| match change {
        Change::Upserted(meta) => Some(meta),
        _ => None,
    });
    let (mut of_level, mut of_names) = (Vec::new(), Vec::new());
    for meta in listed {
        if meta.exposure == Exposure::Unknown {
            of_level.push(meta.file.0.as_str());
        } else if meta.collaborators.is_none() {
            of_names.push(meta.file.0.as_str());
        }
    }
    for (files, names_only) in [(of_level, false), (of_names, true)] {
        if !files.is_empty() {
            let params = values![app.0, texts(files), names_only];
            tx.execute(FORGET.text(tx.dialect()), params).await?;
        }
    }
    Ok(())
}
