//! Storing what the decisions of a batch come to.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::DecidedFiles;
use super::super::governance::InForce;
use super::Batch;
use super::known::Known;
use crate::model::cap::CapDay;
use crate::model::inventory::FileId;
use crate::model::policy::PolicyName;
use crate::policy::DecidedBy;
use crate::store::StoreError;
use crate::store::actions::{self, NewAction, Proposed};
use crate::store::alerts::{self, AlertKind, NewAlert};
use crate::store::audit::{self, Entry};
use crate::store::decisions;

impl<'a> Batch<'a> {
    pub(super) async fn store(&mut self, known: &Known) -> Result<DecidedFiles, StoreError> {
        let mut decided = DecidedFiles::default();
        let begun: Vec<_> = self
            .begun
            .iter()
            .map(|(policy, file)| (policy.stored.id, policy.stored.revision, *file))
            .collect();
        decisions::forget(self.tx, &self.gone).await?;
        decisions::set_matches(self.tx, &begun, &self.ended, self.now).await?;
        decisions::put(self.tx, &self.verdicts, self.now).await?;
        let mut entries = Vec::new();
        for wish in &self.wishes {
            let open = known.open.get(&wish.file).and_then(|open| open.policy);
            let wants_another = wish
                .action
                .as_ref()
                .is_none_or(|(policy, ..)| open != Some(policy.stored.id));
            if open.is_some() && wants_another {
                let withdrawn = actions::withdraw(self.tx, wish.file, wish.why, self.now).await?;
                decided.withdrawn += u64::from(withdrawn);
            }
            let Some((policy, action, decided_by)) = &wish.action else {
                continue;
            };
            match actions::propose(self.tx, action, self.now).await? {
                Proposed::Made(id) | Proposed::Replaced(id) => {
                    decided.proposed += 1;
                    entries.push(self.entry(id, policy, action, *decided_by));
                }
                Proposed::Kept(_) | Proposed::Busy => {}
            }
        }
        decided.alerts = self.raise_alerts().await?;
        // Last: whoever writes to the log holds up everybody else's entries until the end of the transaction.
        for entry in &entries {
            audit::append(self.tx, entry, self.now).await?;
        }
        Ok(decided)
    }

    fn entry(
        &self,
        id: actions::ActionId,
        policy: &InForce,
        action: &NewAction,
        decided_by: DecidedBy,
    ) -> Entry<'a> {
        let row = match decided_by {
            DecidedBy::Row(row) => Some(row.0),
            DecidedBy::Gate(_) | DecidedBy::NotRead | DecidedBy::LabelName => None,
        };
        Entry {
            kind: "decision.made",
            tenant: Some(self.app.tenant),
            document: json!({
                "action": id.0,
                "app": self.app.name,
                "file": action.file,
                "version": action.file_version.0,
                "verb": action.verb.as_str(),
                "label": action.label,
                "policy": policy.rule.name,
                "revision": policy.stored.number,
                "row": row,
            }),
        }
    }

    async fn raise_alerts(&mut self) -> Result<u64, StoreError> {
        let mut raised = 0;
        for (policy, file) in std::mem::take(&mut self.begun) {
            if !policy.rule.alert.enabled {
                continue;
            }
            match self.alerts_left.get_mut(&policy.stored.id) {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            let document = json!({ "policy": policy.rule.name, "app": self.app.name });
            self.alert(policy, Some(file), AlertKind::Match, document)
                .await?;
            raised += 1;
        }
        let today = CapDay::of(self.now).begin();
        for name in std::mem::take(&mut self.held) {
            let document = json!({ "policy": name, "canary": self.canary_of(&name) });
            raised += self
                .alert_once(&name, AlertKind::Canary, today, document)
                .await?;
        }
        for (name, reason) in std::mem::take(&mut self.flagged) {
            let document = json!({ "policy": name, "reason": reason.code() });
            raised += self
                .alert_once(&name, AlertKind::Label, today, document)
                .await?;
        }
        Ok(raised)
    }

    fn canary_of(&self, name: &PolicyName) -> Option<u32> {
        self.governance.policy(name)?.rule.canary
    }

    /// An alert that is raised once a day at most; how many were.
    async fn alert_once(
        &self,
        name: &PolicyName,
        kind: AlertKind,
        today: DateTime<Utc>,
        document: serde_json::Value,
    ) -> Result<u64, StoreError> {
        let Some(policy) = self.governance.policy(name) else {
            return Ok(0);
        };
        if alerts::count_since(self.tx, policy.stored.id, kind, today).await? > 0 {
            return Ok(0);
        }
        self.alert(policy, None, kind, document).await?;
        Ok(1)
    }

    async fn alert(
        &self,
        policy: &InForce,
        file: Option<FileId>,
        kind: AlertKind,
        document: serde_json::Value,
    ) -> Result<(), StoreError> {
        let alert = NewAlert {
            tenant: self.app.tenant,
            policy: Some(policy.stored.id),
            file,
            kind,
            severity: policy.rule.severity,
            document,
        };
        alerts::record(self.tx, &alert, self.now).await
    }
}
