//! The store: one suite for both databases.

mod actions;
mod arrivals;
mod audit;
mod cap;
mod catalogue;
mod collaborators;
mod damage;
mod feeds_and_folders;
mod figures;
mod files;
mod full;
mod opening;
mod postgres_plans;
mod properties;
mod queries;
mod queue;
mod races;
mod runs;
mod server;
mod service;
mod survey;
mod transactions;
mod upgrade;

use chrono::{DateTime, TimeDelta, Utc};
use labeld::model::inventory::{FileFacts, FileLabel};
use labeld::store::apps::{self, AppId};
use labeld::store::feeds::{self, FeedId, StoredCursor};
use labeld::store::{Access, Db, Location, Tx};
use labeld_connector::{Change, Cursor, Exposure, FeedRef, FileKind, FileMeta, FileRef, Version};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

/// Makes two tests of each case `async fn case(db: Db)`: one on SQLite, one on PostgreSQL.
macro_rules! on_both_stores {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    let (db, _folder) = crate::store::sqlite().await;
                    super::$case(db).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(db) = crate::store::postgres().await {
                        super::$case(db).await;
                    }
                }
            )*
        }
    };
}
pub(crate) use on_both_stores;

/// A new SQLite store, gone with the folder.
pub(crate) async fn sqlite() -> (Db, TempDir) {
    let folder = TempDir::new().unwrap();
    let location = Location::from(folder.path().join("labeld.db").as_path());
    (Db::open(&location, Access::Write).await.unwrap(), folder)
}

/// A new PostgreSQL store, where there is PostgreSQL.
pub(crate) async fn postgres() -> Option<Db> {
    let url = crate::postgres::new_schema().await?;
    let location = Location::parse(&url);
    Some(Db::open(&location, Access::Write).await.unwrap())
}

/// Some seconds after a fixed moment.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

/// The app that most tests use.
pub(crate) async fn finance(tx: &Tx) -> AppId {
    apps::ensure(tx, &"contoso".into(), &"finance".into())
        .await
        .unwrap()
}

/// The only feed of an app.
pub(crate) async fn whole_feed(tx: &Tx, app: AppId) -> FeedId {
    feeds::ensure(tx, app, &FeedRef::whole()).await.unwrap()
}

/// Moves a feed's position on, wherever it is.
pub(crate) async fn go_to(tx: &Tx, app: AppId, feed: FeedId, position: &StoredCursor) {
    let feeds = feeds::of_app(tx, app).await.unwrap();
    let stored = feeds.into_iter().find(|stored| stored.id == feed);
    let from = stored.and_then(|stored| Some(stored.position?.cursor));
    let moved = feeds::advance(tx, feed, from.as_ref(), position).await;
    assert!(moved.unwrap());
}

/// A position in a feed, stored at second 1.
pub(crate) fn position(cursor: &str) -> StoredCursor {
    StoredCursor {
        cursor: Cursor(cursor.to_owned()),
        stored_at: at(1),
        enumerating: false,
    }
}

/// A file in version 1; the part of its path before the last `/` is its folder.
pub(crate) fn meta(path: &str) -> FileMeta {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    FileMeta {
        file: FileRef(path.to_owned()),
        name: name.to_owned(),
        folder: folder.to_owned(),
        parent: None,
        kind: FileKind::File,
        size: 1000,
        version: Version("v1".to_owned()),
        created: Some(at(-100)),
        modified: Some(at(-50)),
        owner: Some("ada@contoso.example".to_owned()),
        exposure: Exposure::Unknown,
        collaborators: None,
        own_write: None,
        barrier: None,
    }
}

pub(crate) fn upserted(paths: &[&str]) -> Vec<Change> {
    paths
        .iter()
        .map(|path| Change::Upserted(meta(path)))
        .collect()
}

pub(crate) const CONTOSO: Uuid = Uuid::from_u128(0xc0);
pub(crate) const FABRIKAM: Uuid = Uuid::from_u128(0xfa);
pub(crate) const SECRET: Uuid = Uuid::from_u128(0x5e);
pub(crate) const GENERAL: Uuid = Uuid::from_u128(0x6e);

pub(crate) fn label(site_id: Option<Uuid>, id: Uuid, effective: bool) -> FileLabel {
    FileLabel {
        site_id,
        id,
        effective,
        document: json!({"id": id, "method": "Standard", "name": "Geheim \u{0}"}),
    }
}

/// What reader 1 finds in version 1 of a healthy file.
pub(crate) fn facts(labels: Vec<FileLabel>) -> FileFacts {
    FileFacts {
        version: Version("v1".to_owned()),
        reader: 1,
        read_at: at(10),
        format: Some("docx".to_owned()),
        state: "ok".to_owned(),
        reason: None,
        detail: None,
        protection: "none".to_owned(),
        protection_detail: json!({}),
        signed: false,
        bytes_read: 4096,
        reads: 2,
        labels,
    }
}

/// Facts of a file that could not be read as it should.
pub(crate) fn refused(state: &str, reason: &str) -> FileFacts {
    FileFacts {
        state: state.to_owned(),
        reason: Some(reason.to_owned()),
        detail: Some("needs the password".to_owned()),
        protection: "password".to_owned(),
        protection_detail: json!({"scheme": "agile"}),
        format: None,
        ..facts(Vec::new())
    }
}
