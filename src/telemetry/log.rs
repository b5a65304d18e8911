//! The log, and beside it the traces.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::trace::{self, Exporter, TraceOptions};

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// The least important level that is logged.
    pub level: LevelFilter,
    /// How the log looks.
    pub format: LogFormat,
}

/// Begins the log of this process, on standard error, and with `traces` the taking of spans, which the exporter sends
/// once it is spawned. Once in a process.
pub fn start(log: &LogOptions, traces: Option<TraceOptions>) -> Option<Exporter> {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(is_coloured());
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let lines = lines.with_filter(log.level.and(filter_fn(trace::no_spans)));
    let (spans, exporter) = traces.map(trace::pair).unzip();
    let spans = spans.map(|spans| spans.with_filter(trace::only_spans()));
    tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .init();
    exporter
}

/// Colours are for people who look on, unless they do not want any (no-color.org).
fn is_coloured() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !unwanted
}
