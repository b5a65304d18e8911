//! What a reading amounts to, as it is stored.

use chrono::{DateTime, Utc};
use labeld_connector::Version;
use labeld_formats::{Label, READER_VERSION, Reading};

use super::verdict::Verdict;
use crate::model::Reason;
use crate::model::inventory::{FileFacts, FileLabel};

/// Reader number stored with facts that say nothing about the bytes (the file could not be fetched):
/// no reader has it, so that the next run tries again.
const NO_READER: u32 = 0;

/// The facts of a version. `reading`: `None` where nothing was read; `cost`: bytes and requests.
pub(super) fn file_facts(
    version: Version,
    verdict: Verdict,
    reading: Option<Reading>,
    cost: (u64, u32),
    now: DateTime<Utc>,
) -> FileFacts {
    let reason = verdict.reason;
    // A file that crashed its readers was read as far as it can be.
    let try_again = reason.is_some_and(|reason| reason.is_error() && reason != Reason::FilePoison);
    let protection = reading
        .as_ref()
        .map(|reading| reading.protection.clone())
        .unwrap_or_default();
    FileFacts {
        version,
        reader: if try_again { NO_READER } else { READER_VERSION },
        read_at: now,
        format: reading
            .as_ref()
            .and_then(|reading| reading.format)
            .map(|format| format.name().to_owned()),
        state: verdict.state.as_str().to_owned(),
        reason: reason.map(|reason| reason.code().to_owned()),
        detail: verdict.detail,
        protection: protection.kind.name().to_owned(),
        protection_detail: details(&protection),
        signed: reading
            .as_ref()
            .is_some_and(|reading| reading.signatures.signed),
        bytes_read: cost.0,
        reads: cost.1,
        labels: reading
            .map(|reading| reading.labels)
            .unwrap_or_default()
            .iter()
            .map(label)
            .collect(),
    }
}

/// The protection without its kind, which has a column of its own.
fn details(protection: &labeld_formats::Protection) -> serde_json::Value {
    let mut details = serde_json::to_value(protection).unwrap_or_default();
    if let Some(fields) = details.as_object_mut() {
        fields.remove("kind");
    }
    details
}

fn label(label: &Label) -> FileLabel {
    FileLabel {
        site_id: label.site_id,
        id: label.id,
        effective: label.effective,
        document: serde_json::to_value(label).unwrap_or_default(),
    }
}
