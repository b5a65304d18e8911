//! Ids and plain types that modules share. No IO.

pub mod cap;
pub mod catalogue;
pub mod content_scan;
mod file_state;
pub mod ids;
pub mod inventory;
pub mod policy;
mod reason;
pub mod reason_page;
pub mod report;
pub mod schedule;

pub use file_state::FileState;
pub use ids::{AppName, TenantName};
pub use reason::{FixedBy, Reason, Retry};

/// Largest file that labels are written to, in bytes: 30 MB, equal passes (rules §3 gate 5).
pub const DEFAULT_SIZE_LIMIT: u64 = 31_457_280;
