//! The streams of events.

use chrono::TimeDelta;
use labeld_emulator::box_service::Switches;
use serde_json::{Value, json};

use crate::support::World;

const STREAM: &str = "/2.0/events?stream_type=admin_logs_streaming";
const LOGS: &str = "/2.0/events?stream_type=admin_logs";

fn types(page: &Value) -> Vec<&str> {
    let entries = page["entries"].as_array().unwrap();
    assert_eq!(page["chunk_size"].as_u64(), Some(entries.len() as u64));
    entries
        .iter()
        .map(|entry| entry["event_type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_change_is_an_event() {
    let world = World::new().await;
    let service = world.service();
    let file = service.put(&world.mina(), "f/a.docx", b"a".to_vec());
    service.put(&world.mina(), "f/a.docx", b"b".to_vec());
    service.rename(&file, &world.mina(), "f/b.docx");
    service.rename(&file, &world.mina(), "b.docx");
    service.set_description(&file, "words");
    service.share(&file, Some("open"));
    service.share(&file, None);
    service.copy(&file, &world.mina(), "copy.docx");
    service.trash(&file);
    service.restore_from_trash(&file);
    let app = world.app().await;
    let page = app.get(STREAM).await.json();
    assert_eq!(
        types(&page),
        [
            "UPLOAD", "EDIT", "RENAME", "MOVE", "RENAME", "SHARE", "UNSHARE", "COPY", "DELETE",
            "UNDELETE"
        ]
    );
    let edit = &page["entries"][1];
    assert_eq!(edit["source"]["item_id"], file);
    assert_eq!(edit["source"]["item_type"], "file");
    assert_eq!(edit["source"]["owned_by"]["login"], "mina@alder.example");
    assert_eq!(edit["source"]["parent"]["name"], "f");
    assert!(edit["additional_details"]["version_id"].is_string());
    // Both streams of the enterprise have the same events.
    let logs = app.get(LOGS).await.json();
    assert_eq!(types(&logs), types(&page));
    assert_eq!(
        logs["entries"][0]["event_id"],
        page["entries"][0]["event_id"]
    );
    // A user's own stream has the item itself.
    let mina = world.caller(&world.mina()).await;
    let own = mina.get("/2.0/events").await.json();
    assert_eq!(
        types(&own)[..3],
        ["ITEM_CREATE", "ITEM_UPLOAD", "ITEM_UPLOAD"]
    );
    assert_eq!(own["entries"][1]["source"]["type"], "file");
    assert!(own["next_stream_position"].is_u64());
}

#[tokio::test]
async fn positions_are_opaque_beyond_floats_and_go_on() {
    let world = World::new().await;
    let app = world.app().await;
    let now = app
        .get(&format!("{STREAM}&stream_position=now"))
        .await
        .json();
    assert_eq!(types(&now), [""; 0]);
    let position = now["next_stream_position"].as_str().unwrap().to_owned();
    assert!(position.parse::<u64>().unwrap() > 1 << 53);
    for number in 0..5 {
        world
            .service()
            .put(&world.mina(), &format!("{number}.docx"), vec![number]);
    }
    let mut at = position;
    let mut sizes = Vec::new();
    loop {
        let page = app
            .get(&format!("{STREAM}&limit=2&stream_position={at}"))
            .await
            .json();
        sizes.push(types(&page).len());
        if types(&page).is_empty() {
            assert_eq!(page["next_stream_position"], at);
            break;
        }
        at = page["next_stream_position"].as_str().unwrap().to_owned();
    }
    assert_eq!(sizes, [2, 2, 1, 0]);
    world.switch(|switches| switches.numeric_positions = true);
    let page = app
        .get(&format!("{STREAM}&stream_position=now"))
        .await
        .json();
    assert!(page["next_stream_position"].is_u64());
}

#[tokio::test]
async fn an_empty_page_of_the_log_has_no_position() {
    let world = World::new().await;
    let app = world.app().await;
    let page = app.get(LOGS).await.json();
    assert_eq!(
        (types(&page).len(), &page["next_stream_position"]),
        (0, &json!(0))
    );
    let now = app.get(&format!("{LOGS}&stream_position=now")).await;
    assert_eq!(now.status, 400);
    world.service().put(&world.mina(), "a.docx", b"a".to_vec());
    let time = world.emulator.clock().now();
    let hour = |hours: i64| {
        (time + TimeDelta::hours(hours))
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    };
    for (after, before, count) in [(-1, 1, 1), (1, 2, 0), (-2, -1, 0)] {
        let path = format!(
            "{LOGS}&created_after={}&created_before={}",
            hour(after),
            hour(before)
        );
        assert_eq!(
            types(&app.get(&path).await.json()).len(),
            count,
            "{after}..{before}"
        );
    }
}

#[tokio::test]
async fn types_are_filtered_and_strangers_kept_out() {
    let world = World::new().await;
    let file = world.service().put(&world.mina(), "a.docx", b"a".to_vec());
    world.service().trash(&file);
    world.service().strange_event("ITEM_ENCHANTED");
    let app = world.app().await;
    let page = app
        .get(&format!(
            "{STREAM}&event_type=DELETE,ITEM_ENCHANTED,UNHEARD_OF"
        ))
        .await
        .json();
    assert_eq!(types(&page), ["DELETE", "ITEM_ENCHANTED"]);
    assert_eq!(page["entries"][1]["source"], Value::Null);
    let mina = world.caller(&world.mina()).await;
    assert_eq!(mina.get(STREAM).await.status, 403);
    assert_eq!(
        app.get("/2.0/events?stream_type=nonsense").await.status,
        400
    );
    assert_eq!(
        app.get(&format!("{STREAM}&stream_position=nonsense"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn events_are_late_repeated_and_in_disorder_by_switch() {
    let world = World::with(Switches {
        event_delay_milliseconds: 12_000,
        duplicate_events: true,
        reorder_events: true,
        ..Switches::default()
    })
    .await;
    for number in 0..6 {
        world
            .service()
            .put(&world.mina(), &format!("{number}.docx"), vec![number]);
    }
    let app = world.app().await;
    assert_eq!(types(&app.get(STREAM).await.json()).len(), 0);
    world.emulator.clock().advance(TimeDelta::seconds(13));
    let page = app.get(STREAM).await.json();
    let names: Vec<&str> = page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["source"]["item_name"].as_str().unwrap())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names.len(), 12);
    assert_ne!(names, sorted);
    // The chronological one has each once and in order.
    assert_eq!(types(&app.get(LOGS).await.json()).len(), 6);
}

#[tokio::test]
async fn streams_forget_at_different_ages() {
    let world = World::new().await;
    world
        .service()
        .put(&world.mina(), "old.docx", b"old".to_vec());
    let app = world.app().await;
    let page = app.get(STREAM).await.json();
    let first: u64 = page["next_stream_position"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    world
        .service()
        .put(&world.mina(), "second.docx", b"x".to_vec());
    for (days, streaming, logs) in [(13, 2, 2), (15, 0, 2), (366, 0, 0)] {
        let start = world.emulator.clock().now();
        world.emulator.clock().advance(TimeDelta::days(days));
        let app = world.app().await;
        assert_eq!(
            types(&app.get(STREAM).await.json()).len(),
            streaming,
            "{days}"
        );
        assert_eq!(types(&app.get(LOGS).await.json()).len(), logs, "{days}");
        // An old position is served what is left, without a word.
        let old = app.get(&format!("{STREAM}&stream_position={first}")).await;
        assert_eq!(old.status, 200, "{days}");
        world.switch(|switches| switches.old_position_refused = true);
        let old = app.get(&format!("{STREAM}&stream_position={first}")).await;
        assert_eq!(old.status, if streaming == 0 { 400 } else { 200 }, "{days}");
        world.switch(|switches| switches.old_position_refused = false);
        world.emulator.clock().set(start);
    }
}
