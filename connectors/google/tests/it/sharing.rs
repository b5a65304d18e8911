//! Who can reach a file, what stands against a write, and who its owner is.

use labeld_connector::{Answer, Connector as _, Exposure};
use labeld_connector_google::GoogleOptions;
use labeld_emulator::google::{Grantee, NewUser, Role};

use crate::support::{MINA, World, walk, walk_from};

fn user(email: &str) -> Grantee {
    Grantee::User(email.to_owned())
}

#[tokio::test]
async fn exposure_follows_the_permissions() {
    let anyone = |discoverable| Grantee::Anyone { discoverable };
    let domain = |name: &str| Grantee::Domain {
        domain: name.to_owned(),
        discoverable: false,
    };
    let table = [
        (None, Exposure::Private),
        (Some(user("bob@alder.example")), Exposure::Internal),
        (Some(user("bob@alder-alias.example")), Exposure::Internal),
        (Some(user("eve@other.example")), Exposure::External),
        (
            Some(Grantee::Group("team@alder.example".to_owned())),
            Exposure::Internal,
        ),
        (Some(domain("alder.example")), Exposure::Internal),
        (Some(domain("other.example")), Exposure::External),
        (Some(anyone(false)), Exposure::Public),
        (Some(anyone(true)), Exposure::Public),
    ];
    for list_permissions in [true, false] {
        let world = World::new().await;
        let google = world.google();
        google
            .add_user(NewUser {
                email: "bob@alder.example".to_owned(),
                ..NewUser::default()
            })
            .unwrap();
        let drive = world.connect(GoogleOptions {
            list_permissions,
            ..world.mina_options()
        });
        for (number, (grantee, _)) in table.iter().enumerate() {
            let id = google
                .put(MINA, &format!("{number}.docx"), "x", MINA)
                .unwrap();
            if let Some(grantee) = grantee {
                google.share(&id, grantee.clone(), Role::Reader).unwrap();
            }
        }
        let walked = walk(&drive).await;
        for (number, (grantee, expected)) in table.iter().enumerate() {
            let meta = walked.at(&format!("{MINA}/{number}.docx"));
            let listed = match (list_permissions, grantee) {
                (true, _) => *expected,
                (false, None) => Exposure::Private,
                (false, Some(_)) => Exposure::Unknown,
            };
            assert_eq!(meta.exposure, listed, "{grantee:?}");
            assert_eq!(
                drive.exposure(&meta.file).await.unwrap(),
                *expected,
                "{grantee:?}"
            );
        }
    }
}

/// A visitor has an account, perhaps with an address of the organisation, and belongs to somebody else.
#[tokio::test]
async fn a_visitor_is_an_outsider() {
    let world = World::new().await;
    let google = world.google();
    for (email, guest) in [("bob@alder.example", false), ("eve@alder.example", true)] {
        let person = NewUser {
            email: email.to_owned(),
            guest,
            ..NewUser::default()
        };
        google.add_user(person).unwrap();
        let id = google.put(MINA, &format!("{email}.docx"), "x", MINA);
        google
            .share(&id.unwrap(), user(email), Role::Reader)
            .unwrap();
    }
    let drive = world.connect(world.options());
    let walked = walk(&drive).await;
    for (email, expected) in [
        ("bob@alder.example", Exposure::Internal),
        ("eve@alder.example", Exposure::External),
    ] {
        let meta = walked.at(&format!("{MINA}/{email}.docx"));
        assert_eq!(meta.exposure, expected, "{email}");
        assert_eq!(drive.exposure(&meta.file).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn outsiders_in_groups_are_seen_where_groups_are_opened() {
    for (expand_groups, expected) in [(false, Exposure::Internal), (true, Exposure::External)] {
        let world = World::new().await;
        world
            .google()
            .add_group("inner@alder.example", &["eve@other.example"]);
        world
            .google()
            .add_group("team@alder.example", &["inner@alder.example", MINA]);
        let drive = world.connect(GoogleOptions {
            expand_groups,
            ..world.mina_options()
        });
        let meta = world.one_file(&drive, "plan.docx", b"x").await;
        let id = meta.file.0.rsplit('/').next().unwrap();
        world
            .google()
            .share(
                id,
                Grantee::Group("team@alder.example".to_owned()),
                Role::Reader,
            )
            .unwrap();
        assert_eq!(drive.exposure(&meta.file).await.unwrap(), expected);
    }
}

/// A group is named by its own address, and by those of its members where groups are opened.
#[tokio::test]
async fn whoever_is_named_is_told_by_the_listing_and_when_asked() {
    let group = Grantee::Group("team@alder.example".to_owned());
    let anyone = Grantee::Anyone {
        discoverable: false,
    };
    type Row<'a> = (&'a str, Vec<Grantee>, &'a [&'a str], &'a [&'a str]);
    let table: [Row<'_>; 4] = [
        ("nobody", vec![], &[], &[]),
        (
            "two people and everybody",
            vec![user("Eve@other.example"), user("bob@alder.example"), anyone],
            &["bob@alder.example", "eve@other.example"],
            &["bob@alder.example", "eve@other.example"],
        ),
        (
            "a group",
            vec![group],
            &["team@alder.example"],
            &["pat@partner.example", "team@alder.example"],
        ),
        (
            "a group of somebody else",
            vec![Grantee::Group("crew@other.example".to_owned())],
            &["crew@other.example"],
            &["crew@other.example"],
        ),
    ];
    for expand_groups in [false, true] {
        for (name, grantees, closed, opened) in &table {
            let world = World::new().await;
            let google = world.google();
            google.add_group("team@alder.example", &[MINA, "pat@partner.example"]);
            let drive = world.connect(GoogleOptions {
                expand_groups,
                ..world.mina_options()
            });
            let id = google.put(MINA, "plan.docx", "x", MINA).unwrap();
            for grantee in grantees {
                google.share(&id, grantee.clone(), Role::Reader).unwrap();
            }
            let expected = if expand_groups { opened } else { closed };
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            let meta = walk(&drive).await.at(&format!("{MINA}/plan.docx")).clone();
            let is_told_by_asking_alone = expand_groups && closed != opened;
            let listed = (!is_told_by_asking_alone).then(|| expected.clone());
            assert_eq!(meta.collaborators, listed, "{name}, {expand_groups}");
            let access = drive.access(&meta.file).await.unwrap();
            assert_eq!(
                access.collaborators,
                Some(expected),
                "{name}, {expand_groups}"
            );
            let exposure = drive.exposure(&meta.file).await.unwrap();
            assert_eq!(access.exposure, exposure, "{name}, {expand_groups}");
        }
    }
}

#[tokio::test]
async fn members_of_a_shared_drive_are_named() {
    let world = World::new().await;
    let google = world.google();
    let finance = google.shared_drive("Finance").unwrap();
    let id = google.put(&finance, "plan.docx", "x", MINA).unwrap();
    google
        .share(&id, user("eve@other.example"), Role::Reader)
        .unwrap();
    let drive = world.connect(world.options());
    let walked = walk(&drive).await;
    let meta = walked.at("Finance/plan.docx");
    assert_eq!(meta.collaborators, None);
    let access = drive.access(&meta.file).await.unwrap();
    let named = [MINA.to_owned(), "eve@other.example".to_owned()];
    let mut named = named.to_vec();
    named.sort();
    assert_eq!(access.collaborators, Some(named));
}

#[tokio::test]
async fn a_file_in_a_shared_drive_is_at_least_internal() {
    let world = World::new().await;
    let google = world.google();
    let finance = google.shared_drive("Finance").unwrap();
    let id = google.put(&finance, "plan.docx", "x", MINA).unwrap();
    let drive = world.connect(world.options());
    let walked = walk(&drive).await;
    let meta = walked.at("Finance/plan.docx");
    assert_eq!(
        (meta.exposure, meta.owner.as_deref()),
        (Exposure::Unknown, None)
    );
    assert_eq!(
        drive.exposure(&meta.file).await.unwrap(),
        Exposure::Internal
    );
    google
        .share(&id, user("eve@other.example"), Role::Reader)
        .unwrap();
    assert_eq!(
        drive.exposure(&meta.file).await.unwrap(),
        Exposure::External
    );
}

#[tokio::test]
async fn sharing_a_file_is_told_and_sharing_a_folder_is_told_of_the_folder() {
    let world = World::new().await;
    let google = world.google();
    let id = google.put(MINA, "plans/plan.docx", "x", MINA).unwrap();
    let drive = world.connect(world.mina_options());
    let walked = walk(&drive).await;
    google
        .share(&id, user("eve@other.example"), Role::Reader)
        .unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.files[0].exposure, Exposure::External);
    google
        .share(
            &google.id_at(MINA, "plans").unwrap(),
            Grantee::Anyone {
                discoverable: false,
            },
            Role::Reader,
        )
        .unwrap();
    let again = walk_from(&drive, &polled.cursors).await;
    assert_eq!((again.files.len(), again.folders.len()), (0, 1));
    assert_eq!(
        drive.exposure(&polled.files[0].file).await.unwrap(),
        Exposure::Public
    );
}

#[tokio::test]
async fn what_stands_against_a_write_is_told() {
    type Change = fn(&World, &str);
    let table: [(&str, Change, Answer, &str); 3] = [
        ("nothing", |_, _| {}, Answer::No, "open in an editor"),
        (
            "a restriction",
            |world, id| world.google().set_restricted(id, true, MINA).unwrap(),
            Answer::Yes,
            "its content is locked: Final",
        ),
        (
            "no capability",
            |world, id| {
                world
                    .google()
                    .set_capability(id, "canModifyContent", Some(false))
                    .unwrap();
            },
            Answer::Yes,
            "may not change its content",
        ),
    ];
    for (what, change, retained, remark) in table {
        let world = World::new().await;
        let drive = world.connect(world.mina_options());
        let meta = world.one_file(&drive, "plan.docx", b"x").await;
        change(&world, meta.file.0.rsplit('/').next().unwrap());
        let obstacles = drive.obstacles(&meta.file).await.unwrap();
        assert_eq!(obstacles.retained, retained, "{what}");
        assert_eq!(
            (obstacles.checkout_required, obstacles.checked_out),
            (Answer::No, Answer::No)
        );
        assert!(
            obstacles.remarks.iter().any(|it| it.contains(remark)),
            "{what}: {:?}",
            obstacles.remarks
        );
    }
}

#[tokio::test]
async fn owners_are_looked_up() {
    for owner_groups in [false, true] {
        let world = World::new().await;
        world.google().add_group("team@alder.example", &[MINA]);
        let drive = world.connect(GoogleOptions {
            owner_groups,
            ..world.mina_options()
        });
        let owners = [MINA.to_owned(), "nobody@alder.example".to_owned()];
        let details = drive.owner_details(&owners).await.unwrap();
        let [mina] = details.as_slice() else {
            panic!("{details:?}");
        };
        assert_eq!(mina.owner, MINA);
        assert_eq!(mina.display_name.as_deref(), Some("Mina Alder"));
        assert_eq!(mina.department.as_deref(), Some("Finance"));
        assert_eq!(mina.unit.as_deref(), Some("/Finance"));
        let groups = owner_groups.then(|| vec!["team@alder.example".to_owned()]);
        assert_eq!(mina.groups, groups);
        let (_, again) = world.requests(drive.owner_details(&owners[..1])).await;
        assert!(again.is_empty(), "remembered for a day");
    }
}
