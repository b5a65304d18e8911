//! Check-out and check-in (reference/microsoft-graph.md §5.5).

use http::StatusCode;

use super::items::caller_actor;
use super::route::Part;
use super::upload;
use crate::microsoft::state::transient::Place;
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;

/// `POST …/checkout`, `…/checkin` and `…/discardCheckout`
pub(super) fn post(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
    part: &Part,
) -> Result<Reply, Failure> {
    upload::refuse_metadata_change(world, caller, place)?;
    let own = caller_actor(world, caller);
    let holder = world.item(place)?.rarely(|rare| rare.checked_out_by);
    let next = match (part, holder) {
        (Part::CheckOut, None) => Some(own),
        // One's own check-out stands.
        (Part::CheckOut, Some(_)) => return Ok(Reply::empty(StatusCode::NO_CONTENT)),
        (_, None) => {
            return Err(Failure::invalid_request("The file is not checked out."));
        }
        (Part::CheckIn, Some(_)) => {
            let body = call.json()?;
            let known = ["published", "unspecified"];
            if body["checkInAs"]
                .as_str()
                .is_some_and(|word| !known.contains(&word))
            {
                return Err(Failure::invalid_request(
                    "The value of checkInAs is not valid.",
                ));
            }
            None
        }
        (_, Some(_)) => None,
    };
    world.change(place, |item, _| {
        item.rare().checked_out_by = next;
        item.e_tag += 1;
    })?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
