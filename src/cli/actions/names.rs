//! Names for what actions hold as numbers.

use std::collections::HashMap;

use anyhow::Result;
use uuid::Uuid;

use crate::cli::session::Session;
use crate::model::TenantName;
use crate::model::inventory::{FileId, FileRecord};
use crate::store::actions::AskedBy;
use crate::store::policies::{self, PolicyId};
use crate::store::{files, labels};

/// Names of policies and labels.
pub(super) struct Names {
    policies: HashMap<PolicyId, String>,
    labels: HashMap<(TenantName, Uuid), String>,
}

impl Names {
    pub(super) async fn load(session: &Session) -> Result<Self> {
        let mut names = Self {
            policies: HashMap::new(),
            labels: HashMap::new(),
        };
        for tenant in &session.config.tenants {
            for policy in policies::ever_of_tenant(&session.db, &tenant.name).await? {
                names.policies.insert(policy.0, policy.1.0);
            }
            for entry in labels::entries(&session.db, &tenant.name).await? {
                let label = entry.definition;
                let key = (tenant.name.clone(), label.id);
                names.labels.insert(key, label.display_name);
            }
        }
        Ok(names)
    }

    /// The label's name, or its GUID.
    pub(super) fn label(&self, tenant: &TenantName, label: Uuid) -> String {
        let known = self.labels.get(&(tenant.clone(), label));
        known.cloned().unwrap_or_else(|| label.to_string())
    }

    /// The policy's name, also of one that is gone.
    pub(super) fn policy(&self, policy: PolicyId) -> String {
        let known = self.policies.get(&policy);
        known
            .cloned()
            .unwrap_or_else(|| format!("number {}", policy.0))
    }

    /// `policy general`, or `person ada`.
    pub(super) fn asked_by(&self, asked_by: &AskedBy) -> String {
        match asked_by {
            AskedBy::Policy { policy, .. } => format!("policy {}", self.policy(*policy)),
            AskedBy::Person { name, .. } => format!("person {name}"),
        }
    }
}

/// The file of an action; it is never deleted from the inventory while there are actions of it.
pub(super) async fn file(session: &Session, file: FileId) -> Result<Option<FileRecord>> {
    Ok(files::get(&session.db, file).await?)
}

/// Folder and name.
pub(super) fn path(record: &FileRecord) -> String {
    match record.folder.as_str() {
        "" => record.name.clone(),
        folder => format!("{folder}/{}", record.name),
    }
}
