//! Microsoft 365: one sign-in and one pace for all that a tenant has there.

use std::sync::Arc;

use labeld_connector::http::{NetworkOptions, PaceOptions, RetryOptions};
use labeld_connector_onedrive::{OneDrive, OneDriveOptions, Users};
use labeld_connector_sharepoint::{SharePoint, SharePointOptions, Sites};
use labeld_graph::{
    Cloud, Credential, Endpoints, HintOptions, LabelOrder, SharePointHosts, Tenant, TenantOptions,
};

use super::ConnectError;
use super::calls;
use super::supplies::Supplies;
use crate::config::{
    self, MicrosoftCloud, MicrosoftConfig, MicrosoftCredential, OneDriveConfig, SharePointConfig,
};
use crate::model::TenantName;

/// Entries of a page of changes; what Graph sends at most (reference/microsoft-graph.md §9).
const PAGE_SIZE: u32 = 200;

/// What all calls to a tenant's Microsoft 365 go through. No call is made yet.
pub(super) fn sign_in(
    tenant: &TenantName,
    config: &MicrosoftConfig,
) -> Result<Arc<Tenant>, ConnectError> {
    let supplies = Supplies::of_tenant(tenant);
    let hints = config.notification_url.as_ref().map(|url| HintOptions {
        notification_url: url.clone(),
        lifecycle_url: config.lifecycle_url.clone(),
    });
    let options = TenantOptions {
        tenant_id: config.tenant_id,
        client_id: config.client_id.to_string(),
        credential: credential(&supplies, &config.credential)?,
        endpoints: endpoints(config)?,
        network: network(&supplies, tenant, config)?,
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

fn credential(
    supplies: &Supplies,
    configured: &MicrosoftCredential,
) -> Result<Credential, ConnectError> {
    match configured {
        MicrosoftCredential::Secret(secret) => Ok(Credential::Secret(
            supplies.secret("client_secret", secret)?,
        )),
        MicrosoftCredential::Certificate {
            certificate,
            private_key,
            passphrase,
        } => Ok(Credential::Certificate {
            certificate_pem: supplies.file("certificate", certificate)?,
            private_key_pem: supplies.secret("private_key", private_key)?,
            passphrase: match passphrase {
                Some(passphrase) => Some(supplies.secret("passphrase", passphrase)?),
                None => None,
            },
        }),
    }
}

fn network(
    supplies: &Supplies,
    tenant: &TenantName,
    config: &MicrosoftConfig,
) -> Result<NetworkOptions, ConnectError> {
    let operator = config.operator.as_ref().unwrap_or(&tenant.0);
    let options = NetworkOptions {
        user_agent: format!("NONISV|{operator}|labeld/{}", env!("CARGO_PKG_VERSION")),
        watch: calls::of_tenant(tenant),
        ..NetworkOptions::default()
    };
    supplies.network(&config.network, options)
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
