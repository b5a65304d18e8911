//! Who can reach a file: permissions where the `shared` facet asks for them (reference/microsoft-graph.md §7).

use std::collections::BTreeSet;

use labeld_connector::{Access, Exposure, FileRef, Result};

use super::Core;
use super::reference::ItemRef;
use crate::address::ask;
use crate::batch::Part;
use crate::call::{Purpose, UNITS_ONE, UNITS_PERMISSIONS};
use crate::exposure::{Findings, Setting};
use crate::model::{DriveItem, Page, Permission, User};
use crate::principal::address_in;

const OPERATION: &str = "find out who can reach";

/// Most pages of permissions of one file.
const MOST_PAGES: usize = 50;

/// Most people of one file of whom the directory is asked.
const MOST_PEOPLE: usize = 100;

/// What is asked of an item: whether it is shared, and what its owner is known by.
const FIELDS: &str = "id,shared,createdBy";

/// What the directory says of a person.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    user_type: Option<String>,
    address: Option<String>,
}

impl Known {
    fn of(user: &User) -> Self {
        let names = [&user.mail, &user.user_principal_name];
        let address = names
            .into_iter()
            .flatten()
            .find_map(|name| address_in(name));
        Self {
            user_type: user.user_type.clone(),
            address,
        }
    }
}

/// How much is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// How far the file can be reached; nothing more once that is sure.
    Level,
    /// Also by name.
    Names,
}

impl Core {
    /// How far the file can be reached: one call, and permissions only where it is shared.
    pub(super) async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        let at = ItemRef::of(file, OPERATION)?;
        let purpose = purpose(file);
        let item = self.item(at, FIELDS, &purpose).await?;
        match self.listed_exposure(&item) {
            Exposure::Unknown => {
                let found = self.permissions(at, &item, Depth::Level, &purpose).await?;
                Ok(found.exposure)
            }
            told => Ok(told),
        }
    }

    /// Who can reach the file, also by name: one call, and permissions only where it is shared.
    pub(super) async fn access(&self, file: &FileRef) -> Result<Access> {
        let at = ItemRef::of(file, OPERATION)?;
        let purpose = purpose(file);
        let item = self.item(at, FIELDS, &purpose).await?;
        if item.shared.is_none() {
            return Ok(Access {
                exposure: self.listed_exposure(&item),
                collaborators: Some(Vec::new()),
            });
        }
        self.permissions(at, &item, Depth::Names, &purpose).await
    }

    async fn permissions(
        &self,
        at: ItemRef<'_>,
        item: &DriveItem,
        depth: Depth,
        purpose: &Purpose<'_>,
    ) -> Result<Access> {
        let drive = self.drive(at.drive, OPERATION).await?;
        let setting = Setting {
            least: self.profile.least_exposure,
            owner: drive
                .owner
                .as_ref()
                .filter(|_| self.profile.least_exposure == Exposure::Private),
            internal_domains: &self.tenant.internal_domains,
            now: self.tenant.service.clock().now(),
        };
        let mut findings = Findings::default();
        let mut url = self.item_url(at, &["permissions"], None)?;
        for _ in 0..MOST_PAGES {
            let page: Page<Permission> = self.tenant.get(url, purpose, UNITS_PERMISSIONS).await?;
            for permission in &page.value {
                findings.add(permission, &setting);
            }
            match page.next_link {
                Some(link) if depth == Depth::Names || !findings.is_public() => {
                    url = self.tenant.checked_link(&link, purpose)?;
                }
                _ => {
                    self.ask_directory(&mut findings, depth).await?;
                    let owner = self.owner(&drive, item);
                    return Ok(Access {
                        exposure: findings.level(setting.least),
                        collaborators: findings.collaborators.without(owner.as_deref()),
                    });
                }
            }
        }
        Err(purpose.malformed("the file has more permissions than any"))
    }

    /// Asks the directory which of the people are guests, where that can still change the level, and for addresses that
    /// are wanted and that nothing else tells.
    async fn ask_directory(&self, findings: &mut Findings, depth: Depth) -> Result<()> {
        let mut doubtful: BTreeSet<String> = findings.ask.drain(..).collect();
        if !findings.needs_directory() {
            doubtful.clear();
        }
        let mut nameless: BTreeSet<String> = findings.nameless.drain(..).collect();
        if depth == Depth::Level {
            nameless.clear();
        }
        let mut people: Vec<&String> = doubtful.union(&nameless).collect();
        for id in people.split_off(people.len().min(MOST_PEOPLE)) {
            if doubtful.contains(id) {
                findings.add_user_type(None);
            }
            if nameless.contains(id) {
                findings.add_address(None);
            }
        }
        let known = self.look_up(&people).await?;
        for (id, known) in people.into_iter().zip(known) {
            if doubtful.contains(id) {
                findings.add_user_type(known.user_type.as_deref());
            }
            if nameless.contains(id) {
                findings.add_address(known.address.as_deref());
            }
        }
        Ok(())
    }

    /// What the directory says of people, in their order.
    async fn look_up(&self, people: &[&String]) -> Result<Vec<Known>> {
        let mut known: Vec<Option<Known>> = people.iter().map(|id| self.people.get(*id)).collect();
        let mut parts = Vec::new();
        for (id, known) in people.iter().zip(&known) {
            if known.is_some() {
                continue;
            }
            let mut url = self.tenant.v1(&["users", id])?;
            let fields = "id,userType,externalUserState,mail,userPrincipalName";
            ask(&mut url, &[("$select", fields)]);
            parts.push(Part {
                url,
                context: format!("user {id}"),
                units: UNITS_ONE,
            });
        }
        if parts.is_empty() {
            return Ok(known.into_iter().flatten().collect());
        }
        let answers = self.tenant.batch::<User>(OPERATION, &parts).await?;
        let wanting = people.iter().zip(&mut known);
        let wanting = wanting.filter(|(_, known)| known.is_none());
        for ((id, known), answer) in wanting.zip(answers) {
            let told = match answer {
                Ok(user) => Known::of(&user),
                Err(error) if error.kind().is_retryable() => return Err(error),
                // Not of this directory's people, or not for the app to see.
                Err(_) => Known::default(),
            };
            self.people.put((*id).clone(), told.clone());
            *known = Some(told);
        }
        Ok(known.into_iter().map(Option::unwrap_or_default).collect())
    }
}

fn purpose(file: &FileRef) -> Purpose<'_> {
    Purpose {
        operation: OPERATION,
        context: &file.0,
    }
}
