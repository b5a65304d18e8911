//! What belongs together is stored together.

use labeld::model::inventory::FileId;
use labeld::store::apps::AppId;
use labeld::store::feeds::StoredCursor;
use labeld::store::{Db, StoreError, apps, feeds, files};
use labeld_connector::FileRef;

use super::{
    CONTOSO, SECRET, at, facts, finance, go_to, label, on_both_stores, position, upserted,
    whole_feed,
};

on_both_stores!(
    cursor_and_rows_are_stored_together_or_not_at_all,
    a_failed_statement_spoils_its_transaction,
    transactions_wait_for_each_other,
);

async fn cursor_and_rows_are_stored_together_or_not_at_all(db: Db) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let feed = whole_feed(&tx, app).await;
    tx.commit().await.unwrap();
    assert_eq!(stored_position(&db, app).await, None);

    for (cursor, keep) in [("page 1", false), ("page 2", true)] {
        let tx = db.begin().await.unwrap();
        let page = upserted(&["a.docx", "b.docx"]);
        files::apply_changes(&tx, app, &page, at(1)).await.unwrap();
        go_to(&tx, app, feed, &position(cursor)).await;
        if keep {
            tx.commit().await.unwrap();
        } else {
            drop(tx);
        }
        let file = files::find(&db, app, &FileRef("b.docx".to_owned())).await;
        assert_eq!(file.unwrap().is_some(), keep, "{cursor}");
        let stored = stored_position(&db, app).await;
        assert_eq!(stored.is_some(), keep, "{cursor}");
    }
    assert_eq!(stored_position(&db, app).await, Some(position("page 2")));

    let tx = db.begin().await.unwrap();
    feeds::clear(&tx, feed).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stored_position(&db, app).await, None);
}

async fn stored_position(db: &Db, app: AppId) -> Option<StoredCursor> {
    let feeds = feeds::of_app(db, app).await.unwrap();
    assert_eq!(feeds.len(), 1);
    feeds[0].position.clone()
}

async fn a_failed_statement_spoils_its_transaction(db: Db) {
    let tx = db.begin().await.unwrap();
    finance(&tx).await;
    let of_no_file = [(FileId(99), facts(vec![label(Some(CONTOSO), SECRET, true)]))];
    let error = files::store_facts(&tx, &of_no_file).await.unwrap_err();
    assert!(matches!(error, StoreError::Constraint { .. }), "{error:?}");
    let next = apps::ensure(&tx, &"contoso".into(), &"sales".into()).await;
    assert!(next.is_err(), "nothing of it can be stored any more");
    assert!(tx.commit().await.is_err());

    let app = apps::find(&db, &"contoso".into(), &"finance".into()).await;
    assert_eq!(app.unwrap(), None);
    let tx = db.begin().await.unwrap();
    finance(&tx).await;
    tx.commit().await.unwrap();
}

async fn transactions_wait_for_each_other(db: Db) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    let tx = db.begin().await.unwrap();
                    let page = upserted(&[&format!("{task}/{number}.docx")]);
                    files::apply_changes(&tx, app, &page, at(number))
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let all = files::Page {
        after: None,
        limit: 1000,
    };
    let stored = files::list(&db, &files::FileQuery::default(), all).await;
    assert_eq!(stored.unwrap().len(), 80);
}
