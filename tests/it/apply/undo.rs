//! Undo: what a run has written is taken back where the file is as labeld left it.

use labeld::model::Reason;
use labeld::pipeline::apply::plan_undo;
use labeld::store::actions::{ActionState, Verb};

use super::faults::with_another_part;
use super::{World, label_of, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::{GENERAL, parts};

#[test]
fn what_was_written_is_taken_back_once_and_edited_files_are_left_alone() {
    on_each_store("", &async |world: &mut World<'_>| {
        // The other two rewrite what is written to them.
        for app in [App::Box, App::Google, App::Local] {
            taken_back(world, app, false).await;
            taken_back(world, app, true).await;
        }
    });
}

async fn taken_back(world: &World<'_>, app: App, is_edited: bool) {
    let original = plain();
    let path = world.add(app, &original).await;
    let (action, run) = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    world.act_to_the_end(app, (action, run)).await;
    let used = world.cap(app).await.used;
    let edit = with_another_part(&world.content(app, &path)).into();
    if is_edited {
        world.five.put(app, &path, &edit);
        world.poll(app).await;
    }
    let plan = plan_undo(&world.work, run, "ada").await.unwrap();
    let [(_, restoring)] = plan.planned[..] else {
        panic!("{app:?} {plan:?}");
    };
    let ended = world.act_to_the_end(app, (restoring, plan.run)).await;
    assert_eq!(
        world.cap(app).await.used,
        used,
        "{app:?}: undoing costs no slot"
    );
    let expected = match is_edited {
        true => (ActionState::Refused, Some(Reason::UndoChanged)),
        false => (ActionState::Done, None),
    };
    assert_eq!((ended.state, ended.reason), expected, "{app:?} {ended:?}");
    match app {
        // They rewrite what is written to them.
        App::SharePoint | App::OneDrive if !is_edited => {
            let site = world.rules.site_id.unwrap();
            assert_eq!(label_of(&world.content(app, &path), site), None, "{app:?}");
        }
        _ => {
            // Every part is as it was, in an archive that was written anew.
            let content = if is_edited { &edit } else { &original };
            assert_eq!(parts(&world.content(app, &path)), parts(content), "{app:?}");
        }
    }

    let again = plan_undo(&world.work, run, "ada").await.unwrap();
    match is_edited {
        false => assert_eq!(
            (again.planned.len(), again.taken_back.len()),
            (0, 1),
            "{app:?}"
        ),
        true => assert_eq!(
            (again.planned.len(), again.taken_back.len()),
            (1, 0),
            "{app:?}"
        ),
    }
    if let [(_, action)] = again.planned[..] {
        world.act_to_the_end(app, (action, again.run)).await;
    }
}
