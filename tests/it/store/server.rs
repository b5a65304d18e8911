//! A PostgreSQL server that goes away and comes back, and workers that start at the same time.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use labeld::store::{Access, Db, Location, StoreError, apps, files};

use super::{at, finance, upserted};
use crate::postgres::{PrivateCluster, execute, new_schema};

async fn store_file(db: &Db, name: &str) -> Result<(), StoreError> {
    let tx = db.begin().await?;
    let app = apps::ensure(&tx, &"contoso".into(), &"finance".into()).await?;
    files::apply_changes(&tx, app, &upserted(&[name]), at(1)).await?;
    tx.commit().await
}

async fn names(db: &Db) -> Result<BTreeSet<String>, StoreError> {
    let all = files::Page {
        after: None,
        limit: 1000,
    };
    let files = files::list(db, &files::FileQuery::default(), all).await?;
    Ok(files.into_iter().map(|file| file.name).collect())
}

#[track_caller]
fn expect_unreachable(error: &StoreError) {
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.is_retryable() && !error.forbids_writing());
    assert_eq!(error.exit_code(), 1);
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Uses many of the pool's connections at once, so that there are many.
async fn use_connections(db: &Db) {
    let readings = (0..6).map(|_| names(db));
    for reading in join_all(readings).await {
        reading.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_stops_crashes_and_comes_back() {
    let Some(cluster) = PrivateCluster::start() else {
        return;
    };
    let location = Location::parse(&cluster.url());
    let db = Db::open(&location, Access::Write).await.unwrap();
    store_file(&db, "first.docx").await.unwrap();
    use_connections(&db).await;

    let half_done = db.begin().await.unwrap();
    let app = finance(&half_done).await;
    files::apply_changes(&half_done, app, &upserted(&["half.docx"]), at(1))
        .await
        .unwrap();
    cluster.stop();
    let cut = files::apply_changes(&half_done, app, &upserted(&["more.docx"]), at(1)).await;
    expect_unreachable(&cut.unwrap_err());
    half_done.commit().await.unwrap_err();
    expect_unreachable(&store_file(&db, "away.docx").await.unwrap_err());
    expect_unreachable(&names(&db).await.unwrap_err());
    expect_unreachable(&Db::open(&location, Access::Write).await.unwrap_err());
    expect_unreachable(&Db::open(&location, Access::Read).await.unwrap_err());

    cluster.start_again();
    assert_eq!(names(&db).await.unwrap(), set(&["first.docx"]));
    store_file(&db, "second.docx").await.unwrap();
    use_connections(&db).await;

    // Restarted under a pool that has noticed nothing: no error comes of it.
    cluster.crash();
    cluster.start_again();
    store_file(&db, "third.docx").await.unwrap();
    use_connections(&db).await;
    cluster.crash();
    cluster.start_again();
    let expected = set(&["first.docx", "second.docx", "third.docx"]);
    assert_eq!(names(&db).await.unwrap(), expected);

    // Between the last statement and the commit: here nothing was stored.
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    files::apply_changes(&tx, app, &upserted(&["uncertain.docx"]), at(1))
        .await
        .unwrap();
    cluster.crash();
    expect_unreachable(&tx.commit().await.unwrap_err());
    cluster.start_again();
    assert_eq!(names(&db).await.unwrap(), expected);
}

#[tokio::test]
async fn connections_that_are_cut() {
    let Some(url) = new_schema().await else {
        return;
    };
    // Told from the connections of other tests by their name.
    let name = format!("cut-{}", std::process::id());
    let own = Location::parse(&format!("{url}&application_name={name}"));
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"
    );
    let db = Db::open(&own, Access::Write).await.unwrap();
    use_connections(&db).await;
    execute(&url, &cut).await;
    store_file(&db, "first.docx").await.unwrap();
    use_connections(&db).await;
    execute(&url, &cut).await;
    assert_eq!(names(&db).await.unwrap(), set(&["first.docx"]));

    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    files::apply_changes(&tx, app, &upserted(&["half.docx"]), at(1))
        .await
        .unwrap();
    execute(&url, &cut).await;
    let more = files::apply_changes(&tx, app, &upserted(&["more.docx"]), at(1)).await;
    expect_unreachable(&more.unwrap_err());
    tx.commit().await.unwrap_err();
    assert_eq!(names(&db).await.unwrap(), set(&["first.docx"]));
}

#[tokio::test]
async fn workers_that_start_together_make_the_schema_once() {
    let Some(url) = new_schema().await else {
        return;
    };
    let location = Location::parse(&url);
    let opened = join_all((0..6).map(|_| Db::open(&location, Access::Write))).await;
    for (number, db) in opened.into_iter().enumerate() {
        let name = format!("{number}.docx");
        store_file(&db.unwrap(), &name).await.unwrap();
    }
    let reader = Db::open(&location, Access::Read).await.unwrap();
    assert_eq!(names(&reader).await.unwrap().len(), 6);
}

/// What the server says when its disk is full, and when it is read-only; and afterwards.
#[tokio::test]
async fn a_server_that_cannot_write() {
    let Some(url) = new_schema().await else {
        return;
    };
    let refuse = |code: &str| {
        format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON file FOR EACH ROW EXECUTE FUNCTION refuse();
             CREATE TRIGGER refuse BEFORE UPDATE ON schema_version FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    };
    let db = Db::open(&Location::parse(&url), Access::Write)
        .await
        .unwrap();
    store_file(&db, "first.docx").await.unwrap();
    for (code, is_full) in [("53100", true), ("25006", false)] {
        execute(&url, &refuse(code)).await;
        let stored = store_file(&db, "second.docx").await;
        for error in [stored.unwrap_err(), db.probe_write().await.unwrap_err()] {
            assert_eq!(
                matches!(error, StoreError::Full { .. }),
                is_full,
                "{error:?}"
            );
            assert!(
                error.forbids_writing() && !error.is_retryable(),
                "{error:?}"
            );
        }
        assert_eq!(names(&db).await.unwrap(), set(&["first.docx"]));
        execute(&url, "DROP FUNCTION refuse CASCADE").await;
        db.probe_write().await.unwrap();
    }
    store_file(&db, "second.docx").await.unwrap();
    assert_eq!(
        names(&db).await.unwrap(),
        set(&["first.docx", "second.docx"])
    );
}
