//! Bounds that stop a policy before it acts.

use std::sync::Arc;

use chrono::DateTime;
use labeld::model::inventory::FileFacts;
use labeld::model::policy::PolicyMode;
use labeld::pipeline::App;
use labeld::pipeline::govern::{self, Governance, Governor};
use labeld::store::alerts::{self, AlertKind};
use labeld::store::apps::{self, AppId};
use labeld::store::policies::{self, Switch};
use labeld::store::{Db, decisions, files};
use labeld_connector::{Change, FileRef};

use super::{World, definitions, policy};
use crate::store::{facts, meta, on_both_stores};

on_both_stores!(
    too_many_matches_stop_a_policy,
    too_many_percent_of_its_scope_stop_a_policy,
    a_canary_waits_for_somebody_to_look,
    a_bound_counts_the_files_of_all_apps_before_the_first_acts,
    what_another_process_has_decided_counts,
    apps_out_of_scope_are_left_to_others,
    a_canary_is_exact_in_apps_that_are_decided_side_by_side,
);

/// Another app of the tenant, that has files of its own and that nobody governs.
async fn another_app(world: &mut World, name: &str) -> (App, AppId) {
    let app = App {
        name: format!("{}-{name}", world.rig.app.name.0).as_str().into(),
        ..world.rig.app.clone()
    };
    let tx = world.rig.db.begin().await.unwrap();
    let id = apps::ensure(&tx, &app.tenant, &app.name).await.unwrap();
    tx.commit().await.unwrap();
    let mut rules = (*world.rules).clone();
    let same = rules.apps[&world.rig.app.name].clone();
    rules.apps.insert(app.name.clone(), same);
    world.rules = Arc::new(rules);
    world.governor = Governor::new(Arc::clone(&world.rules));
    (app, id)
}

/// Healthy files without a label.
async fn list(world: &World, app: AppId, names: &[String]) {
    let listed: Vec<Change> = names
        .iter()
        .map(|name| Change::Upserted(meta(name)))
        .collect();
    let tx = world.rig.db.begin().await.unwrap();
    files::apply_changes(&tx, app, &listed, world.now())
        .await
        .unwrap();
    let mut read = Vec::new();
    for name in names {
        let record = files::find(&tx, app, &FileRef(name.clone())).await;
        let record = record.unwrap().unwrap();
        let version = record.version.clone();
        let healthy = facts(Vec::new());
        read.push((record.id, FileFacts { version, ..healthy }));
    }
    files::store_facts(&tx, &read).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_bound_counts_the_files_of_all_apps_before_the_first_acts(db: Db) {
    let bound = "filter = { folder = \"new\" }\nmax_matches = 2";
    let mut world = World::new(db, &policy("all", "Secret", bound)).await;
    let first = world.unlabelled("new/a.docx").await;
    let (_, other) = another_app(&mut world, "other").await;
    list(&world, other, &["new/b.docx".to_owned()]).await;
    assert_eq!(world.decide().await.proposed, 1);
    assert!(world.stored("all").await.switch.is_none());
    assert!(!decisions::waiting(&world.rig.db, other).await.unwrap());
    // Nobody is at the other app, which may be out of reach; what is known of it counts.
    list(&world, other, &["new/c.docx".to_owned()]).await;
    world.decide().await;
    let switch = world.stored("all").await.switch.unwrap();
    assert_eq!(
        switch.reason.as_deref(),
        Some("max_matches: 3 files match, 2 are allowed")
    );
    assert_eq!(world.open(&first).await, "apply Secret suspended");
    assert_eq!(alerts_of(&world, "all", AlertKind::MaxMatches).await, 1);
}

/// It has decided, and was not yet at the bounds.
async fn what_another_process_has_decided_counts(db: Db) {
    let bound = "filter = { folder = \"new\" }\nmax_matches = 1";
    let mut world = World::new(db, &policy("all", "Secret", bound)).await;
    let (app, other) = another_app(&mut world, "other").await;
    let first = world.unlabelled("new/a.docx").await;
    assert_eq!(world.decide().await.proposed, 1);
    list(&world, other, &["new/b.docx".to_owned()]).await;
    let governance = Governance::load(&world.rig.db, Arc::clone(&world.rules)).await;
    let decided = govern::decide_waiting(&world.rig.work, &app, &governance.unwrap()).await;
    assert_eq!(decided.unwrap().files, 1);
    assert_eq!(
        world.decide().await.files,
        1,
        "after the policy was stopped"
    );
    assert!(!world.stored("all").await.switch.unwrap().enabled);
    assert_eq!(world.open(&first).await, "apply Secret suspended");
}

async fn apps_out_of_scope_are_left_to_others(db: Db) {
    let mut world = World::new(db, "").await;
    let (_, other) = another_app(&mut world, "other").await;
    let scope = format!("apps = [\"{}\"]\nmax_matches = 1", world.rig.app.name);
    for (bound, is_waiting) in [
        (scope.as_str(), true),
        ("", true),
        ("max_matches = 9", false),
    ] {
        let mut rules = (*world.rules).clone();
        rules.definitions = definitions(&policy("all", "Secret", "max_matches = 1"));
        let rule = &mut rules.definitions[0];
        match bound.contains("apps") {
            true => rule.scope.apps = vec![world.rig.app.name.clone()],
            false => {
                let bound = definitions(&policy("all", "Secret", bound));
                rule.max_matches = bound[0].max_matches;
            }
        }
        world.tick();
        world.rules = Arc::new(rules);
        world.governor = Governor::new(Arc::clone(&world.rules));
        govern::take_over(&world.rig.work, &world.rules)
            .await
            .unwrap();
        list(
            &world,
            other,
            &[format!("{is_waiting}{}.docx", bound.len())],
        )
        .await;
        world.decide().await;
        let found = decisions::waiting(&world.rig.db, other).await.unwrap();
        assert_eq!(found, is_waiting, "{bound}");
    }
}

/// Each round the apps take the rest of the canary at the same time.
async fn a_canary_is_exact_in_apps_that_are_decided_side_by_side(db: Db) {
    const CANARY: u64 = 20;
    let mut world = World::new(db, "").await;
    let (first, first_id) = another_app(&mut world, "first").await;
    let (second, second_id) = another_app(&mut world, "second").await;
    let (third, third_id) = another_app(&mut world, "third").await;
    for round in 0..4 {
        let name = format!("canary-{round}");
        let text = policy(&name, "Secret", &format!("canary = {CANARY}"));
        let mut rules = (*world.rules).clone();
        rules.definitions = definitions(&text);
        world.tick();
        world.rules = Arc::new(rules);
        govern::take_over(&world.rig.work, &world.rules)
            .await
            .unwrap();
        for id in [first_id, second_id, third_id] {
            let names: Vec<String> = (0..30).map(|file| format!("{file}.docx")).collect();
            list(&world, id, &names).await;
        }
        let decide = async |app: &App| {
            let mut governor = Governor::new(Arc::clone(&world.rules));
            let decided = governor.decide(&world.rig.work, app).await;
            decided.unwrap().0.proposed
        };
        let (one, two, three) = tokio::join!(decide(&first), decide(&second), decide(&third));
        assert_eq!(one + two + three, CANARY, "{round}: {one} {two} {three}");
        let revision = world.stored(&name).await.revision;
        let made = decisions::made_by(&world.rig.db, revision).await.unwrap();
        assert_eq!(made, CANARY, "{round}");
    }
}

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
