//! Documents in ZIP archives.

use crate::input::{Input, Parsed};
use crate::reading::Findings;
use crate::refusal::Refusal;

pub(crate) fn read(_input: &Input<'_>, _findings: &mut Findings) -> Parsed<()> {
    Err(Refusal::Unsupported.into())
}
