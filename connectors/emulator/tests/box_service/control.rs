//! What is done to the enterprise from outside.

use std::fs;

use labeld_emulator::box_service::GenerateOptions;
use labeld_emulator::frame::{ContentPool, PoolOptions, Provider};
use serde_json::{Value, json};

use crate::support::World;

async fn operate(world: &World, operation: &str, arguments: &Value) -> (u16, Value) {
    let url = world
        .emulator
        .control_url()
        .join(&format!("_emulator/box/{operation}"))
        .unwrap();
    let client = reqwest::Client::new();
    let answer = client.post(url).json(arguments).send().await.unwrap();
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or_default(),
    )
}

#[tokio::test]
async fn operations_do_what_their_names_say() {
    let world = World::new().await;
    let mina = "mina@alder.example";
    let at = |path: &str| json!({"user": mina, "path": path});
    let table = [
        (
            "add_user",
            json!({"login": "bo@alder.example", "role": "coadmin"}),
            200,
        ),
        (
            "put",
            json!({"user": mina, "path": "f/a.docx", "text": "one"}),
            200,
        ),
        (
            "put",
            json!({"user": mina, "path": "f/a.docx", "base64": "dHdv"}),
            200,
        ),
        ("put", json!({"user": mina, "path": "f/a.docx"}), 400),
        (
            "put",
            json!({"user": "nobody", "path": "a", "text": ""}),
            404,
        ),
        (
            "rename",
            json!({"user": mina, "from": "f/a.docx", "to": "g/b.docx"}),
            200,
        ),
        (
            "share",
            json!({"user": mina, "path": "g/b.docx", "access": "open"}),
            200,
        ),
        (
            "invite",
            json!({"on": at("g"), "who": {"user": "bo@alder.example", "role": "viewer"}}),
            200,
        ),
        (
            "lock",
            json!({"on": at("g/b.docx"), "lock": {"by": "bo@alder.example", "app_type": "gsuite"}}),
            200,
        ),
        ("lock", json!({"on": at("g/b.docx")}), 200),
        ("remove", at("f"), 200),
        ("remove", at("f"), 404),
        (
            "edit_before_upload",
            json!({"user": mina, "path": "g/b.docx", "text": "x"}),
            200,
        ),
        ("unavailable_after_upload", json!({"times": 1}), 200),
        (
            "generate",
            json!({"user": mina, "files": 10, "folders": 2, "mean_size": 5000}),
            200,
        ),
        ("nothing", json!({}), 404),
    ];
    for (operation, arguments, status) in &table {
        let (found, answer) = operate(&world, operation, arguments).await;
        assert_eq!(found, *status, "{operation} {arguments}: {answer}");
    }
    let (_, files) = operate(&world, "files", &json!({"user": mina})).await;
    let paths: Vec<&str> = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths.len(), 11);
    assert!(paths.contains(&"g/b.docx"), "{paths:?}");
    let known: Vec<&str> = world
        .service()
        .operations()
        .iter()
        .map(|one| one.name)
        .collect();
    for (operation, _, status) in &table {
        assert_eq!(
            known.contains(operation),
            *operation != "nothing",
            "{operation} {status}"
        );
    }
}

#[tokio::test]
async fn a_saved_enterprise_is_restored_whole() {
    let world = World::new().await;
    let service = world.service();
    let file = service.put(&world.mina(), "f/a.docx", b"one".to_vec());
    service.put(&world.mina(), "f/a.docx", b"two".to_vec());
    service.share(&file, Some("open"));
    world.switch(|switches| switches.calls_per_minute = Some(7));
    let saved = world.emulator.save();
    let text = serde_json::to_string(&saved).unwrap();
    service.trash(&file);
    service.put(&world.mina(), "later.docx", b"later".to_vec());
    world.switch(|switches| switches.calls_per_minute = None);
    world
        .emulator
        .restore(&serde_json::from_str(&text).unwrap())
        .unwrap();
    assert_eq!(
        service.files(&world.mina()).into_keys().collect::<Vec<_>>(),
        ["f/a.docx"]
    );
    assert_eq!(
        (
            service.content(&file).as_ref(),
            service.version_count(&file)
        ),
        (&b"two"[..], 2)
    );
    assert_eq!(service.find(&world.mina(), "f/a.docx"), Some(file.clone()));
    assert_eq!(service.switches().calls_per_minute, Some(7));
    assert!(service.restore(&json!({"state": {}})).is_err());
    assert_eq!(service.content(&file), "two", "a bad state changes nothing");
}

#[tokio::test]
async fn a_folder_seeds_the_first_user() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    fs::write(folder.path().join("top.txt"), "top").unwrap();
    fs::write(folder.path().join("a/b/deep.txt"), "deep").unwrap();
    let world = World::new().await;
    world.service().seed(folder.path()).unwrap();
    let files = world.service().files(&world.mina());
    assert_eq!(
        files.into_keys().collect::<Vec<_>>(),
        ["a/b/deep.txt", "top.txt"]
    );
    assert!(world.service().seed(&folder.path().join("absent")).is_err());
}

#[tokio::test]
async fn many_files_are_cheap_and_have_been_there_before() {
    let world = World::new().await;
    let pool = ContentPool::new(&PoolOptions {
        documents: 4,
        mean_size: 3_000,
        ..PoolOptions::default()
    });
    let options = GenerateOptions {
        files: 2_000,
        folders: 30,
        ..GenerateOptions::default()
    };
    world.service().generate(&world.mina(), &options, &pool);
    let app = world.app().await;
    let events = app
        .get("/2.0/events?stream_type=admin_logs_streaming")
        .await
        .json();
    assert_eq!(events["chunk_size"], 0);
    let mina = world.caller(&world.mina()).await;
    let root = mina.get("/2.0/folders/0/items").await.json();
    assert_eq!(root["total_count"], 10, "thirty folders, three deep");
}

#[tokio::test]
async fn what_a_client_needs_to_know_is_described() {
    let world = World::new().await;
    let described = world.emulator.describe();
    let of_box = &described["box"];
    for name in [
        "api",
        "upload",
        "download",
        "enterprise_id",
        "client_id",
        "client_secret",
        "user_id",
    ] {
        assert!(of_box[name].is_string(), "{name}: {of_box}");
    }
    let config: Value = serde_json::from_str(&world.service().config_json()).unwrap();
    assert_eq!(config["enterpriseID"], of_box["enterprise_id"]);
    let key = config["boxAppSettings"]["appAuth"]["privateKey"]
        .as_str()
        .unwrap();
    assert!(key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIFDjBABgkqhkiG9w0BBQ0"));
}
