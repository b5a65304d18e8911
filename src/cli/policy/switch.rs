//! `labeld policy enable` and `labeld policy disable`: beside the configuration, at once.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::simulate;
use crate::apps;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::{UsageError, hand, session};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::daemon::control::{Client, Reply, Request};
use crate::daemon::switch::{SwitchReport, SwitchRequest};
use crate::model::TenantName;
use crate::model::policy::PolicyMode;
use crate::pipeline::govern::{SwitchError, SwitchWish, switch};
use crate::store::Access;

/// Which policy is switched.
#[derive(Debug, Args)]
struct SwitchArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The policy
    #[arg(value_name = "NAME")]
    policy: String,
    /// Only in this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

/// Arguments of `labeld policy enable`.
#[derive(Debug, Args)]
pub(super) struct PolicyEnableArgs {
    #[command(flatten)]
    policy: SwitchArgs,
    /// Whether it acts or only says what it would do; without it as before
    #[arg(long, value_enum)]
    mode: Option<Mode>,
}

/// Arguments of `labeld policy disable`.
#[derive(Debug, Args)]
pub(super) struct PolicyDisableArgs {
    #[command(flatten)]
    policy: SwitchArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    Observe,
    Enforce,
}

impl From<Mode> for PolicyMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Observe => Self::Observe,
            Mode::Enforce => Self::Enforce,
        }
    }
}

/// Switches a policy on.
///
/// # Errors
///
/// Problems of the configuration and of the store, and a policy that is not there.
pub(super) fn enable(args: &PolicyEnableArgs) -> Result<Exit> {
    let mode = args.mode.map(PolicyMode::from);
    set(&args.policy, true, mode)
}

/// Switches a policy off.
///
/// # Errors
///
/// As [`enable`].
pub(super) fn disable(args: &PolicyDisableArgs) -> Result<Exit> {
    set(&args.policy, false, None)
}

fn set(args: &SwitchArgs, enabled: bool, mode: Option<PolicyMode>) -> Result<Exit> {
    let request = SwitchRequest {
        tenant: args.tenant.clone().map(TenantName),
        policy: args.policy.clone(),
        enabled,
        mode: mode.map(|mode| mode.as_str().to_owned()),
        by: hand::asker(),
    };
    run(&args.config, &request)
}

fn run(config: &ConfigArgs, request: &SwitchRequest) -> Result<Exit> {
    session::with_config(config, async |config| {
        if !config
            .policies
            .iter()
            .any(|one| one.name.0 == request.policy)
        {
            return Err(UsageError(no_such_policy(&config, &request.policy)).into());
        }
        let reports = match Client::connect(&config.service.state_dir).await? {
            Some(service) => by_service(service, request).await?,
            None => here(config.clone(), request).await?,
        };
        for report in &reports {
            print(&request.policy, report)?;
        }
        let acts =
            |report: &SwitchReport| report.enabled && report.mode == PolicyMode::Enforce.as_str();
        if reports.iter().any(acts) {
            session::open_store(config, Access::Read, async |session| {
                simulate::tell_forecast(&session, &request.policy).await
            })
            .await?;
        }
        Ok(Exit::Ok)
    })
}

fn no_such_policy(config: &Config, wanted: &str) -> String {
    let names: BTreeSet<&str> = config
        .policies
        .iter()
        .map(|one| one.name.0.as_str())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    format!(
        "no policy is called `{wanted}`; there is {}",
        names.join(", ")
    )
}

async fn by_service(mut service: Client, request: &SwitchRequest) -> Result<Vec<SwitchReport>> {
    service
        .send(&Request::SwitchPolicy(request.clone()))
        .await?;
    match service.reply().await? {
        Reply::Switched { reports } => Ok(reports),
        _ => bail!("the service answered something else than was asked"),
    }
}

async fn here(config: Config, request: &SwitchRequest) -> Result<Vec<SwitchReport>> {
    session::open_store(config, Access::Write, async |session| {
        let wish: SwitchWish = request.wish();
        let mut reports = Vec::new();
        for tenant in &session.config.tenants {
            if request
                .tenant
                .as_ref()
                .is_some_and(|wanted| *wanted != tenant.name)
            {
                continue;
            }
            let rules = Arc::new(apps::tenant_rules(&session.config, tenant));
            let switched = switch(&session.db, &rules, &wish, SystemClock.now()).await;
            match switched {
                Ok(switched) => reports.extend(switched.map(SwitchReport::from)),
                Err(error @ SwitchError::NoTenantId { .. }) => {
                    return Err(UsageError(error.to_string()).into());
                }
                Err(SwitchError::Store(error)) => return Err(error.into()),
            }
        }
        if reports.is_empty() {
            let policy = &request.policy;
            return Err(UsageError(format!("policy {policy} is in no such tenant")).into());
        }
        Ok(reports)
    })
    .await
}

fn print(policy: &str, report: &SwitchReport) -> io::Result<()> {
    let mut out = io::stdout();
    let tenant = &report.tenant;
    let (enabled, mode) = (report.enabled, &report.mode);
    let state = if enabled { "enabled" } else { "disabled" };
    writeln!(out, "{tenant}: policy {policy} is {state}, mode {mode}")?;
    if report.goes_on {
        writeln!(out, "  it goes on behind its canary")?;
    }
    if !enabled {
        writeln!(
            out,
            "  what it wanted is suspended, and looked at anew when it is enabled"
        )?;
    }
    Ok(())
}
