//! Traces: spans of the work, sent by OTLP over HTTP when a collector is configured.
//!
//! The exporter is our own: the collector's JSON is small, and the client that calls the clouds can send it. Spans
//! carry names from the configuration and row numbers, nothing else.

mod export;
mod layer;
mod spans;

pub use export::{Exporter, Exporting};
pub(super) use layer::SpanLayer;
pub use spans::{file_scan, poll_page, task};

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use url::Url;

use crate::clock::Clock;

/// Target of our spans; no other span is sent.
const TARGET: &str = "labeld::span";

/// Spans that may wait to be sent. What comes beyond is dropped.
const MOST_WAITING: usize = 4096;

/// Where traces go.
#[derive(Debug, Clone)]
pub struct TraceOptions {
    /// The collector, without `/v1/traces`.
    pub collector: Url,
    /// Says when a span began.
    pub clock: Arc<dyn Clock>,
}

/// Lets our spans through and nothing else.
pub(super) fn only_spans() -> Targets {
    Targets::new().with_target(TARGET, Level::INFO)
}

/// Lets everything through but our spans.
pub(super) fn no_spans(metadata: &tracing::Metadata<'_>) -> bool {
    metadata.target() != TARGET
}

/// The layer that takes spans, and the exporter that sends them.
pub(super) fn pair(options: TraceOptions) -> (SpanLayer, Exporter) {
    let (ended, waiting) = tokio::sync::mpsc::channel(MOST_WAITING);
    let layer = SpanLayer::new(ended, options.clock);
    let dropped = layer.dropped();
    (layer, Exporter::new(&options.collector, waiting, dropped))
}

/// A span that has ended.
#[derive(Debug, Clone, PartialEq)]
struct EndedSpan {
    trace: u128,
    id: u64,
    parent: Option<u64>,
    name: &'static str,
    started: DateTime<Utc>,
    took: Duration,
    attributes: Vec<(&'static str, Attribute)>,
    failed: bool,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
enum Attribute {
    Text(String),
    Number(i64),
}

#[cfg(test)]
mod tests;
