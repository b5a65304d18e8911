//! `[[tenant.sharepoint]]` and `[[tenant.onedrive]]`.

use url::{Host, Url};
use uuid::Uuid;

use super::ReadMode;
use super::limits::Limits;
use super::network::{is_address, urls};
use super::schedules::{PaceConfig, read_pace};
use crate::config::section::Section;
use crate::model::AppName;
use crate::model::cap::CapRule;

/// Sites of the tenant's SharePoint as an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharePointConfig {
    /// Its name, unique within the tenant.
    pub name: AppName,
    /// The sites, by their addresses; empty for all that the app registration may see.
    pub sites: Vec<Url>,
    /// Sites that are left out.
    pub exclude: Vec<Url>,
    /// Libraries that are known to want files checked out before they are changed.
    pub checkout_required: Vec<Url>,
    /// What reading should spare.
    pub read_mode: ReadMode,
    /// Largest file that is written, in bytes, inclusive; the tenant's where the app has none.
    pub size_limit: u64,
    /// Labels that may be applied in a day, shared with the tenant's other apps of the kind; the tenant's where the app has
    /// none.
    pub cap: CapRule,
    /// How often it is asked for changes, and how many calls that may cost.
    pub pace: PaceConfig,
}

/// The tenant's OneDrives as an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneDriveConfig {
    /// Its name, unique within the tenant.
    pub name: AppName,
    /// Whose OneDrives: user principal names or object ids; empty for everybody's.
    pub users: Vec<String>,
    /// Whose OneDrives are left out.
    pub exclude: Vec<String>,
    /// What reading should spare.
    pub read_mode: ReadMode,
    /// Largest file that is written, in bytes, inclusive; the tenant's where the app has none.
    pub size_limit: u64,
    /// Labels that may be applied in a day, shared with the tenant's other apps of the kind; the tenant's where the app has
    /// none.
    pub cap: CapRule,
    /// How often it is asked for changes, and how many calls that may cost.
    pub pace: PaceConfig,
}

pub(super) fn read_sharepoint(
    section: &mut Section<'_>,
    above: Limits,
) -> Option<SharePointConfig> {
    let name = section.required("name");
    let limits = Limits::read(section, above);
    let sites = read_sites(section, "sites");
    Some(SharePointConfig {
        sites,
        exclude: read_sites(section, "exclude"),
        checkout_required: read_sites(section, "checkout_required"),
        read_mode: section.optional("read_mode").unwrap_or(ReadMode::Requests),
        size_limit: limits.size,
        cap: limits.cap,
        pace: read_pace(section),
        name: name?,
    })
}

fn read_sites(section: &mut Section<'_>, key: &'static str) -> Vec<Url> {
    let urls = urls(section, key);
    if let Some(personal) = urls.iter().find(|url| is_personal(url)) {
        section.report_key(
            key,
            format!("`{personal}` is the OneDrive of a person"),
            "name the person as one of `users` in [[tenant.onedrive]]",
        );
    }
    urls
}

/// Whether an address leads to the host that OneDrives are on (reference/microsoft-graph.md §3.2).
fn is_personal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name
            .split_once('.')
            .is_some_and(|(first, _)| first.ends_with("-my")),
        _ => url.path().starts_with("/personal/"),
    }
}

pub(super) fn read_onedrive(section: &mut Section<'_>, above: Limits) -> Option<OneDriveConfig> {
    let name = section.required("name");
    let limits = Limits::read(section, above);
    let users = read_users(section, "users");
    Some(OneDriveConfig {
        users,
        exclude: read_users(section, "exclude"),
        read_mode: section.optional("read_mode").unwrap_or(ReadMode::Requests),
        size_limit: limits.size,
        cap: limits.cap,
        pace: read_pace(section),
        name: name?,
    })
}

fn read_users(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    let users: Vec<String> = section.or_default(key);
    let is_user = |user: &str| Uuid::try_parse(user).is_ok() || is_address(user);
    if let Some(wrong) = users.iter().find(|user| !is_user(user)) {
        section.report_key(
            key,
            format!("`{wrong}` names no user"),
            "a user principal name such as \"mina@contoso.example\", or an object id (a GUID)",
        );
    }
    users
}
