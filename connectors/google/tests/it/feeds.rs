//! Which feeds there are.

use labeld_connector::Connector as _;
use labeld_connector_google::{GoogleOptions, Users};
use labeld_emulator::google::{Grantee, NewUser, Role};

use crate::support::{MINA, World, sentence, walk};

fn user(email: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        ..NewUser::default()
    }
}

/// Titles of feeds, and paths of what could not be looked into with the reason.
async fn titles(world: &World, options: GoogleOptions) -> (Vec<String>, Vec<(String, String)>) {
    let list = world.connect(options).feeds().await.unwrap();
    assert!(list.complete);
    let mut titles: Vec<String> = list.feeds.into_iter().map(|feed| feed.title).collect();
    titles.sort();
    let unreadable = list.unreadable.iter();
    (
        titles,
        unreadable
            .map(|place| (place.path.clone(), sentence(&place.error)))
            .collect(),
    )
}

#[tokio::test]
async fn everybody_and_every_shared_drive_has_a_feed() {
    let world = World::new().await;
    let google = world.google();
    for email in ["bob@alder.example", "gone@alder.example"] {
        google.add_user(user(email)).unwrap();
    }
    google.set_suspended("gone@alder.example", true).unwrap();
    google.add_group("team@alder.example", &["bob@alder.example"]);
    let with_group = google.add_shared_drive("Team");
    google
        .add_member(
            &with_group,
            Grantee::Group("team@alder.example".to_owned()),
            Role::Writer,
        )
        .unwrap();
    google.add_shared_drive("Empty");
    let outside = google.add_shared_drive("Outside");
    google
        .add_member(
            &outside,
            Grantee::User("eve@other.example".to_owned()),
            Role::Organizer,
        )
        .unwrap();
    let left = google.add_shared_drive("Left");
    google
        .add_member(
            &left,
            Grantee::User("gone@alder.example".to_owned()),
            Role::Organizer,
        )
        .unwrap();

    let (found, unreadable) = titles(&world, world.options()).await;
    let everybody = [
        "Finance",
        "Team",
        "admin@alder.example",
        "bob@alder.example",
        MINA,
    ];
    assert_eq!(found, everybody);
    let mut without: Vec<&str> = unreadable.iter().map(|(path, _)| path.as_str()).collect();
    without.sort_unstable();
    assert_eq!(without, ["Empty", "Left", "Outside"]);
    for (_, why) in &unreadable {
        assert!(
            why.contains("no active user of the organisation is a member"),
            "{why}"
        );
    }

    let table: [(GoogleOptions, &[&str]); 4] = [
        (
            GoogleOptions {
                shared_drives: false,
                suspended_users: true,
                ..world.options()
            },
            &[
                "admin@alder.example",
                "bob@alder.example",
                "gone@alder.example",
                MINA,
            ],
        ),
        (
            GoogleOptions {
                exclude: vec![
                    "Bob@alder.example".to_owned(),
                    "finance".to_owned(),
                    "Admin@alder.example".to_owned(),
                ],
                ..world.options()
            },
            &["Team", MINA],
        ),
        (
            GoogleOptions {
                users: Users::Listed(vec!["Bob@Alder.example".to_owned()]),
                shared_drives: false,
                ..world.options()
            },
            &["bob@alder.example"],
        ),
        (
            GoogleOptions {
                users: Users::Listed(Vec::new()),
                ..world.options()
            },
            &["Finance", "Team"],
        ),
    ];
    for (options, expected) in table {
        let (found, _) = titles(&world, options).await;
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn without_the_right_to_list_them_shared_drives_stay_as_they_are() {
    let world = World::new().await;
    let options = GoogleOptions {
        admin: MINA.to_owned(),
        domains: vec!["alder.example".to_owned()],
        ..world.mina_options()
    };
    let options = GoogleOptions {
        shared_drives: true,
        ..options
    };
    let list = world.connect(options).feeds().await.unwrap();
    assert_eq!(list.feeds.len(), 1);
    let place = list.unreadable.first().unwrap();
    assert_eq!(
        (place.prefix.as_str(), place.path.as_str()),
        ("drive/", "shared drives")
    );
}

#[tokio::test]
async fn the_directory_and_the_drives_are_listed_to_their_end() {
    let world = World::new().await;
    for number in 0..510 {
        world
            .google()
            .add_user(user(&format!("user{number}@alder.example")))
            .unwrap();
    }
    for number in 0..105 {
        let drive = world.google().add_shared_drive(&format!("Drive {number}"));
        world
            .google()
            .add_member(&drive, Grantee::User(MINA.to_owned()), Role::Reader)
            .unwrap();
    }
    let drive = world.connect(world.options());
    let (list, requests) = world.requests(drive.feeds()).await;
    assert_eq!(list.unwrap().feeds.len(), 512 + 106);
    let lists = requests
        .iter()
        .filter(|entry| entry.path() == "/drive/v3/drives")
        .count();
    assert_eq!(lists, 2);
    // Members are remembered.
    let (_, again) = world.requests(drive.feeds()).await;
    assert!(
        again
            .iter()
            .all(|entry| !entry.path().ends_with("/permissions"))
    );
}

#[tokio::test]
async fn a_person_without_drive_holds_up_nobody() {
    use labeld_connector::ErrorKind;
    use labeld_emulator::google::DriveService;

    for service in [DriveService::InvalidSession, DriveService::DomainPolicy] {
        let world = World::new().await;
        world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
        world.google().add_user(user("bob@alder.example")).unwrap();
        world
            .google()
            .set_drive_service("bob@alder.example", service)
            .unwrap();
        let walked = walk(&world.connect(world.options())).await;
        assert_eq!(walked.paths(), [format!("{MINA}/plan.docx")]);
        let [(_, error)] = walked.failed.as_slice() else {
            panic!("{:?}", walked.failed);
        };
        assert_eq!(error.kind(), ErrorKind::Denied, "{service:?}");
    }
}
