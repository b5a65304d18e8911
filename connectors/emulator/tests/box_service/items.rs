//! Listings, files and folders.

use labeld_emulator::box_service::EndMarker;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn a_listing_is_paged_by_marker() {
    let world = World::new().await;
    for number in 0..5 {
        world
            .service()
            .put(&world.mina(), &format!("f{number}.docx"), vec![number]);
    }
    let mina = world.caller(&world.mina()).await;
    // Official clients write the boolean with a capital.
    let mut path =
        "/2.0/folders/0/items?usemarker=True&limit=2&fields=name%2Csize,unheard_of".to_owned();
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        let page = mina.get(&path).await.json();
        pages += 1;
        assert_eq!(page["limit"], 2);
        for absent in ["total_count", "offset", "order"] {
            assert!(page.get(absent).is_none(), "{absent}");
        }
        for entry in page["entries"].as_array().unwrap() {
            let fields: Vec<&str> = entry
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(fields, ["etag", "id", "name", "size", "type"]);
            names.push(entry["name"].as_str().unwrap().to_owned());
        }
        match page["next_marker"].as_str() {
            Some(marker) => {
                path = format!(
                    "/2.0/folders/0/items?usemarker=true&limit=2&fields=name,size&marker={marker}"
                );
            }
            None => break,
        }
    }
    assert_eq!((pages, names.len()), (3, 5));
}

#[tokio::test]
async fn the_end_of_a_listing_has_three_forms() {
    let world = World::new().await;
    let mina = world.caller(&world.mina()).await;
    for (form, expected) in [
        (EndMarker::Null, Some(Value::Null)),
        (EndMarker::Empty, Some(json!(""))),
        (EndMarker::Absent, None),
    ] {
        world.switch(|switches| switches.end_marker = form);
        let page = mina.get("/2.0/folders/0/items?usemarker=true").await.json();
        assert_eq!(page.get("next_marker").cloned(), expected, "{form:?}");
    }
}

#[tokio::test]
async fn markers_are_for_one_list_and_for_a_while() {
    let world = World::new().await;
    for number in 0..3 {
        world
            .service()
            .put(&world.mina(), &format!("a/f{number}.docx"), vec![number]);
        world
            .service()
            .put(&world.mina(), &format!("f{number}.docx"), vec![number]);
    }
    let folder = world.service().find(&world.mina(), "a").unwrap();
    let mina = world.caller(&world.mina()).await;
    let page = mina
        .get("/2.0/folders/0/items?usemarker=true&limit=1")
        .await
        .json();
    let marker = page["next_marker"].as_str().unwrap();
    let again = |folder: &str, more: &str| {
        format!("/2.0/folders/{folder}/items?usemarker=true&marker={marker}{more}")
    };
    assert_eq!(mina.get(&again("0", "")).await.status, 200);
    for (path, name) in [
        (again(&folder, ""), "another list"),
        (again("0", "&sort=name"), "sorted"),
        (
            "/2.0/folders/0/items?usemarker=true&marker=nonsense".to_owned(),
            "nonsense",
        ),
    ] {
        assert_eq!(
            mina.get(&path).await.outcome(),
            (400, "bad_request".to_owned()),
            "{name}"
        );
    }
    world.emulator.clock().advance(chrono::TimeDelta::hours(2));
    let mina = world.caller(&world.mina()).await;
    assert_eq!(mina.get(&again("0", "")).await.status, 400);
}

#[tokio::test]
async fn limits_are_clamped_and_offsets_bounded() {
    let world = World::new().await;
    let mina = world.caller(&world.mina()).await;
    let page = mina.get("/2.0/folders/0/items?limit=5000").await.json();
    assert_eq!(
        (page["limit"].as_u64(), page["total_count"].as_u64()),
        (Some(1000), Some(0))
    );
    let app = world.app().await;
    assert_eq!(app.get("/2.0/users?offset=10000").await.status, 200);
    assert_eq!(app.get("/2.0/users?offset=10001").await.status, 400);
}

#[tokio::test]
async fn a_file_shows_what_it_is_asked_for() {
    let world = World::new().await;
    let file = world
        .service()
        .put(&world.mina(), "Legal/Plan.docx", b"body".to_vec());
    let mina = world.caller(&world.mina()).await;
    let path = format!("/2.0/files/{file}");
    let whole = mina.get(&path).await.json();
    assert_eq!(whole["sha1"], "02083f4579e08a612425c0c1a17ee47add783b94");
    assert_eq!(
        (&whole["etag"], &whole["sequence_id"], &whole["size"]),
        (&json!("0"), &json!("0"), &json!(4))
    );
    assert_eq!(whole["path_collection"]["entries"][0]["id"], "0");
    assert_eq!(whole["path_collection"]["entries"][0]["etag"], Value::Null);
    assert_eq!(whole["path_collection"]["entries"][1]["name"], "Legal");
    assert_eq!(whole["owned_by"]["login"], "mina@alder.example");
    assert!(whole.get("lock").is_none() && whole.get("permissions").is_none());
    let more = mina
        .get(&format!(
            "{path}?fields=lock,permissions,extension,has_collaborations"
        ))
        .await
        .json();
    assert_eq!(
        (&more["lock"], &more["extension"]),
        (&Value::Null, &json!("docx"))
    );
    assert_eq!(more["permissions"]["can_upload"], true);
    assert!(more.get("name").is_none());
    let unchanged = world
        .send(mina.request("GET", &path).header("if-none-match", "0"))
        .await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
}

/// What a change does to the tag, and what `If-Match` does.
#[tokio::test]
async fn changes_move_the_tag_and_heed_it() {
    let world = World::new().await;
    let file = world
        .service()
        .put(&world.mina(), "a.docx", b"body".to_vec());
    world.service().add_folder(&world.mina(), "other");
    let folder = world.service().find(&world.mina(), "other").unwrap();
    world
        .service()
        .put(&world.mina(), "taken.docx", b"x".to_vec());
    let mina = world.caller(&world.mina()).await;
    let path = format!("/2.0/files/{file}");
    for (change, if_match, outcome, etag) in [
        (
            json!({"name": "b.docx"}),
            "7",
            (412, "precondition_failed"),
            "0",
        ),
        (json!({"name": "b.docx"}), "\"0\"", (200, ""), "1"),
        (json!({"description": "words"}), "1", (200, ""), "2"),
        (json!({"tags": ["one"]}), "2", (200, ""), "3"),
        (
            json!({"shared_link": {"access": "open"}}),
            "3",
            (200, ""),
            "4",
        ),
        (json!({"lock": {"type": "lock"}}), "4", (200, ""), "4"),
        (json!({"lock": null}), "4", (200, ""), "4"),
        (
            json!({"name": "taken.docx"}),
            "4",
            (409, "item_name_in_use"),
            "4",
        ),
        (
            json!({"name": "a/b.docx"}),
            "4",
            (400, "item_name_invalid"),
            "4",
        ),
        (
            json!({"name": "x".repeat(256)}),
            "4",
            (400, "item_name_too_long"),
            "4",
        ),
        // Moves do not heed it.
        (json!({"parent": {"id": folder}}), "99", (200, ""), "5"),
        (json!({"parent": {"id": "1"}}), "5", (404, "not_found"), "5"),
    ] {
        let request = mina
            .request("PUT", &path)
            .header("if-match", if_match)
            .json(&change);
        let answer = world.send(request).await;
        assert_eq!(
            answer.outcome(),
            (outcome.0, outcome.1.to_owned()),
            "{change}"
        );
        assert_eq!(mina.get(&path).await.json()["etag"], etag, "{change}");
    }
}

#[tokio::test]
async fn what_is_in_the_trash_is_told_apart() {
    let world = World::new().await;
    let service = world.service();
    let file = service.put(&world.mina(), "a.docx", b"a".to_vec());
    let inner = service.put(&world.mina(), "f/b.docx", b"b".to_vec());
    let mina = world.caller(&world.mina()).await;
    let deleted = world
        .send(mina.request("DELETE", &format!("/2.0/files/{file}")))
        .await;
    assert_eq!(deleted.status, 204);
    service.trash(&service.find(&world.mina(), "f").unwrap());
    for (id, of_file, of_trash) in [(&file, "trashed", 200), (&inner, "trashed", 404)] {
        let answer = mina.get(&format!("/2.0/files/{id}")).await;
        assert_eq!(answer.outcome(), (404, of_file.to_owned()));
        assert_eq!(
            mina.get(&format!("/2.0/files/{id}/trash")).await.status,
            of_trash
        );
    }
    let listed = mina.get("/2.0/folders/0/items").await.json();
    assert_eq!(listed["entries"], json!([]));
    let trash = mina.get("/2.0/folders/trash/items").await.json();
    assert_eq!(trash["total_count"], 2);
    let restored = mina
        .call("POST", &format!("/2.0/files/{file}"), &json!({}))
        .await;
    assert_eq!(
        (restored.status, &restored.json()["item_status"]),
        (201, &json!("active"))
    );
}

#[tokio::test]
async fn a_root_folder_has_no_tags() {
    let world = World::new().await;
    let mina = world.caller(&world.mina()).await;
    let root = mina.get("/2.0/folders/0").await.json();
    assert_eq!(
        (&root["etag"], &root["sequence_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(root["owned_by"]["id"], world.mina());
    let answer = mina.get("/2.0/folders/0/collaborations").await;
    assert_eq!(
        answer.outcome(),
        (
            400,
            "collaborations_not_available_on_root_folder".to_owned()
        )
    );
}

#[tokio::test]
async fn copies_and_older_versions() {
    let world = World::new().await;
    let service = world.service();
    let file = service.put(&world.mina(), "a.docx", b"one".to_vec());
    service.put(&world.mina(), "a.docx", b"two".to_vec());
    let mina = world.caller(&world.mina()).await;
    let versions = mina
        .get(&format!("/2.0/files/{file}/versions"))
        .await
        .json();
    assert_eq!(versions["total_count"], 1);
    let old = versions["entries"][0]["id"].clone();
    let wanted = json!({"id": old, "type": "file_version"});
    let promoted = mina
        .call(
            "POST",
            &format!("/2.0/files/{file}/versions/current"),
            &wanted,
        )
        .await;
    assert_eq!(promoted.status, 201);
    assert_ne!(
        promoted.json()["id"],
        old,
        "a promoted version is a new one"
    );
    assert_eq!(service.content(&file), "one");
    let wanted = json!({"parent": {"id": "0"}, "name": "copy.docx"});
    let copied = mina
        .call("POST", &format!("/2.0/files/{file}/copy"), &wanted)
        .await;
    assert_eq!(
        (copied.status, &copied.json()["name"]),
        (201, &json!("copy.docx"))
    );
}
