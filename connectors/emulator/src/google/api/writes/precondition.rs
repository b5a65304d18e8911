//! `If-Match`, which v2 keeps and v3 does not (reference/google-drive.md §6.2).

use http::StatusCode;

use crate::google::api::route::Context;
use crate::google::state::file::FileNumber;
use crate::google::wire::failure::Failure;

/// Refuses a write to a file whose etag is another.
pub(in crate::google::api) fn check(
    context: &Context<'_, '_>,
    number: FileNumber,
    wanted: Option<&str>,
) -> Result<(), Failure> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    if wanted == "*" || wanted == context.get(number)?.etag() {
        return Ok(());
    }
    // One that lacks its closing quote is only a wrong one, as seen on the live service.
    let is_etag = wanted.starts_with('"');
    if !is_etag && context.world.switches.odd_etag_is_server_error {
        return Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internalError",
            "Internal Error",
        ));
    }
    Err(not_met(context, "If-Match"))
}

/// Refuses to make a file under `If-None-Match: *`, which v2 does whether or not there is one (seen live).
pub(in crate::google::api) fn check_new(context: &Context<'_, '_>) -> Result<(), Failure> {
    match context.call.header("if-none-match") {
        Some("*") if context.is_v2() => Err(not_met(context, "If-None-Match")),
        _ => Ok(()),
    }
}

fn not_met(context: &Context<'_, '_>, header: &str) -> Failure {
    let mut failure = Failure::new(
        StatusCode::PRECONDITION_FAILED,
        "conditionNotMet",
        "Precondition Failed",
    )
    .at(header, "header");
    failure.has_body = context.world.switches.precondition_body;
    failure
}
