//! What the journal tells of requests.

use chrono::DateTime;
use labeld_emulator::frame::{ClockOptions, Detail, JournalOptions, Outcome, StoredVersion};
use serde_json::json;

use crate::tiny::{Setting, World};

#[tokio::test]
async fn requests_are_told_as_they_were_sent() {
    let start = DateTime::parse_from_rfc3339("2026-03-01T09:00:00Z")
        .unwrap()
        .to_utc();
    let world = World::start(Setting {
        clock: ClockOptions {
            start: Some(start),
            frozen: true,
        },
        ..Setting::default()
    })
    .await;
    world
        .put("files/a%20b?%24select=id&tempauth=v1.secret", "{\"a\": 1}")
        .bearer_auth("very secret")
        .header("If-Match", "\"x\"")
        .send()
        .await
        .unwrap();
    let entry = &world.frame.journal.since(0)[0];
    assert_eq!((entry.seq, entry.time), (1, start));
    assert_eq!(
        (entry.provider, entry.host, &*entry.method),
        ("tiny", "one", "PUT")
    );
    assert_eq!(entry.path(), "/files/a%20b");
    assert!(entry.query().starts_with("%24select=id&tempauth=sha256:"));
    assert_eq!(entry.header("if-match"), Some("\"x\""));
    assert!(
        entry
            .header("authorization")
            .unwrap()
            .starts_with("Bearer sha256:")
    );
    assert_eq!(entry.request_bytes, 8);
    assert_eq!(
        entry.request_body.as_ref().unwrap().json(),
        Some(json!({"a": 1}))
    );
    assert_eq!(entry.outcome, Outcome::Answered);
    assert_eq!(entry.status, Some(200));
    let answer = json!({"name": "a b", "size": 8, "host": "one"});
    assert_eq!(entry.response_bytes, answer.to_string().len() as u64);
    assert_eq!(entry.response_body, Some(answer));
    assert_eq!(entry.units, Some(2));
    assert!(entry.faults.is_empty());
    let everything = format!("{entry:?}{}", json!(entry));
    assert!(!everything.contains("secret"), "{everything}");
}

#[tokio::test]
async fn credentials_are_not_kept() {
    let world = World::plain().await;
    let form = "grant_type=client_credentials&client_secret=very+secret";
    let request = world.post("token", form);
    let answer = request
        .header("content-type", "application/x-www-form-urlencoded")
        .send()
        .await
        .unwrap();
    assert!(answer.text().await.unwrap().contains("very secret"));
    let entry = json!(world.frame.journal.since(0)[0]);
    let body = entry["request_body"]["text"].as_str().unwrap();
    assert!(body.starts_with("grant_type=client_credentials&client_secret=sha256:"));
    assert_eq!(entry["response_body"]["expires_in"], 3599);
    assert!(!entry.to_string().contains("very"), "{entry}");
}

#[tokio::test]
async fn it_keeps_as_much_as_it_is_told() {
    for (detail, entries, has_body) in [
        (Detail::Off, 0, false),
        (Detail::Heads, 1, false),
        (Detail::Full, 1, true),
    ] {
        let world = World::start(Setting {
            journal: JournalOptions {
                detail,
                ..JournalOptions::default()
            },
            ..Setting::default()
        })
        .await;
        world.put("files/a", "abc").send().await.unwrap();
        let kept = world.frame.journal.since(0);
        assert_eq!(kept.len(), entries, "{detail:?}");
        if let Some(entry) = kept.first() {
            assert_eq!(entry.request_bytes, 3, "{detail:?}");
            assert_eq!(entry.request_body.is_some(), has_body, "{detail:?}");
            assert_eq!(entry.response_body.is_some(), has_body, "{detail:?}");
        }
    }
}

#[tokio::test]
async fn long_bodies_are_kept_up_to_a_bound() {
    let world = World::plain().await;
    let long: &'static str = "a".repeat(3_000_000).leak();
    world.put("files/a", long).send().await.unwrap();
    assert_eq!(world.tiny.file("a").unwrap().len(), 3_000_000);
    let entry = &world.frame.journal.since(0)[0];
    assert_eq!(entry.request_bytes, 3_000_000);
    assert_eq!(
        entry.request_body.as_ref().unwrap().bytes().len(),
        64 * 1024
    );
}

#[tokio::test]
async fn old_requests_are_dropped() {
    for options in [
        JournalOptions {
            most_entries: Some(3),
            ..JournalOptions::default()
        },
        JournalOptions {
            most_bytes: Some(200_000),
            ..JournalOptions::default()
        },
    ] {
        let world = World::start(Setting {
            journal: options,
            ..Setting::default()
        })
        .await;
        let body: &'static str = "a".repeat(60_000).leak();
        for _ in 0..5 {
            world.put("files/a", body).send().await.unwrap();
        }
        let journal = &world.frame.journal;
        let kept: Vec<u64> = journal.since(0).iter().map(|entry| entry.seq).collect();
        assert_eq!(kept, [3, 4, 5], "{options:?}");
        assert_eq!(journal.since(4).len(), 1);
        assert_eq!(journal.count(|entry| entry.method == "PUT"), 3);
        journal.clear();
        assert_eq!((journal.since(0).len(), journal.last()), (0, 5));
    }
}

#[tokio::test]
async fn versions_are_numbered() {
    let world = World::start(Setting {
        journal: JournalOptions {
            detail: Detail::Off,
            ..JournalOptions::default()
        },
        ..Setting::default()
    })
    .await;
    let journal = &world.frame.journal;
    for path in ["a", "b", "c"] {
        journal.record_version(version(path));
    }
    let (code, answer) = world
        .control("GET", "/_emulator/versions?after=1", "")
        .await;
    let told: Vec<(u64, &str)> = answer["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            (
                version["seq"].as_u64().unwrap(),
                version["path"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!((code, told), (200, vec![(2, "b"), (3, "c")]));
    world.control("DELETE", "/_emulator/versions", "").await;
    journal.record_version(version("d"));
    assert_eq!(journal.versions()[0].seq, 4);
}

fn version(path: &str) -> StoredVersion {
    StoredVersion {
        seq: 0,
        time: DateTime::UNIX_EPOCH,
        drive: "drive".to_owned(),
        item: "item".to_owned(),
        path: path.to_owned(),
        sha256: "00".to_owned(),
        size: 1,
        who: "mina@alder.example".to_owned(),
        application: None,
    }
}
