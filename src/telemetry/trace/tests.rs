//! Spans, as a collector on loopback gets them.

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::sync::mpsc;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use super::*;
use crate::clock::TestClock;
use crate::model::inventory::FileId;

/// A collector, which answers with `status`, and the address under which it is found.
async fn collector(status: StatusCode) -> (Url, mpsc::UnboundedReceiver<Value>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (got, gets) = mpsc::unbounded_channel();
    let routes = Router::new().route(
        "/v1/traces",
        post(async move |Json(message): Json<Value>| {
            got.send(message).unwrap();
            status
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (Url::parse(&address).unwrap(), gets)
}

/// The spans of a message, and nothing else in it.
fn spans(message: &Value) -> Vec<Value> {
    let resource = &message["resourceSpans"][0];
    assert_eq!(
        resource["resource"]["attributes"][0]["value"]["stringValue"],
        "labeld"
    );
    let spans = resource["scopeSpans"][0]["spans"].as_array();
    spans.unwrap().clone()
}

fn start(collector: Url) -> (impl tracing::Subscriber, Exporting) {
    let clock = TestClock::at(DateTime::from_timestamp(1_772_704_800, 0).unwrap());
    let (layer, exporter) = pair(TraceOptions {
        collector,
        clock: Arc::new(clock),
    });
    let layer = layer.with_filter(only_spans());
    (tracing_subscriber::registry().with(layer), exporter.spawn())
}

#[tokio::test]
async fn spans_reach_the_collector_with_their_place_in_the_trace() {
    let (url, mut gets) = collector(StatusCode::OK).await;
    let (subscriber, exporting) = start(url);
    tracing::subscriber::with_default(subscriber, || {
        let task = task("poll:contoso/drive");
        let _in_task = task.enter();
        // Of another crate, and with a name.
        let foreign = tracing::info_span!("foreign", path = "/secret.docx");
        let _in_foreign = foreign.enter();
        drop(poll_page(&"contoso".into(), &"drive".into()));
        let scan = file_scan(&"contoso".into(), &"drive".into(), FileId(7));
        scan.record("failed", true);
    });
    exporting.finish().await;
    let message = gets.recv().await.unwrap();
    let spans = spans(&message);
    let names: Vec<_> = spans
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["poll_page", "file_scan", "task"]);
    let (page, scan, task) = (&spans[0], &spans[1], &spans[2]);
    for below in [page, scan] {
        assert_eq!(below["traceId"], task["traceId"]);
        assert_eq!(below["parentSpanId"], task["spanId"]);
        assert_ne!(below["spanId"], task["spanId"]);
    }
    assert_eq!(task.get("parentSpanId"), None);
    assert_eq!(task["traceId"].as_str().unwrap().len(), 32);
    assert_eq!(task["spanId"].as_str().unwrap().len(), 16);
    assert_eq!(task["startTimeUnixNano"], "1772704800000000000");
    let file = serde_json::json!([
        { "key": "tenant", "value": { "stringValue": "contoso" } },
        { "key": "app", "value": { "stringValue": "drive" } },
        { "key": "file", "value": { "intValue": "7" } },
    ]);
    assert_eq!(scan["attributes"], file);
    let codes: Vec<_> = spans
        .iter()
        .map(|span| span["status"]["code"].as_u64())
        .collect();
    assert_eq!(codes, [Some(0), Some(2), Some(0)]);
    assert!(!message.to_string().contains("secret"));
}

#[tokio::test]
async fn a_collector_that_refuses_holds_nothing_up() {
    let (url, mut gets) = collector(StatusCode::SERVICE_UNAVAILABLE).await;
    let (subscriber, exporting) = start(url);
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..MOST_WAITING * 2 {
            drop(task("label_sync:contoso"));
        }
    });
    exporting.finish().await;
    let mut sent = 0;
    while let Ok(message) = gets.try_recv() {
        sent += spans(&message).len();
    }
    assert!((1..=MOST_WAITING).contains(&sent), "{sent}");
}
