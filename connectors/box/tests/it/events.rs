//! Events, and what becomes of them.

use labeld_connector::{Connector, ErrorKind};
use labeld_emulator::box_service::{BoxService, NewCollaboration, NewUser, Role, Status};

use crate::support::{Enterprise, Told, follow};

/// A tree of two people.
pub(crate) async fn tree() -> (Enterprise, String, String) {
    let enterprise = Enterprise::new().await;
    let service = enterprise.service();
    let bo = service.add_user(&NewUser {
        login: "bo@alder.example".to_owned(),
        ..NewUser::default()
    });
    let mina = service.mina();
    service.put(&mina, "a.docx", b"a".to_vec());
    service.put(&mina, "plans/b.docx", b"b".to_vec());
    service.put(&mina, "plans/old/c.docx", b"c".to_vec());
    service.put(&bo, "bo.docx", b"bo".to_vec());
    (enterprise, mina, bo)
}

/// Everything that is told after `what`, by the connector that has walked (`restarted`: by a new one).
async fn after(what: impl Fn(&BoxService, &str, &str), restarted: bool) -> (Enterprise, Told) {
    let (enterprise, mina, bo) = tree().await;
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    what(enterprise.service(), &mina, &bo);
    let app = if restarted { enterprise.connect() } else { app };
    let polled = follow(&app, walked.cursor.as_ref()).await;
    (enterprise, polled)
}

pub(crate) fn find(service: &BoxService, user: &str, path: &str) -> String {
    service.find(user, path).unwrap()
}

type Edit = fn(&BoxService, &str, &str);

type Names = &'static [&'static str];

/// What is done, and what is told of it: files that are there, files that are gone, folders that are gone.
const EDITS: &[(&str, Edit, Names, Names, Names)] = &[
    ("nothing", |_, _, _| {}, &[], &[], &[]),
    (
        "a new file",
        |s, mina, _| drop(s.put(mina, "plans/new.docx", b"new".to_vec())),
        &["mina@alder.example/plans/new.docx"],
        &[],
        &[],
    ),
    (
        "a new version, described and shared",
        |s, mina, _| {
            let file = s.put(mina, "a.docx", b"another".to_vec());
            s.set_description(&file, "words");
            s.share(&file, Some("open"));
        },
        &["mina@alder.example/a.docx"],
        &[],
        &[],
    ),
    (
        "renamed and moved",
        |s, mina, _| s.rename(&find(s, mina, "a.docx"), mina, "plans/old/z.docx"),
        &["mina@alder.example/plans/old/z.docx"],
        &[],
        &[],
    ),
    (
        "in the trash, one of two back",
        |s, mina, _| {
            let (a, b) = (find(s, mina, "a.docx"), find(s, mina, "plans/b.docx"));
            s.trash(&a);
            s.trash(&b);
            s.restore_from_trash(&b);
        },
        &["mina@alder.example/plans/b.docx"],
        &["mina a.docx"],
        &[],
    ),
    (
        "a folder in the trash",
        |s, mina, _| s.trash(&find(s, mina, "plans")),
        &[],
        &[],
        &["plans"],
    ),
    (
        "a folder out of the trash",
        |s, mina, _| {
            let folder = find(s, mina, "plans");
            s.trash(&folder);
            s.restore_from_trash(&folder);
        },
        &[
            "mina@alder.example/plans/b.docx",
            "mina@alder.example/plans/old/c.docx",
        ],
        &[],
        &[],
    ),
    (
        "a folder copied",
        |s, mina, _| drop(s.copy(&find(s, mina, "plans"), mina, "copy")),
        &[
            "mina@alder.example/copy/b.docx",
            "mina@alder.example/copy/old/c.docx",
        ],
        &[],
        &[],
    ),
    (
        "types that nobody knows, and events about nothing",
        |s, _, _| {
            s.strange_event("ITEM_ENCHANTED");
            s.strange_event("EDIT");
            s.strange_event("LOCK");
        },
        &[],
        &[],
        &[],
    ),
];

#[tokio::test]
async fn events_are_told_as_what_became_of_things() {
    for (name, edit, files, removed, folders) in EDITS {
        for restarted in [false, true] {
            let (enterprise, polled) = after(edit, restarted).await;
            let told: Vec<String> = polled.files().into_keys().collect();
            assert_eq!(told, *files, "{name}, restarted: {restarted}");
            let gone: Vec<String> = polled.removed().iter().map(|file| file.0.clone()).collect();
            assert_eq!(gone.len(), removed.len(), "{name}: {gone:?}");
            let gone_folders = polled.removed_folders();
            assert_eq!(
                gone_folders.len(),
                folders.len(),
                "{name}: {gone_folders:?}"
            );
            assert!(
                polled.unreadable.is_empty(),
                "{name}: {:?}",
                polled.unreadable
            );
            // There is nothing more to say.
            let app = enterprise.connect();
            let again = follow(&app, polled.cursor.as_ref()).await;
            assert!(again.changes.is_empty(), "{name}: {:?}", again.changes);
        }
    }
}

/// A folder that its owner renames or moves takes along what lies in it, without a look at any of it.
#[tokio::test]
async fn a_folder_moves_with_what_lies_in_it() {
    let moves: [(&str, Edit); 2] = [
        ("renamed", |s, mina, _| {
            s.rename(&find(s, mina, "plans"), mina, "Plans of old");
        }),
        ("moved", |s, mina, _| {
            s.add_folder(mina, "archive");
            s.rename(&find(s, mina, "plans"), mina, "archive/plans");
        }),
    ];
    for (name, edit) in moves {
        let (_enterprise, polled) = after(edit, false).await;
        assert!(polled.files().is_empty(), "{name}: {:?}", polled.files());
        assert!(polled.removed_folders().is_empty(), "{name}");
        let paths: Vec<&str> = polled
            .folders()
            .iter()
            .map(|folder| &*folder.path)
            .collect();
        let expected: &[&str] = match name {
            "renamed" => &["mina@alder.example/Plans of old"],
            _ => &[
                "mina@alder.example/archive",
                "mina@alder.example/archive/plans",
            ],
        };
        assert_eq!(paths, expected, "{name}");
    }
}

/// A file that is given to somebody else is gone under one name and there under another.
#[tokio::test]
async fn what_has_another_owner_has_another_name() {
    for by_new_owner in [false, true] {
        let (enterprise, mina, bo) = tree().await;
        let app = enterprise.connect();
        let walked = follow(&app, None).await;
        let before = walked.files()["mina@alder.example/a.docx"].file.clone();
        let service = enterprise.service();
        let file = find(service, &mina, "a.docx");
        let who = if by_new_owner { &bo } else { &mina };
        service.move_as(&file, &bo, "given.docx", who);
        let polled = follow(&app, walked.cursor.as_ref()).await;
        assert_eq!(polled.removed(), [&before]);
        let given = polled.files()["bo@alder.example/given.docx"].clone();
        assert_eq!(given.file.0, format!("{bo}/{file}"));
        assert_eq!(app.stat(&given.file).await.unwrap(), given);
        let error = app.stat(&before).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_folder_that_has_another_owner_is_listed_anew() {
    for restarted in [false, true] {
        let (_enterprise, polled) = after(
            |s, mina, bo| s.move_as(&find(s, mina, "plans"), bo, "from Mina", mina),
            restarted,
        )
        .await;
        let bo = "bo@alder.example";
        let told: Vec<String> = polled.files().into_keys().collect();
        assert_eq!(
            told,
            [
                format!("{bo}/from Mina/b.docx"),
                format!("{bo}/from Mina/old/c.docx")
            ]
        );
        // What was known below it goes first.
        assert_eq!(polled.removed_folders().len(), 1);
        let removal = polled
            .changes
            .iter()
            .position(|change| matches!(change, labeld_connector::Change::FolderRemoved(_)));
        let listing = polled
            .changes
            .iter()
            .position(|change| matches!(change, labeld_connector::Change::Upserted(_)));
        assert!(removal < listing, "restarted: {restarted}");
    }
}

#[tokio::test]
async fn what_goes_to_somebody_who_is_not_covered_is_gone() {
    let (_enterprise, polled) = after(
        |s, mina, _| {
            let admin = s.admin();
            s.move_as(&find(s, mina, "a.docx"), &admin, "a.docx", mina);
            s.move_as(&find(s, mina, "plans"), &admin, "plans", mina);
        },
        true,
    )
    .await;
    assert_eq!(polled.removed().len(), 1);
    assert_eq!(polled.removed_folders().len(), 1);
    assert!(polled.files().is_empty());
}

#[tokio::test]
async fn users_come_change_and_go() {
    let (enterprise, mina, bo) = tree().await;
    let service = enterprise.service();
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let new = service.add_user(&NewUser {
        login: "new@alder.example".to_owned(),
        ..NewUser::default()
    });
    service.put(&new, "first.docx", b"first".to_vec());
    service.edit_user(&mina, None, None, Some("mina.oak@alder.example"));
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert!(polled.files().contains_key("new@alder.example/first.docx"));
    let roots: Vec<(&str, &str)> = polled
        .folders()
        .into_iter()
        .filter(|folder| folder.parent.is_none())
        .map(|folder| (&*folder.folder.0, &*folder.path))
        .collect();
    let root = format!("root/{mina}");
    assert!(
        roots.contains(&(&root, "mina.oak@alder.example")),
        "{roots:?}"
    );

    // Bo is promoted, and what is known of his files stays; then he is an ordinary user again.
    service.edit_user(&bo, Some(Role::Coadmin), None, None);
    let polled = follow(&app, polled.cursor.as_ref()).await;
    assert!(polled.changes.is_empty(), "{:?}", polled.changes);
    service.put(&bo, "as an admin.docx", b"x".to_vec());
    let polled = follow(&app, polled.cursor.as_ref()).await;
    assert!(polled.files().is_empty());
    service.edit_user(&bo, Some(Role::User), None, None);
    let polled = follow(&app, polled.cursor.as_ref()).await;
    let files: Vec<String> = polled.files().into_keys().collect();
    assert_eq!(
        files,
        [
            "bo@alder.example/as an admin.docx",
            "bo@alder.example/bo.docx"
        ]
    );
}

/// The owner cannot be acted as any more: that is not the same as a file that is gone.
#[tokio::test]
async fn a_file_of_a_blocked_user_is_not_taken_for_gone() {
    let (enterprise, mina, _) = tree().await;
    let service = enterprise.service();
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    service.put(&mina, "a.docx", b"another".to_vec());
    service.edit_user(&mina, None, Some(Status::Inactive), None);
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert!(polled.removed().is_empty() && polled.removed_folders().is_empty());
    let unreadable: Vec<&str> = polled.unreadable.iter().map(|one| &*one.path).collect();
    assert_eq!(unreadable, ["mina@alder.example/a.docx"]);
}

#[tokio::test]
async fn a_folder_that_is_shared_into_the_enterprise_is_listed() {
    let (enterprise, mina, _) = tree().await;
    let service = enterprise.service();
    let outsider = service.add_user(&NewUser {
        login: "olga@birch.example".to_owned(),
        external: true,
        ..NewUser::default()
    });
    service.put(&outsider, "Joint/plan.docx", b"theirs".to_vec());
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let folder = find(service, &outsider, "Joint");
    service.accept_invitation(&folder, &mina);
    let polled = follow(&app, walked.cursor.as_ref()).await;
    let files = polled.files();
    let plan = &files["olga@birch.example/Joint/plan.docx"];
    assert_eq!(plan.barrier, Some(labeld_connector::Barrier::ExternalOwner));
}

/// What somebody here does to files of another enterprise.
#[tokio::test]
async fn files_of_another_enterprise_stay_known() {
    let (enterprise, mina, _) = tree().await;
    let service = enterprise.service();
    let outsider = service.add_user(&NewUser {
        login: "olga@birch.example".to_owned(),
        external: true,
        ..NewUser::default()
    });
    service.put(&outsider, "Joint/plan.docx", b"theirs".to_vec());
    let other = service.put(&outsider, "Joint/other.docx", b"theirs".to_vec());
    let folder = find(service, &outsider, "Joint");
    service.accept_invitation(&folder, &mina);
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    assert_eq!(walked.files().len(), 6);
    service.put_as(&outsider, "Joint/plan.docx", b"by Mina".to_vec(), &mina);
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert!(polled.changes.is_empty(), "{:?}", polled.changes);
    service.move_as(&folder, &outsider, "Joint and more", &mina);
    service.trash(&other);
    let polled = follow(&app, polled.cursor.as_ref()).await;
    let files: Vec<String> = polled.files().into_keys().collect();
    assert_eq!(files, ["olga@birch.example/Joint and more/plan.docx"]);
    let removed: Vec<&str> = polled.removed().iter().map(|file| &*file.0).collect();
    assert_eq!(removed, [format!("{outsider}/{other}")]);
    assert!(polled.removed_folders().is_empty());
}

/// Invitations within the enterprise change who can reach files, and no file.
#[tokio::test]
async fn an_invitation_changes_no_file() {
    let (_enterprise, polled) = after(
        |s, mina, bo| {
            s.invite(
                &find(s, mina, "plans"),
                &NewCollaboration {
                    user: Some(bo.to_owned()),
                    ..NewCollaboration::default()
                },
            );
        },
        false,
    )
    .await;
    assert!(polled.changes.is_empty(), "{:?}", polled.changes);
}
