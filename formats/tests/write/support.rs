//! Labels to write, files to write them into, and comparisons.

use std::time::{Duration, UNIX_EPOCH};

use labeld_formats::write::{
    self, LabelChange, LabelPart, Method, Note, Undo, WriteOptions, WriteRefusal, Written,
};
use labeld_formats::{Coauthoring, Label, Limits, ReadOptions, Reading, TenantKnowledge, read};
use uuid::Uuid;

/// The tenant that nobody in the corpus has.
pub(crate) const TENANT: Uuid = Uuid::from_u128(0xaaaa_aaaa_bbbb_4ccc_8ddd_eeee_eeee_eeee);
pub(crate) const LABEL: Uuid = Uuid::from_u128(0x1111_1111_2222_4333_8444_5555_5555_5555);
pub(crate) const OTHER_LABEL: Uuid = Uuid::from_u128(0x9999_9999_2222_4333_8444_5555_5555_5555);
pub(crate) const NAME: &str = "Confidential \\ Finance & <Legal> – \"A\"";

pub(crate) fn change(site_id: Uuid, label_id: Uuid) -> LabelChange {
    LabelChange {
        site_id,
        label_id,
        name: NAME.to_owned(),
        method: Method::Standard,
        set_date: UNIX_EPOCH + Duration::from_secs(1_772_323_200),
        action_id: Uuid::from_u128(0x7777),
        content_bits: 0,
    }
}

pub(crate) fn knowledge(site_id: Uuid, coauthoring: Coauthoring) -> TenantKnowledge {
    let mut known = TenantKnowledge::default();
    known.coauthoring.insert(site_id, coauthoring);
    known
}

pub(crate) const SETTINGS: [Coauthoring; 3] =
    [Coauthoring::Unknown, Coauthoring::On, Coauthoring::Off];

pub(crate) fn reading(bytes: &[u8], known: &TenantKnowledge) -> Reading {
    let options = ReadOptions {
        limits: Limits::default(),
        known,
    };
    read(&bytes, options).unwrap()
}

/// The labels of a tenant that are in effect, or would be if another did not win.
pub(crate) fn live(reading: &Reading, site_id: Uuid) -> Vec<&Label> {
    let labels = reading.labels.iter();
    labels
        .filter(|label| label.site_id == Some(site_id) && label.enabled && !label.removed)
        .collect()
}

/// Without the size limit, which has a test of its own.
pub(crate) fn options(known: &TenantKnowledge) -> WriteOptions<'_> {
    WriteOptions::new(known)
}

/// A write with its result in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) bytes: Vec<u8>,
    pub(crate) unchanged: bool,
    pub(crate) label_parts: Vec<LabelPart>,
    pub(crate) undo: Option<Undo>,
    pub(crate) notes: Vec<Note>,
}

fn done(original: &[u8], written: Written) -> Done {
    let bytes = written.content.to_vec(original);
    assert_eq!(bytes.len() as u64, written.content.len());
    Done {
        bytes,
        unchanged: written.unchanged,
        label_parts: written.label_parts,
        undo: written.undo,
        notes: written.notes,
    }
}

type Outcome = Result<Done, WriteRefusal>;

pub(crate) fn set_label(
    original: &[u8],
    change: &LabelChange,
    options: &WriteOptions<'_>,
) -> Outcome {
    let written = write::set_label(original, change, options);
    written.map(|written| done(original, written))
}

pub(crate) fn remove_label(original: &[u8], site_id: Uuid, options: &WriteOptions<'_>) -> Outcome {
    let written = write::remove_label(original, site_id, options);
    written.map(|written| done(original, written))
}

pub(crate) fn restore(current: &[u8], undo: &Undo, options: &WriteOptions<'_>) -> Outcome {
    let written = write::restore(current, undo, options);
    written.map(|written| done(current, written))
}
