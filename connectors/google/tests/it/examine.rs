//! What `labeld doctor` is told.

use std::collections::BTreeMap;

use labeld_connector::{Connector as _, Examined, Health};
use labeld_connector_google::{GoogleOptions, MirrorLabel, Users, WriteApi};
use labeld_emulator::google::Switches;

use crate::support::{MINA, World};

fn find<'e>(examined: &'e [Examined], subject: &str) -> &'e Examined {
    let found = examined.iter().find(|it| it.subject == subject);
    found.unwrap_or_else(|| panic!("{subject} is not among {examined:?}"))
}

fn mirror() -> Option<MirrorLabel> {
    Some(MirrorLabel {
        label: "L1abc".to_owned(),
        field: "F1".to_owned(),
        choices: BTreeMap::from([("guid".to_owned(), "CH_CONF".to_owned())]),
    })
}

#[tokio::test]
async fn a_healthy_tenant_is_found_healthy() {
    let world = World::new().await;
    let options = GoogleOptions {
        owner_groups: true,
        expand_groups: true,
        mirror_label: mirror(),
        ..world.options()
    };
    let examined = world.connect(options).examine().await;
    assert!(
        examined.iter().all(|it| it.health == Health::Passed),
        "{examined:?}"
    );
    let subjects: Vec<&str> = examined.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "scope drive",
            "scope admin.directory.user.readonly",
            "scope admin.directory.domain.readonly",
            "scope admin.directory.group.readonly",
            "scope admin.directory.group.member.readonly",
            "scope drive.admin.labels.readonly",
            "clock",
            "users",
            "Drive",
            "shared drives",
            "own domains",
            "conditional writing",
            "Drive label",
        ]
    );
    assert_eq!(
        find(&examined, "users").found,
        "2 of 2 covered (0 suspended, 0 archived, 0 excluded)"
    );
    assert_eq!(find(&examined, "shared drives").found, "1 of 1 covered");
}

/// What is wrong, where that shows, how bad it is, and words of what to do.
#[tokio::test]
async fn what_is_wrong_is_named_with_a_way_out() {
    type Change = fn(&World, GoogleOptions) -> GoogleOptions;
    let table: [(&str, Change, &str, Health, &str); 11] = [
        (
            "no scope for users",
            |world, options| {
                world
                    .google()
                    .set_delegated("admin.directory.user.readonly", false);
                options
            },
            "scope admin.directory.user.readonly",
            Health::Failed,
            "Domain-wide delegation: grant https://www.googleapis.com/auth/admin.directory.user.readonly to client 100000000000000000001",
        ),
        (
            "no scope for files",
            |world, options| {
                world.google().set_delegated("drive.readonly", false);
                GoogleOptions {
                    read_only: true,
                    ..options
                }
            },
            "scope drive.readonly",
            Health::Failed,
            "to read files",
        ),
        (
            "Drive API off",
            |world, options| {
                world.google().set_api_enabled("drive", false);
                options
            },
            "Drive",
            Health::Failed,
            "enable the Google Drive API",
        ),
        (
            "Directory API off",
            |world, options| {
                world.google().set_api_enabled("admin", false);
                options
            },
            "users",
            Health::Failed,
            "enable the Admin SDK API",
        ),
        (
            "no administrator",
            |_, options| GoogleOptions {
                admin: MINA.to_owned(),
                ..options
            },
            "users",
            Health::Failed,
            "must be an administrator",
        ),
        (
            "a drive without members",
            |world, options| {
                world.google().add_shared_drive("Empty");
                options
            },
            "shared drives",
            Health::Warning,
            "make an active user of the organisation a member",
        ),
        (
            "suspended people",
            |world, options| {
                world.google().set_suspended(MINA, true).unwrap();
                options
            },
            "users",
            Health::Passed,
            "suspended_users",
        ),
        (
            "an unknown person",
            |_, options| GoogleOptions {
                users: Users::Listed(vec!["nobody@alder.example".to_owned(), MINA.to_owned()]),
                admin: "admin@alder.example".to_owned(),
                ..options
            },
            "user nobody@alder.example",
            Health::Failed,
            "must be a primary one",
        ),
        (
            "no domains",
            |world, options| {
                world
                    .google()
                    .set_delegated("admin.directory.domain.readonly", false);
                options
            },
            "own domains",
            Health::Warning,
            "`domains`",
        ),
        (
            "v3 alone",
            |_, options| GoogleOptions {
                writes: WriteApi::V3,
                ..options
            },
            "conditional writing",
            Health::Warning,
            "writes",
        ),
        (
            "no v2",
            |world, options| {
                world.google().set_switches(Switches {
                    v2: false,
                    ..Switches::default()
                });
                options
            },
            "conditional writing",
            Health::Failed,
            "Drive v2",
        ),
    ];
    for (what, change, subject, health, words) in table {
        let world = World::new().await;
        let options = change(&world, world.options());
        let examined = world.connect(options).examine().await;
        if subject.starts_with("user ") && !examined.iter().any(|it| it.subject == subject) {
            panic!("{what}: {examined:?}");
        }
        let found = find(&examined, subject);
        assert_eq!(found.health, health, "{what}: {found:?}");
        assert!(found.fix.contains(words), "{what}: {found:?}");
    }
}

#[tokio::test]
async fn a_drive_label_without_the_choices_is_found() {
    let world = World::new().await;
    for (label, field, choice) in [
        ("L1abc", "F1", "CH_NONE"),
        ("L1abc", "F2", "CH_CONF"),
        ("L2", "F1", "CH_CONF"),
    ] {
        let mirror_label = Some(MirrorLabel {
            label: label.to_owned(),
            field: field.to_owned(),
            choices: BTreeMap::from([("guid".to_owned(), choice.to_owned())]),
        });
        let examined = world
            .connect(GoogleOptions {
                mirror_label,
                ..world.options()
            })
            .examine()
            .await;
        assert_eq!(
            find(&examined, "Drive label").health,
            Health::Failed,
            "{label} {field} {choice}"
        );
    }
}
