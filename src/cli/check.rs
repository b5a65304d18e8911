//! `labeld check`: says what is wrong with the configuration, or what it configures.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use clap::Args;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::counted;
use crate::config::{
    AppConfig, Config, LabelSource, LocalAppConfig, MicrosoftCloud, MicrosoftConfig,
    MicrosoftCredential, OneDriveConfig, ProxyConfig, Secret, SharePointConfig, StoreConfig,
    TenantConfig,
};
use crate::model::catalogue::LabelState;
use crate::pipeline::label_list::{self, LabelList};
use crate::pipeline::{error_chain, labels};

/// Arguments of `labeld check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command. Warnings do not change the exit code.
///
/// # Errors
///
/// When the output cannot be written.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let config = match args.config.load() {
        Ok(config) => config,
        Err(problems) => {
            writeln!(std::io::stderr(), "{problems}")?;
            return Ok(Exit::Configuration);
        }
    };
    let report = Report::of(&config);
    write!(std::io::stdout(), "{}", report.summary)?;
    for warning in &report.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    Ok(Exit::Ok)
}

/// What a configuration sets up, and what about it will not work as things are.
#[derive(Debug, Default)]
struct Report {
    summary: String,
    warnings: Vec<String>,
}

impl Report {
    fn of(config: &Config) -> Self {
        let mut report = Self::default();
        report.line(0, format_args!("{}: no problems", config.file.display()));
        report.store(&config.store);
        for tenant in &config.tenants {
            report.tenant(tenant);
        }
        report
    }

    fn line(&mut self, depth: usize, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.summary, "{:width$}{text}", "", width = 2 * depth);
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    fn store(&mut self, store: &StoreConfig) {
        match store {
            StoreConfig::Sqlite(path) => {
                self.line(1, format_args!("store: SQLite, {}", path.display()));
            }
            StoreConfig::Postgres(secret) => {
                self.line(1, format_args!("store: PostgreSQL, URL from {secret}"));
                self.secret(secret);
            }
        }
    }

    /// A command is not run by a mere check: it may ask a person or cost something.
    fn secret(&mut self, secret: &Secret) {
        if matches!(secret, Secret::Command { .. }) {
            return;
        }
        if let Err(error) = secret.resolve() {
            self.warn(error_chain(&error));
        }
    }

    fn tenant(&mut self, tenant: &TenantConfig) {
        match tenant.id {
            Some(id) => self.line(1, format_args!("tenant {} ({id})", tenant.name)),
            None => self.line(1, format_args!("tenant {}", tenant.name)),
        }
        match &tenant.labels {
            Some(LabelSource::File(path)) => self.label_file(tenant, path),
            Some(LabelSource::Graph) => self.line(2, format_args!("labels: from Microsoft Graph")),
            None => self.line(2, format_args!("labels: shown as the files name them")),
        }
        if let Some(microsoft) = &tenant.microsoft {
            self.microsoft(tenant, microsoft);
        }
        for app in tenant.apps() {
            match app {
                AppConfig::Local(app) => self.local(tenant, app),
                AppConfig::SharePoint(app) => self.sharepoint(app),
                AppConfig::OneDrive(app) => self.onedrive(app),
            }
        }
        if tenant.apps().next().is_none() {
            self.warn(format!(
                "tenant {} has no app: add a table [[tenant.local]], [[tenant.sharepoint]] or [[tenant.onedrive]]",
                tenant.name
            ));
        }
    }

    fn microsoft(&mut self, tenant: &TenantConfig, microsoft: &MicrosoftConfig) {
        let with = match &microsoft.credential {
            MicrosoftCredential::Secret(_) => "a client secret",
            MicrosoftCredential::Certificate { .. } => "a certificate",
        };
        let mode = match microsoft.read_only {
            true => "read only",
            false => "may write",
        };
        self.line(
            2,
            format_args!(
                "Microsoft 365: {} cloud, app {} with {with}, {mode}",
                microsoft.cloud.word(),
                microsoft.client_id
            ),
        );
        let (files, secrets) = named_by(microsoft);
        for secret in secrets {
            self.secret(secret);
        }
        for (option, file) in files {
            if let Err(error) = File::open(file) {
                self.warn(format!(
                    "tenant {}: cannot read {}, the `{option}`: {error}",
                    tenant.name,
                    file.display()
                ));
            }
        }
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

    fn sharepoint(&mut self, app: &SharePointConfig) {
        let what = selection(&app.sites, &app.exclude, "site", "sites");
        self.line(2, format_args!("sharepoint app {}: {what}", app.name));
        for site in &app.sites {
            self.line(3, format_args!("{site}"));
        }
    }

    fn onedrive(&mut self, app: &OneDriveConfig) {
        let what = selection(&app.users, &app.exclude, "user", "users");
        self.line(2, format_args!("onedrive app {}: {what}", app.name));
    }

    fn label_file(&mut self, tenant: &TenantConfig, path: &Path) {
        let list = match label_list::read_file(path) {
            Ok(list) => list,
            Err(error) => {
                self.line(2, format_args!("labels: {}, not readable", path.display()));
                return self.warn(format!("tenant {}: {}", tenant.name, error_chain(&error)));
            }
        };
        self.line(
            2,
            format_args!(
                "labels: {}, {} labels, {} can be applied ({} format)",
                path.display(),
                list.labels.len(),
                count_usable(&list),
                list.format
            ),
        );
        if list.labels.is_empty() {
            self.warn(format!(
                "tenant {}: the label list {} is empty",
                tenant.name,
                path.display()
            ));
        }
        if let (Some(ours), Some(theirs)) = (tenant.id, list.tenant_id)
            && ours != theirs
        {
            self.warn(format!(
                "tenant {} has the id {ours}, but the label list {} is of tenant {theirs}",
                tenant.name,
                path.display()
            ));
        }
    }

    fn local(&mut self, tenant: &TenantConfig, app: &LocalAppConfig) {
        let root = app.root.display();
        self.line(2, format_args!("local app {}: {root}", app.name));
        let name = format!("local app {} of tenant {}", app.name, tenant.name);
        if app.root.is_dir() {
            return;
        }
        if app.root.exists() {
            return self.warn(format!("{name}: {root} is not a folder"));
        }
        match &app.copy_from {
            Some(from) if from.is_dir() => self.line(
                3,
                format_args!("not there yet: will be copied from {}", from.display()),
            ),
            Some(from) => self.warn(format!(
                "{name}: neither {root} nor {}, which it would be copied from, is a folder",
                from.display()
            )),
            None => self.warn(format!("{name}: the folder {root} does not exist")),
        }
    }
}

/// How many labels of a list can be applied, as the catalogue would say after a first sync.
fn count_usable(list: &LabelList) -> usize {
    let first_sync = labels::sync(
        &[],
        &list.labels,
        None,
        list.tenant_id,
        DateTime::<Utc>::UNIX_EPOCH,
    );
    first_sync
        .entries
        .iter()
        .filter(|entry| entry.state == LabelState::Active && labels::usable(entry).is_ok())
        .count()
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
    if let Some(ca) = &microsoft.ca {
        files.push(("ca", ca));
    }
    if let Some(ProxyConfig::Secret(secret)) = &microsoft.proxy {
        secrets.push(secret);
    }
    (files, secrets)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn report(folder: &Path, text: &str) -> Report {
        let file = folder.join("labeld.toml");
        std::fs::write(&file, text).unwrap();
        Report::of(&Config::load(&file).unwrap())
    }

    #[test]
    fn the_example_has_no_warnings() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        let report = Report::of(&Config::load(&file).unwrap());
        assert_eq!(report.warnings, Vec::<String>::new());
        for expected in [
            "no problems",
            "store: SQLite",
            "7 labels, 4 can be applied (labeld format)",
            "local app demo",
        ] {
            assert!(report.summary.contains(expected), "{}", report.summary);
        }
    }

    #[test]
    fn apps_in_the_cloud_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let report = report(
            folder.path(),
            r#"
            store.sqlite = "db"
            [[tenant]]
            name = "a"
            id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
            labels = { graph = true }
            [tenant.microsoft]
            client_id = "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"
            certificate = "app.pem"
            private_key = { env = "LABELD_TEST_NOT_SET" }
            cloud = "us-gov-l4"
            [[tenant.sharepoint]]
            name = "s"
            sites = ["https://a.sharepoint.com/sites/finance"]
            [[tenant.onedrive]]
            name = "o"
            exclude = ["kai@a.example", "leo@a.example"]
            [[tenant]]
            name = "b"
            id = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001"
            [tenant.microsoft]
            client_id = "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"
            client_secret = { command = ["false"] }
            read_only = false
            "#,
        );
        for expected in [
            "labels: from Microsoft Graph",
            "us-gov-l4 cloud, app 2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77 with a certificate, read only",
            "sharepoint app s: 1 site\n",
            "https://a.sharepoint.com/sites/finance",
            "onedrive app o: all users but 2 users",
            "with a client secret, may write",
        ] {
            assert!(report.summary.contains(expected), "{}", report.summary);
        }
        let expected = [
            "`LABELD_TEST_NOT_SET`: it is not set",
            "app.pem, the `certificate`: No such file",
            "tenant a: Microsoft promises a label list in the global cloud only",
            "tenant b: nothing uses [tenant.microsoft]",
            "tenant b has no app",
        ];
        for (index, expected) in expected.iter().enumerate() {
            let warning = &report.warnings[index];
            assert!(warning.contains(expected), "{warning}\n{expected}");
        }
        assert_eq!(report.warnings.len(), expected.len());
    }

    #[test]
    fn what_will_not_work_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        std::fs::write(folder.path().join("bad.json"), "[7]").unwrap();
        std::fs::write(
            folder.path().join("other.json"),
            r#"{"tenant_id":"0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001","labels":[]}"#,
        )
        .unwrap();
        let report = report(
            folder.path(),
            r#"
            store.postgres = { env = "LABELD_TEST_NOT_SET" }
            [[tenant]]
            name = "a"
            labels = { file = "none.json" }
            local = [
                { name = "here", root = "docs" },
                { name = "gone", root = "gone" },
                { name = "file", root = "file" },
                { name = "copied", root = "new", copy_from = "docs" },
                { name = "lost", root = "new2", copy_from = "gone" },
            ]
            [[tenant]]
            name = "b"
            labels = { file = "bad.json" }
            [[tenant]]
            name = "c"
            id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
            labels = { file = "other.json" }
            local = [{ name = "x", root = "docs/x", copy_from = "docs2" }]
            "#,
        );
        let expected = [
            "`LABELD_TEST_NOT_SET`: it is not set",
            "none.json: cannot be read: No such file",
            "local app gone of tenant a: the folder",
            "local app file of tenant a: ",
            "local app lost of tenant a: neither",
            "bad.json: label 1, field `(all)`: expected an object",
            "tenant b has no app",
            "other.json is empty",
            "but the label list",
            "local app x of tenant c: neither",
        ];
        for (index, expected) in expected.iter().enumerate() {
            let warning = &report.warnings[index];
            assert!(warning.contains(expected), "{warning}\n{expected}");
        }
        assert_eq!(report.warnings.len(), expected.len());
        assert!(report.summary.contains("will be copied from"));
    }
}
