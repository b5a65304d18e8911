//! Microsoft OneDrive for Business as a connector: the drives of a tenant's people.
//!
//! Everything but which drives there are is [`labeld_graph::Drives`].

use async_trait::async_trait;
use labeld_connector::{Examined, Exposure, Result};
use labeld_graph::{
    DriveInfo, DriveList, Drives, Extent, OwnerRule, Place, Profile, Scope, Tenant,
};

/// A tenant's OneDrives as an app.
pub type OneDrive = Drives<OneDriveOptions>;

/// Items on a page unless the options say otherwise: what the service seems to give by itself.
pub const DEFAULT_PAGE_SIZE: u32 = 200;

/// What Graph calls a OneDrive for Business (reference/microsoft-graph.md §3.2).
const ONE_DRIVE: &str = "business";

/// Whose drives are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneDriveOptions {
    /// Whose.
    pub users: Users,
    /// People who are left out: principal name, e-mail address or directory id.
    pub exclude: Vec<String>,
    /// Items asked for on a page of changes.
    pub page_size: u32,
}

impl Default for OneDriveOptions {
    fn default() -> Self {
        Self {
            users: Users::All,
            exclude: Vec::new(),
            page_size: DEFAULT_PAGE_SIZE,
        }
    }
}

/// The people of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Users {
    /// All who have a OneDrive, leavers among them as long as it is kept. Found by their sites: nobody is probed for.
    /// Needs `Sites.Read.All`.
    All,
    /// These: principal names or directory ids.
    Listed(Vec<String>),
}

impl OneDriveOptions {
    fn excludes_place(&self, place: &Place) -> bool {
        let Some(url) = place.web_url() else {
            return false;
        };
        let own = url
            .path()
            .trim_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        self.exclude
            .iter()
            .any(|name| name.contains('@') && own.eq_ignore_ascii_case(&site_name(name)))
    }

    fn excludes_drive(&self, drive: &DriveInfo) -> bool {
        self.exclude.iter().any(|name| drive.is_owned_by(name))
    }
}

#[async_trait]
impl Scope for OneDriveOptions {
    fn profile(&self) -> Profile {
        Profile {
            product: "OneDrive",
            least_exposure: Exposure::Private,
            owner: OwnerRule::Drive,
            page_size: self.page_size,
            checkout_required: Vec::new(),
        }
    }

    async fn find(&self, tenant: &Tenant, extent: Extent) -> Result<DriveList> {
        let (mut list, is_all) = match &self.users {
            Users::All => {
                let mut places = tenant.all_sites().await?;
                places.retain(|place| place.is_personal() && !self.excludes_place(place));
                let is_all = extent.apply(&mut places);
                (tenant.drives_of_sites(&places, ONE_DRIVE).await?, is_all)
            }
            Users::Listed(people) => {
                let mut people = people.clone();
                people.retain(|person| {
                    !self
                        .exclude
                        .iter()
                        .any(|out| out.eq_ignore_ascii_case(person))
                });
                let is_all = extent.apply(&mut people);
                (tenant.drives_of_people(&people).await?, is_all)
            }
        };
        list.complete &= is_all;
        list.drives.retain(|drive| !self.excludes_drive(drive));
        Ok(list)
    }

    async fn examine(&self, tenant: &Tenant) -> Vec<Examined> {
        let outcome = match &self.users {
            Users::All => tenant.can_list_sites().await,
            Users::Listed(people) => match people.first() {
                Some(person) => tenant.can_see_drive_of(person).await,
                None => Ok(()),
            },
        };
        let subject = "OneDrives";
        vec![match outcome {
            Ok(()) => Examined::passed(subject, "the app can find people's drives"),
            Err(error) => Examined::failure(
                subject,
                &error,
                "grant Files.Read.All and Sites.Read.All: Entra admin centre → App registrations → API permissions → Microsoft Graph",
            ),
        }]
    }
}

/// The name that SharePoint makes of a principal name for a person's site.
fn site_name(principal: &str) -> String {
    let is_kept = |c: char| c.is_alphanumeric();
    principal
        .chars()
        .map(|c| if is_kept(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_named_after_its_person() {
        for (principal, site) in [
            ("mina@alder.example", "mina_alder_example"),
            ("Mina.Okafor@alder.example", "Mina_Okafor_alder_example"),
        ] {
            assert_eq!(site_name(principal), site);
        }
    }
}
