//! Sends spans to the collector (OTLP 1.x, `POST /v1/traces`, JSON).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::redirect::Policy;
use reqwest::{Client, header};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

use super::{Attribute, EndedSpan};

/// Most spans in a request.
const MOST_IN_REQUEST: usize = 512;

/// How long spans are gathered before they are sent.
const GATHERING: Duration = Duration::from_secs(2);

/// How long a request may take.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// How long the end of the program may wait for the collector.
const LAST_TIME: Duration = Duration::from_secs(3);

/// Nanoseconds since 1970 end in 2262; a clock beyond that shows this.
const NO_TIME: i64 = 0;

/// Sends spans, once it is spawned.
#[derive(Debug)]
pub struct Exporter {
    address: String,
    waiting: Receiver<EndedSpan>,
    dropped: Arc<AtomicU64>,
    /// Whether the collector took the last request: its absence is told once.
    is_well: bool,
}

/// An exporter at work.
#[derive(Debug)]
pub struct Exporting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporting {
    /// Sends what is left, if the collector takes it soon, and ends.
    pub async fn finish(self) {
        // An exporter that has ended needs no stop.
        let _ = self.stop.send(());
        let _ = timeout(LAST_TIME, self.task).await;
    }
}

impl Exporter {
    pub(super) fn new(
        collector: &Url,
        waiting: Receiver<EndedSpan>,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        Self {
            address: format!("{}/v1/traces", collector.as_str().trim_end_matches('/')),
            waiting,
            dropped,
            is_well: true,
        }
    }

    /// Begins to send, on the present runtime.
    #[must_use]
    pub fn spawn(self) -> Exporting {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(self.run(stopped));
        Exporting { stop, task }
    }

    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(REQUEST_TIME)
            .build();
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!("traces are not sent: {}", error.without_url());
                return;
            }
        };
        loop {
            let mut spans = Vec::new();
            let is_last = tokio::select! {
                () = gather(&mut self.waiting, &mut spans) => self.waiting.is_closed(),
                _ = &mut stopped => true,
            };
            if is_last {
                self.waiting.close();
                while let Some(span) = self.waiting.recv().await {
                    spans.push(span);
                }
            }
            for part in spans.chunks(MOST_IN_REQUEST) {
                self.send(&client, part).await;
            }
            if is_last {
                return;
            }
        }
    }

    async fn send(&mut self, client: &Client, spans: &[EndedSpan]) {
        let request = client
            .post(&self.address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(message(spans).to_string());
        let sent = request.send().await;
        let failure = match sent.and_then(reqwest::Response::error_for_status) {
            Ok(_) => None,
            Err(error) => Some(error.without_url()),
        };
        if failure.is_some() {
            self.dropped
                .fetch_add(spans.len() as u64, Ordering::Relaxed);
        }
        match &failure {
            Some(error) if self.is_well => {
                tracing::warn!("the collector takes no traces, which are dropped: {error}");
            }
            None if !self.is_well => {
                let dropped = self.dropped.swap(0, Ordering::Relaxed);
                tracing::info!("the collector takes traces again; {dropped} spans were dropped");
            }
            _ => {}
        }
        self.is_well = failure.is_none();
    }
}

/// Gathers spans until there are enough for a request, or the oldest has waited long enough. Keeps what it has in
/// `spans` when it is given up.
async fn gather(waiting: &mut Receiver<EndedSpan>, spans: &mut Vec<EndedSpan>) {
    let Some(first) = waiting.recv().await else {
        return;
    };
    spans.push(first);
    let more = async {
        while spans.len() < MOST_IN_REQUEST {
            let Some(span) = waiting.recv().await else {
                return;
            };
            spans.push(span);
        }
    };
    // That the time is over is the usual end.
    let _ = timeout(GATHERING, more).await;
}

fn message(spans: &[EndedSpan]) -> Value {
    let resource = [
        attribute("service.name", &Attribute::Text("labeld".to_owned())),
        attribute(
            "service.version",
            &Attribute::Text(env!("CARGO_PKG_VERSION").to_owned()),
        ),
    ];
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "labeld" }, "spans": spans }],
    }] })
}

/// Ids are hexadecimal and 64-bit numbers are text in OTLP's JSON.
fn span(span: &EndedSpan) -> Value {
    let took = TimeDelta::from_std(span.took).unwrap_or_default();
    let attributes = span.attributes.iter();
    let attributes: Vec<Value> = attributes
        .map(|(name, value)| attribute(name, value))
        .collect();
    let mut json = json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "name": span.name,
        // SPAN_KIND_INTERNAL
        "kind": 1,
        "startTimeUnixNano": nanoseconds(span.started),
        "endTimeUnixNano": nanoseconds(span.started + took),
        "attributes": attributes,
        // STATUS_CODE_ERROR or STATUS_CODE_UNSET
        "status": { "code": if span.failed { 2 } else { 0 } },
    });
    if let Some(parent) = span.parent {
        json["parentSpanId"] = format!("{parent:016x}").into();
    }
    json
}

fn nanoseconds(time: DateTime<Utc>) -> String {
    time.timestamp_nanos_opt().unwrap_or(NO_TIME).to_string()
}

fn attribute(name: &str, value: &Attribute) -> Value {
    let value = match value {
        Attribute::Text(text) => json!({ "stringValue": text }),
        Attribute::Number(number) => json!({ "intValue": number.to_string() }),
    };
    json!({ "key": name, "value": value })
}
