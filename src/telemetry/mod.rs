//! What labeld says about itself: log, metrics and traces.
//!
//! What happens is an event, and an event is a struct: `telemetry::FileScanned { … }.emit()` writes the
//! log line and counts in the metrics, so that the two cannot tell different stories. The events
//! ([`EVENTS`]) and the metrics ([`METRICS`]) are tables, against which a test holds `docs/logging.md`
//! and `docs/metrics.md`.
//!
//! No event has a field for a file's name or path, its content, a token or a URL: a file is its row in
//! the store. Labels of metrics have a bounded number of values: names from the configuration and words
//! from a fixed list.

mod event;
mod events;
mod labels;
mod log;
mod metrics;
mod snapshot;
pub mod trace;

pub use event::EventDescription;
pub use events::*;
pub use labels::{FetchPurpose, LabelAction, ResponseCode, ScanResult};
pub use log::{LogFormat, LogOptions, start};
pub use metrics::{CONTENT_TYPE, METRICS, MetricDescription, MetricKind};
pub use snapshot::{CapFigures, QueueFigures, Snapshot};

#[cfg(test)]
mod tests;
