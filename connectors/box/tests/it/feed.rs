//! Walks: whose files are listed, in whose name, and where a walk goes on.

use labeld_connector::{Barrier, Connector, Cursor, ErrorKind, Exposure, FeedRef, FileKind};
use labeld_connector_box::{BoxApp, BoxOptions, Users};
use labeld_emulator::box_service::{CollaborationRole, NewCollaboration, NewUser, Role, Status};

use crate::support::{Enterprise, MINA, follow, refusal, told};

fn user(login: &str, role: Role) -> NewUser {
    NewUser {
        login: login.to_owned(),
        role,
        ..NewUser::default()
    }
}

/// An enterprise with people of every kind, each with a file.
async fn people() -> (Enterprise, Vec<String>) {
    let enterprise = Enterprise::new().await;
    let service = enterprise.service();
    let mut ids = vec![service.mina(), service.admin()];
    ids.push(service.add_user(&user("bo@alder.example", Role::User)));
    ids.push(service.add_user(&user("co@alder.example", Role::Coadmin)));
    ids.push(service.add_user(&user("AutomationUser_7_x@boxdevedition.com", Role::User)));
    ids.push(service.add_user(&NewUser {
        status: Status::Inactive,
        ..user("gone@alder.example", Role::User)
    }));
    for id in &ids {
        service.put(id, "own.docx", b"own".to_vec());
    }
    (enterprise, ids)
}

#[tokio::test]
async fn only_the_files_of_covered_users_are_listed() {
    let admin = "admin@alder.example";
    let service_account = "AutomationUser_7_x@boxdevedition.com";
    let not_covered = [admin, "co@alder.example", service_account];
    type Case<'a> = (
        &'a str,
        Users,
        &'a [&'a str],
        &'a [&'a str],
        &'a [&'a str],
        &'a [&'a str],
    );
    let table: &[Case<'_>] = &[
        // Users, excluded, listed files, feeds that are unreadable, folders that are unreadable.
        (
            "all",
            Users::All,
            &[],
            &["bo@alder.example", MINA],
            &not_covered,
            &["gone@alder.example"],
        ),
        (
            "excluded",
            Users::All,
            &[admin, "BO@alder.example", "gone@alder.example"],
            &[MINA],
            &not_covered[1..],
            &[],
        ),
        (
            "listed",
            Users::Listed(vec![
                "Bo@alder.example".to_owned(),
                admin.to_owned(),
                "nobody@alder.example".to_owned(),
            ]),
            &[],
            &["bo@alder.example"],
            &[admin, "nobody@alder.example"],
            &[],
        ),
    ];
    let (enterprise, _) = people().await;
    for (name, users, exclude, files, feeds, folders) in table {
        let app = BoxApp::new(BoxOptions {
            users: users.clone(),
            exclude: exclude.iter().map(ToString::to_string).collect(),
            ..enterprise.options()
        })
        .unwrap();
        let list = app.feeds().await.unwrap();
        assert!(list.complete && list.feeds.len() == 1, "{name}");
        let mut unreadable: Vec<&str> = list.unreadable.iter().map(|place| &*place.path).collect();
        unreadable.sort_unstable();
        let mut expected = feeds.to_vec();
        expected.sort_unstable();
        assert_eq!(unreadable, expected, "{name}");
        for place in &list.unreadable {
            assert!(!list.feeds[0].feed.0.starts_with(&place.prefix), "{name}");
        }
        let walked = follow(&app, None).await;
        let listed: Vec<String> = walked.files().into_keys().collect();
        let expected: Vec<String> = files
            .iter()
            .map(|login| format!("{login}/own.docx"))
            .collect();
        assert_eq!(listed, expected, "{name}");
        // What is known of those that cannot be looked into must stay.
        let mut closed: Vec<&str> = walked
            .unreadable
            .iter()
            .map(|folder| &*folder.path)
            .collect();
        closed.sort_unstable();
        let mut expected: Vec<&str> = feeds.iter().chain(*folders).copied().collect();
        expected.retain(|login| *login != "nobody@alder.example");
        expected.sort_unstable();
        assert_eq!(closed, expected, "{name}");
    }
}

#[tokio::test]
async fn a_report_says_what_to_do() {
    let (enterprise, _) = people().await;
    let app = BoxApp::new(BoxOptions {
        exclude: Vec::new(),
        ..enterprise.options()
    })
    .unwrap();
    let list = app.feeds().await.unwrap();
    let admin = list
        .unreadable
        .iter()
        .find(|place| place.path == "admin@alder.example")
        .unwrap();
    assert_eq!(admin.error.kind(), ErrorKind::NotCovered);
    let words = told(&admin.error);
    for part in ["administrator", "exclude the login"] {
        assert!(words.contains(part), "{words}");
    }
}

#[tokio::test]
async fn files_of_others_are_listed_once_with_what_stands_against_them() {
    let (enterprise, ids) = people().await;
    let [mina, admin, bo, ..] = &ids[..] else {
        panic!("people");
    };
    let service = enterprise.service();
    let outsider = service.add_user(&NewUser {
        external: true,
        ..user("olga@birch.example", Role::User)
    });
    service.put(&outsider, "Shared in/plan.docx", b"theirs".to_vec());
    service.put(&outsider, "Shared in/deep/plan.docx", b"theirs".to_vec());
    service.put(admin, "Board/minutes.docx", b"of the admin".to_vec());
    service.put(bo, "Team/own.docx", b"of Bo".to_vec());
    service.put(mina, "Left/x.docx", b"x".to_vec());
    let share = |owner: &str, path: &str, with: &[&str]| {
        let folder = service.find(owner, path).unwrap();
        for user in with {
            service.invite(
                &folder,
                &NewCollaboration {
                    user: Some((*user).to_owned()),
                    role: CollaborationRole::Editor,
                    ..NewCollaboration::default()
                },
            );
        }
    };
    share(&outsider, "Shared in", &[mina, bo]);
    share(admin, "Board", &[mina, bo]);
    share(bo, "Team", &[mina]);
    share(mina, "Left", &[bo]);
    let app = BoxApp::new(BoxOptions {
        exclude: Vec::new(),
        ..enterprise.options()
    })
    .unwrap();
    let walked = follow(&app, None).await;
    let listed: Vec<(String, Option<Barrier>)> = walked
        .files()
        .into_iter()
        .map(|(path, meta)| (path, meta.barrier))
        .collect();
    let expected = [
        (
            "admin@alder.example/Board/minutes.docx",
            Some(Barrier::NotCovered),
        ),
        ("bo@alder.example/Team/own.docx", None),
        ("bo@alder.example/own.docx", None),
        ("mina@alder.example/Left/x.docx", None),
        ("mina@alder.example/own.docx", None),
        (
            "olga@birch.example/Shared in/deep/plan.docx",
            Some(Barrier::ExternalOwner),
        ),
        (
            "olga@birch.example/Shared in/plan.docx",
            Some(Barrier::ExternalOwner),
        ),
    ];
    let expected: Vec<(String, Option<Barrier>)> = expected
        .into_iter()
        .map(|(path, barrier)| (path.to_owned(), barrier))
        .collect();
    assert_eq!(listed, expected);
    let listings = enterprise.requests("api", 0);
    let folder = service.find(&outsider, "Shared in").unwrap();
    let of_folder = format!("GET /2.0/folders/{folder}/items");
    let times = listings
        .iter()
        .filter(|request| **request == of_folder)
        .count();
    assert_eq!(times, 1, "two people were invited to the folder");
    for meta in walked
        .files()
        .values()
        .filter(|meta| meta.barrier.is_some())
    {
        let error = app.stat(&meta.file).await.unwrap_err();
        let expected = match meta.barrier {
            Some(Barrier::NotCovered) => ErrorKind::NotCovered,
            _ => ErrorKind::Denied,
        };
        assert_eq!(error.kind(), expected, "{}", meta.file);
    }
}

#[tokio::test]
async fn bookmarks_native_documents_and_links_are_told_for_what_they_are() {
    let enterprise = Enterprise::new().await;
    let (service, mina) = (enterprise.service(), enterprise.mina());
    service.add_web_link(&mina, "Intranet", "https://alder.example/");
    service.put(&mina, "Ideas.boxnote", b"{}".to_vec());
    service.put(&mina, "Sheet.gsheet", b"{}".to_vec());
    let open = service.put(&mina, "open.pdf", b"open".to_vec());
    service.share(&open, Some("open"));
    let company = service.put(&mina, "company.pdf", b"company".to_vec());
    service.share(&company, Some("company"));
    let app = enterprise.connect();
    let files = follow(&app, None).await.files();
    let seen: Vec<(&str, FileKind, Exposure)> = files
        .values()
        .map(|meta| (&*meta.name, meta.kind, meta.exposure))
        .collect();
    assert_eq!(
        seen,
        [
            ("Ideas.boxnote", FileKind::Native, Exposure::Unknown),
            ("Sheet.gsheet", FileKind::Native, Exposure::Unknown),
            ("company.pdf", FileKind::File, Exposure::Unknown),
            ("open.pdf", FileKind::File, Exposure::Public),
        ]
    );
}

#[tokio::test]
async fn folders_are_told_before_what_lies_in_them() {
    let enterprise = Enterprise::new().await;
    let (service, mina) = (enterprise.service(), enterprise.mina());
    service.put(&mina, "a/b/c.docx", b"c".to_vec());
    let (a, b) = (
        service.find(&mina, "a").unwrap(),
        service.find(&mina, "a/b").unwrap(),
    );
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let root = format!("root/{mina}");
    let folders: Vec<(&str, Option<&str>, &str)> = walked
        .folders()
        .into_iter()
        .map(|folder| {
            let parent = folder.parent.as_ref().map(|parent| parent.0.as_str());
            (folder.folder.0.as_str(), parent, folder.path.as_str())
        })
        .collect();
    assert_eq!(
        folders,
        [
            (&*root, None, MINA),
            (&*a, Some(&*root), "mina@alder.example/a"),
            (&*b, Some(&*a), "mina@alder.example/a/b"),
        ]
    );
    let link = walked.folders()[1].link.clone();
    assert_eq!(link.unwrap(), format!("https://app.box.com/folder/{a}"));
    let file = &walked.files()["mina@alder.example/a/b/c.docx"];
    assert_eq!(file.parent.as_ref().unwrap().0, b);
    assert_eq!(file.owner.as_deref(), Some(MINA));
}

/// A walk whose cursor is stored, and goes on with markers that are no longer good.
#[tokio::test]
async fn a_walk_goes_on_though_its_markers_have_expired() {
    let enterprise = Enterprise::new().await;
    let (service, mina) = (enterprise.service(), enterprise.mina());
    for number in 0..7 {
        service.put(
            &mina,
            &format!("f{number}.docx"),
            format!("{number}").into_bytes(),
        );
        service.put(
            &mina,
            &format!("folder {number}/f.docx"),
            format!("in {number}").into_bytes(),
        );
    }
    let connect = || {
        BoxApp::new(BoxOptions {
            page_size: 3,
            ..enterprise.options()
        })
        .unwrap()
    };
    let mut cursor: Option<Cursor> = None;
    let mut files = std::collections::BTreeMap::new();
    for round in 0..200 {
        // Another process, a day later.
        enterprise.emulator.clock().advance(chrono_day());
        let app = connect();
        let mut more = true;
        // A few pages each, so that the walk gets on.
        for _ in 0..8 {
            let page = app
                .changes(&FeedRef::whole(), cursor.as_ref())
                .await
                .unwrap();
            for change in page.changes {
                if let labeld_connector::Change::Upserted(meta) = change {
                    files.insert(meta.file.clone(), meta);
                }
            }
            assert!(page.unreadable.is_empty(), "{:?}", page.unreadable);
            cursor = Some(page.next);
            more = page.more;
            if !more {
                break;
            }
        }
        if !more {
            assert_eq!(files.len(), 14);
            return;
        }
        assert!(round < 100, "the walk does not end");
    }
}

fn chrono_day() -> chrono::TimeDelta {
    chrono::TimeDelta::days(1)
}

#[tokio::test]
async fn a_folder_that_is_refused_is_reported_and_the_walk_goes_on() {
    let enterprise = Enterprise::new().await;
    let (service, mina) = (enterprise.service(), enterprise.mina());
    service.put(&mina, "closed/a.docx", b"a".to_vec());
    service.put(&mina, "open/b.docx", b"b".to_vec());
    let closed = service.find(&mina, "closed").unwrap();
    let path = format!("/2.0/folders/{closed}/items");
    enterprise.fault(refusal(403, "forbidden_by_policy"), |rule| rule.path(path));
    let walked = follow(&enterprise.connect(), None).await;
    let files: Vec<String> = walked.files().into_keys().collect();
    assert_eq!(files, ["mina@alder.example/open/b.docx"]);
    let unreadable: Vec<&str> = walked.unreadable.iter().map(|one| &*one.path).collect();
    assert_eq!(unreadable, ["mina@alder.example/closed"]);
}

#[tokio::test]
async fn an_inactive_user_is_reported_whatever_the_status() {
    for status in [403, 401] {
        let enterprise = Enterprise::new().await;
        enterprise.switch(|switches| switches.inactive_user_status = status);
        let service = enterprise.service();
        service.put(&enterprise.mina(), "a.docx", b"a".to_vec());
        service.add_user(&NewUser {
            status: Status::Inactive,
            ..user("gone@alder.example", Role::User)
        });
        let walked = follow(&enterprise.connect(), None).await;
        assert_eq!(walked.files().len(), 1, "{status}");
        let unreadable: Vec<&str> = walked.unreadable.iter().map(|one| &*one.path).collect();
        assert_eq!(unreadable, ["gone@alder.example"], "{status}");
    }
}

#[tokio::test]
async fn another_feed_than_the_whole_is_none() {
    let enterprise = Enterprise::new().await;
    let feed = FeedRef("other".to_owned());
    let error = enterprise.connect().changes(&feed, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
