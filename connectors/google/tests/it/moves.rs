//! What the change logs tell: of each file once, from where it belongs.

use labeld_connector::{Connector as _, ErrorKind, FileKind};
use labeld_connector_google::{GoogleDrive, GoogleOptions};
use labeld_emulator::frame::Effect;
use labeld_emulator::google::{Grantee, NewUser, Role};

use crate::support::{MINA, Walked, World, walk, walk_from};

const BOB: &str = "bob@alder.example";

async fn with_bob() -> (World, GoogleDrive) {
    let world = World::new().await;
    let user = NewUser {
        email: BOB.to_owned(),
        ..NewUser::default()
    };
    world.google().add_user(user).unwrap();
    let drive = world.connect(world.options());
    (world, drive)
}

fn removed(walked: &Walked) -> usize {
    walked.removed.len()
}

#[tokio::test]
async fn a_shared_file_is_listed_once() {
    let (world, drive) = with_bob().await;
    let google = world.google();
    let file = google.put(MINA, "plans/plan.docx", "x", MINA).unwrap();
    let plans = google.id_at(MINA, "plans").unwrap();
    google
        .share(&plans, Grantee::User(BOB.to_owned()), Role::Writer)
        .unwrap();
    google
        .share(
            &file,
            Grantee::User("admin@alder.example".to_owned()),
            Role::Reader,
        )
        .unwrap();
    let walked = walk(&drive).await;
    assert_eq!(walked.paths(), [format!("{MINA}/plans/plan.docx")]);

    google.put(MINA, "plans/plan.docx", "edited", BOB).unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.paths(), [format!("{MINA}/plans/plan.docx")]);
}

#[tokio::test]
async fn what_another_owner_has_is_told_by_their_log() {
    let (world, drive) = with_bob().await;
    let google = world.google();
    let file = google.put(MINA, "plan.docx", "x", MINA).unwrap();
    let walked = walk(&drive).await;
    let before = walked.at(&format!("{MINA}/plan.docx")).file.clone();

    google.give(&file, BOB).unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    // It lies in a folder that the new owner cannot see.
    assert_eq!(polled.paths(), [format!("{BOB}/plan.docx")]);
    assert_eq!(polled.removed, [before]);
    assert_eq!(polled.files[0].owner.as_deref(), Some(BOB));
    assert_eq!(
        drive.stat(&polled.files[0].file).await.unwrap(),
        polled.files[0]
    );
    let gone = drive.stat(&polled.removed[0]).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_moved_into_a_shared_drive_is_told_by_its_log() {
    let (world, drive) = with_bob().await;
    let google = world.google();
    google.put(MINA, "plans/plan.docx", "x", MINA).unwrap();
    let walked = walk(&drive).await;
    let finance = google.shared_drive("Finance").unwrap();
    let plans = google.id_at(MINA, "plans").unwrap();
    google.move_into(&plans, &finance).unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.paths(), ["Finance/plans/plan.docx"]);
    assert_eq!(removed(&polled), 2, "{:?}", polled.removed);
    assert_eq!(polled.files[0].owner, None);
}

#[tokio::test]
async fn files_in_other_peoples_folders_are_kept() {
    let (world, drive) = with_bob().await;
    let google = world.google();
    let shared = google.create_folder(BOB, "bobs/for all", BOB).unwrap();
    google
        .share(&shared, Grantee::User(MINA.to_owned()), Role::Writer)
        .unwrap();
    // Who makes a file owns it, whosever the folder is.
    google
        .put(BOB, "bobs/for all/mine.docx", "x", MINA)
        .unwrap();
    google
        .put(BOB, "bobs/for all/below/deep.docx", "x", MINA)
        .unwrap();
    let walked = walk(&drive).await;
    let expected = [
        format!("{MINA}/for all/below/deep.docx"),
        format!("{MINA}/for all/mine.docx"),
    ];
    assert_eq!(walked.paths(), expected);
    let mine = walked.at(&expected[1]);
    assert_eq!(
        mine.parent, None,
        "its folder's fate is told in another log"
    );

    // She loses the folder, and keeps her files.
    let permission = google
        .share(&shared, Grantee::User(MINA.to_owned()), Role::Writer)
        .unwrap();
    google.unshare(&shared, &permission).unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    assert!(
        polled.removed.iter().all(|file| *file != mine.file),
        "{:?}",
        polled.removed
    );
    for folder in &polled.removed_folders {
        assert!(
            walked.folders.iter().all(|known| known.folder != *folder),
            "{folder:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_out_of_the_bin_brings_back_what_lies_in_it() {
    for lists_children in [false, true] {
        let world = World::new().await;
        world.switch(|switches| switches.trash_lists_children = lists_children);
        let google = world.google();
        google.put(MINA, "plans/old/plan.docx", "x", MINA).unwrap();
        let before = google.id_at(MINA, "plans").unwrap();
        let later = google.create_folder(MINA, "later", MINA).unwrap();
        google.put(MINA, "later/other.docx", "x", MINA).unwrap();
        google.set_trashed(&before, true).unwrap();
        let drive = world.connect(world.mina_options());
        let walked = walk(&drive).await;
        assert_eq!(walked.paths(), [format!("{MINA}/later/other.docx")]);

        google.set_trashed(&later, true).unwrap();
        let polled = walk_from(&drive, &walked.cursors).await;
        assert_eq!(polled.removed_folders.len(), 1);
        for folder in [before, later] {
            google.set_trashed(&folder, false).unwrap();
        }
        let again = walk_from(&drive, &polled.cursors).await;
        let (_, error) = again.failed.first().unwrap();
        assert_eq!(error.kind(), ErrorKind::CursorExpired);
        let anew = walk(&drive).await;
        assert_eq!(anew.paths().len(), 2);
    }
}

#[tokio::test]
async fn more_removals_than_can_be_kept_back_begin_anew() {
    let world = World::new().await;
    let google = world.google();
    google
        .generate(&labeld_emulator::google::GenerateOptions {
            files: 1001,
            folders: 1,
            ..Default::default()
        })
        .unwrap();
    let drive = world.connect(world.mina_options());
    let walked = walk(&drive).await;
    assert_eq!(walked.files.len(), 1001);
    for meta in &walked.files {
        google
            .delete(meta.file.0.rsplit('/').next().unwrap())
            .unwrap();
    }
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.failed[0].1.kind(), ErrorKind::CursorExpired);
    assert!(walk(&drive).await.files.is_empty());
}

#[tokio::test]
async fn a_new_name_of_a_shared_drive_moves_all_that_is_in_it() {
    let (world, drive) = with_bob().await;
    let google = world.google();
    let finance = google.shared_drive("Finance").unwrap();
    google.put(&finance, "plan.docx", "x", MINA).unwrap();
    let walked = walk(&drive).await;
    let top = walked.at("Finance/plan.docx").parent.clone();
    google.rename_shared_drive(&finance, "Money/Tax").unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.folder_paths(), ["Money\u{2215}Tax"]);
    assert_eq!(Some(&polled.folders[0].folder), top.as_ref());
}

#[tokio::test]
async fn memberships_come_and_go() {
    let (world, drive) = with_bob().await;
    let google = world.google();
    let team = google.add_shared_drive("Team");
    let bob = google
        .add_member(&team, Grantee::User(BOB.to_owned()), Role::Writer)
        .unwrap();
    google.put(&team, "plan.docx", "x", BOB).unwrap();
    let walked = walk(&drive).await;
    assert_eq!(walked.paths(), ["Team/plan.docx"]);

    // The member through whom it was seen leaves, and another comes: the next run looks through them.
    google
        .add_member(&team, Grantee::User(MINA.to_owned()), Role::Reader)
        .unwrap();
    google.remove_member(&team, &bob).unwrap();
    google.put(&team, "new.docx", "x", MINA).unwrap();
    let first = walk_from(&drive, &walked.cursors).await;
    assert_eq!(
        first.failed.len(),
        1,
        "the old member cannot see it any longer"
    );
    let second = walk_from(&drive, &walked.cursors).await;
    assert_eq!(second.paths(), ["Team/new.docx"]);

    // Nobody is left: what is known stays known.
    let mina = google
        .add_member(&team, Grantee::User(MINA.to_owned()), Role::Reader)
        .unwrap();
    google.remove_member(&team, &mina).unwrap();
    let fresh = world.connect(world.options());
    let third = walk_from(&fresh, &second.cursors).await;
    let (path, why) = third.unreadable.first().unwrap();
    assert!(
        path == "Team" && why.contains("no active user"),
        "{path}: {why}"
    );
}

#[tokio::test]
async fn what_the_index_missed_is_listed_once_more() {
    let world = World::new().await;
    let google = world.google();
    google.put(MINA, "old.docx", "x", MINA).unwrap();
    world
        .emulator
        .clock()
        .advance(chrono::TimeDelta::minutes(10));
    google.put(MINA, "plans/new.docx", "x", MINA).unwrap();
    world.switch(|switches| switches.index_delay_milliseconds = 60_000);
    let options = GoogleOptions {
        listing_lag: std::time::Duration::from_secs(120),
        ..world.mina_options()
    };
    let drive = world.connect(options);
    let walked = walk(&drive).await;
    assert_eq!(walked.paths(), [format!("{MINA}/old.docx")]);
    world
        .emulator
        .clock()
        .advance(chrono::TimeDelta::minutes(2));
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.paths(), [format!("{MINA}/plans/new.docx")]);
    let again = walk_from(&drive, &polled.cursors).await;
    assert!(again.files.is_empty());
}

#[tokio::test]
async fn kinds_are_told_apart() {
    let world = World::new().await;
    let google = world.google();
    let target = google.put(MINA, "plan.docx", "x", MINA).unwrap();
    google.put_native(MINA, "note", "document", MINA).unwrap();
    google.put_shortcut(MINA, "to plan", &target, MINA).unwrap();
    google.put(MINA, "empty.docx", "", MINA).unwrap();
    let walked = walk(&world.connect(world.mina_options())).await;
    let kinds: Vec<(String, FileKind, u64)> = walked
        .files
        .iter()
        .map(|meta| (meta.name.clone(), meta.kind, meta.size))
        .collect();
    let expected = [
        ("plan.docx", FileKind::File, 1),
        ("note", FileKind::Native, 0),
        ("to plan", FileKind::Shortcut, 0),
        ("empty.docx", FileKind::File, 0),
    ];
    assert_eq!(
        kinds,
        expected.map(|(name, kind, size)| (name.to_owned(), kind, size))
    );
}

#[tokio::test]
async fn odd_pages_are_understood() {
    let effects = [
        Effect::Duplicate,
        Effect::Reorder,
        Effect::IdOnly,
        Effect::EmptyPage,
    ];
    for effect in effects {
        let world = World::new().await;
        let google = world.google();
        for number in 0..12 {
            google
                .put(
                    MINA,
                    &format!("folder {}/{number}.docx", number % 3),
                    "x",
                    MINA,
                )
                .unwrap();
        }
        let options = GoogleOptions {
            page_size: 5,
            ..world.mina_options()
        };
        let drive = world.connect(options);
        world.fault(effect.clone(), |rule| {
            rule.path("/drive/v3/files").probability(0.6, 3).count(6)
        });
        let mut walked = walk(&drive).await;
        walked.files.dedup_by(|one, other| one.file == other.file);
        let mut paths = walked.paths();
        paths.dedup();
        assert_eq!(paths.len(), 12, "{effect:?}: {paths:?}");

        google.put(MINA, "folder 0/0.docx", "edited", MINA).unwrap();
        google.rename(MINA, "folder 1", "renamed", MINA).unwrap();
        google
            .set_trashed(&google.id_at(MINA, "folder 2/2.docx").unwrap(), true)
            .unwrap();
        world.fault(effect.clone(), |rule| {
            rule.path("/drive/v3/changes").count(1)
        });
        let polled = walk_from(&drive, &walked.cursors).await;
        let mut paths = polled.paths();
        paths.dedup();
        assert_eq!(paths, [format!("{MINA}/folder 0/0.docx")], "{effect:?}");
        assert!(
            polled.folder_paths().contains(&format!("{MINA}/renamed")),
            "{effect:?}"
        );
        assert!(!polled.removed.is_empty(), "{effect:?}");
    }
}

#[tokio::test]
async fn a_refused_token_is_an_expired_cursor() {
    let world = World::new().await;
    for number in 0..12 {
        world
            .google()
            .put(MINA, &format!("{number}.docx"), "x", MINA)
            .unwrap();
    }
    let options = GoogleOptions {
        page_size: 5,
        ..world.mina_options()
    };
    let drive = world.connect(options);
    let feed = drive.feeds().await.unwrap().feeds.remove(0).feed;
    for path in ["/drive/v3/files", "/drive/v3/changes"] {
        let mut cursor = None;
        world.fault(Effect::ExpiredCursor, |rule| rule.path(path).count(1));
        let refused = loop {
            match drive.changes(&feed, cursor.as_ref()).await {
                Ok(page) => cursor = Some(page.next),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), ErrorKind::CursorExpired, "{path}");
    }
    // A token of another log is none of this one.
    let cursor = labeld_connector::Cursor(r#"{"v":1,"at":"changes","token":"100009"}"#.to_owned());
    let refused = drive.changes(&feed, Some(&cursor)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CursorExpired);
}
