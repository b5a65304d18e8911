//! Downloads and uploads.

use chrono::TimeDelta;
use labeld_emulator::box_service::{
    CollaborationRole, NewCollaboration, NewLock, NewUser, Switches,
};
use serde_json::json;

use crate::support::{Caller, World, attributes_part, file_part, multipart};

const BODY: &str = "0123456789abcdef";

async fn one_file(switches: Switches) -> (World, String) {
    let world = World::with(switches).await;
    let file = world.service().put(&world.mina(), "a.docx", BODY);
    (world, file)
}

/// The address that a download is redirected to.
async fn address(caller: &Caller<'_>, file: &str) -> String {
    let answer = caller.get(&format!("/2.0/files/{file}/content")).await;
    assert_eq!((answer.status, answer.body.len()), (302, 0));
    answer.header("location").to_owned()
}

#[tokio::test]
async fn a_download_is_at_another_origin_and_takes_no_token() {
    let (world, file) = one_file(Switches::default()).await;
    let mina = world.caller(&world.mina()).await;
    let url = address(&mina, &file).await;
    assert!(url.starts_with(world.service().bases().download.as_str()));
    assert_ne!(
        world.service().bases().download.port(),
        world.service().bases().api.port()
    );
    let answer = world.send(world.at(&url)).await;
    assert_eq!((answer.status, &*answer.body), (200, BODY.as_bytes()));
    let leaked = world.send(world.at(&url).bearer_auth(&mina.token)).await;
    assert_eq!(leaked.status, 400);
    assert_eq!(
        world
            .send(world.at(&url.replace("/d/1/", "/d/1/x")))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn ranges_are_served() {
    let (world, file) = one_file(Switches::default()).await;
    let mina = world.caller(&world.mina()).await;
    let url = address(&mina, &file).await;
    for (range, status, content_range, body) in [
        ("bytes=0-3", 206, "bytes 0-3/16", "0123"),
        ("bytes=10-99", 206, "bytes 10-15/16", "abcdef"),
        ("bytes=-2", 206, "bytes 14-15/16", "ef"),
        ("bytes=16-20", 416, "bytes */16", ""),
        ("nonsense", 200, "", BODY),
    ] {
        let answer = world.send(world.at(&url).header("range", range)).await;
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (status, content_range),
            "{range}"
        );
        assert_eq!(answer.body, body.as_bytes(), "{range}");
    }
}

#[tokio::test]
async fn an_address_does_not_last() {
    let (world, file) = one_file(Switches {
        download_seconds: 60,
        ..Switches::default()
    })
    .await;
    let mina = world.caller(&world.mina()).await;
    let url = address(&mina, &file).await;
    assert_eq!(world.send(world.at(&url)).await.status, 200);
    world.emulator.clock().advance(TimeDelta::seconds(61));
    assert_eq!(world.send(world.at(&url)).await.status, 404);
    world.switch(|switches| switches.single_use = true);
    let url = address(&mina, &file).await;
    assert_eq!(world.send(world.at(&url)).await.status, 200);
    assert_eq!(world.send(world.at(&url)).await.status, 404);
}

#[tokio::test]
async fn a_download_may_have_to_wait_and_names_its_version() {
    let (world, file) = one_file(Switches::default()).await;
    let mina = world.caller(&world.mina()).await;
    let path = format!("/2.0/files/{file}?fields=file_version");
    let old = mina.get(&path).await.json()["file_version"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .service()
        .put(&world.mina(), "a.docx", b"newer".to_vec());
    world.service().not_ready(&file, 1);
    let content = format!("/2.0/files/{file}/content");
    let waiting = mina.get(&content).await;
    assert_eq!((waiting.status, waiting.header("retry-after")), (202, "1"));
    let new = world.send(world.at(&address(&mina, &file).await)).await;
    assert_eq!(new.body, b"newer");
    let answer = mina.get(&format!("{content}?version={old}")).await;
    let older = world.send(world.at(answer.header("location"))).await;
    assert_eq!(older.body, BODY.as_bytes());
    assert_eq!(mina.get(&format!("{content}?version=1")).await.status, 404);
}

#[tokio::test]
async fn a_viewer_gets_a_watermark_and_an_uploader_nothing() {
    let (world, file) = one_file(Switches::default()).await;
    world.service().watermark(&file);
    for (role, status, is_original) in [
        (CollaborationRole::Editor, 302, true),
        (CollaborationRole::ViewerUploader, 302, true),
        (CollaborationRole::Viewer, 302, false),
        (CollaborationRole::Previewer, 403, false),
        (CollaborationRole::Uploader, 403, false),
    ] {
        let bo = world.service().add_user(&NewUser {
            login: format!("{role:?}@alder.example"),
            ..NewUser::default()
        });
        world.service().invite(
            &file,
            &NewCollaboration {
                user: Some(bo.clone()),
                role,
                ..NewCollaboration::default()
            },
        );
        let caller = world.caller(&bo).await;
        let answer = caller.get(&format!("/2.0/files/{file}/content")).await;
        assert_eq!(answer.status, status, "{role:?}");
        if status == 302 {
            let bytes = world.send(world.at(answer.header("location"))).await.body;
            assert_eq!(bytes == BODY.as_bytes(), is_original, "{role:?}");
        }
    }
}

#[tokio::test]
async fn an_upload_must_be_right_in_everything() {
    let good = || multipart(&json!({"name": "a.docx"}), "new");
    let attributes = attributes_part(&json!({"name": "a.docx"}));
    let turned = format!("{}{attributes}--B--\r\n", file_part("new")).into_bytes();
    let half = format!("{attributes}--B--\r\n").into_bytes();
    let unnamed = multipart(&json!({}), "new");
    type Upload = (
        &'static str,
        Vec<u8>,
        &'static [(&'static str, &'static str)],
        (u16, &'static str),
    );
    let table: Vec<Upload> = vec![
        ("plain", good(), &[], (201, "")),
        ("bare tag", good(), &[("If-Match", "0")], (201, "")),
        ("quoted tag", good(), &[("if-match", "\"0\"")], (201, "")),
        (
            "stale tag",
            good(),
            &[("If-Match", "7")],
            (412, "precondition_failed"),
        ),
        (
            "SHA-1, in capitals",
            good(),
            &[("Content-MD5", "C2A6B03F190DFB2B4AA91F8AF8D477A9BC3401DC")],
            (201, ""),
        ),
        (
            "wrong digest",
            good(),
            &[("Content-MD5", "00")],
            (400, "bad_digest"),
        ),
        (
            "attributes last",
            turned,
            &[],
            (400, "metadata_after_file_contents"),
        ),
        ("no file", half, &[], (400, "bad_request")),
        ("no name", unnamed, &[], (400, "bad_request")),
        ("no multipart", b"new".to_vec(), &[], (400, "bad_request")),
    ];
    for (name, body, headers, outcome) in table {
        let (world, file) = one_file(Switches::default()).await;
        let mina = world.caller(&world.mina()).await;
        let answer = mina.upload(&file, body, headers).await;
        assert_eq!(
            answer.outcome(),
            (outcome.0, outcome.1.to_owned()),
            "{name}"
        );
        let content = world.service().content(&file);
        if outcome.0 == 201 {
            let stored = &answer.json()["entries"][0];
            assert_eq!(stored["etag"], "1", "{name}");
            assert_eq!(
                (content.as_ref(), answer.json()["total_count"].as_u64()),
                (&b"new"[..], Some(1))
            );
        } else {
            assert_eq!(content, BODY, "{name}");
        }
    }
}

#[tokio::test]
async fn a_body_without_length_is_refused() {
    let (world, file) = one_file(Switches::default()).await;
    let mina = world.caller(&world.mina()).await;
    let body = multipart(&json!({"name": "a.docx"}), "new");
    let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
    let request = mina
        .on("upload", "POST", &format!("/api/2.0/files/{file}/content"))
        .header("content-type", "multipart/form-data; boundary=B")
        .body(reqwest::Body::wrap_stream(pieces));
    let answer = world.send(request).await;
    assert_eq!(answer.outcome(), (411, "length_required".to_owned()));
}

#[tokio::test]
async fn what_stands_against_an_upload() {
    type Setting = fn(&World, &str);
    let table: &[(&str, Setting, (u16, &str))] = &[
        (
            "locked by somebody else",
            |w, file| {
                w.service().set_lock(
                    file,
                    Some(&NewLock {
                        by: w.service().admin(),
                        ..NewLock::default()
                    }),
                );
            },
            (403, "access_denied_item_locked"),
        ),
        (
            "locked by oneself",
            |w, file| {
                w.service().set_lock(
                    file,
                    Some(&NewLock {
                        by: w.mina(),
                        ..NewLock::default()
                    }),
                );
            },
            (201, ""),
        ),
        (
            "a policy",
            |w, file| w.service().forbid(file, true),
            (403, "forbidden_by_policy"),
        ),
        (
            "the trash",
            |w, file| w.service().trash(file),
            (404, "trashed"),
        ),
        (
            "the size",
            |w, _| w.switch(|s| s.most_upload_bytes = 2),
            (413, "request_entity_too_large"),
        ),
        (
            "retention",
            |w, file| w.service().retain(file, Some(60)),
            (201, ""),
        ),
    ];
    for (name, set, outcome) in table {
        let (world, file) = one_file(Switches::default()).await;
        set(&world, &file);
        let mina = world.caller(&world.mina()).await;
        let body = multipart(&json!({"name": "a.docx"}), "new");
        let answer = mina.upload(&file, body, &[]).await;
        assert_eq!(
            answer.outcome(),
            (outcome.0, outcome.1.to_owned()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_quota_counts_every_version() {
    for status in [403, 409, 507] {
        let world = World::with(Switches {
            quota_status: status,
            ..Switches::default()
        })
        .await;
        let bo = world.service().add_user(&NewUser {
            login: "bo@alder.example".to_owned(),
            space: Some(8),
            ..NewUser::default()
        });
        let file = world.service().put(&bo, "a.docx", b"four".to_vec());
        let caller = world.caller(&bo).await;
        let body = multipart(&json!({"name": "a.docx"}), "four");
        assert_eq!(caller.upload(&file, body.clone(), &[]).await.status, 201);
        let answer = caller.upload(&file, body, &[]).await;
        assert_eq!(
            answer.outcome(),
            (status, "storage_limit_exceeded".to_owned())
        );
    }
}

#[tokio::test]
async fn an_upload_may_rename_and_keep_the_documents_time() {
    let (world, file) = one_file(Switches::default()).await;
    world
        .service()
        .put(&world.mina(), "taken.docx", b"x".to_vec());
    let mina = world.caller(&world.mina()).await;
    let time = "2026-05-04T16:12:33Z";
    let body = multipart(
        &json!({"name": "b.docx", "content_modified_at": time}),
        "new",
    );
    let answer = mina.upload(&file, body, &[]).await.json();
    assert_eq!(answer["entries"][0]["name"], "b.docx");
    assert_eq!(
        answer["entries"][0]["content_modified_at"],
        "2026-05-04T09:12:33-07:00"
    );
    let body = multipart(&json!({"name": "taken.docx"}), "new");
    let answer = mina.upload(&file, body, &[]).await;
    assert_eq!(answer.outcome(), (409, "item_name_in_use".to_owned()));
}

#[tokio::test]
async fn a_new_file_is_made_and_a_preflight_makes_none() {
    let world = World::new().await;
    let mina = world.caller(&world.mina()).await;
    let wanted = json!({"name": "new.docx", "parent": {"id": "0"}, "size": 3});
    let asked = mina.call("OPTIONS", "/2.0/files/content", &wanted).await;
    assert_eq!(asked.status, 200);
    assert!(asked.json()["upload_url"].is_string());
    assert!(world.service().files(&world.mina()).is_empty());
    let body = multipart(&json!({"name": "new.docx", "parent": {"id": "0"}}), "new");
    let request = mina
        .on("upload", "POST", "/api/2.0/files/content")
        .header("content-type", "multipart/form-data; boundary=B")
        .body(body);
    let made = world.send(request).await;
    assert_eq!(made.status, 201);
    let asked = mina.call("OPTIONS", "/2.0/files/content", &wanted).await;
    assert_eq!(asked.outcome(), (409, "item_name_in_use".to_owned()));
    assert_eq!(
        asked.json()["context_info"]["conflicts"]["name"],
        "new.docx"
    );
}

#[tokio::test]
async fn an_upload_may_be_stored_and_answered_with_503() {
    let (world, file) = one_file(Switches::default()).await;
    world.service().unavailable_after_upload(1);
    let mina = world.caller(&world.mina()).await;
    let body = multipart(&json!({"name": "a.docx"}), "new");
    let answer = mina.upload(&file, body.clone(), &[("If-Match", "0")]).await;
    assert_eq!(answer.outcome(), (503, "unavailable".to_owned()));
    assert_eq!(world.service().content(&file), "new");
    let again = mina.upload(&file, body, &[("If-Match", "0")]).await;
    assert_eq!(again.status, 412);
}
