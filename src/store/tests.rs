//! What needs a look behind the public functions: upgrades of the schema, a full disk, the plans of the queries.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use labeld_connector::{Cursor, FeedRef};
use tempfile::TempDir;

use super::care::{self, Depth};
use super::db::Source;
use super::feeds::{self, StoredCursor};
use super::migrations::{MIGRATIONS, Migration};
use super::{Access, Db, Location, StoreError, apps, files, runs};

/// Steps of the schema as released.
const KNOWN: usize = MIGRATIONS.len();

/// The released steps, and one more.
const fn with(text: &'static str) -> [Migration; KNOWN + 1] {
    let version = MIGRATIONS[KNOWN - 1].version + 1;
    let mut steps = [Migration { version, text }; KNOWN + 1];
    let mut step = 0;
    while step < KNOWN {
        steps[step] = MIGRATIONS[step];
        step += 1;
    }
    steps
}

const NEXT_VERSION: &[Migration] = &with("CREATE TABLE added (id {id}, words {text} NOT NULL);");

const BROKEN_VERSION: &[Migration] =
    &with("CREATE TABLE added (id {id}); CREATE TABLE app (id {id});");

fn versions(found: usize, known: usize) -> (i64, i64) {
    (found.try_into().unwrap(), known.try_into().unwrap())
}

fn location(folder: &TempDir) -> Location {
    Location::Sqlite(folder.path().join("labeld.db"))
}

async fn open(folder: &TempDir, steps: &'static [Migration]) -> Db {
    let opened = Db::open_with_schema(&location(folder), Access::Write, steps).await;
    opened.unwrap()
}

async fn add_app(db: &Db) {
    let tx = db.begin().await.unwrap();
    apps::ensure(&tx, &"contoso".into(), &"finance".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn has_app(db: &Db) -> bool {
    let app = apps::find(db, &"contoso".into(), &"finance".into()).await;
    app.unwrap().is_some()
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_upgrade_keeps_a_copy_of_the_file() {
    let folder = TempDir::new().unwrap();
    let db = open(&folder, MIGRATIONS).await;
    add_app(&db).await;
    db.close().await.unwrap();
    assert_eq!(files_in(folder.path()), ["labeld.db", "labeld.db.lock"]);
    let copy = format!("labeld.db.v{KNOWN}.backup");
    fs::write(folder.path().join(&copy), "an older one").unwrap();

    let db = open(&folder, NEXT_VERSION).await;
    assert!(has_app(&db).await);
    db.query("SELECT words FROM added", vec![]).await.unwrap();
    db.close().await.unwrap();

    let older = Db::open(&location(&folder), Access::Read)
        .await
        .unwrap_err();
    let StoreError::NewerSchema { found, known, .. } = older else {
        panic!("{older:?}");
    };
    assert_eq!((found, known), versions(KNOWN + 1, KNOWN));
    let copy = Location::Sqlite(folder.path().join(format!("{copy}-2")));
    let copy = Db::open(&copy, Access::Read).await.unwrap();
    assert!(has_app(&copy).await);
}

#[tokio::test]
async fn a_failed_upgrade_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let db = open(&folder, MIGRATIONS).await;
    add_app(&db).await;
    db.close().await.unwrap();
    let failed = Db::open_with_schema(&location(&folder), Access::Write, BROKEN_VERSION).await;
    failed.unwrap_err();
    let copies = files_in(folder.path());
    assert!(
        copies.iter().any(|name| name.ends_with(".backup")),
        "{copies:?}"
    );
    let db = open(&folder, MIGRATIONS).await;
    assert!(has_app(&db).await);
    assert!(db.query("SELECT id FROM added", vec![]).await.is_err());
}

#[tokio::test]
async fn a_reading_command_does_not_upgrade() {
    let folder = TempDir::new().unwrap();
    open(&folder, MIGRATIONS).await.close().await.unwrap();
    let opened = Db::open_with_schema(&location(&folder), Access::Read, NEXT_VERSION).await;
    let error = opened.unwrap_err();
    assert_eq!(error.exit_code(), 10);
    let StoreError::OlderSchema { found, known, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((found, known), versions(KNOWN, KNOWN + 1));
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_store_stays_sound() {
    let folder = TempDir::new().unwrap();
    let db = open(&folder, MIGRATIONS).await;
    add_app(&db).await;
    let app = apps::find(&db, &"contoso".into(), &"finance".into()).await;
    let app = app.unwrap().unwrap();
    let tx = db.begin().await.unwrap();
    let feed = feeds::ensure(&tx, app, &FeedRef::whole()).await.unwrap();
    tx.commit().await.unwrap();

    let tx = db.begin().await.unwrap();
    tx.query("PRAGMA max_page_count = 1", vec![]).await.unwrap();
    let long = StoredCursor {
        cursor: Cursor("x".repeat(1_000_000)),
        stored_at: DateTime::UNIX_EPOCH,
        enumerating: false,
    };
    let error = feeds::advance(&tx, feed, None, &long).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!(error.exit_code(), 1);
    assert!(tx.commit().await.is_err());

    let tx = db.begin().await.unwrap();
    tx.query("PRAGMA max_page_count = 1000000", vec![])
        .await
        .unwrap();
    assert!(feeds::advance(&tx, feed, None, &long).await.unwrap());
    tx.commit().await.unwrap();
    let feeds = feeds::of_app(&db, app).await.unwrap();
    assert_eq!(feeds[0].position, Some(long));
}

/// What a store of version 1 held.
const FIRST_VERSION: &[Migration] = &[MIGRATIONS[0]];
const HELD: &str = "
    INSERT INTO app (id, tenant, name) VALUES (1, 'contoso', 'finance'), (2, 'contoso', 'sales');
    INSERT INTO folder (id, app, path) VALUES (1, 1, 'a'), (2, 1, 'a/b'), (3, 2, 'a');
    INSERT INTO file (id, app, kind, denied, folder, size, first_seen, last_seen, ref, name, version)
        VALUES (1, 1, 0, 0, 1, 5, 0, 0, 'a/x.docx', 'x.docx', 'v'), (2, 1, 0, 1, 2, 5, 0, 0, 'a/b/y.docx', 'y.docx', 'v'),
               (3, 2, 0, 0, 3, 5, 0, 0, 'a/z.docx', 'z.docx', 'v');
    INSERT INTO change_cursor (app, position, stored_at) VALUES (1, 'end', 7), (2, 'halfway', 8);
    INSERT INTO scan_run (app, scope, phase, started, interrupted, counters) VALUES (2, '{}', 'enumerating', 0, 0, '{\"full_enumeration\":true}');";

#[tokio::test]
async fn a_store_of_version_1_is_taken_over() {
    let folder = TempDir::new().unwrap();
    open(&folder, FIRST_VERSION).await.close().await.unwrap();
    let path = folder.path().join("labeld.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(HELD).unwrap();
    drop(connection);
    expect_taken_over(open(&folder, MIGRATIONS).await).await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    let broken = connection
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .exists([]);
    assert!(!broken.unwrap());
    // The schema is the one that a new store has, to the letter.
    let health = care::check(&location(&folder), Depth::Full).await.unwrap();
    assert_eq!(health.findings, []);
}

async fn expect_taken_over(db: Db) {
    let all = files::Page {
        after: None,
        limit: 10,
    };
    let files = files::list(&db, &files::FileQuery::default(), all)
        .await
        .unwrap();
    let places: Vec<String> = files
        .iter()
        .map(|file| {
            format!(
                "{}/{}/{} {:?}",
                file.app, file.folder, file.name, file.barrier
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            "finance/a/x.docx None",
            "finance/a/b/y.docx Some(Denied)",
            "sales/a/z.docx None"
        ]
    );
    let mut positions = Vec::new();
    for name in ["finance", "sales"] {
        let app = apps::find(&db, &"contoso".into(), &name.into())
            .await
            .unwrap();
        let feeds = feeds::of_app(&db, app.unwrap()).await.unwrap();
        assert_eq!(feeds.len(), 1);
        positions.push(feeds[0].position.clone().map(|position| position.cursor.0));
        let tx = db.begin().await.unwrap();
        let run = runs::begin(&tx, app.unwrap(), "{}", DateTime::UNIX_EPOCH)
            .await
            .unwrap();
        let gone = runs::end_enumeration(&tx, run, feeds[0].id, DateTime::UNIX_EPOCH).await;
        assert!(gone.unwrap() > 0, "its files are of its feed");
    }
    // A listing that was under way begins anew.
    assert_eq!(positions, [Some("end".to_owned()), None]);
}
