//! One finding as it is printed.

use labeld_connector::{Examined, Health};
use serde::Serialize;

use crate::cli::output::Row;

/// Where a finding belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct About {
    /// The tenant; `None` for what concerns all of labeld.
    pub(super) tenant: Option<String>,
    /// The app; `None` for what concerns all of the tenant.
    pub(super) app: Option<String>,
}

/// A finding.
#[derive(Debug, Serialize)]
pub(super) struct FindingRow {
    #[serde(flatten)]
    about: About,
    subject: String,
    /// `passed`, `warning`, `failed` or `skipped`.
    health: &'static str,
    found: String,
    /// What to do; empty where there is nothing to do.
    fix: String,
}

impl FindingRow {
    pub(super) fn of(about: About, examined: Examined) -> Self {
        Self {
            about,
            subject: examined.subject,
            health: match examined.health {
                Health::Passed => "passed",
                Health::Warning => "warning",
                Health::Failed => "failed",
                Health::Skipped => "skipped",
            },
            found: examined.found,
            fix: examined.fix,
        }
    }
}

impl Row for FindingRow {
    const COLUMNS: &'static [&'static str] = &["about", "subject", "health", "found", "fix"];

    fn cells(&self) -> Vec<String> {
        let about = match (&self.about.tenant, &self.about.app) {
            (Some(tenant), Some(app)) => format!("{tenant}/{app}"),
            (Some(tenant), None) => tenant.clone(),
            (None, _) => "labeld".to_owned(),
        };
        vec![
            about,
            self.subject.clone(),
            self.health.to_owned(),
            self.found.clone(),
            self.fix.clone(),
        ]
    }
}
