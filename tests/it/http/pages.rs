//! `/livez`, `/readyz`, `/metrics`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use labeld::http::{self, FailingCheck, Probes, Served};
use labeld::model::inventory::FileId;
use labeld::telemetry::{
    BytesFetched, CapFigures, ChangeScanned, FetchPurpose, FileScanned, METRICS, QueueFigures,
    RequestAnswered, ResponseCode, ScanResult, Snapshot, Throttled,
};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::openmetrics::check;
use super::{PATIENCE, Reply, exchange, get, rest};

/// A service as the pages see it.
#[derive(Debug)]
struct Service {
    failing: Mutex<Vec<FailingCheck>>,
    /// Told when the checks are asked, and waited for before they answer.
    asked: Semaphore,
    may_answer: Semaphore,
}

#[async_trait]
impl Probes for Service {
    async fn failing(&self) -> Vec<FailingCheck> {
        self.asked.add_permits(1);
        let _leave = self.may_answer.acquire().await.unwrap();
        self.failing.lock().unwrap().clone()
    }

    async fn metrics(&self) -> String {
        let queue = QueueFigures {
            class: "changed",
            depth: 3,
            oldest: Some(TimeDelta::seconds(70)),
        };
        let snapshot = Snapshot {
            queue: vec![queue],
            label_syncs: vec![("contoso".into(), DateTime::UNIX_EPOCH)],
            caps: vec![CapFigures {
                tenant: "contoso".into(),
                app: "drive".into(),
                limit: 100,
                used: 7,
                reset: DateTime::UNIX_EPOCH,
            }],
        };
        snapshot.page()
    }
}

struct World {
    service: Arc<Service>,
    served: Served,
    stop: oneshot::Sender<()>,
}

impl World {
    /// The pages on a port of the system's choice.
    async fn new() -> Self {
        Self::answering(100).await
    }

    /// With leave for so many answers of the checks.
    async fn answering(answers: usize) -> Self {
        let service = Arc::new(Service {
            failing: Mutex::default(),
            asked: Semaphore::new(0),
            may_answer: Semaphore::new(answers),
        });
        let (stop, stopped) = oneshot::channel();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let stopped = async { drop(stopped.await) };
        let served = http::serve(address, Arc::clone(&service) as _, stopped)
            .await
            .unwrap();
        Self {
            service,
            served,
            stop,
        }
    }

    fn address(&self) -> SocketAddr {
        self.served.address()
    }
}

#[tokio::test]
async fn each_request_has_its_answer() {
    let world = World::new().await;
    let long = "x".repeat(100_000);
    let table: [(&str, String, u16); 11] = [
        (
            "alive",
            "GET /livez HTTP/1.1\r\nHost: localhost".into(),
            200,
        ),
        (
            "ready",
            "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:1".into(),
            200,
        ),
        (
            "metrics",
            "GET /metrics HTTP/1.1\r\nHost: [::1]".into(),
            200,
        ),
        (
            "head",
            "HEAD /livez HTTP/1.1\r\nHost: localhost".into(),
            200,
        ),
        ("old HTTP", "GET /livez HTTP/1.0".into(), 200),
        (
            "foreign",
            "GET /metrics HTTP/1.1\r\nHost: rebound.example".into(),
            421,
        ),
        (
            "proxy",
            "GET http://rebound.example/livez HTTP/1.1\r\nHost: localhost".into(),
            421,
        ),
        (
            "unknown",
            "GET /admin HTTP/1.1\r\nHost: localhost".into(),
            404,
        ),
        (
            "post",
            "POST /readyz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0".into(),
            405,
        ),
        ("no HTTP", "nonsense".into(), 400),
        (
            "long head",
            format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {long}"),
            431,
        ),
    ];
    for (name, request, status) in table {
        let request = format!("{request}\r\nConnection: close\r\n\r\n");
        let reply = exchange(world.address(), request.as_bytes()).await;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
        if matches!(status, 200 | 404 | 405 | 421) {
            assert!(
                reply.has_header("cache-control: no-store"),
                "{name}: {reply:?}"
            );
            assert!(
                reply.has_header("x-content-type-options: nosniff"),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn readiness_names_what_fails_and_for_how_long() {
    let world = World::new().await;
    let reply = get(world.address(), "/readyz").await;
    assert_eq!(
        (reply.status, &*reply.body),
        (200, r#"{"ready":true,"failing":[]}"#)
    );
    *world.service.failing.lock().unwrap() = vec![FailingCheck {
        check: "store".to_owned(),
        seconds: 12,
        reason: "the disk is full".to_owned(),
    }];
    let reply = get(world.address(), "/readyz").await;
    let body =
        r#"{"ready":false,"failing":[{"check":"store","seconds":12,"reason":"the disk is full"}]}"#;
    assert_eq!((reply.status, &*reply.body), (503, body));
    assert!(
        reply.has_header("content-type: application/json"),
        "{reply:?}"
    );
    // The process lives all the same.
    assert_eq!(get(world.address(), "/livez").await.status, 200);
}

#[tokio::test]
async fn the_metrics_page_keeps_to_openmetrics() {
    let (tenant, app) = ("odd \"name\" \\ of\na tenant".into(), "drive".into());
    let (tenant, app, file) = (&tenant, &app, FileId(1));
    let result = ScanResult::Unlabelled;
    FileScanned {
        tenant,
        app,
        file,
        result,
    }
    .emit();
    BytesFetched {
        tenant,
        app,
        purpose: FetchPurpose::Scan,
        bytes: 10,
    }
    .emit();
    let seconds = std::time::Duration::from_millis(2_500);
    ChangeScanned {
        tenant,
        app,
        file,
        seconds,
    }
    .emit();
    Throttled {
        tenant,
        app,
        seconds,
    }
    .emit();
    RequestAnswered {
        tenant,
        app,
        code: ResponseCode::None,
    }
    .emit();
    labeld::telemetry::FileSkipped {
        tenant,
        app,
        file,
        reason: labeld::model::Reason::FileTrashed,
    }
    .emit();
    labeld::telemetry::ActionEnded {
        tenant,
        app,
        file,
        action: labeld::telemetry::LabelAction::Apply,
        reason: None,
        seconds,
    }
    .emit();
    let world = World::new().await;
    let reply = get(world.address(), "/metrics").await;
    let media_type = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(reply.has_header(media_type), "{reply:?}");
    let families = check(&reply.body).unwrap_or_else(|wrong| panic!("{wrong}\n{}", reply.body));
    for metric in METRICS {
        let family = families
            .get(metric.name)
            .unwrap_or_else(|| panic!("{} is not in {families:?}", metric.name));
        assert_eq!(family.kind, metric.kind.as_str(), "{}", metric.name);
        let labels: Vec<&str> = family.labels.iter().map(String::as_str).collect();
        let mut expected = metric.labels.to_vec();
        expected.sort_unstable();
        assert_eq!(labels, expected, "{}", metric.name);
    }
    assert_eq!(families.len(), METRICS.len());
}

#[tokio::test]
async fn a_stop_lets_requests_end_and_closes_idle_connections() {
    let world = World::answering(0).await;
    let address = world.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    let asking = tokio::spawn(async move { get(address, "/readyz").await });
    let asked = timeout(PATIENCE, world.service.asked.acquire()).await;
    drop(asked.unwrap().unwrap());
    world.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    world.service.may_answer.add_permits(1);
    let reply: Reply = asking.await.unwrap();
    assert_eq!(reply.status, 200);
    timeout(PATIENCE, world.served.finished()).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_connection_may_ask_more_than_once() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let twice = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n\
                 GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(twice.as_bytes()).await.unwrap();
    let answers = rest(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let world = World::new().await;
    let service = Arc::clone(&world.service);
    let error = http::serve(world.address(), service, async {})
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {}", world.address())
    );
}
