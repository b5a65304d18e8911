//! The life of a policy (rules §9).

use labeld::model::policy::PolicyMode;
use labeld::store::Db;

use super::{World, policy};
use crate::store::on_both_stores;

on_both_stores!(
    observing_policies_propose_nothing,
    a_disabled_policy_keeps_what_it_wants,
    an_edited_policy_is_decided_anew,
    a_deleted_policy_wants_nothing,
    texts_become_revisions,
);

async fn observing_policies_propose_nothing(db: Db) {
    let observing = policy("all", "Secret", "").replace("enforce", "observe");
    let mut world = World::new(db, &observing).await;
    let file = world.unlabelled("a.docx").await;
    let decided = world.decide().await;
    assert_eq!((decided.files, decided.proposed), (1, 0));
    world.switch("all", true, Some(PolicyMode::Enforce)).await;
    assert_eq!(world.decide().await.proposed, 1);
    world.switch("all", true, Some(PolicyMode::Observe)).await;
    assert_eq!(world.decide().await.withdrawn, 1);
    assert_eq!(world.history(&file).await, ["cancelled policy.cancelled"]);
}

/// Its actions are suspended at once, and looked at anew when it is enabled.
async fn a_disabled_policy_keeps_what_it_wants(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    let kept = world.unlabelled("a.docx").await;
    let changed = world.unlabelled("b.docx").await;
    world.decide().await;
    world.switch("all", false, None).await;
    assert_eq!(world.open(&kept).await, "apply Secret suspended");
    assert_eq!(world.decide().await.withdrawn, 0);
    assert_eq!(world.open(&kept).await, "apply Secret suspended");
    assert_eq!(world.history(&kept).await, ["suspended policy.suspended"]);
    // Somebody labels it meanwhile.
    world.labelled("b.docx", crate::store::SECRET).await;
    world.decide().await;
    world.switch("all", true, None).await;
    let decided = world.decide().await;
    assert_eq!((decided.proposed, decided.withdrawn), (0, 1));
    assert_eq!(world.open(&kept).await, "apply Secret waiting");
    assert_eq!(world.history(&changed).await, ["cancelled label.same"]);
}

async fn an_edited_policy_is_decided_anew(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    let stays = world.unlabelled("a.docx").await;
    let leaves = world.unlabelled("b.docx").await;
    world.decide().await;
    let narrow = "filter = { name = { is = \"a.docx\" } }";
    let changes = world.configure(&policy("all", "Secret", narrow)).await;
    assert_eq!(changes.edited, ["all".into()]);
    let decided = world.decide().await;
    assert_eq!(
        (decided.files, decided.proposed, decided.withdrawn),
        (2, 0, 1)
    );
    assert_eq!(world.history(&stays).await, ["waiting"]);
    assert_eq!(world.history(&leaves).await, ["cancelled policy.no_match"]);
    world.configure(&policy("all", "General", narrow)).await;
    world.decide().await;
    assert_eq!(world.open(&stays).await, "apply General waiting");
    assert_eq!(world.stored("all").await.number, 3);
}

async fn a_deleted_policy_wants_nothing(db: Db) {
    let mut world = World::new(db, &policy("all", "Secret", "")).await;
    let file = world.unlabelled("a.docx").await;
    world.decide().await;
    let changes = world.configure("").await;
    assert_eq!(changes.removed, ["all".into()]);
    assert_eq!(world.history(&file).await, ["cancelled policy.cancelled"]);
    world.decide().await;
    let changes = world.configure(&policy("all", "Secret", "")).await;
    assert_eq!(changes.added, ["all".into()]);
    assert_eq!(world.decide().await.proposed, 1);
    assert_eq!(world.stored("all").await.number, 1, "the same text");
}

async fn texts_become_revisions(db: Db) {
    let text = |more: &str| policy("all", "Secret", more);
    let mut world = World::new(db, &text("")).await;
    for (policies, number) in [
        (text(""), 1),
        // Where it stands and how it is written is not its text.
        (format!("\n# remark\n{}", text("severity = \"low\"")), 1),
        (text("priority = 1"), 2),
        (text(""), 3),
        (text("filter = { size = { at_least = 5 } }"), 4),
        (text("filter = { size = { at_least = 6 } }"), 5),
        (
            text("allow = [{ filter = { labelled = true }, reason = \"r\", author = \"a\" }]"),
            6,
        ),
    ] {
        let changes = world.configure(&policies).await;
        assert_eq!(world.stored("all").await.number, number, "{policies}");
        assert!(changes.is_empty() || changes.edited == ["all".into()]);
    }
}
