//! What a store is asked for its health: its file, its schema, its references, labeld's own rules, and every row of the inventory.

use std::collections::BTreeSet;
use std::path::Path;

use super::invariants::INVARIANTS;
use crate::store::db::{Access, Db, Location, Source, blocking};
use crate::store::error::{Result, StoreError};
use crate::store::files::{self, FileQuery, Page, Removed};
use crate::store::migrations::MIGRATIONS;
use crate::store::sqlite::schema::{self, Parts, Reference, Schema};
use crate::store::sqlite::{care as sqlite, log};

/// How much of the store is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All but whether each index agrees with its table and each row can be read.
    Quick,
    /// Everything: the whole store is read.
    Full,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule is broken, for programs: `page`, `log`, `schema`, `reference`, `content`, or a rule of labeld's such as
    /// `file.labelled`.
    pub code: String,
    /// Rows or places that are concerned.
    pub count: u64,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The store's name for people.
    pub store: String,
    /// Version of its schema.
    pub schema: i64,
    /// Files of the inventory, those that are gone included.
    pub files: u64,
    /// Bytes of the file and its log; `None` on PostgreSQL.
    pub size: Option<u64>,
    /// What is wrong; empty for a sound store.
    pub findings: Vec<Finding>,
}

/// Damaged places that are told one by one.
const MAX_PLACES: u32 = 20;

/// Files that are read at a time.
const PAGE: u32 = 1000;

const RESTORE: &str =
    "restore a backup with `labeld store restore`, or move the file away and run `labeld rescan`";

/// Looks at a store, also while it is in use. Nothing is changed.
///
/// # Errors
///
/// Those of [`Db::open`]: also where the store is too damaged to be opened. Damage that is met later is among the findings.
pub async fn check(location: &Location, depth: Depth) -> Result<Health> {
    let db = Db::open(location, Access::Read).await?;
    let mut health = Health {
        store: db.name().to_owned(),
        schema: MIGRATIONS.last().map_or(0, |step| step.version),
        files: 0,
        size: None,
        findings: Vec::new(),
    };
    let expected = schema::expected(MIGRATIONS)?;
    match location {
        Location::Sqlite(path) => {
            let (path, own) = (path.clone(), expected.parts.clone());
            let of_file = move || file_findings(&path, &own, depth);
            let (size, findings) = blocking("check the store", of_file).await?;
            health.size = Some(size);
            health.findings = findings;
        }
        Location::Postgres(_) => health.findings = columns(&db, &expected).await?,
    }
    // Without its tables and columns none of the rest can be asked.
    if health.findings.is_empty() || matches!(location, Location::Sqlite(_)) {
        rows(&db, &expected.references, depth, &mut health).await?;
    }
    db.close().await?;
    Ok(health)
}

/// Damage that a statement meets is a finding like others, and the next statement may still have an answer.
fn or_finding<T>(result: Result<T>, rule: &str, findings: &mut Vec<Finding>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Damaged { what, .. } | StoreError::Content { what, .. }) => {
            findings.push(Finding {
                code: rule.to_owned(),
                count: 1,
                what,
                fix: RESTORE.to_owned(),
            });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn file_findings(path: &Path, expected: &Parts, depth: Depth) -> Result<(u64, Vec<Finding>)> {
    let mut findings = Vec::new();
    let places = sqlite::integrity(path, depth == Depth::Quick, MAX_PLACES);
    for what in or_finding(places, "page", &mut findings)?.unwrap_or_default() {
        findings.push(Finding {
            code: "page".to_owned(),
            count: 1,
            what,
            fix: RESTORE.to_owned(),
        });
    }
    let found = or_finding(schema::of_file(path), "schema", &mut findings)?;
    findings.extend(found.and_then(|found| other_schema(&found.parts, expected)));
    findings.extend(broken_log(path)?);
    Ok((sqlite::size(path), findings))
}

fn broken_log(path: &Path) -> Result<Option<Finding>> {
    let broken = log::examine(path).map_err(|error| StoreError::Other {
        operation: "read the log of the store",
        source: Some(error.into()),
    })?;
    Ok(broken.map(|log::Break { frame, lost }| Finding {
        code: "log".to_owned(),
        count: lost,
        what: format!(
            "the log {}-wal breaks off at page {frame}: what was stored after it is lost, what was stored before it is sound",
            path.display()
        ),
        fix: "nothing after a power failure: the next `labeld run` or `labeld rescan` goes on from there; else look at the disk, \
              and restore a backup with `labeld store restore`"
            .to_owned(),
    }))
}

/// Parts that are missing, that are more, or that are made by another statement.
fn other_schema(found: &Parts, expected: &Parts) -> Option<Finding> {
    let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let other: Vec<&str> = names
        .into_iter()
        .filter(|name| found.get(*name) != expected.get(*name))
        .map(String::as_str)
        .collect();
    schema_finding(&other)
}

fn schema_finding(other: &[&str]) -> Option<Finding> {
    (!other.is_empty()).then(|| Finding {
        code: "schema".to_owned(),
        count: other.len() as u64,
        what: format!(
            "the schema is not the one that labeld makes: {}",
            other.join(", ")
        ),
        fix: RESTORE.to_owned(),
    })
}

/// Columns that PostgreSQL does not have.
async fn columns(db: &Db, expected: &Schema) -> Result<Vec<Finding>> {
    let rows = db
        .query(
            "SELECT table_name || '.' || column_name FROM information_schema.columns
             WHERE table_schema = CURRENT_SCHEMA()",
            Vec::new(),
        )
        .await?;
    let found = rows
        .into_iter()
        .map(|mut row| row.take())
        .collect::<Result<BTreeSet<String>>>()?;
    let wanted = expected.tables.iter().flat_map(|table| {
        let name = &table.name;
        table
            .columns
            .iter()
            .map(move |column| format!("{name}.{column}"))
    });
    let missing: Vec<String> = wanted.filter(|column| !found.contains(column)).collect();
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    Ok(schema_finding(&missing).into_iter().collect())
}

/// What can be asked of the rows in the same words on both databases.
async fn rows(db: &Db, references: &[Reference], depth: Depth, health: &mut Health) -> Result<()> {
    let findings = &mut health.findings;
    for reference in references {
        let broken = count(db, dangling(reference)).await;
        let broken = or_finding(broken, "reference", findings)?.unwrap_or(0);
        if broken > 0 {
            findings.push(Finding {
                code: "reference".to_owned(),
                count: broken,
                what: format!(
                    "rows of {} name a row of {} that is not there",
                    reference.table, reference.to_table
                ),
                fix: RESTORE.to_owned(),
            });
        }
    }
    for rule in INVARIANTS {
        let broken = count(db, rule.sql.to_owned()).await;
        let broken = or_finding(broken, rule.code, findings)?.unwrap_or(0);
        if broken > 0 {
            findings.push(Finding {
                code: rule.code.to_owned(),
                count: broken,
                what: rule.what.to_owned(),
                fix: rule.fix.to_owned(),
            });
        }
    }
    let files = count(db, "SELECT COUNT(*) FROM file".to_owned()).await;
    health.files = or_finding(files, "content", findings)?.unwrap_or(0);
    if depth == Depth::Full {
        let read = read_all(db).await;
        or_finding(read, "content", findings)?;
    }
    Ok(())
}

fn dangling(reference: &Reference) -> String {
    let Reference {
        table,
        column,
        to_table,
        to_column,
    } = reference;
    format!(
        "SELECT COUNT(*) FROM {table} c LEFT JOIN {to_table} p ON p.{to_column} = c.{column}
         WHERE c.{column} IS NOT NULL AND p.{to_column} IS NULL"
    )
}

async fn count(db: &Db, sql: String) -> Result<u64> {
    let rows = db.query(sql, Vec::new()).await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// Reads every file of the inventory with its labels, so that each column has been understood once.
async fn read_all(db: &Db) -> Result<()> {
    let query = FileQuery {
        removed: Removed::Any,
        ..FileQuery::default()
    };
    let mut after = None;
    loop {
        let limit = PAGE;
        let page = files::list(db, &query, Page { after, limit }).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
    }
}
