//! Google Drive.

use std::time::Duration;

use labeld_connector::http::{CallWatch, NetworkOptions, PaceOptions};
use labeld_connector_google::{
    GoogleDrive, GoogleEndpoints, GoogleOptions, HintOptions, MirrorLabel, QuotaUnits, Users,
    WriteApi,
};

use super::ConnectError;
use super::supplies::Supplies;
use crate::config::{GoogleConfig, GoogleMirrorLabel, GoogleWrites};
use crate::model::TenantName;

/// The app. No call is made yet.
pub(super) fn connect(
    tenant: &TenantName,
    app: &GoogleConfig,
    watch: CallWatch,
) -> Result<GoogleDrive, ConnectError> {
    let supplies = Supplies::of_app(tenant, &app.name);
    let key = supplies.secret("service_account", &app.service_account)?;
    let default = GoogleOptions::new(app.name.0.clone(), key, app.admin.clone())?;
    let network = NetworkOptions {
        watch,
        ..default.network.clone()
    };
    let options = GoogleOptions {
        domains: app.domains.clone(),
        endpoints: endpoints(app)?,
        network: supplies.network(&app.network, network)?,
        pace: PaceOptions {
            units_per_minute: app.units_per_minute,
            units_per_day: Some(app.units_per_day),
            side_by_side: app.parallel,
        },
        user_units_per_minute: app.user_units_per_minute,
        units: QuotaUnits {
            get: app.quota.get,
            list: app.quota.list,
            write: app.quota.write,
            download: app.quota.download,
            other: app.quota.other,
        },
        read_only: app.read_only,
        users: match app.users.as_slice() {
            [] => Users::All,
            users => Users::Listed(users.to_vec()),
        },
        exclude: app.exclude.clone(),
        suspended_users: app.suspended_users,
        shared_drives: app.shared_drives,
        list_permissions: app.list_permissions,
        writes: match app.writes {
            GoogleWrites::V2 => WriteApi::V2,
            GoogleWrites::V2ThenV3 => WriteApi::V2ThenV3,
            GoogleWrites::V3 => WriteApi::V3,
        },
        stamp_writes: app.stamp_writes,
        owner_groups: app.owner_groups,
        expand_groups: app.expand_groups,
        listing_lag: Duration::from_secs(app.listing_lag_seconds.into()),
        mirror_label: app.mirror_label.as_ref().map(mirror_label),
        hints: app.notification_url.as_ref().map(|url| HintOptions {
            notification_url: url.clone(),
        }),
        ..default
    };
    Ok(GoogleDrive::new(options)?)
}

fn endpoints(app: &GoogleConfig) -> labeld_connector::Result<GoogleEndpoints> {
    let public = GoogleEndpoints::public()?;
    Ok(GoogleEndpoints {
        token: app.token_url.clone().unwrap_or(public.token),
        drive: app.drive_url.clone().unwrap_or(public.drive),
        directory: app.directory_url.clone().unwrap_or(public.directory),
        labels: app.labels_url.clone().unwrap_or(public.labels),
    })
}

fn mirror_label(configured: &GoogleMirrorLabel) -> MirrorLabel {
    let choices = configured.choices.iter();
    MirrorLabel {
        label: configured.label.clone(),
        field: configured.field.clone(),
        choices: choices
            .map(|(label, choice)| (label.to_string(), choice.clone()))
            .collect(),
    }
}
