//! The work, one file per stage. Connectors are trait objects here: no stage knows a provider.

pub mod apply;
mod backpressure;
pub mod calls;
mod crash_markers;
mod discover;
pub mod exposure;
mod file_facts;
pub mod govern;
pub mod hand;
mod heartbeat;
mod knowledge;
pub mod label_list;
pub mod label_sync;
pub mod labels;
mod learn;
mod lease;
mod membership;
mod memory;
mod owners;
mod place;
pub mod poll;
mod read_file;
pub mod rescan;
mod retry;
pub mod scan;
pub mod simulate;
mod stop;
pub mod subscriptions;
pub mod verdict;
mod work;

pub use crash_markers::{CrashMarkers, MarkerError};
pub use heartbeat::{BeatWatch, keep_lease};
pub use lease::poll_task;
pub use membership::{Membership, register};
pub use memory::MemoryBudget;
pub use stop::StopSignal;
pub use work::{ScanSettings, StageError, Unreturned, Work};

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use labeld_connector::Connector;
use labeld_formats::RangeStrategy;
use uuid::Uuid;

use crate::model::content_scan::ScanScope;
use crate::model::policy::PolicyDefinition;
use crate::model::{AppName, TenantName};
use crate::policy::AppInterest;

/// An app that the pipeline works on.
#[derive(Debug, Clone)]
pub struct App {
    /// The tenant's name in the configuration.
    pub tenant: TenantName,
    /// The tenant's Entra id, where it is configured.
    pub site_id: Option<Uuid>,
    /// The app's name in the configuration.
    pub name: AppName,
    /// Its kind, as the configuration calls it: apps of one kind in a tenant share a cap (rules §6).
    pub kind: String,
    /// How to reach it.
    pub connector: Arc<dyn Connector>,
    /// How much to fetch at a time.
    pub strategy: RangeStrategy,
    /// Largest file that labels are written to, in bytes.
    pub size_limit: u64,
    /// Which files' contents are scanned as they come and change (rules §7).
    pub scan_scope: ScanScope,
}

/// Which files of an app are scanned as they come and change: those that a policy looks into, and with `auto_scan` all that
/// come and change (rules §7). `app_kind` as the configuration calls it.
#[must_use]
pub fn scan_scope(
    auto_scan: bool,
    policies: &[PolicyDefinition],
    tenant: &TenantName,
    app: &AppName,
    app_kind: String,
) -> ScanScope {
    ScanScope {
        auto_scan,
        policies: Arc::new(AppInterest {
            rules: policies.to_vec(),
            tenant: tenant.clone(),
            app: app.clone(),
            app_kind,
        }),
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.name)
    }
}

/// Times that a transaction is tried again that another worker's was in the way of.
const MOST_CONFLICTS: u32 = 5;

/// An error with its causes, on one line.
#[must_use]
pub fn error_chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let message = next.to_string();
        // Some errors tell of their cause themselves.
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = next.source();
    }
    text
}
