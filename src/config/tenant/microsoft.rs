//! `[tenant.microsoft]`: how labeld signs in to Microsoft 365, and how it behaves there.

use std::path::PathBuf;

use url::Url;
use uuid::Uuid;

use super::network::{NetworkConfig, read_domains, read_network, refuse_without, url, urls, whole};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::value::{Choice, word_of};

/// Resource units a minute: 60 % of what the smallest tenant is granted (reference/microsoft-graph.md §8.1).
const UNITS_PER_MINUTE: u32 = 750;

/// Resource units a day, likewise.
const UNITS_PER_DAY: u32 = 720_000;

/// Requests under way at once.
const PARALLEL: u32 = 4;

/// Longest `operator`, in characters.
const MAX_OPERATOR: usize = 64;

/// How labeld signs in to a tenant's Microsoft 365, and how it behaves there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MicrosoftConfig {
    /// Entra id of the tenant to sign in to: its `id`.
    pub tenant_id: Uuid,
    /// Application (client) id of the app registration.
    pub client_id: Uuid,
    /// What proves that it is labeld.
    pub credential: MicrosoftCredential,
    /// Which of Microsoft's clouds the tenant is in.
    pub cloud: MicrosoftCloud,
    /// Where tokens are had, in place of the cloud's address.
    pub login_url: Option<Url>,
    /// Where Microsoft Graph is, in place of the cloud's address.
    pub graph_url: Option<Url>,
    /// Where SharePoint is, in place of every host of the cloud; empty for the cloud's.
    pub sharepoint_urls: Vec<Url>,
    /// The way there.
    pub network: NetworkConfig,
    /// Who operates labeld: the middle part of the User-Agent; the tenant's name where it is not told.
    pub operator: Option<String>,
    /// Resource units spent in a minute at most.
    pub units_per_minute: u32,
    /// Resource units spent in a day at most.
    pub units_per_day: u32,
    /// Requests under way at once.
    pub parallel: usize,
    /// Nothing is written, whatever the app registration may do.
    pub read_only: bool,
    /// Labels that encrypt may be set by Graph's metered `assignSensitivityLabel`.
    pub assign_labels: bool,
    /// Which end of the label list's order is the sensitive one.
    pub label_order: LabelOrder,
    /// Domains whose accounts are the organisation's own, all others external; empty for what Microsoft marks
    /// as guests.
    pub internal_domains: Vec<String>,
    /// The groups of files' owners are looked up.
    pub owner_groups: bool,
    /// Public address that Microsoft sends change notifications to.
    pub notification_url: Option<Url>,
    /// Public address that it sends news of the subscriptions to.
    pub lifecycle_url: Option<Url>,
}

/// What proves to Entra that it is labeld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MicrosoftCredential {
    /// A client secret.
    Secret(Secret),
    /// A certificate with its key.
    Certificate {
        /// PEM file with the certificate.
        certificate: PathBuf,
        /// The private key as PEM text.
        private_key: Secret,
        /// What an encrypted key is opened with.
        passphrase: Option<Secret>,
    },
}

/// Which of Microsoft's clouds a tenant is in (reference/microsoft-graph.md §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MicrosoftCloud {
    /// The worldwide one; also US GCC.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    UsGovL4,
    /// US Government L5 (DoD).
    UsGovL5,
    /// China, operated by 21Vianet.
    China,
}

/// Which end of the label list's order is the sensitive one (reference/microsoft-graph.md §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelOrder {
    /// Larger numbers are more sensitive.
    #[default]
    Ascending,
    /// Smaller numbers are.
    Descending,
}

impl Choice for MicrosoftCloud {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("global", Self::Global),
        ("us-gov-l4", Self::UsGovL4),
        ("us-gov-l5", Self::UsGovL5),
        ("china", Self::China),
    ];
    const EXAMPLE: &'static str = "\"global\"";
}

impl MicrosoftCloud {
    /// The word for it in the configuration.
    pub fn word(self) -> &'static str {
        word_of(self)
    }
}

impl Choice for LabelOrder {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("ascending", Self::Ascending),
        ("descending", Self::Descending),
    ];
    const EXAMPLE: &'static str = "\"ascending\"";
}

/// Every key is asked for before the first missing one ends the reading: what nobody asked for is unknown.
pub(super) fn read(section: &mut Section<'_>, tenant_id: Option<Uuid>) -> Option<MicrosoftConfig> {
    let client_id = section.required("client_id");
    let credential = read_credential(section);
    let writing = read_writing(section);
    let notification_url = url(section, "notification_url");
    let lifecycle_url = url(section, "lifecycle_url");
    if section.has("lifecycle_url") && !section.has("notification_url") {
        section.report_key(
            "lifecycle_url",
            "`lifecycle_url` without `notification_url`".to_owned(),
            "add `notification_url`, the address for the notifications themselves",
        );
    }
    Some(MicrosoftConfig {
        cloud: writing.cloud,
        login_url: url(section, "login_url"),
        graph_url: url(section, "graph_url"),
        sharepoint_urls: urls(section, "sharepoint_urls"),
        network: read_network(section),
        operator: read_operator(section),
        units_per_minute: whole::<1_000_000>(section, "units_per_minute", UNITS_PER_MINUTE),
        units_per_day: whole::<1_000_000_000>(section, "units_per_day", UNITS_PER_DAY),
        parallel: whole::<64>(section, "parallel", PARALLEL) as usize,
        read_only: writing.read_only,
        assign_labels: writing.assign_labels,
        label_order: section.or_default("label_order"),
        internal_domains: read_domains(section, "internal_domains"),
        owner_groups: section.or_default("owner_groups"),
        notification_url,
        lifecycle_url,
        tenant_id: tenant_id?,
        client_id: client_id?,
        credential: credential?,
    })
}

/// The one credential that must be there.
fn read_credential(section: &mut Section<'_>) -> Option<MicrosoftCredential> {
    let secret = section.secret("client_secret");
    let certificate = section.optional("certificate");
    let private_key = section.secret("private_key");
    let passphrase = section.secret("passphrase");
    match (section.has("client_secret"), section.has("certificate")) {
        (true, true) => section.report_key(
            "certificate",
            "labeld signs in either with `client_secret` or with `certificate`, not both"
                .to_owned(),
            "take one of them out; the certificate can do more",
        ),
        (false, false) => section.report_missing(
            format!("{} names no credential", section.title()),
            "add `certificate = \"path/to/it.pem\"` with `private_key = { file = \"PATH\" }`, or \
             `client_secret = { env = \"NAME\" }`"
                .to_owned(),
        ),
        _ => {}
    }
    refuse_without(section, "private_key", "certificate");
    refuse_without(section, "passphrase", "private_key");
    if section.has("certificate") && !section.has("private_key") {
        section.report_key(
            "certificate",
            "a certificate without its key cannot sign".to_owned(),
            "add `private_key = { file = \"PATH\" }`",
        );
    }
    match secret {
        Some(secret) => Some(MicrosoftCredential::Secret(secret)),
        None => Some(MicrosoftCredential::Certificate {
            certificate: certificate?,
            private_key: private_key?,
            passphrase,
        }),
    }
}

/// What decides together whether and how labels are written.
struct Writing {
    cloud: MicrosoftCloud,
    read_only: bool,
    assign_labels: bool,
}

fn read_writing(section: &mut Section<'_>) -> Writing {
    let writing = Writing {
        cloud: section.or_default("cloud"),
        read_only: section.optional("read_only").unwrap_or(true),
        assign_labels: section.or_default("assign_labels"),
    };
    if writing.assign_labels && writing.cloud != MicrosoftCloud::Global {
        section.report_key(
            "assign_labels",
            "Microsoft Graph sets labels in the global cloud only".to_owned(),
            "take `assign_labels` out",
        );
    } else if writing.assign_labels && writing.read_only {
        section.report_key(
            "assign_labels",
            "`assign_labels` writes, and nothing may be written".to_owned(),
            "add `read_only = false`, or take `assign_labels` out",
        );
    }
    writing
}

/// The User-Agent is `NONISV|operator|labeld/version` (reference/microsoft-graph.md §8.2).
fn read_operator(section: &mut Section<'_>) -> Option<String> {
    let operator: String = section.optional("operator")?;
    let fits = |c: char| c == ' ' || c.is_ascii_graphic() && c != '|';
    if operator.chars().all(fits) && operator.len() <= MAX_OPERATOR {
        return Some(operator);
    }
    section.report_key(
        "operator",
        "`operator` stands in a header of every request, between two `|`".to_owned(),
        &format!("plain letters, digits and signs without `|`, at most {MAX_OPERATOR}"),
    );
    None
}
