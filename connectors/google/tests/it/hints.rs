//! Change notifications and mirrored labels: the optional parts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::TimeDelta;
use labeld_connector::http::Url;
use labeld_connector::{
    ChangeHints, Connector as _, ErrorKind, FeedRef, HintAnswer, HintRequest, MirroredLabel,
    Subscription,
};
use labeld_connector_google::{GoogleDrive, GoogleOptions, HintOptions, MirrorLabel};

use crate::support::{MINA, World};

/// What the connector says to whatever comes to its public address.
#[derive(Clone)]
struct Receiver {
    drive: Arc<GoogleDrive>,
    known: Arc<Mutex<Vec<Subscription>>>,
    answers: Arc<Mutex<Vec<HintAnswer>>>,
}

impl Receiver {
    async fn new(world: &World) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/google", listener.local_addr().unwrap());
        let hints = HintOptions {
            notification_url: Url::parse(&url).unwrap(),
        };
        let drive = world.connect(GoogleOptions {
            hints: Some(hints),
            ..world.options()
        });
        let receiver = Self {
            drive: Arc::new(drive),
            known: Arc::default(),
            answers: Arc::default(),
        };
        let routes = Router::new().fallback(hear).with_state(receiver.clone());
        tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        world.switch(|switches| switches.automatic_notifications = false);
        receiver
    }

    fn hints(&self) -> &dyn ChangeHints {
        self.drive.change_hints().unwrap()
    }

    /// Subscribes, and is told that the channel is open.
    async fn subscribe(
        &self,
        world: &World,
        feed: &FeedRef,
        known: Option<&Subscription>,
    ) -> Subscription {
        let made = self.hints().subscribe(feed, known).await.unwrap();
        self.known.lock().unwrap().push(made.clone());
        assert_eq!(world.google().notify().await, 1);
        let [sync] = self.take().try_into().unwrap();
        assert_eq!((sync.status, &*sync.look_at), (200, &[][..]));
        made
    }

    /// The answers since the last look.
    fn take(&self) -> Vec<HintAnswer> {
        std::mem::take(&mut self.answers.lock().unwrap())
    }
}

async fn hear(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> StatusCode {
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| pair(name.as_str(), value.to_str().unwrap()))
        .collect();
    let request = HintRequest {
        query: &[],
        headers: &headers,
        body: &body,
    };
    let known = receiver.known.lock().unwrap().clone();
    let answer = receiver.hints().receive(&request, &known);
    let status = StatusCode::from_u16(answer.status).unwrap();
    receiver.answers.lock().unwrap().push(answer);
    status
}

#[tokio::test]
async fn a_hint_arrives_and_goes_on_arriving_when_the_channel_is_renewed() {
    let world = World::new().await;
    let google = world.google();
    let receiver = Receiver::new(&world).await;
    let feed = FeedRef(format!("user/{}", google.user_id(MINA).unwrap()));
    let first = receiver.subscribe(&world, &feed, None).await;

    google.put(MINA, "a.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 1);
    let [heard] = receiver.take().try_into().unwrap();
    assert_eq!(heard.look_at, std::slice::from_ref(&feed));
    assert!(heard.renew.is_empty(), "it lives for a week");

    // Near its end a message says so too.
    let clock = world.emulator.clock();
    clock.set(first.expires - TimeDelta::hours(2));
    receiver.drive.feeds().await.unwrap();
    google.put(MINA, "b.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 1);
    let [heard] = receiver.take().try_into().unwrap();
    assert_eq!(heard.look_at, std::slice::from_ref(&feed));
    assert_eq!(heard.renew, std::slice::from_ref(&first.id));

    // There is no renewal: for a while both channels tell.
    let second = receiver.subscribe(&world, &feed, Some(&first)).await;
    assert_ne!(second.id, first.id);
    assert_ne!(second.secret, first.secret);
    google.put(MINA, "c.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 2);
    for heard in receiver.take() {
        assert_eq!(heard.look_at, std::slice::from_ref(&feed));
    }
    clock.set(first.expires + TimeDelta::minutes(1));
    receiver.drive.feeds().await.unwrap();
    google.put(MINA, "d.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 1);
    let [heard] = receiver.take().try_into().unwrap();
    assert_eq!(heard.look_at, std::slice::from_ref(&feed));
    assert!(heard.renew.is_empty());

    receiver.hints().unsubscribe(&second).await.unwrap();
    google.put(MINA, "e.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 0);
}

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
