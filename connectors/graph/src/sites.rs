//! Finding sites, libraries and people's drives (reference/microsoft-graph.md §3.1, §3.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use labeld_connector::http::Url;
use labeld_connector::{Error, ErrorKind, Result, UnreadableFeed};
use uuid::Uuid;

use crate::address::{ask, below, shown_path};
use crate::batch::Part;
use crate::call::{Purpose, UNITS_LIST, UNITS_ONE};
use crate::drives::{DRIVE_FIELDS, DriveInfo, DriveList};
use crate::model::{Drive, Page, Site};
use crate::tenant::Tenant;

const OPERATION: &str = "find the drives of";

/// Most pages of sites of a tenant, of some hundred each.
const MOST_SITE_PAGES: usize = 20_000;

/// Most pages of libraries of a site.
const MOST_DRIVE_PAGES: usize = 1_000;

/// The part of a web address behind which SharePoint Embedded keeps what is no site.
const EMBEDDED: &str = "/contentstorage/";

/// A site that may hold drives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    id: String,
    web_url: Option<Url>,
    is_personal: bool,
    is_archived: bool,
}

impl Place {
    fn of(site: Site) -> Option<Self> {
        let is_archived = site.is_archived();
        let web_url = site.web_url.as_deref().and_then(|url| Url::parse(url).ok());
        let is_in_personal_part = web_url.as_ref().is_some_and(|url| {
            let host = url.host_str().unwrap_or_default();
            host.contains("-my.") && url.path().to_ascii_lowercase().starts_with("/personal/")
        });
        let is_embedded = web_url
            .as_ref()
            .is_some_and(|url| url.path().to_ascii_lowercase().contains(EMBEDDED));
        if site.deleted.is_some() || is_embedded {
            return None;
        }
        Some(Self {
            id: site.id?,
            web_url,
            is_personal: site.is_personal_site == Some(true) || is_in_personal_part,
            is_archived,
        })
    }

    /// Whether it is a person's own site, which holds their OneDrive.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.is_personal
    }

    /// Its web address, where it was told.
    #[must_use]
    pub fn web_url(&self) -> Option<&Url> {
        self.web_url.as_ref()
    }

    /// Where it is, as people read it.
    fn path(&self) -> String {
        self.web_url
            .as_ref()
            .map_or_else(|| self.id.clone(), shown_path)
    }

    /// What the ids of its drives begin with (§3.3): as many whole characters as site and web fill. Nothing, which is
    /// the beginning of every id, where the site's id is of another form.
    fn feed_prefix(&self) -> String {
        let mut parts = self.id.split(',').skip(1).map(Uuid::parse_str);
        let (Some(Ok(site)), Some(Ok(web))) = (parts.next(), parts.next()) else {
            return String::new();
        };
        let mut bytes = site.to_bytes_le().to_vec();
        bytes.extend(web.to_bytes_le());
        // 32 bytes are 42 characters and a part of the next one.
        let text = URL_SAFE_NO_PAD.encode(bytes);
        format!("b!{}", text.get(..42).unwrap_or_default())
    }
}

impl Tenant {
    /// All sites of the tenant, people's own among them. Needs `Sites.Read.All`; not possible under `Sites.Selected`.
    ///
    /// # Errors
    ///
    /// When the list cannot be had whole.
    pub async fn all_sites(&self) -> Result<Vec<Place>> {
        let mut url = self.v1(&["sites", "getAllSites"])?;
        ask(
            &mut url,
            &[(
                "$select",
                "id,name,displayName,webUrl,isPersonalSite,siteCollection",
            )],
        );
        let purpose = Purpose {
            operation: "list the sites of",
            context: &self.id.to_string(),
        };
        let sites: Vec<Site> = self
            .get_all(url, &purpose, UNITS_LIST, MOST_SITE_PAGES)
            .await?;
        Ok(sites.into_iter().filter_map(Place::of).collect())
    }

    /// One call that shows whether the app may list sites: whether there is any.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn can_list_sites(&self) -> Result<()> {
        let mut url = self.v1(&["sites", "getAllSites"])?;
        ask(&mut url, &[("$select", "id"), ("$top", "1")]);
        let purpose = Purpose {
            operation: "list the sites of",
            context: &self.id.to_string(),
        };
        self.get::<Page<Site>>(url, &purpose, UNITS_LIST)
            .await
            .map(drop)
    }

    /// The site at a web address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is none, or the app may not see it; [`ErrorKind::Unexpected`] when the address is not
    /// one of SharePoint's.
    pub async fn site_at(&self, address: &Url) -> Result<Place> {
        let purpose = Purpose {
            operation: "look up site",
            context: address.as_str(),
        };
        if !self.endpoints.sharepoint.contain(address) {
            return Err(purpose
                .error(ErrorKind::Unexpected)
                .with_source("the address is not one of SharePoint's"));
        }
        let host = address.host_str().unwrap_or_default();
        let host = match address.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let sites = self.v1(&["sites"])?;
        let path = address.path().trim_matches('/');
        let url = if path.is_empty() {
            below(&sites, &[&host])?
        } else {
            // The path stays as encoded as it is.
            let text = format!("{sites}/{host}:/{path}");
            Url::parse(&text)
                .map_err(|cause| purpose.error(ErrorKind::Unexpected).with_source(cause))?
        };
        let site: Site = self.get(url, &purpose, UNITS_ONE).await?;
        Place::of(site).ok_or_else(|| purpose.malformed("the answer is no site"))
    }

    /// The drives of sites that are of `kind` (`documentLibrary`, `business`). Sites that cannot be looked into are named,
    /// and do not disturb the others.
    ///
    /// # Errors
    ///
    /// When nothing can be asked at all.
    pub async fn drives_of_sites(&self, sites: &[Place], kind: &str) -> Result<DriveList> {
        let mut list = DriveList {
            complete: true,
            ..DriveList::default()
        };
        let (archived, open): (Vec<_>, Vec<_>) = sites.iter().partition(|site| site.is_archived);
        for site in archived {
            let error = Error::new(ErrorKind::Locked, OPERATION, site.path());
            let error = error.with_source("the site is archived");
            list.unreadable.push(unreadable(site, error));
        }
        let mut parts = Vec::with_capacity(open.len());
        for site in &open {
            let mut url = self.v1(&["sites", &site.id, "drives"])?;
            ask(&mut url, &[("$select", DRIVE_FIELDS)]);
            parts.push(Part {
                url,
                context: site.path(),
                units: UNITS_LIST,
            });
        }
        let answers = self.batch::<Page<Drive>>(OPERATION, &parts).await?;
        for (site, answer) in open.into_iter().zip(answers) {
            let drives = match answer {
                Ok(page) => self.rest_of(site, page).await,
                Err(error) => Err(error),
            };
            match drives {
                Ok(drives) => list.drives.extend(of_kind(drives, kind)),
                Err(error) => list.unreadable.push(unreadable(site, error)),
            }
        }
        Ok(list)
    }

    async fn rest_of(&self, site: &Place, page: Page<Drive>) -> Result<Vec<Drive>> {
        let mut drives = page.value;
        if let Some(link) = page.next_link {
            let context = site.path();
            let purpose = Purpose {
                operation: OPERATION,
                context: &context,
            };
            let url = self.checked_link(&link, &purpose)?;
            drives.extend(
                self.get_all(url, &purpose, UNITS_LIST, MOST_DRIVE_PAGES)
                    .await?,
            );
        }
        Ok(drives)
    }

    /// The OneDrives of people, by principal name or directory id. Those that cannot be had are named.
    ///
    /// # Errors
    ///
    /// When nothing can be asked at all.
    pub async fn drives_of_people(&self, people: &[String]) -> Result<DriveList> {
        let mut parts = Vec::with_capacity(people.len());
        for person in people {
            let mut url = self.v1(&["users", person, "drive"])?;
            ask(&mut url, &[("$select", DRIVE_FIELDS)]);
            parts.push(Part {
                url,
                context: person.clone(),
                units: UNITS_ONE,
            });
        }
        let answers = self.batch::<Drive>("find the OneDrive of", &parts).await?;
        let mut list = DriveList {
            complete: true,
            ..DriveList::default()
        };
        for (person, answer) in people.iter().zip(answers) {
            match answer.map(DriveInfo::of) {
                Ok(Some(drive)) => list.drives.push(drive),
                Ok(None) => list.complete = false,
                Err(error) => {
                    // Which feed it would be is not known, so none may be taken for gone.
                    list.complete = false;
                    list.unreadable.push(UnreadableFeed {
                        prefix: format!("the OneDrive of {person}"),
                        path: person.clone(),
                        error: explained(error),
                    });
                }
            }
        }
        Ok(list)
    }

    /// One call that shows whether the app may see a person's drive.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn can_see_drive_of(&self, person: &str) -> Result<()> {
        let mut url = self.v1(&["users", person, "drive"])?;
        ask(&mut url, &[("$select", "id")]);
        let purpose = Purpose {
            operation: "find the OneDrive of",
            context: person,
        };
        self.get::<Drive>(url, &purpose, UNITS_ONE).await.map(drop)
    }
}

/// A person without a OneDrive is told in many ways (§3.2).
fn explained(error: Error) -> Error {
    let status = crate::batch::status_of(&error);
    if !matches!(status, Some(400 | 404)) {
        return error;
    }
    #[derive(Debug, thiserror::Error)]
    #[error("there is no such person, or they have no OneDrive")]
    struct NoOneDrive(#[source] Error);
    Error::new(ErrorKind::NotFound, error.operation(), error.context())
        .with_source(NoOneDrive(error))
}

fn of_kind(drives: Vec<Drive>, kind: &str) -> impl Iterator<Item = DriveInfo> {
    drives
        .into_iter()
        .filter(move |drive| {
            let told = drive.drive_type.as_deref();
            told.is_none_or(|told| told.eq_ignore_ascii_case(kind))
        })
        .filter_map(DriveInfo::of)
}

fn unreadable(site: &Place, error: Error) -> UnreadableFeed {
    UnreadableFeed {
        prefix: site.feed_prefix(),
        path: site.path(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Option<Place> {
        Place::of(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn sites_are_told_apart() {
        for (text, personal) in [
            (
                r#"{"id":"s","webUrl":"https://alder.sharepoint.com/sites/finance"}"#,
                Some(false),
            ),
            (
                r#"{"id":"s","webUrl":"https://alder-my.sharepoint.com/personal/mina"}"#,
                Some(true),
            ),
            (r#"{"id":"s","isPersonalSite":true}"#, Some(true)),
            (
                r#"{"id":"s","webUrl":"https://alder.sharepoint.com/contentstorage/CSP_1"}"#,
                None,
            ),
            (r#"{"id":"s","deleted":{"state":"deleted"}}"#, None),
            (r#"{"webUrl":"https://alder.sharepoint.com"}"#, None),
        ] {
            assert_eq!(
                place(text).map(|place| place.is_personal),
                personal,
                "{text}"
            );
        }
    }

    #[test]
    fn the_drives_of_a_site_begin_alike() {
        let site = place(
            r#"{"id":"alder.sharepoint.com,4e1d7f0a-9b2c-4f59-8a77-1f6f0b3c2d10,b8a2c6d4-5e3f-4a0b-9c1d-2e7f6a5b4c3d"}"#,
        );
        let drive = "b!Cn8dTiybWU-Kdx9vCzwtENTGorg_XgtKnB0uf2pbTD2rT0aZQh1oR7u3n9p0c5xK";
        let prefix = site.unwrap().feed_prefix();
        assert_eq!(prefix.len(), 44);
        assert!(drive.starts_with(&prefix));
        assert_eq!(place(r#"{"id":"root"}"#).unwrap().feed_prefix(), "");
    }
}
