//! Who is told of calls, and who may forbid them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use labeld_connector::ErrorKind;
use labeld_connector::http::{
    Call, CallBudget, CallFailure, CallObserver, CallWatch, Method, NetworkOptions, NoCall,
    StatusCode, Url,
};

use crate::server::{Reply, Server};
use crate::support::{network_options, pacer, retry, service, service_with, told};

fn get(url: Url) -> Call {
    Call::new(Method::GET, url, "read", "item 7")
}

fn good() -> Reply {
    Reply::json("{}")
}

/// Notes what it is told, in words.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl CallObserver for Notes {
    fn answered(&self, status: Option<StatusCode>) {
        let status = status.map_or("none".to_owned(), |status| status.as_u16().to_string());
        self.0.lock().unwrap().push(status);
    }

    fn throttled(&self, time: Duration) {
        // A pause is counted from the moment it is asked for.
        let seconds = time.as_secs_f64().ceil();
        self.0.lock().unwrap().push(format!("wait {seconds}"));
    }
}

/// A budget of some calls; `u32::MAX` cannot be told.
#[derive(Debug)]
struct Calls(AtomicU32);

#[async_trait]
impl CallBudget for Calls {
    async fn take(&self) -> Result<(), NoCall> {
        if self.0.load(Ordering::SeqCst) == u32::MAX {
            return Err(NoCall::Unknown("the store is away".to_owned()));
        }
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        left.map(drop).map_err(|_| NoCall::UsedUp {
            until: chrono::DateTime::UNIX_EPOCH,
            wait: Duration::from_secs(40 * 86_400),
        })
    }
}

#[tokio::test]
async fn every_request_is_told_and_every_wait_once() {
    let busy = |seconds: &'static str| Reply::status(429).header("Retry-After", seconds);
    let table: Vec<(&str, Vec<Reply>, &[&str])> = vec![
        ("good", vec![good()], &["200"]),
        ("refused", vec![Reply::status(404)], &["404"]),
        (
            "repeated",
            vec![Reply::status(503), good()],
            &["503", "200"],
        ),
        ("throttled", vec![busy("300")], &["429", "wait 300"]),
        (
            "lost",
            vec![Reply::lost(), Reply::lost(), Reply::lost()],
            &["none"; 3],
        ),
    ];
    for (name, replies, expected) in table {
        let notes = Arc::new(Notes::default());
        let options = watched(CallWatch {
            observer: Some(notes.clone()),
            budget: None,
        });
        let server = Server::replying(replies).await;
        let service = service_with(&options, retry(), pacer());
        let _ = service.send(get(server.url("/"))).await;
        assert_eq!(notes.taken(), expected, "{name}");
    }
}

#[tokio::test]
async fn no_call_is_made_beyond_the_budget() {
    let server = Server::replying(vec![Reply::status(503), good()]).await;
    let budget = Arc::new(Calls(AtomicU32::new(2)));
    let options = watched(CallWatch {
        observer: None,
        budget: Some(budget),
    });
    let service = service_with(&options, retry(), pacer());
    // An attempt is a call.
    service.send(get(server.url("/"))).await.unwrap();
    let error = service.send(get(server.url("/"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    let told = told(&error);
    assert!(
        told.contains("the calls of this month are used up"),
        "{told}"
    );
    assert!(!CallFailure::of(&error).unwrap().fate_is_unknown());
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_call_that_nobody_can_count_is_not_made() {
    let server = Server::replying(vec![good()]).await;
    let options = watched(CallWatch {
        observer: None,
        budget: Some(Arc::new(Calls(AtomicU32::new(u32::MAX)))),
    });
    let service = service_with(&options, retry(), pacer());
    let error = service.send(get(server.url("/"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn another_may_watch_the_same_service() {
    let notes = Arc::new(Notes::default());
    let server = Server::replying(vec![good(), good()]).await;
    let service = service();
    let watched = service.watched(CallWatch {
        observer: Some(notes.clone()),
        budget: None,
    });
    service.send(get(server.url("/"))).await.unwrap();
    watched.send(get(server.url("/"))).await.unwrap();
    assert_eq!(notes.taken(), ["200"]);
}

fn watched(watch: CallWatch) -> NetworkOptions {
    NetworkOptions {
        watch,
        ..network_options()
    }
}
