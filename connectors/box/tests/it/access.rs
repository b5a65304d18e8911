//! Who can reach files.

use labeld_connector::{Connector, Exposure};
use labeld_connector_box::{BoxApp, BoxOptions};
use labeld_emulator::box_service::{
    ALL_SCOPES, BoxService, CollaborationRole, CollaborationStatus, NewCollaboration, NewUser,
};

use crate::support::{Enterprise, MINA, follow, listed, refusal};

pub(crate) const PATH: &str = "a/b/c.docx";

/// What tests do with: the service, the file, the folder it lies in, the folder above that.
struct Place<'a> {
    service: &'a BoxService,
    file: String,
    inner: String,
    outer: String,
    bo: String,
    olga: String,
}

fn invite(place: &Place<'_>, item: &str, user: &str) -> String {
    place.service.invite(
        item,
        &NewCollaboration {
            user: Some(user.to_owned()),
            ..NewCollaboration::default()
        },
    )
}

fn invite_as(place: &Place<'_>, item: &str, user: &str, status: CollaborationStatus) {
    place.service.invite(
        item,
        &NewCollaboration {
            user: Some(user.to_owned()),
            role: CollaborationRole::Viewer,
            status,
            ..NewCollaboration::default()
        },
    );
}

fn invite_address(place: &Place<'_>, item: &str, address: &str) {
    place.service.invite(
        item,
        &NewCollaboration {
            email: Some(address.to_owned()),
            status: CollaborationStatus::Pending,
            ..NewCollaboration::default()
        },
    );
}

fn invite_group(place: &Place<'_>, item: &str, members: &[&str], all_users: bool) {
    let group = place.service.add_group("Project", all_users);
    for member in members {
        place.service.join(member, &group);
    }
    place.service.invite(
        item,
        &NewCollaboration {
            group: Some(group),
            ..NewCollaboration::default()
        },
    );
}

type Setting = fn(&Place<'_>);

const EXPOSURES: &[(&str, Setting, Exposure)] = &[
    ("alone", |_| {}, Exposure::Private),
    (
        "open link",
        |p| p.service.share(&p.file, Some("open")),
        Exposure::Public,
    ),
    (
        "company link",
        |p| p.service.share(&p.file, Some("company")),
        Exposure::Internal,
    ),
    (
        "link for collaborators",
        |p| p.service.share(&p.file, Some("collaborators")),
        Exposure::Private,
    ),
    (
        "open link above",
        |p| p.service.share(&p.outer, Some("open")),
        Exposure::Public,
    ),
    (
        "company link above",
        |p| p.service.share(&p.inner, Some("company")),
        Exposure::Internal,
    ),
    (
        "open link that a policy limits",
        |p| {
            p.service
                .share_limited(&p.file, "open", "company", "can_download", None);
        },
        Exposure::Internal,
    ),
    (
        "open link without effect",
        |p| {
            p.service
                .share_limited(&p.file, "open", "open", "no_access", None);
        },
        Exposure::Private,
    ),
    (
        "open link that has ended",
        |p| {
            p.service
                .share_limited(&p.inner, "open", "open", "can_download", Some(1_000));
        },
        Exposure::Private,
    ),
    (
        "somebody inside",
        |p| drop(invite(p, &p.file, &p.bo)),
        Exposure::Internal,
    ),
    (
        "somebody inside, above",
        |p| drop(invite(p, &p.outer, &p.bo)),
        Exposure::Internal,
    ),
    (
        "somebody outside",
        |p| drop(invite(p, &p.file, &p.olga)),
        Exposure::External,
    ),
    (
        "somebody outside, above",
        |p| drop(invite(p, &p.outer, &p.olga)),
        Exposure::External,
    ),
    (
        "somebody outside who has not answered",
        |p| invite_as(p, &p.inner, &p.olga, CollaborationStatus::Pending),
        Exposure::External,
    ),
    (
        "somebody outside who refused",
        |p| invite_as(p, &p.inner, &p.olga, CollaborationStatus::Rejected),
        Exposure::Private,
    ),
    (
        "an address",
        |p| invite_address(p, &p.inner, "new@birch.example"),
        Exposure::External,
    ),
    (
        "an address inside",
        |p| invite_address(p, &p.inner, "new@Alder.example"),
        Exposure::Internal,
    ),
    (
        "an address of a user",
        |p| invite_address(p, &p.inner, "BO@alder.example"),
        Exposure::Internal,
    ),
    (
        "a group",
        |p| invite_group(p, &p.inner, &[&p.bo], false),
        Exposure::Internal,
    ),
    (
        "a group with outsiders",
        |p| invite_group(p, &p.inner, &[&p.bo, &p.olga], false),
        Exposure::External,
    ),
    (
        "everybody",
        |p| invite_group(p, &p.file, &[], true),
        Exposure::Internal,
    ),
    (
        "outside and a company link",
        |p| {
            p.service.share(&p.file, Some("company"));
            invite(p, &p.outer, &p.olga);
        },
        Exposure::External,
    ),
    (
        "outside and an open link",
        |p| {
            p.service.share(&p.outer, Some("open"));
            invite(p, &p.file, &p.olga);
        },
        Exposure::Public,
    ),
];

/// Whom the file is shared with by name; `None` where that cannot be told.
const COLLABORATORS: &[(&str, Setting, &[&str])] = &[
    ("alone", |_| {}, &[]),
    ("open link", |p| p.service.share(&p.file, Some("open")), &[]),
    (
        "a link without effect and an address",
        |p| {
            p.service.share(&p.file, Some("collaborators"));
            invite_address(p, &p.file, "New@Birch.example");
        },
        &["new@birch.example"],
    ),
    (
        "outside, inside, above and an open link",
        |p| {
            p.service.share(&p.file, Some("open"));
            invite(p, &p.file, &p.bo);
            invite(p, &p.outer, &p.olga);
        },
        &["bo@alder.example", "olga@birch.example"],
    ),
    (
        "somebody who refused",
        |p| invite_as(p, &p.inner, &p.olga, CollaborationStatus::Rejected),
        &[],
    ),
    (
        "a group is its members",
        |p| invite_group(p, &p.inner, &[&p.bo, &p.olga], false),
        &["bo@alder.example", "olga@birch.example"],
    ),
    (
        "everybody is nobody by name",
        |p| invite_group(p, &p.file, &[], true),
        &[],
    ),
];

#[tokio::test]
async fn whoever_was_invited_is_named() {
    for inherited in [false, true] {
        for (name, set, expected) in COLLABORATORS {
            let (enterprise, bo, olga) = prepared().await;
            enterprise.switch(|switches| {
                switches.inherited_has_collaborations = inherited;
                switches.file_collaborations_inherited = inherited;
            });
            set(&place(&enterprise, &bo, &olga));
            let app = connect(&enterprise);
            let file = listed(&app, PATH).await.file;
            let access = app.access(&file).await.unwrap();
            let expected = expected.iter().map(ToString::to_string).collect();
            assert_eq!(access.collaborators, Some(expected), "{name}, {inherited}");
            let exposure = app.exposure(&file).await.unwrap();
            assert_eq!(access.exposure, exposure, "{name}, {inherited}");
        }
    }
}

/// A list of names costs what the level costs, but for a file that anybody can reach; folders are remembered for both.
#[tokio::test]
async fn names_cost_calls_only_where_the_level_is_known_sooner() {
    for (link, for_level, for_names) in [(None, 1, 1), (Some("open"), 1, 2)] {
        let (enterprise, bo, olga) = prepared().await;
        let there = place(&enterprise, &bo, &olga);
        there.service.share(&there.file, link);
        invite(&there, &there.outer, &olga);
        if link.is_some() {
            invite(&there, &there.file, &bo);
        }
        let app = connect(&enterprise);
        let file = listed(&app, PATH).await.file;
        app.access(&file).await.unwrap();
        let before = enterprise.emulator.journal().last();
        app.exposure(&file).await.unwrap();
        let between = enterprise.emulator.journal().last();
        app.access(&file).await.unwrap();
        let names = enterprise.requests("api", between).len();
        let level = enterprise.requests("api", before).len() - names;
        assert_eq!((level, names), (for_level, for_names), "{link:?}");
    }
}

pub(crate) async fn prepared() -> (Enterprise, String, String) {
    let enterprise = Enterprise::new().await;
    let service = enterprise.service();
    let bo = service.add_user(&NewUser {
        login: "bo@alder.example".to_owned(),
        ..NewUser::default()
    });
    let olga = service.add_user(&NewUser {
        login: "olga@birch.example".to_owned(),
        external: true,
        ..NewUser::default()
    });
    service.put(&enterprise.mina(), PATH, b"body".to_vec());
    (enterprise, bo, olga)
}

fn place<'a>(enterprise: &'a Enterprise, bo: &str, olga: &str) -> Place<'a> {
    let service = enterprise.service();
    let find = |path: &str| service.find(&enterprise.mina(), path).unwrap();
    Place {
        service,
        file: find(PATH),
        inner: find("a/b"),
        outer: find("a"),
        bo: bo.to_owned(),
        olga: olga.to_owned(),
    }
}

fn connect(enterprise: &Enterprise) -> BoxApp {
    BoxApp::new(BoxOptions {
        internal_domains: vec!["Alder.example".to_owned()],
        ..enterprise.options()
    })
    .unwrap()
}

#[tokio::test]
async fn links_and_invitations_reach_down() {
    for inherited in [false, true] {
        for (name, set, exposure) in EXPOSURES {
            let (enterprise, bo, olga) = prepared().await;
            enterprise.switch(|switches| {
                switches.inherited_has_collaborations = inherited;
                switches.file_collaborations_inherited = inherited;
            });
            set(&place(&enterprise, &bo, &olga));
            let app = connect(&enterprise);
            let file = listed(&app, PATH).await;
            let found = app.exposure(&file.file).await.unwrap();
            assert_eq!(found, *exposure, "{name}, inherited: {inherited}");
            let is_right = file.exposure == Exposure::Unknown || file.exposure == found;
            assert!(is_right, "{name}: listed as {:?}", file.exposure);
        }
    }
}

/// Folders are looked at once for all that lies in them, until an event says that their access changed.
#[tokio::test]
async fn folders_are_looked_at_once_until_their_access_changes() {
    let (enterprise, bo, olga) = prepared().await;
    let there = place(&enterprise, &bo, &olga);
    there
        .service
        .put(&enterprise.mina(), "a/b/d.docx", b"d".to_vec());
    let app = connect(&enterprise);
    let walked = follow(&app, None).await;
    let files = walked.files();
    let file = |name: &str| files[&format!("{MINA}/a/b/{name}.docx")].file.clone();
    assert_eq!(app.exposure(&file("c")).await.unwrap(), Exposure::Private);
    let before = enterprise.emulator.journal().last();
    assert_eq!(app.exposure(&file("d")).await.unwrap(), Exposure::Private);
    assert_eq!(enterprise.requests("api", before).len(), 1);
    let invitation = invite(&there, &there.outer, &olga);
    follow(&app, walked.cursor.as_ref()).await;
    assert_eq!(app.exposure(&file("d")).await.unwrap(), Exposure::External);
    there.service.uninvite(&invitation);
    follow(&app, walked.cursor.as_ref()).await;
    assert_eq!(app.exposure(&file("d")).await.unwrap(), Exposure::Private);
}

#[tokio::test]
async fn what_cannot_be_found_out_is_unknown_and_never_guessed() {
    let denied = || refusal(403, "access_denied_insufficient_permissions");
    for (name, path, set, exposure) in [
        ("folder", "/2.0/folders/*", None, Exposure::Unknown),
        (
            "invitations",
            "/2.0/**/collaborations",
            None,
            Exposure::Unknown,
        ),
        (
            "open link",
            "/2.0/folders/*",
            Some("open"),
            Exposure::Public,
        ),
        (
            "company link",
            "/2.0/folders/*",
            Some("company"),
            Exposure::Unknown,
        ),
    ] {
        let (enterprise, bo, olga) = prepared().await;
        let there = place(&enterprise, &bo, &olga);
        invite(&there, &there.inner, &bo);
        there.service.share(&there.file, set);
        let app = connect(&enterprise);
        let file = listed(&app, PATH).await;
        enterprise.fault(denied(), |rule| rule.method("GET").path(path));
        assert_eq!(app.exposure(&file.file).await.unwrap(), exposure, "{name}");
        let access = app.access(&file.file).await.unwrap();
        assert_eq!(access.collaborators, None, "{name}");
    }
    // Without the scope for groups nobody knows who is in them.
    let (enterprise, bo, olga) = prepared().await;
    let there = place(&enterprise, &bo, &olga);
    invite_group(&there, &there.inner, &[&bo], false);
    let scopes: Vec<&str> = ALL_SCOPES
        .iter()
        .copied()
        .filter(|scope| *scope != "manage_groups")
        .collect();
    there.service.set_scopes(&scopes);
    let app = connect(&enterprise);
    let file = listed(&app, PATH).await;
    assert_eq!(app.exposure(&file.file).await.unwrap(), Exposure::Unknown);
}

#[tokio::test]
async fn a_bad_moment_is_an_error_and_no_answer() {
    let (enterprise, _, _) = prepared().await;
    let app = connect(&enterprise);
    let file = listed(&app, PATH).await;
    enterprise.fault(refusal(500, "internal_server_error"), |rule| {
        rule.path("/2.0/folders/*")
    });
    assert!(
        app.exposure(&file.file)
            .await
            .unwrap_err()
            .kind()
            .is_retryable()
    );
}
