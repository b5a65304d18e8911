//! Which rights management service stands behind a licence (reference/label-migration-and-rms.md
//! §7.2).

use serde::Serialize;

/// Whose key protects the content, and where its licences are to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Published by Azure RMS.
    Azure,
    /// A key of a former AD RMS that is now active in Azure RMS.
    AzureImportedKey,
    /// Published by AD RMS, of which Azure RMS knows nothing.
    #[serde(rename = "adrms")]
    AdRms,
    /// AD RMS still publishes, and Azure RMS is already named beside it.
    #[serde(rename = "adrms_in_migration")]
    AdRmsInMigration,
    /// Published by Azure RMS, with licensing URLs that are not Azure's.
    Inconsistent,
    /// The licence says too little.
    #[default]
    Unknown,
}

/// Domains of Azure RMS; a service host is a name below one of them.
const AZURE_DOMAINS: [&str; 4] = ["aadrm.com", "aadrm.us", "aadrm.cn", "aadrm.de"];

impl Provenance {
    /// Classifies by the URL of the publishing server, whether a `Tenant-ID` stands beside it (only
    /// Azure RMS writes one), and the URLs where licences are to be had.
    pub(crate) fn classify(
        server_url: Option<&str>,
        has_tenant_id: bool,
        licensing_urls: &[&str],
    ) -> Self {
        let azure_points = licensing_urls.iter().filter(|url| is_azure(url)).count();
        let all_azure = azure_points == licensing_urls.len();
        if has_tenant_id || server_url.is_some_and(is_azure) {
            return if all_azure {
                Self::Azure
            } else {
                Self::Inconsistent
            };
        }
        match (server_url, azure_points) {
            (None, _) if licensing_urls.is_empty() => Self::Unknown,
            (_, 0) => Self::AdRms,
            // Without a server URL nothing tells a key of Azure's own from an imported one.
            (None, _) if all_azure => Self::Azure,
            _ if all_azure => Self::AzureImportedKey,
            _ => Self::AdRmsInMigration,
        }
    }
}

fn is_azure(url: &str) -> bool {
    let Some(host) = host(url) else {
        return false;
    };
    AZURE_DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain)
            .and_then(|rest| rest.strip_suffix('.'))
            .is_some_and(|rest| !rest.is_empty())
    })
}

/// The host of an absolute URL in lower case, without port, user and final dot.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    // A backslash ends the authority for the programs that will open such a URL.
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.trim_end_matches('.');
    Some(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AZURE: &str = "https://5e0f.rms.eu.aadrm.com/_wmcs/licensing";
    const OWN: &str = "https://rms.corp.example/_wmcs/licensing";

    #[test]
    fn classes() {
        use Provenance::*;
        for (server, tenant, points, expected) in [
            (Some(AZURE), true, vec![AZURE, AZURE], Azure),
            (Some(AZURE), false, vec![AZURE], Azure),
            (Some(AZURE), false, vec![], Azure),
            (None, true, vec![AZURE], Azure),
            (None, false, vec![AZURE], Azure),
            (Some(OWN), false, vec![AZURE, AZURE], AzureImportedKey),
            (Some(OWN), false, vec![OWN, OWN], AdRms),
            (Some(OWN), false, vec![], AdRms),
            (None, false, vec![OWN], AdRms),
            (Some(OWN), false, vec![OWN, AZURE], AdRmsInMigration),
            (Some(AZURE), true, vec![OWN], Inconsistent),
            (Some(AZURE), false, vec![AZURE, OWN], Inconsistent),
            (None, false, vec![], Unknown),
        ] {
            assert_eq!(
                Provenance::classify(server, tenant, &points),
                expected,
                "{server:?} {tenant} {points:?}"
            );
        }
    }

    #[test]
    fn only_names_below_the_azure_domains_are_azure() {
        for (url, expected) in [
            ("https://a.rms.na.aadrm.com/_wmcs", true),
            ("HTTPS://A.RMS.NA.AADRM.COM:443/_wmcs", true),
            ("https://a.aadrm.us", true),
            ("https://a.aadrm.cn/", true),
            ("https://a.aadrm.de./x", true),
            ("https://aadrm.com/_wmcs", false),
            ("https://evil-aadrm.com/_wmcs", false),
            ("https://a.aadrm.com.evil.example/_wmcs", false),
            ("https://evil.example/a.aadrm.com", false),
            ("https://evil.example\\.aadrm.com/", false),
            ("https://a.aadrm.com@evil.example/", false),
            ("https://evil.example?.aadrm.com", false),
            ("a.aadrm.com", false),
            ("", false),
        ] {
            assert_eq!(is_azure(url), expected, "{url}");
        }
    }
}
