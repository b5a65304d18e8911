//! Words for people about errors.

use std::error::Error as _;

use labeld_connector::{Error, ErrorKind, Examined, Health};

/// What an examination found that ended with an error. A bad moment of the service is a warning, because it says nothing
/// of the configuration.
#[must_use]
pub fn examined_failure(subject: &str, error: &Error, fix: &str) -> Examined {
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
