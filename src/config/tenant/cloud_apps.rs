//! `[[tenant.sharepoint]]` and `[[tenant.onedrive]]`.

use std::collections::BTreeMap;

use url::{Host, Url};
use uuid::Uuid;

use super::ReadMode;
use crate::config::address::ServiceUrl;
use crate::config::section::Section;
use crate::config::value::ByteSize;
use crate::model::AppName;

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
}

pub(super) fn read_sharepoint(
    section: &mut Section<'_>,
    tenant_limit: ByteSize,
) -> Option<SharePointConfig> {
    let name = section.required("name");
    let sites = read_sites(section, "sites");
    Some(SharePointConfig {
        sites,
        exclude: read_sites(section, "exclude"),
        checkout_required: read_sites(section, "checkout_required"),
        read_mode: section.optional("read_mode").unwrap_or(ReadMode::Requests),
        size_limit: section.optional("size_limit").unwrap_or(tenant_limit).0,
        name: name?,
    })
}

fn read_sites(section: &mut Section<'_>, key: &'static str) -> Vec<Url> {
    let urls: Vec<ServiceUrl> = section.optional(key).unwrap_or_default();
    let urls: Vec<Url> = urls.into_iter().map(ServiceUrl::into_url).collect();
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

pub(super) fn read_onedrive(
    section: &mut Section<'_>,
    tenant_limit: ByteSize,
) -> Option<OneDriveConfig> {
    let name = section.required("name");
    let users = read_users(section, "users");
    Some(OneDriveConfig {
        users,
        exclude: read_users(section, "exclude"),
        read_mode: section.optional("read_mode").unwrap_or(ReadMode::Requests),
        size_limit: section.optional("size_limit").unwrap_or(tenant_limit).0,
        name: name?,
    })
}

fn read_users(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    let users: Vec<String> = section.or_default(key);
    let is_user = |user: &str| {
        let address = user.split_once('@');
        Uuid::try_parse(user).is_ok()
            || address.is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
                && !user.contains(|c: char| c.is_whitespace() || c == '/')
    };
    if let Some(wrong) = users.iter().find(|user| !is_user(user)) {
        section.report_key(
            key,
            format!("`{wrong}` names no user"),
            "a user principal name such as \"mina@contoso.example\", or an object id (a GUID)",
        );
    }
    users
}

/// What an app of a kind takes, for the check that no file is in two of them.
struct Taken<'a> {
    app: &'a AppName,
    /// Empty for all.
    listed: Vec<String>,
    excluded: Vec<String>,
}

/// Refuses apps that would list, count and label the same files.
pub(super) fn refuse_overlaps(
    section: &mut Section<'_>,
    sharepoint: &[SharePointConfig],
    onedrive: &[OneDriveConfig],
) {
    let sites: Vec<Taken<'_>> = sharepoint
        .iter()
        .map(|app| Taken {
            app: &app.name,
            listed: app.sites.iter().map(normal_site).collect(),
            excluded: app.exclude.iter().map(normal_site).collect(),
        })
        .collect();
    refuse_overlap(section, "sharepoint", "site", "sites", &sites);
    let users: Vec<Taken<'_>> = onedrive
        .iter()
        .map(|app| Taken {
            app: &app.name,
            listed: app.users.iter().map(|user| user.to_lowercase()).collect(),
            excluded: app.exclude.iter().map(|user| user.to_lowercase()).collect(),
        })
        .collect();
    refuse_overlap(section, "onedrive", "user", "users", &users);
}

/// SharePoint compares addresses without regard to case.
fn normal_site(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_lowercase()
}

fn refuse_overlap(section: &mut Section<'_>, kind: &str, one: &str, key: &str, apps: &[Taken<'_>]) {
    let mut takers: BTreeMap<&str, &AppName> = BTreeMap::new();
    let mut problems = Vec::new();
    for app in apps {
        for item in &app.listed {
            if app.excluded.contains(item) {
                continue;
            }
            if let Some(other) = takers
                .insert(item, app.app)
                .filter(|other| *other != app.app)
            {
                problems.push(format!(
                    "{one} `{item}` is in both app `{other}` and app `{}`",
                    app.app
                ));
            }
        }
    }
    let takes_rest: Vec<&Taken<'_>> = apps.iter().filter(|app| app.listed.is_empty()).collect();
    for (index, all) in takes_rest.iter().enumerate() {
        if let Some(other) = takes_rest.get(index + 1) {
            problems.push(format!(
                "app `{}` and app `{}` both take every {one}",
                all.app, other.app
            ));
        }
        if let Some((item, app)) = takers
            .iter()
            .find(|(item, _)| !all.excluded.iter().any(|it| it == *item))
        {
            problems.push(format!(
                "{one} `{item}` is in both app `{app}` and app `{}`, which takes every {one}",
                all.app
            ));
        }
    }
    for problem in problems {
        section.report_key(
            kind,
            problem,
            &format!("take each {one} into one app: with `{key}`, or with `exclude`"),
        );
    }
}
