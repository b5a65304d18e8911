//! From names on the command line to what the service is asked for.

use std::collections::BTreeMap;

use anyhow::Result;
use uuid::Uuid;

use crate::cli::session::Session;
use crate::cli::{UsageError, hand, target};
use crate::config::TenantConfig;
use crate::daemon::hand::{FileKey, HandRequest, LabelRequest};
use crate::model::TenantName;
use crate::model::policy::LabelName;
use crate::policy::TenantLabels;
use crate::store::labels;

/// What the command line says beside the files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Options<'a> {
    /// The label; `None` to remove the present one.
    pub(super) label: Option<&'a str>,
    pub(super) overrides: bool,
    pub(super) allow_downgrade: bool,
}

/// Looks everything up.
///
/// # Errors
///
/// [`UsageError`] for what is not there or can mean several, and those of the store.
pub(super) async fn make(
    session: &Session,
    options: &Options<'_>,
    tenant: Option<&str>,
    targets: &[String],
) -> Result<HandRequest> {
    let mut files: Vec<FileKey> = Vec::with_capacity(targets.len());
    for text in targets {
        let file = target::key(session, tenant, text).await?;
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let mut by_tenant = BTreeMap::new();
    if let Some(name) = options.label {
        for tenant in &session.config.tenants {
            if files.iter().any(|file| file.tenant == tenant.name) {
                let label = label_of(session, tenant, name).await?;
                by_tenant.insert(tenant.name.clone(), label);
            }
        }
    }
    Ok(HandRequest::Label(LabelRequest {
        files,
        labels: by_tenant,
        overrides: options.overrides,
        allow_downgrade: options.allow_downgrade,
        by: hand::asker(),
    }))
}

async fn label_of(session: &Session, tenant: &TenantConfig, name: &str) -> Result<Uuid> {
    let entries = labels::entries(&session.db, &tenant.name).await?;
    let known = TenantLabels::new(tenant.id, &entries);
    let resolved = known.resolve(&LabelName::new(name));
    resolved.map_err(|error| usage(&tenant.name, &error.to_string()))
}

fn usage(tenant: &TenantName, error: &str) -> anyhow::Error {
    UsageError(format!("tenant {tenant}: {error}")).into()
}
