//! Who can reach a file, and what it costs to know.

use labeld_conformance::Harness;
use labeld_connector::Exposure::{External, Internal, Private, Public, Unknown};
use labeld_connector::{Exposure, FileMeta};
use labeld_connector_onedrive::OneDriveOptions;
use labeld_emulator::microsoft::{NewGroup, NewUser, Share, ShareWith};
use labeld_graph::{Tenant, TenantOptions};

use crate::one_drive;
use crate::support::{AppDrive, MINA, listed_file};

const GUEST: &str = "pat@partner.example";

const COLLEAGUE: &str = MINA;

/// How a file is shared; who can reach it by the listing, and by its permissions; whom it is shared with by name.
type Row = (
    &'static str,
    fn(&AppDrive<OneDriveOptions>) -> Vec<Share>,
    Exposure,
    Exposure,
    Option<&'static [&'static str]>,
);

const ROWS: &[Row] = &[
    ("not at all", |_| vec![], Private, Private, Some(&[])),
    (
        "with everybody who has the link",
        |_| vec![with(ShareWith::Anonymous)],
        Public,
        Public,
        Some(&[]),
    ),
    (
        "with everybody who has the link and the password",
        |_| {
            vec![Share {
                password: true,
                ..with(ShareWith::Anonymous)
            }]
        },
        Public,
        Public,
        Some(&[]),
    ),
    (
        "with the organisation",
        |_| vec![with(ShareWith::Organization)],
        Unknown,
        Internal,
        Some(&[]),
    ),
    (
        "with a colleague",
        |_| vec![with(ShareWith::Person(MINA.to_owned()))],
        Unknown,
        Internal,
        Some(&[COLLEAGUE]),
    ),
    (
        "with colleagues by a link",
        |_| vec![with(ShareWith::People(vec![MINA.to_owned()]))],
        Unknown,
        Internal,
        Some(&[COLLEAGUE]),
    ),
    (
        "with a guest",
        |app| {
            guest(app);
            vec![with(ShareWith::Person(GUEST.to_owned()))]
        },
        Unknown,
        External,
        Some(&[GUEST]),
    ),
    (
        "with a guest by a link",
        |app| {
            guest(app);
            vec![with(ShareWith::People(vec![
                MINA.to_owned(),
                GUEST.to_owned(),
            ]))]
        },
        Unknown,
        External,
        Some(&[COLLEAGUE, GUEST]),
    ),
    (
        "with somebody by a one-time code",
        |_| vec![with(ShareWith::OneTimeGuest(GUEST.to_owned()))],
        Unknown,
        External,
        Some(&[GUEST]),
    ),
    (
        "with somebody who has not come yet",
        |_| vec![with(ShareWith::Invited(GUEST.to_owned()))],
        Unknown,
        External,
        Some(&[GUEST]),
    ),
    (
        "with everyone",
        |_| vec![with(ShareWith::Everyone)],
        Unknown,
        External,
        Some(&[]),
    ),
    (
        "with everyone but externals",
        |_| vec![with(ShareWith::EveryoneExceptExternal)],
        Unknown,
        Internal,
        Some(&[]),
    ),
    (
        "with a group",
        |app| {
            let group = app.world.microsoft().add_group(&NewGroup {
                name: "Finance".to_owned(),
                ..NewGroup::default()
            });
            vec![with(ShareWith::Group(group))]
        },
        Unknown,
        Internal,
        Some(&[]),
    ),
    (
        "with a group of the site",
        |_| vec![with(ShareWith::SiteGroup("Finance Owners".to_owned()))],
        Unknown,
        Internal,
        Some(&[]),
    ),
    (
        "with an app",
        |_| vec![with(ShareWith::Application("backup".to_owned()))],
        Unknown,
        Private,
        Some(&[]),
    ),
    (
        "with a colleague and everybody who has the link",
        |_| {
            vec![
                with(ShareWith::Person(MINA.to_owned())),
                with(ShareWith::Anonymous),
            ]
        },
        Public,
        Public,
        Some(&[COLLEAGUE]),
    ),
];

fn with(with: ShareWith) -> Share {
    Share::with(with)
}

fn guest(app: &AppDrive<OneDriveOptions>) {
    app.world.microsoft().add_user(NewUser {
        guest: true,
        no_one_drive: Some(Default::default()),
        ..NewUser::named(GUEST)
    });
}

async fn shared(row: &Row) -> (AppDrive<OneDriveOptions>, FileMeta) {
    let app = one_drive().await;
    app.put("a.docx", b"a").await;
    for share in row.1(&app) {
        app.world.microsoft().share(&app.drive, "a.docx", &share);
    }
    let meta = listed_file(&*app.app(), "a.docx").await;
    (app, meta)
}

#[tokio::test]
async fn each_way_of_sharing_gives_its_level() {
    for row in ROWS {
        let (name, _, by_listing, by_permissions, _) = row;
        let (app, meta) = shared(row).await;
        assert_eq!(meta.exposure, *by_listing, "{name}");
        let exposure = app.app().exposure(&meta.file).await.unwrap();
        assert_eq!(exposure, *by_permissions, "{name}");
    }
}

/// Also where the directory alone knows addresses, and where the level is sure before all permissions are read.
#[tokio::test]
async fn whoever_a_file_is_shared_with_is_named() {
    for row in ROWS {
        let (name, .., by_permissions, names) = row;
        let (app, meta) = shared(row).await;
        let expected: Option<Vec<String>> =
            names.map(|names| names.iter().map(ToString::to_string).collect());
        let access = app.app().access(&meta.file).await.unwrap();
        assert_eq!(access.collaborators, expected, "{name}");
        assert_eq!(access.exposure, *by_permissions, "{name}");
        let told = &meta.collaborators;
        assert!(told.is_none() || *told == expected, "{name}: {told:?}");
    }
}

/// Without full control Graph leaves out whom a link was given to.
#[tokio::test]
async fn recipients_that_are_not_shown_are_not_known() {
    let app = one_drive().await;
    app.put("a.docx", b"a").await;
    let microsoft = app.world.microsoft();
    microsoft.share(
        &app.drive,
        "a.docx",
        &with(ShareWith::People(vec![MINA.to_owned()])),
    );
    let file = listed_file(&*app.app(), "a.docx").await.file;
    let roles = ["Files.Read.All", "Sites.Read.All", "User.Read.All"];
    app.world.microsoft().set_roles(&roles, &[]);
    app.world.microsoft().expire_access_tokens();
    let access = app.app().access(&file).await.unwrap();
    assert_eq!(access.collaborators, None);
}

#[tokio::test]
async fn permissions_are_paid_for_only_where_a_file_is_shared() {
    for row in ROWS {
        let (name, _, by_listing, ..) = row;
        let (app, meta) = shared(row).await;
        let connector = app.app();
        // What is known of the drive is known since its files were listed.
        connector.feeds().await.unwrap();
        let (_, requests) = app.world.requests(connector.exposure(&meta.file)).await;
        let units: u32 = requests
            .iter()
            .filter(|entry| !entry.path().contains("/users/") && !entry.path().ends_with("$batch"))
            .filter_map(|entry| entry.units)
            .sum();
        let expected = if *by_listing == Unknown { 1 + 5 } else { 1 };
        assert_eq!(units, expected, "{name}");
    }
}

#[tokio::test]
async fn an_address_of_another_domain_is_external_where_the_domains_are_known() {
    let app = one_drive().await;
    app.put("a.docx", b"a").await;
    let microsoft = app.world.microsoft();
    microsoft.add_user(NewUser::named("lou@birch.example"));
    let share = with(ShareWith::Person("lou@birch.example".to_owned()));
    microsoft.share(&app.drive, "a.docx", &share);
    let file = listed_file(&*app.app(), "a.docx").await.file;
    for (domains, expected) in [
        (vec![], Internal),
        (vec!["Alder.example".to_owned()], External),
        (
            vec!["alder.example".to_owned(), "birch.example".to_owned()],
            Internal,
        ),
    ] {
        let options = TenantOptions {
            internal_domains: domains.clone(),
            ..app.world.options()
        };
        let connector = app.app_of(Tenant::new(options).unwrap());
        let exposure = connector.exposure(&file).await.unwrap();
        assert_eq!(exposure, expected, "{domains:?}");
    }
}

#[tokio::test]
async fn what_has_ended_counts_no_longer() {
    let app = one_drive().await;
    app.put("a.docx", b"a").await;
    let microsoft = app.world.microsoft();
    let ending = Share {
        expires_in: Some(3600),
        ..with(ShareWith::Anonymous)
    };
    microsoft.share(&app.drive, "a.docx", &ending);
    microsoft.share(&app.drive, "a.docx", &with(ShareWith::Organization));
    let file = listed_file(&*app.app(), "a.docx").await.file;
    let connector = app.app();
    assert_eq!(connector.exposure(&file).await.unwrap(), Public);
    app.world
        .emulator
        .clock()
        .advance(chrono::TimeDelta::hours(2));
    microsoft.expire_access_tokens();
    assert_eq!(connector.exposure(&file).await.unwrap(), Internal);
}
