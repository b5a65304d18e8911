//! Pages of files in the order of ids.

use super::filter::{Conditions, FileQuery};
use super::record::{read_records, select_records};
use crate::model::inventory::{FileId, FileRecord};
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::value::{Row, Value};

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
}

/// A page of the files that meet a query.
///
/// # Errors
///
/// Those of the store.
pub async fn list(source: &impl Source, query: &FileQuery, page: Page) -> Result<Vec<FileRecord>> {
    let conditions = Conditions::new(source, query, Vec::new()).await?;
    if !conditions.scattered {
        return run(source, in_order(conditions, page, None)).await;
    }
    // Where many files match, a page is full soon in the order of ids. Where few do, the index of the condition leads to
    // them; sorting its answer is cheap then, and never more than a walk through that index.
    let near = Conditions::new(source, query, Vec::new()).await?;
    let near = run(source, in_order(near, page, Some(FIRST_LOOK))).await?;
    if near.len() == page.limit as usize {
        return Ok(near);
    }
    run(source, by_condition(conditions, page)).await
}

type Statement = (String, Vec<Value>);

async fn run(source: &impl Source, (sql, params): Statement) -> Result<Vec<FileRecord>> {
    let rows: Vec<Row> = source.query(sql, params).await?;
    read_records(rows)
}

fn in_order(mut conditions: Conditions, page: Page, reach: Option<i64>) -> Statement {
    let after = conditions.bind(page.after_id());
    let within = reach.map_or_else(String::new, |reach| {
        let end = conditions.bind(page.after_id().saturating_add(reach));
        format!(" AND f.id <= {end}")
    });
    let limit = conditions.bind(page.limit);
    let ids = format!(
        "SELECT f.id FROM file f WHERE {} AND f.id > {after}{within} ORDER BY f.id LIMIT {limit}",
        conditions.sql
    );
    (select_records(&ids), conditions.params)
}

/// `+f.id` is no column, so that no database takes the index of the ids for it.
fn by_condition(mut conditions: Conditions, page: Page) -> Statement {
    let after = conditions.bind(page.after_id());
    let limit = conditions.bind(page.limit);
    let ids = format!(
        "SELECT f.id FROM file f WHERE {} AND +f.id > {after} ORDER BY +f.id LIMIT {limit}",
        conditions.sql
    );
    (select_records(&ids), conditions.params)
}
