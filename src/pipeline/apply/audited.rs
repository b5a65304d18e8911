//! What the audit log says of writes: metadata only.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::acting::Acting;
use crate::model::Reason;
use crate::store::actions::{Action, AskedBy};
use crate::store::audit::{self, Entry};
use crate::store::ledger::{self, Intent};
use crate::store::{StoreError, Tx};

/// Adds an entry. To be called last in its transaction.
async fn append(
    tx: &Tx,
    acting: &Acting<'_>,
    kind: &'static str,
    document: Json,
) -> Result<(), StoreError> {
    let entry = Entry {
        kind,
        tenant: Some(&acting.app.tenant),
        document,
    };
    audit::append(tx, &entry, acting.now()).await
}

/// A write is about to be sent.
pub(super) async fn intended(
    tx: &Tx,
    acting: &Acting<'_>,
    action: &Action,
    intent: &Intent<'_>,
) -> Result<(), StoreError> {
    let asked_by = match &action.wanted.asked_by {
        AskedBy::Policy { policy, revision } => {
            json!({ "policy": policy.0, "revision": revision.0 })
        }
        AskedBy::Person { name, .. } => json!({ "person": name }),
    };
    let document = json!({
        "attempt": intent.id,
        "action": action.id.0,
        "app": acting.app.name,
        "file": action.wanted.file,
        "verb": action.wanted.verb.as_str(),
        "label": intent.label,
        "method": intent.method,
        "override": intent.overridden,
        "asked_by": asked_by,
        "undoes": action.wanted.undoes,
        "version_before": intent.version_before,
    });
    append(tx, acting, "write.intended", document).await
}

/// It is known what became of a write, or that nobody can tell.
pub(super) async fn ended(
    tx: &Tx,
    acting: &Acting<'_>,
    id: Uuid,
    reason: Option<Reason>,
) -> Result<(), StoreError> {
    let row = ledger::get(tx, id).await?;
    let row = row.ok_or_else(|| StoreError::content("a write is not in the ledger"))?;
    let document = json!({
        "attempt": id,
        "action": row.action.0,
        "app": acting.app.name,
        "file": row.file,
        "state": row.state.as_str(),
        "reason": reason.map(Reason::code),
        "version_after": row.version_after,
        "covered": row.covered.is_some(),
    });
    append(tx, acting, "write.ended", document).await
}
