//! A fresh look at a file: what the app says of it, and all of its bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use labeld_connector::{Exposure, FileMeta, Obstacles, ReadOptions as FetchOptions};
use labeld_formats::{ReadOptions, Reading, TenantKnowledge, read};

use super::acting::Acting;
use super::end::{Ending, Halt, Learned};
use super::rehearse::digest;
use crate::model::Reason;
use crate::model::inventory::{FileFacts, FileId, FileRecord};
use crate::pipeline::file_facts::file_facts;
use crate::pipeline::govern::facts_for;
use crate::pipeline::memory::Reservation;
use crate::pipeline::verdict;
use crate::policy::facts::Facts;
use crate::policy::gates::{self, Purpose};
use crate::store::actions::Action;
use crate::store::ledger::{self, Sha256};
use crate::store::{files, owners};

/// A file as it is now, in one version.
pub(super) struct Looked {
    /// What the app says of it.
    pub(super) meta: FileMeta,
    /// All of its bytes.
    pub(super) bytes: Bytes,
    /// SHA-256 of them.
    pub(super) digest: Sha256,
    /// What they say, as it is stored.
    pub(super) file_facts: FileFacts,
    /// What decisions look at.
    pub(super) facts: Facts,
    _memory: Reservation,
}

impl Looked {
    /// What was learned, to be stored with an end.
    pub(super) fn learned(&self) -> Learned {
        let facts = Box::new(self.file_facts.clone());
        Learned::Seen(Box::new(self.meta.clone()), Some(facts))
    }

    /// Looks the ledger up once more, which has changed.
    pub(super) async fn refresh_ledger(
        &mut self,
        acting: &Acting<'_>,
        action: &Action,
    ) -> Result<(), Halt> {
        let file = action.wanted.file;
        let mut newest = ledger::newest_applied(&acting.work.db, &[file]).await?;
        self.facts.ledger = newest.remove(&file);
        Ok(())
    }
}

/// Looks at the file of an action. No byte is fetched of one that a gate stops before (rules §3).
pub(super) async fn look(acting: &Acting<'_>, action: &Action) -> Result<Looked, Halt> {
    let work = acting.work;
    let failed = |error| Ending::of_failed_look(acting, action, &error);
    let Some(record) = files::get(&work.db, action.wanted.file).await? else {
        let detail = Some("the file is not in the inventory".to_owned());
        return Err(Ending::because(acting, action, Reason::Internal, detail, None).halt());
    };
    let meta = acting
        .app
        .connector
        .stat(&record.file)
        .await
        .map_err(failed)?;
    let record = as_now(record, &meta);
    let obstacles = acting
        .app
        .connector
        .obstacles(&meta.file)
        .await
        .map_err(failed)?;
    let facts = facts(acting, &record, obstacles.clone()).await?;
    let stopped = gates::pass(&facts, Purpose::Write, acting.write_terms(action)).stopped;
    if let Some((_, reason)) = stopped {
        let ending = Ending::because(acting, action, reason, detail_of(reason, &obstacles), None);
        return Err(ending.learned(Learned::Seen(Box::new(meta), None)).halt());
    }
    // The bytes twice: as they are, and as they are to be.
    let memory = work.budget.reserve(meta.size.saturating_mul(2)).await;
    let fetch = FetchOptions {
        range: None,
        if_match: Some(meta.version.clone()),
    };
    let bytes = acting
        .app
        .connector
        .read(&meta.file, fetch)
        .await
        .map_err(failed)?;
    if bytes.len() as u64 != meta.size {
        return Err(Halt::Again);
    }
    let Some(reading) = read_whole(acting, action.wanted.file, bytes.clone()).await else {
        let detail = Some("the reader crashed on this file".to_owned());
        return Err(Ending::because(acting, action, Reason::FilePoison, detail, None).halt());
    };
    let verdict = verdict::of_reading(&meta.name, &reading, acting.app.size_limit);
    let cost = (bytes.len() as u64, 1);
    let version = meta.version.clone();
    let file_facts = file_facts(version, verdict, Some(reading), cost, acting.now());
    let record = FileRecord {
        facts: Some(file_facts.clone()),
        ..record
    };
    Ok(Looked {
        facts: self::facts(acting, &record, obstacles).await?,
        digest: digest(&bytes),
        meta,
        bytes,
        file_facts,
        _memory: memory,
    })
}

/// What decisions look at.
async fn facts(
    acting: &Acting<'_>,
    record: &FileRecord,
    obstacles: Obstacles,
) -> Result<Facts, Halt> {
    let db = &acting.work.db;
    let details = match &record.owner {
        Some(owner) => owners::get(db, acting.app_id, owner).await?,
        None => None,
    };
    let ledger = ledger::newest_applied(db, &[record.id])
        .await?
        .remove(&record.id);
    let mut facts = facts_for(record, acting.app, details, ledger);
    facts.obstacles = Some(obstacles);
    Ok(facts)
}

/// The inventory's row as it will be once the app's word is taken over.
fn as_now(record: FileRecord, meta: &FileMeta) -> FileRecord {
    FileRecord {
        name: meta.name.clone(),
        folder: meta.folder.clone(),
        owner: meta.owner.clone(),
        kind: meta.kind,
        size: meta.size,
        version: meta.version.clone(),
        created: meta.created,
        modified: meta.modified,
        barrier: meta.barrier,
        // What the app was asked of it before stays known.
        exposure: match meta.exposure {
            Exposure::Unknown => record.exposure,
            told => told,
        },
        collaborators: match &meta.collaborators {
            None => record.collaborators,
            Some(told) => Some(told.as_slice().into()),
        },
        removed: None,
        ..record
    }
}

fn detail_of(reason: Reason, obstacles: &Obstacles) -> Option<String> {
    match (reason, &obstacles.checked_out_by) {
        (Reason::FileCheckedOut, Some(who)) => Some(format!("checked out by {who}")),
        _ => None,
    }
}

/// Reads the labels of bytes; `None` where the reader crashed.
pub(super) async fn read_whole(acting: &Acting<'_>, file: FileId, bytes: Bytes) -> Option<Reading> {
    let known: Arc<TenantKnowledge> = Arc::clone(&acting.known);
    let markers = Arc::clone(&acting.work.markers);
    let limits = acting.limits();
    let parsed = tokio::task::spawn_blocking(move || {
        let marker = markers.enter(file);
        let options = ReadOptions {
            limits,
            known: &known,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&&bytes[..], options)));
        drop(marker);
        outcome.ok().and_then(Result::ok)
    });
    parsed.await.ok().flatten()
}
