//! `labeld status`: the state of a running service.

use std::io::{self, Write};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{grouped, printable};
use super::session;
use crate::daemon::Status;
use crate::daemon::control::Client;

/// Arguments of `labeld status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How the state is printed
    #[arg(long, value_enum, default_value_t)]
    format: StatusFormat,
}

/// One thing is told, so that there are no formats for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum StatusFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of the configuration; a service that is not running or cannot be talked with.
pub(super) fn run(args: &StatusArgs) -> Result<Exit> {
    let state_dir = args.config.state_dir()?;
    session::without_config(async || {
        let status = Client::status(&state_dir).await?;
        let mut out = io::stdout().lock();
        match args.format {
            StatusFormat::Human => out.write_all(page(&status).as_bytes())?,
            StatusFormat::Json => {
                serde_json::to_writer_pretty(&mut out, &status)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(Exit::Ok)
    })
}

/// The state as text, one line for each thing.
pub(super) fn page(status: &Status) -> String {
    let mut lines = head(status);
    for list in &status.label_lists {
        let age = list
            .last_success
            .map_or("never taken over".to_owned(), |at| {
                format!("taken over {} ago", span(status.now - at))
            });
        lines.push(format!("labels    {}: {age}", list.tenant));
    }
    for app in &status.apps {
        let mut line = format!(
            "app       {}/{}: {} changed and {} other files wait, {} being scanned",
            app.tenant,
            app.app,
            grouped(app.changed),
            grouped(app.backlog),
            grouped(app.scanning)
        );
        if let Some(oldest) = app.oldest {
            line += &format!("; the oldest waits for {}", span(status.now - oldest));
        }
        lines.push(line);
    }
    for task in &status.tasks {
        let mut line = format!("task      {}: {}", task.name, task.state);
        if let Some(due) = task.due.filter(|_| task.state != "running") {
            line += &format!(", {}", when(due, status.now));
        }
        if let Some(succeeded) = task.succeeded {
            line += &format!(", last done {} ago", span(status.now - succeeded));
        }
        lines.push(line);
    }
    for check in &status.failing {
        lines.push(format!("failing   {}: {}", check.check, check.why));
    }
    let printed = lines.iter().map(|line| printable(line) + "\n");
    printed.collect()
}

fn head(status: &Status) -> Vec<String> {
    let mut lines = vec![
        format!(
            "labeld {} is {}, process {}, up for {}",
            status.version,
            status.phase.as_str(),
            status.process,
            span(status.now - status.started)
        ),
        format!(
            "config    {}, read {} ago",
            status.config.file,
            span(status.now - status.config.loaded)
        ),
        format!(
            "store     {}: {}",
            status.store.location, status.store.state
        ),
    ];
    if !status.listens.is_empty() {
        lines.push(format!("listens   {}", status.listens.join(", ")));
    }
    for worker in status.workers.iter().filter(|worker| !worker.answers) {
        lines.push(format!(
            "worker    {}, up for {}",
            worker.name,
            span(status.now - worker.started)
        ));
    }
    lines
}

fn when(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if time > now {
        format!("due in {}", span(time - now))
    } else {
        format!("due for {}", span(now - time))
    }
}

/// A span of time in its two largest units.
pub(super) fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_in_words() {
        for (seconds, expected) in [
            (-5, "0 s"),
            (59, "59 s"),
            (61, "1 min"),
            (3_660, "1 h 1 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), expected);
        }
    }
}
