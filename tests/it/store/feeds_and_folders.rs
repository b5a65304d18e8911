//! Feeds that end, folders that move, owners.

use std::collections::BTreeMap;

use labeld::store::apps::AppId;
use labeld::store::feeds::{self, FeedId, StoredCursor};
use labeld::store::files::{self, FileQuery, Origin, Page, Removed};
use labeld::store::runs::{self, Reuse, RunId};
use labeld::store::{Db, owners};
use labeld_connector::{
    Change, Exposure, FeedRef, FileMeta, FileRef, FolderMeta, FolderRef, OwnerDetails,
};

use super::{at, finance, go_to, meta, on_both_stores, position};

on_both_stores!(
    what_lies_in_a_folder_moves_with_it,
    folders_that_change_places_keep_their_files,
    a_removed_folder_takes_what_still_lies_in_it,
    a_full_enumeration_of_one_feed_leaves_the_others_alone,
    an_enumeration_is_taken_over_feed_by_feed,
    a_feed_that_is_gone_takes_its_files,
    owners_are_asked_for_once_a_day,
    links_are_made_of_the_folder_and_the_file,
    files_are_found_by_who_can_reach_them,
);

async fn app(db: &Db) -> AppId {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    app
}

async fn feed(db: &Db, app: AppId, name: &str) -> FeedId {
    let tx = db.begin().await.unwrap();
    let feed = feeds::ensure(&tx, app, &FeedRef(name.to_owned())).await;
    tx.commit().await.unwrap();
    feed.unwrap()
}

fn folder(name: &str, parent: Option<&str>, path: &str) -> Change {
    Change::FolderAt(FolderMeta {
        folder: FolderRef(name.to_owned()),
        parent: parent.map(|parent| FolderRef(parent.to_owned())),
        path: path.to_owned(),
        link: None,
    })
}

fn inside(parent: &str, path: &str, name: &str) -> Change {
    Change::Upserted(FileMeta {
        file: FileRef(name.to_owned()),
        name: name.to_owned(),
        folder: path.to_owned(),
        parent: Some(FolderRef(parent.to_owned())),
        ..meta(name)
    })
}

async fn apply(db: &Db, app: AppId, changes: &[Change]) -> u64 {
    let tx = db.begin().await.unwrap();
    let changed = files::apply_changes(&tx, app, changes, at(1)).await;
    tx.commit().await.unwrap();
    changed.unwrap()
}

/// Where each file is that is there.
async fn places(db: &Db) -> BTreeMap<String, String> {
    let all = Page {
        after: None,
        limit: 1000,
    };
    let files = files::list(db, &FileQuery::default(), all).await.unwrap();
    let place = |file: labeld::model::inventory::FileRecord| (file.name, file.folder);
    files.into_iter().map(place).collect()
}

async fn check_places(db: &Db, expected: &[(&str, &str)]) {
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(name, folder)| ((*name).to_owned(), (*folder).to_owned()))
        .collect();
    assert_eq!(places(db).await, expected);
}

/// `lib` with `a` and `b`, and `deep` in `a`; a file in each.
async fn tree(db: &Db) -> AppId {
    let app = app(db).await;
    let changes = [
        folder("L", None, "lib"),
        folder("A", Some("L"), "lib/a"),
        folder("B", Some("L"), "lib/b"),
        folder("D", Some("A"), "lib/a/deep"),
        inside("L", "lib", "top.docx"),
        inside("A", "lib/a", "a.docx"),
        inside("B", "lib/b", "b.docx"),
        inside("D", "lib/a/deep", "d.docx"),
    ];
    assert_eq!(apply(db, app, &changes).await, 4);
    app
}

async fn what_lies_in_a_folder_moves_with_it(db: Db) {
    let app = tree(&db).await;
    // The feed names the folder and nothing below it.
    let renamed = [folder("A", Some("L"), "lib/a long name")];
    assert_eq!(apply(&db, app, &renamed).await, 0);
    check_places(
        &db,
        &[
            ("top.docx", "lib"),
            ("a.docx", "lib/a long name"),
            ("b.docx", "lib/b"),
            ("d.docx", "lib/a long name/deep"),
        ],
    )
    .await;
    // Into another folder, which is renamed on the same page, the child first.
    let moved = [
        folder("D", Some("B"), "lib/bb/d"),
        folder("B", Some("L"), "lib/bb"),
    ];
    apply(&db, app, &moved).await;
    // A library that gets another address takes everything with it.
    apply(&db, app, &[folder("L", None, "library")]).await;
    check_places(
        &db,
        &[
            ("top.docx", "library"),
            ("a.docx", "library/a long name"),
            ("b.docx", "library/bb"),
            ("d.docx", "library/bb/d"),
        ],
    )
    .await;
}

async fn folders_that_change_places_keep_their_files(db: Db) {
    let app = tree(&db).await;
    // On two pages: for a moment both are at one place.
    apply(&db, app, &[folder("A", Some("L"), "lib/b")]).await;
    apply(&db, app, &[folder("B", Some("L"), "lib/a")]).await;
    check_places(
        &db,
        &[
            ("top.docx", "lib"),
            ("a.docx", "lib/b"),
            ("b.docx", "lib/a"),
            ("d.docx", "lib/b/deep"),
        ],
    )
    .await;
}

async fn a_removed_folder_takes_what_still_lies_in_it(db: Db) {
    let app = tree(&db).await;
    let run = begin(&db, app).await;
    let seen = [
        inside("A", "lib/a", "a.docx"),
        inside("D", "lib/a/deep", "d.docx"),
    ];
    see(&db, app, None, run, &seen).await;
    // `deep` was moved out before `a` was removed, though the page says so afterwards.
    let changes = [
        Change::FolderRemoved(FolderRef("A".to_owned())),
        folder("D", Some("B"), "lib/b/deep"),
        Change::FolderRemoved(FolderRef("never heard of".to_owned())),
    ];
    see(&db, app, None, run, &changes).await;
    check_places(
        &db,
        &[
            ("top.docx", "lib"),
            ("b.docx", "lib/b"),
            ("d.docx", "lib/b/deep"),
        ],
    )
    .await;
    assert_eq!(runs::pending_count(&db, run).await.unwrap(), 1);
}

async fn begin(db: &Db, app: AppId) -> RunId {
    let tx = db.begin().await.unwrap();
    let run = runs::begin(&tx, app, "{}", at(0)).await.unwrap();
    tx.commit().await.unwrap();
    run
}

async fn see(db: &Db, app: AppId, feed: Option<FeedId>, run: RunId, changes: &[Change]) {
    let tx = db.begin().await.unwrap();
    let origin = Origin { app, feed };
    files::apply_changes(&tx, origin, changes, at(1))
        .await
        .unwrap();
    runs::record_listed(&tx, run, app, Reuse::Reader(1), changes)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn file(name: &str) -> Change {
    Change::Upserted(meta(name))
}

async fn gone(db: &Db) -> Vec<String> {
    let query = FileQuery {
        removed: Removed::Only,
        ..FileQuery::default()
    };
    let all = Page {
        after: None,
        limit: 1000,
    };
    let files = files::list(db, &query, all).await.unwrap();
    files.into_iter().map(|file| file.name).collect()
}

async fn a_full_enumeration_of_one_feed_leaves_the_others_alone(db: Db) {
    let app = app(&db).await;
    let (one, two) = (feed(&db, app, "one").await, feed(&db, app, "two").await);
    let run = begin(&db, app).await;
    see(
        &db,
        app,
        Some(one),
        run,
        &[file("1a.docx"), file("1b.docx")],
    )
    .await;
    see(&db, app, Some(two), run, &[file("2a.docx")]).await;

    let run = begin(&db, app).await;
    let tx = db.begin().await.unwrap();
    runs::begin_enumeration(&tx, run, one).await.unwrap();
    tx.commit().await.unwrap();
    see(&db, app, Some(one), run, &[file("1a.docx")]).await;
    let tx = db.begin().await.unwrap();
    let removed = runs::end_enumeration(&tx, run, one, at(2)).await.unwrap();
    assert!(runs::enumerations(&tx, run).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(removed, 1);
    assert_eq!(gone(&db).await, ["1b.docx"]);
}

async fn an_enumeration_is_taken_over_feed_by_feed(db: Db) {
    let app = app(&db).await;
    let (one, two) = (feed(&db, app, "one").await, feed(&db, app, "two").await);
    let first = begin(&db, app).await;
    let tx = db.begin().await.unwrap();
    runs::begin_enumeration(&tx, first, one).await.unwrap();
    let halfway = StoredCursor {
        enumerating: true,
        ..position("halfway")
    };
    go_to(&tx, app, one, &halfway).await;
    tx.commit().await.unwrap();
    see(&db, app, Some(one), first, &[file("1a.docx")]).await;
    see(&db, app, Some(two), first, &[file("2a.docx")]).await;

    let second = begin(&db, app).await;
    let tx = db.begin().await.unwrap();
    runs::take_over_enumerations(&tx, second, app, Reuse::Reader(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(runs::enumerations(&db, second).await.unwrap(), [one].into());
    assert!(runs::enumerations(&db, first).await.unwrap().is_empty());
    assert_eq!(
        runs::pending_count(&db, second).await.unwrap(),
        1,
        "what the other saw of the feed, and no more"
    );
    let stored = feeds::of_app(&db, app).await.unwrap();
    assert_eq!(stored[0].position, Some(halfway));
    let tx = db.begin().await.unwrap();
    let removed = runs::end_enumeration(&tx, second, one, at(2)).await;
    assert_eq!(removed.unwrap(), 0);
}

async fn a_feed_that_is_gone_takes_its_files(db: Db) {
    let app = app(&db).await;
    let (one, two) = (feed(&db, app, "one").await, feed(&db, app, "two").await);
    let run = begin(&db, app).await;
    see(&db, app, Some(one), run, &[file("1.docx")]).await;
    see(&db, app, Some(two), run, &[file("2.docx")]).await;
    let tx = db.begin().await.unwrap();
    go_to(&tx, app, one, &position("end")).await;
    assert_eq!(feeds::remove(&tx, one, at(2)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(gone(&db).await, ["1.docx"]);
    assert_eq!(runs::pending_count(&db, run).await.unwrap(), 1);
    assert_eq!(feeds::of_app(&db, app).await.unwrap()[0].position, None);
}

async fn owners_are_asked_for_once_a_day(db: Db) {
    let app = app(&db).await;
    let owned = |name: &str, owner: Option<&str>| {
        Change::Upserted(FileMeta {
            owner: owner.map(str::to_owned),
            ..meta(name)
        })
    };
    let changes = [
        owned("a.docx", Some("ada")),
        owned("b.docx", Some("bob")),
        owned("c.docx", Some("ada")),
        owned("d.docx", None),
        owned("e.docx", Some("gone with the file")),
        Change::Removed(FileRef("e.docx".to_owned())),
    ];
    apply(&db, app, &changes).await;
    apply(&db, app, &changes[5..]).await;
    let unknown = |since, limit| {
        let db = db.clone();
        async move { owners::unknown(&db, app, at(since), limit).await.unwrap() }
    };
    assert_eq!(unknown(0, 10).await, ["ada", "bob"]);
    assert_eq!(unknown(0, 1).await, ["ada"]);

    let ada = OwnerDetails {
        owner: "ada".to_owned(),
        display_name: Some("Ada L.".to_owned()),
        department: Some("Engines".to_owned()),
        unit: None,
        groups: Some(vec!["Analysts".to_owned()]),
    };
    let asked = ["ada".to_owned(), "bob".to_owned()];
    let tx = db.begin().await.unwrap();
    owners::store(&tx, app, &asked, std::slice::from_ref(&ada), at(100))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(unknown(100, 10).await.is_empty());
    assert_eq!(unknown(101, 10).await, ["ada", "bob"]);
    assert_eq!(owners::get(&db, app, "ada").await.unwrap(), Some(ada));
    assert_eq!(owners::get(&db, app, "bob").await.unwrap(), None);
}

async fn links_are_made_of_the_folder_and_the_file(db: Db) {
    let app = app(&db).await;
    let with_link = |name: &str, link: &str| {
        Change::FolderAt(FolderMeta {
            folder: FolderRef(name.to_owned()),
            parent: None,
            path: name.to_owned(),
            link: Some(link.to_owned()),
        })
    };
    let changes = [
        with_link("L", "https://alder.example/lib/{name}"),
        with_link("I", "https://alder.example/file/{file}?view"),
        inside("L", "L", "a b&c.docx"),
        inside("I", "I", "d#1.docx"),
    ];
    apply(&db, app, &changes).await;
    for (name, expected) in [
        ("a b&c.docx", "https://alder.example/lib/a%20b%26c.docx"),
        ("d#1.docx", "https://alder.example/file/d%231.docx?view"),
    ] {
        let file = files::find(&db, app, &FileRef(name.to_owned())).await;
        let link = file.unwrap().unwrap().link;
        assert_eq!(link.as_deref(), Some(expected));
    }
}

async fn files_are_found_by_who_can_reach_them(db: Db) {
    let app = app(&db).await;
    let reached = |name: &str, exposure| {
        Change::Upserted(FileMeta {
            exposure,
            ..meta(name)
        })
    };
    let all = [
        ("p.docx", Exposure::Private),
        ("i.docx", Exposure::Internal),
        ("e.docx", Exposure::External),
        ("w.docx", Exposure::Public),
        ("u.docx", Exposure::Unknown),
    ];
    let changes: Vec<Change> = all.iter().map(|(name, it)| reached(name, *it)).collect();
    apply(&db, app, &changes).await;
    let page = Page {
        after: None,
        limit: 10,
    };
    for (name, exposure) in all {
        let query = FileQuery {
            exposure: Some(exposure),
            ..FileQuery::default()
        };
        let found = files::list(&db, &query, page).await.unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|file| (file.name.as_str(), file.exposure))
            .collect();
        assert_eq!(found, [(name, exposure)]);
    }
    assert_eq!(
        apply(&db, app, &[reached("p.docx", Exposure::Public)]).await,
        1
    );
}
