//! What an app is, and what labeld may do in it.

use labeld_connector::http::{
    NetworkOptions, PaceOptions, RetryOptions, Secret, Url, check_base_url,
};
use labeld_connector::{Error, ErrorKind, Result};

/// Calls a minute by default: well below the thousand that a user may make (reference/box.md §9).
const CALLS_PER_MINUTE: u32 = 600;

/// Calls at the same time by default (§9).
const SIDE_BY_SIDE: usize = 4;

/// Entries on a page by default.
const PAGE_SIZE: u32 = 500;

/// What an app is, and what labeld may do in it.
#[derive(Debug, Clone)]
pub struct BoxOptions {
    /// The app's name in labeld.
    pub name: String,
    /// How the app proves who it is.
    pub credential: BoxCredential,
    /// Where the service is.
    pub endpoints: BoxEndpoints,
    /// The way to the network.
    pub network: NetworkOptions,
    /// How fast the service is called, in API calls. Downloads themselves cost none, uploads six.
    pub pace: PaceOptions,
    /// How failed calls are repeated.
    pub retry: RetryOptions,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// Whose files are looked at.
    pub users: Users,
    /// Logins of users whose files are not looked at, and who are not reported either.
    pub exclude: Vec<String>,
    /// Entries of a page, from 1 to 1000.
    pub page_size: u32,
    /// Whether labels may be mirrored as classifications ([`LabelMirror`](labeld_connector::LabelMirror)).
    pub mirror_classification: bool,
    /// Webhooks; `None` where there are none.
    pub hints: Option<HintOptions>,
    /// Mail domains of the organisation: who is invited by an address in one of them is no outsider, though Box does not
    /// know them yet.
    pub internal_domains: Vec<String>,
    /// Whether the groups of owners are looked up: one more call for each owner and day.
    pub owner_groups: bool,
    /// What the tracking codes of users mean.
    pub tracking_codes: TrackingCodes,
    /// Whether a retention policy on a file is taken to forbid new versions. Box documents that it does not
    /// (reference/box.md §5.6), with edge cases that nobody has settled.
    pub retention_forbids_writing: bool,
}

impl BoxOptions {
    /// Everything else at its default: all users, read-only.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        credential: BoxCredential,
        endpoints: BoxEndpoints,
    ) -> Self {
        Self {
            name: name.into(),
            credential,
            endpoints,
            network: NetworkOptions::default(),
            pace: PaceOptions {
                units_per_minute: CALLS_PER_MINUTE,
                units_per_day: None,
                side_by_side: SIDE_BY_SIDE,
            },
            retry: RetryOptions::default(),
            read_only: true,
            users: Users::All,
            exclude: Vec::new(),
            page_size: PAGE_SIZE,
            mirror_classification: false,
            hints: None,
            internal_domains: Vec::new(),
            owner_groups: false,
            tracking_codes: TrackingCodes::default(),
            retention_forbids_writing: false,
        }
    }
}

/// How the app proves who it is (reference/box.md §1).
#[derive(Debug, Clone)]
pub enum BoxCredential {
    /// A signed assertion.
    Jwt {
        /// The configuration file that the developer console makes, as it is.
        config_json: Secret,
    },
    /// The client credentials grant.
    ClientCredentials {
        /// The app's client id.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// The enterprise's id.
        enterprise_id: String,
    },
}

/// Where the service is. The defaults are Box's own addresses.
#[derive(Debug, Clone)]
pub struct BoxEndpoints {
    /// The token endpoint itself: `https://api.box.com/oauth2/token`.
    pub token: Url,
    /// The API, without `2.0`: `https://api.box.com/`.
    pub api: Url,
    /// Uploads, without `api/2.0`: `https://upload.box.com/`.
    pub upload: Url,
    /// Hosts from which content may be fetched, to which the API redirects.
    pub download_hosts: DownloadHosts,
}

/// Hosts from which content may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadHosts {
    /// `https` on these domains and all below them.
    Domains(Vec<String>),
    /// Exactly these origins.
    Origins(Vec<Url>),
}

impl Default for DownloadHosts {
    /// Box's own (reference/box.md, "Hosts").
    fn default() -> Self {
        Self::Domains(vec!["boxcloud.com".to_owned(), "box.com".to_owned()])
    }
}

impl BoxEndpoints {
    /// Box's own (reference/box.md, "Hosts").
    ///
    /// # Errors
    ///
    /// None in practice: the addresses are constants.
    pub fn public() -> Result<Self> {
        let url = |text: &str| {
            Url::parse(text).map_err(|cause| {
                Error::new(ErrorKind::Unexpected, "use address", text).with_source(cause)
            })
        };
        Ok(Self {
            token: url("https://api.box.com/oauth2/token")?,
            api: url("https://api.box.com/")?,
            upload: url("https://upload.box.com/")?,
            download_hosts: DownloadHosts::default(),
        })
    }

    /// Checks the addresses that are called.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`] for one that may not be.
    pub(crate) fn check(&self) -> Result<()> {
        for base in [&self.token, &self.api, &self.upload] {
            check_base_url(base).map_err(|cause| {
                Error::new(ErrorKind::Unexpected, "use address", base.as_str()).with_source(cause)
            })?;
        }
        Ok(())
    }
}

impl DownloadHosts {
    /// Whether content may be fetched from `url`.
    pub(crate) fn contain(&self, url: &Url) -> bool {
        match self {
            Self::Origins(origins) => origins.iter().any(|one| one.origin() == url.origin()),
            Self::Domains(domains) => {
                let host = url.host_str().unwrap_or_default();
                url.scheme() == "https"
                    && domains.iter().any(|domain| {
                        host.strip_suffix(domain.as_str())
                            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    })
            }
        }
    }
}

/// Whose files are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Users {
    /// All of the enterprise.
    #[default]
    All,
    /// These, by login.
    Listed(Vec<String>),
}

/// What the tracking codes of users mean: Box has neither departments nor organisational units (reference/box.md §8). Names
/// are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingCodes {
    /// The code whose value is a user's department.
    pub department: String,
    /// The code whose value is a user's organisational unit; `None` where there is none.
    pub unit: Option<String>,
}

impl Default for TrackingCodes {
    fn default() -> Self {
        Self {
            department: "department".to_owned(),
            unit: None,
        }
    }
}

/// Webhooks (reference/box.md §3.6). An administrator makes them, because Box has none for a whole enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintOptions {
    /// The keys that deliveries are signed with; one is enough while the other is changed.
    pub signature_keys: Vec<Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_fetched_from_known_hosts_only() {
        let domains = DownloadHosts::default();
        let origins = DownloadHosts::Origins(vec![Url::parse("http://127.0.0.1:4/").unwrap()]);
        for (hosts, url, good) in [
            (&domains, "https://dl.boxcloud.com/d/1/x/download", true),
            (&domains, "https://boxcloud.com/d", true),
            (&domains, "https://public.us-east.boxcloud.com/d", true),
            (&domains, "http://dl.boxcloud.com/d", false),
            (&domains, "https://evilboxcloud.com/d", false),
            (&domains, "https://boxcloud.com.example/d", false),
            (&origins, "http://127.0.0.1:4/d/1/x/download", true),
            (&origins, "http://127.0.0.1:5/d/1/x/download", false),
            (&origins, "https://127.0.0.1:4/d/1/x/download", false),
        ] {
            assert_eq!(hosts.contain(&Url::parse(url).unwrap()), good, "{url}");
        }
    }
}
