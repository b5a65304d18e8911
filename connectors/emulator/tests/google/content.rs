//! Bytes: ranges, revisions, uploads in pieces.

use labeld_emulator::google::{MediaHash, SuffixRange, Switches};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{MINA, World, of, refusal};

#[tokio::test]
async fn ranges_are_given_to_the_byte() {
    let world = World::new().await;
    let id = world
        .google()
        .put(MINA, "plan.docx", "0123456789", MINA)
        .unwrap();
    let empty = world.google().put(MINA, "empty.docx", "", MINA).unwrap();
    for (file, range, status, body, content_range) in [
        (&id, None, 200, "0123456789", None),
        (&id, Some("bytes=0-3"), 206, "0123", Some("bytes 0-3/10")),
        (&id, Some("bytes=4-4"), 206, "4", Some("bytes 4-4/10")),
        (&id, Some("bytes=8-99"), 206, "89", Some("bytes 8-9/10")),
        (&id, Some("bytes=7-"), 206, "789", Some("bytes 7-9/10")),
        (&id, Some("bytes=10-12"), 416, "", Some("bytes */10")),
        (&id, Some("bytes=-3"), 200, "0123456789", None),
        (&empty, Some("bytes=0-3"), 416, "", Some("bytes */0")),
        (&empty, None, 200, "", None),
    ] {
        for version in ["v3", "v2"] {
            let request = world.request(
                Method::GET,
                &format!("drive/{version}/files/{file}?alt=media"),
            );
            let request = match range {
                Some(range) => request.header("range", range),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let header = |name: &str| {
                answer
                    .headers()
                    .get(name)
                    .map(|it| it.to_str().unwrap().to_owned())
            };
            assert_eq!(
                header("content-range").as_deref(),
                content_range,
                "{range:?}"
            );
            assert_eq!(header("etag").is_some(), version == "v2", "{range:?}");
            assert_eq!(answer.status().as_u16(), status, "{range:?}");
            assert_eq!(answer.text().await.unwrap(), body, "{range:?}");
        }
    }
    world.google().set_switches(Switches {
        suffix_range: SuffixRange::End,
        media_hash: MediaHash::Md5,
        media_etag: false,
        ..Switches::default()
    });
    let end = world
        .request(Method::GET, &format!("drive/v2/files/{id}?alt=media"))
        .header("range", "bytes=-3")
        .send()
        .await
        .unwrap();
    assert!(end.headers().get("etag").is_none());
    assert!(
        end.headers()["x-goog-hash"]
            .to_str()
            .unwrap()
            .contains("md5=")
    );
    assert_eq!(end.text().await.unwrap(), "789");
}

#[tokio::test]
async fn what_cannot_be_downloaded_says_why() {
    let world = World::new().await;
    let google = world.google();
    let native = google.put_native(MINA, "note", "document", MINA).unwrap();
    let locked = google.put(MINA, "locked.docx", "x", MINA).unwrap();
    google
        .set_capability(&locked, "canDownload", Some(false))
        .unwrap();
    let bad = google.put(MINA, "bad.docx", "x", MINA).unwrap();
    google.set_abusive(&bad, true).unwrap();
    for (target, expected) in [
        (
            format!("drive/v3/files/{native}?alt=media"),
            of(403, "fileNotDownloadable", Some("alt")),
        ),
        (
            format!("drive/v3/files/{locked}?alt=media"),
            of(403, "cannotDownloadFile", None),
        ),
        (
            format!("drive/v3/files/{bad}?alt=media"),
            of(403, "cannotDownloadAbusiveFile", None),
        ),
        (
            format!("drive/v2/files/{bad}?alt=media"),
            of(403, "abuse", None),
        ),
        (
            "drive/v3/files/1missing?alt=media".to_owned(),
            of(404, "notFound", Some("fileId")),
        ),
    ] {
        assert_eq!(world.refused(&target).await, expected, "{target}");
    }
    let acknowledged = world.request(
        Method::GET,
        &format!("drive/v3/files/{bad}?alt=media&acknowledgeAbuse=true"),
    );
    assert_eq!(
        acknowledged.send().await.unwrap().text().await.unwrap(),
        "x"
    );
}

#[tokio::test]
async fn old_revisions_must_be_kept_to_be_read() {
    let world = World::new().await;
    let id = world.google().put(MINA, "plan.docx", "old", MINA).unwrap();
    world.google().put(MINA, "plan.docx", "new", MINA).unwrap();
    let list = world
        .get(&format!(
            "drive/v3/files/{id}/revisions?fields=revisions(id,size,keepForever)"
        ))
        .await;
    let old = list["revisions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["revisions"].as_array().unwrap().len(), 2);
    let media = format!("drive/v3/files/{id}/revisions/{old}?alt=media");
    assert_eq!(world.refused(&media).await, of(403, "forbidden", None));
    let keep = async |value: bool| {
        let request = world.request(
            Method::PATCH,
            &format!("drive/v3/files/{id}/revisions/{old}"),
        );
        request
            .json(&json!({ "keepForever": value }))
            .send()
            .await
            .unwrap()
    };
    assert_eq!(keep(true).await.status().as_u16(), 200);
    assert_eq!(
        world
            .request(Method::GET, &media)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "old"
    );
    assert_eq!(
        refusal(keep(false).await).await,
        of(400, "illegalKeepForeverModification", None)
    );
}

#[tokio::test]
async fn uploads_arrive_in_pieces() {
    let world = World::new().await;
    let id = world.google().put(MINA, "plan.docx", "old", MINA).unwrap();
    let body = vec![7_u8; 300_000];
    let begin = world
        .request(
            Method::PATCH,
            &format!("upload/drive/v3/files/{id}?uploadType=resumable&fields=id,size"),
        )
        .header("x-upload-content-type", "application/pdf")
        .json(&json!({"description": "x"}));
    let answer = begin.send().await.unwrap();
    let session = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        session.starts_with(world.google().base().as_str()),
        "{session}"
    );
    let target = session
        .strip_prefix(world.google().base().as_str())
        .unwrap()
        .to_owned();
    let put = async |range: &str, piece: &[u8]| {
        let request = world
            .request(Method::PUT, &target)
            .header("content-range", range);
        let answer = request.body(piece.to_vec()).send().await.unwrap();
        let held = answer
            .headers()
            .get("range")
            .map(|it| it.to_str().unwrap().to_owned());
        (answer.status().as_u16(), held)
    };
    assert_eq!(put("bytes */300000", b"").await, (308, None));
    assert_eq!(
        put("bytes 0-99/300000", &body[..100]).await.0,
        400,
        "no multiple of 256 KiB"
    );
    assert_eq!(
        put("bytes 0-262143/300000", &body[..262_144]).await,
        (308, Some("bytes=0-262143".to_owned()))
    );
    assert_eq!(
        put("bytes */300000", b"").await,
        (308, Some("bytes=0-262143".to_owned()))
    );
    assert_eq!(
        put("bytes 0-262143/300000", &body[..262_144]).await,
        (308, Some("bytes=0-262143".to_owned())),
        "held already"
    );
    assert_eq!(
        put("bytes 262144-299999/300000", &body[262_144..]).await.0,
        200
    );
    let now = world.google().file(&id).unwrap();
    assert_eq!(
        (now.body.as_deref(), now.mime_type.as_str()),
        (Some(&body[..]), "application/pdf")
    );
    assert_eq!(
        put("bytes */300000", b"").await.0,
        404,
        "the session is over"
    );
}

#[tokio::test]
async fn locked_content_and_odd_bodies_are_refused() {
    let world = World::new().await;
    let id = world.google().put(MINA, "plan.docx", "old", MINA).unwrap();
    let upload = async |query: &str, content_type: &str, body: &str| {
        let request = world.request(
            Method::PATCH,
            &format!("upload/drive/v3/files/{id}?{query}"),
        );
        let answer = request
            .header("content-type", content_type)
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        refusal(answer).await
    };
    let related = "multipart/related; boundary=B";
    for (query, content_type, body, expected) in [
        ("", "text/plain", "x", of(400, "uploadTypeRequired", None)),
        (
            "uploadType=multipart",
            "text/plain",
            "x",
            of(400, "badRequest", None),
        ),
        (
            "uploadType=multipart",
            related,
            "--B\r\n\r\n{}\r\n--B--",
            of(400, "badRequest", None),
        ),
        (
            "uploadType=multipart",
            related,
            "--B\r\n\r\n{}\r\n--B\r\n\r\nx",
            of(400, "badRequest", None),
        ),
        (
            "uploadType=multipart",
            related,
            "--B\r\n\r\n{\"md5Checksum\":\"x\"}\r\n--B\r\n\r\nx\r\n--B--",
            of(403, "fieldNotWritable", None),
        ),
    ] {
        assert_eq!(upload(query, content_type, body).await, expected, "{body}");
    }
    world.google().set_restricted(&id, true, MINA).unwrap();
    assert_eq!(
        upload("uploadType=media", "text/plain", "x").await,
        of(403, "contentRestricted", None)
    );
    assert_eq!(world.google().file(&id).unwrap().revisions.len(), 1);
    let file: Value = world.get(&format!("drive/v3/files/{id}?fields=contentRestrictions(readOnly,reason),capabilities/canModifyContent")).await;
    assert_eq!(
        file,
        json!({"contentRestrictions": [{"readOnly": true, "reason": "Final"}], "capabilities": {"canModifyContent": false}})
    );
}
