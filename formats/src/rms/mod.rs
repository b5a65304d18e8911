//! Rights-managed files: what they say in clear (reference/label-migration-and-rms.md §7).

mod licence;
#[cfg(test)]
mod licence_tests;
mod provenance;
#[cfg(test)]
pub(crate) mod samples;

pub use licence::{IssuerKind, Licence, PersonalData};
pub use provenance::Provenance;

pub(crate) use licence::{parse_licence, record_licence};

use crate::input::{Input, Parsed};
use crate::reading::Findings;
use crate::refusal::Refusal;

pub(crate) fn read_pfile(_input: &Input<'_>, _findings: &mut Findings) -> Parsed<()> {
    Err(Refusal::Unsupported.into())
}
