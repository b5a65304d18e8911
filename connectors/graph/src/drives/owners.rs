//! What the directory knows about owners of files (reference/microsoft-graph.md §7.5).

use std::sync::Arc;

use labeld_connector::{OwnerDetails, Result};

use super::{A_DAY, Core};
use crate::address::ask;
use crate::batch::Part;
use crate::call::{Purpose, UNITS_LIST, UNITS_ONE};
use crate::model::{DirectoryObject, Page, User};
use labeld_connector::Remembered;

const OPERATION: &str = "look up";

const USER_FIELDS: &str =
    "id,displayName,userPrincipalName,mail,department,onPremisesDistinguishedName";

/// Most owners that are remembered.
const MOST_OWNERS: usize = 20_000;

/// Most pages of groups of one owner.
const MOST_PAGES: usize = 20;

/// Owners by name; `None` for those that the directory does not know.
#[derive(Debug)]
pub(super) struct Owners(Remembered<String, Option<Arc<OwnerDetails>>>);

impl Default for Owners {
    fn default() -> Self {
        Self(Remembered::new(MOST_OWNERS, A_DAY))
    }
}

impl Core {
    /// What the directory knows about owners. Those that it does not know are left out.
    pub(super) async fn owner_details(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        let mut wanting: Vec<&String> = owners
            .iter()
            .filter(|owner| self.owners.0.get(owner.as_str()).is_none())
            .collect();
        wanting.sort_unstable();
        wanting.dedup();
        let found = self.users(&wanting).await?;
        let mut unknown = Vec::new();
        for (owner, user) in wanting.iter().copied().zip(found) {
            match user {
                Some(user) => self.remember(owner, &user).await?,
                // An address need not be the principal name that the directory knows a person by.
                None if owner.contains('@') => unknown.push(owner),
                None => self.owners.0.put(owner.clone(), None),
            }
        }
        let by_mail = self.users_by_mail(&unknown).await?;
        for (owner, user) in unknown.into_iter().zip(by_mail) {
            match user {
                Some(user) => self.remember(owner, &user).await?,
                None => self.owners.0.put(owner.clone(), None),
            }
        }
        let known = owners
            .iter()
            .filter_map(|owner| self.owners.0.get(owner.as_str()).flatten());
        Ok(known.map(|details| (*details).clone()).collect())
    }

    async fn users(&self, names: &[&String]) -> Result<Vec<Option<User>>> {
        let mut parts = Vec::with_capacity(names.len());
        for name in names {
            let mut url = self.tenant.v1(&["users", name])?;
            ask(&mut url, &[("$select", USER_FIELDS)]);
            parts.push(Part {
                url,
                context: format!("user {name}"),
                units: UNITS_ONE,
            });
        }
        let answers = self.tenant.batch(OPERATION, &parts).await?;
        answers.into_iter().map(found_or_not).collect()
    }

    async fn users_by_mail(&self, addresses: &[&String]) -> Result<Vec<Option<User>>> {
        let mut parts = Vec::with_capacity(addresses.len());
        for address in addresses {
            let mut url = self.tenant.v1(&["users"])?;
            let quoted = address.replace('\'', "''");
            let filter = format!("mail eq '{quoted}'");
            ask(&mut url, &[("$filter", &filter), ("$select", USER_FIELDS)]);
            parts.push(Part {
                url,
                context: format!("user with the address {address}"),
                units: UNITS_LIST,
            });
        }
        let answers = self.tenant.batch::<Page<User>>(OPERATION, &parts).await?;
        let one = |page: Page<User>| {
            let mut users = page.value.into_iter();
            // Two people with one address are nobody in particular.
            users.next().filter(|_| users.next().is_none())
        };
        answers
            .into_iter()
            .map(|answer| Ok(found_or_not(answer)?.and_then(one)))
            .collect()
    }

    async fn remember(&self, owner: &str, user: &User) -> Result<()> {
        let groups = match (&user.id, self.tenant.owner_groups) {
            (Some(id), true) => self.groups_of(id).await?,
            _ => None,
        };
        let details = OwnerDetails {
            owner: owner.to_owned(),
            display_name: user.display_name.clone(),
            department: user.department.clone(),
            unit: user
                .on_premises_distinguished_name
                .as_deref()
                .and_then(unit_in),
            groups,
        };
        self.owners.0.put(owner.to_owned(), Some(Arc::new(details)));
        Ok(())
    }

    async fn groups_of(&self, id: &str) -> Result<Option<Vec<String>>> {
        let purpose = Purpose {
            operation: "read the groups of",
            context: &format!("user {id}"),
        };
        let mut url = self.tenant.v1(&["users", id, "transitiveMemberOf"])?;
        ask(&mut url, &[("$select", "id,displayName"), ("$top", "999")]);
        let all = self
            .tenant
            .get_all::<DirectoryObject>(url, &purpose, UNITS_LIST, MOST_PAGES);
        match all.await {
            Ok(objects) => Ok(Some(objects.into_iter().filter_map(group_name).collect())),
            Err(error) if error.kind().is_retryable() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "groups of an owner are not known");
                Ok(None)
            }
        }
    }
}

/// Names of groups; roles and administrative units are no groups.
fn group_name(object: DirectoryObject) -> Option<String> {
    let is_group = object
        .kind
        .as_deref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("#microsoft.graph.group"));
    object.display_name.filter(|_| is_group)
}

/// Not knowing somebody is an answer; not getting one is not.
fn found_or_not<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind().is_retryable() => Err(error),
        Err(error) => {
            tracing::debug!(%error, "an owner is not known");
            Ok(None)
        }
    }
}

/// The organisational units of a distinguished name (RFC 4514): `OU=Finance,OU=Staff`.
fn unit_in(name: &str) -> Option<String> {
    let units: Vec<&str> = parts_of(name)
        .into_iter()
        .map(str::trim)
        .filter(|part| {
            part.get(..3)
                .is_some_and(|kind| kind.eq_ignore_ascii_case("ou="))
        })
        .collect();
    Some(units.join(",")).filter(|units| !units.is_empty())
}

/// The parts between the commas that are not escaped.
fn parts_of(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut is_escaped = false;
    for (index, character) in name.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => {
                parts.extend(name.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(name.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_read_out_of_a_distinguished_name() {
        for (name, unit) in [
            (
                "CN=Mina Okafor,OU=Finance,OU=Staff,DC=alder,DC=example",
                Some("OU=Finance,OU=Staff"),
            ),
            (r"CN=Okafor\, Mina,ou=R\,D,DC=alder", Some(r"ou=R\,D")),
            ("CN=Mina,DC=alder", None),
            ("CN=OU=x", None),
            ("", None),
            ("\\", None),
            ("ü", None),
        ] {
            assert_eq!(unit_in(name).as_deref(), unit, "{name}");
        }
    }
}
