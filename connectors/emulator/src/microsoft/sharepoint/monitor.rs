//! How accepted assignments of labels fare (reference/microsoft-graph.md §6.2).

use http::StatusCode;
use serde_json::json;

use super::ticket::Ticket;
use crate::microsoft::state::item::Millis;
use crate::microsoft::state::site::SharePointHost;
use crate::microsoft::state::transient::Place;
use crate::microsoft::wire::{Call, Failure, Reply};
use crate::microsoft::world::World;

/// How long a monitor can be asked.
const LIFE: Millis = 24 * 3_600_000;

/// The URL of the monitor of an operation.
pub(crate) fn url(world: &World<'_>, place: Place, operation: &str) -> String {
    let host = world
        .drive(place.drive)
        .ok()
        .and_then(|drive| world.site_of(drive))
        .map_or(SharePointHost::Root, |site| site.host);
    let ticket = Ticket {
        place: None,
        operation: Some(operation.to_owned()),
        expires: world.millis() + LIFE,
        nonce: 0,
        client_id: String::new(),
    };
    format!(
        "{}_api/v2.0/monitor/{operation}?tempAuth={}",
        world.bases.of(host),
        ticket.text(world.state)
    )
}

/// Says how far the operation is.
pub(super) fn answer(world: &World<'_>, call: &Call, operation: &str) -> Result<Reply, Failure> {
    super::refuse_leaked_token(world, call)?;
    let admitted = call
        .parameter("tempauth")
        .and_then(|text| Ticket::parse(text, world.state))
        .is_some_and(|ticket| {
            world.millis() < ticket.expires && ticket.operation.as_deref() == Some(operation)
        });
    if !admitted {
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "The monitor URL has expired or is not valid.",
        ));
    }
    let job = world
        .state
        .jobs
        .get(operation)
        .ok_or_else(super::not_found)?;
    let item = world
        .drive(job.place.drive)
        .ok()
        .and_then(|drive| Some(drive.item_id(drive.tree.get(job.place.item)?)));
    let mut body = json!({ "operation": "AssignSensitivityLabel", "resourceId": item });
    let status = if !job.done {
        let whole = (job.due - job.accepted).max(1);
        let gone = (world.millis() - job.accepted).clamp(0, whole);
        body["percentageComplete"] = json!(gone * 99 / whole);
        body["status"] = json!(if gone == 0 {
            "notStarted"
        } else {
            "inProgress"
        });
        StatusCode::ACCEPTED
    } else {
        match &job.failure {
            None => {
                body["percentageComplete"] = json!(100);
                body["status"] = json!("completed");
            }
            Some(code) => {
                body["percentageComplete"] = json!(0);
                body["status"] = json!("failed");
                body["errorCode"] = json!(code);
                body["statusDescription"] = json!("The label was not assigned.");
            }
        }
        StatusCode::from_u16(world.switches.monitor_end_status).unwrap_or(StatusCode::OK)
    };
    let mut reply = Reply::json(body);
    reply.status = status;
    Ok(reply)
}
