//! Words for people about errors.

use labeld_connector::Error;
use labeld_connector::http::CallFailure;

/// Whether the service refused with this code.
pub(crate) fn has_code(error: &Error, wanted: &str) -> bool {
    let codes = CallFailure::of(error)
        .map(CallFailure::codes)
        .unwrap_or_default();
    codes.iter().any(|code| code == wanted)
}

/// The status of the refusal behind an error.
pub(crate) fn status_of(error: &Error) -> Option<u16> {
    CallFailure::of(error)?
        .status()
        .map(|status| status.as_u16())
}
