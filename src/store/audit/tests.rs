use chrono::DateTime;

use super::*;

fn entry() -> StoredEntry {
    StoredEntry {
        sequence: 1,
        at: DateTime::from_timestamp_millis(1_772_445_600_123).unwrap(),
        kind: "config".to_owned(),
        tenant: Some("contoso".to_owned()),
        document: r#"{"event":"started"}"#.to_owned(),
        hash: EntryHash::NONE,
    }
}

/// The encoding of docs/audit.md, written out: whoever verifies an export elsewhere relies on it.
#[test]
fn the_encoding_stays_as_it_is() {
    let mut bytes = b"labeld audit 1\0".to_vec();
    bytes.extend([0; 32]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend(1_772_445_600_123_i64.to_be_bytes());
    bytes.extend(b"\0\0\0\0\0\0\0\x06config");
    bytes.extend(b"\x01\0\0\0\0\0\0\0\x07contoso");
    bytes.extend(b"\0\0\0\0\0\0\0\x13{\"event\":\"started\"}");
    let hash = entry().hash_after(EntryHash::NONE);
    assert_eq!(hash.0, ring::digest::digest(&SHA256, &bytes).as_ref());
}

#[test]
fn every_part_counts() {
    let plain = entry().hash_after(EntryHash::NONE);
    let changes: [fn(&mut StoredEntry); 6] = [
        |entry| entry.sequence = 2,
        |entry| entry.at += chrono::TimeDelta::milliseconds(1),
        |entry| entry.kind.push('s'),
        |entry| entry.tenant = None,
        |entry| entry.tenant = Some(String::new()),
        |entry| entry.document.push(' '),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = entry();
        change(&mut changed);
        assert_ne!(changed.hash_after(EntryHash::NONE), plain, "{number}");
    }
    assert_ne!(entry().hash_after(EntryHash([1; 32])), plain);
    let mut stored = entry();
    stored.hash = EntryHash([7; 32]);
    assert_eq!(stored.hash_after(EntryHash::NONE), plain);
}
