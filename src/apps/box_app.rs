//! Box enterprises.

use labeld_connector::http::{CallWatch, NetworkOptions, PaceOptions};
use labeld_connector_box::{
    BoxApp, BoxCredential, BoxEndpoints, BoxOptions, DownloadHosts, HintOptions, TrackingCodes,
    Users,
};

use super::ConnectError;
use super::supplies::Supplies;
use crate::config::{self, BoxConfig, BoxDownloadHosts};
use crate::model::TenantName;

/// The app. No call is made yet.
pub(super) fn connect(
    tenant: &TenantName,
    app: &BoxConfig,
    watch: CallWatch,
) -> Result<BoxApp, ConnectError> {
    let supplies = Supplies::of_app(tenant, &app.name);
    let credential = credential(&supplies, &app.credential)?;
    let network = NetworkOptions {
        watch,
        ..NetworkOptions::default()
    };
    let options = BoxOptions {
        network: supplies.network(&app.network, network)?,
        pace: PaceOptions {
            units_per_minute: app.calls_per_minute,
            units_per_day: app.calls_per_day,
            side_by_side: app.parallel,
        },
        read_only: app.read_only,
        users: match app.users.as_slice() {
            [] => Users::All,
            users => Users::Listed(users.to_vec()),
        },
        exclude: app.exclude.clone(),
        mirror_classification: app.mirror_classification,
        hints: hints(&supplies, app)?,
        internal_domains: app.internal_domains.clone(),
        owner_groups: app.owner_groups,
        tracking_codes: TrackingCodes {
            department: app.department_code.clone(),
            unit: app.unit_code.clone(),
        },
        retention_forbids_writing: app.retention_forbids_writing,
        ..BoxOptions::new(app.name.0.clone(), credential, endpoints(app)?)
    };
    Ok(BoxApp::new(options)?)
}

fn credential(
    supplies: &Supplies,
    configured: &config::BoxCredential,
) -> Result<BoxCredential, ConnectError> {
    match configured {
        config::BoxCredential::Config(config) => Ok(BoxCredential::Jwt {
            config_json: supplies.secret("config", config)?,
        }),
        config::BoxCredential::ClientSecret {
            client_id,
            client_secret,
            enterprise_id,
        } => Ok(BoxCredential::ClientCredentials {
            client_id: client_id.clone(),
            client_secret: supplies.secret("client_secret", client_secret)?,
            enterprise_id: enterprise_id.clone(),
        }),
    }
}

fn endpoints(app: &BoxConfig) -> labeld_connector::Result<BoxEndpoints> {
    let default = BoxEndpoints::public()?;
    Ok(BoxEndpoints {
        token: app.token_url.clone().unwrap_or(default.token),
        api: app.api_url.clone().unwrap_or(default.api),
        upload: app.upload_url.clone().unwrap_or(default.upload),
        download_hosts: match &app.download_hosts {
            Some(BoxDownloadHosts::Domains(domains)) => DownloadHosts::Domains(domains.clone()),
            Some(BoxDownloadHosts::Origins(origins)) => DownloadHosts::Origins(origins.clone()),
            None => default.download_hosts,
        },
    })
}

fn hints(supplies: &Supplies, app: &BoxConfig) -> Result<Option<HintOptions>, ConnectError> {
    let keys = [
        ("primary_signature_key", &app.primary_signature_key),
        ("secondary_signature_key", &app.secondary_signature_key),
    ];
    let mut signature_keys = Vec::new();
    for (option, key) in keys {
        if let Some(key) = key {
            signature_keys.push(supplies.secret(option, key)?);
        }
    }
    Ok((!signature_keys.is_empty()).then_some(HintOptions { signature_keys }))
}
