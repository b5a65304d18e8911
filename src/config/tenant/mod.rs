//! `[[tenant]]` and what stands below it.

mod box_app;
mod cloud_apps;
mod google;
mod limits;
mod local;
mod microsoft;
mod network;
mod overlaps;
mod schedules;

use std::path::PathBuf;

use uuid::Uuid;

pub use self::box_app::{BoxConfig, BoxCredential, BoxDownloadHosts};
pub use self::cloud_apps::{OneDriveConfig, SharePointConfig};
pub use self::google::{GoogleConfig, GoogleMirrorLabel, GoogleQuota, GoogleWrites};
use self::limits::{Limits, refuse_several_caps};
pub use self::local::LocalAppConfig;
pub use self::microsoft::{LabelOrder, MicrosoftCloud, MicrosoftConfig, MicrosoftCredential};
pub use self::network::{NetworkConfig, ProxyConfig};
use self::overlaps::{CloudApps, refuse_overlaps};
pub use self::schedules::{PaceConfig, SchedulesConfig};
use super::section::Section;
use super::value::{Choice, word_of};
use crate::model::cap::CapRule;
use crate::model::{AppName, DEFAULT_SIZE_LIMIT, TenantName};

/// One organisation: its label list and its apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantConfig {
    /// What labeld calls it.
    pub name: TenantName,
    /// Its Entra tenant id, where it is told: tells its own labels from those of others.
    pub id: Option<Uuid>,
    /// Where its label list comes from; without it labels are shown as the files name them.
    pub labels: Option<LabelSource>,
    /// Whether the tenant uses co-authoring of encrypted files (rules §4 row L1).
    pub coauthoring: Coauthoring,
    /// Hide labels of other tenants (rules §4 row L6).
    pub only_this_tenant: bool,
    /// Whether new and modified files are scanned without a policy that looks inside them (rules §7).
    pub auto_scan: bool,
    /// Largest file that is written, in bytes, inclusive.
    pub size_limit: u64,
    /// Labels that may be applied in a day in each of its kinds of apps.
    pub cap: CapRule,
    /// When its scheduled tasks run.
    pub schedules: SchedulesConfig,
    /// How to sign in to its Microsoft 365.
    pub microsoft: Option<MicrosoftConfig>,
    /// Folders.
    pub local: Vec<LocalAppConfig>,
    /// Sites of its SharePoint.
    pub sharepoint: Vec<SharePointConfig>,
    /// Its OneDrives.
    pub onedrive: Vec<OneDriveConfig>,
    /// Box enterprises.
    pub boxes: Vec<BoxConfig>,
    /// Google Drive.
    pub google: Vec<GoogleConfig>,
}

/// An app of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppConfig<'a> {
    /// A folder.
    Local(&'a LocalAppConfig),
    /// Sites of SharePoint.
    SharePoint(&'a SharePointConfig),
    /// OneDrives.
    OneDrive(&'a OneDriveConfig),
    /// A Box enterprise.
    Box(&'a BoxConfig),
    /// Google Drive.
    Google(&'a GoogleConfig),
}

/// Where a tenant's label list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelSource {
    /// A file; see [`crate::pipeline::label_list`] for its forms.
    File(PathBuf),
    /// Microsoft Graph.
    Graph,
}

/// Where a tenant's files keep their labels (reference/label-formats.md §2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coauthoring {
    /// Switched on: LabelInfo counts first.
    On,
    /// Switched off: custom properties only.
    Off,
    /// Not known: decided file by file.
    #[default]
    Unknown,
}

/// What reading should spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadMode {
    /// Bytes, with reads as small as a disk allows.
    #[default]
    Local,
    /// Requests, as in an app that charges each of them.
    Requests,
    /// Bytes, as over a slow or metered line.
    Bytes,
}

impl Choice for Coauthoring {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("on", Self::On),
        ("off", Self::Off),
        ("unknown", Self::Unknown),
    ];
    const EXAMPLE: &'static str = "\"unknown\"";
}

impl Choice for ReadMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("local", Self::Local),
        ("requests", Self::Requests),
        ("bytes", Self::Bytes),
    ];
    const EXAMPLE: &'static str = "\"local\"";
}

impl ReadMode {
    /// The word for it in the configuration.
    pub fn word(self) -> &'static str {
        word_of(self)
    }
}

impl TenantConfig {
    /// All its apps, of every kind.
    pub fn apps(&self) -> impl Iterator<Item = AppConfig<'_>> {
        let local = self.local.iter().map(AppConfig::Local);
        let sharepoint = self.sharepoint.iter().map(AppConfig::SharePoint);
        let onedrive = self.onedrive.iter().map(AppConfig::OneDrive);
        let boxes = self.boxes.iter().map(AppConfig::Box);
        let google = self.google.iter().map(AppConfig::Google);
        local
            .chain(sharepoint)
            .chain(onedrive)
            .chain(boxes)
            .chain(google)
    }

    /// Whether change notifications of the app are configured.
    pub fn wants_hints(&self, app: AppConfig<'_>) -> bool {
        match app {
            AppConfig::Local(_) => false,
            AppConfig::SharePoint(_) | AppConfig::OneDrive(_) => {
                let microsoft = self.microsoft.as_ref();
                microsoft.is_some_and(|microsoft| microsoft.notification_url.is_some())
            }
            AppConfig::Box(app) => app.primary_signature_key.is_some(),
            AppConfig::Google(app) => app.notification_url.is_some(),
        }
    }

    /// Whether it has an app of this name.
    pub fn has_app(&self, name: &str) -> bool {
        self.apps().any(|app| app.name().0 == name)
    }
}

/// The words for the kinds of apps.
pub(super) const APP_KINDS: &[&str] = &["local", "sharepoint", "onedrive", "box", "google"];

impl<'a> AppConfig<'a> {
    /// Its name, unique within the tenant.
    pub fn name(self) -> &'a AppName {
        match self {
            Self::Local(app) => &app.name,
            Self::SharePoint(app) => &app.name,
            Self::OneDrive(app) => &app.name,
            Self::Box(app) => &app.name,
            Self::Google(app) => &app.name,
        }
    }

    /// The word for its kind, as it stands in the configuration.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Local(_) => "local",
            Self::SharePoint(_) => "sharepoint",
            Self::OneDrive(_) => "onedrive",
            Self::Box(_) => "box",
            Self::Google(_) => "google",
        }
    }

    /// Largest file that is written, in bytes, inclusive.
    pub fn size_limit(self) -> u64 {
        match self {
            Self::Local(app) => app.size_limit,
            Self::SharePoint(app) => app.size_limit,
            Self::OneDrive(app) => app.size_limit,
            Self::Box(app) => app.size_limit,
            Self::Google(app) => app.size_limit,
        }
    }

    /// Labels that may be applied in a day; all apps of the kind in the tenant share them.
    pub fn cap(self) -> CapRule {
        match self {
            Self::Local(app) => app.cap,
            Self::SharePoint(app) => app.cap,
            Self::OneDrive(app) => app.cap,
            Self::Box(app) => app.cap,
            Self::Google(app) => app.cap,
        }
    }

    /// How often it is asked for changes, and how many calls that may cost.
    pub fn pace(self) -> PaceConfig {
        match self {
            Self::Local(app) => app.pace,
            Self::SharePoint(app) => app.pace,
            Self::OneDrive(app) => app.pace,
            Self::Box(app) => app.pace,
            Self::Google(app) => app.pace,
        }
    }

    /// What reading should spare.
    pub fn read_mode(self) -> ReadMode {
        match self {
            Self::Local(app) => app.read_mode,
            Self::SharePoint(app) => app.read_mode,
            Self::OneDrive(app) => app.read_mode,
            Self::Box(app) => app.read_mode,
            Self::Google(app) => app.read_mode,
        }
    }
}

/// All tenants.
pub(super) fn read_all(top: &mut Section<'_>) -> Vec<TenantConfig> {
    if !top.has("tenant") {
        top.report_missing(
            "no tenant is configured".to_owned(),
            "add a table [[tenant]] with a name; `labeld init` writes an example".to_owned(),
        );
    }
    let tenants = top.tables("tenant", read);
    let tenant = "[[tenant]]";
    top.refuse_duplicates(&[&["tenant"]], "name", tenant, str::to_owned);
    top.refuse_duplicates(&[&["tenant"]], "id", tenant, |id| {
        Uuid::try_parse(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
    });
    // Two apps on one folder would count and label each file twice.
    let source = top.source();
    let folders: &[&[&str]] = &[&["tenant", "local"]];
    top.refuse_duplicates(folders, "root", "[[tenant.local]]", |root| {
        local::normal_path(&source.resolve(root))
            .display()
            .to_string()
    });
    tenants
}

/// On, so that a service without policies keeps its picture of labels true: whatever comes or changes after the connection
/// is read, and what was there before costs nothing until a policy or a rescan asks for it (rules §2 row 6, §7).
const AUTO_SCAN: bool = true;

/// The lists of apps, by kind.
const APPS: &[&[&str]] = &[
    &["local"],
    &["sharepoint"],
    &["onedrive"],
    &["box"],
    &["google"],
];

fn read(section: &mut Section<'_>) -> Option<TenantConfig> {
    let name = section.required("name");
    let id = section.optional("id");
    let labels = section.table("labels", read_label_source);
    let coauthoring = section.or_default("coauthoring");
    let only_this_tenant = section.or_default("only_this_tenant");
    let auto_scan = section.optional("auto_scan").unwrap_or(AUTO_SCAN);
    let limits = Limits::read(section, Limits::default());
    let schedules = section
        .table("schedules", schedules::read)
        .or_else(schedules::defaults);
    let microsoft = section.table("microsoft", |table| microsoft::read(table, id));
    let local = section.tables("local", |app| local::read(app, limits));
    let sharepoint = section.tables("sharepoint", |app| cloud_apps::read_sharepoint(app, limits));
    let onedrive = section.tables("onedrive", |app| cloud_apps::read_onedrive(app, limits));
    let boxes = section.tables("box", |app| box_app::read(app, limits));
    let google = section.tables("google", |app| google::read(app, limits));
    section.refuse_duplicates(APPS, "name", "app of a tenant", str::to_owned);
    let cloud_apps = CloudApps {
        sharepoint: &sharepoint,
        onedrive: &onedrive,
        boxes: &boxes,
        google: &google,
    };
    refuse_overlaps(section, &cloud_apps);
    require_sign_in(section, labels.as_ref());
    if only_this_tenant && !section.has("id") {
        section.report_key(
            "only_this_tenant",
            "`only_this_tenant` needs to know which tenant this is".to_owned(),
            "add the tenant's Entra id as `id`",
        );
    }
    let tenant = TenantConfig {
        name: name?,
        id,
        labels,
        coauthoring,
        only_this_tenant,
        auto_scan,
        size_limit: limits.size,
        cap: limits.cap,
        schedules: schedules?,
        microsoft,
        local,
        sharepoint,
        onedrive,
        boxes,
        google,
    };
    refuse_several_caps(section, tenant.apps());
    Some(tenant)
}

fn read_label_source(section: &mut Section<'_>) -> Option<LabelSource> {
    let file = section.optional("file").map(LabelSource::File);
    let graph: Option<bool> = section.optional("graph");
    match (section.has("file"), section.has("graph")) {
        (true, true) => section.report_key(
            "graph",
            "the label list comes either from `file` or from `graph`, not both".to_owned(),
            "take one of them out",
        ),
        (false, false) => section.report_missing(
            format!("{} names no source of the label list", section.title()),
            "add `file = \"path/to/it\"` or `graph = true`".to_owned(),
        ),
        _ if graph == Some(false) => section.report_key(
            "graph",
            "no source of the label list is left".to_owned(),
            "write `graph = true`, or `file = \"path/to/it\"` in its place",
        ),
        _ => {}
    }
    file.or_else(|| graph?.then_some(LabelSource::Graph))
}

/// What works with Microsoft 365 needs to know how to sign in there, and where.
fn require_sign_in(section: &mut Section<'_>, labels: Option<&LabelSource>) {
    if section.has("microsoft") {
        if !section.has("id") {
            section.report_key(
                "microsoft",
                "[tenant.microsoft] needs to know which tenant to sign in to".to_owned(),
                "add the tenant's Entra id as `id` to [[tenant]]",
            );
        }
        return;
    }
    let in_need = [
        (
            section.has("sharepoint"),
            "sharepoint",
            "[[tenant.sharepoint]]",
        ),
        (section.has("onedrive"), "onedrive", "[[tenant.onedrive]]"),
        (
            labels == Some(&LabelSource::Graph),
            "labels",
            "`labels = { graph = true }`",
        ),
    ];
    for (_, key, what) in in_need.iter().filter(|(is_there, ..)| *is_there) {
        section.report_key(
            key,
            format!("{what} needs to sign in to Microsoft 365"),
            "add [tenant.microsoft] with `client_id` and a credential; docs/connect/microsoft.md says how",
        );
    }
}
