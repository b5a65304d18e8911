//! The control API, saved states, and what a client is told.

use std::collections::BTreeSet;

use labeld_emulator::frame::Provider as _;
use serde_json::{Value, json};

use crate::support::{MINA, World};

#[tokio::test]
async fn every_operation_works_by_name() {
    let world = World::new().await;
    let google = world.google();
    let ran = std::cell::RefCell::new(BTreeSet::new());
    let run = |operation: &str, arguments: Value| {
        ran.borrow_mut().insert(operation.to_owned());
        google
            .control(operation, &arguments)
            .unwrap_or_else(|error| panic!("{operation}: {error}"))
    };
    let id = |answer: Value| answer["id"].as_str().unwrap().to_owned();
    id(run(
        "add_user",
        json!({"email": "bob@alder.example", "unit": "/Finance"}),
    ));
    run(
        "change_user",
        json!({"email": "bob@alder.example", "suspended": true, "drive_service": "domain_policy"}),
    );
    run(
        "add_group",
        json!({"email": "team@alder.example", "members": [MINA]}),
    );
    let drive = id(run("add_shared_drive", json!({"name": "Team"})));
    run(
        "rename_shared_drive",
        json!({"drive": drive, "name": "Crew"}),
    );
    let member = id(run(
        "add_member",
        json!({"drive": drive, "grantee": {"group": "team@alder.example"}, "role": "writer"}),
    ));
    let file = id(run("put", json!({"path": "plans/plan.docx", "text": "x"})));
    let folder = id(run("create_folder", json!({"path": "other"})));
    id(run(
        "put_native",
        json!({"path": "note", "kind": "document"}),
    ));
    id(run(
        "put_shortcut",
        json!({"path": "short", "target": file}),
    ));
    run(
        "rename",
        json!({"from": "plans/plan.docx", "to": "plans/new.docx"}),
    );
    assert_eq!(id(run("find", json!({"path": "plans/new.docx"}))), file);
    run("move", json!({"file": file, "folder": folder}));
    let permission = id(run(
        "share",
        json!({"file": file, "grantee": {"anyone": {"discoverable": false}}, "role": "reader"}),
    ));
    run("unshare", json!({"file": file, "permission": permission}));
    run("give", json!({"file": file, "owner": "bob@alder.example"}));
    for operation in [
        "set_restricted",
        "set_client_encrypted",
        "set_abusive",
        "set_trashed",
    ] {
        run(operation, json!({"file": file}));
        run(operation, json!({"file": file, "value": false}));
    }
    run(
        "set_capability",
        json!({"file": file, "name": "canDownload", "value": false}),
    );
    run("edit_metadata", json!({"file": file}));
    run("notify", json!({}));
    run("edit_before_upload", json!({"file": file, "text": "y"}));
    assert_eq!(run("read", json!({"file": file})), json!({"text": "x"}));
    run(
        "remove_member",
        json!({"drive": drive, "permission": member}),
    );
    run("set_delegated", json!({"scope": "drive", "value": false}));
    run("set_api_enabled", json!({"api": "admin", "value": false}));
    run("revoke_tokens", json!({}));
    run("generate", json!({"files": 5, "folders": 2}));
    run("delete", json!({"file": file}));
    // The index names them all, and nothing else works.
    let known = google.operations().iter();
    let known: BTreeSet<String> = known.map(|operation| operation.name.to_owned()).collect();
    assert_eq!(known, ran.into_inner());
    for (operation, arguments) in [
        ("nothing", json!({})),
        ("put", json!({"path": "x"})),
        ("put", json!({"path": "x", "text": "x", "colour": "red"})),
        ("rename", json!({"from": "missing", "to": "x"})),
        ("add_user", json!({"email": MINA})),
    ] {
        assert!(
            google.control(operation, &arguments).is_err(),
            "{operation} {arguments}"
        );
    }
}

#[tokio::test]
async fn a_saved_state_comes_back() {
    let world = World::new().await;
    let google = world.google();
    google
        .generate(&labeld_emulator::google::GenerateOptions {
            files: 30,
            mean_size: 2_000,
            ..Default::default()
        })
        .unwrap();
    let id = google.put(MINA, "plan.docx", "old", MINA).unwrap();
    let start = world.get("drive/v3/changes/startPageToken").await;
    google.put(MINA, "plan.docx", "new", MINA).unwrap();
    let before = google.files(MINA).unwrap();
    let saved: Value = serde_json::from_str(&google.save().to_string()).unwrap();

    google.delete(&id).unwrap();
    google.set_delegated("drive", false);
    google.restore(&saved).unwrap();
    assert_eq!(google.files(MINA).unwrap(), before);
    let token = start["startPageToken"].as_str().unwrap();
    let changes = world
        .get(&format!(
            "drive/v3/changes?pageToken={token}&fields=changes(fileId)"
        ))
        .await;
    assert_eq!(changes["changes"], json!([{"fileId": id}]));
    google.put(MINA, "plans/another.docx", "x", MINA).unwrap();
    assert!(google.restore(&json!({"state": {}})).is_err());

    let other = World::new().await;
    other.google().restore(&saved).unwrap();
    assert_eq!(other.google().files(MINA).unwrap(), before);
}

#[tokio::test]
async fn switches_are_changed_by_name() {
    let world = World::new().await;
    let google = world.google();
    google
        .control("put", &json!({"path": "x", "text": "x"}))
        .unwrap();
    labeld_emulator::frame::Provider::set_switches(
        &**google,
        &json!({"v2": false, "media_hash": "md5"}),
    )
    .unwrap();
    let switches = labeld_emulator::frame::Provider::switches(&**google);
    assert_eq!(
        (&switches["v2"], &switches["media_hash"]),
        (&json!(false), &json!("md5"))
    );
    for patch in [json!({"colour": 1}), json!({"v2": "no"}), json!([])] {
        assert!(
            labeld_emulator::frame::Provider::set_switches(&**google, &patch).is_err(),
            "{patch}"
        );
    }
}

#[tokio::test]
async fn a_client_is_told_where_everything_is() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let description = world.google().describe();
    assert_eq!(description["base_url"], world.google().base().as_str());
    assert_eq!(description["admin"], "admin@alder.example");
    assert_eq!(description["shared_drives"][0]["name"], "Finance");
    world.google().config_toml(folder.path()).unwrap();
    let file = folder
        .path()
        .join(description["service_account_file"].as_str().unwrap());
    let key: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(key, description["service_account"]);
}
