//! The writes that policies want, tried on files without writing them: the new bytes are made and read again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use labeld_connector::{ErrorKind, ReadOptions};
use labeld_formats::write::{
    LabelChange, Method, WriteOptions, WriteRefusal, Written, remove_label, set_label,
};
use labeld_formats::{Coauthoring, TenantKnowledge};
use uuid::Uuid;

use super::outcomes::Sampled;
use crate::model::Reason;
use crate::model::catalogue::LabelState;
use crate::model::inventory::FileRecord;
use crate::pipeline::knowledge::{knowledge, signed_files};
use crate::pipeline::{App, error_chain};
use crate::policy::Wanted;
use crate::store::{Db, StoreError, labels};

/// How a write would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rehearsal {
    /// It would do: the new bytes have been read again.
    Done {
        /// By how many bytes the file would grow.
        grows_by: i64,
    },
    /// It would change nothing, or would not be made.
    Stopped {
        /// Why.
        reason: Reason,
        /// What the reason does not say.
        detail: Option<String>,
    },
}

/// What rehearsals in an app need to know.
#[derive(Debug)]
pub struct Rehearsing {
    app: App,
    known: Arc<TenantKnowledge>,
    own_labels: Arc<Vec<Uuid>>,
    now: DateTime<Utc>,
}

impl Rehearsing {
    /// # Errors
    ///
    /// Those of the store.
    pub async fn new(
        db: &Db,
        app: App,
        coauthoring: Coauthoring,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let entries = labels::entries(db, &app.tenant).await?;
        let own = entries
            .iter()
            .filter(|entry| entry.state != LabelState::External);
        Ok(Self {
            known: Arc::new(knowledge(db, &app, coauthoring).await?),
            own_labels: Arc::new(own.map(|entry| entry.definition.id).collect()),
            app,
            now,
        })
    }

    /// Fetches the file whole in the version that is known of it, and makes the new bytes.
    pub async fn rehearse(&self, record: &FileRecord, sampled: Sampled) -> Rehearsal {
        let wanted = sampled.wanted;
        let options = ReadOptions {
            range: None,
            if_match: Some(record.version.clone()),
        };
        let original = match self.app.connector.read(&record.file, options).await {
            Ok(original) => original,
            Err(error) => {
                let reason = match error.kind() {
                    ErrorKind::Changed => Reason::WriteConflict,
                    ErrorKind::NotFound => Reason::FileDeleted,
                    ErrorKind::Denied => Reason::AccessDenied,
                    ErrorKind::Throttled => Reason::FetchThrottled,
                    _ => Reason::FetchFailed,
                };
                return Rehearsal::stopped(reason, error_chain(&error));
            }
        };
        match self.make(original.clone(), sampled).await {
            None => Rehearsal::stopped(Reason::FilePoison, "the writer crashed on it".to_owned()),
            Some(Err(refusal)) => {
                let reason = Reason::from_code(refusal.code()).unwrap_or(Reason::Internal);
                Rehearsal::stopped(reason, refusal.to_string())
            }
            Some(Ok(written)) if written.unchanged => Rehearsal::Stopped {
                reason: match wanted {
                    Wanted::Apply(_) => Reason::LabelSame,
                    Wanted::Remove => Reason::LabelNone,
                },
                detail: None,
            },
            Some(Ok(written)) => {
                let size = written.content.to_vec(&original).len();
                Rehearsal::Done {
                    grows_by: signed(size) - signed(original.len()),
                }
            }
        }
    }

    /// `None` where the writer crashed.
    async fn make(
        &self,
        original: Bytes,
        sampled: Sampled,
    ) -> Option<Result<Written, WriteRefusal>> {
        let wanted = sampled.wanted;
        let site_id = self.app.site_id.unwrap_or_default();
        let change = LabelChange {
            site_id,
            label_id: match wanted {
                Wanted::Apply(label) => label,
                Wanted::Remove => Uuid::nil(),
            },
            name: "rehearsal".to_owned(),
            method: Method::Standard,
            set_date: SystemTime::from(self.now),
            action_id: Uuid::nil(),
            content_bits: 0,
        };
        let (known, own_labels) = (Arc::clone(&self.known), Arc::clone(&self.own_labels));
        let size_limit = self.app.size_limit;
        let made = tokio::task::spawn_blocking(move || {
            let options = WriteOptions {
                own_labels: &own_labels,
                size_limit,
                signed: signed_files(sampled.signed),
                ..WriteOptions::new(&known)
            };
            catch_unwind(AssertUnwindSafe(|| match wanted {
                Wanted::Apply(_) => set_label(&original, &change, &options),
                Wanted::Remove => remove_label(&original, site_id, &options),
            }))
            .ok()
        });
        made.await.ok().flatten()
    }
}

impl Rehearsal {
    fn stopped(reason: Reason, detail: String) -> Self {
        Self::Stopped {
            reason,
            detail: Some(detail),
        }
    }
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
