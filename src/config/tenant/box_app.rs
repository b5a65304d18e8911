//! `[[tenant.box]]`: a Box enterprise as an app.

use url::Url;

use super::ReadMode;
use super::limits::Limits;
use super::network::{
    NetworkConfig, is_domain, read_domains, read_network, read_people, refuse_without, url, urls,
    whole,
};
use super::schedules::{PaceConfig, read_pace};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::value::Whole;
use crate::model::AppName;
use crate::model::cap::CapRule;

/// API calls a minute: well below the thousand that a user may make (reference/box.md §9).
const CALLS_PER_MINUTE: u32 = 600;

/// Calls under way at once.
const PARALLEL: u32 = 4;

/// The tracking code that holds a user's department.
const DEPARTMENT_CODE: &str = "department";

/// A Box enterprise, or a part of its users, as an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxConfig {
    /// Its name, unique within the tenant.
    pub name: AppName,
    /// What proves that it is labeld.
    pub credential: BoxCredential,
    /// Where tokens are had, in place of Box's address.
    pub token_url: Option<Url>,
    /// Where the API is, in place of Box's address.
    pub api_url: Option<Url>,
    /// Where uploads go, in place of Box's address.
    pub upload_url: Option<Url>,
    /// Where content may be fetched from, in place of Box's domains.
    pub download_hosts: Option<BoxDownloadHosts>,
    /// The way there.
    pub network: NetworkConfig,
    /// API calls in a minute at most.
    pub calls_per_minute: u32,
    /// API calls in a day at most; `None` for no bound.
    pub calls_per_day: Option<u32>,
    /// Calls under way at once.
    pub parallel: usize,
    /// Nothing is written, whatever the app may do.
    pub read_only: bool,
    /// Whose files, by login; empty for everybody's.
    pub users: Vec<String>,
    /// Whose files are left out.
    pub exclude: Vec<String>,
    /// Labels are mirrored as Box's own classifications.
    pub mirror_classification: bool,
    /// Domains whose accounts are the organisation's own beside those that Box knows.
    pub internal_domains: Vec<String>,
    /// The groups of files' owners are looked up.
    pub owner_groups: bool,
    /// The tracking code that holds a user's department.
    pub department_code: String,
    /// The tracking code that holds a user's organisational unit.
    pub unit_code: Option<String>,
    /// A retention policy on a file is taken to forbid new versions.
    pub retention_forbids_writing: bool,
    /// What deliveries of webhooks are signed with; without either there are no webhooks.
    pub primary_signature_key: Option<Secret>,
    /// The other key, while one of them is changed.
    pub secondary_signature_key: Option<Secret>,
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

/// What proves to Box that it is labeld (reference/box.md §1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoxCredential {
    /// The configuration that the developer console makes, with the app's key in it.
    Config(Secret),
    /// The client credentials grant.
    ClientSecret {
        /// The app's client id.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// The enterprise's id.
        enterprise_id: String,
    },
}

/// Where content may be fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoxDownloadHosts {
    /// From these domains and all below them, by https.
    Domains(Vec<String>),
    /// From exactly these origins.
    Origins(Vec<Url>),
}

/// Every key is asked for before the first missing one ends the reading: what nobody asked for is unknown.
pub(super) fn read(section: &mut Section<'_>, above: Limits) -> Option<BoxConfig> {
    let name = section.required("name");
    let limits = Limits::read(section, above);
    let credential = read_credential(section);
    let (read_only, mirror_classification) = read_writing(section);
    let calls_per_day: Option<Whole<1_000_000_000>> = section.optional("calls_per_day");
    let department_code: Option<String> = section.optional("department_code");
    Some(BoxConfig {
        token_url: url(section, "token_url"),
        api_url: url(section, "api_url"),
        upload_url: url(section, "upload_url"),
        download_hosts: read_download_hosts(section),
        network: read_network(section),
        calls_per_minute: whole::<1_000_000>(section, "calls_per_minute", CALLS_PER_MINUTE),
        calls_per_day: calls_per_day.map(|calls| calls.0),
        parallel: whole::<64>(section, "parallel", PARALLEL) as usize,
        read_only,
        users: read_people(section, "users"),
        exclude: read_people(section, "exclude"),
        mirror_classification,
        internal_domains: read_domains(section, "internal_domains"),
        owner_groups: section.or_default("owner_groups"),
        department_code: department_code.unwrap_or_else(|| DEPARTMENT_CODE.to_owned()),
        unit_code: section.optional("unit_code"),
        retention_forbids_writing: section.or_default("retention_forbids_writing"),
        primary_signature_key: section.secret("primary_signature_key"),
        secondary_signature_key: section.secret("secondary_signature_key"),
        read_mode: section.optional("read_mode").unwrap_or(ReadMode::Requests),
        size_limit: limits.size,
        cap: limits.cap,
        pace: read_pace(section),
        name: name?,
        credential: credential?,
    })
}

/// The one credential that must be there.
fn read_credential(section: &mut Section<'_>) -> Option<BoxCredential> {
    let config = section.secret("config");
    let client_id = section.optional("client_id");
    let client_secret = section.secret("client_secret");
    let enterprise_id = read_enterprise_id(section);
    let of_client = ["client_id", "client_secret", "enterprise_id"];
    let written: Vec<&str> = of_client
        .into_iter()
        .filter(|key| section.has(key))
        .collect();
    match (section.has("config"), written.first()) {
        (true, Some(key)) => section.report_key(
            key,
            format!(
                "labeld signs in either with `config` or with `client_secret`, and `{key}` belongs to the latter"
            ),
            "take one of them out; `config` holds the ids too",
        ),
        (false, None) => section.report_missing(
            format!("{} names no credential", section.title()),
            "add `config = { file = \"PATH\" }`, the file that Box's developer console makes, or \
             `client_id`, `client_secret` and `enterprise_id`"
                .to_owned(),
        ),
        (false, Some(key)) => {
            for needed in of_client {
                refuse_without(section, key, needed);
            }
        }
        (true, None) => {}
    }
    if let Some(config) = config {
        return Some(BoxCredential::Config(config));
    }
    Some(BoxCredential::ClientSecret {
        client_id: client_id?,
        client_secret: client_secret?,
        enterprise_id: enterprise_id?,
    })
}

/// The digits that the console shows.
fn read_enterprise_id(section: &mut Section<'_>) -> Option<String> {
    let id: String = section.optional("enterprise_id")?;
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(id);
    }
    section.report_key(
        "enterprise_id",
        "the id of an enterprise is a number".to_owned(),
        "copy it from the Admin Console: \"1234567\"",
    );
    None
}

/// `read_only`, and whether labels are mirrored.
fn read_writing(section: &mut Section<'_>) -> (bool, bool) {
    let read_only = section.optional("read_only").unwrap_or(true);
    let mirror = section.or_default("mirror_classification");
    if mirror && read_only {
        section.report_key(
            "mirror_classification",
            "`mirror_classification` writes, and nothing may be written".to_owned(),
            "add `read_only = false`, or take `mirror_classification` out",
        );
    }
    (read_only, mirror)
}

/// Domains, or where one of them is written as a web address, origins.
fn read_download_hosts(section: &mut Section<'_>) -> Option<BoxDownloadHosts> {
    const KEY: &str = "download_hosts";
    let hosts: Vec<String> = section.optional(KEY)?;
    if hosts.iter().any(|host| host.contains("://")) {
        return Some(BoxDownloadHosts::Origins(urls(section, KEY)));
    }
    if let Some(wrong) = hosts.iter().find(|host| !is_domain(host)) {
        section.report_key(
            KEY,
            format!("`{wrong}` is no domain"),
            "domains such as [\"boxcloud.com\"], or web addresses of hosts",
        );
    }
    let hosts = hosts.iter().map(|host| host.to_lowercase()).collect();
    Some(BoxDownloadHosts::Domains(hosts))
}
