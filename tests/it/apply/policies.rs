//! Actions that a policy wants.

use labeld::clock::Clock;
use labeld::model::Reason;
use labeld::model::policy::PolicyName;
use labeld::store::actions::{
    self, ActionId, ActionRunId, ActionState, AskedBy, NewAction, Proposed, RunKind, Verb,
};
use labeld::store::apps;
use labeld::store::policies::{self, ConfiguredPolicy};
use uuid::Uuid;

use super::faults::with_part;
use super::{World, id, label_of, labelled, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::GENERAL;

pub(super) const POLICY: &str = r#"
[[policy]]
name = "everything"
mode = "enforce"
filter = { labelled = false }
actions = { apply_label = "f42aa342-8706-4288-bd11-ebb85995028c" }
"#;

pub(super) async fn take_over(world: &World<'_>) {
    let tx = world.db.begin().await.unwrap();
    let configured = ConfiguredPolicy {
        name: PolicyName("everything".to_owned()),
        document: POLICY.to_owned(),
        enabled: true,
    };
    let now = world.clock.now();
    policies::take_over(&tx, &world.rules.tenant, &[configured], now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What the policy has decided.
async fn decided(world: &World<'_>, app: App, path: &str, run: ActionRunId) -> ActionId {
    let wanted = (Verb::Apply, Some(id(GENERAL)));
    decided_to(world, app, path, run, wanted).await
}

/// … and is to be done.
pub(super) async fn decided_to(
    world: &World<'_>,
    app: App,
    path: &str,
    run: ActionRunId,
    (verb, label): (Verb, Option<Uuid>),
) -> ActionId {
    let governance = world.governance().await;
    let stored = &governance.stored[&PolicyName("everything".to_owned())];
    let file = world.file(app, path).await;
    let tx = world.db.begin().await.unwrap();
    let app = &world.apps[&app];
    let wanted = NewAction {
        tenant: app.tenant.clone(),
        app: apps::ensure(&tx, &app.tenant, &app.name).await.unwrap(),
        file: file.id,
        verb,
        site: world.rules.site_id.unwrap(),
        label,
        asked_by: AskedBy::Policy {
            policy: stored.id,
            revision: stored.revision,
        },
        run: Some(run),
        undoes: None,
        file_version: file.version,
        rank: 0,
    };
    let now = world.clock.now();
    let proposed = actions::propose(&tx, &wanted, now).await.unwrap();
    tx.commit().await.unwrap();
    match proposed {
        Proposed::Made(action) => action,
        other => panic!("{other:?}"),
    }
}

/// A person takes the label off again and again: the policy puts it back twice, and stops (X6).
#[test]
fn a_policy_does_not_fight_a_person() {
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        take_over(world).await;
        let app = App::Google;
        let site = world.rules.site_id.unwrap();
        let path = world.add(app, &plain()).await;
        for round in 0..3 {
            let run = world.begin_run(RunKind::Rescan).await;
            let action = decided(world, app, &path, run).await;
            let action = world.act_to_the_end(app, (action, run)).await;
            if round < 2 {
                assert_eq!(
                    (action.state, action.reason),
                    (ActionState::Done, None),
                    "{round}"
                );
                assert!(label_of(&world.content(app, &path), site).is_some());
                // Other words each time, or it would be the version that was written to before.
                let body = with_part(&plain(), &format!("customXml/round-{round}.xml"));
                world.five.put(app, &path, &body.into());
                world.poll(app).await;
            } else {
                let expected = (ActionState::Refused, Some(Reason::PolicyFightingUser));
                assert_eq!((action.state, action.reason), expected);
            }
        }
        assert_eq!(world.own_versions(app, &path).unwrap().len(), 2);
    });
}

/// Whatever changed between the decision and the write is looked at: the policy that has nothing more to say, the policy
/// that was switched off.
#[test]
fn what_was_decided_is_decided_anew() {
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        take_over(world).await;
        let app = App::SharePoint;
        let run = world.begin_run(RunKind::Rescan).await;
        // Somebody has set a label since.
        let path = world.add(app, &plain()).await;
        let action = decided(world, app, &path, run).await;
        let body = labelled(world.rules.site_id.unwrap(), GENERAL);
        world.five.put(app, &path, &body);
        let action = world.act_to_the_end(app, (action, run)).await;
        assert_eq!(action.state, ActionState::Cancelled, "{action:?}");
        assert_eq!(action.reason, Some(Reason::PolicyNoMatch));
        // The policy was switched off since.
        let path = world.add(app, &plain()).await;
        let action = decided(world, app, &path, run).await;
        let governance = world.governance().await;
        let stored = &governance.stored[&PolicyName("everything".to_owned())];
        let now = world.clock.now();
        let tx = world.db.begin().await.unwrap();
        assert_eq!(actions::suspend(&tx, stored.id).await.unwrap(), 1);
        tx.commit().await.unwrap();
        world.act(app, run).await;
        let suspended = world.action(action).await;
        assert_eq!(suspended.reason, Some(Reason::PolicySuspended));
        let tx = world.db.begin().await.unwrap();
        assert_eq!(actions::resume(&tx, stored.id, now).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let action = world.act_to_the_end(app, (action, run)).await;
        assert_eq!((action.state, action.reason), (ActionState::Done, None));
        let rows = world.ledger(app, &path).await;
        assert_eq!(rows[0].method.as_deref(), Some("Standard"));
    });
}
