//! Which files were there before their app was connected, and which have come since (rules §7).

use labeld::store::Db;
use labeld::store::files::{self, Origin};
use labeld::store::runs::{self, Reuse};
use labeld_connector::{Barrier, Change, FileMeta, FileRef, Version};

use super::{at, finance, meta, on_both_stores, whole_feed};

on_both_stores!(a_file_arrives_with_each_version_after_the_first_list);

async fn a_file_arrives_with_each_version_after_the_first_list(db: Db) {
    let listed = |name: &str, version: &str| FileMeta {
        version: Version(version.to_owned()),
        ..meta(name)
    };
    let barred = |name: &str, barrier| FileMeta {
        barrier,
        ..listed(name, "1")
    };
    let moved = FileMeta {
        folder: "elsewhere".to_owned(),
        owner: Some("mina".to_owned()),
        ..listed("quiet", "1")
    };
    let up = Change::Upserted;
    // What is listed at each second. At the end of second 2 everything was listed once.
    let pages = [
        (
            1,
            vec![
                up(listed("quiet", "1")),
                up(listed("edited", "1")),
                up(listed("back", "1")),
                up(barred("opened", Some(Barrier::Denied))),
                up(barred("closed", None)),
            ],
        ),
        (2, vec![up(listed("early", "1")), up(listed("early", "2"))]),
        (
            3,
            vec![
                up(moved),
                up(listed("edited", "2")),
                up(listed("new", "1")),
                Change::Removed(FileRef("back".to_owned())),
                up(barred("opened", None)),
                up(barred("closed", Some(Barrier::Denied))),
            ],
        ),
        (4, vec![up(listed("back", "1")), up(listed("new", "1"))]),
        (5, vec![up(listed("new", "2"))]),
    ];
    let (mut app, mut first_run) = (None, None);
    for (second, changes) in pages {
        let tx = db.begin().await.unwrap();
        let id = *app.get_or_insert(finance(&tx).await);
        let feed = whole_feed(&tx, id).await;
        let origin = Origin {
            app: id,
            feed: Some(feed),
        };
        files::apply_changes(&tx, origin, &changes, at(second))
            .await
            .unwrap();
        if second <= 2 {
            let run = match first_run {
                Some(run) => run,
                None => runs::begin(&tx, id, "", at(1)).await.unwrap(),
            };
            runs::record_listed(&tx, run, id, Reuse::Nothing, &changes)
                .await
                .unwrap();
            if second == 2 {
                runs::end_enumeration(&tx, run, feed, at(2)).await.unwrap();
            }
            first_run = Some(run);
        }
        tx.commit().await.unwrap();
    }
    for (name, expected) in [
        ("quiet", None),
        ("early", None),
        ("closed", None),
        ("edited", Some(at(3))),
        ("opened", Some(at(3))),
        ("back", Some(at(4))),
        ("new", Some(at(5))),
    ] {
        let file = files::find(&db, app.unwrap(), &FileRef(name.to_owned())).await;
        let id = file.unwrap().unwrap().id;
        assert_eq!(files::arrived(&db, id).await.unwrap(), expected, "{name}");
    }
}
