//! How SQLite means to run the statements of the queue: none may walk over more rows the more there are.

use tempfile::TempDir;

use super::claim::{PICK, PICK_OF_RUN};
use super::enqueue::{ENQUEUE, FORGET};
use crate::store::db::Source;
use crate::store::migrations::Dialect;
use crate::store::statement::Statement;
use crate::store::value::Value;
use crate::store::{Access, Db, Location};

async fn plan(statement: &'static Statement, parameters: usize) -> String {
    let folder = TempDir::new().unwrap();
    let location = Location::Sqlite(folder.path().join("labeld.db"));
    let db = Db::open(&location, Access::Write).await.unwrap();
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.text(Dialect::Sqlite));
    let tx = db.begin().await.unwrap();
    let rows = tx.query(sql, vec![Value::from(1_i64); parameters]).await;
    let steps = rows.unwrap().into_iter().map(|mut row| {
        for _ in 0..3 {
            row.take::<i64>().unwrap();
        }
        row.take::<String>().unwrap()
    });
    steps.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_statement_goes_straight_to_its_rows() {
    let by_ref = "SEARCH f USING INDEX sqlite_autoindex_file_1 (app=? AND ref=?)";
    let table: [(_, usize, &[&str]); 4] = [
        (
            &PICK,
            6,
            &[
                "SEARCH j USING INDEX scan_job_order (app=? AND class=? AND due>? AND due<?)",
                "SEARCH f USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        (
            &PICK_OF_RUN,
            4,
            &[
                "SEARCH r USING INDEX run_file_pending (run=?)",
                "SEARCH j USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH f USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        (&ENQUEUE, 5, &[by_ref]),
        (
            &FORGET,
            2,
            &[
                by_ref,
                "SEARCH scan_job USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
    ];
    for (statement, parameters, steps) in table {
        let plan = plan(statement, parameters).await;
        for step in steps {
            assert!(plan.contains(step), "{step} is not in:\n{plan}");
        }
        for whole in ["SCAN scan_job", "SCAN f", "SCAN r", "SCAN j\n"] {
            assert!(!plan.contains(whole), "{plan}");
        }
    }
}

#[tokio::test]
async fn a_claim_sorts_nothing() {
    for (statement, parameters) in [(&PICK, 6), (&PICK_OF_RUN, 4)] {
        let plan = plan(statement, parameters).await;
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
