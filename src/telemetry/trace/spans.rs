//! The spans that there are.

use tracing::field::Empty;
use tracing::{Span, info_span};

use super::TARGET;
use crate::model::inventory::FileId;
use crate::model::{AppName, TenantName};

/// A run of a scheduled task. `failed` may be recorded at its end.
#[must_use]
pub fn task(task: &str) -> Span {
    info_span!(target: TARGET, "task", task, failed = Empty)
}

/// A page of changes, from the request to the commit. `failed` may be recorded at its end.
#[must_use]
pub fn poll_page(tenant: &TenantName, app: &AppName) -> Span {
    info_span!(target: TARGET, "poll_page", tenant = tenant.0, app = app.0, failed = Empty)
}

/// The scan of a file, by its row in the store. `failed` may be recorded at its end.
#[must_use]
pub fn file_scan(tenant: &TenantName, app: &AppName, file: FileId) -> Span {
    info_span!(target: TARGET, "file_scan", tenant = tenant.0, app = app.0, file = file.0, failed = Empty)
}
