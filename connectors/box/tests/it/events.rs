//! Events, and what becomes of them.

use chrono::TimeDelta;
use labeld_connector::{Connector, ErrorKind, FeedRef};
use labeld_connector_box::{BoxApp, BoxOptions};
use labeld_emulator::box_service::{BoxService, NewCollaboration, NewUser, Role, Status};
use labeld_emulator::frame::Effect;

use crate::support::{Enterprise, Told, follow, refusal};

/// A tree of two people.
async fn tree() -> (Enterprise, String, String) {
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

fn find(service: &BoxService, user: &str, path: &str) -> String {
    service.find(user, path).unwrap()
}

type Edit = fn(&BoxService, &str, &str);

/// What is done, and what is told of it: files that are there, files that are gone, folders that are gone.
const EDITS: &[(&str, Edit, &[&str], &[&str], &[&str])] = &[
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
            let service = enterprise.service();
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
            drop(service.enterprise_id());
        }
    }
}

/// A folder that its owner renames or moves takes along what lies in it, without a look at any of it.
#[tokio::test]
async fn a_folder_moves_with_what_lies_in_it() {
    let moves: [(&str, Edit); 2] = [
        ("renamed", |s, mina, _| {
            s.rename(&find(s, mina, "plans"), mina, "Plans of old")
        }),
        ("moved", |s, mina, _| {
            s.add_folder(mina, "archive");
            s.rename(&find(s, mina, "plans"), mina, "archive/plans");
        }),
    ];
    for (name, edit) in moves {
        let (enterprise, polled) = after(edit, false).await;
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
        drop(enterprise);
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
        let (enterprise, polled) = after(
            |s, mina, bo| s.move_as(&find(s, mina, "plans"), bo, "from Mina", mina),
            restarted,
        )
        .await;
        let service = enterprise.service();
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
        drop(service.enterprise_id());
    }
}

#[tokio::test]
async fn what_goes_to_somebody_who_is_not_covered_is_gone() {
    let (enterprise, polled) = after(
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
    drop(enterprise);
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

#[tokio::test]
async fn events_in_disorder_repeated_late_and_in_short_pages_are_all_told() {
    let (enterprise, mina, _) = tree().await;
    enterprise.switch(|switches| {
        switches.duplicate_events = true;
        switches.repeat_earlier_events = true;
        switches.reorder_events = true;
        switches.most_events = 2;
        switches.event_delay_milliseconds = 12_000;
    });
    let service = enterprise.service();
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    for number in 0..5 {
        service.put(
            &mina,
            &format!("new {number}.docx"),
            format!("{number}").into_bytes(),
        );
    }
    service.put(&mina, "a.docx", b"another".to_vec());
    service.trash(&find(service, &mina, "plans/b.docx"));
    // Nothing of it is seen at once.
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert!(!polled.files().contains_key("mina@alder.example/new 0.docx"));
    enterprise.emulator.clock().advance(TimeDelta::seconds(13));
    let polled = follow(&app, polled.cursor.as_ref()).await;
    let files = polled.files();
    for path in ["new 0.docx", "new 4.docx", "a.docx"] {
        assert!(
            files.contains_key(&format!("mina@alder.example/{path}")),
            "{path}"
        );
    }
    // Told again with each event about it.
    let mut removed = polled.removed();
    removed.dedup();
    assert_eq!(removed.len(), 1, "{removed:?}");
}

/// Which stream is asked after how many days, and how often everything is told.
#[tokio::test]
async fn an_old_position_is_left_for_the_chronological_stream() {
    for (days, refused, chronological, expired) in [
        (1, false, false, false),
        (1, true, true, false),
        (12, false, false, false),
        (14, false, true, false),
        (300, false, true, false),
        (400, false, false, true),
    ] {
        let (enterprise, mina, _) = tree().await;
        let service = enterprise.service();
        let walked = follow(&enterprise.connect(), None).await;
        service.put(&mina, "new.docx", b"new".to_vec());
        enterprise.emulator.clock().advance(TimeDelta::days(days));
        if refused {
            enterprise.fault(Effect::ExpiredCursor, |rule| rule.count(1));
        }
        let before = enterprise.emulator.journal().last();
        let app = enterprise.connect();
        let page = app.changes(&FeedRef::whole(), walked.cursor.as_ref()).await;
        if expired {
            assert_eq!(page.unwrap_err().kind(), ErrorKind::CursorExpired, "{days}");
            continue;
        }
        page.unwrap();
        let polled = follow(&app, walked.cursor.as_ref()).await;
        assert!(
            polled.files().contains_key("mina@alder.example/new.docx"),
            "{days}"
        );
        let entries = enterprise.emulator.journal().since(before);
        let asked = entries
            .iter()
            .any(|entry| entry.target.contains("stream_type=admin_logs&"));
        assert_eq!(asked, chronological, "{days} days, refused: {refused}");
        // After it the stream goes on by itself.
        service.put(&mina, "newer.docx", b"newer".to_vec());
        let polled = follow(&app, polled.cursor.as_ref()).await;
        assert!(
            polled.files().contains_key("mina@alder.example/newer.docx"),
            "{days}"
        );
    }
}

#[tokio::test]
async fn without_the_chronological_stream_the_cursor_is_expired() {
    let (enterprise, ..) = tree().await;
    let walked = follow(&enterprise.connect(), None).await;
    enterprise.emulator.clock().advance(TimeDelta::days(20));
    enterprise.fault(refusal(403, "forbidden"), |rule| {
        rule.path("/2.0/events").skip(1)
    });
    let app = enterprise.connect();
    let error = app
        .changes(&FeedRef::whole(), walked.cursor.as_ref())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
}

/// An empty page of events tells no position, and a quiet enterprise costs one call a poll.
#[tokio::test]
async fn a_poll_without_events_is_one_call() {
    let (enterprise, ..) = tree().await;
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let before = enterprise.emulator.journal().last();
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert_eq!(enterprise.requests("api", before), ["GET /2.0/events"]);
    assert!(polled.changes.is_empty());
}

/// Many events about one file cost one look at it.
#[tokio::test]
async fn a_file_is_looked_at_once_a_page() {
    let (enterprise, mina, _) = tree().await;
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let service = enterprise.service();
    let file = find(service, &mina, "a.docx");
    for number in 0..20 {
        service.put(&mina, "a.docx", format!("{number}").into_bytes());
    }
    let before = enterprise.emulator.journal().last();
    follow(&app, walked.cursor.as_ref()).await;
    let look = format!("GET /2.0/files/{file}");
    let looks = enterprise.requests("api", before);
    assert_eq!(
        looks.iter().filter(|request| **request == look).count(),
        1,
        "{looks:?}"
    );
}

#[tokio::test]
async fn a_tree_that_is_listed_anew_may_go_on_after_a_restart() {
    let (enterprise, mina, _) = tree().await;
    let service = enterprise.service();
    for number in 0..9 {
        service.put(
            &mina,
            &format!("plans/many {number}.docx"),
            format!("{number}").into_bytes(),
        );
    }
    let connect = || {
        BoxApp::new(BoxOptions {
            page_size: 2,
            ..enterprise.options()
        })
        .unwrap()
    };
    let walked = follow(&connect(), None).await;
    let plans = find(service, &mina, "plans");
    service.trash(&plans);
    service.restore_from_trash(&plans);
    let mut cursor = walked.cursor;
    let mut files = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let page = connect()
            .changes(&FeedRef::whole(), cursor.as_ref())
            .await
            .unwrap();
        for change in &page.changes {
            if let labeld_connector::Change::Upserted(meta) = change {
                files.insert(meta.name.clone());
            }
        }
        cursor = Some(page.next);
        if !page.more {
            assert_eq!(files.len(), 11, "{files:?}");
            return;
        }
    }
    panic!("the listing does not end");
}

/// Invitations within the enterprise change who can reach files, and no file.
#[tokio::test]
async fn an_invitation_changes_no_file() {
    let (enterprise, polled) = after(
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
    drop(enterprise);
}
