//! What the change feed tells.

use std::collections::BTreeMap;

use labeld_conformance::Harness;
use labeld_connector::{Barrier, Change, ErrorKind, Exposure, FileKind, WriteOptions};
use labeld_connector_sharepoint::SharePointOptions;
use labeld_emulator::microsoft::{Availability, Share, ShareWith};

use crate::library;
use crate::support::{AppDrive, MINA, drain, listed, listed_file, only_feed};

#[tokio::test]
async fn each_thing_is_listed_as_what_it_is() {
    let app = library().await;
    let microsoft = app.world.microsoft();
    app.put("plain.docx", b"plain").await;
    app.put("~$plain.docx", b"owner").await;
    app.put("empty.docx", b"").await;
    app.put("bad.docx", b"bad").await;
    microsoft.malware(&app.drive, "bad.docx", Some("EICAR"));
    microsoft.package(&app.drive, "Notes", MINA);
    app.put("below/x.docx", b"x").await;
    microsoft.shortcut(&app.drive, "Elsewhere", (&app.drive, "below"), MINA);
    let listed: BTreeMap<String, (FileKind, Option<Barrier>)> = listed(&*app.app())
        .await
        .into_iter()
        .map(|meta| (meta.name, (meta.kind, meta.barrier)))
        .collect();
    let expected = [
        ("Elsewhere", (FileKind::Shortcut, None)),
        ("Notes", (FileKind::Package, None)),
        ("bad.docx", (FileKind::File, Some(Barrier::Malware))),
        ("empty.docx", (FileKind::File, None)),
        ("plain.docx", (FileKind::File, None)),
        ("x.docx", (FileKind::File, None)),
        ("~$plain.docx", (FileKind::Special, None)),
    ];
    let expected = expected.map(|(name, is)| (name.to_owned(), is));
    assert_eq!(listed, expected.into());
}

#[tokio::test]
async fn a_file_is_told_with_all_that_is_known_of_it() {
    let app = library().await;
    app.put("plans/a b/forecast.xlsx", b"numbers").await;
    let meta = listed_file(&*app.app(), "forecast.xlsx").await;
    assert_eq!(meta.folder, "sites/quiet/Plans and Papers/plans/a b");
    assert_eq!(meta.owner.as_deref(), Some(MINA));
    assert_eq!(meta.exposure, Exposure::Internal);
    assert_eq!(meta.own_write, Some(false));
    assert!(meta.version.0.starts_with("h:"), "{}", meta.version);
    assert!(meta.created.is_some() && meta.modified.is_some());
}

#[tokio::test]
async fn folders_are_told_with_web_addresses_of_their_files() {
    let app = library().await;
    app.put("a b/c.docx", b"c").await;
    let app_now = app.app();
    let feed = only_feed(&*app_now).await;
    let (changes, _) = drain(&*app_now, &feed, None).await.unwrap();
    let folder = changes.iter().find_map(|change| match change {
        Change::FolderAt(folder) if folder.path.ends_with("a b") => Some(folder),
        _ => None,
    });
    let base = app.world.microsoft().bases().sharepoint.clone();
    assert_eq!(
        folder.unwrap().link.as_deref(),
        Some(&*format!(
            "{base}sites/quiet/Plans%20and%20Papers/a%20b/{{name}}"
        ))
    );
}

#[tokio::test]
async fn one_lost_cursor_costs_one_drive() {
    let mut app = library().await;
    let other = app.world.microsoft().add_library("quiet", "Other");
    app.put("a.docx", b"a").await;
    app.world.microsoft().put(&other, "b.docx", "b", MINA);
    app.scope.page_size = 100;
    let connector = app.app();
    let mut cursors = Vec::new();
    // The site has the library that every site has, besides.
    for feed in connector.feeds().await.unwrap().feeds {
        let (_, cursor) = drain(&*connector, &feed.feed, None).await.unwrap();
        cursors.push((feed.feed, cursor));
    }
    for location in [false, true] {
        app.world
            .switch(|switches| switches.resync_location = location);
        app.world.microsoft().expire_delta_tokens(Some(&app.drive));
        for (feed, cursor) in &cursors {
            let outcome = connector.changes(feed, Some(cursor)).await;
            let kind = outcome.err().map(|error| error.kind());
            let expected = (feed.0 == app.drive).then_some(ErrorKind::CursorExpired);
            assert_eq!(kind, expected, "{feed:?}");
        }
    }
    assert_eq!(listed_in(&app, &app.drive).await, ["a.docx"]);
}

async fn listed_in(app: &AppDrive<SharePointOptions>, drive: &str) -> Vec<String> {
    let feed = labeld_connector::FeedRef(drive.to_owned());
    let (changes, _) = drain(&*app.app(), &feed, None).await.unwrap();
    let names = changes.into_iter().filter_map(|change| match change {
        Change::Upserted(meta) => Some(meta.name),
        _ => None,
    });
    names.collect()
}

#[tokio::test]
async fn what_came_and_went_between_two_polls_is_only_gone() {
    let app = library().await;
    let connector = app.app();
    let feed = only_feed(&*connector).await;
    let (_, cursor) = drain(&*connector, &feed, None).await.unwrap();
    app.put("short.docx", b"short").await;
    app.remove("short.docx").await;
    let (changes, _) = drain(&*connector, &feed, Some(cursor)).await.unwrap();
    let upserted = |change: &Change| matches!(change, Change::Upserted(_));
    assert!(!changes.iter().any(upserted), "{changes:?}");
}

#[tokio::test]
async fn a_file_out_of_the_bin_is_the_same_file() {
    let app = library().await;
    app.put("a/b.docx", b"b").await;
    let connector = app.app();
    let feed = only_feed(&*connector).await;
    let before = listed_file(&*connector, "b.docx").await;
    let (_, cursor) = drain(&*connector, &feed, None).await.unwrap();
    app.remove("a").await;
    let (_, cursor) = drain(&*connector, &feed, Some(cursor)).await.unwrap();
    app.world.microsoft().restore_from_bin(&app.drive, "a");
    let (changes, _) = drain(&*connector, &feed, Some(cursor)).await.unwrap();
    let back = changes.iter().find_map(|change| match change {
        Change::Upserted(meta) => Some(meta),
        _ => None,
    });
    assert_eq!(back.unwrap().file, before.file);
    let removed = |change: &Change| matches!(change, Change::Removed(_) | Change::FolderRemoved(_));
    assert!(!changes.iter().any(removed), "{changes:?}");
}

#[tokio::test]
async fn a_change_of_sharing_is_seen() {
    let app = library().await;
    app.put("a.docx", b"a").await;
    let connector = app.app();
    let feed = only_feed(&*connector).await;
    let (_, cursor) = drain(&*connector, &feed, None).await.unwrap();
    let share = Share::with(ShareWith::Anonymous);
    app.world.microsoft().share(&app.drive, "a.docx", &share);
    let (changes, _) = drain(&*connector, &feed, Some(cursor)).await.unwrap();
    let exposures: Vec<Exposure> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Upserted(meta) => Some(meta.exposure),
            _ => None,
        })
        .collect();
    assert_eq!(exposures, [Exposure::Public]);
}

#[tokio::test]
async fn our_own_writes_are_recognised() {
    for (omitted, own, others) in [(false, Some(true), Some(false)), (true, None, None)] {
        let app = library().await;
        app.world
            .switch(|switches| switches.delta_omits_last_modified_by = omitted);
        app.put("ours.docx", b"old").await;
        app.put("theirs.docx", b"old").await;
        let connector = app.app();
        let ours = listed_file(&*connector, "ours.docx").await;
        let options = WriteOptions {
            expect: ours.version,
            keep_modified: false,
        };
        let written = connector
            .write(&ours.file, "new".into(), options)
            .await
            .unwrap();
        assert_eq!(written.own_write, Some(true));
        for (name, expected) in [("ours.docx", own), ("theirs.docx", others)] {
            let meta = listed_file(&*app.app(), name).await;
            assert_eq!(meta.own_write, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a_drive_without_a_feed_is_listed_folder_by_folder() {
    let app = library().await;
    let missing = |switches: &mut labeld_emulator::microsoft::Switches| {
        switches.delta = Availability::NotFound;
    };
    app.world.switch(missing);
    for number in 0..12 {
        let path = format!("folder {}/deep/{number}.docx", number % 3);
        app.put(&path, b"file").await;
    }
    app.world
        .microsoft()
        .package(&app.drive, "folder 1/Notes", MINA);
    let mut connector = app.app();
    let feed = only_feed(&*connector).await;
    let mut since = None;
    let mut paths = Vec::new();
    loop {
        let page = connector.changes(&feed, since.as_ref()).await.unwrap();
        for change in page.changes {
            if let Change::Upserted(meta) = change {
                paths.push(format!("{}/{}", meta.folder, meta.name));
            }
        }
        since = Some(page.next);
        if !page.more {
            break;
        }
        // Each page as after a restart.
        connector = app.app();
    }
    paths.sort();
    let mut truth: Vec<String> = app.truth().await.into_keys().collect();
    truth.retain(|path| !path.contains("Notes/"));
    truth.push("folder 1/Notes".to_owned());
    let mut truth: Vec<String> = truth
        .into_iter()
        .map(|path| format!("{}/{path}", app.root))
        .collect();
    truth.sort();
    assert_eq!(paths, truth);
    let error = connector.changes(&feed, since.as_ref()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
}
