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
    let is_etag = wanted.len() > 2 && wanted.starts_with('"') && wanted.ends_with('"');
    if !is_etag && context.world.switches.odd_etag_is_server_error {
        return Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internalError",
            "Internal Error",
        ));
    }
    let mut failure = Failure::new(
        StatusCode::PRECONDITION_FAILED,
        "conditionNotMet",
        "Precondition Failed",
    )
    .at("If-Match", "header");
    failure.has_body = context.world.switches.precondition_body;
    Err(failure)
}
