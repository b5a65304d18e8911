//! Changing content and properties.

use chrono::TimeDelta;
use labeld_emulator::frame::{Content, DocumentKind, Recipe};
use labeld_emulator::microsoft::{IfMatch, LockForm, Microsoft, Promotion, Retention, Switches};
use serde_json::json;

use crate::file::{File, MINA};
use crate::support::Cloud;

fn docx(seed: u64) -> Vec<u8> {
    let recipe = Recipe {
        kind: DocumentKind::Docx,
        size: 10_000,
        seed,
        label: None,
    };
    Content::made(recipe).bytes().to_vec()
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
    type Act = fn(&Microsoft, &str);
    const A: &str = "a.txt";
    let table: [(&str, Act, &str); 13] = [
        (
            "a lock",
            |m, d| m.lock(d, A, MINA, LockForm::NotAllowed),
            "423 notAllowed/resourceLocked",
        ),
        (
            "a lock",
            |m, d| m.lock(d, A, MINA, LockForm::ResourceLocked),
            "423 resourceLocked",
        ),
        (
            "a lock",
            |m, d| m.lock(d, A, MINA, LockForm::AccessDenied),
            "423 accessDenied",
        ),
        (
            "a lock",
            |m, d| m.lock(d, A, MINA, LockForm::LockMismatch),
            "423 notAllowed/lockMismatch",
        ),
        ("its end", |m, d| m.unlock(d, A), "200"),
        (
            "a check-out",
            |m, d| m.check_out(d, A, MINA),
            "423 accessDenied",
        ),
        ("its end", |m, d| m.check_in(d, A), "200"),
        (
            "forced check-out",
            |m, d| m.require_checkout(d, true),
            "423 notAllowed",
        ),
        (
            "one's own check-out",
            |m, d| m.check_out(d, A, "labeld"),
            "200",
        ),
        (
            "a record",
            |m, d| m.retain(d, A, Some(Retention::default())),
            "423 accessDenied",
        ),
        ("its end", |m, d| m.retain(d, A, None), "200"),
        (
            "no space",
            |m, d| m.set_quota(d, 5),
            "507 quotaLimitReached",
        ),
        (
            "a body too long",
            |m, _| m.switch(|s| s.upload_maximum_bytes = 2),
            "413 invalidRequest",
        ),
    ];
    let file = File::new("a.txt").await;
    for (name, act, expected) in table {
        act(&file.cloud.microsoft, &file.drive);
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
        (
            "PATCH",
            vec![json[0]],
            r#"{"parentReference":{"path":"/drive/root:/x"}}"#,
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
