//! Reading files with all that belongs to them, in one statement, so that facts and labels are of one moment.

use labeld_connector::{FileRef, Version};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use super::codes::{barrier_of, exposure_of, kind_of};
use super::collaborators::collaborators_of;
use crate::model::inventory::{FileFacts, FileId, FileLabel, FileRecord, ScanTarget};
use crate::model::{AppName, TenantName};
use crate::store::error::{Result, StoreError};
use crate::store::value::{FromValue, Row, Site};

/// Everything but the characters that RFC 3986 §2.3 leaves alone.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A statement that reads the files whose ids `ids` selects (as `id`), in the order of ids, one row for each label.
///
/// Left joins keep SQLite from starting anywhere but at `ids`.
pub(in crate::store) fn select_records(ids: &str) -> String {
    format!(
        "SELECT page.id, app.tenant, app.name, f.ref, f.name, folder.path, owner.name, f.kind, f.size, f.version,
            f.created, f.modified, f.barrier, f.exposure, shared.addresses, folder.link, f.first_seen, f.last_seen, f.removed,
            f.facts_version, f.reader, f.read_at, format.text, state.text, reason.text, f.detail, protection.text,
            f.protection_detail, f.signed, f.bytes_read, f.reads,
            label.guid, label.site, fl.effective, fl.document
        FROM ({ids}) AS page
        LEFT JOIN file f ON f.id = page.id
        LEFT JOIN app ON app.id = f.app
        LEFT JOIN folder ON folder.id = f.folder
        LEFT JOIN owner ON owner.id = f.owner
        LEFT JOIN collaborator_list AS shared ON shared.id = f.collaborators
        LEFT JOIN term AS format ON format.id = f.format
        LEFT JOIN term AS state ON state.id = f.state
        LEFT JOIN term AS reason ON reason.id = f.reason
        LEFT JOIN term AS protection ON protection.id = f.protection
        LEFT JOIN file_label fl ON fl.file = f.id
        LEFT JOIN label ON label.id = fl.label
        ORDER BY page.id, label.guid, label.site"
    )
}

/// Reads the answer to [`select_records`].
pub(in crate::store) fn read_records(rows: Vec<Row>) -> Result<Vec<FileRecord>> {
    let mut records: Vec<FileRecord> = Vec::new();
    for mut row in rows {
        let record = read_record(&mut row)?;
        let label = read_label(&mut row)?;
        if records.last().is_none_or(|last| last.id != record.id) {
            records.push(record);
        }
        let facts = records.last_mut().and_then(|last| last.facts.as_mut());
        if let (Some(label), Some(facts)) = (label, facts) {
            facts.labels.push(label);
        }
    }
    Ok(records)
}

fn read_record(row: &mut Row) -> Result<FileRecord> {
    let mut record = FileRecord {
        id: FileId(row.take()?),
        tenant: TenantName(row.take()?),
        app: AppName(row.take()?),
        file: FileRef(row.take()?),
        name: row.take()?,
        folder: row.take()?,
        owner: row.take()?,
        kind: kind_of(row.take()?)?,
        size: row.take()?,
        version: Version(row.take()?),
        created: row.take()?,
        modified: row.take()?,
        barrier: barrier_of(row.take()?)?,
        exposure: exposure_of(row.take()?)?,
        collaborators: collaborators_of(row.take()?)?,
        link: row.take()?,
        first_seen: row.take()?,
        last_seen: row.take()?,
        removed: row.take()?,
        facts: read_facts(row)?,
    };
    record.link = record.link.take().map(|template| link(&template, &record));
    Ok(record)
}

/// The columns that [`read_scan_target`] reads, of the table `f`.
pub(in crate::store) const SCAN_TARGET: &str =
    "f.removed, f.ref, f.name, f.kind, f.size, f.version, f.barrier";

/// The file `id` from [`SCAN_TARGET`]; `None` where it is not there, or removed.
pub(in crate::store) fn read_scan_target(id: FileId, row: &mut Row) -> Result<Option<ScanTarget>> {
    let removed: Option<i64> = row.take()?;
    let file: Option<String> = row.take()?;
    let (Some(file), None) = (file, removed) else {
        return Ok(None);
    };
    Ok(Some(ScanTarget {
        id,
        file: FileRef(file),
        name: row.take()?,
        kind: kind_of(row.take()?)?,
        size: row.take()?,
        version: Version(row.take()?),
        barrier: barrier_of(row.take()?)?,
    }))
}

/// The web address of a file, from that of the files of its folder.
fn link(template: &str, record: &FileRecord) -> String {
    template
        .replace("{name}", &percent_encoded(&record.name))
        .replace("{file}", &percent_encoded(&record.file.0))
}

fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The columns of the facts: all null where the file was never read.
fn read_facts(row: &mut Row) -> Result<Option<FileFacts>> {
    let Some(version) = row.take::<Option<String>>()? else {
        skip::<11>(row)?;
        return Ok(None);
    };
    Ok(Some(FileFacts {
        version: Version(version),
        reader: row.take()?,
        read_at: row.take()?,
        format: row.take()?,
        state: row.take()?,
        reason: row.take()?,
        detail: row.take()?,
        protection: row.take()?,
        protection_detail: json(row.take::<Option<String>>()?.as_deref().unwrap_or("{}"))?,
        signed: row.take()?,
        bytes_read: row.take()?,
        reads: row.take()?,
        labels: Vec::new(),
    }))
}

fn read_label(row: &mut Row) -> Result<Option<FileLabel>> {
    let Some(id) = row.take()? else {
        return Ok(None);
    };
    let Site(site_id) = row.take()?;
    Ok(Some(FileLabel {
        site_id,
        id,
        effective: row.take()?,
        document: json(&row.take::<String>()?)?,
    }))
}

fn skip<const COLUMNS: usize>(row: &mut Row) -> Result<()> {
    for _ in 0..COLUMNS {
        row.take::<Anything>()?;
    }
    Ok(())
}

struct Anything;

impl FromValue for Anything {
    fn from_value(
        _: crate::store::Value,
    ) -> std::result::Result<Self, (crate::store::Value, &'static str)> {
        Ok(Self)
    }
}

fn json(text: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|error| StoreError::Content {
        what: "a document about a label or a protection is not JSON".to_owned(),
        source: Some(error.into()),
    })
}
