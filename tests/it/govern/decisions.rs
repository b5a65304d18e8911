//! Which files are decided when, and what a decision leaves.

use labeld::model::catalogue::LabelState;
use labeld::model::inventory::FileFacts;
use labeld::store::{Db, actions, alerts, audit, decisions, owners};
use labeld_connector::{Change, Exposure, FileMeta, FolderMeta, FolderRef, OwnerDetails, Version};

use super::{World, policy};
use crate::store::{GENERAL, SECRET, facts, meta, on_both_stores, refused};

on_both_stores!(
    what_is_new_is_decided_once,
    the_same_stamp_is_not_decided_again,
    what_a_decision_depends_on_makes_it_new,
    more_exposed_files_come_first,
    the_loser_gives_way,
    files_that_no_policy_wants_any_more,
    nothing_waits_without_a_policy,
    a_label_that_cannot_be_applied_flags_the_policy,
    ages_are_looked_at_every_day,
    alerts_are_raised_once_for_a_match_and_bounded_by_day,
    decisions_that_lead_to_an_action_stand_in_the_audit_log,
);

async fn what_is_new_is_decided_once(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    let plain = world.unlabelled("a.docx").await;
    let done = world.labelled("b.docx", SECRET).await;
    let locked = world.put(meta("c.docx"), refused("password", "file.password"));
    let locked = locked.await;
    let text = world.put(
        meta("d.txt"),
        FileFacts {
            format: Some("text".to_owned()),
            ..facts(Vec::new())
        },
    );
    let text = text.await;
    let decided = world.decide().await;
    assert_eq!((decided.files, decided.proposed), (4, 1));
    assert_eq!(world.open(&plain).await, "apply Secret waiting");
    for file in [&done, &locked, &text] {
        assert_eq!(world.open(file).await, "", "{}", file.name);
    }
    let tx = world.rig.db.begin().await.unwrap();
    let ids = [plain.id, done.id, locked.id, text.id];
    let stored = decisions::decided(&tx, &ids).await.unwrap();
    let outcome = |id| stored[&id].outcome.map_or("", |reason| reason.code());
    assert_eq!(
        ids.map(outcome),
        ["", "label.same", "file.password", "file.type_unsupported"]
    );
    let all = world.stored("all").await.id;
    assert_eq!(decisions::match_count(&tx, all).await.unwrap(), 4);
    tx.rollback();
    assert_eq!(world.decide().await.files, 0);
}

/// An action that somebody has cancelled does not come back by itself: nothing about the file is new (gate 13).
async fn the_same_stamp_is_not_decided_again(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    let file = world.unlabelled("a.docx").await;
    world.decide().await;
    let open = actions::open_of_file(&world.rig.db, file.id).await.unwrap();
    let tx = world.rig.db.begin().await.unwrap();
    actions::cancel(&tx, open.unwrap().id, "ada", world.now())
        .await
        .unwrap();
    decisions::enqueue_app(&tx, world.rig.app_id, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let decided = world.decide().await;
    assert_eq!((decided.files, decided.proposed), (1, 0));
    assert_eq!(world.open(&file).await, "");
    let next = FileMeta {
        version: Version("v2".to_owned()),
        ..meta("a.docx")
    };
    world.put(next, facts(Vec::new())).await;
    assert_eq!(world.decide().await.proposed, 1);
}

/// Each of these makes the one file wait, and changes what is decided.
async fn what_a_decision_depends_on_makes_it_new(db: Db) {
    let sales = "filter = { all = [{ owner_department = \"Sales\" }, { access_at_least = \"internal\" }, { folder = \"deals/**\" }, { not = { name = { is = \"b.docx\" } } }] }";
    let mut world = World::new(db, &policy("sales", "Secret", sales)).await;
    let folder = |path: &str| FolderMeta {
        folder: FolderRef("f1".to_owned()),
        path: path.to_owned(),
        parent: None,
        link: None,
    };
    let listed = FileMeta {
        folder: "deals/2026".to_owned(),
        parent: Some(FolderRef("f1".to_owned())),
        exposure: Exposure::Internal,
        ..meta("a.docx")
    };
    let file = world.put(listed.clone(), facts(Vec::new())).await;
    world.decide().await;
    assert_eq!(world.open(&file).await, "", "the owner is not known");
    let owner = listed.owner.clone().unwrap();
    let of_sales = OwnerDetails {
        owner: owner.clone(),
        department: Some("Sales".to_owned()),
        ..OwnerDetails::default()
    };
    for (expected, files) in [("apply Secret waiting", 1), ("apply Secret waiting", 0)] {
        world.tick();
        let tx = world.rig.db.begin().await.unwrap();
        let asked = [owner.clone()];
        let answer = [of_sales.clone()];
        owners::store(&tx, world.rig.app_id, &asked, &answer, world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            world.decide().await.files,
            files,
            "the same answer is no news"
        );
        assert_eq!(world.open(&file).await, expected);
    }
    world.change(Change::FolderAt(folder("archive/2026"))).await;
    assert_eq!(world.decide().await.withdrawn, 1);
    assert_eq!(world.open(&file).await, "", "its folder was moved away");
    world.change(Change::FolderAt(folder("deals/2026"))).await;
    assert_eq!(world.decide().await.proposed, 1);
    for (change, wanted) in [
        (
            FileMeta {
                exposure: Exposure::Private,
                ..listed.clone()
            },
            false,
        ),
        (
            FileMeta {
                exposure: Exposure::Public,
                ..listed.clone()
            },
            true,
        ),
        (
            FileMeta {
                name: "b.docx".to_owned(),
                ..listed.clone()
            },
            false,
        ),
        (listed.clone(), true),
    ] {
        let what = format!("{change:?}");
        world.change(Change::Upserted(change)).await;
        assert_eq!(world.decide().await.files, 1, "{what}");
        assert_eq!(!world.open(&file).await.is_empty(), wanted, "{what}");
    }
    world.change(Change::Upserted(listed.clone())).await;
    assert_eq!(world.decide().await.files, 0, "listed once more as it is");
    world
        .change(Change::FolderRemoved(FolderRef("f1".to_owned())))
        .await;
    assert_eq!(world.decide().await.withdrawn, 1);
    assert_eq!(
        world.history(&file).await.last().unwrap(),
        "cancelled file.deleted"
    );
}

async fn more_exposed_files_come_first(db: Db) {
    let low = policy(
        "low",
        "Secret",
        "filter = { folder = \"low\" }\nseverity = \"low\"",
    );
    let high = policy(
        "high",
        "Secret",
        "filter = { folder = \"high\" }\nseverity = \"high\"",
    );
    let mut world = World::new(db, &format!("{low}{high}")).await;
    let exposures = [
        Exposure::Private,
        Exposure::Unknown,
        Exposure::Internal,
        Exposure::External,
        Exposure::Public,
    ];
    let mut ranked = Vec::new();
    for (number, exposure) in exposures.into_iter().enumerate() {
        for folder in ["low", "high"] {
            let listed = FileMeta {
                exposure,
                ..meta(&format!("{folder}/{number}.docx"))
            };
            ranked.push(world.put(listed, facts(Vec::new())).await);
        }
    }
    world.decide().await;
    let mut ranks = Vec::new();
    for file in &ranked {
        let open = actions::open_of_file(&world.rig.db, file.id).await.unwrap();
        ranks.push(open.unwrap().wanted.rank);
    }
    assert!(ranks.is_sorted_by(|one, next| one > next), "{ranks:?}");
}

/// X1: the label of the policy with the higher priority wins, also over what another one wanted before.
async fn the_loser_gives_way(db: Db) {
    let weak = policy("weak", "General", "priority = 1");
    let mut world = World::new(db, &weak).await;
    let file = world.unlabelled("a.docx").await;
    world.decide().await;
    assert_eq!(world.open(&file).await, "apply General waiting");
    let strong = policy("strong", "Secret", "priority = 2");
    world.configure(&format!("{weak}{strong}")).await;
    world.decide().await;
    assert_eq!(world.open(&file).await, "apply Secret waiting");
    assert_eq!(
        world.history(&file).await,
        ["cancelled policy.lost_to", "waiting"]
    );
}

async fn files_that_no_policy_wants_any_more(db: Db) {
    let finance = policy("finance", "Secret", "filter = { folder = \"finance\" }");
    let mut world = World::new(db, &finance).await;
    let moved = world.unlabelled("finance/a.docx").await;
    let labelled = world.unlabelled("finance/b.docx").await;
    let gone = world.unlabelled("finance/c.docx").await;
    assert_eq!(world.decide().await.proposed, 3);
    let elsewhere = FileMeta {
        folder: "archive".to_owned(),
        ..meta("finance/a.docx")
    };
    world.change(Change::Upserted(elsewhere)).await;
    world.labelled("finance/b.docx", SECRET).await;
    world.change(Change::Removed(gone.file.clone())).await;
    let decided = world.decide().await;
    assert_eq!((decided.files, decided.withdrawn), (3, 3));
    for (file, reason) in [
        (moved, "policy.no_match"),
        (labelled, "label.same"),
        (gone, "file.deleted"),
    ] {
        assert_eq!(world.history(&file).await, [format!("cancelled {reason}")]);
    }
}

async fn nothing_waits_without_a_policy(db: Db) {
    let off = policy("off", "Secret", "enabled = false");
    for policies in ["", off.as_str()] {
        let mut world = World::new(db.clone(), policies).await;
        world.unlabelled("a.docx").await;
        assert!(
            !decisions::waiting(&world.rig.db, world.rig.app_id)
                .await
                .unwrap()
        );
        // Once, because the rules are others than before.
        world.decide().await;
        world.unlabelled("b.docx").await;
        assert_eq!(world.decide().await.files, 0);
    }
}

/// Row A14.
async fn a_label_that_cannot_be_applied_flags_the_policy(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    let file = world.unlabelled("a.docx").await;
    world.unlabelled("b.docx").await;
    assert_eq!(world.decide().await.proposed, 2);
    world
        .set_label(SECRET, "Secret", 2, LabelState::Disabled)
        .await;
    let decided = world.decide().await;
    assert_eq!((decided.withdrawn, decided.alerts), (2, 1));
    assert_eq!(world.history(&file).await, ["cancelled label.disabled"]);
    world.unlabelled("c.docx").await;
    assert_eq!(world.decide().await.alerts, 0, "once a day");
    world
        .set_label(SECRET, "Secret", 2, LabelState::Active)
        .await;
    assert_eq!(world.decide().await.proposed, 3);
}

async fn ages_are_looked_at_every_day(db: Db) {
    let old = policy(
        "old",
        "Secret",
        "filter = { modified = { older_than = \"30d\" } }",
    );
    let mut world = World::new(db, &old).await;
    let modified = world.now();
    let listed = FileMeta {
        modified: Some(modified),
        ..meta("a.docx")
    };
    let file = world.put(listed, facts(Vec::new())).await;
    world.decide().await;
    assert_eq!(world.open(&file).await, "");
    let mut days = 0;
    while world.open(&file).await.is_empty() && days < 40 {
        world.clock().advance(chrono::TimeDelta::days(1));
        world.decide().await;
        days += 1;
    }
    assert_eq!(days, 30);
}

async fn alerts_are_raised_once_for_a_match_and_bounded_by_day(db: Db) {
    let alerting = |bound: &str| {
        format!(
            "[[policy]]\nname = \"watch\"\nalert = true\n{bound}\nfilter = {{ not = {{ label = \"General\" }} }}\n"
        )
    };
    let mut world = World::new(db, &alerting("alerts_per_day = 2")).await;
    for name in ["a.docx", "b.docx", "c.docx"] {
        world.unlabelled(name).await;
    }
    let watch = world.stored("watch").await.id;
    assert_eq!(world.decide().await.alerts, 2);
    world.unlabelled("d.docx").await;
    assert_eq!(world.decide().await.alerts, 0);
    world.clock().advance(chrono::TimeDelta::days(1));
    world.unlabelled("e.docx").await;
    assert_eq!(world.decide().await.alerts, 1);
    // Known matches are no news, whatever changes about the files or the policy.
    world.configure(&alerting("")).await;
    assert_eq!(world.decide().await.alerts, 0);
    world.labelled("a.docx", GENERAL).await;
    assert_eq!(world.decide().await.alerts, 0);
    world
        .put(
            FileMeta {
                version: Version("v3".to_owned()),
                ..meta("a.docx")
            },
            facts(Vec::new()),
        )
        .await;
    assert_eq!(world.decide().await.alerts, 1, "it matches anew");
    let since = chrono::DateTime::UNIX_EPOCH;
    let kind = alerts::AlertKind::Match;
    let all = alerts::count_since(&world.rig.db, watch, kind, since).await;
    assert_eq!(all.unwrap(), 4);
}

async fn decisions_that_lead_to_an_action_stand_in_the_audit_log(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    world.unlabelled("a.docx").await;
    world.labelled("b.docx", SECRET).await;
    let before = audit::head(&world.rig.db).await.unwrap().count;
    world.decide().await;
    let after = audit::head(&world.rig.db).await.unwrap().count;
    assert_eq!(after, before + 1);
    audit::verify(&world.rig.db, None).await.unwrap();
}
