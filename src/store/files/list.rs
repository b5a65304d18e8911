//! Pages of files in the order of ids.

use super::filter::{Conditions, FileQuery};
use super::record::{read_records, select_records};
use crate::model::inventory::{FileId, FileRecord};
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::value::Value;

/// Ids that are looked at one by one before another index than that of the ids is asked.
const FIRST_LOOK: i64 = 20_000;

/// Which part of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Files after this one: the last of the page before.
    pub after: Option<FileId>,
    /// At most so many.
    pub limit: u32,
}

impl Page {
    pub(in crate::store) fn after_id(self) -> i64 {
        self.after.map_or(0, |id| id.0)
    }

    fn end_of_first_look(self) -> i64 {
        self.after_id().saturating_add(FIRST_LOOK)
    }
}

/// A page of the files that meet a query.
///
/// # Errors
///
/// Those of the store.
pub async fn list(source: &impl Source, query: &FileQuery, page: Page) -> Result<Vec<FileRecord>> {
    let conditions = Conditions::new(source, query, Vec::new()).await?;
    if conditions.scattered {
        // Where many files match, a page is full soon in the order of ids. Where few do, the index of the condition leads
        // to them, and sorting its answer costs little.
        let near = run(source, first_look(conditions.clone(), page)).await?;
        if near.len() == page.limit as usize || last_id(source).await? <= page.end_of_first_look() {
            return Ok(near);
        }
    }
    run(source, whole_look(conditions, page)).await
}

async fn last_id(source: &impl Source) -> Result<i64> {
    let rows = source.query("SELECT MAX(id) FROM file", Vec::new()).await?;
    let last = rows
        .into_iter()
        .next()
        .map(|mut row| row.take::<Option<i64>>());
    Ok(last.transpose()?.flatten().unwrap_or(0))
}

/// A statement that selects ids, and its parameters.
type Statement = (String, Vec<Value>);

async fn run(source: &impl Source, (ids, params): Statement) -> Result<Vec<FileRecord>> {
    read_records(source.query(select_records(&ids), params).await?)
}

fn first_look(mut conditions: Conditions, page: Page) -> Statement {
    let after = conditions.bind(page.after_id());
    let end = conditions.bind(page.end_of_first_look());
    let limit = conditions.bind(page.limit);
    let ids = format!(
        "SELECT f.id FROM file f WHERE {} AND f.id > {after} AND f.id <= {end} ORDER BY f.id LIMIT {limit}",
        conditions.sql_with_labels()
    );
    (ids, conditions.params)
}

fn whole_look(mut conditions: Conditions, page: Page) -> Statement {
    let after = conditions.bind(page.after_id());
    let limit = conditions.bind(page.limit);
    let ids = match conditions.labels.as_deref() {
        Some(labels) if !labels.is_empty() => by_labels(&conditions, labels, &after, &limit),
        _ => {
            // `+f.id` is no column, so that no database takes the index of the ids for a scattered condition.
            let id = if conditions.scattered {
                "+f.id"
            } else {
                "f.id"
            };
            format!(
                "SELECT f.id FROM file f WHERE {} AND {id} > {after} ORDER BY {id} LIMIT {limit}",
                conditions.sql_with_labels()
            )
        }
    };
    (ids, conditions.params)
}

/// The first files of each label, in the order of ids, and of these the first: the others cannot be on the page.
fn by_labels(conditions: &Conditions, labels: &[i64], after: &str, limit: &str) -> String {
    let of_each: Vec<String> = labels
        .iter()
        .map(|label| {
            format!(
                "SELECT id FROM (
                    SELECT fl.file AS id FROM file_label fl JOIN file f ON f.id = fl.file
                    WHERE fl.label = {label} AND fl.file > {after}{} AND {}
                    ORDER BY fl.file LIMIT {limit}) AS of_label_{label}",
                conditions.only_effective(),
                conditions.sql
            )
        })
        .collect();
    format!(
        "SELECT id FROM ({}) AS of_labels ORDER BY id LIMIT {limit}",
        of_each.join(" UNION ")
    )
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::store::files::{FolderFilter, Span};
    use crate::store::value::values;
    use crate::store::{Access, Db, Location};

    /// Two labels, numbers 1 and 2; more is not needed to see what SQLite would do.
    async fn store() -> (Db, TempDir) {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite(folder.path().join("labeld.db"));
        let db = Db::open(&location, Access::Write).await.unwrap();
        let tx = db.begin().await.unwrap();
        let sites = [1, 2].map(|site| values![Uuid::from_u128(site), Uuid::from_u128(7)]);
        tx.execute_many(
            "INSERT INTO label (site, guid) VALUES ($1, $2)",
            sites.into(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        (db, folder)
    }

    async fn plan(db: &Db, query: &FileQuery) -> String {
        let page = Page {
            after: None,
            limit: 100,
        };
        let conditions = Conditions::new(db, query, Vec::new()).await.unwrap();
        let (ids, params) = whole_look(conditions, page);
        let steps = db
            .query(format!("EXPLAIN QUERY PLAN {ids}"), params)
            .await
            .unwrap();
        let lines = steps.into_iter().map(|mut step| {
            for _ in 0..3 {
                step.take::<i64>().unwrap();
            }
            step.take::<String>().unwrap()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn each_filter_has_its_index() {
        let (db, _folder) = store().await;
        let all = FileQuery::default;
        let word = || Some("x".to_owned());
        let folder = |subfolders| {
            Some(FolderFilter {
                path: "a".to_owned(),
                subfolders,
            })
        };
        let now = Some(chrono::DateTime::UNIX_EPOCH);
        let label = Some(crate::store::files::LabelFilter {
            site: None,
            labels: vec![Uuid::from_u128(7)],
            effective: true,
        });
        let app = Some("a".into());
        let tenant = Some("t".into());
        let in_order = [
            ("INTEGER PRIMARY KEY", all()),
            (
                "file_app",
                FileQuery {
                    tenant,
                    app,
                    ..all()
                },
            ),
            (
                "file_state",
                FileQuery {
                    state: word(),
                    ..all()
                },
            ),
            (
                "file_reason",
                FileQuery {
                    reason: word(),
                    ..all()
                },
            ),
            (
                "file_labelled",
                FileQuery {
                    labelled: Some(true),
                    ..all()
                },
            ),
            (
                "file_extension",
                FileQuery {
                    extension: word(),
                    ..all()
                },
            ),
            (
                "file_format",
                FileQuery {
                    format: word(),
                    ..all()
                },
            ),
            (
                "file_owner",
                FileQuery {
                    owner: word(),
                    ..all()
                },
            ),
        ];
        for (index, query) in in_order {
            let plan = plan(&db, &query).await;
            assert!(
                plan.contains(&format!("SEARCH f USING {index}"))
                    || plan.contains(&format!("INDEX {index}")),
                "{index}: {plan}"
            );
            assert!(
                !plan.contains("TEMP B-TREE"),
                "{index} gives the order: {plan}"
            );
        }
        let sorted = [
            (
                "SEARCH f USING COVERING INDEX file_modified",
                FileQuery {
                    tenant: Some("t".into()),
                    app: Some("a".into()),
                    modified: Span {
                        from: now,
                        to: None,
                    },
                    ..all()
                },
            ),
            (
                "SEARCH f USING COVERING INDEX file_size",
                FileQuery {
                    size: Span {
                        from: Some(1),
                        to: None,
                    },
                    ..all()
                },
            ),
            (
                "SEARCH f USING COVERING INDEX file_modified",
                FileQuery {
                    modified: Span {
                        from: now,
                        to: None,
                    },
                    ..all()
                },
            ),
            (
                "SEARCH f USING COVERING INDEX file_created",
                FileQuery {
                    created: Span {
                        from: None,
                        to: now,
                    },
                    ..all()
                },
            ),
            (
                "SEARCH f USING COVERING INDEX file_read_at",
                FileQuery {
                    read: Span { from: now, to: now },
                    ..all()
                },
            ),
            (
                "SEARCH f USING INDEX file_folder",
                FileQuery {
                    folder: folder(false),
                    ..all()
                },
            ),
            (
                "SEARCH f USING INDEX file_folder",
                FileQuery {
                    folder: folder(true),
                    ..all()
                },
            ),
            (
                "SEARCH f USING COVERING INDEX file_name",
                FileQuery {
                    name: word(),
                    ..all()
                },
            ),
            (
                "SEARCH fl USING COVERING INDEX file_label_label (label=? AND file>?)",
                FileQuery { label, ..all() },
            ),
        ];
        for (step, query) in sorted {
            let plan = plan(&db, &query).await;
            assert!(plan.contains(step), "{step}: {plan}");
        }
    }
}
