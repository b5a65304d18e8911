//! `labeld actions list`.

use std::io::{self, Write};

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::names::{self, Names};
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row};
use crate::cli::session::{self, Session};
use crate::cli::{UsageError, target};
use crate::model::policy::PolicyName;
use crate::model::{Reason, TenantName};
use crate::store::actions::{self, Action, ActionQuery, ActionRunId, ActionState};
use crate::store::{Access, apps, policies};

/// Arguments of `labeld actions list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only those in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only those of this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only those of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only those of this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only those that wait or ended with this reason code
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only those of this run
    #[arg(long, value_name = "NUMBER")]
    run: Option<i64>,
    /// Only those of this file: a number, APP:FILE-ID or a path
    #[arg(long = "file", value_name = "FILE")]
    of_file: Option<String>,
    /// Most actions that are listed; 0 for all
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    limit: u32,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// It is done when it is due
    Waiting,
    /// Its policy is switched off
    Suspended,
    /// Done, or there was nothing to do
    Done,
    /// Nobody wants it any more
    Cancelled,
    /// It may not be done, or could not be
    Refused,
}

impl From<State> for ActionState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Suspended => Self::Suspended,
            State::Done => Self::Done,
            State::Cancelled => Self::Cancelled,
            State::Refused => Self::Refused,
        }
    }
}

/// An action with the names of what it is about.
#[derive(Debug, Serialize)]
pub(super) struct ActionRow {
    pub(super) id: i64,
    pub(super) state: &'static str,
    pub(super) verb: &'static str,
    pub(super) label: Option<String>,
    pub(super) tenant: String,
    pub(super) app: Option<String>,
    pub(super) file: i64,
    pub(super) path: Option<String>,
    pub(super) asked_by: String,
    pub(super) run: Option<i64>,
    pub(super) reason: Option<&'static str>,
    pub(super) detail: Option<String>,
    pub(super) attempt: u32,
    pub(super) made: String,
    pub(super) due: String,
    pub(super) ended: Option<String>,
    /// When a refused one is looked at again by itself.
    pub(super) again: Option<String>,
    /// How often it was.
    pub(super) looks: u32,
}

impl Row for ActionRow {
    const COLUMNS: &'static [&'static str] = &[
        "id", "state", "verb", "label", "app", "path", "asked by", "reason", "made", "due", "run",
    ];

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let app = self.app.as_ref();
        let app = app.map_or_else(
            || self.tenant.clone(),
            |app| format!("{}/{app}", self.tenant),
        );
        vec![
            self.id.to_string(),
            self.state.to_owned(),
            self.verb.to_owned(),
            or_dash(self.label.as_deref()),
            app,
            or_dash(self.path.as_deref()),
            self.asked_by.clone(),
            or_dash(self.reason),
            self.made.clone(),
            match (&self.again, &self.ended) {
                (Some(again), _) => again.clone(),
                (None, Some(_)) => "-".to_owned(),
                (None, None) => self.due.clone(),
            },
            or_dash(self.run.map(|run| run.to_string()).as_deref()),
        ]
    }
}

/// Actions read at once.
const PAGE: u32 = 500;

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store, and filters that name what is not there.
pub(super) fn run(args: &ListArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let names = Names::load(&session).await?;
        let mut listing = Listing::new::<ActionRow>(io::stdout(), args.format);
        let mut left = match args.limit {
            0 => u64::MAX,
            limit => u64::from(limit),
        };
        for mut query in args.queries(&session).await? {
            while left > 0 {
                let page = PAGE.min(u32::try_from(left).unwrap_or(PAGE));
                let actions = actions::list(&session.db, &query, page).await?;
                let Some(last) = actions.last() else { break };
                query.after = Some(last.id);
                left -= actions.len() as u64;
                for action in &actions {
                    listing.row(&row(&session, &names, action).await?)?;
                }
            }
        }
        listing.finish()?;
        if left == 0 {
            writeln!(
                io::stderr(),
                "only the first {}: there may be more, --limit 0 lists all",
                args.limit
            )?;
        }
        Ok(Exit::Ok)
    })
}

pub(super) async fn row(session: &Session, names: &Names, action: &Action) -> Result<ActionRow> {
    let wanted = &action.wanted;
    let record = names::file(session, wanted.file).await?;
    Ok(ActionRow {
        id: action.id.0,
        state: action.state.as_str(),
        verb: wanted.verb.as_str(),
        label: wanted.label.map(|label| names.label(&wanted.tenant, label)),
        tenant: wanted.tenant.0.clone(),
        app: record.as_ref().map(|record| record.app.0.clone()),
        file: wanted.file.0,
        path: record.as_ref().map(names::path),
        asked_by: names.asked_by(&wanted.asked_by),
        run: wanted.run.map(|run| run.0),
        reason: action.reason.map(Reason::code),
        detail: action.detail.clone(),
        attempt: action.attempt,
        made: second(action.made),
        due: second(action.due),
        ended: action.ended.map(second),
        again: action.again.map(second),
        looks: action.looks,
    })
}

pub(super) fn second(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl ListArgs {
    /// One query for each policy and each app that the names mean: two tenants may have one of the same name.
    async fn queries(&self, session: &Session) -> Result<Vec<ActionQuery>> {
        let mut query = ActionQuery {
            tenant: self.tenant.as_deref().map(TenantName::from),
            state: self.state.map(Into::into),
            run: self.run.map(ActionRunId),
            ..ActionQuery::default()
        };
        if let Some(code) = &self.reason {
            let known = Reason::from_code(code);
            query.reason = Some(
                known.ok_or_else(|| UsageError(format!("no reason code is called `{code}`")))?,
            );
        }
        if let Some(file) = &self.of_file {
            let found = target::find(session, file).await?;
            let missing = || UsageError(format!("the inventory has no file {file:?}"));
            query.file = Some(found.ok_or_else(missing)?.id);
        }
        let mut queries = vec![query];
        if let Some(name) = &self.policy {
            queries = of_policy(session, &queries, name).await?;
        }
        if let Some(name) = &self.app {
            queries = of_app(session, &queries, name).await?;
        }
        Ok(queries)
    }
}

async fn of_policy(
    session: &Session,
    queries: &[ActionQuery],
    name: &str,
) -> Result<Vec<ActionQuery>> {
    let wanted = PolicyName::from(name);
    let mut found = Vec::new();
    for tenant in &session.config.tenants {
        let policies = policies::ever_of_tenant(&session.db, &tenant.name).await?;
        let policies = policies.into_iter().filter(|(_, name)| *name == wanted);
        for (policy, _) in policies {
            found.extend(queries.iter().map(|query| ActionQuery {
                policy: Some(policy),
                ..query.clone()
            }));
        }
    }
    if found.is_empty() {
        return Err(UsageError(format!("no policy is, or was, called `{name}`")).into());
    }
    Ok(found)
}

async fn of_app(
    session: &Session,
    queries: &[ActionQuery],
    name: &str,
) -> Result<Vec<ActionQuery>> {
    let mut found = Vec::new();
    for tenant in &session.config.tenants {
        if let Some(app) = apps::find(&session.db, &tenant.name, &name.into()).await? {
            found.extend(queries.iter().map(|query| ActionQuery {
                app: Some(app),
                ..query.clone()
            }));
        }
    }
    if found.is_empty() {
        return Err(UsageError(crate::cli::no_such_app(&session.config)).into());
    }
    Ok(found)
}
