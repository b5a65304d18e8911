//! How items look, and how their content is read.

use chrono::TimeDelta;
use serde_json::json;

use crate::file::{BODY, File, MINA};
use crate::support::Cloud;

#[tokio::test]
async fn ranges_are_served() {
    let file = File::new("a.txt").await;
    let url = file.url().await;
    assert!(url.starts_with(file.cloud.microsoft.bases().sharepoint.as_str()));
    let whole = file.cloud.bare(&url, &[]).await;
    assert_eq!(
        (whole.status.as_u16(), whole.bytes.as_slice()),
        (200, BODY.as_bytes())
    );
    assert_eq!(
        whole.header("etag"),
        file.show().await["eTag"].as_str().unwrap()
    );
    for (range, status, body, content_range) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=8-20", 206, "89", "bytes 8-9/10"),
        ("bytes=4-", 206, "456789", "bytes 4-9/10"),
        ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=10-", 416, "", "bytes */10"),
        ("bytes=5-2", 416, "", "bytes */10"),
        ("bytes=x", 416, "", "bytes */10"),
        ("bytes=0-1,4-5", 416, "", "bytes */10"),
    ] {
        let part = file.cloud.bare(&url, &[("range", range)]).await;
        assert_eq!(part.status.as_u16(), status, "{range}");
        assert_eq!(part.header("content-range"), content_range, "{range}");
        if status == 206 {
            assert_eq!(part.bytes, body.as_bytes(), "{range}");
        }
    }
    let stale = [("range", "bytes=0-3"), ("if-range", "\"other\"")];
    assert_eq!(file.cloud.bare(&url, &stale).await.status.as_u16(), 200);
    // The present content is served, whatever it was when the URL was made.
    file.cloud
        .microsoft
        .put(&file.drive, "a.txt", "changed", MINA);
    assert_eq!(file.cloud.bare(&url, &[]).await.bytes, b"changed");
}

#[tokio::test]
async fn download_urls_are_strict() {
    let file = File::new("a.txt").await;
    let cloud = &file.cloud;
    let url = file.url().await;
    let token = cloud.token().await.to_owned();
    let leaked = cloud
        .bare(&url, &[("authorization", &format!("Bearer {token}"))])
        .await;
    assert_eq!(leaked.outcome(), "401 unauthenticated");
    let elsewhere = url.replace("/sites/finance/", "/sites/other/");
    assert_eq!(
        cloud.bare(&elsewhere, &[]).await.outcome(),
        "404 itemNotFound"
    );
    let changed = url.replace("tempauth=v1.", "tempauth=v1.x");
    assert_eq!(
        cloud.bare(&changed, &[]).await.outcome(),
        "401 unauthenticated"
    );
    let other = cloud.microsoft.bases().sharepoint_my.to_string();
    let wrong_host = url.replace(cloud.microsoft.bases().sharepoint.as_str(), &other);
    assert_eq!(
        cloud.bare(&wrong_host, &[]).await.outcome(),
        "404 itemNotFound"
    );
    let posted = cloud.client.post(&url).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 405);
    cloud
        .microsoft
        .switch(|switches| switches.single_use = true);
    assert_eq!(cloud.bare(&url, &[]).await.status.as_u16(), 200);
    assert_eq!(cloud.bare(&url, &[]).await.outcome(), "401 unauthenticated");
    cloud.microsoft.switch(|switches| {
        switches.single_use = false;
        switches.range_ignored = true;
        switches.download_etag = false;
    });
    let whole = cloud.bare(&url, &[("range", "bytes=0-1")]).await;
    assert_eq!((whole.status.as_u16(), whole.header("etag")), (200, ""));
    for (status, expected) in [(401, "401 unauthenticated"), (403, "403 unauthenticated")] {
        cloud
            .microsoft
            .switch(|switches| switches.expired_url_status = status);
        cloud.clock().advance(TimeDelta::seconds(3600));
        assert_eq!(cloud.bare(&url, &[]).await.outcome(), expected);
    }
}

#[tokio::test]
async fn content_comes_in_other_ways() {
    let file = File::new("a.txt").await;
    let cloud = &file.cloud;
    let beta = file.path().replace("v1.0", "beta");
    assert_eq!(
        cloud.get(&format!("{beta}/contentStream")).await.bytes,
        BODY.as_bytes()
    );
    let tag = file.show().await["eTag"].as_str().unwrap().to_owned();
    let unchanged = cloud
        .get_with(&file.content(), &[("if-none-match", &tag)])
        .await;
    assert_eq!(unchanged.status.as_u16(), 304);
    let unchanged = cloud
        .get_with(&file.path(), &[("if-none-match", &tag)])
        .await;
    assert_eq!(unchanged.status.as_u16(), 304);
    cloud
        .microsoft
        .switch(|switches| switches.stream_content = true);
    let streamed = cloud.get(&file.content()).await;
    assert_eq!(
        (streamed.status.as_u16(), streamed.bytes.as_slice()),
        (200, BODY.as_bytes())
    );
    cloud.microsoft.malware(&file.drive, "a.txt", Some("EICAR"));
    let refused = cloud.get(&file.content()).await;
    assert_eq!(refused.outcome(), "403 malwareDetected/virusSuspicious");
    assert_eq!(refused.header("x-virus-infected"), "EICAR");
    let shown = file.show().await;
    assert_eq!(shown["malware"]["description"], "EICAR");
    assert!(shown["@microsoft.graph.downloadUrl"].is_null());
}

#[tokio::test]
async fn items_look_like_the_service_s() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    cloud
        .microsoft
        .put(&drive, "plans 2/forecast.xlsx", BODY, MINA);
    let shown = cloud
        .get(&format!("v1.0/drives/{drive}/root:/plans 2/forecast.xlsx"))
        .await
        .json();
    let bases = cloud.microsoft.bases();
    assert_eq!(
        shown["parentReference"]["path"],
        format!("/drives/{drive}/root:/plans%202")
    );
    assert_eq!(shown["parentReference"]["name"], "plans 2");
    assert_eq!(shown["createdBy"]["user"]["email"], MINA);
    assert_eq!(shown["lastModifiedDateTime"], "2026-03-04T10:00:00Z");
    assert_eq!(
        shown["file"]["hashes"]["quickXorHash"]
            .as_str()
            .unwrap()
            .len(),
        28
    );
    assert!(shown["cTag"].as_str().unwrap().starts_with("\"c:{"));
    assert!(shown["shared"].is_null());
    assert!(shown["sharepointIds"].is_null());
    let url = shown["webUrl"].as_str().unwrap();
    assert!(
        url.starts_with(&format!(
            "{}sites/finance/_layouts/15/Doc.aspx",
            bases.sharepoint
        )),
        "{url}"
    );
    let folder = cloud
        .get(&format!("v1.0/drives/{drive}/root:/plans 2"))
        .await
        .json();
    assert_eq!(
        folder["webUrl"],
        format!(
            "{}sites/finance/Shared%20Documents/plans%202",
            bases.sharepoint
        )
    );
    assert_eq!(folder["folder"]["childCount"], 1);
    assert_eq!(folder["size"], 10);
    let root = cloud.get(&format!("v1.0/drives/{drive}/root")).await.json();
    assert_eq!(root["id"], "01RNGHWXN6Y2GOVW7725BZO354PWSELRRZ");
    assert_eq!(
        (root["size"].as_u64(), root["eTag"].as_str()),
        (Some(10), None)
    );
    cloud.microsoft.package(&drive, "Notes", MINA);
    cloud
        .microsoft
        .shortcut(&drive, "link", (&drive, "plans 2"), MINA);
    let children = cloud
        .get(&format!("v1.0/drives/{drive}/root/children"))
        .await
        .json();
    assert_eq!(children["value"][1]["package"], json!({"type": "oneNote"}));
    assert!(children["value"][1]["folder"].is_null());
    assert_eq!(children["value"][2]["remoteItem"]["id"], folder["id"]);
    let (all, _) = cloud
        .follow(&format!("v1.0/drives/{drive}/root/children?$top=1"), &[])
        .await;
    assert_eq!(all.len(), 3);
}

#[tokio::test]
async fn listings_may_lag() {
    let file = File::new("a.txt").await;
    let cloud = &file.cloud;
    cloud.microsoft.switch(|switches| {
        switches.hash_missing_milliseconds = 1000;
        switches.old_size_milliseconds = 2000;
    });
    file.put(&[], "a longer content").await;
    for (hash, size) in [(false, 10), (true, 10), (true, 16)] {
        let shown = file.show().await;
        assert_eq!(shown["file"]["hashes"]["quickXorHash"].is_string(), hash);
        assert_eq!(shown["size"], size);
        cloud.clock().advance(TimeDelta::seconds(1));
    }
    cloud
        .microsoft
        .show_as(&file.drive, "a.txt", Some(99), true);
    let shown = file.show().await;
    assert_eq!(
        (&shown["size"], &shown["file"]["hashes"]),
        (&json!(99), &json!({}))
    );
    cloud.microsoft.pending_content(&file.drive, "a.txt", true);
    assert!(
        file.show().await["pendingOperations"]["pendingContentUpdate"]["queuedDateTime"]
            .is_string()
    );
}
