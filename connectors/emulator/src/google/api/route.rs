//! Which call is answered by what.

use http::{Method, StatusCode};

use super::quota::Cost;
use super::routes::ROUTES;
use super::{batch, quota};
use crate::frame::Reply;
use crate::google::state::directory::DriveService;
use crate::google::tokens;
use crate::google::wire::call::{Call, Caller};
use crate::google::wire::failure::Failure;
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

pub(super) type Handler = fn(&mut Context<'_, '_>) -> Result<Reply, Failure>;

/// A method of an API.
pub(super) struct Route {
    pub(super) method: Method,
    /// `{}` stands for one segment.
    pub(super) path: &'static str,
    /// Scopes without their prefix, of which one is needed.
    pub(super) scopes: &'static [&'static str],
    pub(super) cost: Cost,
    pub(super) handler: Handler,
}

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
