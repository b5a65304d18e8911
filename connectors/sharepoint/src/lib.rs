//! Microsoft SharePoint as a connector: the document libraries of a tenant's sites.
//!
//! Everything but which libraries there are is [`labeld_graph::Drives`].

use async_trait::async_trait;
use labeld_connector::http::Url;
use labeld_connector::{Examined, Exposure, Result, UnreadableFeed};
use labeld_graph::{DriveList, Drives, Extent, OwnerRule, Profile, Scope, Tenant};

/// A tenant's SharePoint as an app.
pub type SharePoint = Drives<SharePointOptions>;

/// Items on a page unless the options say otherwise: what the service seems to give by itself.
pub const DEFAULT_PAGE_SIZE: u32 = 200;

/// What Graph calls a document library (reference/microsoft-graph.md §3.2).
const LIBRARY: &str = "documentLibrary";

/// Which sites are looked at, and what is known of their libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharePointOptions {
    /// The sites.
    pub sites: Sites,
    /// Sites and libraries that are left out, with all that lies below their web addresses.
    pub exclude: Vec<Url>,
    /// Web addresses of libraries of which the operator says that they require check-out. Needed where the app signs in
    /// with a client secret: SharePoint does not tell it then.
    pub checkout_required: Vec<String>,
    /// Items asked for on a page of changes.
    pub page_size: u32,
}

impl Default for SharePointOptions {
    fn default() -> Self {
        Self {
            sites: Sites::All,
            exclude: Vec::new(),
            checkout_required: Vec::new(),
            page_size: DEFAULT_PAGE_SIZE,
        }
    }
}

/// The sites of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sites {
    /// All of the tenant, but people's own. Needs `Sites.Read.All`.
    All,
    /// These, without their subsites: the only way under `Sites.Selected`.
    Listed(Vec<Url>),
}

impl SharePointOptions {
    fn excludes(&self, address: Option<&Url>) -> bool {
        address.is_some_and(|address| self.exclude.iter().any(|top| is_below(address, top)))
    }

    /// The sites that are listed, as far as they can be found.
    async fn listed(tenant: &Tenant, addresses: &[Url]) -> Result<DriveList> {
        let mut places = Vec::new();
        let mut missing = Vec::new();
        for address in addresses {
            match tenant.site_at(address).await {
                Ok(place) => places.push(place),
                Err(error) => missing.push(UnreadableFeed {
                    prefix: address.to_string(),
                    path: address.to_string(),
                    error,
                }),
            }
        }
        let mut list = tenant.drives_of_sites(&places, LIBRARY).await?;
        // The feeds of a site that cannot be found have no name, so none may be taken for gone.
        list.complete = missing.is_empty();
        list.unreadable.extend(missing);
        Ok(list)
    }
}

#[async_trait]
impl Scope for SharePointOptions {
    fn profile(&self) -> Profile {
        Profile {
            product: "SharePoint",
            // Whoever can reach the library, at least.
            least_exposure: Exposure::Internal,
            owner: OwnerRule::Creator,
            page_size: self.page_size,
            checkout_required: self.checkout_required.clone(),
        }
    }

    async fn find(&self, tenant: &Tenant, extent: Extent) -> Result<DriveList> {
        let (mut list, is_all) = match &self.sites {
            Sites::All => {
                let mut places = tenant.all_sites().await?;
                places.retain(|place| !place.is_personal() && !self.excludes(place.web_url()));
                let is_all = extent.apply(&mut places);
                (tenant.drives_of_sites(&places, LIBRARY).await?, is_all)
            }
            Sites::Listed(addresses) => {
                let mut addresses = addresses.clone();
                let is_all = extent.apply(&mut addresses);
                (Self::listed(tenant, &addresses).await?, is_all)
            }
        };
        list.complete &= is_all;
        list.drives.retain(|drive| !self.excludes(drive.web_url()));
        Ok(list)
    }

    async fn examine(&self, tenant: &Tenant) -> Vec<Examined> {
        let outcome = match &self.sites {
            Sites::All => tenant.can_list_sites().await,
            Sites::Listed(addresses) => match addresses.first() {
                Some(address) => tenant.site_at(address).await.map(drop),
                None => Ok(()),
            },
        };
        let subject = "sites";
        vec![match outcome {
            Ok(()) => Examined::passed(subject, "the app can find sites"),
            Err(error) => Examined::failure(
                subject,
                &error,
                "grant Sites.Read.All (Entra admin centre → App registrations → API permissions → Microsoft Graph), or list \
                 the sites in the configuration and grant the app each of them (Sites.Selected)",
            ),
        }]
    }
}

/// Whether an address is `top` or lies below it. SharePoint takes no notice of the case of letters.
fn is_below(address: &Url, top: &Url) -> bool {
    let path = |url: &Url| format!("{}/", url.path().trim_end_matches('/').to_lowercase());
    address.origin() == top.origin() && path(address).starts_with(&path(top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_an_excluded_address_is_excluded() {
        let options = SharePointOptions {
            exclude: vec![Url::parse("https://alder.sharepoint.com/sites/Finance/").unwrap()],
            ..SharePointOptions::default()
        };
        for (address, excluded) in [
            ("https://alder.sharepoint.com/sites/finance", true),
            (
                "https://alder.sharepoint.com/sites/finance/Shared%20Documents",
                true,
            ),
            ("https://alder.sharepoint.com/sites/finance2", false),
            ("https://alder.sharepoint.com/sites", false),
            ("https://birch.sharepoint.com/sites/finance", false),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(options.excludes(Some(&url)), excluded, "{address}");
        }
        assert!(!options.excludes(None));
    }
}
