use std::fs;
use std::path::PathBuf;

use labeld_connector::FileKind;
use proptest::prelude::*;

use super::*;
use crate::status::{FileTime, Stamp};

const HEADER: Header = Header {
    id: SnapshotId(0xfeed),
    root_inode: 2,
};

fn seen(number: u64) -> Seen {
    let time = |seconds| FileTime {
        seconds,
        nanoseconds: 999_999_999,
    };
    let kinds = [FileKind::File, FileKind::Shortcut, FileKind::Special];
    Seen {
        kind: kinds[number as usize % kinds.len()],
        stamp: Stamp {
            size: number,
            modified: time(-(number as i64)),
            changed: time(i64::MAX - number as i64),
            inode: u64::MAX - number,
        },
    }
}

/// Long enough for several blocks.
fn paths() -> Vec<Vec<u8>> {
    let numbers = 0..3_000;
    numbers
        .map(|number| format!("folder {:02}/file {number:06}", number / 100).into_bytes())
        .collect()
}

fn write(folder: &tempfile::TempDir, paths: &[Vec<u8>]) -> PathBuf {
    let path = folder.path().join("snapshot");
    let mut writer = SnapshotWriter::create(&path, HEADER).unwrap();
    for (number, file) in paths.iter().enumerate() {
        writer.push(file, &seen(number as u64)).unwrap();
    }
    writer.finish().unwrap();
    path
}

fn read(reader: &mut SnapshotReader) -> Result<Vec<(Vec<u8>, Seen)>, SnapshotError> {
    let mut all = Vec::new();
    while let Some((path, seen)) = reader.present() {
        all.push((path.to_vec(), *seen));
        reader.advance()?;
    }
    Ok(all)
}

#[test]
fn reads_what_was_written_from_any_position() {
    let folder = tempfile::tempdir().unwrap();
    let expected: Vec<_> = (0..)
        .map(seen)
        .zip(paths())
        .map(|(seen, path)| (path, seen))
        .collect();
    let path = write(&folder, &paths());
    let mut reader = SnapshotReader::open(&path, HEADER.id, Position::START).unwrap();
    for number in 0..=expected.len() {
        if number % 97 == 0 || number == expected.len() {
            let mut resumed = SnapshotReader::open(&path, HEADER.id, reader.position()).unwrap();
            assert_eq!(
                read(&mut resumed).unwrap(),
                expected[number..],
                "from {number}"
            );
        }
        if number < expected.len() {
            reader.advance().unwrap();
        }
    }
    assert!(reader.present().is_none());
}

#[test]
fn writing_resumes_at_any_flush() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let paths = paths();
    let mut writer = SnapshotWriter::create(&path, HEADER).unwrap();
    for (number, file) in paths.iter().enumerate() {
        if number % 311 == 0 {
            let written = writer.flush().unwrap();
            // What a killed process wrote after its last page is cut off.
            writer.push(b"zzz", &seen(0)).unwrap();
            writer.flush().unwrap();
            writer = SnapshotWriter::resume(&path, HEADER.id, written).unwrap();
        }
        writer.push(file, &seen(number as u64)).unwrap();
    }
    writer.finish().unwrap();
    let mut reader = SnapshotReader::open(&path, HEADER.id, Position::START).unwrap();
    let names: Vec<_> = read(&mut reader)
        .unwrap()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(names, paths);
}

#[test]
fn another_snapshot_is_not_taken_for_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, &paths());
    let other = SnapshotId(1);
    let refused = SnapshotReader::open(&path, other, Position::START);
    assert!(matches!(refused, Err(SnapshotError::Damaged(_))));
    let refused = SnapshotWriter::resume(&path, other, HEADER_BYTES as u64);
    assert!(matches!(refused, Err(SnapshotError::Damaged(_))));
}

fn open_and_read(path: &std::path::Path) -> Result<Vec<(Vec<u8>, Seen)>, SnapshotError> {
    read(&mut SnapshotReader::open(path, HEADER.id, Position::START)?)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A snapshot with any bytes changed or missing is refused, never half believed.
    #[test]
    fn damage_is_noticed(
        cut in proptest::option::of(0..2_000_usize),
        flips in proptest::collection::vec((0..2_000_usize, 1..=255_u8), 0..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, &paths()[..20]);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        if let Some(cut) = cut {
            bytes.truncate(cut);
        }
        for (at, mask) in flips {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= mask;
            }
        }
        fs::write(&path, &bytes).unwrap();
        let outcome = open_and_read(&path);
        prop_assert_eq!(outcome.is_ok(), bytes == whole);
        prop_assert!(!matches!(outcome, Err(SnapshotError::Io(_))));
    }

    /// Blocks with right checksums and wrong content never panic.
    #[test]
    fn nonsense_with_a_right_checksum_is_survived(
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        records in 0..10_u32,
        at in (0..400_u64, 0..10_u32),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot");
        let mut bytes = HEADER.encode();
        let length = payload.len() as u32;
        for field in [length, records, block_checksum(length, records, &payload)] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&payload);
        fs::write(&path, &bytes).unwrap();
        let _ = open_and_read(&path);
        let position = serde_json::from_value(serde_json::json!({"block": at.0, "record": at.1}));
        let _ = SnapshotReader::open(&path, HEADER.id, position.unwrap());
    }
}
