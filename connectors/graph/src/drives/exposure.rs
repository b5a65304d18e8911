//! Who can reach a file: permissions where the `shared` facet asks for them (reference/microsoft-graph.md §7).

use labeld_connector::{Exposure, FileRef, Result};

use super::Core;
use super::reference::ItemRef;
use crate::address::ask;
use crate::batch::Part;
use crate::call::{Purpose, UNITS_ONE, UNITS_PERMISSIONS};
use crate::exposure::{Findings, Setting};
use crate::model::{Page, Permission, User};

const OPERATION: &str = "find out who can reach";

/// Most pages of permissions of one file.
const MOST_PAGES: usize = 50;

/// Most people of one file of whom the directory is asked.
const MOST_PEOPLE: usize = 100;

impl Core {
    /// Who can reach the file: one call, and permissions only where it is shared.
    pub(super) async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        let at = ItemRef::of(file, OPERATION)?;
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let item = self.item(at, "id,shared", &purpose).await?;
        match self.listed_exposure(&item) {
            Exposure::Unknown => self.exposure_by_permissions(at, &purpose).await,
            told => Ok(told),
        }
    }

    async fn exposure_by_permissions(
        &self,
        at: ItemRef<'_>,
        purpose: &Purpose<'_>,
    ) -> Result<Exposure> {
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
                Some(link) if !findings.is_public() => {
                    url = self.tenant.checked_link(&link, purpose)?;
                }
                _ => {
                    self.ask_directory(&mut findings).await?;
                    return Ok(findings.level(setting.least));
                }
            }
        }
        Err(purpose.malformed("the file has more permissions than any"))
    }

    /// Asks the directory which of the people are guests, where that can still change the level.
    async fn ask_directory(&self, findings: &mut Findings) -> Result<()> {
        let mut people = std::mem::take(&mut findings.ask);
        people.sort_unstable();
        people.dedup();
        if people.is_empty() || !findings.needs_directory() {
            return Ok(());
        }
        if people.len() > MOST_PEOPLE {
            people.truncate(MOST_PEOPLE);
            findings.add_user_type(None);
        }
        let mut wanting = Vec::new();
        for id in people {
            match self.user_types.get(&id) {
                Some(known) => findings.add_user_type(known.as_deref()),
                None => wanting.push(id),
            }
        }
        let mut parts = Vec::with_capacity(wanting.len());
        for id in &wanting {
            let mut url = self.tenant.v1(&["users", id])?;
            ask(&mut url, &[("$select", "id,userType,externalUserState")]);
            parts.push(Part {
                url,
                context: format!("user {id}"),
                units: UNITS_ONE,
            });
        }
        let answers = self.tenant.batch::<User>(OPERATION, &parts).await?;
        for (id, answer) in wanting.into_iter().zip(answers) {
            let told = match answer {
                Ok(user) => user.user_type,
                Err(error) if error.kind().is_retryable() => return Err(error),
                // Not of this directory's people, or not for the app to see.
                Err(_) => None,
            };
            findings.add_user_type(told.as_deref());
            self.user_types.put(id, told);
        }
        Ok(())
    }
}
