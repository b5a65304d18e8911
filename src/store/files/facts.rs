//! Storing what a reading has found.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::intern_terms;
use crate::model::inventory::{FileFacts, FileId, FileLabel};
use crate::store::db::Tx;
use crate::store::decisions;
use crate::store::error::Result;
use crate::store::value::{Site, Value, values};

const UPDATE_FACTS: &str = "
UPDATE file SET
    facts_version = $2, reader = $3, read_at = $4,
    format = (SELECT id FROM term WHERE text = $5),
    state = (SELECT id FROM term WHERE text = $6),
    reason = (SELECT id FROM term WHERE text = $7),
    detail = $8,
    protection = (SELECT id FROM term WHERE text = $9),
    protection_detail = $10, signed = $11, labelled = $12, bytes_read = $13, reads = $14
WHERE id = $1";

/// Replaces the facts of files, labels included, and has the files decided anew. Each file is named once, and within a file each pair of tenant and label.
///
/// # Errors
///
/// Those of the store; [`StoreError::Constraint`](crate::store::StoreError::Constraint) when a file or a pair is named twice,
/// or a file with labels is not there.
pub async fn store_facts(tx: &Tx, facts: &[(FileId, FileFacts)]) -> Result<()> {
    let terms = facts.iter().flat_map(|(_, facts)| terms_of(facts));
    intern_terms(tx, terms).await?;
    let rows = facts.iter().map(|(id, facts)| facts_row(*id, facts));
    tx.execute_many(UPDATE_FACTS, rows.collect()).await?;
    store_labels(tx, facts).await?;
    let ids: Vec<FileId> = facts.iter().map(|(id, _)| *id).collect();
    match facts.iter().map(|(_, facts)| facts.read_at).max() {
        Some(read_at) => decisions::enqueue_files(tx, &ids, read_at).await,
        None => Ok(()),
    }
}

fn terms_of(facts: &FileFacts) -> impl Iterator<Item = &str> {
    [
        Some(facts.state.as_str()),
        Some(facts.protection.as_str()),
        facts.reason.as_deref(),
        facts.format.as_deref(),
    ]
    .into_iter()
    .flatten()
}

fn facts_row(id: FileId, facts: &FileFacts) -> Vec<Value> {
    let labelled = facts.labels.iter().any(|label| label.effective);
    values![
        id.0,
        facts.version.0.as_str(),
        facts.reader,
        facts.read_at,
        facts.format.as_deref(),
        facts.state.as_str(),
        facts.reason.as_deref(),
        facts.detail.as_deref(),
        facts.protection.as_str(),
        without_empty_object(&facts.protection_detail),
        facts.signed,
        labelled,
        facts.bytes_read,
        facts.reads,
    ]
}

/// Nearly all files have an empty object, which a null says in fewer bytes.
fn without_empty_object(document: &Json) -> Option<String> {
    let is_empty = document.as_object().is_some_and(serde_json::Map::is_empty);
    (!is_empty).then(|| document.to_string())
}

async fn store_labels(tx: &Tx, facts: &[(FileId, FileFacts)]) -> Result<()> {
    let labels = || facts.iter().flat_map(|(_, facts)| &facts.labels);
    // In one order for all, so that two workers cannot wait for each other.
    let pairs: BTreeSet<_> = labels().map(|label| (label.id, label.site_id)).collect();
    tx.execute_many(
        "INSERT INTO label (guid, site) VALUES ($1, $2) ON CONFLICT (guid, site) DO NOTHING",
        pairs
            .into_iter()
            .map(|(guid, site)| values![guid, Site(site)])
            .collect(),
    )
    .await?;
    tx.execute_many(
        "DELETE FROM file_label WHERE file = $1",
        facts.iter().map(|(id, _)| values![id.0]).collect(),
    )
    .await?;
    let rows = facts.iter().flat_map(|(id, facts)| {
        let row = |label| label_row(*id, label);
        facts.labels.iter().map(row)
    });
    tx.execute_many(
        "INSERT INTO file_label (file, label, effective, document)
         VALUES ($1, (SELECT id FROM label WHERE guid = $2 AND site = $3), $4, $5)",
        rows.collect(),
    )
    .await?;
    Ok(())
}

fn label_row(file: FileId, label: &FileLabel) -> Vec<Value> {
    values![
        file.0,
        label.id,
        Site(label.site_id),
        label.effective,
        label.document.to_string(),
    ]
}
