//! The audit log's part outside of its table: which configuration is in use goes into it, its head goes out of the store.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::shared::Shared;
use crate::config::Config;
use crate::pipeline::{Work, error_chain};
use crate::store::audit::{self, Entry, Head, StoredEntry};
use crate::store::{Db, StoreError};
use crate::telemetry::{AuditHead, AuditHeadNotKept};

/// The kind of an entry about a configuration that is not used (docs/audit.md).
const CONFIG_REFUSED: &str = "config.refused";

/// How a configuration came to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigUse {
    /// The service began with it.
    Started,
    /// A running service took it over.
    Reloaded,
    /// A command that writes to the store was called with it.
    Command,
}

impl ConfigUse {
    fn word(self) -> &'static str {
        match self {
            Self::Started => "start",
            Self::Reloaded => "reload",
            Self::Command => "command",
        }
    }
}

/// Adds an entry where `config` is another configuration than the one that was used last.
///
/// # Errors
///
/// Those of the store.
pub async fn note_config(
    db: &Db,
    config: &Config,
    used: ConfigUse,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let digest = config.digest.to_string();
    let newest = audit::newest_config(db).await?;
    if newest.is_some_and(|newest| is_of(&newest, &digest)) {
        return Ok(());
    }
    let entry = Entry {
        kind: audit::CONFIG_USED,
        tenant: None,
        document: json!({
            "by": used.word(),
            "file": config.file.to_string_lossy(),
            "digest": digest,
            "version": env!("CARGO_PKG_VERSION"),
        }),
    };
    append(db, &entry, now).await
}

fn is_of(entry: &StoredEntry, digest: &str) -> bool {
    let document: Option<serde_json::Value> = serde_json::from_str(&entry.document).ok();
    document.is_some_and(|document| document["digest"] == digest)
}

async fn append(db: &Db, entry: &Entry<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tx = db.begin().await?;
    audit::append(&tx, entry, now).await?;
    tx.commit().await
}

/// Adds an entry that a changed configuration was refused. The log of the service says why.
pub(super) async fn note_refused(shared: &Shared) {
    let Some(db) = shared.db.get() else { return };
    let file = shared.present().config.file.clone();
    let entry = Entry {
        kind: CONFIG_REFUSED,
        tenant: None,
        document: json!({"file": file.to_string_lossy()}),
    };
    if let Err(error) = append(db, &entry, shared.clock.now()).await {
        tracing::warn!(
            "cannot note in the audit log that the configuration was refused: {}",
            error_chain(&error)
        );
    }
}

/// Pause after the store gave an error.
const AFTER_ERROR: Duration = Duration::from_secs(10);

/// Notes the configuration, then tells the head of the log at once and each hour, until the stop.
pub(super) async fn keep(shared: Arc<Shared>, work: Work) {
    let mut is_noted = false;
    while shared.store.usable(&work.stop).await {
        let told = match is_noted {
            true => Ok(()),
            false => note_present(&shared, &work).await,
        };
        is_noted |= told.is_ok();
        let told = match told {
            Ok(()) => tell_head(&shared, &work.db).await,
            Err(error) => Err(error),
        };
        let due = match told {
            Ok(()) => Some(next_hour(work.clock.now())),
            Err(error) => {
                if !shared.store.note(&error) {
                    tracing::error!("the audit log: {}", error_chain(&error));
                }
                None
            }
        };
        rest(&work, due).await;
    }
}

async fn note_present(shared: &Shared, work: &Work) -> Result<(), StoreError> {
    let present = shared.present();
    let used = if present.loaded == shared.started {
        ConfigUse::Started
    } else {
        ConfigUse::Reloaded
    };
    note_config(&work.db, &present.config, used, work.clock.now()).await
}

async fn rest(work: &Work, due: Option<DateTime<Utc>>) {
    let seen = work.clock.now();
    let pause = async {
        match due {
            Some(due) => tokio::select! {
                () = work.clock.sleep_until(due) => {}
                () = work.clock.sleep_while_after(seen) => {}
            },
            None => tokio::time::sleep(AFTER_ERROR).await,
        }
    };
    tokio::select! {
        () = work.stop.stopped() => {}
        () = pause => {}
    }
}

fn next_hour(now: DateTime<Utc>) -> DateTime<Utc> {
    let into = now.timestamp().rem_euclid(3600);
    now + TimeDelta::seconds(3600 - into)
}

async fn tell_head(shared: &Shared, db: &Db) -> Result<(), StoreError> {
    let head = audit::head(db).await?;
    AuditHead {
        entries: head.count,
        hash: &head.hash.to_string(),
    }
    .emit();
    let Some(file) = shared.present().config.audit.head_file.clone() else {
        return Ok(());
    };
    let name = file.display().to_string();
    let written = tokio::task::spawn_blocking(move || write_head(&file, head)).await;
    let error = match written {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error_chain(&error),
        Err(error) => error.to_string(),
    };
    AuditHeadNotKept {
        file: &name,
        error: &error,
    }
    .emit();
    Ok(())
}

/// In a file beside it first, so that whoever reads it never finds half of it.
fn write_head(path: &Path, head: Head) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    let mut file = File::create(&beside)?;
    writeln!(file, "{head}")?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_told_at_the_full_hour() {
        for (now, expected) in [
            ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"),
            ("2026-03-02T23:59:59Z", "2026-03-03T00:00:00Z"),
            ("1969-12-31T23:00:01Z", "1970-01-01T00:00:00Z"),
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            assert_eq!(next_hour(now), expected.parse::<DateTime<Utc>>().unwrap());
        }
    }

    #[test]
    fn the_file_holds_the_head_as_it_is_now() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("head");
        for count in [1, 20] {
            let head = Head {
                count,
                ..Head::EMPTY
            };
            write_head(&path, head).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap().parse(), Ok(head));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_head(&folder.path().join("none/head"), Head::EMPTY).is_err());
    }
}
