//! Who was invited to an item.

use labeld_connector::Result;

use super::{PURPOSE, Reach, unknown_or};
use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::directory::People;
use crate::model::{Collaboration, Grantee, Id, Membership};

const FIELDS: &str = "role,status,accessible_by,invite_email,expires_at";

/// Most pages of invitations to one item, and of members of one group.
const MOST_PAGES: usize = 20;

/// The domain of service accounts and app users, which belong to the enterprise (§8).
const APP_DOMAIN: &str = "boxdevedition.com";

impl BoxApp {
    /// Who can reach an item by invitations, and by what address.
    pub(super) async fn invited(
        &self,
        kind: &str,
        item: Id,
        owner: Id,
        purpose: &Purpose<'_>,
    ) -> Result<Reach> {
        let invitations: Vec<Collaboration> = self
            .get_all(
                &[kind, &item.to_string(), "collaborations"],
                &[("fields", FIELDS)],
                Acting::As(owner),
                purpose,
                MOST_PAGES,
            )
            .await?;
        let people = self.people().await?;
        let mut reach = Reach::default();
        for one in invitations {
            reach = reach.and(&self.reach_by(&one, owner, &people).await?);
        }
        Ok(reach)
    }

    async fn reach_by(&self, one: &Collaboration, owner: Id, people: &People) -> Result<Reach> {
        let now = self.service.clock().now();
        let has_ended = one.expires_at.is_some_and(|end| end <= now);
        let is_void = matches!(one.status.as_deref(), Some("rejected"))
            || one.role.as_deref() == Some("owner")
            || has_ended;
        if is_void {
            return Ok(Reach::default());
        }
        match (&one.accessible_by, &one.invite_email) {
            (Some(group), _) if group.kind.as_deref() == Some("group") => {
                self.reach_of_group(group).await
            }
            (Some(user), _) if user.id == owner => Ok(Reach::default()),
            (Some(user), email) => {
                let login = user.login.as_ref().or(email.as_ref());
                Ok(self.reach_of_user(Some(user.id), login.map(String::as_str), people))
            }
            (None, Some(email)) => Ok(self.reach_of_user(None, Some(email), people)),
            (None, None) => Ok(Reach::unknown()),
        }
    }

    fn reach_of_user(&self, id: Option<Id>, login: Option<&str>, people: &People) -> Reach {
        let is_inside = id.is_some_and(|id| people.member(id).is_some())
            || login.is_some_and(|login| {
                people.by_login(login).is_some() || self.is_internal_address(login)
            });
        let mut reach = Reach {
            external: !is_inside,
            internal: is_inside,
            ..Reach::default()
        };
        match login {
            Some(login) => reach.collaborators.add(login),
            None => reach.collaborators.cannot_tell(),
        }
        reach
    }

    /// Whether the configuration says that an address is inside.
    fn is_internal_address(&self, address: &str) -> bool {
        let domain = address
            .rsplit_once('@')
            .map(|(_, domain)| domain.to_lowercase());
        domain.is_some_and(|domain| domain == APP_DOMAIN || self.internal_domains.contains(&domain))
    }

    /// Groups may have members from outside. A group has no address of its own: it is known by its members.
    async fn reach_of_group(&self, group: &Grantee) -> Result<Reach> {
        let everybody = Reach {
            internal: true,
            ..Reach::default()
        };
        if group.group_type.as_deref() == Some("all_users_group") {
            return Ok(everybody);
        }
        if let Some(reach) = self.access.groups.get(group.id) {
            return Ok(reach);
        }
        let name = group.name.as_deref().unwrap_or("a group");
        let purpose = Purpose {
            operation: PURPOSE,
            context: name,
        };
        let members = self
            .get_all_by_offset::<Membership>(
                &["groups", &group.id.to_string(), "memberships"],
                &purpose,
                MOST_PAGES,
            )
            .await;
        let members = match members {
            Ok(members) => members,
            Err(error) => return unknown_or(error),
        };
        let people = self.people().await?;
        let reach = members
            .iter()
            .filter_map(|membership| membership.user.as_ref())
            .map(|user| self.reach_of_user(Some(user.id), user.login.as_deref(), &people))
            .fold(everybody, |reach, one| reach.and(&one));
        self.access.groups.put(group.id, reach.clone());
        Ok(reach)
    }
}
