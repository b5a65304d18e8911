//! The directory (reference/google-drive.md §2.1).

use http::StatusCode;
use serde_json::{Value, json};

use super::about::without_nulls;
use super::route::Context;
use crate::frame::Reply;
use crate::google::state::directory::{Group, User};
use crate::google::state::written;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};

pub(super) fn users(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let domain = domain(context)?;
    let size = context.call.page_size("maxResults", 100, 500)?;
    let from = from(context, "users-")?;
    let full = context.call.parameter("projection") == Some("full");
    let directory = &context.world.state.directory;
    let query = context.call.parameter("query").unwrap_or_default();
    let mut found: Vec<&User> = directory
        .users
        .values()
        .filter(|user| {
            domain
                .as_ref()
                .is_none_or(|domain| user.email.ends_with(&format!("@{domain}")))
        })
        .filter(|user| matches_query(user, query))
        .collect();
    found.sort_by(|one, other| one.email.cmp(&other.email));
    let page: Vec<Value> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|user| shown(context, user, full))
        .collect();
    let mut answer = json!({"kind": "admin#directory#users", "etag": "\"users/1\""});
    // Absent when empty.
    if !page.is_empty() {
        answer["users"] = json!(page);
    }
    if found.len() > from + size {
        answer["nextPageToken"] = json!(format!("users-{}", from + size));
    }
    masked(context, "Users", answer)
}

pub(super) fn user(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let user = context.world.state.directory.user(context.id(0));
    let user = user.ok_or_else(|| not_found("userKey"))?;
    let full = context.call.parameter("projection") == Some("full");
    let answer = shown(context, user, full);
    masked(context, "User", answer)
}

pub(super) fn units(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    check_customer(context)?;
    let with_root = context.call.parameter("type") == Some("allIncludingParent");
    let units = context.world.state.directory.units.iter();
    let shown: Vec<Value> = units
        .filter(|unit| unit.path != "/" || with_root)
        .map(|unit| {
            let (above, name) = unit.path.rsplit_once('/').unwrap_or(("", ""));
            let above = if above.is_empty() { "/" } else { above };
            json!({
                "kind": "admin#directory#orgUnit",
                "name": name,
                "orgUnitPath": unit.path,
                "orgUnitId": format!("id:{}", unit.id),
                "parentOrgUnitPath": above,
                "description": "",
            })
        })
        .collect();
    let answer = json!({"kind": "admin#directory#orgUnits", "organizationUnits": shown});
    masked(context, "OrgUnits", answer)
}

pub(super) fn domains(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    check_customer(context)?;
    let domains = context.world.state.directory.domains.iter();
    let shown: Vec<Value> = domains
        .map(|domain| {
            let aliases = domain.aliases.iter().map(|alias| {
                json!({"domainAliasName": alias, "parentDomainName": domain.name, "verified": true})
            });
            let aliases: Vec<Value> = aliases.collect();
            without_nulls(json!({
                "kind": "admin#directory#domain",
                "domainName": domain.name,
                "isPrimary": domain.is_primary,
                "verified": true,
                "creationTime": "1700000000000",
                "domainAliases": if aliases.is_empty() { Value::Null } else { json!(aliases) },
            }))
        })
        .collect();
    let answer = json!({"kind": "admin#directory#domains", "domains": shown});
    masked(context, "Domains2", answer)
}

pub(super) fn groups(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let directory = &context.world.state.directory;
    let member = context.call.parameter("userKey");
    if member.is_none() {
        domain(context)?;
    }
    let email = match member {
        None => None,
        Some(key) => {
            let user = directory.user(key).ok_or_else(|| not_found("userKey"))?;
            Some(user.email.to_lowercase())
        }
    };
    let size = context.call.page_size("maxResults", 200, 200)?;
    let from = from(context, "groups-")?;
    let found: Vec<&Group> = directory
        .groups
        .values()
        .filter(|group| {
            email
                .as_ref()
                .is_none_or(|email| group.members.contains(email))
        })
        .collect();
    let page: Vec<Value> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|group| shown_group(group))
        .collect();
    let mut answer = json!({"kind": "admin#directory#groups"});
    if !page.is_empty() {
        answer["groups"] = json!(page);
    }
    if found.len() > from + size {
        answer["nextPageToken"] = json!(format!("groups-{}", from + size));
    }
    masked(context, "Groups", answer)
}

pub(super) fn group(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let group = context.world.state.directory.group(context.id(0));
    let answer = shown_group(group.ok_or_else(|| not_found("groupKey"))?);
    masked(context, "Group", answer)
}

pub(super) fn members(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let directory = &context.world.state.directory;
    let group = directory
        .group(context.id(0))
        .ok_or_else(|| not_found("groupKey"))?;
    let addresses = match context.call.flag("includeDerivedMembership")? {
        true => directory.all_members(&group.email),
        false => group.members.clone(),
    };
    let size = context.call.page_size("maxResults", 200, 200)?;
    let from = from(context, "members-")?;
    let page: Vec<Value> = addresses
        .iter()
        .skip(from)
        .take(size)
        .map(|address| {
            let user = directory.user(address);
            let kind = match (user, directory.group(address)) {
                (Some(_), _) => "USER",
                (_, Some(_)) => "GROUP",
                _ => "EXTERNAL",
            };
            without_nulls(json!({
                "kind": "admin#directory#member",
                "id": user.map(|user| &user.id),
                "email": address,
                "role": "MEMBER",
                "type": kind,
                "status": user.map(|_| "ACTIVE"),
            }))
        })
        .collect();
    let mut answer = json!({"kind": "admin#directory#members"});
    if !page.is_empty() {
        answer["members"] = json!(page);
    }
    if addresses.len() > from + size {
        answer["nextPageToken"] = json!(format!("members-{}", from + size));
    }
    masked(context, "Members", answer)
}

pub(super) fn has_member(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let directory = &context.world.state.directory;
    let group = directory
        .group(context.id(0))
        .ok_or_else(|| not_found("groupKey"))?;
    let is_member = directory.is_member(&group.email, context.id(1));
    Ok(Reply::json(json!({"isMember": is_member})))
}

fn masked(context: &Context<'_, '_>, shape: &str, answer: Value) -> Result<Reply, Failure> {
    let mask = match context.call.parameter("fields") {
        Some(fields) => Mask::parse(fields, Shape::named(Api::Directory, shape))?,
        None => Mask::All,
    };
    Ok(Reply::json(mask.apply(answer)))
}

fn check_admin(context: &Context<'_, '_>) -> Result<(), Failure> {
    if context.caller.user.is_admin {
        return Ok(());
    }
    Err(Failure::forbidden(
        "forbidden",
        "Not Authorized to access this resource/api",
    ))
}

fn check_customer(context: &Context<'_, '_>) -> Result<(), Failure> {
    let customer = context.id(0);
    if customer == "my_customer" || customer == context.world.state.directory.customer {
        return Ok(());
    }
    Err(Failure::bad_request("invalid", "Invalid Input: customer"))
}

/// Which users: all of the customer, or those of one domain.
fn domain(context: &Context<'_, '_>) -> Result<Option<String>, Failure> {
    match (
        context.call.parameter("customer"),
        context.call.parameter("domain"),
    ) {
        (Some(customer), _) => {
            let own = &context.world.state.directory.customer;
            match customer == "my_customer" || customer == own {
                true => Ok(None),
                false => Err(Failure::bad_request("invalid", "Invalid Input: customer")),
            }
        }
        (None, Some(domain)) => {
            let domains = &context.world.state.directory.domains;
            match domains.iter().any(|known| known.name == domain) {
                true => Ok(Some(domain.to_owned())),
                false => Err(Failure::new(
                    StatusCode::NOT_FOUND,
                    "notFound",
                    "Domain not found.",
                )),
            }
        }
        (None, None) => Err(Failure::bad_request("badRequest", "Bad Request")),
    }
}

fn from(context: &Context<'_, '_>, prefix: &str) -> Result<usize, Failure> {
    match context.call.parameter("pageToken") {
        None => Ok(0),
        Some(token) => token
            .strip_prefix(prefix)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::invalid("pageToken")),
    }
}

fn not_found(what: &str) -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "notFound",
        &format!("Resource Not Found: {what}"),
    )
}

/// `isSuspended=false` and `orgUnitPath='/Finance'`, the latter with the units below.
fn matches_query(user: &User, query: &str) -> bool {
    query.split(' ').all(|term| match term.split_once('=') {
        Some(("isSuspended", value)) => user.suspended.to_string() == value,
        Some(("orgUnitPath", path)) => {
            let path = path.trim_matches('\'');
            user.unit == path || path == "/" || user.unit.starts_with(&format!("{path}/"))
        }
        _ => true,
    })
}

fn shown(context: &Context<'_, '_>, user: &User, full: bool) -> Value {
    let (given, family) = user.name.split_once(' ').unwrap_or((&user.name, ""));
    let mut out = json!({
        "kind": "admin#directory#user",
        "id": user.id,
        "etag": format!("\"user/{}\"", user.id),
        "primaryEmail": user.email,
        "name": {"givenName": given, "familyName": family, "fullName": user.name},
        "isAdmin": user.is_admin,
        "isDelegatedAdmin": false,
        "suspended": user.suspended,
        "archived": user.archived,
        "orgUnitPath": user.unit,
        "customerId": context.world.state.directory.customer,
        "isMailboxSetup": true,
        "isGuestUser": user.is_guest,
        "emails": [{"address": user.email, "primary": true}],
        "creationTime": written(user.created),
        "lastLoginTime": "1970-01-01T00:00:00.000Z",
    });
    if !user.aliases.is_empty() {
        out["aliases"] = json!(user.aliases);
    }
    if let Some(department) = user.department.as_ref().filter(|_| full) {
        out["organizations"] = json!([{"primary": true, "department": department}]);
    }
    out
}

fn shown_group(group: &Group) -> Value {
    json!({
        "kind": "admin#directory#group",
        "id": group.id,
        "email": group.email,
        "name": group.name,
        "directMembersCount": group.members.len().to_string(),
    })
}
