//! Rights-managed files: what they say in clear (reference/label-migration-and-rms.md §7).

use serde::Serialize;

use crate::input::{Input, Parsed};
use crate::reading::Findings;
use crate::refusal::Refusal;

/// What a publishing licence says in clear text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Licence {}

pub(crate) fn read_pfile(_input: &Input<'_>, _findings: &mut Findings) -> Parsed<()> {
    Err(Refusal::Unsupported.into())
}
