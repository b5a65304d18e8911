//! `labeld rescan`: brings the inventory up to date, reads what has changed, does what the policies want, prints what became
//! of every file.

mod progress;
mod remote;
mod result;

use std::io::{self, Write};
use std::process;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use futures_util::{StreamExt, stream};

use self::progress::Watches;
use self::result::{OutcomeRow, Totals, failure_of_connecting};
use super::UsageError;
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing};
use super::session::{self, Session};
use super::time::Since;
use crate::apps::{self, Organisation};
use crate::clock::{Clock, SystemClock};
use crate::config::{AppConfig, Config, TenantConfig};
use crate::daemon::audit::{ConfigUse, note_config};
use crate::daemon::control::Client;
use crate::daemon::rescan::{Failure, RescanRequest};
use crate::model::{AppName, TenantName};
use crate::pipeline::calls::CallBudgets;
use crate::pipeline::label_sync;
use crate::pipeline::rescan::{Governing, Scope, rescan_and_govern};
use crate::pipeline::{
    App, CrashMarkers, Membership, MemoryBudget, ScanSettings, StageError, StopSignal, Work,
    error_chain,
};
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
    /// Only say what would be done: no file is written
    #[arg(long)]
    observe: bool,
    /// How the table of results is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Apps that are worked on side by side: one that waits for its service does not hold up the others.
const MOST_SIDE_BY_SIDE: usize = 4;

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store. An app that fails is reported, and the others go on.
pub(super) fn run(args: &RescanArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| {
        if let Some(service) = Client::connect(&config.service.state_dir).await? {
            let request = args.request(SystemClock.now());
            let stop = stop_on_signal();
            return remote::run(service, args, &config, request, &stop).await;
        }
        session::open_store(config, Access::Write, async |session| {
            run_all(args, &session).await
        })
        .await
    })
}

async fn run_all(args: &RescanArgs, session: &Session) -> Result<Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stop = stop_on_signal();
    let service = &session.config.service;
    let db = session.db.clone();
    let markers = CrashMarkers::open(&service.state_dir, &db).await?;
    let member = Membership::join(db.clone(), Arc::clone(&clock), &markers, stop.clone()).await?;
    note_config(&db, &session.config, ConfigUse::Command, clock.now()).await?;
    let work = Work::new(
        db,
        member.worker(),
        clock,
        stop,
        Arc::new(MemoryBudget::new(service.memory)),
        Arc::new(markers),
    );
    let done = rescan_all(args, session, &work).await;
    member.leave().await?;
    done
}

async fn rescan_all(args: &RescanArgs, session: &Session, work: &Work) -> Result<Exit> {
    let now = work.clock.now();
    let scope = args.scope(now);
    let budgets = CallBudgets::new(session.db.clone(), Arc::clone(&work.clock));
    let mut totals = Totals::default();
    let mut jobs = Vec::new();
    for tenant in args.tenants(session)? {
        let organisation = Organisation::new(&session.config, tenant).with_budgets(budgets.clone());
        if let Some(list) = organisation.label_list() {
            // A list that cannot be had is told to the log and holds up no reading.
            label_sync::run(&session.db, &tenant.name, tenant.id, &list, &*work.clock).await?;
        }
        let governing = Governing {
            rules: Arc::new(apps::tenant_rules(&session.config, tenant)),
            observe: args.observe,
        };
        for app in tenant.apps().filter(|app| args.means(*app)) {
            match organisation.app(app) {
                Ok(app) => jobs.push(Job {
                    app,
                    settings: settings(&session.config, tenant),
                    governing: governing.clone(),
                }),
                Err(error) => {
                    let failure = failure_of_connecting(&error);
                    totals.app_failed(&tenant.name, app.name(), failure, &error_chain(&error))?;
                }
            }
        }
    }

    let watches = Watches::default();
    let run_one = async |job: &Job| {
        let watch = watches.start(job.app.to_string());
        let mut told = |progress| watch.tell(progress);
        let governing = Some(&job.governing);
        let done =
            rescan_and_govern(work, &job.app, &scope, job.settings, governing, &mut told).await;
        watch.finish();
        done
    };
    let mut listing = Listing::new::<OutcomeRow>(io::stdout(), args.format);
    let mut interrupted = Vec::new();
    // The results come in the order of the configuration.
    let mut results = stream::iter(&jobs)
        .map(run_one)
        .buffered(MOST_SIDE_BY_SIDE)
        .zip(stream::iter(&jobs));
    while let Some((done, Job { app, .. })) = results.next().await {
        match done {
            Ok(finished) => {
                watches.hidden(|| totals.add(&app.tenant, &app.name, &finished, &mut listing))?;
            }
            Err(StageError::Stopped) => interrupted.push(app.to_string()),
            Err(error @ (StageError::Store(_) | StageError::LeaseLost { .. })) => {
                return Err(error.into());
            }
            Err(StageError::App(error)) => {
                let (failure, why) = (Failure::of(error.kind()), error_chain(&error));
                watches.hidden(|| totals.app_failed(&app.tenant, &app.name, failure, &why))?;
            }
        }
    }
    listing.finish()?;
    if !interrupted.is_empty() {
        return report_interruption(&interrupted);
    }
    write!(io::stderr(), "{totals}")?;
    Ok(totals.exit())
}

/// An app that is rescanned.
struct Job {
    app: App,
    settings: ScanSettings,
    governing: Governing,
}

fn settings(config: &Config, tenant: &TenantConfig) -> ScanSettings {
    ScanSettings {
        coauthoring: apps::coauthoring(tenant),
        side_by_side: config.service.scans,
    }
}

fn report_interruption(apps: &[String]) -> Result<Exit> {
    writeln!(
        io::stderr(),
        "interrupted in {}: all that was read is kept; the same command goes on from here",
        apps.join(", ")
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

    fn request(&self, now: DateTime<Utc>) -> RescanRequest {
        RescanRequest {
            tenant: self.tenant.clone().map(TenantName),
            app: self.app.clone().map(AppName),
            scope: self.scope(now),
            observe: self.observe,
        }
    }

    fn means(&self, app: AppConfig<'_>) -> bool {
        self.app.as_ref().is_none_or(|name| app.name().0 == *name)
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
            .filter(|tenant| self.app.as_ref().is_none_or(|name| tenant.has_app(name)))
            .collect();
        if tenants.is_empty() {
            return Err(UsageError(super::no_such_app(&session.config)).into());
        }
        Ok(tenants)
    }
}

/// Ctrl-C and SIGTERM ask for a stop after the batch under way; a second one ends the process.
pub(super) fn stop_on_signal() -> StopSignal {
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
            tracing::warn!("stopping after the files being read; once more stops at once");
            asked.stop();
        }
    });
    stop
}
