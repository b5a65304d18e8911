//! Lists of files: fields, conditions, orders, pages.

use labeld_emulator::google::Switches;
use serde_json::{Value, json};

use crate::support::{MINA, World, of};

fn names(list: &Value) -> Vec<&str> {
    let files = list["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn only_what_is_asked_for_is_sent() {
    let world = World::new().await;
    world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    let page = world.get("drive/v3/files").await;
    let fields: Vec<&String> = page["files"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "kind", "mimeType", "name"]);
    let page = world
        .get("drive/v3/files?fields=files(name,owners/emailAddress)")
        .await;
    assert_eq!(
        page,
        json!({"files": [{"name": "plan.docx", "owners": [{"emailAddress": MINA}]}]})
    );
    for (target, field) in [
        ("drive/v3/files?fields=files(id,etag)", "fields"),
        ("drive/v3/files?fields=nothing", "fields"),
        (
            "drive/v3/changes?pageToken=1&fields=changes(file(etag))",
            "fields",
        ),
    ] {
        let (status, reason, location) = world.refused(target).await;
        if target.contains("pageToken") {
            assert_eq!(status, 400);
            continue;
        }
        assert_eq!(
            (status, reason.as_str(), location.as_deref()),
            (400, "invalidParameter", Some(field)),
            "{target}"
        );
    }
    assert_eq!(
        world.refused("drive/v3/about").await,
        of(400, "required", Some("fields"))
    );
}

#[tokio::test]
async fn conditions_and_orders_are_those_of_the_service() {
    let world = World::new().await;
    let google = world.google();
    for name in ["b 10.docx", "b 9.docx", "a.pdf"] {
        google.put(MINA, name, "x", MINA).unwrap();
    }
    google.put(MINA, "folder/it's.pdf", "x", MINA).unwrap();
    let trashed = google.put(MINA, "old.docx", "x", MINA).unwrap();
    google.set_trashed(&trashed, true).unwrap();
    let folder = google.id_at(MINA, "folder").unwrap();
    let pdf = "mimeType = 'application/pdf'";
    for (q, order, expected) in [
        ("trashed = true".to_owned(), "", vec!["old.docx"]),
        (
            format!("{pdf} and trashed = false"),
            "name",
            vec!["a.pdf", "it's.pdf"],
        ),
        (format!("'{folder}' in parents"), "", vec!["it's.pdf"]),
        (
            "'root' in parents and trashed = false".to_owned(),
            "folder,name",
            vec!["folder", "a.pdf", "b 10.docx", "b 9.docx"],
        ),
        (
            "name contains 'b'".to_owned(),
            "name_natural desc",
            vec!["b 10.docx", "b 9.docx"],
        ),
        ("name = 'it\\'s.pdf'".to_owned(), "", vec!["it's.pdf"]),
        (
            format!(
                "not {pdf} and trashed = false and mimeType contains 'application/vnd.openxml'"
            ),
            "name",
            vec!["b 10.docx", "b 9.docx"],
        ),
        ("'nobody@alder.example' in owners".to_owned(), "", vec![]),
        (
            "modifiedTime > '2100-01-01T00:00:00'".to_owned(),
            "",
            vec![],
        ),
    ] {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &q)
            .append_pair("orderBy", order)
            .finish();
        let page = world.get(&format!("drive/v3/files?{query}")).await;
        assert_eq!(names(&page), expected, "{q} by {order}");
    }
    for (query, location) in [
        ("q=name%20%3E%20'x'", "q"),
        ("q=(trashed", "q"),
        ("orderBy=colour", "orderBy"),
        ("pageToken=1", "pageToken"),
    ] {
        assert_eq!(
            world.refused(&format!("drive/v3/files?{query}")).await,
            of(400, "invalid", Some(location)),
            "{query}"
        );
    }
    let both = world
        .refused("drive/v3/files?q=fullText%20contains%20'a'&orderBy=name")
        .await;
    assert_eq!((both.0, both.1.as_str()), (400, "badRequest"));
}

#[tokio::test]
async fn pages_follow_each_other() {
    for switches in [
        Switches::default(),
        Switches {
            short_pages: true,
            ..Switches::default()
        },
    ] {
        let world = World::with(switches).await;
        for number in 0..25 {
            world
                .google()
                .put(MINA, &format!("{number:02}.docx"), "x", MINA)
                .unwrap();
        }
        for order in ["", "&orderBy=name"] {
            let mut found = Vec::new();
            let mut target = format!("drive/v3/files?pageSize=7{order}");
            loop {
                let page = world.get(&target).await;
                found.extend(names(&page).into_iter().map(str::to_owned));
                let Some(token) = page["nextPageToken"].as_str() else {
                    break;
                };
                let token: String =
                    url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                target = format!("drive/v3/files?pageSize=7{order}&pageToken={token}");
                // All other parameters must be the same.
                let other = format!("drive/v3/files?pageSize=7&q=trashed=false&pageToken={token}");
                assert_eq!(
                    world.refused(&other).await,
                    of(400, "invalid", Some("pageToken"))
                );
            }
            assert_eq!(found.len(), 25);
            found.dedup();
            assert_eq!(found.len(), 25);
        }
    }
}

#[tokio::test]
async fn the_index_may_lag_and_a_look_does_not() {
    let world = World::with(Switches {
        index_delay_milliseconds: 30_000,
        ..Switches::default()
    })
    .await;
    let id = world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    assert_eq!(
        names(&world.get("drive/v3/files").await),
        Vec::<&str>::new()
    );
    assert_eq!(
        world.get(&format!("drive/v3/files/{id}")).await["name"],
        "plan.docx"
    );
    world
        .emulator
        .clock()
        .advance(chrono::TimeDelta::seconds(31));
    assert_eq!(names(&world.get("drive/v3/files").await), ["plan.docx"]);
}
