//! Reads Microsoft sensitivity labels and protection out of Office, PDF and related files, and writes
//! labels into Office and PDF files.
//!
//! Bytes in, facts or bytes out: no network, no store, no threads. [`read`] works over any [`Source`]; a
//! [`BlockCache`] is the source for files of which only the needed ranges shall be fetched. Every
//! reading is bounded by [`Limits`], whatever the bytes say. [`mod@write`] changes labels and leaves
//! everything else of a file as it is.

mod append_only;
mod block_cache;
mod detect;
mod extension;
mod fields;
mod input;
mod label_info;
mod labels;
mod limits;
mod msip;
mod odf;
mod ole;
mod ooxml;
mod package;
mod pdf;
mod reader;
mod reading;
mod refusal;
pub mod rms;
mod source;
pub mod write;
mod xml;
mod zip;

pub use block_cache::{BlockCache, RangeStrategy};
pub use extension::formats_of_extension;
pub use labels::{Coauthoring, TenantKnowledge};
pub use limits::Limits;
pub use reader::{MOST_FETCHED, MOST_ROUNDS, ReadOptions, read, read_ranged};
pub use reading::{
    Format, Label, LabelGroup, Place, Protection, ProtectionKind, READER_VERSION, Reading,
    Signatures, Warning,
};
pub use refusal::Refusal;
pub use source::{Memory, Source, StreamSource};
