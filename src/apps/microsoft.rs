//! Microsoft 365: one sign-in and one pace for all that a tenant has there.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use labeld_connector::http::{NetworkOptions, PaceOptions, RetryOptions, Secret};
use labeld_connector_onedrive::{OneDrive, OneDriveOptions, Users};
use labeld_connector_sharepoint::{SharePoint, SharePointOptions, Sites};
use labeld_graph::{
    Cloud, Credential, Endpoints, HintOptions, LabelOrder, SharePointHosts, Tenant, TenantOptions,
};

use super::ConnectError;
use crate::config::{
    self, MicrosoftCloud, MicrosoftConfig, MicrosoftCredential, OneDriveConfig, ProxyConfig,
    SharePointConfig,
};
use crate::model::TenantName;

/// Entries of a page of changes; what Graph sends at most (reference/microsoft-graph.md §9).
const PAGE_SIZE: u32 = 200;

/// Largest certificate file, in bytes. Bundles of all public authorities have less than half of it.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// What all calls to a tenant's Microsoft 365 go through. No call is made yet.
pub(super) fn sign_in(
    tenant: &TenantName,
    config: &MicrosoftConfig,
) -> Result<Arc<Tenant>, ConnectError> {
    let context = Context { tenant };
    let hints = config.notification_url.as_ref().map(|url| HintOptions {
        notification_url: url.clone(),
        lifecycle_url: config.lifecycle_url.clone(),
    });
    let options = TenantOptions {
        tenant_id: config.tenant_id,
        client_id: config.client_id.to_string(),
        credential: context.credential(&config.credential)?,
        endpoints: endpoints(config)?,
        network: context.network(config)?,
        pace: PaceOptions {
            units_per_minute: config.units_per_minute,
            units_per_day: Some(config.units_per_day),
            side_by_side: config.parallel,
        },
        retry: RetryOptions::default(),
        assign_labels: config.assign_labels,
        label_order: match config.label_order {
            config::LabelOrder::Ascending => LabelOrder::Ascending,
            config::LabelOrder::Descending => LabelOrder::Descending,
        },
        internal_domains: config.internal_domains.clone(),
        owner_groups: config.owner_groups,
        hints,
        read_only: config.read_only,
    };
    Ok(Tenant::new(options)?)
}

fn endpoints(config: &MicrosoftConfig) -> labeld_connector::Result<Endpoints> {
    let mut endpoints = Endpoints::of(match config.cloud {
        MicrosoftCloud::Global => Cloud::Global,
        MicrosoftCloud::UsGovL4 => Cloud::UsGovL4,
        MicrosoftCloud::UsGovL5 => Cloud::UsGovL5,
        MicrosoftCloud::China => Cloud::China,
    })?;
    if let Some(login) = &config.login_url {
        endpoints.login = login.clone();
    }
    if let Some(graph) = &config.graph_url {
        endpoints.graph = graph.clone();
    }
    if !config.sharepoint_urls.is_empty() {
        endpoints.sharepoint = SharePointHosts::Exact(config.sharepoint_urls.clone());
    }
    Ok(endpoints)
}

/// Whose secrets and files are read, for the errors.
struct Context<'a> {
    tenant: &'a TenantName,
}

impl Context<'_> {
    fn credential(&self, configured: &MicrosoftCredential) -> Result<Credential, ConnectError> {
        match configured {
            MicrosoftCredential::Secret(secret) => {
                Ok(Credential::Secret(self.secret("client_secret", secret)?))
            }
            MicrosoftCredential::Certificate {
                certificate,
                private_key,
                passphrase,
            } => Ok(Credential::Certificate {
                certificate_pem: self.file("certificate", certificate)?,
                private_key_pem: self.secret("private_key", private_key)?,
                passphrase: match passphrase {
                    Some(passphrase) => Some(self.secret("passphrase", passphrase)?),
                    None => None,
                },
            }),
        }
    }

    fn network(&self, config: &MicrosoftConfig) -> Result<NetworkOptions, ConnectError> {
        let operator = config.operator.as_ref().unwrap_or(&self.tenant.0);
        let authorities = config.ca.as_ref().map(|file| self.file("ca", file));
        let proxy = match &config.proxy {
            Some(ProxyConfig::Url(url)) => Some(url.to_string()),
            Some(ProxyConfig::Secret(secret)) => {
                Some(self.secret("proxy", secret)?.expose().to_owned())
            }
            None => None,
        };
        Ok(NetworkOptions {
            user_agent: format!("NONISV|{operator}|labeld/{}", env!("CARGO_PKG_VERSION")),
            extra_roots_pem: authorities.transpose()?.into_iter().collect(),
            proxy,
            ..NetworkOptions::default()
        })
    }

    fn secret(
        &self,
        option: &'static str,
        secret: &config::Secret,
    ) -> Result<Secret, ConnectError> {
        match secret.resolve() {
            Ok(text) => Ok(Secret::new(text.expose())),
            Err(source) => Err(ConnectError::Secret {
                tenant: self.tenant.clone(),
                option,
                source: Arc::new(source),
            }),
        }
    }

    fn file(&self, option: &'static str, file: &Path) -> Result<Vec<u8>, ConnectError> {
        read_bounded(file).map_err(|source| ConnectError::File {
            tenant: self.tenant.clone(),
            option,
            file: file.to_owned(),
            source: Arc::new(source),
        })
    }
}

fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MAX_CERTIFICATES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_CERTIFICATES {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok(bytes)
}

pub(super) fn sharepoint(name: String, tenant: Arc<Tenant>, app: &SharePointConfig) -> SharePoint {
    let options = SharePointOptions {
        sites: if app.sites.is_empty() {
            Sites::All
        } else {
            Sites::Listed(app.sites.clone())
        },
        exclude: app.exclude.clone(),
        checkout_required: app
            .checkout_required
            .iter()
            .map(ToString::to_string)
            .collect(),
        page_size: PAGE_SIZE,
    };
    SharePoint::new(name, tenant, options)
}

pub(super) fn onedrive(name: String, tenant: Arc<Tenant>, app: &OneDriveConfig) -> OneDrive {
    let options = OneDriveOptions {
        users: if app.users.is_empty() {
            Users::All
        } else {
            Users::Listed(app.users.clone())
        },
        exclude: app.exclude.clone(),
        page_size: PAGE_SIZE,
    };
    OneDrive::new(name, tenant, options)
}
