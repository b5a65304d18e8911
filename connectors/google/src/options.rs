//! What an app of Google Drive is made of.

use std::collections::BTreeMap;
use std::time::Duration;

use labeld_connector::http::{
    NetworkOptions, PaceOptions, RetryOptions, Secret, Url, check_base_url,
};
use labeld_connector::{Error, ErrorKind, Result};

/// Entries asked for on a page unless the options say otherwise; the most that the service gives
/// (reference/google-drive.md §2.3).
pub const DEFAULT_PAGE_SIZE: u32 = 1000;

/// The app, the identity that it is read with, and what labeld may do in it.
#[derive(Debug, Clone)]
pub struct GoogleOptions {
    /// Name of the app.
    pub name: String,
    /// The service account's key file, as the Cloud console makes it (§1.1). Its client must be granted
    /// domain-wide delegation.
    pub service_account_json: Secret,
    /// Primary address of the administrator who is impersonated for the directory, the list of shared drives
    /// and the list of Drive labels (§1.2).
    pub admin: String,
    /// The organisation's own domains. When empty they are asked of the directory.
    pub domains: Vec<String>,
    /// Where the services are.
    pub endpoints: GoogleEndpoints,
    /// The way to the network.
    pub network: NetworkOptions,
    /// How fast Drive is called altogether, in the units of [`units`](Self::units). All calls of a Cloud project share one
    /// quota (§9.1), so that two apps with one service account must share it too.
    pub pace: PaceOptions,
    /// What of that may be spent in one user's name in a minute (§9.1).
    pub user_units_per_minute: u32,
    /// How failed calls are repeated.
    pub retry: RetryOptions,
    /// What each kind of call costs.
    pub units: QuotaUnits,
    /// Whether nothing may be written. Tokens are asked for with `drive.readonly` then.
    pub read_only: bool,
    /// Whose My Drive is looked at.
    pub users: Users,
    /// People (primary address) and shared drives (id or name) that are left out.
    pub exclude: Vec<String>,
    /// Whether the My Drive of suspended people is looked at. Reading works for them, writing may not (§2.1,
    /// §13 point 7).
    pub suspended_users: bool,
    /// Whether shared drives are looked at.
    pub shared_drives: bool,
    /// Entries asked for on a page.
    pub page_size: u32,
    /// Whether listings ask who a file is shared with. Without it a file that is shared at all is of unknown
    /// exposure until it is asked for by itself.
    pub list_permissions: bool,
    /// How files are written.
    pub writes: WriteApi,
    /// Whether a written file gets a private property by which its content is known as labeld's own later, also
    /// after the loss of the store (§10).
    pub stamp_writes: bool,
    /// Whether the groups of owners are looked up: one more call for each owner and day, and the scope
    /// `admin.directory.group.readonly`.
    pub owner_groups: bool,
    /// Whether the members of a group that a file is shared with are looked at for people outside the
    /// organisation (§8). Needs the scope `admin.directory.group.member.readonly`.
    pub expand_groups: bool,
    /// How long a new file may be missing from listings, which are a search index (§2.3). The first poll after an
    /// enumeration lists once more what is newer than that.
    pub listing_lag: Duration,
    /// The Drive label that mirrors the sensitivity label; off when `None` (§7).
    pub mirror_label: Option<MirrorLabel>,
    /// Where change notifications go; `None` leaves them off (§3.4).
    pub hints: Option<HintOptions>,
}

impl GoogleOptions {
    /// Everything else at its default: read-only, all users and shared drives, no notifications, no mirror.
    ///
    /// # Errors
    ///
    /// None in practice: the addresses of the services are constants.
    pub fn new(
        name: impl Into<String>,
        service_account_json: Secret,
        admin: impl Into<String>,
    ) -> Result<Self> {
        Ok(Self {
            name: name.into(),
            service_account_json,
            admin: admin.into(),
            domains: Vec::new(),
            endpoints: GoogleEndpoints::public()?,
            network: NetworkOptions {
                user_agent: user_agent(),
                ..NetworkOptions::default()
            },
            pace: default_pace(),
            user_units_per_minute: USER_UNITS_PER_MINUTE,
            retry: RetryOptions {
                attempts: 8,
                longest_delay: Duration::from_secs(64),
                ..RetryOptions::default()
            },
            units: QuotaUnits::default(),
            read_only: true,
            users: Users::All,
            exclude: Vec::new(),
            suspended_users: false,
            shared_drives: true,
            page_size: DEFAULT_PAGE_SIZE,
            list_permissions: true,
            writes: WriteApi::default(),
            stamp_writes: true,
            owner_groups: false,
            expand_groups: false,
            listing_lag: Duration::from_secs(120),
            mirror_label: None,
            hints: None,
        })
    }
}

/// The service compresses its answers only for user agents with this word in them (§0).
fn user_agent() -> String {
    format!("{} (gzip)", NetworkOptions::default().user_agent)
}

/// 95 % of what one user and project may use in a minute (§9.1).
pub const USER_UNITS_PER_MINUTE: u32 = 308_000;

/// 95 % of what a project may use in a minute, and of what a day has before it is billed (§9.1). The project is meant to
/// be labeld's alone.
#[must_use]
pub fn default_pace() -> PaceOptions {
    PaceOptions {
        units_per_minute: 950_000,
        units_per_day: Some(380_000_000),
        side_by_side: 16,
    }
}

/// Base addresses of the services. Plain HTTP only on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleEndpoints {
    /// The token endpoint itself.
    pub token: Url,
    /// Drive, uploads and batches included, without a path.
    pub drive: Url,
    /// Admin SDK Directory, without a path.
    pub directory: Url,
    /// Drive Labels, without a path.
    pub labels: Url,
}

impl GoogleEndpoints {
    /// Google's own (§0).
    ///
    /// # Errors
    ///
    /// None in practice: the addresses are constants.
    pub fn public() -> Result<Self> {
        Ok(Self {
            token: parse("https://oauth2.googleapis.com/token")?,
            drive: parse("https://www.googleapis.com/")?,
            directory: parse("https://admin.googleapis.com/")?,
            labels: parse("https://drivelabels.googleapis.com/")?,
        })
    }

    /// All of them at one place, as an emulator has them: the token endpoint is `/token` there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`] for a base without a path, such as `mailto:`.
    pub fn at(base: &Url) -> Result<Self> {
        let token = base.join("/token").map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "use address", base.as_str()).with_source(cause)
        })?;
        Ok(Self {
            token,
            drive: base.clone(),
            directory: base.clone(),
            labels: base.clone(),
        })
    }

    pub(crate) fn check(&self) -> Result<()> {
        for base in [&self.token, &self.drive, &self.directory, &self.labels] {
            check_base_url(base).map_err(|cause| {
                Error::new(ErrorKind::Unexpected, "use address", base.as_str()).with_source(cause)
            })?;
        }
        Ok(())
    }
}

fn parse(address: &str) -> Result<Url> {
    Url::parse(address).map_err(|cause| {
        Error::new(ErrorKind::Unexpected, "use address", address).with_source(cause)
    })
}

/// Whose My Drive is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Users {
    /// Everybody in the directory.
    #[default]
    All,
    /// These, by primary address. The directory is not asked who there is.
    Listed(Vec<String>),
}

/// What a call costs in the units of the pace (§9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaUnits {
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
impl Default for QuotaUnits {
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

impl QuotaUnits {
    /// The older model, in which each call counts once. The pace must be set to match: such projects may
    /// typically make 12,000 calls a minute.
    #[must_use]
    pub fn requests() -> Self {
        Self {
            get: 1,
            list: 1,
            write: 1,
            download: 1,
            other: 1,
        }
    }
}

/// How files are written (§6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WriteApi {
    /// Through Drive v2, whose precondition the service keeps. Where v2 is not there, nothing is written.
    #[default]
    V2,
    /// Through v2, and through v3 where v2 is not there.
    V2ThenV3,
    /// Through v3, which has no precondition: what a person saves between the last look and the write lies under
    /// ours. That is found out afterwards from the list of revisions, and what they saved is put back.
    V3,
}

/// A Drive label with a selection field that mirrors the sensitivity label (§7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorLabel {
    /// Id of the Drive label.
    pub label: String,
    /// Id of its selection field.
    pub field: String,
    /// Ids of the field's choices by the sensitivity label's GUID.
    pub choices: BTreeMap<String, String>,
}

/// Where Google sends change notifications: a public HTTPS address with a publicly trusted certificate (§3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintOptions {
    /// For notifications.
    pub notification_url: Url,
}
