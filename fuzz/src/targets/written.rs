//! What holds of every write, whatever the bytes.

use std::time::UNIX_EPOCH;

use labeld_formats::write::{
    LabelChange, Method, Undo, WriteOptions, Written, label_parts, remove_label, restore, set_label,
};
use labeld_formats::{Coauthoring, Limits, ReadOptions, TenantKnowledge, read};
use uuid::Uuid;

/// The tenant of the documents that the targets make.
const TENANT: Uuid = Uuid::from_u128(0xaaaa_aaaa_bbbb_4ccc_8ddd_eeee_eeee_eeee);
/// A label that the documents have, without saying whose it is.
const KNOWN_LABEL: Uuid = Uuid::from_u128(0x1111_1111_2222_4333_8444_5555_5555_5555);

/// Sets a label, removes it, and takes both back, under every setting.
///
/// # Panics
///
/// When a write breaks a promise.
pub(super) fn check_written(document: &[u8]) {
    for setting in [Coauthoring::Unknown, Coauthoring::On, Coauthoring::Off] {
        let mut known = TenantKnowledge::default();
        known.coauthoring.insert(TENANT, setting);
        let options = WriteOptions {
            own_labels: &[KNOWN_LABEL],
            ..WriteOptions::new(&known)
        };
        check_under(document, &options);
    }
}

fn check_under(document: &[u8], options: &WriteOptions<'_>) {
    let change = LabelChange {
        site_id: TENANT,
        label_id: Uuid::from_u128(7),
        name: "A & B \u{1F3F7}".to_owned(),
        method: Method::Standard,
        set_date: UNIX_EPOCH,
        action_id: Uuid::from_u128(8),
        content_bits: 0,
    };
    if let Ok(removed) = remove_label(document, TENANT, options) {
        let file = check_result(document, &removed, 0, options);
        let again = remove_label(&file, TENANT, options).expect("it was just written");
        assert!(again.unchanged, "removed twice");
    }
    let Ok(set) = set_label(document, &change, options) else {
        return;
    };
    let file = check_result(document, &set, 1, options);
    let again = set_label(&file, &change, options).expect("it was just written");
    assert!(again.unchanged, "set twice");
    let removed = remove_label(&file, TENANT, options).expect("it was just written");
    check_result(&file, &removed, 0, options);
}

/// A write leaves so many labels of the tenant, and can be undone. Gives the file.
fn check_result(
    document: &[u8],
    written: &Written,
    labels: usize,
    options: &WriteOptions<'_>,
) -> Vec<u8> {
    let file = written.content.to_vec(document);
    let reading = read(
        &file.as_slice(),
        ReadOptions {
            limits: options.limits,
            known: options.known,
        },
    );
    let reading = reading.expect("memory has no errors of its own");
    assert_eq!(reading.refusal, None);
    let is_live = |label: &&labeld_formats::Label| {
        label.site_id == Some(TENANT) && label.enabled && !label.removed
    };
    assert_eq!(reading.labels.iter().filter(is_live).count(), labels);
    assert_eq!(parts(&file), Some(written.label_parts.clone()));
    let Some(undo) = &written.undo else {
        assert!(written.unchanged && file == document);
        return file;
    };
    let restored = restore(&file, &stored(undo), options).expect("nothing has changed");
    assert_eq!(Some(restored.label_parts), parts(document), "undone");
    if document.starts_with(b"%PDF-") {
        let undone = restored.content.to_vec(&file);
        assert!(undone == document, "an undone PDF is the old one");
        assert!(document.starts_with(&file) || file.starts_with(document));
    }
    file
}

fn parts(document: &[u8]) -> Option<Vec<labeld_formats::write::LabelPart>> {
    label_parts(document, Limits::default()).ok()
}

/// The undo record after a stay in a store.
fn stored(undo: &Undo) -> Undo {
    let text = serde_json::to_string(undo).expect("it can be stored");
    serde_json::from_str(&text).expect("it was stored")
}
