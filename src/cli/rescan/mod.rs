//! `labeld rescan`: brings the inventory up to date, reads what has changed, prints what became of
//! every file.

mod progress;
mod result;

use std::io::{self, Write};
use std::process;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;

use self::progress::Watch;
use self::result::{OutcomeRow, Totals};
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing};
use super::session::{self, Session};
use super::time::Since;
use super::{UsageError, sync_labels};
use crate::apps;
use crate::clock::{Clock, SystemClock};
use crate::config::TenantConfig;
use crate::pipeline::discover::StageError;
use crate::pipeline::rescan::{Scope, rescan};
use crate::pipeline::{App, StopSignal, error_chain};
use crate::store::Access;

/// Arguments of `labeld rescan`.
#[derive(Debug, Args)]
pub(super) struct RescanArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only files whose path below the app's root matches, for example 'finance/*.docx'
    #[arg(long, value_name = "GLOB")]
    path: Option<String>,
    /// Only files modified since then: 7d, 12h, 2026-03-01 or 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    modified_since: Option<Since>,
    /// Only files not known to have a label
    #[arg(long)]
    unlabelled: bool,
    /// Read every file in scope, also those that have not changed since they were read
    #[arg(long)]
    reread: bool,
    /// How the table of results is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store. An app that fails is reported, and the others go on.
pub(super) fn run(args: &RescanArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Write, async |session| {
        run_all(args, &session).await
    })
}

async fn run_all(args: &RescanArgs, session: &Session) -> Result<Exit> {
    let clock = SystemClock;
    let stop = stop_on_signal();
    let scope = args.scope(clock.now());
    let mut listing = Listing::new::<OutcomeRow>(io::stdout(), args.format);
    let mut totals = Totals::default();
    let tenants = args.tenants(session)?;
    for tenant in tenants {
        sync_labels::of_tenant(&session.db, tenant, clock.now()).await?;
        let apps = match apps::of_tenant(&session.config, tenant) {
            Ok(apps) => apps,
            Err(error) => {
                totals.app_failed(&tenant.name, &error_chain(&error))?;
                continue;
            }
        };
        for app in apps
            .iter()
            .filter(|app| args.app.as_ref().is_none_or(|name| app.name.0 == *name))
        {
            let watch = Watch::start(app);
            let coauthoring = apps::coauthoring(tenant);
            let mut told = |progress| watch.tell(progress);
            let done = rescan(
                &session.db,
                app,
                &scope,
                coauthoring,
                &clock,
                &stop,
                &mut told,
            )
            .await;
            watch.finish();
            match done {
                Ok(finished) => totals.add(app, &finished, &mut listing)?,
                Err(StageError::Stopped) => {
                    listing.finish()?;
                    return interrupted(app);
                }
                Err(StageError::Store(error)) => return Err(error.into()),
                Err(StageError::App(error)) => totals.app_failed(app, &error_chain(&error))?,
            }
        }
    }
    listing.finish()?;
    write!(io::stderr(), "{totals}")?;
    Ok(totals.exit())
}

fn interrupted(app: &App) -> Result<Exit> {
    writeln!(
        io::stderr(),
        "interrupted in {app}: all that was read is kept; the same command goes on from here"
    )?;
    Ok(Exit::Interrupted)
}

impl RescanArgs {
    fn scope(&self, now: DateTime<Utc>) -> Scope {
        Scope {
            path: self.path.clone(),
            modified_since: self.modified_since.map(|since| since.before(now)),
            unlabelled: self.unlabelled,
            reread: self.reread,
        }
    }

    /// The tenants that are meant, each with an app that is meant.
    fn tenants<'a>(&self, session: &'a Session) -> Result<Vec<&'a TenantConfig>> {
        let tenants: Vec<&TenantConfig> = session
            .config
            .tenants
            .iter()
            .filter(|tenant| {
                self.tenant
                    .as_ref()
                    .is_none_or(|name| tenant.name.0 == *name)
            })
            .filter(|tenant| {
                self.app
                    .as_ref()
                    .is_none_or(|name| tenant.local.iter().any(|app| app.name.0 == *name))
            })
            .collect();
        if tenants.is_empty() {
            let known: Vec<String> = session
                .config
                .tenants
                .iter()
                .flat_map(|tenant| {
                    tenant
                        .local
                        .iter()
                        .map(move |app| format!("{}/{}", tenant.name, app.name))
                })
                .collect();
            return Err(UsageError(format!(
                "no such tenant or app is configured; there is {}",
                known.join(", ")
            ))
            .into());
        }
        Ok(tenants)
    }
}

/// Ctrl-C and SIGTERM ask for a stop after the batch under way; a second one ends the process.
fn stop_on_signal() -> StopSignal {
    let stop = StopSignal::default();
    let asked = stop.clone();
    tokio::spawn(async move {
        let mut terminate =
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(terminate) => terminate,
                Err(error) => {
                    tracing::warn!("cannot listen for SIGTERM: {error}");
                    return;
                }
            };
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            if asked.is_stopped() {
                // Whatever was not committed is done again by the next run.
                process::exit(i32::from(Exit::Interrupted as u8));
            }
            tracing::info!("stopping after the files being read; once more stops at once");
            asked.stop();
        }
    });
    stop
}
