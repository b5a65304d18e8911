//! ZIP archives.

use crate::input::{Input, Parsed};

/// Whether the file ends in an end-of-directory record.
pub(crate) fn ends_exactly(_input: &Input<'_>) -> Parsed<bool> {
    Ok(false)
}

/// Whether there is an end-of-directory record near the end.
pub(crate) fn ends_somewhere(_input: &Input<'_>) -> Parsed<bool> {
    Ok(false)
}
