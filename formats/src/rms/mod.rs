//! Rights-managed files: what they say in clear (reference/label-migration-and-rms.md §7).

mod licence;
#[cfg(test)]
mod licence_tests;
mod metadata;
mod pfile;
#[cfg(test)]
mod pfile_tests;
mod provenance;
#[cfg(test)]
pub(crate) mod samples;

pub use licence::{IssuerKind, Licence, PersonalData};
pub use provenance::Provenance;

pub(crate) use licence::record_licence;
pub(crate) use pfile::read as read_pfile;
