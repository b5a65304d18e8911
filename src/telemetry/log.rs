//! The log.

use std::io;

use tracing_subscriber::filter::LevelFilter;

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

/// Begins the log of this process, on standard error. Once in a process.
pub fn start(options: &LogOptions) {
    let log = tracing_subscriber::fmt()
        .with_max_level(options.level)
        .with_writer(io::stderr);
    match options.format {
        LogFormat::Text => log.with_target(false).init(),
        LogFormat::Json => log.json().init(),
    }
}
