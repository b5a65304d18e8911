//! The REST API (reference/microsoft-graph.md §1.7, §5.4, §5.5).

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rest_failure::RestFailure;
use crate::frame::ActiveFaults;
use crate::microsoft::state::actor::{Actor, ActorRef};
use crate::microsoft::state::drive::{Drive, DriveIndex};
use crate::microsoft::state::item::Kind;
use crate::microsoft::state::site::{SharePointHost, SiteIndex, SiteRole, SiteState};
use crate::microsoft::state::transient::Place;
use crate::microsoft::throttle::{self, Cost};
use crate::microsoft::tokens::{self, InvalidToken, Resource};
use crate::microsoft::wire::{Body, Call, Caller, Reply};
use crate::microsoft::world::{World, timestamp};

const READ: &[&str] = &[
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];
const WRITE: &[&str] = &[
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];

/// Units of a call; nothing is published but that it is dearer than Graph (§8.1).
const UNITS: u32 = 2;

/// Answers a call below `_api/web`.
pub(super) fn answer(
    world: &mut World<'_>,
    at: (SharePointHost, &str),
    call: &Call,
    rest: &[&str],
) -> Reply {
    let caller = match authenticate(world, at.0, call) {
        Ok(caller) => caller,
        Err(failure) => return failure.reply(),
    };
    let cost = Cost {
        units: UNITS,
        sharing: false,
    };
    let charged = throttle::charge(world, &caller.client_id, cost);
    let throttled = call.faults.as_ref().and_then(ActiveFaults::throttle);
    let refused = match (throttled, &charged) {
        (Some(seconds), _) => Some(throttle::refusal(
            &world.switches.throttle,
            seconds.map(i64::from),
        )),
        (None, Err(failure)) => Some(failure.clone()),
        (None, Ok(_)) => None,
    };
    if let Some(failure) = refused {
        let id = call.request_id.to_string();
        return failure.reply(world.now, (&id, &id), world.switches);
    }
    let mut reply = match operate(world, at, call, &caller, rest) {
        Ok(body) => in_wanted_format(call, body),
        Err(failure) => failure.reply(),
    };
    reply.units = Some(UNITS);
    reply
}

/// The API speaks Atom to those who do not ask for JSON.
fn in_wanted_format(call: &Call, body: Value) -> Reply {
    const ATOM: &str =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><entry xmlns=\"http://www.w3.org/2005/Atom\"/>";
    let accept = call
        .header("accept")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if accept.contains("application/json") {
        return Reply::json(body);
    }
    Reply::new(
        StatusCode::OK,
        Body::Bytes(Bytes::from_static(ATOM.as_bytes())),
    )
    .header(
        CONTENT_TYPE,
        "application/atom+xml;type=entry;charset=utf-8",
    )
}

fn authenticate(
    world: &World<'_>,
    host: SharePointHost,
    call: &Call,
) -> Result<Caller, RestFailure> {
    let refused = |text: &str| RestFailure::Token(text.to_owned());
    let verified =
        tokens::verify(world, tokens::bearer(&call.headers)).map_err(|error| match error {
            InvalidToken::Expired => refused("Invalid JWT token. The token is expired."),
            InvalidToken::Missing => refused("Access denied. The token is missing."),
            InvalidToken::Malformed => refused("Invalid JWT token."),
            InvalidToken::Signature | InvalidToken::Audience => {
                refused("Invalid issuer or signature.")
            }
        })?;
    match verified.resource {
        Resource::Graph => return Err(refused(&world.switches.graph_token_on_sharepoint)),
        Resource::SharePoint(named) => {
            let lent = world.switches.root_token_on_my_host && named == SharePointHost::Root;
            if named != host && !lent {
                return Err(refused("Invalid JWT token. The audience does not match."));
            }
        }
    }
    if verified.by_secret {
        return Err(refused("Unsupported app only token."));
    }
    Ok(verified.caller)
}

fn operate(
    world: &mut World<'_>,
    at: (SharePointHost, &str),
    call: &Call,
    caller: &Caller,
    rest: &[&str],
) -> Result<Value, RestFailure> {
    let writes = call.method == Method::POST;
    let site = super::site(world, at).ok_or_else(RestFailure::no_site)?;
    admit(world, caller, site, writes)?;
    let Some((first, rest)) = rest.split_first() else {
        return Err(RestFailure::no_method("web"));
    };
    if let Some(id) = argument(first, "lists(guid'", "')") {
        return match rest {
            [] if call.method == Method::GET => list(world, site, call, id),
            [] => Err(RestFailure::wrong_verb()),
            [other, ..] => Err(RestFailure::no_method(other)),
        };
    }
    let id = argument(first, "getfilebyid('", "')")
        .or_else(|| argument(first, "getfilebyid(guid'", "')"))
        .ok_or_else(|| RestFailure::no_method(first))?;
    let place = file(world, site, id)?;
    match rest {
        [] if call.method == Method::GET => shown_file(world, place, call),
        ["LockedByUser"] if call.method == Method::GET => {
            let now = world.millis();
            let holder = world
                .item(place)
                .ok()
                .and_then(|item| item.lock_at(now))
                .map(|lock| lock.holder);
            Ok(person(world, holder))
        }
        ["CheckedOutByUser"] if call.method == Method::GET => {
            let holder = world
                .item(place)
                .ok()
                .and_then(|item| item.rarely(|rare| rare.checked_out_by));
            Ok(person(world, holder))
        }
        [action] if is_action(action) => {
            if !writes {
                return Err(RestFailure::wrong_verb());
            }
            act(world, caller, place, action)
        }
        [] | ["LockedByUser" | "CheckedOutByUser"] => Err(RestFailure::wrong_verb()),
        [other, ..] => Err(RestFailure::no_method(other)),
    }
}

/// The argument of a call in a segment; names of methods are compared without regard to case.
fn argument<'a>(segment: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let head = segment.get(..begin.len())?;
    head.eq_ignore_ascii_case(begin)
        .then(|| segment.get(begin.len()..)?.strip_suffix(end))
        .flatten()
}

fn admit(
    world: &World<'_>,
    caller: &Caller,
    site: SiteIndex,
    writes: bool,
) -> Result<(), RestFailure> {
    let found = world.state.site(site).ok_or_else(RestFailure::no_site)?;
    let (roles, wanted) = if writes {
        (WRITE, SiteRole::Write)
    } else {
        (READ, SiteRole::Read)
    };
    let granted = caller.has_any(&["Sites.Selected"])
        && found
            .grants
            .iter()
            .any(|grant| grant.client_id == caller.client_id && grant.role >= wanted);
    if !granted && !caller.has_any(roles) {
        return Err(RestFailure::access_denied());
    }
    match found.state {
        SiteState::Open => Ok(()),
        SiteState::ReadOnly if !writes => Ok(()),
        SiteState::ReadOnly | SiteState::Unreadable => Err(RestFailure::access_denied()),
        SiteState::RecentlyArchived | SiteState::FullyArchived | SiteState::Locked => {
            Err(RestFailure::archived())
        }
        SiteState::Missing | SiteState::Gone | SiteState::Deleted => Err(RestFailure::no_site()),
    }
}

fn list(world: &World<'_>, site: SiteIndex, call: &Call, id: &str) -> Result<Value, RestFailure> {
    let id = id.parse::<Uuid>().map_err(|_| RestFailure::no_list())?;
    let drive = world
        .state
        .drives
        .iter()
        .find(|drive| drive.site == site && drive.key.list == id)
        .ok_or_else(RestFailure::no_list)?;
    let library = &drive.library;
    let shown = json!({
        "Id": drive.key.list,
        "Title": drive.name,
        "ForceCheckout": library.force_checkout,
        "EnableVersioning": library.enable_versioning,
        "EnableMinorVersions": library.enable_minor_versions,
        "EnableModeration": library.enable_moderation,
        "DraftVersionVisibility": library.draft_version_visibility,
        "IrmEnabled": library.irm_enabled,
        "ParserDisabled": library.parser_disabled,
        "DefaultSensitivityLabelForLibrary": library.default_sensitivity_label,
        "BaseTemplate": 101,
        "Hidden": library.system,
        "ItemCount": drive.tree.len(),
    });
    select(call, shown)
}

fn select(call: &Call, shown: Value) -> Result<Value, RestFailure> {
    let Some(wanted) = call.parameter("$select") else {
        return Ok(shown);
    };
    let mut selected = serde_json::Map::new();
    for name in wanted.split(',').map(str::trim) {
        let value = shown
            .get(name)
            .ok_or_else(|| RestFailure::no_property(name))?;
        selected.insert(name.to_owned(), value.clone());
    }
    Ok(selected.into())
}

fn file(world: &World<'_>, site: SiteIndex, id: &str) -> Result<Place, RestFailure> {
    let id = id.parse::<Uuid>().map_err(|_| RestFailure::no_file())?;
    world
        .state
        .drives
        .iter()
        .enumerate()
        .filter(|(_, drive)| drive.site == site)
        .find_map(|(at, drive)| {
            let item = drive.tree.find(id)?;
            let live = drive
                .tree
                .live(item)
                .is_some_and(|item| item.kind == Kind::File);
            live.then_some(Place {
                drive: DriveIndex(at),
                item,
            })
        })
        .ok_or_else(RestFailure::no_file)
}

fn shown_file(world: &World<'_>, place: Place, call: &Call) -> Result<Value, RestFailure> {
    let drive = world
        .drive(place.drive)
        .map_err(|_| RestFailure::no_file())?;
    let item = world.item(place).map_err(|_| RestFailure::no_file())?;
    let checked_out = item.rarely(|rare| rare.checked_out_by).is_some();
    let version = item.version_number();
    let shown = json!({
        "UniqueId": item.unique_id,
        "Name": item.name,
        "ServerRelativeUrl": server_relative(world, drive, place),
        "CheckOutType": if checked_out { 0 } else { 2 },
        "Level": if checked_out { 255 } else { 1 },
        "MajorVersion": version,
        "MinorVersion": 0,
        "UIVersionLabel": format!("{version}.0"),
        "ETag": item.e_tag(),
        "Length": item.size.to_string(),
        "TimeLastModified": timestamp(item.modified),
        "TimeCreated": timestamp(item.created),
        "Exists": true,
    });
    select(call, shown)
}

fn server_relative(world: &World<'_>, drive: &Drive, place: Place) -> String {
    let site = world.site_of(drive).map_or("", |site| &site.path);
    let mut path = format!("/{site}/{}", drive.url_name);
    for name in drive.tree.path(place.item) {
        path.push('/');
        path.push_str(name);
    }
    path
}

fn person(world: &World<'_>, holder: Option<ActorRef>) -> Value {
    match holder.map(|holder| world.state.actors.get(holder)) {
        None => json!({ "odata.null": true }),
        Some(Actor::User { name, email, .. }) => json!({
            "Title": name,
            "Email": email,
            "LoginName": format!("i:0#.f|membership|{email}"),
            "IsSiteAdmin": false,
        }),
        Some(other) => {
            json!({ "Title": other.who(), "LoginName": other.who(), "IsSiteAdmin": false })
        }
    }
}

fn is_action(segment: &str) -> bool {
    let name = segment
        .split('(')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    ["checkout", "undocheckout", "checkin"].contains(&&*name)
}

/// Checks a file out or in.
fn act(
    world: &mut World<'_>,
    caller: &Caller,
    place: Place,
    action: &str,
) -> Result<Value, RestFailure> {
    let name = world.state.application(&caller.client_id).map_or_else(
        || caller.client_id.clone(),
        |application| application.name.clone(),
    );
    let own = world.state.actors.intern(Actor::Application {
        id: caller.client_id.clone(),
        name,
    });
    let path = {
        let drive = world
            .drive(place.drive)
            .map_err(|_| RestFailure::no_file())?;
        server_relative(world, drive, place)
            .trim_start_matches('/')
            .to_owned()
    };
    let item = world.item(place).map_err(|_| RestFailure::no_file())?;
    if let Some(lock) = item.lock_at(world.millis()) {
        let holder = world.state.actors.get(lock.holder).who();
        return Err(RestFailure::locked(&path, holder, lock.form));
    }
    let holder = item.rarely(|rare| rare.checked_out_by);
    let wants_out = action.to_ascii_lowercase().starts_with("checkout");
    let next = match (wants_out, holder) {
        (_, Some(holder)) if holder != own => {
            return Err(RestFailure::checked_out(
                &path,
                world.state.actors.get(holder).who(),
            ));
        }
        (true, Some(holder)) => {
            return Err(RestFailure::checked_out(
                &path,
                world.state.actors.get(holder).who(),
            ));
        }
        (false, None) => return Err(RestFailure::not_checked_out(&path)),
        (true, None) => Some(own),
        (false, Some(_)) => None,
    };
    world
        .change(place, |item, _| {
            item.rare().checked_out_by = next;
            item.e_tag += 1;
        })
        .map_err(|_| RestFailure::no_file())?;
    Ok(json!({ "odata.null": true }))
}
