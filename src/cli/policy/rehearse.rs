//! The writes that a simulation has found, tried on a sample of the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::apps::{self, Organisation};
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::model::inventory::FileRecord;
use crate::model::{AppName, Reason, TenantName};
use crate::pipeline::simulate::{Rehearsal, Rehearsing, Sampled};
use crate::store::files;

/// How many of the files came to the same: `None` where the write would do.
pub(super) type Rehearsed = BTreeMap<(TenantName, String, Option<Reason>), u64>;

/// Fetches the files and makes the new bytes; nothing is written.
///
/// # Errors
///
/// Those of the store, and an app that cannot be made.
pub(super) async fn rehearse(
    session: &Session,
    sample: &[Sampled],
    clock: &Arc<dyn Clock>,
) -> Result<Rehearsed> {
    let mut apps: BTreeMap<(TenantName, AppName), (String, Rehearsing)> = BTreeMap::new();
    let mut rehearsed = Rehearsed::new();
    for sampled in sample {
        let Some(record) = files::get(&session.db, sampled.file).await? else {
            continue;
        };
        let key = (record.tenant.clone(), record.app.clone());
        if !apps.contains_key(&key)
            && let Some(made) = app_of(session, &record, clock.now()).await?
        {
            apps.insert(key.clone(), made);
        }
        let Some((kind, rehearsing)) = apps.get(&key) else {
            continue;
        };
        let reason = match rehearsing.rehearse(&record, *sampled).await {
            Rehearsal::Done { .. } => None,
            Rehearsal::Stopped { reason, detail } => {
                let detail = detail.unwrap_or_default();
                tracing::warn!("file {}: {reason} {detail}", sampled.file.0);
                Some(reason)
            }
        };
        let key = (record.tenant, kind.clone(), reason);
        *rehearsed.entry(key).or_default() += 1;
    }
    Ok(rehearsed)
}

async fn app_of(
    session: &Session,
    record: &FileRecord,
    now: DateTime<Utc>,
) -> Result<Option<(String, Rehearsing)>> {
    for tenant in &session.config.tenants {
        for app in tenant.apps() {
            if tenant.name == record.tenant && *app.name() == record.app {
                // A store that is only read takes no counts.
                let organisation = Organisation::new(&session.config, tenant);
                let coauthoring = apps::coauthoring(tenant);
                let made = organisation.app(app)?;
                let rehearsing = Rehearsing::new(&session.db, made, coauthoring, now).await?;
                return Ok(Some((app.kind().to_owned(), rehearsing)));
            }
        }
    }
    Ok(None)
}
