//! Invitations, groups, classifications.

use labeld_emulator::box_service::{
    CollaborationRole, CollaborationStatus, NewCollaboration, NewUser,
};
use serde_json::{Value, json};

use crate::support::World;

struct Shared {
    world: World,
    bo: String,
    outer: String,
    inner: String,
    file: String,
}

async fn shared(role: CollaborationRole) -> Shared {
    let world = World::new().await;
    let service = world.service();
    let bo = service.add_user(&NewUser {
        login: "bo@alder.example".to_owned(),
        ..NewUser::default()
    });
    let file = service.put(&world.mina(), "outer/inner/a.docx", b"a".to_vec());
    let outer = service.find(&world.mina(), "outer").unwrap();
    let inner = service.find(&world.mina(), "outer/inner").unwrap();
    service.invite(
        &inner,
        &NewCollaboration {
            user: Some(bo.clone()),
            role,
            ..NewCollaboration::default()
        },
    );
    Shared {
        world,
        bo,
        outer,
        inner,
        file,
    }
}

#[tokio::test]
async fn an_invitation_lets_in_from_there_downwards() {
    let Shared {
        world,
        bo,
        outer,
        inner,
        file,
    } = shared(CollaborationRole::Editor).await;
    let caller = world.caller(&bo).await;
    let root = caller
        .get("/2.0/folders/0/items?fields=name,owned_by,is_externally_owned")
        .await
        .json();
    assert_eq!(
        root["entries"][0]["id"], inner,
        "the folder is in their root"
    );
    assert_eq!(root["entries"][0]["owned_by"]["id"], world.mina());
    assert_eq!(
        caller.get(&format!("/2.0/folders/{outer}")).await.status,
        404
    );
    let seen = caller.get(&format!("/2.0/files/{file}")).await.json();
    let path: Vec<&str> = seen["path_collection"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|folder| folder["id"].as_str().unwrap())
        .collect();
    assert_eq!(path, ["0", &*inner], "they see no more of the path");
    let change = json!({"name": "b.docx"});
    assert_eq!(
        caller
            .call("PUT", &format!("/2.0/files/{file}"), &change)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_role_bounds_what_may_be_done() {
    for (role, rename, upload) in [
        (CollaborationRole::CoOwner, 200, 200),
        (CollaborationRole::Editor, 200, 200),
        (CollaborationRole::ViewerUploader, 403, 200),
        (CollaborationRole::Viewer, 403, 403),
    ] {
        let Shared {
            world, bo, file, ..
        } = shared(role).await;
        let caller = world.caller(&bo).await;
        let path = format!("/2.0/files/{file}");
        let change = json!({"name": "b.docx"});
        assert_eq!(
            caller.call("PUT", &path, &change).await.status,
            rename,
            "{role:?}"
        );
        let lock = json!({"lock": {"type": "lock"}});
        assert_eq!(
            caller.call("PUT", &path, &lock).await.status,
            upload,
            "{role:?}"
        );
        let permissions = caller
            .get(&format!("{path}?fields=permissions"))
            .await
            .json();
        assert_eq!(
            permissions["permissions"]["can_upload"],
            upload == 200,
            "{role:?}"
        );
    }
}

#[tokio::test]
async fn invitations_are_listed_and_pending_ones_name_an_address() {
    let Shared {
        world,
        outer,
        inner,
        file,
        ..
    } = shared(CollaborationRole::Viewer).await;
    let service = world.service();
    service.invite(
        &outer,
        &NewCollaboration {
            email: Some("new@birch.example".to_owned()),
            status: CollaborationStatus::Pending,
            ..NewCollaboration::default()
        },
    );
    let mina = world.caller(&world.mina()).await;
    let mina_ref = &mina;
    let list = |path: String| async move {
        let page = mina_ref.get(&path).await.json();
        page["entries"].as_array().unwrap().clone()
    };
    // Those of a folder include the ones above it; those of a file by switch only.
    assert_eq!(
        list(format!("/2.0/folders/{inner}/collaborations"))
            .await
            .len(),
        2
    );
    assert_eq!(
        list(format!("/2.0/files/{file}/collaborations"))
            .await
            .len(),
        0
    );
    world.switch(|switches| switches.file_collaborations_inherited = true);
    assert_eq!(
        list(format!("/2.0/files/{file}/collaborations"))
            .await
            .len(),
        2
    );
    let of_outer = list(format!("/2.0/folders/{outer}/collaborations")).await;
    let pending = &of_outer[0];
    assert_eq!(
        (&pending["accessible_by"], &pending["item"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&pending["invite_email"], &pending["status"]),
        (&json!("new@birch.example"), &json!("pending"))
    );
    let has = mina
        .get(&format!("/2.0/files/{file}?fields=has_collaborations"))
        .await
        .json();
    assert_eq!(has["has_collaborations"], false);
}

#[tokio::test]
async fn groups_let_their_members_in() {
    let world = World::new().await;
    let service = world.service();
    let bo = service.add_user(&NewUser {
        login: "bo@alder.example".to_owned(),
        ..NewUser::default()
    });
    let file = service.put(&world.mina(), "a.docx", b"a".to_vec());
    let group = service.add_group("Project", false);
    service.invite(
        &file,
        &NewCollaboration {
            group: Some(group.clone()),
            ..NewCollaboration::default()
        },
    );
    let caller = world.caller(&bo).await;
    let path = format!("/2.0/files/{file}");
    assert_eq!(caller.get(&path).await.status, 404);
    service.join(&bo, &group);
    assert_eq!(caller.get(&path).await.status, 200);
    let app = world.app().await;
    let members = app
        .get(&format!("/2.0/groups/{group}/memberships"))
        .await
        .json();
    assert_eq!(members["entries"][0]["user"]["login"], "bo@alder.example");
    let of_bo = app
        .get(&format!("/2.0/users/{bo}/memberships"))
        .await
        .json();
    assert_eq!(of_bo["entries"][0]["group"]["name"], "Project");
}

#[tokio::test]
async fn classifications_have_codes_of_their_own() {
    const FIELD: &str = "Box__Security__Classification__Key";
    let world = World::new().await;
    let file = world.service().put(&world.mina(), "a.docx", b"a".to_vec());
    let mina = world.caller(&world.mina()).await;
    let template = "securityClassification-6VMVochwUWo";
    let path = format!("/2.0/files/{file}/metadata/enterprise/{template}");
    let schema = format!("/2.0/metadata_templates/enterprise/{template}/schema");
    let secret = json!({ FIELD: "Secret" });
    assert_eq!(mina.get(&schema).await.status, 404);
    assert_eq!(
        mina.call("POST", &path, &secret).await.outcome(),
        (404, "not_found".to_owned())
    );
    world.service().set_classifications(&["Secret", "Internal"]);
    assert_eq!(
        mina.get(&schema).await.json()["fields"][0]["options"][1]["key"],
        "Internal"
    );
    assert_eq!(
        mina.get(&path).await.outcome(),
        (404, "instance_not_found".to_owned())
    );
    let unknown = json!({ FIELD: "Unheard of" });
    assert_eq!(
        mina.call("POST", &path, &unknown).await.outcome(),
        (400, "schema_validation_failed".to_owned())
    );
    let made = mina.call("POST", &path, &secret).await;
    assert_eq!((made.status, &made.json()[FIELD]), (201, &json!("Secret")));
    assert_eq!(
        mina.call("POST", &path, &secret).await.outcome(),
        (409, "tuple_already_exists".to_owned())
    );
    let patch = json!([{"op": "replace", "path": format!("/{FIELD}"), "value": "Internal"}]);
    // The media type counts.
    assert_eq!(mina.call("PUT", &path, &patch).await.status, 415);
    let request = mina
        .request("PUT", &path)
        .header("content-type", "application/json-patch+json")
        .body(patch.to_string());
    assert_eq!(world.send(request).await.json()[FIELD], "Internal");
    let shown = mina
        .get(&format!("/2.0/files/{file}?fields=classification"))
        .await
        .json();
    assert_eq!(
        (&shown["classification"]["name"], &shown["etag"]),
        (&json!("Internal"), &json!("0"))
    );
    assert_eq!(world.send(mina.request("DELETE", &path)).await.status, 204);
    assert_eq!(world.send(mina.request("DELETE", &path)).await.status, 404);
}

#[tokio::test]
async fn webhooks_are_for_folders_and_files_of_public_addresses() {
    let world = World::new().await;
    world.service().add_folder(&world.mina(), "plans");
    let folder = world.service().find(&world.mina(), "plans").unwrap();
    let mina = world.caller(&world.mina()).await;
    let wanted = |target: &str, address: &str| {
        json!({
            "target": {"id": target, "type": "folder"},
            "address": address,
            "triggers": ["FILE.UPLOADED"],
        })
    };
    let good = "https://hooks.alder.example/box";
    for (target, address, status) in [
        ("0", good, 400),
        (&*folder, "http://hooks.alder.example/box", 400),
        (&*folder, "https://hooks.alder.example:8443/box", 400),
        (&*folder, good, 201),
        (&*folder, good, 409),
        ("1", good, 404),
    ] {
        let answer = mina
            .call("POST", "/2.0/webhooks", &wanted(target, address))
            .await;
        assert_eq!(answer.status, status, "{target} {address}");
    }
    assert_eq!(
        mina.get("/2.0/webhooks").await.json()["entries"][0]["address"],
        good
    );
}
