//! What a person asks for by hand: asked of the running service, or done here where none runs.

use std::io;
use std::sync::Arc;

use anyhow::{Result, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing, Row};
use super::rescan::stop_on_signal;
use super::session::{self, Session};
use crate::apps::{self, Organisation};
use crate::clock;
use crate::daemon::audit::{ConfigUse, note_config};
use crate::daemon::control::{Client, Reply, Request};
use crate::daemon::hand::{self, HandAnswer, HandRequest, HandRow, Place};
use crate::model::Reason;
use crate::pipeline::calls::CallBudgets;
use crate::pipeline::{CrashMarkers, Membership, MemoryBudget, Work, error_chain, label_sync};
use crate::store::{Access, labels};

/// Has a request done. `prepare` makes it from the store; it may not write.
///
/// # Errors
///
/// Problems of configuration and store, those of `prepare`, and what the service or the work says.
pub(super) fn run(
    config: &ConfigArgs,
    prepare: impl AsyncFnOnce(&Session) -> Result<HandRequest>,
) -> Result<HandAnswer> {
    session::with_config(config, async |config| {
        match Client::connect(&config.service.state_dir).await? {
            Some(service) => {
                session::open_store(config, Access::Read, async |session| {
                    let request = prepare(&session).await?;
                    by_service(service, request).await
                })
                .await
            }
            None => {
                session::open_store(config, Access::Write, async |session| {
                    know_labels(&session).await?;
                    let request = prepare(&session).await?;
                    alone(&session, &request).await
                })
                .await
            }
        }
    })
}

async fn by_service(mut service: Client, request: HandRequest) -> Result<HandAnswer> {
    service.send(&Request::Hand(request)).await?;
    match service.reply().await? {
        Reply::Hand { answer } => Ok(answer),
        _ => bail!("the service answered something else than was asked"),
    }
}

/// Takes over label lists that were never taken over: without them no label has a name.
async fn know_labels(session: &Session) -> Result<()> {
    let clock = clock::of_process()?;
    for tenant in &session.config.tenants {
        if !labels::entries(&session.db, &tenant.name).await?.is_empty() {
            continue;
        }
        let organisation = Organisation::new(&session.config, tenant);
        if let Some(list) = organisation.label_list() {
            label_sync::run(&session.db, &tenant.name, tenant.id, &list, &*clock).await?;
        }
    }
    Ok(())
}

async fn alone(session: &Session, request: &HandRequest) -> Result<HandAnswer> {
    let clock = clock::of_process()?;
    let now = clock.now();
    note_config(&session.db, &session.config, ConfigUse::Command, now).await?;
    let stop = stop_on_signal();
    let service = &session.config.service;
    let markers = CrashMarkers::open(&service.state_dir, &session.db).await?;
    let member = Membership::join(
        session.db.clone(),
        Arc::clone(&clock),
        &markers,
        stop.clone(),
    )
    .await?;
    let work = Work::new(
        session.db.clone(),
        member.worker(),
        clock,
        stop,
        Arc::new(MemoryBudget::new(service.memory)),
        Arc::new(markers),
    );
    let done = match places(session, &work, request) {
        Ok(places) => hand::perform(&work, &places, request)
            .await
            .map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    member.leave().await?;
    done
}

/// The apps that the request is about: others need not be made.
fn places(session: &Session, work: &Work, request: &HandRequest) -> Result<Vec<Place>> {
    let budgets = CallBudgets::new(session.db.clone(), Arc::clone(&work.clock));
    let mut places = Vec::new();
    for tenant in &session.config.tenants {
        let organisation = Organisation::new(&session.config, tenant).with_budgets(budgets.clone());
        let rules = Arc::new(apps::tenant_rules(&session.config, tenant));
        for app in tenant.apps() {
            if request.is_about(&tenant.name, app.name()) {
                let app = match (organisation.app(app), request) {
                    (Ok(app), _) => app,
                    // Perhaps the run has nothing there.
                    (Err(error), HandRequest::Undo(_)) => {
                        tracing::warn!(
                            "{}/{} is left out: {}",
                            tenant.name,
                            app.name(),
                            error_chain(&error)
                        );
                        continue;
                    }
                    (Err(error), _) => return Err(error.into()),
                };
                places.push(Place {
                    app,
                    work: work.clone(),
                    rules: Arc::clone(&rules),
                });
            }
        }
    }
    Ok(places)
}

/// Who asks: the name in the environment, which may be anything, with the number of the account, which may not.
pub(super) fn asker() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|variable| std::env::var(variable).ok())
        .unwrap_or_else(|| "unknown".to_owned());
    format!("{name} (uid {})", rustix::process::getuid().as_raw())
}

#[derive(Debug, Serialize)]
struct AnswerRow<'a> {
    tenant: Option<&'a str>,
    app: Option<&'a str>,
    file: Option<&'a str>,
    action: Option<i64>,
    run: Option<i64>,
    outcome: &'a str,
    detail: Option<&'a str>,
    due: Option<String>,
    cause: Option<&'static str>,
}

impl Row for AnswerRow<'_> {
    const COLUMNS: &'static [&'static str] =
        &["app", "file", "action", "outcome", "detail", "due", "cause"];

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let app = match (self.tenant, self.app) {
            (Some(tenant), Some(app)) => format!("{tenant}/{app}"),
            (tenant, _) => or_dash(tenant),
        };
        vec![
            app,
            or_dash(self.file),
            or_dash(self.action.map(|action| action.to_string()).as_deref()),
            self.outcome.to_owned(),
            or_dash(self.detail),
            or_dash(self.due.as_deref()),
            or_dash(self.cause),
        ]
    }
}

impl<'a> AnswerRow<'a> {
    fn of(row: &'a HandRow, run: Option<i64>) -> Self {
        Self {
            tenant: row.tenant.as_ref().map(|tenant| tenant.0.as_str()),
            app: row.app.as_ref().map(|app| app.0.as_str()),
            file: row.file.as_deref(),
            action: row.action,
            run,
            outcome: &row.outcome,
            detail: row.detail.as_deref(),
            due: row.due.map(second),
            cause: Reason::from_code(&row.outcome).map(Reason::cause),
        }
    }
}

fn second(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Prints the rows; the exit code that goes with them.
///
/// # Errors
///
/// What the output says.
pub(super) fn print(answer: &HandAnswer, format: Format) -> Result<Exit> {
    let mut listing = Listing::new::<AnswerRow<'_>>(io::stdout(), format);
    for row in &answer.rows {
        listing.row(&AnswerRow::of(row, answer.run))?;
    }
    listing.finish()?;
    let reasons = || {
        let outcomes = answer.rows.iter();
        outcomes.filter_map(|row| Reason::from_code(&row.outcome))
    };
    Ok(
        if reasons().any(|reason| reason.is_error() || reason == Reason::FileDeleted) {
            Exit::SomeFilesFailed
        } else if reasons().any(|reason| reason == Reason::CapReached) {
            Exit::CapReached
        } else {
            Exit::Ok
        },
    )
}
