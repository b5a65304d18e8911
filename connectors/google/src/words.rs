//! Words for people about errors.

use std::error::Error as _;

use labeld_connector::Error;

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
