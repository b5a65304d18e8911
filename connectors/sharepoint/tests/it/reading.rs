//! How bytes are read, and what it costs.

use chrono::TimeDelta;
use labeld_conformance::Harness;
use labeld_connector::{Connector, ErrorKind, FileMeta, FileRef, ReadOptions, Version};
use labeld_emulator::frame::{Effect, Entry};
use serde_json::json;

use crate::library;
use crate::support::{listed, listed_file};

fn whole(meta: &FileMeta) -> ReadOptions {
    ReadOptions {
        range: None,
        if_match: Some(meta.version.clone()),
    }
}

fn part(meta: &FileMeta, range: std::ops::Range<u64>) -> ReadOptions {
    ReadOptions {
        range: Some(range),
        if_match: Some(meta.version.clone()),
    }
}

/// Requests to Graph, and those for bytes.
fn split(requests: &[Entry]) -> (usize, usize) {
    let graph = requests
        .iter()
        .filter(|entry| entry.host == "graph")
        .count();
    (graph, requests.len() - graph)
}

#[tokio::test]
async fn what_the_listing_said_is_not_asked_again() {
    let mut app = library().await;
    for number in 0..45 {
        app.put(&format!("{number}.docx"), b"0123456789").await;
    }
    app.scope.page_size = 200;
    let connector = app.app();
    let (files, requests) = app.world.requests(listed(&*connector)).await;
    assert_eq!(files.len(), 45);
    let delta = requests
        .iter()
        .filter(|entry| entry.path().ends_with("/delta"));
    assert_eq!(delta.count(), 1);

    let read_all = async |connector: &dyn Connector| {
        for meta in &files {
            let bytes = connector.read(&meta.file, part(meta, 2..5)).await.unwrap();
            assert_eq!(bytes, "234");
            let bytes = connector.read(&meta.file, part(meta, 5..6)).await.unwrap();
            assert_eq!(bytes, "5");
        }
    };
    let ((), requests) = app.world.requests(read_all(&*connector)).await;
    assert_eq!(
        split(&requests),
        (0, 90),
        "reading what was listed just now"
    );

    let versions: Vec<(FileRef, Version)> = files
        .iter()
        .map(|meta| (meta.file.clone(), meta.version.clone()))
        .collect();
    let restarted = app.app();
    let ((), requests) = app.world.requests(restarted.prepare(&versions)).await;
    assert_eq!(split(&requests), (3, 0), "twenty files for each call");
    let ((), requests) = app.world.requests(read_all(&*restarted)).await;
    assert_eq!(split(&requests), (0, 90), "reading what was prepared");
    let ((), requests) = app.world.requests(restarted.prepare(&versions)).await;
    assert_eq!(split(&requests), (0, 0), "nothing is prepared twice");
}

#[tokio::test]
async fn an_unchanged_drive_costs_one_call_and_one_unit() {
    let app = library().await;
    app.put("a/b.docx", b"b").await;
    let connector = app.app();
    let feed = crate::support::only_feed(&*connector).await;
    let (_, cursor) = crate::support::drain(&*connector, &feed, None)
        .await
        .unwrap();
    let (page, requests) = app
        .world
        .requests(connector.changes(&feed, Some(&cursor)))
        .await;
    assert!(!page.unwrap().more);
    let units: Vec<Option<u32>> = requests.iter().map(|entry| entry.units).collect();
    assert_eq!(units, [Some(1)]);
}

#[tokio::test]
async fn an_address_that_is_too_old_is_fetched_anew() {
    for status in [401, 403, 404] {
        let app = library().await;
        app.world
            .switch(|switches| switches.expired_url_status = status);
        app.put("a.docx", b"0123456789").await;
        let connector = app.app();
        let meta = listed_file(&*connector, "a.docx").await;
        app.world.emulator.clock().advance(TimeDelta::hours(2));
        app.world.microsoft().expire_access_tokens();
        let reading = connector.read(&meta.file, part(&meta, 0..4));
        let (bytes, requests) = app.world.requests(reading).await;
        assert_eq!(bytes.unwrap(), "0123", "{status}");
        let downloads: Vec<Option<u16>> = requests
            .iter()
            .filter(|entry| entry.host == "sharepoint")
            .map(|entry| entry.status)
            .collect();
        assert_eq!(downloads, [Some(status), Some(206)], "{status}");
    }
}

#[tokio::test]
async fn an_address_that_stays_refused_ends() {
    for (status, kind) in [
        (401, ErrorKind::Transient),
        (403, ErrorKind::Denied),
        (404, ErrorKind::Transient),
    ] {
        let app = library().await;
        app.put("a.docx", b"0123456789").await;
        let connector = app.app();
        let meta = listed_file(&*connector, "a.docx").await;
        app.world
            .fault(crate::support::refusal(status, "accessDenied"), |rule| {
                rule.host("sharepoint")
            });
        let reading = connector.read(&meta.file, part(&meta, 0..4));
        let (outcome, requests) = app.world.requests(reading).await;
        assert_eq!(outcome.unwrap_err().kind(), kind, "{status}");
        assert!(requests.len() < 10, "{} requests", requests.len());
    }
}

#[tokio::test]
async fn a_file_that_is_larger_or_smaller_than_listed_is_read_as_it_is() {
    for (listed_size, hashless) in [(20, false), (5, false), (20, true), (5, true)] {
        let app = library().await;
        app.put("a.docx", b"0123456789").await;
        app.world
            .microsoft()
            .show_as(&app.drive, "a.docx", Some(listed_size), hashless);
        let connector = app.app();
        let meta = listed_file(&*connector, "a.docx").await;
        assert_eq!(meta.size, listed_size);
        let first = connector.read(&meta.file, part(&meta, 0..4)).await;
        assert_eq!(
            first.unwrap_err().kind(),
            ErrorKind::Changed,
            "{listed_size}"
        );
        let looked_at = connector.stat(&meta.file).await.unwrap();
        assert_eq!(looked_at.size, 10, "{listed_size}");
        let tail = connector
            .read(&looked_at.file, part(&looked_at, 6..10))
            .await;
        assert_eq!(tail.unwrap(), "6789", "{listed_size}");
    }
}

#[tokio::test]
async fn an_address_of_another_service_is_not_called() {
    let app = library().await;
    app.put("a.docx", b"0123456789").await;
    let meta = listed_file(&*app.app(), "a.docx").await;
    let body = json!({"id": "x", "name": "a.docx", "size": 10, "cTag": "c",
        "@microsoft.graph.downloadUrl": "http://127.0.0.1:9/secret?tempauth=hidden"});
    let answer = Effect::Status {
        code: 200,
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        body,
    };
    app.world
        .fault(answer, |rule| rule.host("graph").path("**/items/*"));
    let options = ReadOptions::default();
    let error = app.app().read(&meta.file, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let told = format!("{error} {error:?}");
    assert!(!told.contains("hidden"), "{told}");
}

#[tokio::test]
async fn infected_content_is_refused() {
    let app = library().await;
    app.put("a.docx", b"0123456789").await;
    app.world
        .microsoft()
        .malware(&app.drive, "a.docx", Some("EICAR"));
    let connector = app.app();
    let meta = listed_file(&*connector, "a.docx").await;
    let error = connector.read(&meta.file, whole(&meta)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn a_rename_between_two_ranges_is_no_change_of_content() {
    let app = library().await;
    app.put("a.docx", b"0123456789").await;
    let connector = app.app();
    let meta = listed_file(&*connector, "a.docx").await;
    let first = connector.read(&meta.file, part(&meta, 0..4)).await.unwrap();
    app.rename("a.docx", "b.docx").await;
    let second = connector
        .read(&meta.file, part(&meta, 4..10))
        .await
        .unwrap();
    assert_eq!([first, second].concat(), b"0123456789");
    // The eTag of before is replaced, and nothing is asked again.
    let third = connector.read(&meta.file, part(&meta, 1..2));
    let (_, requests) = app.world.requests(third).await;
    assert_eq!(split(&requests), (0, 1));
}
