//! pdf

use crate::input::{Input, Parsed};
use crate::reading::Findings;
use crate::refusal::Refusal;

pub(crate) fn read(_input: &Input<'_>, _findings: &mut Findings) -> Parsed<()> {
    Err(Refusal::Unsupported.into())
}

/// Whether the last trailer leads to a cross-reference section without repair.
pub(crate) fn has_plain_trailer(_input: &Input<'_>) -> Parsed<bool> {
    Ok(false)
}
