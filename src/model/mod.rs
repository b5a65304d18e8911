//! Ids and plain types that modules share. No IO.

pub mod catalogue;
pub mod ids;
pub mod inventory;

pub use ids::{AppName, TenantName};
