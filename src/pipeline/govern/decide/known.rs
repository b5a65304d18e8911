//! What the store knows of the files of a batch beside their rows.

use std::collections::HashMap;

use labeld_connector::OwnerDetails;

use super::super::facts_of;
use crate::model::inventory::{FileId, FileRecord};
use crate::policy::facts::{Facts, LedgerFact};
use crate::store::apps::AppId;
use crate::store::decisions::{self, OpenAction, StoredDecision};
use crate::store::policies::PolicyId;
use crate::store::{StoreError, Tx, ledger, owners};

/// It.
pub(super) struct Known {
    owners: HashMap<String, OwnerDetails>,
    ledger: HashMap<FileId, LedgerFact>,
    pub(super) decided: HashMap<FileId, StoredDecision>,
    pub(super) matches: HashMap<FileId, Vec<PolicyId>>,
    pub(super) open: HashMap<FileId, OpenAction>,
}

impl Known {
    pub(super) async fn gather(
        tx: &Tx,
        app: AppId,
        records: &[FileRecord],
        ids: &[FileId],
    ) -> Result<Self, StoreError> {
        let mut names: Vec<&str> = records
            .iter()
            .filter_map(|record| record.owner.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        Ok(Self {
            owners: owners::known(tx, app, &names).await?,
            ledger: ledger::newest_applied(tx, ids).await?,
            decided: decisions::decided(tx, ids).await?,
            matches: decisions::matches(tx, ids).await?,
            open: decisions::open_actions(tx, ids).await?,
        })
    }

    pub(super) fn facts(&self, record: &FileRecord, app_kind: &str) -> Facts {
        let owner = record.owner.as_ref();
        let details = owner.and_then(|owner| self.owners.get(owner)).cloned();
        facts_of(
            record,
            app_kind,
            details,
            self.ledger.get(&record.id).cloned(),
        )
    }
}
