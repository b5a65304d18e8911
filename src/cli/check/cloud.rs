//! What a configuration says of apps in clouds.

use std::fs::File;
use std::path::Path;

use super::Report;
use crate::cli::output::counted;
use crate::config::{
    BoxConfig, BoxCredential, GoogleConfig, LabelSource, MicrosoftCloud, MicrosoftConfig,
    MicrosoftCredential, NetworkConfig, OneDriveConfig, ProxyConfig, Secret, SharePointConfig,
    TenantConfig,
};

impl Report {
    pub(super) fn microsoft(&mut self, tenant: &TenantConfig, microsoft: &MicrosoftConfig) {
        let with = match &microsoft.credential {
            MicrosoftCredential::Secret(_) => "a client secret",
            MicrosoftCredential::Certificate { .. } => "a certificate",
        };
        self.line(
            2,
            format_args!(
                "Microsoft 365: {} cloud, app {} with {with}, {}",
                microsoft.cloud.word(),
                microsoft.client_id,
                mode(microsoft.read_only)
            ),
        );
        let (files, secrets) = named_by(microsoft);
        self.supplies(&format!("tenant {}", tenant.name), &files, &secrets);
        if tenant.labels == Some(LabelSource::Graph) && microsoft.cloud != MicrosoftCloud::Global {
            self.warn(format!(
                "tenant {}: Microsoft promises a label list in the global cloud only; take it from a file where `labeld labels sync` fails",
                tenant.name
            ));
        }
        let is_used = !tenant.sharepoint.is_empty()
            || !tenant.onedrive.is_empty()
            || tenant.labels == Some(LabelSource::Graph);
        if !is_used {
            self.warn(format!(
                "tenant {}: nothing uses [tenant.microsoft]; add [[tenant.sharepoint]], [[tenant.onedrive]] or `labels = {{ graph = true }}`",
                tenant.name
            ));
        }
    }

    pub(super) fn sharepoint(&mut self, app: &SharePointConfig) {
        let what = selection(&app.sites, &app.exclude, "site", "sites");
        self.line(2, format_args!("sharepoint app {}: {what}", app.name));
        for site in &app.sites {
            self.line(3, format_args!("{site}"));
        }
    }

    pub(super) fn onedrive(&mut self, app: &OneDriveConfig) {
        let what = selection(&app.users, &app.exclude, "user", "users");
        self.line(2, format_args!("onedrive app {}: {what}", app.name));
    }

    pub(super) fn box_app(&mut self, tenant: &TenantConfig, app: &BoxConfig) {
        let (with, mut secrets) = match &app.credential {
            BoxCredential::Config(config) => {
                ("the console's configuration".to_owned(), vec![config])
            }
            BoxCredential::ClientSecret {
                client_id,
                client_secret,
                enterprise_id,
            } => (
                format!("client {client_id} in enterprise {enterprise_id}"),
                vec![client_secret],
            ),
        };
        self.line(
            2,
            format_args!(
                "box app {}: {} by {with}, {}",
                app.name,
                selection(&app.users, &app.exclude, "user", "users"),
                mode(app.read_only)
            ),
        );
        secrets.extend(&app.primary_signature_key);
        secrets.extend(&app.secondary_signature_key);
        let mut files = Vec::new();
        add_network(&app.network, &mut files, &mut secrets);
        self.supplies(
            &format!("app {}/{}", tenant.name, app.name),
            &files,
            &secrets,
        );
    }

    pub(super) fn google(&mut self, tenant: &TenantConfig, app: &GoogleConfig) {
        let drives = match app.shared_drives {
            true => "with shared drives",
            false => "without shared drives",
        };
        self.line(
            2,
            format_args!(
                "google app {}: {} {drives}, administrator {}, {}",
                app.name,
                selection(&app.users, &app.exclude, "user", "users"),
                app.admin,
                mode(app.read_only)
            ),
        );
        let mut secrets = vec![&app.service_account];
        let mut files = Vec::new();
        add_network(&app.network, &mut files, &mut secrets);
        self.supplies(
            &format!("app {}/{}", tenant.name, app.name),
            &files,
            &secrets,
        );
    }

    /// Warns of what `owner` needs and cannot have.
    fn supplies(&mut self, owner: &str, files: &[(&'static str, &Path)], secrets: &[&Secret]) {
        for secret in secrets {
            self.secret(secret);
        }
        for (option, file) in files {
            if let Err(error) = File::open(file) {
                self.warn(format!(
                    "{owner}: cannot read {}, the `{option}`: {error}",
                    file.display()
                ));
            }
        }
    }
}

/// The files, by their options, and the secrets that signing in needs.
fn named_by(microsoft: &MicrosoftConfig) -> (Vec<(&'static str, &Path)>, Vec<&Secret>) {
    let mut files = Vec::new();
    let mut secrets = Vec::new();
    match &microsoft.credential {
        MicrosoftCredential::Secret(secret) => secrets.push(secret),
        MicrosoftCredential::Certificate {
            certificate,
            private_key,
            passphrase,
        } => {
            files.push(("certificate", certificate.as_path()));
            secrets.push(private_key);
            secrets.extend(passphrase);
        }
    }
    add_network(&microsoft.network, &mut files, &mut secrets);
    (files, secrets)
}

/// Adds what the way to the network needs.
fn add_network<'a>(
    network: &'a NetworkConfig,
    files: &mut Vec<(&'static str, &'a Path)>,
    secrets: &mut Vec<&'a Secret>,
) {
    if let Some(ca) = &network.ca {
        files.push(("ca", ca));
    }
    if let Some(ProxyConfig::Secret(secret)) = &network.proxy {
        secrets.push(secret);
    }
}

fn mode(read_only: bool) -> &'static str {
    match read_only {
        true => "read only",
        false => "may write",
    }
}

/// What of an app is taken, for people.
fn selection<T>(listed: &[T], excluded: &[T], one: &str, many: &str) -> String {
    let taken = match listed.len() {
        0 => format!("all {many}"),
        count => counted(count, one, many),
    };
    match excluded.len() {
        0 => taken,
        count => format!("{taken} but {}", counted(count, one, many)),
    }
}
