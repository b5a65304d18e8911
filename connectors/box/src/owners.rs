//! What the enterprise knows about owners of files (reference/box.md §8).

use std::sync::Arc;

use labeld_connector::{ErrorKind, OwnerDetails, Result};

use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::directory::Member;
use crate::model::{Membership, Person};

const OPERATION: &str = "look up";

const FIELDS: &str = "id,name,login,tracking_codes";

/// Most pages of groups of one user.
const MOST_PAGES: usize = 10;

impl BoxApp {
    /// What the enterprise knows about owners. Those that it does not know are left out.
    pub(crate) async fn details_of(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        let people = self.people().await?;
        let mut found = Vec::with_capacity(owners.len());
        for owner in owners {
            if let Some(known) = self.owners.get(owner) {
                found.push((*known).clone());
                continue;
            }
            let Some(member) = people.by_login(owner) else {
                continue;
            };
            let Some(details) = self.details(owner, member).await? else {
                continue;
            };
            self.owners.put(owner.clone(), Arc::new(details.clone()));
            found.push(details);
        }
        Ok(found)
    }

    /// `None` for a user who was deleted meanwhile.
    async fn details(&self, owner: &str, member: &Member) -> Result<Option<OwnerDetails>> {
        let purpose = Purpose {
            operation: OPERATION,
            context: owner,
        };
        let id = member.id.to_string();
        let url = self.api(&["users", &id], &[("fields", FIELDS)])?;
        let person: Person = match self.get(url, Acting::App, &purpose).await {
            Ok(person) => person,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let code = |wanted: &str| {
            let codes = person.tracking_codes.iter().flatten();
            codes
                .filter(|code| {
                    let name = code.name.as_deref().unwrap_or_default();
                    name.to_lowercase() == wanted.to_lowercase()
                })
                .find_map(|code| code.value.clone())
                .filter(|value| !value.is_empty())
        };
        let unit = self.tracking_codes.unit.as_deref();
        Ok(Some(OwnerDetails {
            owner: owner.to_owned(),
            display_name: person.name.clone().or_else(|| member.name.clone()),
            department: code(&self.tracking_codes.department),
            unit: unit.and_then(code),
            groups: self.groups_of(&id, &purpose).await?,
        }))
    }

    /// Names of the groups a user is in; `None` where it is not asked for, or not told.
    async fn groups_of(&self, user: &str, purpose: &Purpose<'_>) -> Result<Option<Vec<String>>> {
        if !self.owner_groups {
            return Ok(None);
        }
        let memberships = self
            .get_all_by_offset::<Membership>(&["users", user, "memberships"], purpose, MOST_PAGES)
            .await;
        match memberships {
            Ok(memberships) => {
                let groups = memberships.into_iter().filter_map(|one| one.group?.name);
                Ok(Some(groups.collect()))
            }
            Err(error) if error.kind() == ErrorKind::Denied => Ok(None),
            Err(error) => Err(error),
        }
    }
}
