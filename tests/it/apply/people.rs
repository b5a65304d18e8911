//! What people do with a file of a folder between labeld's look and its write is never undone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use labeld::model::Reason;
use labeld::store::actions::{ActionState, Verb};
use labeld::store::ledger::{self, AttemptState};

use super::faults::{has_another_part, with_another_part};
use super::{Fate, World, label_of, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::GENERAL;

/// How it ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// The label stands on what the person has saved.
    Labelled,
    /// Nothing is written.
    Refused(Reason),
}

/// What a person does, and how it ends.
type Deed = (&'static str, fn(&Path), End);

const DEEDS: &[Deed] = &[
    (
        "saves in place",
        |path| fs::write(path, edit()).unwrap(),
        End::Labelled,
    ),
    (
        "saves in place, and gives the file its old time",
        |path| {
            let modified = fs::metadata(path).unwrap().modified().unwrap();
            fs::write(path, edit()).unwrap();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(modified).unwrap();
        },
        End::Labelled,
    ),
    (
        "replaces it by another file",
        |path| {
            let draft = path.with_extension("draft");
            fs::write(&draft, edit()).unwrap();
            fs::rename(draft, path).unwrap();
        },
        End::Labelled,
    ),
    (
        "deletes it and makes it anew",
        |path| {
            fs::remove_file(path).unwrap();
            fs::write(path, edit()).unwrap();
        },
        End::Labelled,
    ),
    (
        "deletes it",
        |path| fs::remove_file(path).unwrap(),
        End::Refused(Reason::FileDeleted),
    ),
    (
        "puts a link to another file in its place",
        |path| {
            let target = beside(path);
            fs::rename(path, &target).unwrap();
            symlink(target, path).unwrap();
        },
        End::Refused(Reason::WriteDenied),
    ),
    (
        "puts a link out of the folder in its place",
        |path| {
            let target = path.parent().unwrap().with_extension("elsewhere");
            fs::rename(path, &target).unwrap();
            symlink(target, path).unwrap();
        },
        End::Refused(Reason::WriteDenied),
    ),
];

fn edit() -> Vec<u8> {
    with_another_part(&plain())
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("target")
}

#[test]
fn nobody_is_overwritten_in_a_folder() {
    on_each_store("", &async |world: &mut World<'_>| {
        for (what, deed, end) in DEEDS {
            between_look_and_write(world, what, *deed, *end).await;
        }
        keeps_the_time(world).await;
    });
}

async fn between_look_and_write(world: &mut World<'_>, what: &str, deed: fn(&Path), end: End) {
    let app = App::Local;
    let path = world.add(app, &plain()).await;
    let file = world.file(app, &path).await.id;
    let asked = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let on_disk = world.five.workspace.docs().join(&path);
    let meddled = world.meddle(app);
    meddled.next(Fate::After(Box::new({
        let on_disk = on_disk.clone();
        move || deed(&on_disk)
    })));
    let before = world.cap(app).await.used;
    let action = world.act_to_the_end(app, asked).await;
    let rows = ledger::of_file(&world.db, file).await.unwrap();
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    let used = world.cap(app).await.used - before;
    match end {
        End::Labelled => {
            assert_eq!(
                (action.state, action.reason),
                (ActionState::Done, None),
                "{what}"
            );
            assert_eq!(
                states,
                [AttemptState::Refused, AttemptState::Applied],
                "{what}"
            );
            let body = world.content(app, &path);
            let site = world.rules.site_id.unwrap();
            assert!(label_of(&body, site).is_some(), "{what}");
            assert!(has_another_part(&body), "{what}");
            assert_eq!(used, 1, "{what}");
        }
        End::Refused(reason) => {
            let expected = (ActionState::Refused, Some(reason));
            assert_eq!((action.state, action.reason), expected, "{what} {action:?}");
            assert_eq!(states, [AttemptState::Refused], "{what}");
            assert!(on_disk.is_symlink() || !on_disk.exists(), "{what}");
            if on_disk.is_symlink() {
                assert_eq!(fs::read(&on_disk).unwrap(), plain(), "{what}");
            }
            assert_eq!(used, 0, "{what}");
        }
    }
    world.unmeddle(app, &meddled);
}

/// A label is no edit: the file keeps the time of its last one.
async fn keeps_the_time(world: &World<'_>) {
    let app = App::Local;
    let path = world.add(app, &plain()).await;
    let on_disk = world.five.workspace.docs().join(&path);
    let modified = || fs::metadata(&on_disk).unwrap().modified().unwrap();
    let before = modified();
    let asked = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    world.act_to_the_end(app, asked).await;
    assert_eq!(modified(), before);
}
