//! Through whose eyes a shared drive is seen (reference/google-drive.md §2.2): nobody reads files as an administrator.

use std::collections::BTreeSet;
use std::sync::Arc;

use labeld_connector::{ErrorKind, Result};

use crate::client::Purpose;
use crate::drive::{A_DAY, GoogleDrive};
use crate::eyes::Eyes;
use crate::model::{DriveList, MemberList, Permission, PermissionList, SharedDrive};
use crate::token::Scope;
use labeld_connector::Remembered;

/// Most pages of 100 shared drives.
const MOST_PAGES: usize = 1_000;

/// Most pages of members of one drive or group.
const MOST_MEMBER_PAGES: usize = 50;

/// A shared drive and the member who is impersonated for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) name: String,
    pub(crate) member: String,
}

/// The members that were chosen, by drive.
#[derive(Debug)]
pub(crate) struct Members(Remembered<String, Arc<Reach>>);

impl Default for Members {
    fn default() -> Self {
        Self(Remembered::new(20_000, A_DAY))
    }
}

impl Members {
    pub(crate) fn known(&self, drive: &str) -> Option<Arc<Reach>> {
        self.0.get(drive)
    }

    /// Forgets a choice that turned out to be of no use.
    pub(crate) fn forget(&self, drive: &str) {
        self.0.remove(drive);
    }
}

impl GoogleDrive {
    /// All shared drives of the tenant.
    ///
    /// # Errors
    ///
    /// When a page cannot be had. Never a part of the list.
    pub(crate) async fn shared_drives(&self) -> Result<Vec<SharedDrive>> {
        let purpose = Purpose::new("list", "the shared drives");
        let eyes = self.client.eyes(&self.client.admin);
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![
                ("useDomainAdminAccess", "true"),
                ("pageSize", "100"),
                ("fields", "nextPageToken,drives(id,name)"),
            ];
            if let Some(token) = &token {
                query.push(("pageToken", token));
            }
            let url = self
                .client
                .drive_url(&["drive", "v3", "drives"], &query, false)?;
            let page: DriveList = self
                .client
                .get(url, &purpose, self.client.units.list, &eyes)
                .await?;
            all.extend(
                page.drives
                    .into_iter()
                    .filter(|drive| crate::corpus::is_id(&drive.id)),
            );
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(purpose.malformed("the list has more pages than any tenant"))
    }

    /// A shared drive and a member through whom it can be reached.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotCovered`] when it has none.
    pub(crate) async fn reach(&self, drive: &str) -> Result<Arc<Reach>> {
        if let Some(known) = self.members.known(drive) {
            return Ok(known);
        }
        let purpose = Purpose::new("look at shared drive", drive);
        let eyes = self.client.eyes(&self.client.admin);
        let query = [("useDomainAdminAccess", "true"), ("fields", "id,name")];
        let url = self
            .client
            .drive_url(&["drive", "v3", "drives", drive], &query, false)?;
        let found: SharedDrive = self
            .client
            .get(url, &purpose, self.client.units.get, &eyes)
            .await?;
        self.reach_listed(&found).await
    }

    /// As [`reach`](Self::reach), for a drive that was just listed.
    pub(crate) async fn reach_listed(&self, drive: &SharedDrive) -> Result<Arc<Reach>> {
        let name = drive.name.clone().unwrap_or_else(|| drive.id.clone());
        if let Some(known) = self.members.known(&drive.id) {
            if known.name == name {
                return Ok(known);
            }
            let renamed = Arc::new(Reach {
                name,
                member: known.member.clone(),
            });
            self.members.0.put(drive.id.clone(), Arc::clone(&renamed));
            return Ok(renamed);
        }
        let Some(member) = self.choose_member(&drive.id).await? else {
            let why = "no active user of the organisation is a member, directly or through a group; add one in the Admin console \
                under Apps → Google Workspace → Drive and Docs → Manage shared drives";
            return Err(Purpose::new("read shared drive", &name)
                .error(ErrorKind::NotCovered)
                .with_source(why));
        };
        let reach = Arc::new(Reach { name, member });
        self.members.0.put(drive.id.clone(), Arc::clone(&reach));
        Ok(reach)
    }

    /// The member with the widest role; people before groups.
    async fn choose_member(&self, drive: &str) -> Result<Option<String>> {
        let purpose = Purpose::new("list members of shared drive", drive);
        let eyes = self.client.eyes(&self.client.admin);
        let admin = [("useDomainAdminAccess", "true")];
        let permissions = self.permissions(drive, &admin, &purpose, &eyes).await?;
        let mut people: Vec<(u8, &str)> = Vec::new();
        let mut groups: Vec<(u8, &str)> = Vec::new();
        for permission in permissions.iter().filter(|it| it.deleted != Some(true)) {
            let (Some(email), Some(rank)) = (permission.email_address.as_deref(), rank(permission))
            else {
                continue;
            };
            match permission.kind.as_deref() {
                Some("user") => people.push((rank, email)),
                Some("group") => groups.push((rank, email)),
                _ => {}
            }
        }
        people.sort_unstable();
        for (_, email) in people {
            if self.can_stand_in(email).await {
                return Ok(Some(email.to_owned()));
            }
        }
        groups.sort_unstable();
        for (_, group) in groups {
            if let Some(member) = self.member_of_group(group).await {
                return Ok(Some(member));
            }
        }
        Ok(None)
    }

    async fn member_of_group(&self, group: &str) -> Option<String> {
        // A group that the directory does not open is of no use; another member may be.
        let members = self.group_members(group).await.ok()?;
        for email in members {
            if self.can_stand_in(&email).await {
                return Some(email);
            }
        }
        None
    }

    /// Addresses of the people in a group, also through other groups.
    ///
    /// # Errors
    ///
    /// When the directory does not tell.
    pub(crate) async fn group_members(&self, group: &str) -> Result<BTreeSet<String>> {
        let purpose = Purpose::new("list members of group", group);
        let mut all = BTreeSet::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_MEMBER_PAGES {
            let mut query = vec![
                ("maxResults", "200"),
                ("includeDerivedMembership", "true"),
                ("fields", "nextPageToken,members(email,type)"),
            ];
            if let Some(token) = &token {
                query.push(("pageToken", token));
            }
            let segments = ["groups", group, "members"];
            let page: MemberList = self
                .client
                .directory(&segments, &query, Scope::GroupMembers, &purpose)
                .await?;
            let is_person = |kind: Option<&str>| kind != Some("GROUP") && kind != Some("CUSTOMER");
            let people = page
                .members
                .into_iter()
                .filter(|member| is_person(member.kind.as_deref()));
            all.extend(people.filter_map(|member| member.email));
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(purpose.malformed("the group has more members than are looked at"))
    }

    /// Whether labeld may work in the name of somebody: an active user of the organisation.
    async fn can_stand_in(&self, email: &str) -> bool {
        if let Some(user) = self.people.known(email) {
            return user.is_active() && user.is_guest_user != Some(true);
        }
        if self.people.are_complete() {
            return false;
        }
        match self.people.find(&self.client, email).await {
            Ok(user) => user.is_active() && user.is_guest_user != Some(true),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            // Without the directory the domain must do.
            Err(_) => self
                .domains
                .get(&self.client)
                .await
                .is_ok_and(|own| own.own(email)),
        }
    }

    /// All permissions of a file or a shared drive.
    ///
    /// # Errors
    ///
    /// When a page cannot be had.
    pub(crate) async fn permissions(
        &self,
        id: &str,
        more: &[(&str, &str)],
        purpose: &Purpose<'_>,
        eyes: &Arc<Eyes>,
    ) -> Result<Vec<Permission>> {
        let fields = format!("nextPageToken,permissions({})", crate::fields::PERMISSION);
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_MEMBER_PAGES {
            let mut query = vec![("pageSize", "100"), ("fields", fields.as_str())];
            query.extend_from_slice(more);
            if let Some(token) = &token {
                query.push(("pageToken", token));
            }
            let segments = ["drive", "v3", "files", id, "permissions"];
            let url = self.client.drive_url(&segments, &query, true)?;
            let page: PermissionList = self
                .client
                .get(url, purpose, self.client.units.list, eyes)
                .await?;
            all.extend(page.permissions);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(purpose.malformed("there are more permissions than any file has"))
    }
}

/// The place of a member in the order of preference; `None` for who cannot read.
fn rank(permission: &Permission) -> Option<u8> {
    Some(match permission.role.as_deref()? {
        "organizer" => 0,
        "fileOrganizer" => 1,
        "writer" => 2,
        "commenter" => 3,
        "reader" => 4,
        _ => return None,
    })
}
