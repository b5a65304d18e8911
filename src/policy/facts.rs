//! What is known of one file when policies are evaluated: all that the pure functions of this room look at.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_connector::{Barrier, Exposure, FileKind, Obstacles, OwnerDetails};

use crate::model::inventory::{FileFacts, FileLabel, FileRecord};
pub use crate::model::policy::LedgerFact;
use crate::model::{AppName, Reason, TenantName};

/// Facts about one file. What is not known is `None` or `Unknown`, and no condition holds for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Configured tenant.
    pub tenant: TenantName,
    /// Configured app.
    pub app: AppName,
    /// Kind of the app, as the configuration calls it.
    pub app_kind: String,
    /// The app's name for the file.
    pub file: String,
    /// File name.
    pub name: String,
    /// Folder, `/`-separated, empty for the root.
    pub folder: String,
    /// Kind of entry.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// When its content last changed.
    pub modified: Option<DateTime<Utc>>,
    /// Owner as the app names people.
    pub owner: Option<String>,
    /// What the app's directory says of the owner; `None` where it was not asked or does not know them.
    pub owner_details: Option<OwnerDetails>,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Addresses that it is shared with by name, in lower case; `None` where the app does not tell.
    pub collaborators: Option<Arc<[String]>>,
    /// The file is gone.
    pub removed: bool,
    /// In labeld's quarantine.
    pub quarantined: bool,
    /// What the listing said against reading.
    pub barrier: Option<Barrier>,
    /// What stands against writing; `None` before anybody asked, which is just before a write (rules §3).
    pub obstacles: Option<Obstacles>,
    /// Whether the reader knows files with this name's extension (gate 4 of a reading).
    pub readable_type: bool,
    /// What reading the present version found; `None` before it was read.
    pub reading: Option<ReadingFacts>,
    /// The newest applied row of the ledger for the file.
    pub ledger: Option<LedgerFact>,
}

/// What reading the bytes found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingFacts {
    /// True type (`docx`), where bytes were read.
    pub format: Option<String>,
    /// Why the reading ended early, or what it had to report.
    pub reason: Option<Reason>,
    /// Kind of protection as `labeld inspect` prints it.
    pub protection: String,
    /// Digitally signed.
    pub signed: bool,
    /// The labels found.
    pub labels: Vec<FileLabel>,
}

impl Facts {
    /// The facts of a row of the inventory. Owner details, obstacles and the ledger are for the caller to add.
    #[must_use]
    pub fn of_record(record: &FileRecord, app_kind: &str, readable_type: bool) -> Self {
        let present = record
            .facts
            .as_ref()
            .filter(|facts| facts.version == record.version);
        Self {
            tenant: record.tenant.clone(),
            app: record.app.clone(),
            app_kind: app_kind.to_owned(),
            file: record.file.0.clone(),
            name: record.name.clone(),
            folder: record.folder.clone(),
            kind: record.kind,
            size: record.size,
            created: record.created,
            modified: record.modified,
            owner: record.owner.clone(),
            owner_details: None,
            exposure: record.exposure,
            collaborators: match record.exposure {
                // The owner alone can reach it: there is nobody to name, and no need to ask.
                Exposure::Private => Some(Arc::default()),
                _ => record.collaborators.clone(),
            },
            removed: record.removed.is_some(),
            quarantined: false,
            barrier: record.barrier,
            obstacles: None,
            readable_type,
            reading: present.and_then(ReadingFacts::of_facts),
            ledger: None,
        }
    }

    /// The part of the name after its last dot, in lower case; empty where there is none.
    #[must_use]
    pub fn extension(&self) -> String {
        let extension = self.name.rsplit_once('.').map(|(_, extension)| extension);
        extension.unwrap_or_default().to_lowercase()
    }

    /// Folder and name.
    #[must_use]
    pub fn path(&self) -> String {
        match self.folder.as_str() {
            "" => self.name.clone(),
            folder => format!("{folder}/{}", self.name),
        }
    }
}

impl ReadingFacts {
    /// `None` where nothing was read: a gate stopped the file before, or the bytes could not be had.
    #[must_use]
    pub fn of_facts(facts: &FileFacts) -> Option<Self> {
        let reason = facts.reason.as_deref().and_then(Reason::from_code);
        let was_read = facts.format.is_some() || facts.bytes_read > 0;
        was_read.then(|| Self {
            format: facts.format.clone(),
            reason,
            protection: facts.protection.clone(),
            signed: facts.signed,
            labels: facts.labels.clone(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A healthy, readable, unlabelled Office file.
    pub(in crate::policy) fn sample() -> Facts {
        Facts {
            tenant: "acme".into(),
            app: "share".into(),
            app_kind: "folder".to_owned(),
            file: "7".to_owned(),
            name: "plan.docx".to_owned(),
            folder: "finance/2026".to_owned(),
            kind: FileKind::File,
            size: 500,
            created: Some(DateTime::UNIX_EPOCH),
            modified: Some(DateTime::UNIX_EPOCH),
            owner: Some("mina@acme.example".to_owned()),
            owner_details: None,
            exposure: Exposure::Internal,
            collaborators: None,
            removed: false,
            quarantined: false,
            barrier: None,
            obstacles: None,
            readable_type: true,
            reading: Some(ReadingFacts {
                format: Some("docx".to_owned()),
                reason: None,
                protection: "none".to_owned(),
                signed: false,
                labels: Vec::new(),
            }),
            ledger: None,
        }
    }
}
