//! Change notifications: what is subscribed to, and who is heard.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use labeld_conformance::Harness;
use labeld_connector::http::Url;
use labeld_connector::{ChangeHints, Connector, FeedRef, HintAnswer, HintRequest, Subscription};
use labeld_connector_sharepoint::SharePointOptions;
use labeld_graph::{HintOptions, Tenant, TenantOptions};
use serde_json::{Value, json};

use crate::library;
use crate::support::{AppDrive, MINA, only_feed};

/// A receiver that does what the connector says.
#[derive(Clone)]
struct Receiver {
    app: Arc<dyn Connector>,
    known: Arc<Mutex<Vec<Subscription>>>,
    answers: Arc<Mutex<Vec<HintAnswer>>>,
}

async fn receive(
    State(receiver): State<Receiver>,
    RawQuery(query): RawQuery,
    body: axum::body::Bytes,
) -> (StatusCode, String) {
    let mut url = Url::parse("http://here/").unwrap();
    url.set_query(query.as_deref());
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let request = HintRequest {
        query: &query,
        headers: &[],
        body: &body,
    };
    let known = receiver.known.lock().unwrap().clone();
    let answer = receiver
        .app
        .change_hints()
        .unwrap()
        .receive(&request, &known);
    receiver.answers.lock().unwrap().push(answer.clone());
    (StatusCode::from_u16(answer.status).unwrap(), answer.body)
}

/// An app with a receiver that listens.
async fn listening() -> (AppDrive<SharePointOptions>, Receiver, FeedRef) {
    let app = library().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let url = |path: &str| Url::parse(&format!("{base}/{path}")).unwrap();
    let options = TenantOptions {
        hints: Some(HintOptions {
            notification_url: url("notify"),
            lifecycle_url: Some(url("lifecycle")),
        }),
        ..app.world.options()
    };
    let connector = app.app_of(Tenant::new(options).unwrap());
    let receiver = Receiver {
        app: connector,
        known: Arc::default(),
        answers: Arc::default(),
    };
    let routes = Router::new().fallback(receive).with_state(receiver.clone());
    tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
    app.world
        .switch(|switches| switches.automatic_notifications = false);
    let feed = only_feed(&*receiver.app).await;
    (app, receiver, feed)
}

impl Receiver {
    fn hints(&self) -> &dyn ChangeHints {
        self.app.change_hints().unwrap()
    }

    fn last(&self) -> HintAnswer {
        self.answers.lock().unwrap().last().cloned().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_lives_from_handshake_to_end() {
    let (app, receiver, feed) = listening().await;
    let first = receiver.hints().subscribe(&feed, None).await.unwrap();
    assert!(first.secret.len() >= 40 && first.secret.len() <= 128);
    receiver.known.lock().unwrap().push(first.clone());
    let renewed = receiver
        .hints()
        .subscribe(&feed, Some(&first))
        .await
        .unwrap();
    assert_eq!((&renewed.id, &renewed.secret), (&first.id, &first.secret));

    app.world.microsoft().put(&app.drive, "a.docx", "a", MINA);
    assert_eq!(app.world.microsoft().notify().await, 1);
    assert_eq!(receiver.last().look_at, std::slice::from_ref(&feed));

    for (event, renews) in [("missed", false), ("reauthorizationRequired", true)] {
        assert_eq!(app.world.microsoft().send_lifecycle_event(event).await, 1);
        let heard = receiver.last();
        assert_eq!(heard.look_at, std::slice::from_ref(&feed), "{event}");
        assert_eq!(!heard.renew.is_empty(), renews, "{event}");
    }
    app.world
        .microsoft()
        .send_lifecycle_event("subscriptionRemoved")
        .await;
    assert_eq!(receiver.last().renew, std::slice::from_ref(&first.id));
    let again = receiver
        .hints()
        .subscribe(&feed, Some(&first))
        .await
        .unwrap();
    assert_ne!(again.id, first.id, "one that is gone is made anew");

    receiver.hints().unsubscribe(&again).await.unwrap();
    receiver.hints().unsubscribe(&again).await.unwrap();
}

#[tokio::test]
async fn only_who_knows_the_secret_is_heard() {
    let (app, receiver, feed) = listening().await;
    let known = Subscription {
        id: "9f1e".to_owned(),
        feed: feed.clone(),
        secret: "the secret".to_owned(),
        expires: app.world.emulator.clock().now(),
    };
    let tenant = app.world.microsoft().tenant_id();
    let one = |fields: Value| json!({ "value": [fields] });
    let good = json!({"subscriptionId": "9f1e", "clientState": "the secret", "tenantId": tenant});
    let cases: Vec<(&str, Value, u16, usize)> = vec![
        ("good", one(good.clone()), 202, 1),
        (
            "twice",
            json!({"value": [good.clone(), good.clone()]}),
            202,
            1,
        ),
        (
            "without tenant",
            one(json!({"subscriptionId": "9f1e", "clientState": "the secret"})),
            202,
            1,
        ),
        (
            "wrong secret",
            one(json!({"subscriptionId": "9f1e", "clientState": "guessed"})),
            401,
            0,
        ),
        ("no secret", one(json!({"subscriptionId": "9f1e"})), 401, 0),
        (
            "null secret",
            one(json!({"subscriptionId": "9f1e", "clientState": null})),
            401,
            0,
        ),
        (
            "unknown",
            one(json!({"subscriptionId": "0000", "clientState": "the secret"})),
            401,
            0,
        ),
        (
            "another tenant",
            one(
                json!({"subscriptionId": "9f1e", "clientState": "the secret", "tenantId": uuid_of_nobody()}),
            ),
            401,
            0,
        ),
        (
            "good and forged",
            json!({"value": [good, {"subscriptionId": "x"}]}),
            202,
            1,
        ),
        ("nothing", json!({"value": []}), 401, 0),
        ("no list", json!({}), 400, 0),
        ("no JSON", json!("text"), 400, 0),
    ];
    for (name, body, status, looks) in cases {
        let body = body.to_string();
        let request = HintRequest {
            query: &[],
            headers: &[],
            body: body.as_bytes(),
        };
        let heard = receiver
            .hints()
            .receive(&request, std::slice::from_ref(&known));
        assert_eq!(
            (heard.status, heard.look_at.len()),
            (status, looks),
            "{name}"
        );
    }
}

fn uuid_of_nobody() -> &'static str {
    "00000000-0000-0000-0000-000000000001"
}

#[tokio::test]
async fn a_handshake_gives_the_token_back_and_no_page() {
    let (_app, receiver, _) = listening().await;
    let long = "x".repeat(5_000);
    for (token, status) in [
        (
            "Validation: Testing client application reachability for subscription Request-Id: 1",
            200,
        ),
        ("<script>alert(1)</script>", 400),
        ("a\nb", 400),
        ("", 400),
        (&*long, 400),
    ] {
        let query = [("validationToken".to_owned(), token.to_owned())];
        let request = HintRequest {
            query: &query,
            headers: &[],
            body: b"",
        };
        let answer = receiver.hints().receive(&request, &[]);
        let body = if status == 200 { token } else { "" };
        assert_eq!((answer.status, &*answer.body), (status, body), "{token}");
    }
}

#[tokio::test]
async fn without_an_address_there_are_no_hints() {
    let app = library().await;
    assert!(app.app().change_hints().is_none());
    app.put("a.docx", b"a").await;
}
