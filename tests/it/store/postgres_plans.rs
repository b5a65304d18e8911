//! What PostgreSQL looks at when a page of changes comes: as long as a table has no statistics, and a new one has none, it
//! takes an index over all files of an app for as good as one that leads to a single file.

use std::time::Duration;

use labeld::store::apps::AppId;
use labeld::store::queue::{self, JobClass};
use labeld::store::runs::Reuse;
use labeld::store::{Access, Db, Location, files};
use labeld_connector::{Change, FileRef};
use tokio_postgres::{Client, NoTls};

use super::{at, finance, meta};
use crate::postgres::new_schema;

const FILES: usize = 5_000;
const PAGE: usize = 100;

/// Names the test's own connections.
const APPLICATION: &str = "labeld plans";

fn reference(number: usize) -> String {
    format!("{}/{number:08}.docx", number / 100)
}

async fn take_over(db: &Db, app: AppId, page: &[Change], seconds: i64) {
    let tx = db.begin().await.unwrap();
    files::apply_changes(&tx, app, page, at(seconds))
        .await
        .unwrap();
    let (reuse, class) = (Reuse::Reader(1), JobClass::Changed);
    queue::enqueue_changes(&tx, app, page, reuse, class, at(seconds))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Rows of the table of files that were looked at so far. What a connection did is known for sure when it has ended.
async fn rows_looked_at(client: &Client) -> i64 {
    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = $1";
    let all_ended = async {
        while client
            .query_one(open, &[&APPLICATION])
            .await
            .unwrap()
            .get::<_, i64>(0)
            > 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_ended)
        .await
        .unwrap();
    let looked_at = "SELECT COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0)
        FROM pg_stat_user_tables WHERE relid = 'file'::regclass";
    client.query_one(looked_at, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_page_costs_no_look_at_the_files_beside_it() {
    let Some(url) = new_schema().await else {
        return;
    };
    let client = connect(&url).await;
    let application = APPLICATION.replace(' ', "%20");
    let location = Location::parse(&format!("{url}&application_name={application}"));
    let db = Db::open(&location, Access::Write).await.unwrap();
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    let listed = |number| Change::Upserted(meta(&reference(number)));
    let all: Vec<Change> = (0..FILES).map(listed).collect();
    take_over(&db, app, &all, 1).await;
    db.close().await.unwrap();
    let before = rows_looked_at(&client).await;

    let db = Db::open(&location, Access::Write).await.unwrap();
    let removed = |number| Change::Removed(FileRef(reference(number)));
    let page: Vec<Change> = (0..PAGE)
        .map(listed)
        .chain((PAGE..2 * PAGE).map(removed))
        .collect();
    // So often that the server plans once for all parameters.
    for seconds in 2..10 {
        take_over(&db, app, &page, seconds).await;
    }
    db.close().await.unwrap();
    let looked_at = usize::try_from(rows_looked_at(&client).await - before).unwrap();
    let (pages, few) = (8, 8);
    assert!(looked_at <= pages * few * 2 * PAGE, "{looked_at} rows");
}
