//! `labeld cap`: how the daily cap on applied labels stands, and when what waits will be done.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing, Row};
use super::session::{self, Session};
use crate::apps;
use crate::clock;
use crate::config::TenantConfig;
use crate::model::AppName;
use crate::model::cap::{CapReset, CapRule};
use crate::store::cap::{self, CapKey};
use crate::store::{Access, ledger};

/// Arguments of `labeld cap`.
#[derive(Debug, Args)]
pub(super) struct CapArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The cap of a tenant's apps of one kind (rules §6).
#[derive(Debug, Serialize)]
struct CapRow {
    tenant: String,
    app_kind: String,
    apps: Vec<String>,
    limit: u32,
    /// Places taken of the UTC date that counts now.
    used: u32,
    /// Of these, labels that are on their files for certain.
    landed: u32,
    left: u32,
    /// No label is applied before `reset`.
    paused: bool,
    /// When there are places again, or where there are some, when the count begins anew.
    reset: String,
    /// Labels that are to be applied.
    waiting: u64,
    /// When the last of them can be; null where never.
    finish: Option<String>,
    /// The clock stands before a time that was seen already (`clock.back`).
    clock_back: bool,
}

impl Row for CapRow {
    const COLUMNS: &'static [&'static str] = &[
        "tenant", "app_kind", "limit", "used", "left", "reset", "waiting", "finish",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.tenant.clone(),
            self.app_kind.clone(),
            self.limit.to_string(),
            self.used.to_string(),
            self.left.to_string(),
            self.reset.clone(),
            self.waiting.to_string(),
            self.finish.clone().unwrap_or_else(|| "never".to_owned()),
        ]
    }
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &CapArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let now = clock::of_process()?.now();
        let mut listing = Listing::new::<CapRow>(io::stdout(), args.format);
        for tenant in &session.config.tenants {
            for (app_kind, cap) in caps(&session, tenant) {
                let row = row(&session, tenant, &app_kind, &cap, now).await?;
                if row.clock_back {
                    writeln!(
                        io::stderr(),
                        "warning: clock.back: the clock stands before a time that labeld has seen; no more is granted than then"
                    )?;
                }
                listing.row(&row)?;
            }
        }
        listing.finish()?;
        Ok(Exit::Ok)
    })
}

/// A cap by the configuration, with the apps that share it.
struct Shared {
    rule: CapRule,
    apps: Vec<AppName>,
}

/// By kind of app.
fn caps(session: &Session, tenant: &TenantConfig) -> BTreeMap<String, Shared> {
    let mut caps: BTreeMap<String, Shared> = BTreeMap::new();
    for (name, app) in apps::tenant_rules(&session.config, tenant).apps {
        let shared = caps.entry(app.kind).or_insert(Shared {
            rule: app.cap,
            apps: Vec::new(),
        });
        shared.apps.push(name);
        shared.apps.sort_unstable();
    }
    caps
}

async fn row(
    session: &Session,
    tenant: &TenantConfig,
    app_kind: &str,
    shared: &Shared,
    now: DateTime<Utc>,
) -> Result<CapRow> {
    let key = CapKey {
        tenant: &tenant.name,
        app_kind,
    };
    let rule = shared.rule;
    let state = cap::state(&session.db, key, rule, now).await?;
    let waiting = ledger::forecast(&session.db, &tenant.name, &shared.apps).await?;
    let midnight = CapRule {
        reset: CapReset::Midnight,
        ..rule
    };
    let reset = state.paused_until.unwrap_or(midnight.lets_on(state.day));
    let finish = rule.finish(waiting.open, state.used, now);
    // Nothing is applied before a pause has ended, however much the date has left.
    let finish = finish.map(|finish| match state.paused_until {
        Some(until) if waiting.open > 0 => finish.max(until),
        _ => finish,
    });
    let left = rule.limit.saturating_sub(state.used);
    Ok(CapRow {
        tenant: tenant.name.0.clone(),
        app_kind: app_kind.to_owned(),
        apps: shared.apps.iter().map(ToString::to_string).collect(),
        limit: rule.limit,
        used: state.used,
        landed: state.landed,
        left: if state.paused_until.is_some() {
            0
        } else {
            left
        },
        paused: state.paused_until.is_some(),
        reset: second(reset),
        waiting: waiting.open,
        finish: finish.map(second),
        clock_back: state.clock_is_back,
    })
}

fn second(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
