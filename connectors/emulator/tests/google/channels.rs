//! Channels, and what their receivers are told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use labeld_emulator::google::{Grantee, NewUser, Role, Switches};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;
use url::Url;

use crate::support::{MINA, World, of, refusal};

const BOB: &str = "bob@alder.example";

/// A message as it came.
#[derive(Debug, Clone)]
struct Heard {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn number(&self) -> u64 {
        self.header("x-goog-message-number").parse().unwrap()
    }
}

/// Where messages go.
#[derive(Clone)]
struct Receiver {
    url: String,
    /// What it answers.
    status: Arc<Mutex<u16>>,
    heard: Arc<Mutex<Vec<Heard>>>,
    arrived: Arc<Notify>,
}

impl Receiver {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hooks/google", listener.local_addr().unwrap()),
            status: Arc::new(Mutex::new(204)),
            heard: Arc::default(),
            arrived: Arc::default(),
        };
        let routes = Router::new().fallback(hear).with_state(receiver.clone());
        tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        receiver
    }

    fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// What came since the last look.
    fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// The states that came since the last look.
    fn states(&self) -> Vec<String> {
        let heard = self.take();
        heard
            .iter()
            .map(|heard| heard.header("x-goog-resource-state").to_owned())
            .collect()
    }
}

async fn hear(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let headers = headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap().to_owned();
        (name.as_str().to_owned(), value)
    });
    receiver.heard.lock().unwrap().push(Heard {
        headers: headers.collect(),
        body,
    });
    receiver.arrived.notify_one();
    StatusCode::from_u16(*receiver.status.lock().unwrap()).unwrap()
}

/// A tenant that tells its channels only when a test says so.
async fn silent() -> World {
    World::with(Switches {
        automatic_notifications: false,
        ..Switches::default()
    })
    .await
}

async fn watch(world: &World, query: &str, body: &Value) -> reqwest::Response {
    let start = world
        .get(&format!("drive/v3/changes/startPageToken?{query}"))
        .await;
    let token = start["startPageToken"].as_str().unwrap();
    let target = format!("drive/v3/changes/watch?pageToken={token}&{query}");
    let request = world.request(Method::POST, &target).json(body);
    request.send().await.unwrap()
}

fn channel(id: &str, receiver: &Receiver) -> Value {
    json!({"id": id, "type": "web_hook", "address": receiver.url, "token": "corpus=mina"})
}

#[tokio::test]
async fn a_receiver_hears_that_the_channel_is_open_and_then_that_there_are_changes() {
    let world = silent().await;
    let receiver = Receiver::new().await;
    let made: Value = watch(&world, "", &channel("one", &receiver))
        .await
        .json()
        .await
        .unwrap();
    let expires: i64 = made["expiration"].as_str().unwrap().parse().unwrap();
    let expires = DateTime::<Utc>::from_timestamp_millis(expires).unwrap();

    assert_eq!(world.google().notify().await, 1);
    let sync = receiver.take().remove(0);
    for (name, value) in [
        ("x-goog-channel-id", "one"),
        ("x-goog-channel-token", "corpus=mina"),
        ("x-goog-message-number", "1"),
        ("x-goog-resource-state", "sync"),
        ("x-goog-resource-id", made["resourceId"].as_str().unwrap()),
        ("x-goog-resource-uri", made["resourceUri"].as_str().unwrap()),
        ("content-length", "0"),
        ("content-type", ""),
    ] {
        assert_eq!(sync.header(name), value, "{name}");
    }
    let told = sync.header("x-goog-channel-expiration");
    let told = DateTime::parse_from_rfc2822(told).unwrap();
    assert!((expires - told.to_utc()).abs() < TimeDelta::seconds(1));
    assert_eq!(sync.body, "");
    assert_eq!(world.google().notify().await, 0, "nothing happened");

    world.google().put(MINA, "a.docx", "x", MINA).unwrap();
    world.google().put(MINA, "b.docx", "x", MINA).unwrap();
    assert_eq!(world.google().notify().await, 1, "one for both");
    let change = receiver.take().remove(0);
    assert_eq!(change.header("x-goog-resource-state"), "change");
    assert!(change.number() > sync.number() + 1, "not consecutive");
    assert_eq!(change.body, "");
    assert_eq!(world.google().notify().await, 0, "told already");
}

/// What somebody does, and the channels that are told.
type Step<'a> = (&'static str, &'a dyn Fn(), &'static [&'static str]);

#[tokio::test]
async fn a_channel_tells_of_its_own_log_alone() {
    let world = silent().await;
    let receiver = Receiver::new().await;
    let google = world.google();
    let bob = NewUser {
        email: BOB.to_owned(),
        ..NewUser::default()
    };
    google.add_user(bob).unwrap();
    let finance = google.shared_drive("Finance").unwrap();
    let of_drive = format!("driveId={finance}&supportsAllDrives=true");
    for (id, query) in [("mina", ""), ("finance", &of_drive)] {
        let answer = watch(&world, query, &channel(id, &receiver)).await;
        assert_eq!(answer.status(), 200, "{id}");
    }
    google.notify().await;
    receiver.take();
    let bobs = google.put(BOB, "bobs.docx", "x", BOB).unwrap();
    assert_eq!(google.notify().await, 0, "nobody watches him");
    let steps: [Step<'_>; 3] = [
        (
            "a file of hers",
            &|| drop(google.put(MINA, "a.docx", "x", MINA).unwrap()),
            &["mina"],
        ),
        (
            "a file of the drive",
            &|| drop(google.put(&finance, "f.docx", "x", MINA).unwrap()),
            &["finance"],
        ),
        (
            "a file that is shared with her",
            &|| {
                let grantee = Grantee::User(MINA.to_owned());
                google.share(&bobs, grantee, Role::Reader).unwrap();
            },
            &["mina"],
        ),
    ];
    for (what, step, told) in steps {
        step();
        google.notify().await;
        let heard = receiver.take();
        let channels: Vec<&str> = heard
            .iter()
            .map(|heard| heard.header("x-goog-channel-id"))
            .collect();
        assert_eq!(channels, told, "{what}");
    }
}

#[tokio::test]
async fn a_message_is_repeated_only_after_the_codes_that_ask_for_it() {
    let world = silent().await;
    let receiver = Receiver::new().await;
    let google = world.google();
    receiver.answer(503);
    watch(&world, "", &channel("one", &receiver)).await;
    google.put(MINA, "0.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 0);
    assert_eq!(receiver.states(), ["sync"], "no change before it is open");
    receiver.answer(200);
    assert_eq!(google.notify().await, 2);
    assert_eq!(receiver.states(), ["sync", "change"]);
    for (status, again) in [
        (200, false),
        (202, false),
        (204, false),
        (301, false),
        (404, false),
        (500, true),
        (502, true),
        (503, true),
        (504, true),
    ] {
        google
            .put(MINA, &format!("{status}.docx"), "x", MINA)
            .unwrap();
        receiver.answer(status);
        google.notify().await;
        assert_eq!(receiver.states(), ["change"], "{status}");
        receiver.answer(200);
        google.notify().await;
        let expected: &[&str] = if again { &["change"] } else { &[] };
        assert_eq!(receiver.states(), expected, "{status}");
    }
}

#[tokio::test]
async fn a_channel_ends_by_time_or_by_word() {
    let world = silent().await;
    let receiver = Receiver::new().await;
    let google = world.google();
    let now = world.emulator.clock().now();
    let days = |days: i64| (now + TimeDelta::days(days)).timestamp_millis();
    for (id, expiration, lives) in [
        ("default", Value::Null, TimeDelta::hours(1)),
        ("text", json!(days(2).to_string()), TimeDelta::days(2)),
        ("number", json!(days(2)), TimeDelta::days(2)),
        ("too long", json!(days(30).to_string()), TimeDelta::days(7)),
    ] {
        let mut body = channel(id, &receiver);
        body["expiration"] = expiration;
        let answer = watch(&world, "", &body).await;
        assert_eq!(answer.status(), 200, "{id}");
        let channels = google.channels();
        let made = channels.iter().find(|made| made.id == id).unwrap();
        let lived = made.expires - now;
        assert!((lived - lives).abs() < TimeDelta::minutes(5), "{id}");
    }
    google.notify().await;
    receiver.take();
    world.emulator.clock().advance(TimeDelta::hours(3));
    google.put(MINA, "a.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 3, "one has ended");
    let stopped = google.channels().remove(0);
    let body = json!({"id": stopped.id, "resourceId": stopped.resource});
    for status in [204, 404] {
        let stop = world.request(Method::POST, "drive/v3/channels/stop");
        let answer = stop.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    google.put(MINA, "b.docx", "x", MINA).unwrap();
    assert_eq!(google.notify().await, 2);
}

#[tokio::test]
async fn what_is_no_channel_is_refused() {
    let world = silent().await;
    let receiver = Receiver::new().await;
    let taken = watch(&world, "", &channel("taken", &receiver)).await;
    assert_eq!(taken.status(), 200);
    let past = world.emulator.clock().now() - TimeDelta::hours(1);
    let past = past.timestamp_millis().to_string();
    let table: [(&str, Value, &str); 9] = [
        ("id", json!(null), "required"),
        ("id", json!("x".repeat(65)), "invalid"),
        ("id", json!("taken"), "channelIdNotUnique"),
        ("type", json!("pubsub"), "invalid"),
        ("token", json!("x".repeat(257)), "invalid"),
        ("address", json!(null), "required"),
        (
            "address",
            json!("http://labeld.example/hook"),
            "push.webhookUrlNotHttps",
        ),
        ("expiration", json!(past), "invalid"),
        ("expiration", json!("soon"), "invalid"),
    ];
    for (field, value, reason) in table {
        let mut body = channel("new", &receiver);
        body[field] = value;
        let (status, told, _) = refusal(watch(&world, "", &body).await).await;
        assert_eq!((status, &*told), (400, reason), "{body}");
    }
    let no_token = world
        .request(Method::POST, "drive/v3/changes/watch")
        .json(&channel("new", &receiver));
    let refused = refusal(no_token.send().await.unwrap()).await;
    assert_eq!(refused, of(400, "required", Some("pageToken")));
    assert_eq!(world.google().channels().len(), 1);
}

#[tokio::test]
async fn a_channel_is_told_without_being_asked_for() {
    let world = World::with(Switches {
        notification_delay_milliseconds: 1,
        notification_body: true,
        ..Switches::default()
    })
    .await;
    let receiver = Receiver::new().await;
    watch(&world, "", &channel("one", &receiver)).await;
    world.google().put(MINA, "a.docx", "x", MINA).unwrap();
    let address = Url::parse(&receiver.url).unwrap();
    let heard = async {
        let mut states = Vec::new();
        while !states.contains(&"change".to_owned()) {
            receiver.arrived.notified().await;
            for heard in receiver.take() {
                assert_eq!(heard.body, r#"{"kind":"drive#changes"}"#);
                assert_eq!(heard.header("host"), address.authority());
                states.push(heard.header("x-goog-resource-state").to_owned());
            }
        }
        states
    };
    let limit = Duration::from_secs(60);
    let states = tokio::time::timeout(limit, heard).await.unwrap();
    assert_eq!(states, ["sync", "change"]);
}
