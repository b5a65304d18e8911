//! Downloads and uploads.

use chrono::TimeDelta;
use labeld_emulator::frame::{Content, DocumentKind, Recipe};
use labeld_emulator::microsoft::{IfMatch, LockForm, Promotion, Retention, Switches};
use serde_json::{Value, json};

use crate::support::{Answer, Cloud};

const MINA: &str = "mina@alder.example";
const BODY: &str = "0123456789";

fn docx(seed: u64) -> Vec<u8> {
    let recipe = Recipe {
        kind: DocumentKind::Docx,
        size: 10_000,
        seed,
        label: None,
    };
    Content::made(recipe).bytes().to_vec()
}

struct File {
    cloud: Cloud,
    drive: String,
    item: String,
}

impl File {
    async fn new(name: &str) -> Self {
        let cloud = Cloud::start().await;
        let drive = cloud.microsoft.library();
        let item = cloud.microsoft.put(&drive, name, BODY, MINA);
        Self { cloud, drive, item }
    }

    fn path(&self) -> String {
        format!("v1.0/drives/{}/items/{}", self.drive, self.item)
    }

    fn content(&self) -> String {
        format!("{}/content", self.path())
    }

    async fn show(&self) -> Value {
        self.cloud.get(&self.path()).await.json()
    }

    async fn url(&self) -> String {
        let answer = self.cloud.get(&self.content()).await;
        assert_eq!(answer.status.as_u16(), 302);
        assert!(answer.bytes.is_empty());
        answer.header("location").to_owned()
    }

    async fn put(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Answer {
        self.cloud.call("PUT", &self.content(), headers, body).await
    }
}

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
async fn an_upload_makes_a_version() {
    let file = File::new("a.txt").await;
    let cloud = &file.cloud;
    let before = file.show().await;
    cloud.clock().advance(TimeDelta::minutes(1));
    let answer = file
        .put(
            &[("if-match", before["eTag"].as_str().unwrap())],
            "longer content",
        )
        .await;
    assert_eq!(answer.outcome(), "200");
    let after = answer.json();
    assert_eq!(after["id"], before["id"]);
    assert_ne!(after["eTag"], before["eTag"]);
    assert_ne!(after["cTag"], before["cTag"]);
    assert_ne!(after["file"]["hashes"], before["file"]["hashes"]);
    assert_eq!(after["size"], 14);
    assert_eq!(after["lastModifiedDateTime"], "2026-03-04T10:01:00Z");
    let by = json!({
        "application": {"id": cloud.microsoft.client_id(), "displayName": "labeld"},
        "user": {"displayName": "SharePoint App"},
    });
    assert_eq!(after["lastModifiedBy"], by);
    let versions = cloud.get(&format!("{}/versions", file.path())).await.json();
    let ids: Vec<&str> = versions["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["2.0", "1.0"]);
    let stored = cloud.emulator.journal().versions();
    assert_eq!(stored.len(), 2);
    assert_eq!(
        stored[1].application.as_deref(),
        Some(&*cloud.microsoft.client_id())
    );
    assert_eq!((stored[1].path.as_str(), stored[1].size), ("a.txt", 14));
    assert_eq!(
        cloud.microsoft.files(&file.drive)["a.txt"],
        "longer content"
    );
}

#[tokio::test]
async fn preconditions_are_as_unreliable_as_the_switch_says() {
    let file = File::new("a.txt").await;
    let cloud = &file.cloud;
    let first = file.show().await["eTag"].as_str().unwrap().to_owned();
    for (mode, expected) in [
        (IfMatch::Honour412, "412 resourceModified"),
        (IfMatch::Honour409, "409 resourceModified"),
        (
            IfMatch::HonourNotAllowed,
            "412 notAllowed/preconditionFailed",
        ),
        (IfMatch::Ignore, "200"),
    ] {
        cloud.microsoft.switch(|switches| switches.if_match = mode);
        cloud
            .microsoft
            .edit_before_upload(&file.drive, "a.txt", "somebody was faster", MINA);
        let present = file.show().await["eTag"].as_str().unwrap().to_owned();
        assert_eq!(
            file.put(&[("if-match", &present)], "mine").await.outcome(),
            expected,
            "{mode:?}"
        );
    }
    cloud.microsoft.set_switches(Switches::default());
    assert_eq!(
        file.put(&[("if-match", &first)], "mine").await.outcome(),
        "412 resourceModified"
    );
    let bare = first.trim_matches('"');
    assert_eq!(
        file.put(&[("if-match", bare)], "mine").await.outcome(),
        "400 invalidRequest/malformedEntityTag"
    );
    assert_eq!(
        file.put(&[("if-match", "*")], "mine").await.outcome(),
        "200"
    );
    let shown = file.show().await;
    assert_eq!(
        file.put(&[("if-match", shown["cTag"].as_str().unwrap())], "mine")
            .await
            .outcome(),
        "200"
    );
}

#[tokio::test]
async fn what_stands_in_the_way() {
    type Act = fn(&File);
    let table: [(&str, Act, &str); 13] = [
        (
            "a lock",
            |f| {
                f.cloud
                    .microsoft
                    .lock(&f.drive, "a.txt", MINA, LockForm::NotAllowed)
            },
            "423 notAllowed/resourceLocked",
        ),
        (
            "a lock",
            |f| {
                f.cloud
                    .microsoft
                    .lock(&f.drive, "a.txt", MINA, LockForm::ResourceLocked)
            },
            "423 resourceLocked",
        ),
        (
            "a lock",
            |f| {
                f.cloud
                    .microsoft
                    .lock(&f.drive, "a.txt", MINA, LockForm::AccessDenied)
            },
            "423 accessDenied",
        ),
        (
            "a lock",
            |f| {
                f.cloud
                    .microsoft
                    .lock(&f.drive, "a.txt", MINA, LockForm::LockMismatch)
            },
            "423 notAllowed/lockMismatch",
        ),
        (
            "its end",
            |f| f.cloud.microsoft.unlock(&f.drive, "a.txt"),
            "200",
        ),
        (
            "a check-out",
            |f| f.cloud.microsoft.check_out(&f.drive, "a.txt", MINA),
            "423 accessDenied",
        ),
        (
            "its end",
            |f| f.cloud.microsoft.check_in(&f.drive, "a.txt"),
            "200",
        ),
        (
            "a library with check-out",
            |f| f.cloud.microsoft.require_checkout(&f.drive, true),
            "423 notAllowed",
        ),
        (
            "one's own check-out",
            |f| f.cloud.microsoft.check_out(&f.drive, "a.txt", "labeld"),
            "200",
        ),
        (
            "a record",
            |f| {
                f.cloud
                    .microsoft
                    .retain(&f.drive, "a.txt", Some(Retention::default()))
            },
            "423 accessDenied",
        ),
        (
            "a label that keeps",
            |f| {
                f.cloud.microsoft.retain(
                    &f.drive,
                    "a.txt",
                    Some(Retention {
                        content_update_allowed: true,
                        record_locked: false,
                        ..Retention::default()
                    }),
                )
            },
            "200",
        ),
        (
            "no space",
            |f| f.cloud.microsoft.set_quota(&f.drive, 5),
            "507 quotaLimitReached",
        ),
        (
            "too long a body",
            |f| f.cloud.microsoft.switch(|s| s.upload_maximum_bytes = 2),
            "413 invalidRequest",
        ),
    ];
    let file = File::new("a.txt").await;
    for (name, act, expected) in table {
        act(&file);
        assert_eq!(file.put(&[], "content").await.outcome(), expected, "{name}");
    }
    let published = format!("{}?$select=publication", file.path());
    let publication = file.cloud.get(&published).await.json()["publication"].clone();
    assert_eq!(publication["level"], "checkout");
    assert!(publication["checkedOutBy"]["application"].is_object());
}

#[tokio::test]
async fn uploads_go_by_path_too() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let root = format!("v1.0/drives/{drive}");
    let folder = cloud.microsoft.create_folder(&drive, "plans", MINA);
    let table = [
        (format!("{root}/root:/plans/a.txt:/content"), "201"),
        (format!("{root}/root:/plans/a.txt:/content"), "200"),
        (
            format!("{root}/items/{folder}:/a.txt:/content?@microsoft.graph.conflictBehavior=fail"),
            "409 nameAlreadyExists",
        ),
        (
            format!(
                "{root}/items/{folder}:/a.txt:/content?@microsoft.graph.conflictBehavior=rename"
            ),
            "201",
        ),
        (
            format!(
                "{root}/items/{folder}:/a.txt:/content?@microsoft.graph.conflictBehavior=maybe"
            ),
            "400 invalidRequest",
        ),
        (format!("{root}/root:/new/deep/b.txt:/content"), "201"),
        (
            format!("{root}/root:/a%3Ab.txt:/content"),
            "400 invalidRequest",
        ),
        (format!("{root}/root:/CON:/content"), "400 invalidRequest"),
        (
            format!("{root}/items/{folder}/content"),
            "400 invalidRequest",
        ),
    ];
    for (path, expected) in table {
        assert_eq!(
            cloud.call("PUT", &path, &[], "x").await.outcome(),
            expected,
            "{path}"
        );
    }
    let files: Vec<String> = cloud.microsoft.files(&drive).into_keys().collect();
    assert_eq!(files, ["new/deep/b.txt", "plans/a 1.txt", "plans/a.txt"]);
}

#[tokio::test]
async fn office_files_are_rewritten() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.docx", docx(1), MINA);
    let path = format!("v1.0/drives/{drive}/items/{item}");
    let put = async |seed| {
        let body = docx(seed);
        (
            cloud
                .call("PUT", &format!("{path}/content"), &[], body.clone())
                .await
                .json(),
            body,
        )
    };
    for (promotion, wait, rewritten) in [
        (Promotion::Off, 10_000, false),
        (Promotion::AfterAnswer, 0, true),
        (Promotion::AfterMilliseconds(500), 499, false),
        (Promotion::AfterMilliseconds(500), 500, true),
    ] {
        cloud
            .microsoft
            .switch(|switches| switches.promotion = promotion);
        let (answered, body) = put(7).await;
        assert_eq!(answered["size"], body.len() as u64, "{promotion:?}");
        cloud.clock().advance(TimeDelta::milliseconds(wait));
        let shown = cloud.get(&path).await.json();
        for name in ["eTag", "cTag", "size"] {
            assert_eq!(
                shown[name] != answered[name],
                rewritten,
                "{promotion:?} {name}"
            );
        }
        assert_eq!(
            shown["file"]["hashes"] != answered["file"]["hashes"],
            rewritten
        );
        assert_eq!(shown["lastModifiedBy"], answered["lastModifiedBy"]);
        let versions = cloud.get(&format!("{path}/versions")).await.json();
        let known = cloud.microsoft.file(&drive, "a.docx").unwrap().versions as usize;
        assert_eq!(versions["value"].as_array().unwrap().len(), known);
    }
    let text = cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    cloud
        .microsoft
        .switch(|switches| switches.promotion = Promotion::AfterAnswer);
    cloud
        .call(
            "PUT",
            &format!("v1.0/drives/{drive}/items/{text}/content"),
            &[],
            "b",
        )
        .await;
    assert_eq!(cloud.microsoft.files(&drive)["a.txt"], "b");
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

#[tokio::test]
async fn items_are_changed_and_deleted() {
    let file = File::new("a.txt").await;
    let cloud = &file.cloud;
    let json = [("content-type", "application/json")];
    let before = file.show().await;
    let renamed = cloud
        .call("PATCH", &file.path(), &json, r#"{"name":"b.txt"}"#)
        .await
        .json();
    assert_eq!(renamed["name"], "b.txt");
    assert_ne!(renamed["eTag"], before["eTag"]);
    assert_ne!(renamed["cTag"], before["cTag"]);
    cloud
        .microsoft
        .switch(|switches| switches.ctag_moves_on_metadata = false);
    let touched = cloud
        .call("PATCH", &file.path(), &json, r#"{"fileSystemInfo":{}}"#)
        .await
        .json();
    assert_eq!(touched["cTag"], renamed["cTag"]);
    let stale = before["eTag"].as_str().unwrap();
    let table = [
        (
            "PATCH",
            vec![json[0], ("if-match", stale)],
            r#"{"name":"c.txt"}"#,
            "412 resourceModified",
        ),
        (
            "PATCH",
            vec![json[0]],
            r#"{"size":1}"#,
            "400 invalidRequest",
        ),
        ("PATCH", vec![json[0]], "nonsense", "400 BadRequest"),
        ("PATCH", vec![], "{}", "400 BadRequest"),
        (
            "DELETE",
            vec![("if-match", stale)],
            "",
            "412 resourceModified",
        ),
        ("DELETE", vec![], "", "204"),
        ("DELETE", vec![], "", "404 itemNotFound"),
    ];
    for (method, headers, body, expected) in table {
        let answer = cloud.call(method, &file.path(), &headers, body).await;
        assert_eq!(answer.outcome(), expected, "{method} {body}");
    }
}

#[tokio::test]
async fn pieces_make_a_file() {
    let file = File::new("a.bin").await;
    let cloud = &file.cloud;
    let body =
        json!({"item": {"@microsoft.graph.conflictBehavior": "replace", "fileSize": 400_000}});
    let before = file.show().await;
    let session = cloud
        .post(&format!("{}/createUploadSession", file.path()), &body)
        .await
        .json();
    assert_ne!(file.show().await["eTag"], before["eTag"]);
    let url = session["uploadUrl"].as_str().unwrap();
    let piece = async |range: &str, length: usize| {
        let request = cloud
            .client
            .put(url)
            .header("content-range", range)
            .body(vec![1; length]);
        request.send().await.unwrap()
    };
    for (range, length, status) in [
        ("bytes 0-99/400000", 100, 400),
        ("bytes 0-327679/400000", 327_680, 202),
        ("bytes 0-327679/400000", 327_680, 416),
        ("bytes 327680-399999/400000", 72_320, 200),
        ("bytes 327680-399999/400000", 72_320, 404),
    ] {
        assert_eq!(
            piece(range, length).await.status().as_u16(),
            status,
            "{range}"
        );
    }
    assert_eq!(
        cloud.microsoft.file(&file.drive, "a.bin").unwrap().size,
        400_000
    );
    let session = cloud
        .post(&format!("{}/createUploadSession", file.path()), &body)
        .await
        .json();
    let url = session["uploadUrl"].as_str().unwrap();
    assert_eq!(
        cloud.bare(url, &[]).await.json()["nextExpectedRanges"],
        json!(["0-"])
    );
    assert_eq!(
        cloud
            .bare(url, &[("authorization", "Bearer x")])
            .await
            .outcome(),
        "401 unauthenticated"
    );
    assert_eq!(
        cloud
            .client
            .delete(url)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        204
    );
    assert_eq!(
        cloud.bare(url, &[]).await.outcome(),
        "404 itemNotFound/uploadSessionNotFound"
    );
}
