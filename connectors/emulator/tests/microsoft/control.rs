//! The control API, saved states, and great numbers.

use std::time::Instant;

use labeld_emulator::frame::Provider;
use labeld_emulator::microsoft::GenerateOptions;
use labeld_emulator::{Emulator, EmulatorOptions};
use serde_json::{Value, json};

use crate::support::Cloud;

const MINA: &str = "mina@alder.example";

#[tokio::test]
async fn operations_are_done() {
    let cloud = Cloud::start().await;
    let url = cloud.emulator.control_url();
    let drive = cloud.microsoft.library();
    let operate = async |operation: &str, arguments: Value| {
        let url = format!("{url}_emulator/microsoft/{operation}");
        let answer = cloud
            .client
            .post(url)
            .json(&arguments)
            .send()
            .await
            .unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap_or_default(),
        )
    };
    let other = operate("add_user", json!({"name": "abe@alder.example"}))
        .await
        .1["drive"]
        .clone();
    let table = [
        ("add_site", json!({"path": "legal", "title": "Legal"}), 200),
        (
            "add_library",
            json!({"site": "legal", "name": "Cases"}),
            200,
        ),
        ("add_group", json!({"name": "All", "members": [MINA]}), 200),
        (
            "set_site",
            json!({"site": "legal", "state": "fully_archived"}),
            200,
        ),
        (
            "grant_site",
            json!({"site": "finance", "role": "write"}),
            200,
        ),
        (
            "put",
            json!({"path": "a/b.txt", "text": "b", "who": MINA}),
            200,
        ),
        (
            "put",
            json!({"drive": other, "path": "c.docx", "recipe": {"kind": "docx", "size": 9000, "seed": 1}}),
            200,
        ),
        ("put", json!({"path": "b.txt"}), 400),
        (
            "put",
            json!({"path": "b.txt", "text": "b", "colour": "red"}),
            400,
        ),
        (
            "put",
            json!({"drive": "b!none", "path": "b.txt", "text": "b"}),
            404,
        ),
        ("put", json!({"path": "a:b.txt", "text": "b"}), 400),
        ("create_folder", json!({"path": "x/y"}), 200),
        ("rename", json!({"from": "a/b.txt", "to": "x/b.txt"}), 200),
        (
            "edit_metadata",
            json!({"path": "x/b.txt", "who": MINA}),
            200,
        ),
        (
            "edit_before_upload",
            json!({"path": "x/b.txt", "text": "c", "who": MINA}),
            200,
        ),
        ("package", json!({"path": "Notes"}), 200),
        ("shortcut", json!({"path": "link", "target": "x"}), 200),
        (
            "share",
            json!({"path": "x", "share": {"with": "anonymous", "expires_in": 60}}),
            200,
        ),
        (
            "share",
            json!({"path": "x", "share": {"with": {"people": [MINA]}, "role": "write"}}),
            200,
        ),
        ("unshare", json!({"path": "x"}), 200),
        (
            "inherit_permissions",
            json!({"path": "x", "inherits": false}),
            200,
        ),
        (
            "lock",
            json!({"path": "x/b.txt", "who": MINA, "form": "resource_locked", "seconds": 5}),
            200,
        ),
        ("unlock", json!({"path": "x/b.txt"}), 200),
        ("check_out", json!({"path": "x/b.txt", "who": MINA}), 200),
        ("check_in", json!({"path": "x/b.txt"}), 200),
        (
            "retain",
            json!({"path": "x/b.txt", "retention": {"name": "Contract"}}),
            200,
        ),
        (
            "malware",
            json!({"path": "x/b.txt", "description": "EICAR"}),
            200,
        ),
        (
            "undecryptable",
            json!({"path": "x/b.txt", "code": "sesame"}),
            400,
        ),
        (
            "show_as",
            json!({"path": "x/b.txt", "size": 5, "hashless": true}),
            200,
        ),
        (
            "set_fields",
            json!({"path": "x/b.txt", "fields": {"Colour": "red"}}),
            200,
        ),
        (
            "set_library",
            json!({"settings": {"force_checkout": true}}),
            200,
        ),
        ("set_quota", json!({"bytes": 1000}), 200),
        (
            "move_to_drive",
            json!({"from": "x/b.txt", "to_drive": other, "to": "b.txt"}),
            200,
        ),
        ("remove", json!({"path": "x"}), 200),
        ("restore", json!({"path": "x"}), 200),
        (
            "generate",
            json!({"files": 5, "folders": 2, "below": "many"}),
            200,
        ),
        (
            "set_labels",
            json!({"labels": [{"id": "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001", "name": "Only"}]}),
            200,
        ),
        ("set_roles", json!({"graph": ["Files.Read.All"]}), 200),
        ("expire_delta_tokens", json!({"drive": drive}), 200),
        ("expire_access_tokens", json!({}), 200),
        ("remove_user", json!({"name": "abe@alder.example"}), 200),
        ("settle", json!({}), 200),
        ("notify", json!({}), 200),
        ("lifecycle", json!({"event": "missed"}), 200),
        ("units", json!({}), 200),
        ("drives", json!({}), 200),
        ("get", json!({"drive": other, "path": "b.txt"}), 200),
        ("file", json!({"drive": other, "path": "b.txt"}), 200),
        ("files", json!({}), 200),
        (
            "pending_content",
            json!({"drive": other, "path": "b.txt", "pending": true}),
            200,
        ),
        ("unknown", json!({}), 404),
    ];
    for (operation, arguments, expected) in &table {
        let (status, body) = operate(operation, arguments.clone()).await;
        assert_eq!(status, *expected, "{operation} {arguments}: {body}");
    }
    for known in cloud.microsoft.operations() {
        let tried = table.iter().any(|(name, _, _)| *name == known.name);
        assert!(tried || known.name == "add_user", "{}", known.name);
    }
    let switches = format!("{url}_emulator/switches");
    let patch = json!({"microsoft": {"single_use": true, "throttle": {"enabled": true}}});
    let answer = cloud
        .client
        .patch(&switches)
        .json(&patch)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(cloud.microsoft.switches().single_use);
    let patch = json!({"microsoft": {"unknown": true}});
    let answer = cloud
        .client
        .patch(&switches)
        .json(&patch)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 400);
}

#[tokio::test]
async fn a_saved_state_is_the_same_world() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    cloud.microsoft.put(&drive, "a/b.txt", "b", MINA);
    cloud.microsoft.put(&drive, "a/b.txt", "c", MINA);
    cloud.microsoft.create_folder(&drive, "later", MINA);
    cloud
        .microsoft
        .rename(&drive, "a/b.txt", "later/b.txt", MINA);
    cloud.microsoft.put(&drive, "gone.txt", "g", MINA);
    cloud.microsoft.remove(&drive, "gone.txt");
    cloud.microsoft.share(&drive, "later", &Default::default());
    cloud.microsoft.generate(
        &drive,
        &GenerateOptions {
            files: 20,
            folders: 3,
            ..Default::default()
        },
    );
    cloud
        .microsoft
        .switch(|switches| switches.single_use = true);
    let path = format!(
        "v1.0/drives/{drive}/root/delta?$select=id,name,eTag,size,file,folder,shared,parentReference,deleted"
    );
    let (before, link) = cloud.follow(&path, &[]).await;
    let token = cloud.token().await.to_owned();
    let saved = cloud.emulator.save();

    let other = Emulator::start(EmulatorOptions::default()).await.unwrap();
    other
        .restore(&serde_json::from_str(&saved.to_string()).unwrap())
        .unwrap();
    let base = other.microsoft().bases().graph.to_string();
    let link = link
        .unwrap()
        .replace(cloud.microsoft.bases().graph.as_str(), &base);
    let changes = cloud.call_as(&token, "GET", &link, &[], "").await.json();
    assert_eq!(changes["value"], json!([]));
    other.microsoft().put(&drive, "new.txt", "n", MINA);
    let changes = cloud.call_as(&token, "GET", &link, &[], "").await;
    assert_eq!(changes.names(), ["root", "new.txt"]);
    other.microsoft().remove(&drive, "new.txt");
    let whole = cloud
        .call_as(&token, "GET", &format!("{base}{path}"), &[], "")
        .await
        .json();
    for entry in whole["value"].as_array().unwrap() {
        assert_eq!(before.get(entry["id"].as_str().unwrap()), Some(entry));
    }
    assert_eq!(whole["value"].as_array().unwrap().len(), before.len());
    assert!(other.microsoft().switches().single_use);
    assert!(other.restore(&json!({"nonsense": true})).is_err());
}

#[tokio::test]
async fn many_files_are_cheap() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let begun = Instant::now();
    let options = GenerateOptions {
        files: 20_000,
        folders: 200,
        mean_size: 20_000,
        ..GenerateOptions::default()
    };
    cloud.microsoft.generate(&drive, &options);
    let made = begun.elapsed();
    let path = format!(
        "v1.0/drives/{drive}/root/delta?$top=1000&$select=id,name,size,file,parentReference,eTag"
    );
    let begun = Instant::now();
    let (found, _) = cloud.follow(&path, &[]).await;
    // For who looks: nothing is asserted about time.
    println!("made in {made:?}, listed in {:?}", begun.elapsed());
    assert_eq!(found.len(), 20_201);
    let labelled = found
        .values()
        .filter(|entry| entry["file"]["hashes"]["quickXorHash"].is_string())
        .count();
    assert_eq!(labelled, 20_000);
}

#[tokio::test]
async fn a_configuration_is_written() {
    let cloud = Cloud::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = Provider::config_toml(&**cloud.emulator.microsoft(), folder.path()).unwrap();
    for file in [
        "microsoft-certificate.pem",
        "microsoft-key.pem",
        "microsoft-secret.txt",
    ] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    let bases = cloud.microsoft.bases();
    assert!(
        config.contains(bases.graph.as_str().trim_end_matches('/')),
        "{config}"
    );
    assert!(config.contains("[[tenant.onedrive]]"));
    std::fs::create_dir(folder.path().join("seed")).unwrap();
    std::fs::write(folder.path().join("seed/a.txt"), "a").unwrap();
    cloud.microsoft.seed(folder.path()).unwrap();
    assert_eq!(
        cloud.microsoft.files(&cloud.microsoft.library())["seed/a.txt"],
        "a"
    );
}
