//! `labeld policy diff`: what a changed configuration would do otherwise.

mod in_force;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::rules::{self, Chosen, ChosenFiles};
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, grouped};
use crate::cli::session::{self, Session};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::model::policy::{PolicyDefinition, PolicyName};
use crate::pipeline::simulate::{Changed, FileVerdict, Rulebook, compare};
use crate::policy::{Wanted, changes};
use crate::store::Access;

/// Arguments of `labeld policy diff`.
#[derive(Debug, Args)]
pub(super) struct PolicyDiffArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The configuration file as it was; without it the policies that the store has in force
    #[arg(value_name = "OLD")]
    old: Option<PathBuf>,
    /// The configuration file as it is to be; without it the one of --config
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
    #[command(flatten)]
    files: ChosenFiles,
    /// Most files whose verdict changes that are listed; all of them are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One key of a policy, or one file.
#[derive(Debug, Serialize)]
struct ChangeRow {
    kind: &'static str,
    /// The file's number.
    id: Option<i64>,
    app: Option<String>,
    name: String,
    change: String,
    before: String,
    after: String,
}

impl Row for ChangeRow {
    const COLUMNS: &'static [&'static str] =
        &["kind", "id", "app", "name", "change", "before", "after"];

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        vec![
            self.kind.to_owned(),
            or_dash(self.id.map(|id| id.to_string())),
            or_dash(self.app.clone()),
            self.name.clone(),
            self.change.clone(),
            self.before.clone(),
            self.after.clone(),
        ]
    }
}

/// Runs the command: exit code 5 where a policy, or what becomes of a file, is another one.
///
/// # Errors
///
/// Problems of the configurations and the store.
pub(super) fn run(args: &PolicyDiffArgs) -> Result<Exit> {
    let old = args.old.as_deref().map(Config::load).transpose()?;
    let new = args.new.as_deref().map(Config::load).transpose()?;
    session::with_store(&args.config, Access::Read, async |session| {
        let Some(old) = &old else {
            args.files.check(&session.config)?;
            return in_force::print(args, &session).await;
        };
        let new = new.as_ref().unwrap_or(&session.config);
        args.files.check(new)?;
        print(args, &session, old, new).await
    })
}

async fn print(
    args: &PolicyDiffArgs,
    session: &Session,
    old: &Config,
    new: &Config,
) -> Result<Exit> {
    let now = SystemClock.now();
    let mut listing = Listing::new::<ChangeRow>(io::stdout(), args.format);
    let policies = policy_rows(&old.policies, &new.policies);
    for row in &policies {
        listing.row(row)?;
    }
    let (before, after) = (
        rulebook(session, old, now).await?,
        rulebook(session, new, now).await?,
    );
    let found = compare(
        &session.db,
        (&before, &after),
        &args.files.within(),
        args.limit,
    )
    .await?;
    for changed in &found.first {
        listing.row(&file_row(changed, &before, &after))?;
    }
    listing.finish()?;
    let policies: BTreeSet<&str> = policies.iter().map(|row| row.name.as_str()).collect();
    writeln!(
        io::stderr(),
        "{} policies are different; of {} files {} would come to something else{}",
        policies.len(),
        grouped(found.files),
        grouped(found.changed),
        if found.changed > found.first.len() as u64 {
            format!(", {} of them listed", found.first.len())
        } else {
            String::new()
        }
    )?;
    Ok(if policies.is_empty() && found.changed == 0 {
        Exit::Ok
    } else {
        Exit::ChangesFound
    })
}

async fn rulebook(session: &Session, config: &Config, now: DateTime<Utc>) -> Result<Arc<Rulebook>> {
    let rulebook = rules::load(&session.db, config, &Chosen::default(), now).await?;
    Ok(Arc::new(rulebook))
}

fn policy_rows(old: &[PolicyDefinition], new: &[PolicyDefinition]) -> Vec<ChangeRow> {
    let old: BTreeMap<&PolicyName, &PolicyDefinition> =
        old.iter().map(|one| (&one.name, one)).collect();
    let new: BTreeMap<&PolicyName, &PolicyDefinition> =
        new.iter().map(|one| (&one.name, one)).collect();
    let names: BTreeSet<&PolicyName> = old.keys().chain(new.keys()).copied().collect();
    let row = |name: &PolicyName, change: &str, before, after| ChangeRow {
        kind: "policy",
        id: None,
        app: None,
        name: name.to_string(),
        change: change.to_owned(),
        before,
        after,
    };
    let mut rows = Vec::new();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => {
                let changes = changes(old, new).into_iter();
                rows.extend(changes.map(|one| row(name, one.key, one.before, one.after)));
            }
            (None, Some(_)) => rows.push(row(name, "added", String::new(), String::new())),
            _ => rows.push(row(name, "removed", String::new(), String::new())),
        }
    }
    rows
}

fn file_row(changed: &Changed, before: &Rulebook, after: &Rulebook) -> ChangeRow {
    ChangeRow {
        kind: "file",
        id: Some(changed.file.0),
        app: Some(format!("{}/{}", changed.tenant, changed.app)),
        name: changed.path.clone(),
        change: "verdict".to_owned(),
        before: words(changed, &changed.before, before),
        after: words(changed, &changed.after, after),
    }
}

/// `enforce general: apply General`, `observe general: block label.outside`.
fn words(changed: &Changed, verdict: &FileVerdict, rulebook: &Rulebook) -> String {
    let (Some(policy), Some(mode), Some(what)) = (&verdict.policy, verdict.mode, verdict.verdict)
    else {
        return "none".to_owned();
    };
    let labels = rulebook.labels(&changed.tenant);
    let more = match (what.reason(), verdict.wanted) {
        (Some(reason), _) => format!(" {}", reason.code()),
        (None, Some(Wanted::Apply(id))) => match labels {
            Some(labels) => format!(" {}", labels.full_name(id)),
            None => format!(" {id}"),
        },
        (None, _) => String::new(),
    };
    format!("{mode} {policy}: {what}{more}")
}
