//! Permissions of items and sites (reference/microsoft-graph.md §7.1).

use http::StatusCode;
use serde_json::{Value, json};

use super::access::{self, FULL_CONTROL};
use super::projection::Projection;
use super::route::SiteRef;
use super::schema::PERMISSION;
use super::{page, refer};
use crate::microsoft::state::permission::{Grant, Permission, Principal};
use crate::microsoft::state::site::{SiteGrant, SiteRole};
use crate::microsoft::state::transient::Place;
use crate::microsoft::wire::{Body, Call, Caller, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// `GET …/items/{id}/permissions`
pub(super) fn get(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &PERMISSION)?;
    let entries: Vec<Value> = list(world, caller, place)?
        .into_iter()
        .map(|entry| projection.apply(entry))
        .collect();
    page::of(world, call, &entries, 200).map(Reply::json)
}

/// The entries that give access to an item. Without full control some of them, and the recipients of links, are
/// missing (§1.5).
pub(super) fn list(
    world: &World<'_>,
    caller: &Caller,
    place: Place,
) -> Result<Vec<Value>, Failure> {
    let drive = world.drive(place.drive)?;
    world.item(place)?;
    let complete = world.switches.permissions_without_full_control || caller.has_any(FULL_CONTROL);
    let is_site_group =
        |entry: &Permission| matches!(entry.grant, Grant::To(Principal::SiteGroup { .. }));
    Ok(drive
        .permissions_of(place.item)
        .into_iter()
        .filter(|entry| complete || !is_site_group(entry))
        .map(|entry| shown(entry, complete))
        .collect())
}

fn shown(entry: &Permission, complete: bool) -> Value {
    let mut shown = json!({ "id": entry.id, "roles": entry.roles });
    if let Some(expires) = entry.expires {
        shown["expirationDateTime"] = json!(timestamp(expires));
    }
    match &entry.grant {
        Grant::To(principal) => {
            shown["grantedToV2"] = identities(principal);
            shown["grantedTo"] = json!({ "user": old_identity(principal) });
        }
        Grant::Invitation {
            email,
            sign_in_required,
        } => {
            shown["invitation"] = json!({ "email": email, "signInRequired": sign_in_required });
        }
        Grant::Link {
            scope,
            kind,
            web_url,
            has_password,
            prevents_download,
            recipients,
        } => {
            shown["shareId"] = json!(format!("u!{}", entry.id));
            shown["hasPassword"] = json!(has_password);
            shown["link"] = json!({
                "scope": scope,
                "type": kind,
                "webUrl": web_url,
                "preventsDownload": prevents_download,
            });
            let recipients: Vec<&Principal> = recipients.iter().filter(|_| complete).collect();
            if scope == "users" {
                let new: Vec<Value> = recipients.iter().map(|to| identities(to)).collect();
                let old: Vec<Value> = recipients
                    .iter()
                    .map(|to| json!({ "user": old_identity(to) }))
                    .collect();
                shown["grantedToIdentitiesV2"] = new.into();
                shown["grantedToIdentities"] = old.into();
            }
        }
    }
    shown
}

fn identities(principal: &Principal) -> Value {
    match principal {
        Principal::Person {
            id,
            name,
            email,
            login,
        } => {
            let mut site_user =
                json!({ "id": site_id(login), "displayName": name, "loginName": login });
            let mut user = json!({ "displayName": name });
            if let Some(id) = id {
                user["id"] = json!(id);
            }
            if let Some(email) = email {
                user["email"] = json!(email);
                site_user["email"] = json!(email);
            }
            json!({ "user": user, "siteUser": site_user })
        }
        Principal::Group { id, name, login } => json!({
            "group": { "id": id, "displayName": name },
            "siteUser": { "id": site_id(login), "displayName": name, "loginName": login },
        }),
        Principal::SiteGroup { name, login } if login.starts_with("c:0") => json!({
            "siteUser": { "id": site_id(login), "displayName": name, "loginName": login },
        }),
        Principal::SiteGroup { name, login } => json!({
            "siteGroup": { "id": site_id(login), "displayName": name, "loginName": login },
        }),
        Principal::Application { id, name } => {
            json!({ "application": { "id": id, "displayName": name } })
        }
    }
}

/// The deprecated form, which is still sent.
fn old_identity(principal: &Principal) -> Value {
    match principal {
        Principal::Person {
            id, name, email, ..
        } => {
            let mut user = json!({ "displayName": name });
            if let Some(id) = id {
                user["id"] = json!(id);
            }
            if let Some(email) = email {
                user["email"] = json!(email);
            }
            user
        }
        Principal::Group { name, .. }
        | Principal::SiteGroup { name, .. }
        | Principal::Application { name, .. } => json!({ "displayName": name }),
    }
}

/// A small number that is the same for the same login.
fn site_id(login: &str) -> String {
    let sum = login.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    (sum % 900 + 10).to_string()
}

/// `GET` and `POST /sites/{id}/permissions`: what applications with `Sites.Selected` may do (§1.5).
pub(super) fn of_site(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    named: &SiteRef,
) -> Result<Reply, Failure> {
    access::require(caller, FULL_CONTROL)?;
    let site = refer::site(world, named)?;
    if call.method == http::Method::GET {
        let grants = world.state.site(site).map_or(&[][..], |site| &site.grants);
        let entries: Vec<Value> = grants.iter().map(site_grant).collect();
        return page::of(world, call, &entries, 200).map(Reply::json);
    }
    let body = call.json()?;
    let application = if body["grantedTo"].is_object() {
        &body["grantedTo"]["application"]
    } else {
        &body["grantedToIdentities"][0]["application"]
    };
    let roles: Vec<SiteRole> = serde_json::from_value(body["roles"].clone())
        .map_err(|_| Failure::invalid_request("The roles are not valid."))?;
    let (Some(client_id), Some(role)) = (application["id"].as_str(), roles.into_iter().max())
    else {
        return Err(Failure::invalid_request(
            "An application and a role are required.",
        ));
    };
    let grant = SiteGrant {
        id: data_encoding::BASE64URL_NOPAD
            .encode(format!("i:0i.t|ms.sp.ext|{client_id}").as_bytes()),
        client_id: client_id.to_owned(),
        display_name: application["displayName"].as_str().unwrap_or("").to_owned(),
        role,
    };
    let shown = site_grant(&grant);
    if let Some(site) = world.state.sites.get_mut(site.0) {
        site.grants
            .retain(|known| known.client_id != grant.client_id);
        site.grants.push(grant);
    }
    Ok(Reply::new(StatusCode::CREATED, Body::Json(shown)))
}

fn site_grant(grant: &SiteGrant) -> Value {
    json!({
        "id": grant.id,
        "roles": [grant.role],
        "grantedToIdentities": [{
            "application": { "id": grant.client_id, "displayName": grant.display_name },
        }],
    })
}
