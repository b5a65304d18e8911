//! Change notifications and mirrored labels: the optional parts.

use std::collections::BTreeMap;

use labeld_connector::http::Url;
use labeld_connector::{Connector as _, ErrorKind, FeedRef, HintRequest, MirroredLabel};
use labeld_connector_google::{GoogleOptions, HintOptions, MirrorLabel};

use crate::support::{MINA, World};

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn notifications_are_hints_of_known_channels() {
    let world = World::new().await;
    assert!(world.connect(world.mina_options()).change_hints().is_none());
    let notification_url = Url::parse("https://labeld.alder.example/hooks/google").unwrap();
    let drive = world.connect(GoogleOptions {
        hints: Some(HintOptions { notification_url }),
        ..world.options()
    });
    let hints = drive.change_hints().unwrap();
    let finance = world.google().shared_drive("Finance").unwrap();
    let feeds = [
        FeedRef(format!("user/{}", world.google().user_id(MINA).unwrap())),
        FeedRef(format!("drive/{finance}")),
    ];
    let mut known = Vec::new();
    for feed in &feeds {
        let made = hints.subscribe(feed, None).await.unwrap();
        assert_eq!(
            hints.subscribe(feed, Some(&made)).await.unwrap(),
            made,
            "nothing to do"
        );
        known.push(made);
    }
    let channels = world.google().channels();
    assert_eq!(channels.len(), 2);
    assert!(
        channels
            .iter()
            .all(|it| it.address == "https://labeld.alder.example/hooks/google")
    );

    let id = known[1].id.split('/').next().unwrap();
    let secret = known[1].secret.as_str();
    let table: [(&str, &str, &str, u16, bool); 6] = [
        (id, secret, "change", 200, true),
        (id, secret, "sync", 200, false),
        (id, "wrong", "change", 403, false),
        (id, "", "change", 403, false),
        ("unknown", secret, "change", 404, false),
        ("", secret, "change", 404, false),
    ];
    for (channel, token, state, status, looks) in table {
        let headers = [
            pair("x-goog-channel-id", channel),
            pair("x-goog-channel-token", token),
            pair("x-goog-resource-state", state),
            pair("x-goog-message-number", "7"),
        ];
        let request = HintRequest {
            query: &[],
            headers: &headers,
            body: b"",
        };
        let answer = hints.receive(&request, &known);
        assert_eq!(answer.status, status, "{channel} {token} {state}");
        let expected: &[FeedRef] = if looks { &feeds[1..] } else { &[] };
        assert_eq!(answer.look_at, expected, "{channel} {token} {state}");
    }

    for subscription in &known {
        hints.unsubscribe(subscription).await.unwrap();
        hints.unsubscribe(subscription).await.unwrap();
    }
    assert!(world.google().channels().is_empty());
    // Near its end another one is opened.
    let mut old = known.remove(0);
    old.expires -= chrono::TimeDelta::hours(6 * 24 + 20);
    let newer = hints.subscribe(&feeds[0], Some(&old)).await.unwrap();
    assert_ne!(newer.id, old.id);
}

#[tokio::test]
async fn labels_are_mirrored_where_the_configuration_says_to_what() {
    let guid = "9ecc69e2-8aa6-4f2b-9dbd-0a7d5d4a6c11";
    let upper = guid.to_uppercase();
    let world = World::new().await;
    let plain = world.connect(world.mina_options());
    assert!(plain.label_mirror().is_none());
    let mirror_label = Some(MirrorLabel {
        label: "L1abc".to_owned(),
        field: "F1".to_owned(),
        choices: BTreeMap::from([(guid.to_owned(), "CH_CONF".to_owned())]),
    });
    let drive = world.connect(GoogleOptions {
        mirror_label: mirror_label.clone(),
        ..world.mina_options()
    });
    let meta = world.one_file(&drive, "plan.docx", b"x").await;
    let mirror = drive.label_mirror().unwrap();
    let label = Some(MirroredLabel {
        id: &upper,
        name: "Confidential",
    });
    mirror.show(&meta.file, label).await.unwrap();
    assert!(mirror.is_shown(&meta.file, label).await.unwrap());
    // No new content: the mirror is beside it.
    assert_eq!(drive.stat(&meta.file).await.unwrap().version, meta.version);
    let read_only = world.connect(GoogleOptions {
        mirror_label,
        read_only: true,
        ..world.mina_options()
    });
    let refused = read_only.label_mirror().unwrap().show(&meta.file, label);
    assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::Unsupported);
}
