//! Compound files of an independent writer read back, and files with broken tables.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::container::CompoundFile;
use super::directory::Children;
use crate::block_cache::{BlockCache, RangeStrategy};
use crate::input::{Input, Stop};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::source::Source;

/// Streams by path; a path with a `/` is below storages.
pub(super) type Streams = BTreeMap<String, Vec<u8>>;

pub(super) fn write(version: cfb::Version, streams: &Streams) -> Vec<u8> {
    let mut file =
        cfb::CompoundFile::create_with_version(version, Cursor::new(Vec::new())).unwrap();
    for (path, bytes) in streams {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(storage).unwrap();
        }
        file.create_stream(path).unwrap().write_all(bytes).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn pattern(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|at| (at % 251) as u8 ^ (at >> 8) as u8 ^ seed)
        .collect()
}

/// Every stream of a file, by path.
fn read_all(source: &dyn Source) -> Result<Streams, Stop> {
    let input = Input::new(source, Limits::default());
    let (mut file, root) = CompoundFile::open(&input)?;
    let mut streams = Streams::new();
    collect(&mut file, &root, "", &mut streams)?;
    Ok(streams)
}

fn collect(
    file: &mut CompoundFile<'_, '_>,
    children: &Children,
    above: &str,
    streams: &mut Streams,
) -> Result<(), Stop> {
    for stream in children.streams() {
        let bytes = file.read(stream)?.into_owned();
        let start = file.read_start(stream, 100)?;
        assert_eq!(*start, bytes[..bytes.len().min(100)]);
        streams.insert(format!("{above}{}", stream.name), bytes);
    }
    for storage in children.storages() {
        let below = file.children(storage)?;
        collect(file, &below, &format!("{above}{}/", storage.name), streams)?;
    }
    Ok(())
}

/// The same through a cache that fetches as little as it can.
fn read_all_in_ranges(bytes: &[u8]) -> Streams {
    let strategy = RangeStrategy {
        whole_up_to: 0,
        tail: 0,
        least: 1,
        gap: 0,
    };
    let mut cache = BlockCache::new(bytes.len() as u64, strategy);
    loop {
        match read_all(&cache) {
            Ok(streams) => return streams,
            Err(Stop::Io(_)) => {}
            Err(Stop::Refused(refusal)) => panic!("{refusal}"),
        }
        for range in cache.missing() {
            let part = bytes[range.start as usize..range.end as usize].to_vec();
            cache.insert(range.start, part);
        }
    }
}

#[track_caller]
fn check_round_trip(version: cfb::Version, streams: &Streams) {
    let bytes = write(version, streams);
    assert_eq!(read_all(&bytes.as_slice()).unwrap(), *streams);
    assert_eq!(read_all_in_ranges(&bytes), *streams);
}

#[test]
fn sizes_around_every_border() {
    let sizes = [
        0, 1, 63, 64, 65, 511, 512, 513, 4095, 4096, 4097, 8192, 70_000,
    ];
    let streams: Streams = sizes
        .iter()
        .map(|size| (format!("of {size}"), pattern(*size, 0)))
        .collect();
    check_round_trip(cfb::Version::V3, &streams);
    check_round_trip(cfb::Version::V4, &streams);
}

#[test]
fn many_streams_and_deep_storages() {
    let mut streams: Streams = (0..400)
        .map(|index| (format!("stream {index}"), pattern(index * 7, index as u8)))
        .collect();
    streams.insert(
        format!("{}/\u{6}Primary", ["\u{9}storage"; 12].join("/")),
        pattern(5000, 1),
    );
    streams.insert("thirty-one characters of a name".to_owned(), pattern(9, 2));
    for version in [cfb::Version::V3, cfb::Version::V4] {
        let bytes = write(version, &streams);
        assert_eq!(read_all(&bytes.as_slice()).unwrap(), streams);
    }
}

/// More than 109 table sectors, so that some are only in the list sectors.
#[test]
fn table_beyond_the_header() {
    let streams = Streams::from([
        ("a large".to_owned(), pattern(7_500_000, 3)),
        ("b small".to_owned(), pattern(700, 4)),
        ("c large".to_owned(), pattern(300_000, 5)),
    ]);
    let bytes = write(cfb::Version::V3, &streams);
    assert_eq!(read_all(&bytes.as_slice()).unwrap(), streams);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_streams_read_back(
        sizes in prop::collection::vec((0usize..12_000, any::<u8>(), 0u8..3), 0..40), is_v4: bool,
    ) {
        let streams: Streams = sizes
            .iter()
            .enumerate()
            .map(|(index, (size, seed, depth))| {
                let path = format!("{}s{index}", "in/".repeat(usize::from(*depth)));
                (path, pattern(*size, *seed))
            })
            .collect();
        check_round_trip(if is_v4 { cfb::Version::V4 } else { cfb::Version::V3 }, &streams);
    }

    #[test]
    fn mutated_files_never_panic(edits in prop::collection::vec((8usize..20_000, any::<u8>()), 1..20)) {
        let mut bytes = write(cfb::Version::V3, &sample());
        for (at, byte) in edits {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        let _ = read_all(&bytes.as_slice());
    }

    /// Edits where they hurt: in the allocation tables and the directory, with numbers that mean
    /// something.
    #[test]
    fn mutated_tables_never_panic(
        edits in prop::collection::vec((0usize..700, 0usize..8, any::<u32>()), 1..12),
    ) {
        let mut bytes = write(cfb::Version::V3, &sample());
        for (at, kind, number) in edits {
            let number = [number % 40, 0, 1, 0xFFFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFA, number, 5][kind];
            put(&mut bytes, 44 + 4 * at, number);
        }
        let _ = read_all(&bytes.as_slice());
    }
}

fn sample() -> Streams {
    Streams::from([
        ("large".to_owned(), pattern(9_000, 1)),
        ("small".to_owned(), pattern(300, 2)),
        ("storage/below".to_owned(), pattern(100, 3)),
    ])
}

fn get(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(field) = bytes.get_mut(at..at + 4) {
        field.copy_from_slice(&value.to_le_bytes());
    }
}

/// Offset in a version 3 file of the table entry of a sector below 128.
fn table_entry(bytes: &[u8], sector: u32) -> usize {
    (get(bytes, 76) as usize + 1) * 512 + 4 * sector as usize
}

/// Offset of the directory entry of that name.
fn directory_entry(bytes: &[u8], name: &str) -> usize {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(bytes, &name).unwrap()
}

#[track_caller]
fn check_refused(what: &str, bytes: &[u8], code: &str) {
    match read_all(&bytes) {
        Err(Stop::Refused(refusal)) => assert_eq!(refusal.code(), code, "{what}: {refusal}"),
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn broken_tables_are_damage() {
    let whole = write(cfb::Version::V3, &sample());
    let edited = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        edit(&mut bytes);
        bytes
    };
    let large = directory_entry(&whole, "large");
    let small = directory_entry(&whole, "small");
    let first = get(&whole, large + 116);
    let mini_table = get(&whole, 60);
    let directory = get(&whole, 48);
    let entry = |sector| table_entry(&whole, sector);
    for (what, bytes) in [
        (
            "a chain that meets itself",
            edited(&|bytes| put(bytes, entry(first + 3), first + 1)),
        ),
        (
            "a chain of one that meets itself",
            edited(&|bytes| put(bytes, entry(first), first)),
        ),
        (
            "a chain too short",
            edited(&|bytes| put(bytes, entry(first + 3), 0xFFFF_FFFE)),
        ),
        (
            "a stream shorter than its chain",
            edited(&|bytes| put(bytes, large + 120, 8_000)),
        ),
        (
            "a chain into free space",
            edited(&|bytes| put(bytes, entry(first + 3), 0xFFFF_FFFF)),
        ),
        (
            "a chain out of the file",
            edited(&|bytes| put(bytes, entry(first + 3), 60_000)),
        ),
        (
            "a stream that starts outside",
            edited(&|bytes| put(bytes, large + 116, 0x00FF_FFFF)),
        ),
        (
            "a directory chain that meets itself",
            edited(&|bytes| put(bytes, entry(directory), directory)),
        ),
        (
            "a directory entry that is its own brother",
            edited(&|bytes| {
                put(bytes, large + 68, 1);
                put(bytes, small + 68, 1);
            }),
        ),
        (
            "a directory link outside",
            edited(&|bytes| put(bytes, large + 72, 77_777)),
        ),
        (
            "a directory link to an unused entry",
            edited(&|bytes| put(bytes, large + 72, 7)),
        ),
        (
            "a name of odd length",
            edited(&|bytes| bytes[large + 64] = 11),
        ),
        (
            "a name twice",
            edited(&|bytes| bytes.copy_within(large..large + 66, small)),
        ),
        (
            "a mini chain that meets itself",
            edited(&|bytes| {
                put(bytes, (mini_table as usize + 1) * 512 + 4, 0);
            }),
        ),
        (
            "a mini stream outside its container",
            edited(&|bytes| put(bytes, small + 116, 100)),
        ),
        (
            "no mini table",
            edited(&|bytes| put(bytes, 60, 0xFFFF_FFFE)),
        ),
        ("an unknown sector size", edited(&|bytes| bytes[30] = 13)),
        (
            "an unknown mini sector size",
            edited(&|bytes| bytes[32] = 7),
        ),
        (
            "no allocation table",
            edited(&|bytes| put(bytes, 76, 0xFFFF_FFFF)),
        ),
        ("no directory", edited(&|bytes| put(bytes, 48, 0xFFFF_FFFE))),
        ("a header alone", whole[..512].to_vec()),
        ("half a header", whole[..100].to_vec()),
    ] {
        check_refused(what, &bytes, "file.corrupt");
    }
}

#[test]
fn streams_over_the_limit_are_refused() {
    let mut bytes = write(cfb::Version::V3, &sample());
    let large = directory_entry(&bytes, "large");
    put(&mut bytes, large + 120, 9 << 20);
    check_refused("a stream of 9 MiB", &bytes, "file.limit");
}

/// A file whose list of table sectors leads back to its first sector. The directory is so far behind
/// that its table sector must be looked up there.
#[test]
fn list_of_table_sectors_in_a_circle() {
    let table_sectors = 109 + 127 + 1;
    let directory = table_sectors * 128 - 1;
    let mut bytes = write(cfb::Version::V3, &Streams::new());
    bytes.resize((directory as usize + 2) * 512, 0);
    put(&mut bytes, 48, directory);
    put(&mut bytes, 68, 5);
    put(&mut bytes, (5 + 1) * 512 + 127 * 4, 5);
    let source = bytes.as_slice();
    let input = Input::new(&source, Limits::default());
    let stop = CompoundFile::open(&input).err().unwrap();
    let Stop::Refused(Refusal::Corrupt(what)) = stop else {
        panic!("{stop:?}");
    };
    assert!(what.contains("circle"), "{what}");
}

#[test]
fn a_wrongly_sorted_directory_hides_nothing() {
    let mut bytes = write(cfb::Version::V3, &sample());
    let large = directory_entry(&bytes, "large");
    let (left, right) = (get(&bytes, large + 68), get(&bytes, large + 72));
    put(&mut bytes, large + 68, right);
    put(&mut bytes, large + 72, left);
    assert_eq!(read_all(&bytes.as_slice()).unwrap(), sample());
}

#[test]
fn version_three_ignores_the_upper_half_of_sizes() {
    let mut bytes = write(cfb::Version::V3, &sample());
    let large = directory_entry(&bytes, "large");
    put(&mut bytes, large + 124, 0xDEAD_BEEF);
    assert_eq!(read_all(&bytes.as_slice()).unwrap(), sample());
}

#[test]
fn a_last_sector_cut_behind_its_stream_is_read() {
    let streams = Streams::from([("large".to_owned(), pattern(9_000, 1))]);
    let mut bytes = write(cfb::Version::V3, &streams);
    let start = get(&bytes, directory_entry(&bytes, "large") + 116) as usize;
    let end = (start + 1) * 512 + 9_000;
    assert!(
        bytes.len() - end < 512,
        "the stream is the last of the file"
    );
    bytes.truncate(end);
    assert_eq!(read_all(&bytes.as_slice()).unwrap(), streams);
    bytes.truncate(end - 1);
    check_refused("a byte less", &bytes, "file.corrupt");
}
