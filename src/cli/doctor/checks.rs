//! What is looked at.

use std::io::{self, Stdout};
use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use labeld_connector::{ErrorKind, Examined, Health};
use tokio::time::timeout;

use super::row::{About, FindingRow};
use crate::apps::{ConnectError, Organisation};
use crate::cli::exit::Exit;
use crate::cli::output::{Listing, counted};
use crate::cli::session;
use crate::clock::Clock;
use crate::config::{AppConfig, Config, LabelSource, StoreConfig, TenantConfig};
use crate::pipeline::{error_chain, label_list};
use crate::store::{Access, Db, StoreError, labels};

/// How long an app or a label source may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A label list is read hourly; one that is older than this was missed many times.
const OLD_LIST: TimeDelta = TimeDelta::hours(25);

/// The findings, printed as they come.
pub(super) struct Checks {
    listing: Listing<Stdout>,
    /// With the tenant's name.
    said: Vec<(String, Examined)>,
    failed: bool,
    refused: bool,
}

impl Checks {
    pub(super) fn new(listing: Listing<Stdout>) -> Self {
        Self {
            listing,
            said: Vec::new(),
            failed: false,
            refused: false,
        }
    }

    /// Ends the list; the exit code says the worst that was found.
    pub(super) fn finish(self) -> Result<Exit> {
        self.listing.finish()?;
        Ok(if self.refused {
            Exit::Authentication
        } else if self.failed {
            Exit::Failed
        } else {
            Exit::Ok
        })
    }

    fn add(&mut self, about: About, examined: Examined) -> io::Result<()> {
        self.failed |= examined.health == Health::Failed;
        self.refused |= examined.kind == Some(ErrorKind::Unauthenticated);
        self.listing.row(&FindingRow::of(about, examined))
    }

    pub(super) fn configuration(&mut self, config: &Config) -> io::Result<()> {
        let apps: usize = config
            .tenants
            .iter()
            .map(|tenant| tenant.apps().count())
            .sum();
        let found = format!(
            "{}: {}, {}",
            config.file.display(),
            counted(config.tenants.len(), "tenant", "tenants"),
            counted(apps, "app", "apps")
        );
        self.add(About::default(), Examined::passed("configuration", found))
    }

    /// The store, opened for reading, where it can be.
    pub(super) async fn store(&mut self, store: &StoreConfig) -> Result<Option<Db>> {
        let subject = "store";
        let about = About::default();
        let location = match session::location(store) {
            Ok(location) => location,
            Err(error) => {
                let fix = "put the secret there, or name another place as `postgres` in [store]";
                let found = error_chain(&error);
                self.add(about, Examined::new(subject, Health::Failed, found, fix))?;
                return Ok(None);
            }
        };
        match Db::open(&location, Access::Read).await {
            Ok(db) => {
                self.add(about, Examined::passed(subject, location.to_string()))?;
                Ok(Some(db))
            }
            Err(error) => {
                self.add(about, of_store(&error))?;
                Ok(None)
            }
        }
    }

    /// Whether the tenant's label list can be had.
    pub(super) async fn label_list(
        &mut self,
        tenant: &TenantConfig,
        organisation: &Organisation<'_>,
    ) -> Result<()> {
        let found = match &tenant.labels {
            Some(LabelSource::File(path)) => vec![match label_list::read_file(path) {
                Ok(list) => Examined::passed(
                    LABEL_LIST,
                    format!("{}: {} labels", path.display(), list.labels.len()),
                ),
                Err(error) => Examined::new(
                    LABEL_LIST,
                    Health::Failed,
                    error_chain(&error),
                    "export the label list again, or correct `labels` of the tenant",
                ),
            }],
            Some(LabelSource::Graph) => match organisation.label_source() {
                Ok(Some(source)) => in_time(LABEL_LIST, source.examine()).await,
                Ok(None) => Vec::new(),
                Err(error) => vec![of_connecting(LABEL_LIST, &error)],
            },
            None => vec![Examined::new(
                LABEL_LIST,
                Health::Skipped,
                "none is configured: labels are shown as the files name them",
                "add `labels` to the tenant",
            )],
        };
        self.add_all(tenant, None, found)?;
        Ok(())
    }

    /// How old the list is that is in force.
    pub(super) async fn label_age(
        &mut self,
        tenant: &TenantConfig,
        db: &Db,
        clock: &dyn Clock,
    ) -> Result<()> {
        if tenant.labels.is_none() {
            return Ok(());
        }
        let status = labels::sync_status(db, &tenant.name).await?;
        let error = status.as_ref().and_then(|status| status.last_error.clone());
        let last = status.and_then(|status| status.last_success);
        let read = last.map(|last| format!("last read {}", last.format("%Y-%m-%d %H:%M UTC")));
        let is_old = last.is_some_and(|last| clock.now() - last > OLD_LIST);
        let sync = "run `labeld labels sync`";
        let examined = match (read, error) {
            (None, None) => Examined::new(LABEL_AGE, Health::Warning, "never read yet", sync),
            (None, Some(error)) => Examined::new(
                LABEL_AGE,
                Health::Warning,
                format!("never read; the last sync failed: {error}"),
                sync,
            ),
            (Some(read), Some(error)) => Examined::new(
                LABEL_AGE,
                Health::Warning,
                format!("{read}; the last sync failed: {error}"),
                sync,
            ),
            (Some(read), None) if is_old => Examined::new(LABEL_AGE, Health::Warning, read, sync),
            (Some(read), None) => Examined::passed(LABEL_AGE, read),
        };
        self.add_all(tenant, None, vec![examined])?;
        Ok(())
    }

    /// Everything an app lets labeld do.
    pub(super) async fn app(
        &mut self,
        tenant: &TenantConfig,
        organisation: &Organisation<'_>,
        app: AppConfig<'_>,
    ) -> Result<()> {
        let found = match organisation.app(app) {
            Ok(app) => in_time("app", app.connector.examine()).await,
            Err(error) => vec![of_connecting("app", &error)],
        };
        self.add_all(tenant, Some(app), found)?;
        Ok(())
    }

    /// Findings about a tenant, or one app of it. What is well, and was said of another part of the tenant in the
    /// same words, such as that the sign-in works, is not said again.
    fn add_all(
        &mut self,
        tenant: &TenantConfig,
        app: Option<AppConfig<'_>>,
        found: Vec<Examined>,
    ) -> io::Result<()> {
        for examined in found {
            let said = (tenant.name.0.clone(), examined.clone());
            if examined.health == Health::Passed && self.said.contains(&said) {
                continue;
            }
            self.said.push(said);
            let about = About {
                tenant: Some(tenant.name.0.clone()),
                app: app.map(|app| app.name().0.clone()),
            };
            self.add(about, examined)?;
        }
        Ok(())
    }
}

const LABEL_LIST: &str = "label list";
const LABEL_AGE: &str = "age of the label list";

async fn in_time(subject: &str, examination: impl Future<Output = Vec<Examined>>) -> Vec<Examined> {
    timeout(PATIENCE, examination).await.unwrap_or_else(|_| {
        vec![Examined::new(
            subject,
            Health::Failed,
            format!("no answer within {} s", PATIENCE.as_secs()),
            "check the network, the proxy and the addresses in the configuration, and try again",
        )]
    })
}

fn of_connecting(subject: &str, error: &ConnectError) -> Examined {
    let fix = match error {
        ConnectError::Secret { option, .. } => {
            format!("put the secret there, or name another place as `{option}`")
        }
        ConnectError::File { option, .. } => format!("correct the path in `{option}`"),
        ConnectError::NoSignIn(_) => "add [tenant.microsoft]".to_owned(),
        ConnectError::Connector(error) => match error.kind() {
            ErrorKind::NotFound => "check the path",
            _ => "correct what the message names",
        }
        .to_owned(),
    };
    Examined {
        kind: error.kind(),
        ..Examined::new(subject, Health::Failed, error_chain(error), fix)
    }
}

fn of_store(error: &StoreError) -> Examined {
    let (health, fix) = match error {
        StoreError::Missing { .. } => (Health::Warning, "the first `labeld rescan` makes it"),
        StoreError::OlderSchema { .. } => (Health::Warning, "run `labeld rescan` once"),
        StoreError::NewerSchema { .. } => (Health::Failed, "use the newer labeld"),
        StoreError::Damaged { .. } => (
            Health::Failed,
            "restore a backup with `labeld store restore`, or move the file away and run `labeld rescan`",
        ),
        StoreError::Unreachable { .. } => (
            Health::Failed,
            "check that the database server runs, and the URL that `postgres` leads to",
        ),
        StoreError::ReadOnly { .. } => (Health::Failed, "let labeld's account use it"),
        StoreError::Full { .. } => (Health::Failed, "free some disk space"),
        _ => (Health::Failed, "correct what the message names"),
    };
    Examined::new("store", health, error_chain(error), fix)
}
