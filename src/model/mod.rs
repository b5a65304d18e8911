//! Ids and plain types that modules share. No IO.

pub mod catalogue;
mod file_state;
pub mod ids;
pub mod inventory;
mod reason;
pub mod reason_page;

pub use file_state::FileState;
pub use ids::{AppName, TenantName};
pub use reason::{FixedBy, Reason, Retry};
