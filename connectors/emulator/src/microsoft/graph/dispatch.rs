//! From a route to what answers it.

use http::{Method, StatusCode};

use super::access::{self, Access};
use super::route::{ApiVersion, DriveRef, ItemRef, Part, Route};
use super::{
    checkout, content, delta, directory, drives, items, labels, permissions, retention,
    sensitivity, sites, subscriptions, upload, upload_session,
};
use crate::microsoft::throttle::Cost;
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;

/// What came of a call.
pub(super) enum Outcome {
    Done(Reply),
    /// A subscription that its receiver must confirm first.
    Confirm(subscriptions::Pending),
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Done(reply)
    }
}

/// Does what the call asks for.
pub(super) fn dispatch(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    version: ApiVersion,
    route: &Route,
) -> Result<Outcome, Failure> {
    let reply = match route {
        Route::Labels { user } => labels::list(world, caller, call, version, user.as_deref()),
        Route::Label { user, id } => {
            labels::get(world, caller, call, version, (user.as_deref(), id))
        }
        Route::Sublabels(id) => labels::sublabels(world, caller, call, id),
        Route::LabelRights(id) => labels::rights(world, caller, id),
        Route::DeadLabels => Err(Failure::new(StatusCode::FORBIDDEN, "UnknownError", "")),
        Route::Sites => sites::list(world, caller, call),
        Route::AllSites => sites::all(world, caller, call),
        Route::SitesDelta(token) => delta::of_sites(world, caller, call, token.as_deref()),
        Route::Site(site) => sites::get(world, caller, call, site),
        Route::Subsites(site) => sites::subsites(world, caller, call, site),
        Route::SiteLists(site) => drives::lists(world, caller, call, site),
        Route::SitePermissions(site) => permissions::of_site(world, caller, call, site),
        Route::Drives(holder) => drives::list(world, caller, call, holder),
        Route::Users => directory::users(world, caller, call),
        Route::User(id) => directory::user(world, caller, call, id),
        Route::MemberOf { user, transitive } => {
            directory::member_of(world, caller, call, (user, *transitive))
        }
        Route::Group(id) => directory::group(world, caller, call, id),
        Route::GroupMembers(id) => directory::members(world, caller, call, id),
        Route::Drive(drive) => drives::get(world, caller, call, drive),
        Route::DriveList(drive) => drives::list_of(world, caller, call, drive),
        Route::Item(drive, item, part) => item_part(world, caller, call, (drive, item), part),
        Route::Subscriptions if call.method == Method::POST => {
            return subscriptions::begin(world, caller, call).map(Outcome::Confirm);
        }
        Route::Subscriptions => subscriptions::list(world, caller, call),
        Route::Subscription(id) => subscriptions::one(world, caller, call, id),
        Route::Reauthorize(id) => subscriptions::reauthorize(world, caller, id),
        // A batch is taken apart before.
        Route::Batch => Err(Failure::bad_request("A batch cannot be part of a batch.")),
    };
    reply.map(Outcome::Done)
}

fn item_part(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    named: (&DriveRef, &ItemRef),
    part: &Part,
) -> Result<Reply, Failure> {
    let reads = |world: &World<'_>| items::find(world, caller, named, Access::Read);
    let writes = |world: &World<'_>| items::find(world, caller, named, Access::Write);
    match part {
        Part::Itself if call.method == Method::GET => {
            items::get(world, caller, call, reads(world)?)
        }
        Part::Itself => {
            let place = writes(world)?;
            if call.method == Method::PATCH {
                items::patch(world, caller, call, place)
            } else {
                items::delete(world, caller, call, place)
            }
        }
        Part::Children => items::children(world, caller, call, reads(world)?),
        Part::Delta(token) => delta::answer(world, caller, call, named, token.as_deref()),
        Part::Content if call.method == Method::PUT => upload::put(world, caller, call, named),
        Part::Content => content::get(
            world,
            caller,
            call,
            upload::file(world, caller, named, Access::Read)?,
        ),
        Part::ContentStream => {
            content::stream(world, upload::file(world, caller, named, Access::Read)?)
        }
        Part::Permissions => permissions::get(world, caller, call, reads(world)?),
        Part::Versions => items::versions(world, call, reads(world)?),
        Part::RetentionLabel => retention::get(world, call, reads(world)?),
        Part::ListItem | Part::Fields => {
            let place = reads(world)?;
            access::check_site(world, caller, world.drive(place.drive)?.site)?;
            if *part == Part::ListItem {
                items::list_item(world, call, place)
            } else {
                items::fields(world, call, place)
            }
        }
        Part::CheckOut | Part::CheckIn | Part::DiscardCheckOut => {
            let place = upload::file(world, caller, named, Access::Write)?;
            checkout::post(world, caller, call, place, part)
        }
        Part::CreateUploadSession => upload_session::create(world, caller, call, named),
        Part::ExtractLabels => {
            let place = upload::file(world, caller, named, Access::Read)?;
            sensitivity::extract(world, place)
        }
        Part::AssignLabel => {
            let place = upload::file(world, caller, named, Access::Write)?;
            sensitivity::assign(world, caller, call, place)
        }
    }
}

/// What a call costs (reference/microsoft-graph.md §8.1). Labels, people and subscriptions are other services,
/// whose costs are not counted here.
pub(super) fn cost(route: &Route, call: &Call) -> Cost {
    const SINGLE: u32 = 1;
    const MANY: u32 = 2;
    const PERMISSIONS: u32 = 5;
    let with_token = |token: &Option<String>| token.is_some() || call.parameter("token").is_some();
    let units = match route {
        Route::Labels { .. }
        | Route::Label { .. }
        | Route::Sublabels(_)
        | Route::LabelRights(_)
        | Route::DeadLabels
        | Route::Users
        | Route::User(_)
        | Route::MemberOf { .. }
        | Route::Group(_)
        | Route::GroupMembers(_)
        | Route::Subscriptions
        | Route::Subscription(_)
        | Route::Reauthorize(_)
        | Route::Batch => 0,
        Route::Sites
        | Route::AllSites
        | Route::Subsites(_)
        | Route::SiteLists(_)
        | Route::Drives(_) => MANY,
        Route::SitesDelta(token) => {
            if with_token(token) {
                SINGLE
            } else {
                MANY
            }
        }
        Route::Site(_) | Route::Drive(_) | Route::DriveList(_) => SINGLE,
        Route::SitePermissions(_) => PERMISSIONS,
        Route::Item(_, _, part) => match part {
            Part::Itself if call.method == Method::GET => SINGLE,
            Part::Delta(token) if with_token(token) => SINGLE,
            Part::Content if call.method == Method::GET => SINGLE,
            Part::ContentStream | Part::RetentionLabel | Part::ListItem | Part::Fields => SINGLE,
            Part::Permissions => PERMISSIONS,
            _ => MANY,
        },
    };
    let expands = call
        .parameter("$expand")
        .is_some_and(|expand| expand.split(',').any(|name| name.trim() == "permissions"));
    let sharing = units == PERMISSIONS || expands;
    Cost {
        units: if sharing { PERMISSIONS } else { units },
        sharing,
    }
}
