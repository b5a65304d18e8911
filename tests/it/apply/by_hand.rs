//! A label by hand, in every app: applied, the same once more, removed.

use labeld::model::Reason;
use labeld::model::inventory::FileFacts;
use labeld::store::actions::{ActionState, Verb};
use labeld::store::ledger::AttemptState;

use super::{SEALED, SECRET, World, id, label_of, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::GENERAL;

#[test]
fn a_label_is_applied_and_removed_in_every_app() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in App::ALL {
            applied_and_removed(world, app).await;
        }
    });
}

async fn applied_and_removed(world: &World<'_>, app: App) {
    let site = world.rules.site_id.unwrap();
    let path = world.add(app, &plain()).await;
    let asked = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let action = world.act_to_the_end(app, asked).await;
    assert_eq!(
        (action.state, action.reason),
        (ActionState::Done, None),
        "{app:?} {action:?}"
    );
    let rows = world.ledger(app, &path).await;
    assert_eq!(rows.len(), 1, "{app:?} {rows:?}");
    assert_eq!(rows[0].state, AttemptState::Applied);
    assert_eq!(rows[0].method.as_deref(), Some("Privileged"));
    let body = world.content(app, &path);
    // LabelInfo, where the tenant's co-authoring setting puts the label, has no ActionId.
    let (label, action_id) = label_of(&body, site).unwrap();
    assert_eq!(label, id(GENERAL));
    assert!(
        action_id.is_none_or(|action_id| action_id == rows[0].id),
        "{app:?}"
    );
    if let Some(own) = world.own_versions(app, &path) {
        assert_eq!(own.len(), 1, "{app:?}");
    }
    assert_eq!(world.cap(app).await.landed, 1, "{app:?}");
    // What was written is known without another scan.
    let file = world.file(app, &path).await;
    let facts: FileFacts = file.facts.unwrap();
    assert_eq!(facts.version, file.version);
    assert!(
        facts
            .labels
            .iter()
            .any(|label| label.effective && label.id == id(GENERAL))
    );

    // The same once more costs nothing, and another one is not put over labeld's own (A3, A4).
    for (label, state, reason) in [
        (GENERAL, ActionState::Done, Reason::LabelSame),
        (SECRET, ActionState::Refused, Reason::LabelByLabeld),
        (SEALED, ActionState::Refused, expected_for_encrypting(app)),
    ] {
        let asked = world.ask(app, &path, Verb::Apply, Some(label)).await;
        let action = world.act_to_the_end(app, asked).await;
        assert_eq!(
            (action.state, action.reason),
            (state, Some(reason)),
            "{app:?} {label}"
        );
    }
    assert_eq!(world.cap(app).await.used, 1, "{app:?}");

    let asked = world.ask(app, &path, Verb::Remove, None).await;
    let action = world.act_to_the_end(app, asked).await;
    assert_eq!(
        (action.state, action.reason),
        (ActionState::Done, None),
        "{app:?} {action:?}"
    );
    assert_eq!(label_of(&world.content(app, &path), site), None, "{app:?}");
    assert_eq!(
        world.cap(app).await.used,
        1,
        "{app:?}: a removal costs no slot"
    );
    let asked = world.ask(app, &path, Verb::Remove, None).await;
    let action = world.act_to_the_end(app, asked).await;
    assert_eq!(action.reason, Some(Reason::LabelNone), "{app:?}");
}

/// Where the service assigns encrypting labels, row A13 stops nothing and A4 does.
fn expected_for_encrypting(app: App) -> Reason {
    match app {
        App::SharePoint | App::OneDrive => Reason::LabelByLabeld,
        _ => Reason::LabelNeedsProtection,
    }
}

#[test]
fn the_cap_holds_the_rest_back() {
    on_each_store("", &async |world: &mut World<'_>| {
        world.set_cap(2);
        let app = App::Local;
        let mut asked = Vec::new();
        for _ in 0..4 {
            let path = world.add(app, &plain()).await;
            asked.push((
                path.clone(),
                world.ask(app, &path, Verb::Apply, Some(GENERAL)).await,
            ));
        }
        let mut done = 0;
        for (_, (action, run)) in &asked {
            let acted = world.act(app, *run).await;
            let action = world.action(*action).await;
            done += u32::from(action.state == ActionState::Done);
            if action.state == ActionState::Waiting {
                assert!(acted.cap_paused_until.is_some());
                assert_eq!(acted.next_due, acted.cap_paused_until);
            }
        }
        assert_eq!(done, 2);
        assert_eq!(world.cap(app).await.landed, 2);
        let site = world.rules.site_id.unwrap();
        let files = world.five.files(app);
        let labelled = files.values().filter(|body| label_of(body, site).is_some());
        assert_eq!(labelled.count(), 2);
    });
}
