//! Where the services are (reference/microsoft-graph.md §1.4).

use labeld_connector::{Error, ErrorKind, Result};
use url::{Origin, Url};

/// A national cloud of Microsoft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cloud {
    /// The worldwide one, US GCC included.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    UsGovL4,
    /// US Government L5 (DoD).
    UsGovL5,
    /// China, run by 21Vianet.
    China,
}

/// Addresses of the services. Plain HTTP only on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Where tokens come from, without the tenant.
    pub login: Url,
    /// Microsoft Graph, without the version.
    pub graph: Url,
    /// The SharePoint hosts, which also serve the bytes of files.
    pub sharepoint: SharePointHosts,
}

impl Endpoints {
    /// Those of a cloud.
    ///
    /// # Errors
    ///
    /// None in practice: the addresses are constants.
    pub fn of(cloud: Cloud) -> Result<Self> {
        let (login, graph, suffix) = match cloud {
            Cloud::Global => (
                "https://login.microsoftonline.com",
                "https://graph.microsoft.com",
                "sharepoint.com",
            ),
            Cloud::UsGovL4 => (
                "https://login.microsoftonline.us",
                "https://graph.microsoft.us",
                "sharepoint.us",
            ),
            Cloud::UsGovL5 => (
                "https://login.microsoftonline.us",
                "https://dod-graph.microsoft.us",
                "sharepoint-mil.us",
            ),
            Cloud::China => (
                "https://login.partner.microsoftonline.cn",
                "https://microsoftgraph.chinacloudapi.cn",
                "sharepoint.cn",
            ),
        };
        Ok(Self {
            login: parse(login)?,
            graph: parse(graph)?,
            sharepoint: SharePointHosts::Suffix(suffix.to_owned()),
        })
    }
}

impl Endpoints {
    /// Whether it is documented that drives tell their changes here: in the global cloud.
    pub(crate) fn has_delta(&self) -> bool {
        self.graph.host_str() == Some("graph.microsoft.com")
    }
}

fn parse(address: &str) -> Result<Url> {
    Url::parse(address).map_err(|cause| {
        Error::new(ErrorKind::Unexpected, "use address", address).with_source(cause)
    })
}

/// Which hosts are SharePoint, and may be asked for the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharePointHosts {
    /// Every HTTPS host below this domain: `sharepoint.com`.
    Suffix(String),
    /// These origins and no others, for an emulator.
    Exact(Vec<Url>),
}

impl SharePointHosts {
    /// Whether an address that the service gave belongs to SharePoint.
    #[must_use]
    pub fn contain(&self, url: &Url) -> bool {
        match self {
            Self::Suffix(suffix) => {
                let is_default = url.scheme() == "https" && url.port().is_none();
                is_default
                    && url
                        .host_str()
                        .and_then(|host| host.strip_suffix(suffix.as_str()))
                        .is_some_and(|label| label.len() > 1 && label.ends_with('.'))
            }
            Self::Exact(origins) => {
                let is_tuple = matches!(url.origin(), Origin::Tuple(..));
                is_tuple && origins.iter().any(|known| known.origin() == url.origin())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sharepoint_serves_bytes() {
        let suffix = Endpoints::of(Cloud::Global).unwrap().sharepoint;
        let exact = SharePointHosts::Exact(vec![Url::parse("http://127.0.0.1:81/").unwrap()]);
        for (hosts, url, contained) in [
            (&suffix, "https://alder.sharepoint.com/sites/x?t=1", true),
            (&suffix, "https://alder-my.sharepoint.com/", true),
            (&suffix, "https://sharepoint.com/", false),
            (&suffix, "https://.sharepoint.com/", false),
            (&suffix, "https://evilsharepoint.com/", false),
            (&suffix, "https://alder.sharepoint.com.evil.example/", false),
            (&suffix, "https://alder.sharepoint.com@evil.example/", false),
            (&suffix, "https://alder.sharepoint.com:8443/", false),
            (&suffix, "http://alder.sharepoint.com/", false),
            (&exact, "http://127.0.0.1:81/sites/x", true),
            (&exact, "http://127.0.0.1:82/sites/x", false),
            (&exact, "https://127.0.0.1:81/", false),
            (&exact, "data:text/plain,x", false),
        ] {
            let parsed = Url::parse(url);
            let found = parsed.is_ok_and(|url| hosts.contain(&url));
            assert_eq!(found, contained, "{url}");
        }
    }
}
