//! Throttling, batches and subscriptions.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use chrono::TimeDelta;
use labeld_emulator::microsoft::{Retention, ThrottleSwitches};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::Cloud;

const MINA: &str = "mina@alder.example";

#[tokio::test]
async fn units_are_counted() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    let d = format!("v1.0/drives/{drive}");
    let table = [
        (format!("{d}/items/{item}"), 1),
        (format!("{d}/items/{item}?$expand=permissions"), 5),
        (format!("{d}/items/{item}/permissions"), 5),
        (format!("{d}/items/{item}/content"), 1),
        (format!("{d}/root/children"), 2),
        (format!("{d}/root/delta"), 2),
        (format!("{d}/root/delta?token=latest"), 1),
        ("v1.0/users".to_owned(), 0),
        ("v1.0/sites/getAllSites".to_owned(), 2),
        (format!("{d}/items/01NONE"), 1),
    ];
    let mut total = 0;
    for (path, units) in table {
        cloud.get(&path).await;
        total += units;
        let counted = cloud.microsoft.resource_units()[cloud.microsoft.client_id()].as_u64();
        assert_eq!(counted.unwrap_or(0), total, "{path}");
    }
}

#[tokio::test]
async fn limits_are_kept() {
    let cloud = Cloud::start().await;
    cloud.microsoft.switch(|switches| {
        switches.throttle = ThrottleSwitches {
            enabled: true,
            units_per_minute: 10,
            ..ThrottleSwitches::default()
        };
    });
    let path = format!("v1.0/drives/{}", cloud.microsoft.library());
    for used in 1..=10 {
        let answer = cloud.get(&path).await;
        assert_eq!(answer.outcome(), "200");
        let remaining = if used < 8 {
            String::new()
        } else {
            (10 - used).to_string()
        };
        assert_eq!(answer.header("ratelimit-remaining"), remaining);
    }
    cloud.clock().advance(TimeDelta::seconds(20));
    let refused = cloud.get(&path).await;
    assert_eq!(
        refused.outcome(),
        "429 activityLimitReached/throttledRequest"
    );
    assert_eq!(
        (
            refused.header("retry-after"),
            refused.header("ratelimit-reset")
        ),
        ("40", "40")
    );
    assert_eq!(cloud.get("v1.0/users").await.outcome(), "200");
    cloud.clock().advance(TimeDelta::seconds(40));
    assert_eq!(cloud.get(&path).await.outcome(), "200");
    cloud.microsoft.switch(|switches| {
        switches.throttle.units_per_minute = 10_000;
        switches.throttle.sharing_calls_per_five_minutes = Some(1);
    });
    let permissions = format!("{path}/root/permissions");
    assert_eq!(cloud.get(&permissions).await.outcome(), "200");
    assert_eq!(cloud.get(&permissions).await.status.as_u16(), 429);
}

#[tokio::test]
async fn batches_are_taken_apart() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    let item = format!("/drives/{drive}/items/{item}");
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": item},
        {"id": "2", "method": "GET", "url": format!("{item}/content")},
        {"id": "3", "method": "GET", "url": format!("/drives/{drive}/items/01NONE")},
        {"id": "4", "method": "GET", "url": item, "dependsOn": ["3"]},
        {"id": "5", "method": "PATCH", "url": item, "body": {"name": "b.txt"}},
        {"id": "6", "method": "PATCH", "url": item, "body": {"name": "b.txt"}, "headers": {"Content-Type": "application/json"}},
        {"id": "7", "method": "GET", "url": cloud.graph(&format!("v1.0{item}"))},
        {"id": "8", "method": "GET", "url": format!("{item}/permissions?$select=id")},
    ]});
    let answer = cloud.post("v1.0/$batch", &batch).await.json();
    let answers = answer["responses"].as_array().unwrap();
    let mut found: Vec<(String, u64)> = answers
        .iter()
        .map(|part| {
            (
                part["id"].as_str().unwrap().to_owned(),
                part["status"].as_u64().unwrap(),
            )
        })
        .collect();
    let order: Vec<String> = found.iter().map(|(id, _)| id.clone()).collect();
    assert!(!order.is_sorted(), "{order:?}");
    found.sort();
    let expected = [200, 302, 404, 424, 400, 200, 400, 200];
    assert_eq!(
        found.iter().map(|(_, status)| *status).collect::<Vec<_>>(),
        expected
    );
    let redirect = answers.iter().find(|part| part["id"] == "2").unwrap();
    assert!(
        redirect["headers"]["Location"]
            .as_str()
            .unwrap()
            .contains("download.aspx")
    );
    assert_eq!(
        cloud.microsoft.resource_units()[cloud.microsoft.client_id()],
        1 + 1 + 1 + 2 + 5
    );
    cloud
        .microsoft
        .switch(|switches| switches.batch_absolute_urls = true);
    let absolute = json!({"requests": [batch["requests"][6]]});
    let answer = cloud.post("v1.0/$batch", &absolute).await.json();
    assert_eq!(answer["responses"][0]["status"], 200);
    let part = |id: String| json!({"id": id, "method": "GET", "url": item});
    for (parts, expected) in [
        (
            (0..20).map(|id| part(id.to_string())).collect::<Vec<_>>(),
            "200",
        ),
        (
            (0..21).map(|id| part(id.to_string())).collect(),
            "400 BadRequest",
        ),
        (vec![part("1".into()), part("1".into())], "400 BadRequest"),
        (
            vec![json!({"id": "1", "method": "GET", "url": item, "dependsOn": ["2"]})],
            "400 BadRequest",
        ),
        (vec![json!({"id": "1"})], "400 BadRequest"),
    ] {
        assert_eq!(
            cloud
                .post("v1.0/$batch", &json!({"requests": parts}))
                .await
                .outcome(),
            expected
        );
    }
    cloud.microsoft.switch(|switches| {
        switches.throttle.enabled = true;
        switches.throttle.units_per_minute = 1;
    });
    let throttled = cloud
        .post("v1.0/$batch", &json!({"requests": [part("1".into())]}))
        .await;
    assert_eq!(throttled.outcome(), "200");
    let throttled = throttled.json();
    assert_eq!(throttled["responses"][0]["status"], 429);
    assert!(throttled["responses"][0]["headers"]["Retry-After"].is_string());
}

#[tokio::test]
async fn retention_labels_are_told() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    let path = format!("v1.0/drives/{drive}/root:/a.txt:/retentionLabel");
    assert_eq!(cloud.get(&path).await.json()["name"], Value::Null);
    cloud.microsoft.switch(|switches| {
        switches.no_retention_label = labeld_emulator::microsoft::NoRetentionLabel::NotFound;
    });
    assert_eq!(cloud.get(&path).await.outcome(), "404 itemNotFound");
    cloud
        .microsoft
        .retain(&drive, "a.txt", Some(Retention::default()));
    let label = cloud.get(&path).await.json();
    assert_eq!(label["retentionSettings"]["isRecordLocked"], true);
    assert_eq!(
        label["retentionSettings"]["behaviorDuringRetentionPeriod"],
        "retainAsRecord"
    );
}

/// A receiver of notifications.
#[derive(Clone, Default)]
struct Receiver {
    taken: Arc<Mutex<Vec<Value>>>,
    came: Arc<Notify>,
}

#[derive(serde::Deserialize)]
struct Handshake {
    #[serde(rename = "validationToken")]
    token: Option<String>,
}

impl Receiver {
    async fn start(&self) -> String {
        let app = Router::new()
            .route("/good", axum::routing::post(Self::good))
            .route("/bad", axum::routing::post(async || "something else"))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    async fn good(
        State(this): State<Self>,
        Query(handshake): Query<Handshake>,
        body: String,
    ) -> String {
        match handshake.token {
            Some(token) => token,
            None => {
                this.taken
                    .lock()
                    .unwrap()
                    .push(serde_json::from_str(&body).unwrap());
                this.came.notify_one();
                String::new()
            }
        }
    }

    async fn next(&self) -> Value {
        loop {
            if let Some(next) = self.taken.lock().unwrap().pop() {
                return next;
            }
            self.came.notified().await;
        }
    }
}

#[tokio::test]
async fn subscribers_are_told() {
    let cloud = Cloud::start().await;
    let receiver = Receiver::default();
    let base = receiver.start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    let good = json!({
        "changeType": "updated",
        "notificationUrl": format!("{base}/good"),
        "lifecycleNotificationUrl": format!("{base}/good"),
        "resource": format!("/drives/{drive}/root"),
        "expirationDateTime": "2026-04-02T10:00:00Z",
        "clientState": "secret",
    });
    let changed = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, expected) in [
        (
            changed("changeType", json!("created")),
            "400 invalidRequest",
        ),
        (
            changed("resource", json!(format!("/drives/{drive}/items/{item}"))),
            "400 invalidRequest",
        ),
        (changed("resource", json!("/users")), "400 invalidRequest"),
        (
            changed("expirationDateTime", json!("2026-04-02T22:00:00Z")),
            "400 invalidRequest",
        ),
        (
            changed("expirationDateTime", json!("2026-03-04T10:00:00Z")),
            "400 invalidRequest",
        ),
        (
            changed("clientState", json!("x".repeat(129))),
            "400 invalidRequest",
        ),
        (
            changed("notificationUrl", json!("http://labeld.example/notify")),
            "400 invalidRequest",
        ),
        (
            changed("notificationUrl", json!(format!("{base}/bad"))),
            "400 ValidationError",
        ),
        (
            changed("lifecycleNotificationUrl", json!(format!("{base}/none"))),
            "400 ValidationError",
        ),
    ] {
        assert_eq!(
            cloud.post("v1.0/subscriptions", &body).await.outcome(),
            expected,
            "{body}"
        );
    }
    let made = cloud.post("v1.0/subscriptions", &good).await;
    assert_eq!(made.outcome(), "201");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let one = format!("v1.0/subscriptions/{id}");
    cloud.microsoft.notify().await;
    receiver.taken.lock().unwrap().clear();

    cloud.microsoft.put(&drive, "a.txt", "changed", MINA);
    let told = receiver.next().await;
    let told = &told["value"][0];
    assert_eq!(
        (&told["subscriptionId"], &told["clientState"]),
        (&json!(id), &json!("secret"))
    );
    assert_eq!(told["resource"], format!("drives/{drive}/root"));
    assert_eq!(
        told["resourceData"]["@odata.type"],
        "#Microsoft.Graph.DriveItem"
    );

    cloud
        .microsoft
        .switch(|switches| switches.automatic_notifications = false);
    cloud.microsoft.put(&drive, "a.txt", "again", MINA);
    assert_eq!(cloud.microsoft.notify().await, 1);
    assert_eq!(cloud.microsoft.notify().await, 0);
    receiver.taken.lock().unwrap().clear();
    assert_eq!(cloud.microsoft.send_lifecycle_event("missed").await, 1);
    assert_eq!(
        receiver.next().await["value"][0]["lifecycleEvent"],
        "missed"
    );

    let json = [("content-type", "application/json")];
    let renewed = cloud
        .call(
            "PATCH",
            &one,
            &json,
            r#"{"expirationDateTime":"2026-03-20T10:00:00Z"}"#,
        )
        .await;
    assert_eq!(renewed.json()["expirationDateTime"], "2026-03-20T10:00:00Z");
    let too_long = cloud
        .call(
            "PATCH",
            &one,
            &json,
            r#"{"expirationDateTime":"2027-03-20T10:00:00Z"}"#,
        )
        .await;
    assert_eq!(too_long.outcome(), "400 invalidRequest");
    assert_eq!(
        cloud
            .post(&format!("{one}/reauthorize"), &json!({}))
            .await
            .outcome(),
        "204"
    );
    assert_eq!(cloud.get("v1.0/subscriptions").await.names(), [id.as_str()]);
    assert_eq!(cloud.call("DELETE", &one, &[], "").await.outcome(), "204");
    assert_eq!(cloud.get(&one).await.outcome(), "404 ResourceNotFound");
}
