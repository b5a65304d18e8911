//! Asking an app who can reach its files.

use chrono::TimeDelta;
use labeld::pipeline::StageError;
use labeld::pipeline::exposure::refresh_exposure;
use labeld::store::Db;
use labeld_connector::{ErrorKind, Exposure};

use super::Rig;
use crate::store::on_both_stores;

on_both_stores!(
    an_app_is_asked_once_a_day_for_what_it_does_not_list,
    answers_up_to_a_failure_of_the_app_are_kept,
    one_run_asks_a_bounded_number_of_questions,
);

async fn refresh(rig: &Rig) -> u64 {
    let refreshed = refresh_exposure(&rig.work, &rig.app).await.unwrap();
    assert!(!refreshed.more);
    refreshed.asked
}

async fn an_app_is_asked_once_a_day_for_what_it_does_not_list(db: Db) {
    let rig = Rig::connected(db).await;
    // What the app answers, and what is known then. A file that it does not show has no answer, and is no failure.
    let table = [
        ("public", Ok(Exposure::Public), Exposure::Public),
        ("private", Ok(Exposure::Private), Exposure::Private),
        ("silent", Ok(Exposure::Unknown), Exposure::Unknown),
        ("denied", Err(ErrorKind::Denied), Exposure::Unknown),
        ("gone", Err(ErrorKind::NotFound), Exposure::Unknown),
    ];
    for (name, answer, _) in table {
        rig.source.share(name, answer);
        rig.list(name).await;
    }
    assert_eq!(refresh(&rig).await, 5);
    for (name, _, expected) in table {
        assert_eq!(rig.file(name).await.exposure, expected, "{name}");
    }
    assert_eq!(refresh(&rig).await, 0);

    // A change may be one of sharing.
    rig.source.share("private", Ok(Exposure::External));
    rig.list("private").await;
    assert_eq!(refresh(&rig).await, 1);
    assert_eq!(rig.file("private").await.exposure, Exposure::External);
    rig.clock
        .advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    assert_eq!(refresh(&rig).await, 5);
}

async fn answers_up_to_a_failure_of_the_app_are_kept(db: Db) {
    // The failure, and whether the run fails with it: an app that cannot tell is not asked further.
    for (kind, fails) in [
        (ErrorKind::Throttled, true),
        (ErrorKind::Transient, true),
        (ErrorKind::Unsupported, false),
    ] {
        let rig = Rig::connected(db.clone()).await;
        for number in 0..20 {
            let name = format!("{number:02}");
            let answer = if number < 10 {
                Ok(Exposure::Public)
            } else {
                Err(kind)
            };
            rig.source.share(&name, answer);
            rig.list(&name).await;
        }
        let refreshed = refresh_exposure(&rig.work, &rig.app).await;
        match refreshed {
            Err(StageError::App(error)) if fails => assert_eq!(error.kind(), kind),
            Ok(refreshed) if !fails => assert!(!refreshed.more),
            other => panic!("{kind:?}: {other:?}"),
        }
        assert_eq!(rig.file("00").await.exposure, Exposure::Public, "{kind:?}");
        assert_eq!(rig.file("15").await.exposure, Exposure::Unknown, "{kind:?}");
        if fails {
            for number in 10..20 {
                rig.source
                    .share(&format!("{number}"), Ok(Exposure::Private));
            }
            refresh(&rig).await;
            assert_eq!(rig.file("15").await.exposure, Exposure::Private, "{kind:?}");
        }
    }
}

async fn one_run_asks_a_bounded_number_of_questions(db: Db) {
    let rig = Rig::connected(db).await;
    {
        let mut state = rig.source.state();
        state.set_page_size(1_500);
        for number in 0..1_500 {
            state.put(&format!("{number}.txt"), "text");
        }
    }
    rig.poll().await;
    let first = refresh_exposure(&rig.work, &rig.app).await.unwrap();
    assert_eq!((first.asked, first.more), (1_000, true));
    assert_eq!(refresh(&rig).await, 500);
}
