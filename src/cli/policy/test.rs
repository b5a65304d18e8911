//! `labeld policy test`: the policies over facts written in files.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::fixture::{Case, Fixture};
use super::{catalogue, of_tenant};
use crate::cli::UsageError;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::counted;
use crate::cli::session;
use crate::config::TenantConfig;
use crate::policy::{Policies, evaluate};

/// Largest file of cases, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Arguments of `labeld policy test`.
#[derive(Debug, Args)]
pub(super) struct PolicyTestArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Files of cases
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print how each decision came about, also where it is as expected
    #[arg(long)]
    trace: bool,
}

/// A tenant with its policies.
struct Tested<'c> {
    tenant: &'c TenantConfig,
    policies: Policies,
}

/// Runs the command. A case that is not as expected ends it with exit code 1.
///
/// # Errors
///
/// Problems of the configuration, and files of cases that cannot be read.
pub(super) fn run(args: &PolicyTestArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| {
        let mut tested = Vec::new();
        for tenant in &config.tenants {
            let mut warn = |warning: String| tracing::warn!("{warning}");
            let catalogue = catalogue(&config, tenant, &mut warn).await;
            tested.push(Tested {
                tenant,
                policies: of_tenant(&config, tenant, &catalogue),
            });
        }
        let mut out = io::stdout().lock();
        let (mut cases, mut failed) = (0, 0);
        for file in &args.files {
            let fixture = read(file)?;
            for case in &fixture.cases {
                cases += 1;
                let failure = check(case, &fixture, &tested, args.trace, &mut out)
                    .with_context(|| format!("{}: case \"{}\"", file.display(), case.name))?;
                if failure {
                    failed += 1;
                }
            }
        }
        let of = counted(cases, "case", "cases");
        writeln!(out, "{of}, {failed} not as expected")?;
        Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
    })
}

fn read(path: &Path) -> Result<Fixture> {
    let what = || format!("cannot read the cases in {}", path.display());
    let mut text = String::new();
    let file = File::open(path).with_context(what)?;
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .with_context(what)?;
    if text.len() as u64 > MAX_BYTES {
        bail!("{}: larger than {} MiB", what(), MAX_BYTES >> 20);
    }
    toml::from_str(&text).with_context(what)
}

/// Whether the case is not as expected.
fn check(
    case: &Case,
    fixture: &Fixture,
    tested: &[Tested<'_>],
    traced: bool,
    out: &mut dyn Write,
) -> Result<bool> {
    let tested = match &case.tenant {
        Some(name) => tested.iter().find(|one| one.tenant.name.0 == *name),
        None => tested.first(),
    };
    let Some(Tested { tenant, policies }) = tested else {
        return Err(UsageError("no such tenant is configured".to_owned()).into());
    };
    let app = tenant
        .apps()
        .find(|app| case.app.as_ref().is_none_or(|name| app.name().0 == *name));
    let Some(app) = app else {
        return Err(UsageError(format!("tenant {} has no such app", tenant.name)).into());
    };
    let place = (&*tenant.name.0, &*app.name().0, app.kind());
    let facts = case.facts(place, policies.labels())?;
    let decision = evaluate(policies, &facts, fixture.now);
    let differences = case.expect.differences(&decision, policies.labels())?;
    let verdict = if differences.is_empty() {
        "ok"
    } else {
        "FAILED"
    };
    writeln!(out, "{verdict}  {}", case.name)?;
    for difference in &differences {
        writeln!(out, "    {difference}")?;
    }
    if traced || !differences.is_empty() {
        for line in decision.trace.to_string().lines() {
            writeln!(out, "    | {line}")?;
        }
    }
    Ok(!differences.is_empty())
}
