//! What needs a look behind the public functions: upgrades of the schema, a full disk, the plans of the queries.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use tempfile::TempDir;

use super::db::Source;
use super::migrations::{MIGRATIONS, Migration};
use super::{Access, Db, Location, StoreError, apps, cursors};

const NEXT_VERSION: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        version: MIGRATIONS[0].version + 1,
        text: "CREATE TABLE added (id {id}, words {text} NOT NULL);",
    },
];

const BROKEN_VERSION: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        version: MIGRATIONS[0].version + 1,
        text: "CREATE TABLE added (id {id}); CREATE TABLE app (id {id});",
    },
];

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
    fs::write(folder.path().join("labeld.db.v1.backup"), "an older one").unwrap();

    let db = open(&folder, NEXT_VERSION).await;
    assert!(has_app(&db).await);
    db.query("SELECT words FROM added", vec![]).await.unwrap();
    db.close().await.unwrap();

    let older = Db::open(&location(&folder), Access::Read)
        .await
        .unwrap_err();
    assert!(
        matches!(
            older,
            StoreError::NewerSchema {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{older:?}"
    );
    let copy = Location::Sqlite(folder.path().join("labeld.db.v1.backup-2"));
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
    assert!(
        matches!(
            error,
            StoreError::OlderSchema {
                found: 1,
                known: 2,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.exit_code(), 10);
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_store_stays_sound() {
    let folder = TempDir::new().unwrap();
    let db = open(&folder, MIGRATIONS).await;
    add_app(&db).await;
    let app = apps::find(&db, &"contoso".into(), &"finance".into()).await;
    let app = app.unwrap().unwrap();

    let tx = db.begin().await.unwrap();
    tx.query("PRAGMA max_page_count = 1", vec![]).await.unwrap();
    let long = labeld_connector::Cursor("x".repeat(1_000_000));
    let error = cursors::set(&tx, app, &long, DateTime::UNIX_EPOCH)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!(error.exit_code(), 1);
    assert!(tx.commit().await.is_err());

    let tx = db.begin().await.unwrap();
    tx.query("PRAGMA max_page_count = 1000000", vec![])
        .await
        .unwrap();
    cursors::set(&tx, app, &long, DateTime::UNIX_EPOCH)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(cursors::get(&db, app).await.unwrap().is_some());
}
