//! Writes that end in other ways than they should, and files that a label of labeld's own encrypts.

use labeld::model::Reason;
use labeld::model::policy::Override;
use labeld::pipeline::govern;
use labeld::store::actions::{ActionState, Verb};
use labeld::store::files;

use super::{Reached, is_all_of, shows};
use crate::apply::{
    Fate, SEALED, SECRET, World, labelled_by_person, on_each_store, plain, with_another_part,
};
use crate::five_apps::App;
use crate::workspace::GENERAL;

const POLICY: &str = r#"
[[policy]]
name = "none-of-ours"
apps = ["sharepoint"]
actions = { remove_label = true }
"#;

#[test]
fn writes_reach_their_codes() {
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        let rules = std::sync::Arc::clone(&world.rules);
        govern::take_over(&world.work, &rules).await.unwrap();
        let mut expected = vec![
            (Reason::WriteUnknown, unknown(world).await),
            (Reason::WriteVerifyFailed, not_as_wanted(world).await),
            (Reason::Internal, nothing_to_undo(world).await),
        ];
        for (reason, is_override) in [
            (Reason::ProtectedOwn, false),
            (Reason::ProtectedOwnOverride, true),
        ] {
            expected.push((reason, encrypted(world, is_override).await));
        }
        shows(&world.five.workspace, &expected);
        is_all_of(
            Reached::Writes,
            expected.into_iter().map(|(reason, _)| reason),
        );
    });
}

async fn target(world: &World<'_>, app: App, path: &str) -> String {
    world.file(app, path).await.id.0.to_string()
}

async fn unknown(world: &mut World<'_>) -> String {
    let app = App::Local;
    let path = world.add(app, &plain()).await;
    let (action, run) = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    world.meddle(app).next(Fate::Kept);
    world.act(app, run).await;
    assert_eq!(world.action(action).await.state, ActionState::Waiting);
    target(world, app, &path).await
}

/// The service says that it has stored what it was sent, and has stored something else.
async fn not_as_wanted(world: &mut World<'_>) -> String {
    let app = App::Local;
    let path = world.add(app, &plain()).await;
    let (action, run) = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let other = with_another_part(&plain()).into();
    world.meddle(app).next(Fate::StoredAs(other));
    world.act(app, run).await;
    assert_eq!(world.action(action).await.state, ActionState::Refused);
    target(world, app, &path).await
}

/// An undoing that does not say of what.
async fn nothing_to_undo(world: &World<'_>) -> String {
    let app = App::Local;
    let path = world.add(app, &plain()).await;
    let (_, run) = world.ask(app, &path, Verb::Restore, None).await;
    world.act(app, run).await;
    target(world, app, &path).await
}

/// A label that encrypts, set through the service. The emulator sets it and encrypts nothing, so that what a reader finds on
/// the file in the real one is put beside it.
async fn encrypted(world: &World<'_>, is_override: bool) -> String {
    let app = App::SharePoint;
    let site = world.rules.site_id.unwrap();
    let body = if is_override {
        labelled_by_person(site, SECRET)
    } else {
        plain()
    };
    let path = world.add(app, &body).await;
    let overrides = if is_override {
        Override::UserDefined
    } else {
        Override::Automatic
    };
    let asked = world
        .ask_with(app, &path, Verb::Apply, Some(SEALED), overrides)
        .await;
    let action = world.act_to_the_end(app, asked).await;
    assert_eq!((action.state, action.reason), (ActionState::Done, None));
    let rows = world.ledger(app, &path).await;
    assert_eq!(rows[0].overridden, is_override);
    let file = world.file(app, &path).await;
    let mut facts = file.facts.unwrap();
    facts.protection = "rms".to_owned();
    let tx = world.db.begin().await.unwrap();
    files::store_facts(&tx, &[(file.id, facts)]).await.unwrap();
    tx.commit().await.unwrap();
    file.id.0.to_string()
}
