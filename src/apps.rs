//! The only place that names concrete connectors: from configuration to apps and label sources.

mod box_app;
mod calls;
mod google;
mod local;
mod microsoft;
mod supplies;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use labeld_connector::{Connector, ErrorKind, LabelSource};
pub use labeld_connector_local::{Listed, LocalFile, LocalFolder, file_ref_of, path_of};
use labeld_formats::{Coauthoring, RangeStrategy};

use crate::config::{self, AppConfig, Config, SecretError, TenantConfig};
use crate::model::TenantName;
use crate::model::content_scan::ScanScope;
use crate::pipeline::calls::CallBudgets;
use crate::pipeline::govern::{AppRules, TenantRules};
use crate::pipeline::label_sync::{ListSource, Unavailable};
use crate::pipeline::{self, App};

/// A tenant whose apps and label source can be made. What they share (sign-in, pacing) is made once, when
/// it is first needed.
#[derive(Debug)]
pub struct Organisation<'a> {
    config: &'a Config,
    tenant: &'a TenantConfig,
    microsoft: OnceCell<Result<Arc<labeld_graph::Tenant>, ConnectError>>,
    budgets: Option<CallBudgets>,
}

/// Why an app or a label source cannot be made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// A secret cannot be had.
    #[error("cannot use `{option}` of {owner}")]
    Secret {
        /// The tenant or app that it belongs to.
        owner: String,
        /// The option that says where the secret is.
        option: &'static str,
        /// Why.
        #[source]
        source: Arc<SecretError>,
    },
    /// A file that the configuration names cannot be read.
    #[error("cannot read {}, the `{option}` of {owner}", file.display())]
    File {
        /// The tenant or app that it belongs to.
        owner: String,
        /// The option that names it.
        option: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The app is of a kind that signs in, and the tenant does not say how.
    #[error("tenant {0} has no [tenant.microsoft] to sign in with")]
    NoSignIn(TenantName),
    /// The connector refuses what it was given.
    #[error(transparent)]
    Connector(Arc<labeld_connector::Error>),
}

impl ConnectError {
    /// What a caller can do about it; `None` where the configuration is at fault.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Secret { .. } | Self::File { .. } | Self::NoSignIn(_) => None,
            Self::Connector(error) => Some(error.kind()),
        }
    }
}

impl From<labeld_connector::Error> for ConnectError {
    fn from(error: labeld_connector::Error) -> Self {
        Self::Connector(Arc::new(error))
    }
}

impl<'a> Organisation<'a> {
    /// The organisation of a tenant. Nothing is looked up yet.
    #[must_use]
    pub fn new(config: &'a Config, tenant: &'a TenantConfig) -> Self {
        Self {
            config,
            tenant,
            microsoft: OnceCell::new(),
            budgets: None,
        }
    }

    /// With budgets for the apps whose calls are bounded by month. Without it nothing counts them.
    #[must_use]
    pub fn with_budgets(self, budgets: CallBudgets) -> Self {
        Self {
            budgets: Some(budgets),
            ..self
        }
    }

    /// An app, ready to use. May ask a command for a secret, and copies the samples of a folder.
    ///
    /// # Errors
    ///
    /// When a secret or a file cannot be had, or a sample folder not be copied. An app that cannot be reached
    /// fails when it is used.
    pub fn app(&self, app: AppConfig<'_>) -> Result<App, ConnectError> {
        let name = app.name().0.clone();
        let watch = calls::of_app(&self.tenant.name, app, self.budgets.as_ref());
        let connector: Arc<dyn Connector> = match app {
            AppConfig::Local(app) => Arc::new(local::connect(self.config, self.tenant, app)?),
            AppConfig::SharePoint(app) => {
                let tenant = self.microsoft()?.watched(watch);
                Arc::new(microsoft::sharepoint(name, tenant, app))
            }
            AppConfig::OneDrive(app) => {
                let tenant = self.microsoft()?.watched(watch);
                Arc::new(microsoft::onedrive(name, tenant, app))
            }
            AppConfig::Box(app) => Arc::new(box_app::connect(&self.tenant.name, app, watch)?),
            AppConfig::Google(app) => Arc::new(google::connect(&self.tenant.name, app, watch)?),
        };
        Ok(App {
            tenant: self.tenant.name.clone(),
            site_id: self.tenant.id,
            name: app.name().clone(),
            kind: app.kind().to_owned(),
            connector,
            strategy: strategy(app.read_mode()),
            size_limit: app.size_limit(),
            scan_scope: scan_scope(self.config, self.tenant, app),
        })
    }

    /// The service that has the tenant's label list; `None` where it comes from a file or from nowhere.
    ///
    /// # Errors
    ///
    /// When a secret or a file cannot be had.
    pub fn label_source(&self) -> Result<Option<Arc<dyn LabelSource>>, ConnectError> {
        match self.tenant.labels {
            Some(config::LabelSource::Graph) => Ok(Some(self.microsoft()?.label_source())),
            Some(config::LabelSource::File(_)) | None => Ok(None),
        }
    }

    /// Where the tenant's label list comes from; `None` where none is configured. May ask a command for a secret.
    #[must_use]
    pub fn label_list(&self) -> Option<ListSource> {
        match &self.tenant.labels {
            None => None,
            Some(config::LabelSource::File(path)) => Some(ListSource::File(path.clone())),
            Some(config::LabelSource::Graph) => Some(match self.microsoft() {
                Ok(microsoft) => ListSource::Service(microsoft.label_source()),
                Err(error) => ListSource::Unavailable(Unavailable {
                    kind: error.kind(),
                    source: Arc::new(error),
                }),
            }),
        }
    }

    fn microsoft(&self) -> Result<Arc<labeld_graph::Tenant>, ConnectError> {
        let made = self.microsoft.get_or_init(|| {
            let options = self.tenant.microsoft.as_ref();
            let options =
                options.ok_or_else(|| ConnectError::NoSignIn(self.tenant.name.clone()))?;
            microsoft::sign_in(&self.tenant.name, options)
        });
        made.clone()
    }
}

/// How much to fetch at a time.
#[must_use]
pub fn strategy(mode: config::ReadMode) -> RangeStrategy {
    match mode {
        config::ReadMode::Local => RangeStrategy::LOCAL,
        config::ReadMode::Requests => RangeStrategy::REQUESTS,
        config::ReadMode::Bytes => RangeStrategy::BYTES,
    }
}

/// The co-authoring setting of a tenant as the reader knows it.
#[must_use]
pub fn coauthoring(tenant: &TenantConfig) -> Coauthoring {
    match tenant.coauthoring {
        config::Coauthoring::On => Coauthoring::On,
        config::Coauthoring::Off => Coauthoring::Off,
        config::Coauthoring::Unknown => Coauthoring::Unknown,
    }
}

/// Which files of an app are scanned as they come and change: `auto_scan` of the tenant, and the policies (rules §7).
#[must_use]
pub fn scan_scope(config: &Config, tenant: &TenantConfig, app: AppConfig<'_>) -> ScanScope {
    let kind = app.kind().to_owned();
    pipeline::scan_scope(
        tenant.auto_scan,
        &config.policies,
        &tenant.name,
        app.name(),
        kind,
    )
}

/// What the configuration says for the decisions and writes of a tenant.
#[must_use]
pub fn tenant_rules(config: &Config, tenant: &TenantConfig) -> TenantRules {
    let of_tenant = config.policies.iter().filter(|policy| {
        let tenants = &policy.scope.tenants;
        tenants.is_empty() || tenants.contains(&tenant.name)
    });
    let apps = tenant.apps().map(|app| {
        let rules = AppRules::new(
            app.kind(),
            app.size_limit(),
            service_encrypts(tenant, app),
            app.cap(),
        );
        let rules = match app {
            // A folder names owners and groups of the machine.
            AppConfig::Local(_) => rules.without_collaborators(),
            _ => rules,
        };
        (app.name().clone(), rules)
    });
    TenantRules {
        tenant: tenant.name.clone(),
        site_id: tenant.id,
        definitions: of_tenant.cloned().collect(),
        apps: apps.collect::<HashMap<_, _>>(),
        coauthoring: coauthoring(tenant),
        settle_after: TimeDelta::from_std(config.service.settle_after)
            .unwrap_or(TenantRules::SETTLE_AFTER),
    }
}

/// Whether the app's service assigns labels that encrypt, and that is switched on (row A13).
fn service_encrypts(tenant: &TenantConfig, app: AppConfig<'_>) -> bool {
    match app {
        AppConfig::SharePoint(_) | AppConfig::OneDrive(_) => {
            let microsoft = tenant.microsoft.as_ref();
            microsoft.is_some_and(|microsoft| microsoft.assign_labels)
        }
        AppConfig::Local(_) | AppConfig::Box(_) | AppConfig::Google(_) => false,
    }
}
