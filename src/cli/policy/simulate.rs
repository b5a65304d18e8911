//! `labeld policy simulate`: what the policies would do to the whole inventory, without asking any app.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;

use super::rehearse::rehearse;
use super::rules::{self, Chosen};
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, grouped};
use crate::cli::session::{self, Session};
use crate::clock::{self, Clock};
use crate::model::policy::PolicyMode;
use crate::model::{Reason, TenantName};
use crate::pipeline::simulate::{Outcome, Rulebook, Simulation, Within, simulate};
use crate::store::Access;
use crate::store::cap::{self, CapKey, CapState};

/// Arguments of `labeld policy simulate`.
#[derive(Debug, Args)]
pub(super) struct PolicySimulateArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    chosen: Chosen,
    /// Also fetch so many of the files that would be written, and try the writes without writing
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    sample: usize,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct OutcomeRow {
    tenant: String,
    app_kind: String,
    policy: String,
    mode: &'static str,
    verdict: &'static str,
    reason: Option<&'static str>,
    files: u64,
    /// When the last of them would have its label, under the cap.
    finish: Option<String>,
    cause: &'static str,
}

impl Row for OutcomeRow {
    const COLUMNS: &'static [&'static str] = &[
        "tenant", "app_kind", "policy", "mode", "verdict", "reason", "files", "finish", "cause",
    ];

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        vec![
            self.tenant.clone(),
            self.app_kind.clone(),
            self.policy.clone(),
            self.mode.to_owned(),
            self.verdict.to_owned(),
            or_dash(self.reason),
            self.files.to_string(),
            or_dash(self.finish.as_deref()),
            self.cause.to_owned(),
        ]
    }
}

/// Runs the command: exit code 5 where a label would be applied or removed, by a policy of either mode.
///
/// # Errors
///
/// Problems of configuration and store, and policies that are not there.
pub(super) fn run(args: &PolicySimulateArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        args.chosen.check(&session.config)?;
        let clock = clock::of_process()?;
        let now = clock.now();
        let rulebook = rules::load(&session.db, &session.config, &args.chosen, now).await?;
        let rulebook = Arc::new(rulebook);
        let within = args.chosen.within();
        let simulation = simulate(&session.db, &rulebook, &within, args.sample).await?;
        print(args, &session, &rulebook, &simulation, &clock).await
    })
}

/// Tells how many files a policy would write, and when the last of all labels can be applied under the caps.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn tell_forecast(session: &Session, policy: &str) -> Result<()> {
    let now = clock::of_process()?.now();
    let rulebook = rules::load(&session.db, &session.config, &Chosen::default(), now).await?;
    let rulebook = Arc::new(rulebook);
    let simulation = simulate(&session.db, &rulebook, &Within::default(), 0).await?;
    let written = simulation.outcomes.iter();
    let written = written.filter(|outcome| outcome.policy.0 == policy && outcome.what.writes());
    let files: u64 = written.map(|outcome| outcome.files).sum();
    writeln!(
        io::stderr(),
        "by what is stored of them, {} files would be written by policy {policy}",
        grouped(files)
    )?;
    let forecast = Forecast::new(session, &rulebook, &simulation, now).await?;
    forecast.tell()
}

async fn print(
    args: &PolicySimulateArgs,
    session: &Session,
    rulebook: &Rulebook,
    simulation: &Simulation,
    clock: &Arc<dyn Clock>,
) -> Result<Exit> {
    let now = clock.now();
    let forecast = Forecast::new(session, rulebook, simulation, now).await?;
    let mut listing = Listing::new::<OutcomeRow>(io::stdout(), args.format);
    let mut would_write = 0;
    for outcome in &simulation.outcomes {
        if !args.chosen.names(&outcome.policy) {
            continue;
        }
        if outcome.what.writes() {
            would_write += outcome.files;
        }
        listing.row(&row(outcome, &forecast))?;
    }
    for (key, files) in rehearse(session, &simulation.sample, clock).await? {
        listing.row(&rehearsed_row(key, files))?;
    }
    listing.finish()?;
    writeln!(
        io::stderr(),
        "{} files looked at by what is stored of them; no policy matches {}; {} would be written",
        grouped(simulation.files),
        grouped(simulation.unmatched),
        grouped(would_write)
    )?;
    forecast.tell()?;
    Ok(if would_write > 0 {
        Exit::ChangesFound
    } else {
        Exit::Ok
    })
}

fn row(outcome: &Outcome, forecast: &Forecast) -> OutcomeRow {
    let finish = outcome.what.applies().then(|| forecast.finish(outcome));
    OutcomeRow {
        tenant: outcome.tenant.0.clone(),
        app_kind: outcome.app_kind.clone(),
        policy: outcome.policy.to_string(),
        mode: outcome.mode.as_str(),
        verdict: outcome.what.word(),
        reason: outcome.what.reason().map(Reason::code),
        files: outcome.files,
        finish: finish.flatten().map(second),
        cause: outcome.what.reason().map_or("", Reason::cause),
    }
}

/// Files of the sample, in the mode `rehearsal` of no policy.
fn rehearsed_row(key: (TenantName, String, Option<Reason>), files: u64) -> OutcomeRow {
    let (tenant, app_kind, reason) = key;
    OutcomeRow {
        tenant: tenant.0,
        app_kind,
        policy: "-".to_owned(),
        mode: "rehearsal",
        verdict: if reason.is_some() { "stopped" } else { "done" },
        reason: reason.map(Reason::code),
        files,
        finish: None,
        cause: reason.map_or("", Reason::cause),
    }
}

fn second(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// When labels that are to be applied would all be, under each cap.
struct Forecast {
    caps: BTreeMap<(TenantName, String), CapForecast>,
}

struct CapForecast {
    limit: u32,
    state: CapState,
    /// Labels that policies in `enforce` apply, and when the last of them is.
    enforced: (u64, Option<DateTime<Utc>>),
    /// The same if those in `observe` acted too.
    all: (u64, Option<DateTime<Utc>>),
}

impl Forecast {
    async fn new(
        session: &Session,
        rulebook: &Rulebook,
        simulation: &Simulation,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let mut caps = BTreeMap::new();
        for governance in rulebook.tenants() {
            let tenant = &governance.rules.tenant;
            for app in governance.rules.apps.values() {
                let key = (tenant.clone(), app.kind.clone());
                if caps.contains_key(&key) {
                    continue;
                }
                let applied = |also_observing: bool| -> u64 {
                    let counts = simulation.outcomes.iter().filter(|outcome| {
                        outcome.what.applies()
                            && outcome.tenant == *tenant
                            && outcome.app_kind == app.kind
                            && (also_observing || outcome.mode == PolicyMode::Enforce)
                    });
                    counts.map(|outcome| outcome.files).sum()
                };
                let cap_key = CapKey {
                    tenant,
                    app_kind: &app.kind,
                };
                let state = cap::state(&session.db, cap_key, app.cap, now).await?;
                let finish = |files| (files, app.cap.finish(files, state.used, now));
                let forecast = CapForecast {
                    limit: app.cap.limit,
                    state,
                    enforced: finish(applied(false)),
                    all: finish(applied(true)),
                };
                caps.insert(key, forecast);
            }
        }
        Ok(Self { caps })
    }

    fn finish(&self, outcome: &Outcome) -> Option<DateTime<Utc>> {
        let key = (outcome.tenant.clone(), outcome.app_kind.clone());
        let cap = self.caps.get(&key)?;
        match outcome.mode {
            PolicyMode::Enforce => cap.enforced.1,
            PolicyMode::Observe => cap.all.1,
        }
    }

    fn tell(&self) -> Result<()> {
        let mut out = io::stderr();
        for ((tenant, app_kind), cap) in &self.caps {
            let (files, finish) = cap.all;
            if files == 0 {
                continue;
            }
            let until = finish.map_or_else(
                || "never under this cap".to_owned(),
                |finish| format!("all applied on {}", second(finish)),
            );
            writeln!(
                out,
                "{tenant}, {app_kind}: {} labels to apply, {} of them by policies in enforce; {} a day, {} used today: {until}",
                grouped(files),
                grouped(cap.enforced.0),
                cap.limit,
                cap.state.used,
            )?;
        }
        Ok(())
    }
}
