//! Bounds that stop a policy before it acts.

use chrono::DateTime;
use labeld::model::policy::PolicyMode;
use labeld::store::Db;
use labeld::store::alerts::{self, AlertKind};
use labeld::store::policies::{self, Switch};

use super::{World, policy};
use crate::store::on_both_stores;

on_both_stores!(
    too_many_matches_stop_a_policy,
    too_many_percent_of_its_scope_stop_a_policy,
    a_canary_waits_for_somebody_to_look,
);

async fn alerts_of(world: &World, name: &str, kind: AlertKind) -> u64 {
    let id = world.stored(name).await.id;
    alerts::count_since(&world.rig.db, id, kind, DateTime::UNIX_EPOCH)
        .await
        .unwrap()
}

async fn too_many_matches_stop_a_policy(db: Db) {
    let bound = "filter = { folder = \"new\" }\nmax_matches = 2";
    let mut world = World::new(db, &policy("all", "Secret", bound)).await;
    let first = world.unlabelled("new/a.docx").await;
    world.unlabelled("new/b.docx").await;
    assert_eq!(world.decide().await.proposed, 2);
    assert!(world.stored("all").await.switch.is_none());
    world.unlabelled("new/c.docx").await;
    world.decide().await;
    let switch = world.stored("all").await.switch.unwrap();
    assert!(!switch.enabled);
    assert_eq!(switch.changed_by, "labeld");
    assert_eq!(
        switch.reason.as_deref(),
        Some("max_matches: 3 files match, 2 are allowed")
    );
    assert_eq!(world.open(&first).await, "apply Secret suspended");
    assert_eq!(alerts_of(&world, "all", AlertKind::MaxMatches).await, 1);
    // Switched on again it is stopped again, until its bound is another one.
    world.switch("all", true, None).await;
    world.decide().await;
    assert!(!world.stored("all").await.switch.unwrap().enabled);
    let wider = bound.replace("= 2", "= 3");
    world.configure(&policy("all", "Secret", &wider)).await;
    world.switch("all", true, None).await;
    world.decide().await;
    assert!(world.stored("all").await.switch.unwrap().enabled);
    assert_eq!(world.open(&first).await, "apply Secret waiting");
}

async fn too_many_percent_of_its_scope_stop_a_policy(db: Db) {
    let bound = "folders = { in = [\"new/**\"] }\nfilter = { name = { starts_with = \"x\" } }\nmax_matches_percent = 50";
    let mut world = World::new(db, &policy("all", "Secret", bound)).await;
    for path in ["new/x1.docx", "new/2.docx", "old/3.docx", "old/4.docx"] {
        world.unlabelled(path).await;
    }
    assert_eq!(world.decide().await.proposed, 1);
    assert!(world.stored("all").await.switch.is_none(), "1 of 2");
    world.unlabelled("new/deep/x5.docx").await;
    world.decide().await;
    let switch = world.stored("all").await.switch.unwrap();
    assert_eq!(
        switch.reason.as_deref(),
        Some("max_matches_percent: 2 of 3 files in scope match, 50 percent are allowed")
    );
}

async fn a_canary_waits_for_somebody_to_look(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "canary = 2")).await;
    let mut files = Vec::new();
    for name in ["a.docx", "b.docx", "c.docx", "d.docx"] {
        files.push(world.unlabelled(name).await);
    }
    let decided = world.decide().await;
    assert_eq!((decided.proposed, decided.alerts), (2, 1));
    assert_eq!(world.open(&files[1]).await, "apply Secret waiting");
    assert_eq!(world.open(&files[2]).await, "");
    assert_eq!(alerts_of(&world, "all", AlertKind::Canary).await, 1);
    // What it was acting on already needs no more room.
    world.switch("all", true, Some(PolicyMode::Enforce)).await;
    assert_eq!(world.decide().await.proposed, 0);
    assert_eq!(world.open(&files[1]).await, "apply Secret waiting");
    let stored = world.stored("all").await;
    world.tick();
    let consent = Switch {
        consented: Some(stored.revision),
        changed_at: world.now(),
        ..stored.switch.unwrap()
    };
    let tx = world.rig.db.begin().await.unwrap();
    let tenant = &world.rig.app.tenant;
    policies::set_switch(&tx, tenant, &"all".into(), &consent)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.decide().await.proposed, 2);
    // Another text is another canary.
    world
        .configure(&policy("all", "General", "canary = 1"))
        .await;
    let decided = world.decide().await;
    assert_eq!((decided.proposed, decided.withdrawn), (1, 3));
}
