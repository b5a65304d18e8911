//! People and groups (reference/microsoft-graph.md §7.5).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::projection::Projection;
use super::schema::{DIRECTORY_OBJECT, USER};
use super::{access, page, refer};
use crate::microsoft::state::directory::{Group, GroupKind, User};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;

/// People on a page when `$top` is absent.
const USERS: usize = 100;

/// `GET /users`
pub(super) fn users(world: &World<'_>, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    access::require_directory(caller, access::USERS)?;
    call.allow_options(&[
        "$select",
        "$filter",
        "$top",
        "$skiptoken",
        "$orderby",
        "$count",
    ])?;
    let projection = Projection::of(call, &USER)?;
    let filter = call.parameter("$filter").map(Equals::parse).transpose()?;
    let entries: Vec<Value> = world
        .state
        .users
        .iter()
        .filter(|user| !user.deleted)
        .map(shown)
        .filter(|user| filter.as_ref().is_none_or(|filter| filter.holds(user)))
        .map(|user| projection.apply(user))
        .collect();
    let mut body = page::of(world, call, &entries, USERS)?;
    body["@odata.context"] = json!(format!("{}v1.0/$metadata#users", world.bases.graph));
    Ok(Reply::json(body))
}

/// `GET /users/{id}`
pub(super) fn user(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Reply, Failure> {
    access::require_directory(caller, access::USERS)?;
    call.allow_options(&["$select"])?;
    let projection = Projection::of(call, &USER)?;
    Ok(Reply::json(
        projection.apply(shown(refer::user(world, id)?)),
    ))
}

/// `GET /users/{id}/memberOf` and `…/transitiveMemberOf`. Administrative units and roles need
/// `Directory.Read.All`; without it they are left out.
pub(super) fn member_of(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: (&str, bool),
) -> Result<Reply, Failure> {
    access::require_directory(caller, access::GROUPS)?;
    call.allow_options(&["$select", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &DIRECTORY_OBJECT)?;
    let (id, transitive) = named;
    let user = refer::user(world, id)?.id;
    let sees_all = caller.has_any(&["Directory.Read.All"]);
    let entries: Vec<Value> = groups_of(world, user, transitive)
        .into_iter()
        .filter(|group| sees_all || matches!(group.kind, GroupKind::Unified | GroupKind::Security))
        .map(|group| projection.apply(shown_group(group)))
        .collect();
    page::of(world, call, &entries, USERS).map(Reply::json)
}

fn groups_of<'a>(world: &'a World<'_>, member: Uuid, transitive: bool) -> Vec<&'a Group> {
    let mut found: Vec<&Group> = Vec::new();
    let mut next = vec![member];
    while let Some(member) = next.pop() {
        for group in &world.state.groups {
            let is_new = !found.iter().any(|known| known.id == group.id);
            if is_new && group.members.contains(&member) {
                found.push(group);
                if transitive {
                    next.push(group.id);
                }
            }
        }
    }
    found
}

/// `GET /groups/{id}`
pub(super) fn group(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Reply, Failure> {
    access::require_directory(caller, access::GROUPS)?;
    call.allow_options(&["$select"])?;
    let projection = Projection::of(call, &DIRECTORY_OBJECT)?;
    Ok(Reply::json(
        projection.apply(shown_group(refer::group(world, id)?)),
    ))
}

/// `GET /groups/{id}/members`
pub(super) fn members(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Reply, Failure> {
    access::require_directory(caller, access::GROUPS)?;
    call.allow_options(&["$select", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &DIRECTORY_OBJECT)?;
    let group = refer::group(world, id)?;
    let users = world.state.users.iter().map(|user| (user.id, shown(user)));
    let groups = world
        .state
        .groups
        .iter()
        .map(|group| (group.id, shown_group(group)));
    let entries: Vec<Value> = users
        .chain(groups)
        .filter(|(id, _)| group.members.contains(id))
        .map(|(_, entry)| projection.apply(entry))
        .collect();
    page::of(world, call, &entries, USERS).map(Reply::json)
}

fn shown(user: &User) -> Value {
    let attributes: Map<String, Value> = (1..=15)
        .map(|number| (format!("extensionAttribute{number}"), Value::Null))
        .collect();
    json!({
        "@odata.type": "#microsoft.graph.user",
        "id": user.id,
        "displayName": user.name,
        "givenName": user.name.split(' ').next(),
        "surname": user.name.split(' ').nth(1),
        "jobTitle": null,
        "mobilePhone": null,
        "businessPhones": [],
        "preferredLanguage": null,
        "userPrincipalName": user.user_principal_name,
        "mail": user.mail,
        "department": user.department,
        "companyName": user.company,
        "officeLocation": user.office,
        "userType": if user.guest { "Guest" } else { "Member" },
        "externalUserState": if user.guest { json!("Accepted") } else { Value::Null },
        "accountEnabled": user.enabled,
        "onPremisesDistinguishedName": user.distinguished_name,
        "onPremisesExtensionAttributes": attributes,
    })
}

fn shown_group(group: &Group) -> Value {
    let mut shown = json!({
        "@odata.type": group.kind.odata_type(),
        "id": group.id,
        "displayName": group.name,
    });
    match group.kind {
        GroupKind::Unified => {
            shown["groupTypes"] = json!(["Unified"]);
            shown["securityEnabled"] = json!(false);
            shown["visibility"] = json!("Private");
        }
        GroupKind::Security => {
            shown["groupTypes"] = json!([]);
            shown["securityEnabled"] = json!(true);
        }
        GroupKind::AdministrativeUnit | GroupKind::Role => {}
    }
    shown
}

/// `name eq value`, the only filter on people that is known here.
struct Equals {
    name: String,
    value: Value,
}

impl Equals {
    fn parse(text: &str) -> Result<Self, Failure> {
        let refused = || Failure::bad_request("Unsupported or invalid query filter clause.");
        let (name, value) = text.split_once(" eq ").ok_or_else(refused)?;
        let value = match value.trim() {
            "true" => json!(true),
            "false" => json!(false),
            "null" => Value::Null,
            text => json!(
                text.strip_prefix('\'')
                    .and_then(|text| text.strip_suffix('\''))
                    .ok_or_else(refused)?
                    .replace("''", "'")
            ),
        };
        let name = name.trim().to_owned();
        if !USER.usual.contains(&&*name) && !USER.on_demand.contains(&&*name) {
            return Err(refused());
        }
        Ok(Self { name, value })
    }

    fn holds(&self, user: &Value) -> bool {
        match (&user[&self.name], &self.value) {
            (Value::String(actual), Value::String(wanted)) => actual.eq_ignore_ascii_case(wanted),
            (actual, wanted) => actual == wanted,
        }
    }
}
