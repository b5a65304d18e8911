//! Users, groups, memberships, collaborations.

use serde_json::{Value, json};

use super::{Fields, base};
use crate::box_service::state::Id;
use crate::box_service::state::collaboration::{Collaboration, Grantee};
use crate::box_service::state::directory::{Membership, User};
use crate::box_service::world::World;

/// Fields of a user that are shown unasked (schema `User` of the API document).
const USER: &[&str] = &[
    "name",
    "login",
    "created_at",
    "modified_at",
    "language",
    "timezone",
    "space_amount",
    "space_used",
    "max_upload_size",
    "status",
    "job_title",
    "phone",
    "address",
    "avatar_url",
];

/// Fields of users of other enterprises that anybody sees.
const OUTSIDER: &[&str] = &["name", "login"];

impl World<'_> {
    /// A user. Of those outside the enterprise little is shown.
    pub(crate) fn user(&self, id: Id, fields: &Fields) -> Value {
        let Some(user) = self.state.users.get(&id) else {
            return Value::Null;
        };
        let shown = |name: &str| -> Option<Value> {
            if !user.managed && !OUTSIDER.contains(&name) {
                return None;
            }
            self.user_field(user, name)
        };
        fields.show(USER, base("user", id), shown)
    }

    fn user_field(&self, user: &User, name: &str) -> Option<Value> {
        Some(match name {
            "name" => json!(user.name),
            "login" => json!(user.login),
            "created_at" | "modified_at" => json!(self.timestamp(user.created)),
            "language" => json!("en"),
            "timezone" => json!("America/Los_Angeles"),
            // As some enterprises have it (reference/box.md §2.1).
            "space_amount" if user.space == u64::MAX => json!(1.0e18),
            "space_amount" => json!(user.space),
            "space_used" => json!(0.0),
            "max_upload_size" => json!(self.switches.most_upload_bytes),
            "status" => json!(user.status.word()),
            "job_title" => json!(user.job_title),
            "phone" | "address" => json!(""),
            "avatar_url" => json!("https://alder.app.box.com/api/avatar/large/1"),
            "role" => json!(user.role.word()),
            "enterprise" => json!({
                "type": "enterprise",
                "id": self.state.enterprise.to_string(),
                "name": self.state.enterprise_name,
            }),
            "is_platform_access_only" => json!(user.platform_only),
            "hostname" => json!("https://alder.app.box.com/"),
            "tracking_codes" => {
                let codes = user.tracking_codes.iter();
                let code = |(name, value): &(String, String)| json!({"type": "tracking_code", "name": name, "value": value});
                codes.map(code).collect()
            }
            _ => return None,
        })
    }

    /// A user as they stand in other things.
    pub(crate) fn user_mini(&self, id: Id) -> Value {
        match self.state.users.get(&id) {
            Some(user) => json!({
                "type": "user", "id": id.to_string(), "name": user.name, "login": user.login,
            }),
            // Anonymous people (reference/box.md §6).
            None => json!({"type": "user", "id": id.to_string(), "name": "", "login": ""}),
        }
    }

    /// A group as it stands in other things.
    pub(crate) fn group(&self, id: Id) -> Value {
        let Some(group) = self.state.groups.get(&id) else {
            return Value::Null;
        };
        let kind = if group.all_users {
            "all_users_group"
        } else {
            "managed_group"
        };
        json!({"type": "group", "id": id.to_string(), "name": group.name, "group_type": kind})
    }

    /// A membership.
    pub(crate) fn membership(&self, id: Id, membership: &Membership) -> Value {
        json!({
            "type": "group_membership",
            "id": id.to_string(),
            "user": self.user_mini(membership.user),
            "group": self.group(membership.group),
            "role": if membership.admin { "admin" } else { "member" },
        })
    }

    /// A collaboration.
    pub(crate) fn collaboration(&self, id: Id, one: &Collaboration, fields: &Fields) -> Value {
        const ALL: &[&str] = &[
            "accessible_by",
            "acknowledged_at",
            "created_at",
            "created_by",
            "expires_at",
            "invite_email",
            "is_access_only",
            "item",
            "modified_at",
            "role",
            "status",
        ];
        let is_pending = one.status.word() == "pending";
        let show = |name: &str| {
            Some(match name {
                "accessible_by" => match &one.grantee {
                    Grantee::User(user) => self.user_mini(*user),
                    Grantee::Group(group) => self.group(*group),
                    Grantee::Email(_) => Value::Null,
                },
                "invite_email" => match &one.grantee {
                    Grantee::Email(address) => json!(address),
                    Grantee::User(_) | Grantee::Group(_) => Value::Null,
                },
                "item" if is_pending => Value::Null,
                "item" => self.item_mini(one.item),
                "role" => json!(one.role.word()),
                "status" => json!(one.status.word()),
                "is_access_only" => json!(one.access_only),
                "created_by" => self.user_mini(one.created_by),
                "created_at" | "modified_at" => json!(self.timestamp(one.created)),
                "acknowledged_at" if is_pending => Value::Null,
                "acknowledged_at" => json!(self.timestamp(one.created)),
                "expires_at" => json!(one.expires.map(|time| self.timestamp(time))),
                _ => return None,
            })
        };
        fields.show(ALL, base("collaboration", id), show)
    }
}
