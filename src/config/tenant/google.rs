//! `[[tenant.google]]`: Google Drive as an app.

use std::collections::BTreeMap;

use toml::de::DeValue;
use url::Url;
use uuid::Uuid;

use super::ReadMode;
use super::limits::Limits;
use super::network::{
    NetworkConfig, is_address, read_domains, read_network, read_people, url, whole,
};
use super::schedules::{PaceConfig, read_pace};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::Source;
use crate::config::value::{Choice, Refusal, Value, refuse, wrong_type};
use crate::model::AppName;
use crate::model::cap::CapRule;

/// Quota units a minute: 95 % of what a project may use (reference/google-drive.md §9.1).
const UNITS_PER_MINUTE: u32 = 950_000;

/// Quota units a minute in one person's name: 95 % of what a person may use of a project's (§9.1).
const USER_UNITS_PER_MINUTE: u32 = 308_000;

/// Quota units a day: 95 % of what a day has before it is billed (§9.1).
const UNITS_PER_DAY: u32 = 380_000_000;

/// Calls under way at once.
const PARALLEL: u32 = 16;

/// Seconds for which a new file may be missing from listings (§2.3).
const LISTING_LAG: u32 = 120;

/// Everybody's My Drive and the shared drives of a Workspace tenant, or a part of them, as an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleConfig {
    /// Its name, unique within the tenant.
    pub name: AppName,
    /// The service account's key file, as the Cloud console makes it.
    pub service_account: Secret,
    /// The administrator who is impersonated for the directory and the list of shared drives.
    pub admin: String,
    /// The organisation's own domains; empty to ask the directory.
    pub domains: Vec<String>,
    /// Where tokens are had, in place of Google's address.
    pub token_url: Option<Url>,
    /// Where Drive is, in place of Google's address.
    pub drive_url: Option<Url>,
    /// Where the directory is, in place of Google's address.
    pub directory_url: Option<Url>,
    /// Where Drive Labels is, in place of Google's address.
    pub labels_url: Option<Url>,
    /// The way there.
    pub network: NetworkConfig,
    /// Quota units spent in a minute at most.
    pub units_per_minute: u32,
    /// Quota units spent in a minute at most in the name of one person.
    pub user_units_per_minute: u32,
    /// Quota units spent in a day at most.
    pub units_per_day: u32,
    /// Calls under way at once.
    pub parallel: usize,
    /// What each kind of call costs.
    pub quota: GoogleQuota,
    /// Nothing is written, and tokens are asked for with read-only scopes.
    pub read_only: bool,
    /// Whose My Drive, by primary address; empty for everybody's.
    pub users: Vec<String>,
    /// People (primary address) and shared drives (id or name) that are left out.
    pub exclude: Vec<String>,
    /// The My Drive of suspended people is looked at too.
    pub suspended_users: bool,
    /// Shared drives are looked at.
    pub shared_drives: bool,
    /// Listings ask who each file is shared with.
    pub list_permissions: bool,
    /// How files are written.
    pub writes: GoogleWrites,
    /// A written file gets a private property by which labeld knows its own write later.
    pub stamp_writes: bool,
    /// The groups of files' owners are looked up.
    pub owner_groups: bool,
    /// Groups that a file is shared with are looked into for people outside the organisation.
    pub expand_groups: bool,
    /// Seconds for which a new file may be missing from listings.
    pub listing_lag_seconds: u32,
    /// The Drive label that mirrors the sensitivity label.
    pub mirror_label: Option<GoogleMirrorLabel>,
    /// Public address that Google sends change notifications to.
    pub notification_url: Option<Url>,
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

/// What a call costs, in the units of the app's pace (reference/google-drive.md §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoogleQuota {
    /// Reading one thing.
    pub get: u32,
    /// A page of a list.
    pub list: u32,
    /// Changing something.
    pub write: u32,
    /// Bytes of a file, however many.
    pub download: u32,
    /// Anything else.
    pub other: u32,
}

/// The model of projects made since May 2026.
impl Default for GoogleQuota {
    fn default() -> Self {
        Self {
            get: 5,
            list: 100,
            write: 50,
            download: 200,
            other: 5,
        }
    }
}

/// How files are written (reference/google-drive.md §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GoogleWrites {
    /// Through Drive v2, which keeps the precondition.
    #[default]
    V2,
    /// Through v2, and through v3 where v2 is not there.
    V2ThenV3,
    /// Through v3, which has no precondition.
    V3,
}

impl Choice for GoogleWrites {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("v2", Self::V2),
        ("v2-then-v3", Self::V2ThenV3),
        ("v3", Self::V3),
    ];
    const EXAMPLE: &'static str = "\"v2\"";
}

/// A Drive label with a selection field that mirrors the sensitivity label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleMirrorLabel {
    /// Id of the Drive label.
    pub label: String,
    /// Id of its selection field.
    pub field: String,
    /// Ids of the field's choices by the sensitivity label.
    pub choices: BTreeMap<Uuid, String>,
}

impl Value for BTreeMap<Uuid, String> {
    const EXPECTED: &'static str = "a table of choices by the GUIDs of labels";
    const EXAMPLE: &'static str = "{ \"00000000-1111-2222-3333-444444444444\" = \"CHOICE-ID\" }";

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
        let table = value.as_table().ok_or_else(|| wrong_type::<Self>(value))?;
        table
            .iter()
            .map(|(label, choice)| {
                let label = label.get_ref();
                let Ok(id) = Uuid::try_parse(label) else {
                    return refuse(
                        format!("`{label}` is not the GUID of a label"),
                        format!("for example {}", Self::EXAMPLE),
                    );
                };
                Ok((id, String::read(choice.get_ref(), source)?))
            })
            .collect()
    }
}

/// Every key is asked for before the first missing one ends the reading: what nobody asked for is unknown.
pub(super) fn read(section: &mut Section<'_>, above: Limits) -> Option<GoogleConfig> {
    let name = section.required("name");
    let limits = Limits::read(section, above);
    let service_account = read_service_account(section);
    let admin = read_admin(section);
    let read_only = section.optional("read_only").unwrap_or(true);
    let quota = section.table("quota", read_quota).unwrap_or_default();
    let users = read_people(section, "users");
    Some(GoogleConfig {
        domains: read_domains(section, "domains"),
        token_url: url(section, "token_url"),
        drive_url: url(section, "drive_url"),
        directory_url: url(section, "directory_url"),
        labels_url: url(section, "labels_url"),
        network: read_network(section),
        units_per_minute: whole::<100_000_000>(section, "units_per_minute", UNITS_PER_MINUTE),
        user_units_per_minute: whole::<100_000_000>(
            section,
            "user_units_per_minute",
            USER_UNITS_PER_MINUTE,
        ),
        units_per_day: whole::<4_000_000_000>(section, "units_per_day", UNITS_PER_DAY),
        parallel: whole::<64>(section, "parallel", PARALLEL) as usize,
        quota,
        read_only,
        users,
        exclude: section.or_default("exclude"),
        suspended_users: section.or_default("suspended_users"),
        shared_drives: section.optional("shared_drives").unwrap_or(true),
        list_permissions: section.optional("list_permissions").unwrap_or(true),
        writes: section.or_default("writes"),
        stamp_writes: section.optional("stamp_writes").unwrap_or(true),
        owner_groups: section.or_default("owner_groups"),
        expand_groups: section.or_default("expand_groups"),
        listing_lag_seconds: whole::<3_600>(section, "listing_lag_seconds", LISTING_LAG),
        mirror_label: read_mirror_label(section, read_only),
        notification_url: url(section, "notification_url"),
        read_mode: section.optional("read_mode").unwrap_or(ReadMode::Requests),
        size_limit: limits.size,
        cap: limits.cap,
        pace: read_pace(section),
        name: name?,
        service_account: service_account?,
        admin: admin?,
    })
}

fn read_service_account(section: &mut Section<'_>) -> Option<Secret> {
    let secret = section.secret("service_account");
    if !section.has("service_account") {
        section.report_missing(
            format!("{} names no credential", section.title()),
            "add `service_account = { file = \"PATH\" }`, the key file that the Cloud console makes"
                .to_owned(),
        );
    }
    secret
}

fn read_admin(section: &mut Section<'_>) -> Option<String> {
    let admin: String = section.required("admin")?;
    if is_address(&admin) {
        return Some(admin);
    }
    section.report_key(
        "admin",
        format!("`{admin}` is no address"),
        "the primary address of an administrator: \"admin@contoso.example\"",
    );
    None
}

fn read_quota(section: &mut Section<'_>) -> Option<GoogleQuota> {
    let default = GoogleQuota::default();
    Some(GoogleQuota {
        get: whole::<10_000>(section, "get", default.get),
        list: whole::<10_000>(section, "list", default.list),
        write: whole::<10_000>(section, "write", default.write),
        download: whole::<10_000>(section, "download", default.download),
        other: whole::<10_000>(section, "other", default.other),
    })
}

fn read_mirror_label(section: &mut Section<'_>, read_only: bool) -> Option<GoogleMirrorLabel> {
    if section.has("mirror_label") && read_only {
        section.report_key(
            "mirror_label",
            "`mirror_label` writes, and nothing may be written".to_owned(),
            "add `read_only = false`, or take `mirror_label` out",
        );
    }
    section.table("mirror_label", |table| {
        let label = table.required("label");
        let field = table.required("field");
        let choices = table.required("choices");
        Some(GoogleMirrorLabel {
            label: label?,
            field: field?,
            choices: choices?,
        })
    })
}
