//! Which call is answered by what.

use http::{Method, StatusCode};

use super::quota::Cost;
use super::{
    about, batch, changes, channels, copies, directory, drives, file_lists, files, labels,
    permissions, quota, revisions, uploads, writes,
};
use crate::google::state::directory::DriveService;
use crate::google::tokens;
use crate::google::wire::call::{Call, Caller};
use crate::google::wire::failure::Failure;
use crate::google::wire::reply::Reply;
use crate::google::world::World;

/// A call that may be made, with all that its answer needs.
pub(super) struct Context<'a, 'w> {
    pub(super) world: &'a mut World<'w>,
    pub(super) caller: &'a Caller,
    pub(super) call: &'a Call,
    /// What stands in the places of the path.
    pub(super) ids: Vec<String>,
}

impl Context<'_, '_> {
    /// What stands in a place of the path.
    pub(super) fn id(&self, place: usize) -> &str {
        self.ids.get(place).map_or("", String::as_str)
    }
}

type Handler = fn(&mut Context<'_, '_>) -> Result<Reply, Failure>;

/// A method of an API.
struct Route {
    method: Method,
    /// `{}` stands for one segment.
    path: &'static str,
    /// Scopes without their prefix, of which one is needed.
    scopes: &'static [&'static str],
    cost: Cost,
    handler: Handler,
}

/// Looking at files (§1.3).
const LOOK: &[&str] = &[
    "drive",
    "drive.readonly",
    "drive.metadata",
    "drive.metadata.readonly",
    "drive.file",
];
/// Shared drives.
const DRIVES: &[&str] = &["drive", "drive.readonly"];
/// Their bytes.
pub(super) const CONTENT: &[&str] = &["drive", "drive.readonly", "drive.file"];
/// Changing metadata.
const EDIT: &[&str] = &["drive", "drive.metadata", "drive.file"];
/// Changing content, and making files.
const WRITE: &[&str] = &["drive", "drive.file"];
const LABELS: &[&str] = &[
    "drive.labels",
    "drive.labels.readonly",
    "drive.admin.labels",
    "drive.admin.labels.readonly",
];
const USERS: &[&str] = &["admin.directory.user", "admin.directory.user.readonly"];
const UNITS: &[&str] = &[
    "admin.directory.orgunit",
    "admin.directory.orgunit.readonly",
];
const DOMAINS: &[&str] = &["admin.directory.domain", "admin.directory.domain.readonly"];
const GROUPS: &[&str] = &["admin.directory.group", "admin.directory.group.readonly"];
const MEMBERS: &[&str] = &[
    "admin.directory.group",
    "admin.directory.group.readonly",
    "admin.directory.group.member",
    "admin.directory.group.member.readonly",
];

const fn route(
    method: Method,
    path: &'static str,
    scopes: &'static [&'static str],
    cost: Cost,
    handler: Handler,
) -> Route {
    Route {
        method,
        path,
        scopes,
        cost,
        handler,
    }
}

/// Fixed paths stand before those with places that they fit.
static ROUTES: &[Route] = &[
    route(Method::GET, "drive/v3/about", LOOK, Cost::Get, about::get),
    route(
        Method::GET,
        "drive/v2/about",
        LOOK,
        Cost::Get,
        about::get_v2,
    ),
    route(
        Method::GET,
        "drive/v2/files/generateIds",
        WRITE,
        Cost::Other,
        files::generate_ids,
    ),
    route(
        Method::POST,
        "drive/v2/files/{}/touch",
        EDIT,
        Cost::Write,
        writes::touch,
    ),
    route(
        Method::GET,
        "drive/v3/files/generateIds",
        WRITE,
        Cost::Other,
        files::generate_ids,
    ),
    route(
        Method::GET,
        "drive/v3/files",
        LOOK,
        Cost::List,
        file_lists::list,
    ),
    route(
        Method::GET,
        "drive/v2/files",
        LOOK,
        Cost::List,
        file_lists::list_v2,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}",
        LOOK,
        Cost::Get,
        files::get,
    ),
    route(
        Method::GET,
        "drive/v2/files/{}",
        LOOK,
        Cost::Get,
        files::get_v2,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/export",
        CONTENT,
        Cost::Download,
        files::export,
    ),
    route(
        Method::POST,
        "drive/v3/files",
        WRITE,
        Cost::Write,
        writes::create,
    ),
    route(
        Method::POST,
        "drive/v2/files",
        WRITE,
        Cost::Write,
        writes::create,
    ),
    route(
        Method::PATCH,
        "drive/v3/files/{}",
        EDIT,
        Cost::Write,
        writes::update,
    ),
    route(
        Method::PATCH,
        "drive/v2/files/{}",
        EDIT,
        Cost::Write,
        writes::update,
    ),
    route(
        Method::PUT,
        "drive/v2/files/{}",
        EDIT,
        Cost::Write,
        writes::update,
    ),
    route(
        Method::DELETE,
        "drive/v3/files/{}",
        WRITE,
        Cost::Write,
        writes::delete,
    ),
    route(
        Method::DELETE,
        "drive/v2/files/{}",
        WRITE,
        Cost::Write,
        writes::delete,
    ),
    route(
        Method::POST,
        "drive/v3/files/{}/copy",
        WRITE,
        Cost::Write,
        copies::copy,
    ),
    route(
        Method::POST,
        "upload/drive/v3/files",
        WRITE,
        Cost::Write,
        uploads::create,
    ),
    route(
        Method::POST,
        "upload/drive/v2/files",
        WRITE,
        Cost::Write,
        uploads::create,
    ),
    route(
        Method::PATCH,
        "upload/drive/v3/files/{}",
        WRITE,
        Cost::Write,
        uploads::update,
    ),
    route(
        Method::PUT,
        "upload/drive/v2/files/{}",
        WRITE,
        Cost::Write,
        uploads::update,
    ),
    // The addresses of sessions.
    route(
        Method::PUT,
        "upload/drive/v3/files",
        WRITE,
        Cost::Write,
        uploads::resume,
    ),
    route(
        Method::PUT,
        "upload/drive/v2/files",
        WRITE,
        Cost::Write,
        uploads::resume,
    ),
    route(
        Method::PUT,
        "upload/drive/v3/files/{}",
        WRITE,
        Cost::Write,
        uploads::resume,
    ),
    route(
        Method::GET,
        "drive/v3/changes/startPageToken",
        LOOK,
        Cost::Get,
        changes::start_page_token,
    ),
    route(
        Method::GET,
        "drive/v3/changes",
        LOOK,
        Cost::List,
        changes::list,
    ),
    route(
        Method::POST,
        "drive/v3/changes/watch",
        LOOK,
        Cost::Other,
        channels::watch,
    ),
    route(
        Method::POST,
        "drive/v3/channels/stop",
        LOOK,
        Cost::Other,
        channels::stop,
    ),
    route(
        Method::GET,
        "drive/v3/drives",
        DRIVES,
        Cost::List,
        drives::list,
    ),
    route(
        Method::GET,
        "drive/v3/drives/{}",
        DRIVES,
        Cost::Get,
        drives::get,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/permissions",
        LOOK,
        Cost::List,
        permissions::list,
    ),
    route(
        Method::POST,
        "drive/v3/files/{}/permissions",
        WRITE,
        Cost::Write,
        permissions::create,
    ),
    route(
        Method::DELETE,
        "drive/v3/files/{}/permissions/{}",
        WRITE,
        Cost::Write,
        permissions::delete,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/revisions",
        LOOK,
        Cost::List,
        revisions::list,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/revisions/{}",
        LOOK,
        Cost::Get,
        revisions::get,
    ),
    route(
        Method::PATCH,
        "drive/v3/files/{}/revisions/{}",
        WRITE,
        Cost::Write,
        revisions::update,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/listLabels",
        LOOK,
        Cost::List,
        labels::list_of_file,
    ),
    route(
        Method::POST,
        "drive/v3/files/{}/modifyLabels",
        EDIT,
        Cost::Write,
        labels::modify,
    ),
    route(Method::GET, "v2/labels", LABELS, Cost::Get, labels::list),
    route(Method::GET, "v2/labels/{}", LABELS, Cost::Get, labels::get),
    route(
        Method::GET,
        "admin/directory/v1/users",
        USERS,
        Cost::Directory,
        directory::users,
    ),
    route(
        Method::GET,
        "admin/directory/v1/users/{}",
        USERS,
        Cost::Directory,
        directory::user,
    ),
    route(
        Method::GET,
        "admin/directory/v1/customer/{}/orgunits",
        UNITS,
        Cost::Directory,
        directory::units,
    ),
    route(
        Method::GET,
        "admin/directory/v1/customer/{}/domains",
        DOMAINS,
        Cost::Directory,
        directory::domains,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups",
        GROUPS,
        Cost::Directory,
        directory::groups,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups/{}",
        GROUPS,
        Cost::Directory,
        directory::group,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups/{}/members",
        MEMBERS,
        Cost::Directory,
        directory::members,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups/{}/hasMember/{}",
        MEMBERS,
        Cost::Directory,
        directory::has_member,
    ),
];

/// Answers a call.
pub(crate) fn answer(
    world: &mut World<'_>,
    call: &Call,
    static_tokens: &[(String, String)],
) -> Reply {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["token"] => tokens::answer(world, call),
        ["batch"] | ["batch", "drive", "v2" | "v3"] if call.method == Method::POST => {
            batch::answer(world, call, static_tokens)
        }
        _ => {
            let newer = parts.first() == Some(&"v2");
            routed(world, call, static_tokens, &parts)
                .unwrap_or_else(|failure| failure.reply(newer))
        }
    }
}

fn routed(
    world: &mut World<'_>,
    call: &Call,
    static_tokens: &[(String, String)],
    parts: &[&str],
) -> Result<Reply, Failure> {
    let fits = ROUTES
        .iter()
        .filter_map(|route| Some((route, places(route.path, parts)?)));
    let known = fits.clone().find(|(route, _)| route.method == call.method);
    let Some((route, ids)) = known else {
        return Err(Failure::no_such_path());
    };
    if parts.contains(&"drive") && parts.contains(&"v2") && !world.switches.v2 {
        return Err(v2_is_gone(world));
    }
    let caller = world.caller(call, static_tokens)?;
    check_api(world, parts)?;
    caller.must_have(route.scopes)?;
    if parts.contains(&"drive") {
        check_service(&caller)?;
    }
    let cost = route.cost.of(call);
    quota::charge(world, call, &caller, cost)?;
    let mut context = Context {
        world,
        caller: &caller,
        call,
        ids,
    };
    let outcome = (route.handler)(&mut context);
    // A refused call counts too.
    let mut reply = outcome.unwrap_or_else(|failure| failure.reply(parts.first() == Some(&"v2")));
    reply.units = Some(cost.units(context.world.switches.requests_are_units));
    Ok(reply)
}

/// What stands in the places of a pattern that fits.
fn places(pattern: &str, parts: &[&str]) -> Option<Vec<String>> {
    let wanted: Vec<&str> = pattern.split('/').collect();
    if wanted.len() != parts.len() {
        return None;
    }
    let mut places = Vec::new();
    for (wanted, part) in wanted.iter().zip(parts) {
        match *wanted {
            "{}" => places.push((*part).to_owned()),
            wanted if wanted == *part => {}
            _ => return None,
        }
    }
    Some(places)
}

fn v2_is_gone(world: &World<'_>) -> Failure {
    match world.switches.v2_gone_status {
        403 => not_configured("Google Drive API"),
        410 => Failure::new(
            StatusCode::GONE,
            "gone",
            "This API version is no longer available.",
        ),
        _ => Failure::no_such_path(),
    }
}

/// §1.2: an API that is not switched on in the project.
fn check_api(world: &World<'_>, parts: &[&str]) -> Result<(), Failure> {
    let (name, title) = match parts {
        ["admin", ..] => ("admin", "Admin SDK API"),
        ["v2", ..] => ("drivelabels", "Drive Labels API"),
        _ => ("drive", "Google Drive API"),
    };
    if world.state.disabled_apis.contains(name) {
        return Err(not_configured(title));
    }
    Ok(())
}

fn not_configured(title: &str) -> Failure {
    let message = format!(
        "{title} has not been used in project 123456789 before or it is disabled. Enable it, then retry."
    );
    let mut failure = Failure::forbidden("accessNotConfigured", &message).of_usage();
    failure.status_name = Some("PERMISSION_DENIED");
    failure.details = Some(serde_json::json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
    }]));
    failure
}

/// §2.1: a user for whom Drive is switched off.
fn check_service(caller: &Caller) -> Result<(), Failure> {
    match caller.user.drive {
        DriveService::On => Ok(()),
        DriveService::InvalidSession => {
            let mut failure = Failure::invalid_credentials();
            "Active session is invalid. Error code: 4".clone_into(&mut failure.message);
            Err(failure)
        }
        DriveService::DomainPolicy => Err(Failure::forbidden(
            "domainPolicy",
            "The domain administrators have disabled Drive apps.",
        )),
    }
}
