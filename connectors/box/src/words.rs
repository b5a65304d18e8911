//! Words for people about errors.

use std::error::Error as _;

use labeld_connector::http::CallFailure;
use labeld_connector::{Error, ErrorKind, Examined, Health};

/// What an examination found that ended with an error. A bad moment of the service is a warning: it says nothing of the
/// configuration.
pub(crate) fn examined_failure(subject: &str, error: &Error, fix: &str) -> Examined {
    let health = match error.kind() {
        ErrorKind::Throttled | ErrorKind::Transient => Health::Warning,
        _ => Health::Failed,
    };
    Examined::new(subject, health, sentence(error), fix).with_kind(error.kind())
}

/// An error and its causes as one sentence.
pub(crate) fn sentence(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

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
