//! What the directory knows about owners of files (reference/google-drive.md §2.1, §8).

use std::collections::BTreeSet;

use labeld_connector::{ErrorKind, OwnerDetails, Result};

use crate::client::Purpose;
use crate::drive::{A_DAY, GoogleDrive};
use crate::model::{GroupList, User};
use crate::token::Scope;
use labeld_connector::Remembered;

/// Most pages of groups of one person.
const MOST_PAGES: usize = 50;

/// Groups of owners, by address.
#[derive(Debug)]
pub(crate) struct Owners(Remembered<String, Vec<String>>);

impl Default for Owners {
    fn default() -> Self {
        Self(Remembered::new(20_000, A_DAY))
    }
}

impl GoogleDrive {
    /// What the directory knows about owners; those that it does not know are left out.
    pub(crate) async fn details_of(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        let wanted: BTreeSet<&String> = owners.iter().collect();
        let mut details = Vec::with_capacity(wanted.len());
        for owner in wanted {
            let user = match self.people.find(&self.client, owner).await {
                Ok(user) => user,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let groups = match self.options.owner_groups {
                true => Some(self.groups_of(&user.primary_email).await?),
                false => None,
            };
            details.push(OwnerDetails {
                owner: owner.clone(),
                display_name: user.name.full_name.clone(),
                department: department_of(&user),
                unit: user.org_unit_path.clone(),
                groups,
            });
        }
        Ok(details)
    }

    /// Names of the groups that somebody is a member of.
    async fn groups_of(&self, email: &str) -> Result<Vec<String>> {
        if let Some(known) = self.owners.0.get(email) {
            return Ok(known);
        }
        let purpose = Purpose::new("list groups of", email);
        let mut names = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![
                ("userKey", email),
                ("maxResults", "200"),
                ("fields", "nextPageToken,groups(name)"),
            ];
            if let Some(token) = &token {
                query.push(("pageToken", token));
            }
            let page: GroupList = self
                .client
                .directory(&["groups"], &query, Scope::Groups, &purpose)
                .await?;
            names.extend(page.groups.into_iter().filter_map(|group| group.name));
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                self.owners.0.put(email.to_owned(), names.clone());
                return Ok(names);
            }
        }
        Err(purpose.malformed("there are more groups than anybody is in"))
    }
}

fn department_of(user: &User) -> Option<String> {
    let organizations = user.organizations.iter();
    let named = organizations.filter(|it| it.department.is_some());
    let best = named.max_by_key(|it| it.primary == Some(true));
    best.and_then(|it| it.department.clone())
}
