//! `labeld undo`: takes back what a run has written, where the files are as labeld left them.

use std::collections::HashSet;
use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::Format;
use super::session::{self, Session};
use super::{UsageError, hand};
use crate::daemon::hand::{HandAnswer, HandRequest, HandRow, UndoRequest};
use crate::model::Reason;
use crate::store::actions::{self, ActionRunId, Verb};
use crate::store::ledger::{self, AttemptState, LedgerRow};
use crate::store::{Access, files};

/// Arguments of `labeld undo`.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The run's number, as the command that wrote printed it, and as `labeld actions list` has it
    #[arg(value_name = "RUN")]
    run: i64,
    /// Only say what would be done, by what the inventory knows of the files
    #[arg(long)]
    dry_run: bool,
    /// How the table of results is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store, and a run that is not there.
pub(super) fn run(args: &UndoArgs) -> Result<Exit> {
    let run = ActionRunId(args.run);
    let answer = if args.dry_run {
        session::with_store(&args.config, Access::Read, async |session| {
            known(&session, run).await?;
            preview(&session, run).await
        })?
    } else {
        hand::run(&args.config, async |session| {
            known(session, run).await?;
            Ok(HandRequest::Undo(UndoRequest {
                run: run.0,
                by: hand::asker(),
            }))
        })?
    };
    let exit = hand::print(&answer, args.format)?;
    tell(args, &answer)?;
    Ok(exit)
}

async fn known(session: &Session, run: ActionRunId) -> Result<()> {
    match actions::find_run(&session.db, run).await? {
        Some(_) => Ok(()),
        None => Err(UsageError(format!("there is no run {}", run.0)).into()),
    }
}

fn tell(args: &UndoArgs, answer: &HandAnswer) -> Result<()> {
    let word = if args.dry_run {
        WOULD_RESTORE
    } else {
        RESTORED
    };
    let restored = answer.rows.iter().filter(|row| row.outcome == word);
    let restored = restored.count();
    writeln!(
        io::stderr(),
        "run {}: {restored} files {}, {} left alone",
        args.run,
        if args.dry_run {
            "would be as they were before"
        } else {
            "are as they were before"
        },
        answer.rows.len() - restored
    )?;
    if let Some(run) = answer.run {
        writeln!(io::stderr(), "it was run {run}")?;
    }
    Ok(())
}

const RESTORED: &str = "restored";

const WOULD_RESTORE: &str = "would_restore";

/// What the ledger and the inventory say; the files themselves may have changed since.
async fn preview(session: &Session, run: ActionRunId) -> Result<HandAnswer> {
    let rows = ledger::of_run(&session.db, run).await?;
    let written = rows.into_iter().rev().filter(|row| {
        row.state == AttemptState::Applied && matches!(row.verb, Verb::Apply | Verb::Remove)
    });
    let mut answer = HandAnswer::default();
    let mut seen = HashSet::new();
    for row in written {
        if seen.insert(row.file) {
            answer.rows.push(previewed(session, &row).await?);
        }
    }
    Ok(answer)
}

async fn previewed(session: &Session, row: &LedgerRow) -> Result<HandRow> {
    let record = files::get(&session.db, row.file).await?;
    let record = record.as_ref();
    let present = record.filter(|record| record.removed.is_none());
    let is_as_left =
        present.is_some_and(|record| Some(&record.version) == row.version_after.as_ref());
    let taken_back = ledger::undone_by(&session.db, row.id).await?.is_some();
    let (outcome, detail) = if taken_back {
        (
            HandRow::UNCHANGED,
            Some("it was taken back before".to_owned()),
        )
    } else if present.is_none() {
        (Reason::FileDeleted.code(), None)
    } else if is_as_left {
        (WOULD_RESTORE, None)
    } else {
        (Reason::UndoChanged.code(), None)
    };
    Ok(HandRow {
        tenant: Some(row.tenant.clone()),
        app: record.map(|record| record.app.clone()),
        file: record.map(|record| record.file.0.clone()),
        action: Some(row.action.0),
        outcome: outcome.to_owned(),
        detail,
        due: None,
    })
}
