//! Scan runs.

use labeld::store::Db;
use labeld::store::apps::AppId;
use labeld::store::files::{self, FileQuery, FolderFilter, Origin, Page};
use labeld::store::runs::{self, Counters, OutcomeCount, Phase, Reuse, RunId};
use labeld_connector::{Change, FileRef};

use super::{at, facts, finance, meta, on_both_stores, refused, upserted, whole_feed};

on_both_stores!(
    a_run_from_listing_to_its_sums,
    an_unfinished_run_is_found_again,
    known_files_come_into_the_run,
    unseen_files_are_gone_but_not_below_unreadable_folders,
    the_scope_leaves_files_out,
    everything_is_read_anew_when_nothing_is_reused,
);

const ALL: Page = Page {
    after: None,
    limit: 100,
};

async fn begin(db: &Db) -> (AppId, RunId) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let run = runs::begin(&tx, app, "{}", at(0)).await.unwrap();
    tx.commit().await.unwrap();
    (app, run)
}

async fn see(db: &Db, app: AppId, run: RunId, reuse: Reuse, changes: &[Change]) {
    let tx = db.begin().await.unwrap();
    let origin = Origin {
        app,
        feed: Some(whole_feed(&tx, app).await),
    };
    files::apply_changes(&tx, origin, changes, at(1))
        .await
        .unwrap();
    runs::record_listed(&tx, run, app, reuse, changes)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Reads every pending file: those with `locked` in their name need a password.
async fn read_pending(db: &Db, app: AppId, run: RunId) -> usize {
    let pending = runs::pending(db, run, ALL).await.unwrap();
    let tx = db.begin().await.unwrap();
    for file in &pending {
        let mut facts = match file.name.contains("locked") {
            true => refused("password", "file.password"),
            false => facts(Vec::new()),
        };
        facts.version = file.version.clone();
        let outcome = facts.reason.clone().unwrap_or_else(|| "ok".to_owned());
        files::store_facts(&tx, &[(file.id, facts)]).await.unwrap();
        runs::record_everywhere(&tx, app, &[(file.id, &outcome)])
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    pending.len()
}

async fn finish(db: &Db, run: RunId) -> String {
    let tx = db.begin().await.unwrap();
    let sums = runs::finish(&tx, run, at(9)).await.unwrap();
    tx.commit().await.unwrap();
    line(&sums)
}

fn line(sums: &[OutcomeCount]) -> String {
    let parts = sums.iter().map(|sum| {
        let outcome = sum.outcome.as_deref().unwrap_or("pending");
        format!("{outcome} {}", sum.files)
    });
    parts.collect::<Vec<_>>().join(", ")
}

async fn sums(db: &Db, run: RunId) -> String {
    line(&runs::outcomes(db, run).await.unwrap())
}

async fn a_run_from_listing_to_its_sums(db: Db) {
    let (app, run) = begin(&db).await;
    let listed = upserted(&["a.docx", "b locked.docx", "c.docx", "c.docx"]);
    see(&db, app, run, Reuse::Reader(1), &listed).await;
    see(&db, app, run, Reuse::Reader(1), &upserted(&["d.docx"])).await;
    let gone = [Change::Removed(FileRef("d.docx".to_owned()))];
    see(&db, app, run, Reuse::Reader(1), &gone).await;
    assert_eq!(sums(&db, run).await, "pending 3");
    assert_eq!(runs::pending_count(&db, run).await.unwrap(), 3);

    let first = runs::pending(&db, run, Page { limit: 1, ..ALL })
        .await
        .unwrap();
    assert_eq!(first[0].name, "a.docx");
    let after = Page {
        after: Some(first[0].id),
        limit: 1,
    };
    assert_eq!(
        runs::pending(&db, run, after).await.unwrap()[0].name,
        "b locked.docx"
    );

    assert_eq!(read_pending(&db, app, run).await, 3);
    assert_eq!(sums(&db, run).await, "file.password 1, ok 2");
    assert_eq!(finish(&db, run).await, "file.password 1, ok 2");
    assert_eq!(sums(&db, run).await, "", "its files are forgotten");
    let stored = runs::get(&db, run).await.unwrap().unwrap();
    assert_eq!((stored.phase, stored.finished), (Phase::Done, Some(at(9))));
    assert_eq!(line(&stored.outcomes.unwrap()), "file.password 1, ok 2");

    let (_, second) = begin(&db).await;
    let mut changed = listed;
    let mut newer = meta("a.docx");
    newer.version.0 = "v2".to_owned();
    changed[0] = Change::Upserted(newer);
    see(&db, app, second, Reuse::Reader(1), &changed).await;
    assert_eq!(sums(&db, second).await, "pending 1, file.password 1, ok 1");
    assert_eq!(read_pending(&db, app, second).await, 1);
    assert_eq!(finish(&db, second).await, "file.password 1, ok 2");
}

async fn an_unfinished_run_is_found_again(db: Db) {
    let (app, run) = begin(&db).await;
    let tx = db.begin().await.unwrap();
    let counters = Counters {
        listed: 7,
        bytes_read: 1 << 40,
        ..Counters::default()
    };
    runs::set_progress(&tx, run, Phase::Reading, &counters)
        .await
        .unwrap();
    runs::mark_interrupted(&tx, run).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        runs::unfinished(&db, app, "other scope").await.unwrap(),
        None
    );
    let found = runs::unfinished(&db, app, "{}").await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.phase, found.counters),
        (run, Phase::Reading, counters)
    );
    assert!(found.interrupted && found.finished.is_none());
    assert_eq!((found.started, found.app), (at(0), app));

    see(&db, app, run, Reuse::Reader(1), &upserted(&["a.docx"])).await;
    let tx = db.begin().await.unwrap();
    runs::abandon(&tx, run, at(5)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(runs::unfinished(&db, app, "{}").await.unwrap(), None);
    assert_eq!(runs::pending_count(&db, run).await.unwrap(), 0);
    let (_, next) = begin(&db).await;
    let latest = runs::latest(&db, app, 10).await.unwrap();
    let ids: Vec<RunId> = latest.iter().map(|run| run.id).collect();
    assert_eq!(ids, [next, run]);
    assert_eq!(latest[1].outcomes, None);
}

async fn known_files_come_into_the_run(db: Db) {
    let (app, first) = begin(&db).await;
    let listed = upserted(&["a.docx", "b locked.docx", "x/c.docx", "x/gone.docx"]);
    see(&db, app, first, Reuse::Reader(1), &listed).await;
    read_pending(&db, app, first).await;
    finish(&db, first).await;

    let (_, second) = begin(&db).await;
    let mut newer = meta("x/c.docx");
    newer.version.0 = "v2".to_owned();
    let gone = Change::Removed(FileRef("x/gone.docx".to_owned()));
    see(
        &db,
        app,
        second,
        Reuse::Reader(1),
        &[Change::Upserted(newer), gone],
    )
    .await;
    let tx = db.begin().await.unwrap();
    let ours = FileQuery {
        tenant: Some("contoso".into()),
        app: Some("finance".into()),
        ..FileQuery::default()
    };
    let came = runs::include_known(&tx, second, app, Reuse::Reader(1), &ours).await;
    assert_eq!(came.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(sums(&db, second).await, "pending 1, file.password 1, ok 1");
}

async fn unseen_files_are_gone_but_not_below_unreadable_folders(db: Db) {
    let (app, first) = begin(&db).await;
    let paths = [
        "seen.docx",
        "unseen.docx",
        "in/a.docx",
        "in/deep/b.docx",
        "inner/c.docx",
    ];
    see(&db, app, first, Reuse::Reader(1), &upserted(&paths)).await;
    finish(&db, first).await;

    let (_, second) = begin(&db).await;
    see(
        &db,
        app,
        second,
        Reuse::Reader(1),
        &upserted(&["seen.docx"]),
    )
    .await;
    let tx = db.begin().await.unwrap();
    let folders = [("in".to_owned(), "access.denied".to_owned())];
    let feed = whole_feed(&tx, app).await;
    for _ in 0..2 {
        runs::record_unreadable_folders(&tx, second, Some(feed), &folders)
            .await
            .unwrap();
    }
    assert_eq!(
        runs::unreadable_folders(&tx, second).await.unwrap(),
        folders
    );
    assert_eq!(
        runs::end_enumeration(&tx, second, feed, at(7))
            .await
            .unwrap(),
        2
    );
    tx.commit().await.unwrap();
    for path in paths {
        let file = files::find(&db, app, &FileRef(path.to_owned()))
            .await
            .unwrap();
        let expected = matches!(path, "unseen.docx" | "inner/c.docx").then(|| at(7));
        assert_eq!(file.unwrap().removed, expected, "{path}");
    }
}

async fn the_scope_leaves_files_out(db: Db) {
    let (app, run) = begin(&db).await;
    let paths = ["in/a.docx", "in/b.docx", "out/c.docx"];
    see(&db, app, run, Reuse::Reader(1), &upserted(&paths)).await;
    let tx = db.begin().await.unwrap();
    let scope = FileQuery {
        folder: Some(FolderFilter {
            path: "in".to_owned(),
            subfolders: true,
        }),
        ..FileQuery::default()
    };
    assert_eq!(runs::limit_scope(&tx, run, &scope).await.unwrap(), 1);
    assert_eq!(runs::limit_scope(&tx, run, &scope).await.unwrap(), 0);
    let feed = whole_feed(&tx, app).await;
    let removed = runs::end_enumeration(&tx, run, feed, at(7)).await;
    assert_eq!(removed.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(read_pending(&db, app, run).await, 2);
    assert_eq!(finish(&db, run).await, "ok 2");
}

async fn everything_is_read_anew_when_nothing_is_reused(db: Db) {
    let listed = upserted(&["a.docx", "b.docx"]);
    for (reuse, expected) in [
        (Reuse::Reader(1), 2),
        (Reuse::Reader(1), 0),
        (Reuse::Reader(2), 2),
        (Reuse::Nothing, 2),
    ] {
        let (app, run) = begin(&db).await;
        see(&db, app, run, reuse, &listed).await;
        assert_eq!(read_pending(&db, app, run).await, expected, "{reuse:?}");
        assert_eq!(finish(&db, run).await, "ok 2");
    }
}
