//! The rehearsal (rules §3, gate 20): the new bytes are made, read back and measured before anything is promised.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use labeld_formats::write::{
    LabelChange, LabelPart, Undo, WriteOptions, WriteRefusal, Written, remove_label, restore,
    set_label,
};
use ring::digest::{SHA256, digest as hash};
use serde_json::json;
use uuid::Uuid;

use super::acting::Acting;
use super::decide::Wish;
use super::end::{Ending, Halt};
use super::look::Looked;
use crate::model::Reason;
use crate::pipeline::knowledge::signed_files;
use crate::policy::gates::WriteTerms;
use crate::store::actions::{Action, ActionState, Verb};
use crate::store::ledger::Sha256;

/// A write that would do.
pub(super) struct Rehearsed {
    /// The whole file as it is to be.
    pub(super) body: Bytes,
    /// SHA-256 of it.
    pub(super) digest: Sha256,
    /// JSON, SHA-256 of each part with labels.
    pub(super) part_digests: String,
    /// JSON, what it takes to undo it.
    pub(super) undo: Option<String>,
}

/// SHA-256 of bytes.
pub(super) fn digest(bytes: &[u8]) -> Sha256 {
    let mut digest = [0; 32];
    digest.copy_from_slice(hash(&SHA256, bytes).as_ref());
    Sha256(digest)
}

/// Makes the new bytes under the ActionId that the write will have.
pub(super) async fn rehearse(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    wish: &Wish,
    id: Uuid,
) -> Result<Rehearsed, Halt> {
    let made = make(acting, action, looked, wish, id).await;
    let stopped = |reason: Reason, detail: String| {
        let ending = Ending::because(acting, action, reason, Some(detail), None);
        ending.learned(looked.learned()).halt()
    };
    let (written, body) = match made {
        None => {
            let detail = "the writer crashed on this file".to_owned();
            return Err(stopped(Reason::FilePoison, detail));
        }
        Some(Err(refusal)) => {
            let reason = Reason::from_code(refusal.code()).unwrap_or(Reason::Internal);
            return Err(stopped(reason, refusal.to_string()));
        }
        Some(Ok(made)) => made,
    };
    if written.unchanged {
        let reason = match action.wanted.verb {
            Verb::Apply => Reason::LabelSame,
            Verb::Remove | Verb::Restore => Reason::LabelNone,
        };
        let ending = Ending::over(ActionState::Done, reason, None);
        return Err(ending.learned(looked.learned()).halt());
    }
    Ok(Rehearsed {
        digest: digest(&body),
        body,
        part_digests: parts_json(&written.label_parts),
        undo: written
            .undo
            .as_ref()
            .and_then(|undo| serde_json::to_string(undo).ok()),
    })
}

/// Digests of label parts as the ledger has them.
pub(super) fn parts_json(parts: &[LabelPart]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .map(|part| json!({ "place": part.place, "sha256": hexadecimal(&part.sha256) }))
        .collect();
    json!(parts).to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is done to the bytes.
enum Change {
    Set(Box<LabelChange>),
    Remove(Uuid),
    Restore(Box<Undo>),
}

type Made = Result<(Written, Bytes), WriteRefusal>;

/// `None` where the writer crashed.
async fn make(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    wish: &Wish,
    id: Uuid,
) -> Option<Made> {
    let change = match wish {
        Wish::Apply { label, method, .. } => Change::Set(Box::new(LabelChange {
            site_id: action.wanted.site,
            label_id: *label,
            name: acting.name_of(*label),
            method: *method,
            set_date: SystemTime::from(acting.now()),
            action_id: id,
            // Nothing was marked and nothing encrypted (reference/label-formats.md §8).
            content_bits: 0,
        })),
        Wish::Remove { .. } => Change::Remove(action.wanted.site),
        Wish::Restore { undo, .. } => Change::Restore(undo.clone()),
    };
    let known = Arc::clone(&acting.known);
    let own_labels = acting.own_labels();
    let limits = acting.limits();
    let WriteTerms { size_limit, signed } = acting.write_terms(action);
    let signed = signed_files(signed);
    let (markers, file) = (Arc::clone(&acting.work.markers), action.wanted.file);
    let original = looked.bytes.clone();
    let made = tokio::task::spawn_blocking(move || {
        let marker = markers.enter(file);
        let options = WriteOptions {
            limits,
            known: &known,
            own_labels: &own_labels,
            size_limit,
            signed,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let written = match &change {
                Change::Set(change) => set_label(&original, change, &options),
                Change::Remove(site) => remove_label(&original, *site, &options),
                Change::Restore(undo) => restore(&original, undo, &options),
            }?;
            let body = Bytes::from(written.content.to_vec(&original));
            Ok((written, body))
        }));
        drop(marker);
        outcome.ok()
    });
    made.await.ok().flatten()
}
