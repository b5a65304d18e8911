//! Who may see and change what.

use labeld_emulator::google::{Grantee, NewUser, Role};
use reqwest::Method;
use serde_json::json;

use crate::support::{ADMIN, MINA, World, of, refusal};

#[tokio::test]
async fn nobody_reads_files_as_an_administrator() {
    let world = World::new().await;
    let finance = world.google().shared_drive("Finance").unwrap();
    let own = world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    let shared = world
        .google()
        .put(&finance, "plan.docx", "x", MINA)
        .unwrap();
    let token = world.token(ADMIN, "drive").await;
    for (target, status) in [
        (format!("drive/v3/files/{own}?supportsAllDrives=true"), 404),
        (
            format!("drive/v3/files/{shared}?supportsAllDrives=true"),
            404,
        ),
        (
            format!("drive/v3/changes/startPageToken?driveId={finance}&supportsAllDrives=true"),
            404,
        ),
        (format!("drive/v3/drives/{finance}"), 404),
        (
            format!("drive/v3/drives/{finance}?useDomainAdminAccess=true"),
            200,
        ),
        (
            "drive/v3/drives?useDomainAdminAccess=true&q=memberCount%20%3D%201".to_owned(),
            200,
        ),
        (
            format!(
                "drive/v3/files/{finance}/permissions?useDomainAdminAccess=true&supportsAllDrives=true"
            ),
            200,
        ),
        (
            format!(
                "drive/v3/files/{own}/permissions?useDomainAdminAccess=true&supportsAllDrives=true"
            ),
            404,
        ),
    ] {
        let answer = world
            .bare(Method::GET, &target)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{target}");
    }
    let as_admin = world
        .refused("drive/v3/drives?useDomainAdminAccess=true")
        .await;
    assert_eq!(as_admin, of(403, "insufficientFilePermissions", None));
}

#[tokio::test]
async fn roles_decide_what_may_be_done() {
    let world = World::new().await;
    let google = world.google();
    google
        .add_user(NewUser {
            email: "bob@alder.example".to_owned(),
            ..NewUser::default()
        })
        .unwrap();
    for (role, read, look_at_permissions, write) in [
        (None, 404, 404, 404),
        (Some(Role::Reader), 200, 403, 403),
        (Some(Role::Commenter), 200, 403, 403),
        (Some(Role::Writer), 200, 200, 200),
    ] {
        let id = google
            .put("bob@alder.example", "plan.docx", "x", "bob@alder.example")
            .unwrap();
        if let Some(role) = role {
            google
                .share(&id, Grantee::User(MINA.to_owned()), role)
                .unwrap();
        }
        let status = async |method: Method, target: String| {
            let request = world.request(method.clone(), &target);
            let request = if method == Method::GET {
                request
            } else {
                request.json(&json!({"name": "new"}))
            };
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(
            status(Method::GET, format!("drive/v3/files/{id}?alt=media")).await,
            read,
            "{role:?}"
        );
        assert_eq!(
            status(Method::GET, format!("drive/v3/files/{id}/permissions")).await,
            look_at_permissions,
            "{role:?}"
        );
        assert_eq!(
            status(Method::PATCH, format!("drive/v3/files/{id}")).await,
            write,
            "{role:?}"
        );
        google.delete(&id).unwrap();
    }
}

#[tokio::test]
async fn a_link_opens_a_file_and_lists_it_nowhere() {
    let world = World::new().await;
    let google = world.google();
    google
        .add_user(NewUser {
            email: "bob@alder.example".to_owned(),
            ..NewUser::default()
        })
        .unwrap();
    let id = google
        .put("bob@alder.example", "plan.docx", "x", "bob@alder.example")
        .unwrap();
    google
        .share(
            &id,
            Grantee::Anyone {
                discoverable: false,
            },
            Role::Reader,
        )
        .unwrap();
    let start = world.get("drive/v3/changes/startPageToken").await;
    google
        .put("bob@alder.example", "plan.docx", "y", "bob@alder.example")
        .unwrap();
    assert_eq!(
        world.get(&format!("drive/v3/files/{id}")).await["name"],
        "plan.docx"
    );
    assert_eq!(world.get("drive/v3/files").await["files"], json!([]));
    let token = start["startPageToken"].as_str().unwrap();
    assert_eq!(
        world
            .get(&format!("drive/v3/changes?pageToken={token}"))
            .await["changes"],
        json!([])
    );
}

#[tokio::test]
async fn without_saying_so_shared_drives_are_not_there() {
    let world = World::new().await;
    let finance = world.google().shared_drive("Finance").unwrap();
    let id = world
        .google()
        .put(&finance, "plan.docx", "x", MINA)
        .unwrap();
    assert_eq!(
        world.refused(&format!("drive/v3/files/{id}")).await,
        of(404, "notFound", Some("fileId"))
    );
    let file = world
        .get(&format!(
            "drive/v3/files/{id}?supportsAllDrives=true&fields=*"
        ))
        .await;
    assert_eq!(file["driveId"], finance.as_str());
    for absent in [
        "owners",
        "ownedByMe",
        "shared",
        "permissions",
        "writersCanShare",
    ] {
        assert!(file.get(absent).is_none(), "{absent}");
    }
    assert_eq!(file["size"], "1", "64-bit numbers are text");
    let include = world
        .refused("drive/v3/files?includeItemsFromAllDrives=true")
        .await;
    assert_eq!(include.0, 400);
}

#[tokio::test]
async fn v2_keeps_the_precondition_and_v3_does_not() {
    let world = World::new().await;
    let id = world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    let etag = async || {
        let file = world.get(&format!("drive/v2/files/{id}")).await;
        file["etag"].as_str().unwrap().to_owned()
    };
    let old = etag().await;
    world.google().edit_metadata(&id).unwrap();
    let now = etag().await;
    assert_ne!(old, now);
    for (method, target, etag, expected) in [
        (
            Method::PUT,
            format!("upload/drive/v2/files/{id}?uploadType=media"),
            old.as_str(),
            412,
        ),
        (Method::PUT, format!("drive/v2/files/{id}"), &old, 412),
        (Method::DELETE, format!("drive/v2/files/{id}"), &old, 412),
        (
            Method::PUT,
            format!("upload/drive/v2/files/{id}?uploadType=media"),
            "odd",
            500,
        ),
        (
            Method::PATCH,
            format!("upload/drive/v3/files/{id}?uploadType=media"),
            &old,
            200,
        ),
        (
            Method::PATCH,
            format!("drive/v3/files/{id}"),
            "\"wrong\"",
            200,
        ),
    ] {
        let request = world.request(method, &target).header("if-match", etag);
        let request = if target.contains("upload") {
            request.body("y")
        } else {
            request
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{target}");
        if expected == 412 {
            assert_eq!(
                refusal(answer).await,
                of(412, "conditionNotMet", Some("If-Match"))
            );
        }
    }
    let present = etag().await;
    let write = world
        .request(
            Method::PUT,
            &format!("upload/drive/v2/files/{id}?uploadType=media&modifiedDateBehavior=noChange"),
        )
        .header("if-match", &present)
        .body("z");
    let before = world.google().file(&id).unwrap();
    assert_eq!(write.send().await.unwrap().status().as_u16(), 200);
    let after = world.google().file(&id).unwrap();
    assert_eq!(
        (after.body.as_deref(), after.modified),
        (Some(&b"z"[..]), before.modified)
    );
    let put_v3 = world
        .request(Method::PUT, &format!("drive/v3/files/{id}"))
        .send()
        .await
        .unwrap();
    assert_eq!(put_v3.status().as_u16(), 404);
}
