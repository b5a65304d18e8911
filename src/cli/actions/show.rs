//! `labeld actions show`: an action with every attempt of it.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::list::{self, ActionRow, second};
use super::names::Names;
use crate::cli::UsageError;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, printable};
use crate::cli::session::{self, Session};
use crate::model::Reason;
use crate::store::Access;
use crate::store::actions::{self, ActionId};
use crate::store::ledger::{self, LedgerRow};

/// Arguments of `labeld actions show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The action's number
    #[arg(value_name = "ID")]
    id: i64,
    /// How the action is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// An attempt to write, without what is kept to take it back.
#[derive(Debug, Serialize)]
struct AttemptRow {
    /// Its id, which is the ActionId in the label.
    id: String,
    state: &'static str,
    verb: &'static str,
    label: Option<String>,
    method: Option<String>,
    route: &'static str,
    #[serde(rename = "override")]
    overridden: bool,
    reason: Option<&'static str>,
    detail: Option<String>,
    version_before: String,
    size_before: u64,
    version_after: Option<String>,
    run: Option<i64>,
    undoes: Option<String>,
    intended_at: String,
    sent_at: Option<String>,
    ended_at: Option<String>,
}

impl AttemptRow {
    fn of(names: &Names, row: &LedgerRow) -> Self {
        Self {
            id: row.id.to_string(),
            state: row.state.as_str(),
            verb: row.verb.as_str(),
            label: row.label.map(|label| names.label(&row.tenant, label)),
            method: row.method.clone(),
            route: row.route.as_str(),
            overridden: row.overridden,
            reason: row.reason.map(Reason::code),
            detail: row.detail.clone(),
            version_before: row.version_before.0.clone(),
            size_before: row.size_before,
            version_after: row.version_after.as_ref().map(|version| version.0.clone()),
            run: row.run.map(|run| run.0),
            undoes: row.undoes.map(|id| id.to_string()),
            intended_at: second(row.intended_at),
            sent_at: row.sent_at.map(second),
            ended_at: row.ended_at.map(second),
        }
    }
}

/// The whole history.
#[derive(Debug, Serialize)]
struct History {
    #[serde(flatten)]
    action: ActionRow,
    attempts: Vec<AttemptRow>,
}

impl Row for History {
    const COLUMNS: &'static [&'static str] = ActionRow::COLUMNS;

    fn cells(&self) -> Vec<String> {
        self.action.cells()
    }
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store, and an action that is not there.
pub(super) fn run(args: &ShowArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let history = history(&session, ActionId(args.id)).await?;
        if args.format == Format::Human {
            write!(io::stdout(), "{}", drawer(&history))?;
        } else {
            let mut listing = Listing::new::<History>(io::stdout(), args.format);
            listing.row(&history)?;
            listing.finish()?;
        }
        Ok(Exit::Ok)
    })
}

async fn history(session: &Session, id: ActionId) -> Result<History> {
    let Some(action) = actions::get(&session.db, id).await? else {
        return Err(UsageError(format!("there is no action {}", id.0)).into());
    };
    let names = Names::load(session).await?;
    let attempts = ledger::of_action(&session.db, id).await?;
    Ok(History {
        action: list::row(session, &names, &action).await?,
        attempts: attempts
            .iter()
            .map(|attempt| AttemptRow::of(&names, attempt))
            .collect(),
    })
}

fn drawer(history: &History) -> String {
    let action = &history.action;
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = vec![
        ("action", format!("{} ({})", action.id, action.state)),
        (
            "file",
            format!(
                "{} ({}/{}, number {})",
                or_dash(&action.path),
                action.tenant,
                or_dash(&action.app),
                action.file
            ),
        ),
        (
            "wanted",
            format!(
                "{} {}",
                action.verb,
                action.label.clone().unwrap_or_default()
            ),
        ),
        ("asked by", action.asked_by.clone()),
    ];
    if let Some(run) = action.run {
        lines.push((
            "run",
            format!("{run} (`labeld undo {run}` takes all of it back)"),
        ));
    }
    if let Some(reason) = action.reason.and_then(Reason::from_code) {
        lines.push(("reason", format!("{reason}: {}", reason.cause())));
        lines.push(("", format!("{} ({})", reason.fix(), reason.fixed_by())));
    }
    if let Some(detail) = &action.detail {
        lines.push(("", detail.clone()));
    }
    lines.push(("made", action.made.clone()));
    match &action.ended {
        Some(ended) => lines.push(("ended", ended.clone())),
        None => lines.push((
            "due",
            format!("{}, failed {} times", action.due, action.attempt),
        )),
    }
    if let Some(again) = &action.again {
        lines.push((
            "again",
            format!("{again}, by itself; looks so far: {}", action.looks),
        ));
    }
    for attempt in &history.attempts {
        lines.push(("attempt", format!("{} {}", attempt.id, attempt.state)));
        let sent = attempt.sent_at.as_deref().unwrap_or("not sent");
        lines.push((
            "",
            format!(
                "intended {}, sent {sent}, known {}",
                attempt.intended_at,
                or_dash(&attempt.ended_at)
            ),
        ));
        lines.push((
            "",
            format!(
                "version {} of {} bytes, then {}",
                attempt.version_before,
                attempt.size_before,
                or_dash(&attempt.version_after)
            ),
        ));
        if let Some(reason) = attempt.reason {
            let detail = attempt.detail.clone().unwrap_or_default();
            lines.push(("", format!("{reason} {detail}")));
        }
    }
    lines
        .iter()
        .map(|(key, value)| format!("{key:<10} {}\n", printable(value.trim_end())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_action_tells_when_it_is_looked_at_again() {
        let check = |again: Option<&str>, expected: Option<&str>| {
            let history = History {
                action: ActionRow {
                    id: 7,
                    state: "refused",
                    verb: "apply",
                    label: Some("General".to_owned()),
                    tenant: "acme".to_owned(),
                    app: None,
                    file: 1,
                    path: None,
                    asked_by: "policy general".to_owned(),
                    run: None,
                    reason: Some(Reason::LibraryCheckoutRequired.code()),
                    detail: None,
                    attempt: 0,
                    made: "2026-03-01T12:00:00Z".to_owned(),
                    due: "2026-03-01T12:00:00Z".to_owned(),
                    ended: Some("2026-03-01T12:00:01Z".to_owned()),
                    again: again.map(ToOwned::to_owned),
                    looks: 1,
                },
                attempts: Vec::new(),
            };
            let drawn = drawer(&history);
            let line = drawn.lines().find(|line| line.starts_with("again"));
            let said = line.map(|line| line.trim_start_matches("again").trim_start());
            assert_eq!(said, expected, "{drawn}");
        };
        check(None, None);
        check(
            Some("2026-03-03T12:00:01Z"),
            Some("2026-03-03T12:00:01Z, by itself; looks so far: 1"),
        );
    }
}
