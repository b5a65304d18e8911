//! Whose drives are found.

use labeld_conformance::Harness;
use labeld_connector::{Connector, ErrorKind, FeedList};
use labeld_connector_onedrive::{OneDrive, OneDriveOptions, Users};
use labeld_emulator::microsoft::{NewUser, NoOneDrive};

use crate::support::{World, listed_file};
use crate::{NOOR, one_drive};

fn app(world: &World, users: Users, exclude: &[&str]) -> OneDrive {
    let scope = OneDriveOptions {
        users,
        exclude: exclude.iter().map(|&name| name.to_owned()).collect(),
        ..OneDriveOptions::default()
    };
    OneDrive::new("people", world.tenant(), scope)
}

fn titles(list: &FeedList) -> Vec<&str> {
    let mut titles: Vec<&str> = list.feeds.iter().map(|feed| &*feed.title).collect();
    titles.sort_unstable();
    titles
}

const MINAS: &str = "personal/mina_alder_example/Documents";
const NOORS: &str = "personal/noor_alder_example/Documents";

#[tokio::test]
async fn all_people_with_a_drive_are_found_and_nobody_is_probed_for() {
    let world = World::new().await;
    world.microsoft().add_user(NewUser::named(NOOR));
    world.microsoft().add_user(NewUser {
        no_one_drive: Some(NoOneDrive::MysiteNotFound),
        ..NewUser::named("pat@alder.example")
    });
    let everybody = app(&world, Users::All, &[]);
    let (list, requests) = world.requests(everybody.feeds()).await;
    let list = list.unwrap();
    assert_eq!(titles(&list), [MINAS, NOORS]);
    assert!(list.complete && list.unreadable.is_empty());
    assert!(
        !requests
            .iter()
            .any(|entry| entry.path().contains("/users/"))
    );
    // One who left is still there.
    world.microsoft().remove_user(NOOR);
    let list = everybody.feeds().await.unwrap();
    assert_eq!(titles(&list), [MINAS, NOORS]);
    for exclude in ["Noor@alder.example", "noor@ALDER.example"] {
        let list = app(&world, Users::All, &[exclude]).feeds().await.unwrap();
        assert_eq!(titles(&list), [MINAS], "{exclude}");
    }
}

#[tokio::test]
async fn somebody_listed_who_has_no_drive_is_named() {
    for (form, kind) in [
        (NoOneDrive::MysiteNotFound, ErrorKind::NotFound),
        (NoOneDrive::MysiteUrl, ErrorKind::NotFound),
        (NoOneDrive::MysiteUrlBadRequest, ErrorKind::NotFound),
        (NoOneDrive::ItemNotFound, ErrorKind::NotFound),
        (NoOneDrive::NoLicence, ErrorKind::NotFound),
        (NoOneDrive::Forbidden, ErrorKind::Denied),
        (NoOneDrive::Locked, ErrorKind::Locked),
    ] {
        let world = World::new().await;
        world.microsoft().add_user(NewUser {
            no_one_drive: Some(form),
            ..NewUser::named("pat@alder.example")
        });
        let people = ["mina@alder.example", "pat@alder.example"];
        let listed = Users::Listed(people.map(str::to_owned).to_vec());
        let list = app(&world, listed, &[]).feeds().await.unwrap();
        assert_eq!(titles(&list), [MINAS], "{form:?}");
        let [unreadable] = &*list.unreadable else {
            panic!("{form:?}: {:?}", list.unreadable);
        };
        assert_eq!(unreadable.path, "pat@alder.example");
        assert_eq!(unreadable.error.kind(), kind, "{form:?}");
        assert!(!list.complete, "{form:?}");
    }
}

#[tokio::test]
async fn a_file_belongs_to_the_owner_of_the_drive() {
    let app = one_drive().await;
    // Made by somebody else.
    app.put("plans/a.docx", b"a").await;
    let meta = listed_file(&*app.app(), "a.docx").await;
    assert_eq!(meta.owner.as_deref(), Some(NOOR));
}
