//! Damaged and malicious archives end in a reason code, and soon.

use std::fs;
use std::path::Path;

use labeld_formats::Warning;
use proptest::prelude::*;

use crate::support::{
    Part, archive, content_types, labelled_document, part, read_all_ways, relationships, state,
    with,
};

const ENTITY_BOMB: &str = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">&b;</Types>"#;

/// Where the first `pattern` is.
fn find(file: &[u8], pattern: &[u8]) -> usize {
    file.windows(pattern.len())
        .position(|window| window == pattern)
        .unwrap()
}

fn patched(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

/// The directory record of the part of this name.
fn record(file: &[u8], name: &str) -> usize {
    let directory = find(file, b"PK\x01\x02");
    directory + find(&file[directory..], name.as_bytes()) - 46
}

fn check(what: &str, file: &[u8], expected: &str) {
    let reading = read_all_ways(file);
    assert_eq!(state(&reading), expected, "{what}: {:?}", reading.refusal);
}

#[test]
fn archives_that_lie() {
    let file = archive(&labelled_document());
    let end = file.len() - 22;
    let types = record(&file, "[Content_Types].xml");
    let label = record(&file, "docMetadata/LabelInfo.xml");
    let first = find(&file, b"PK\x03\x04");
    let set = |at: usize, bytes: &[u8]| patched(file.clone(), at, bytes);
    let cases: [(&str, Vec<u8>, &str); 15] = [
        ("as it is", file.clone(), "ok"),
        (
            "fewer entries counted",
            set(end + 10, &[3, 0]),
            "file.corrupt",
        ),
        (
            "more entries counted",
            set(end + 10, &[9, 0]),
            "file.corrupt",
        ),
        (
            "directory elsewhere",
            set(end + 16, &[0xFF, 0xFF, 0xFF, 0]),
            "file.corrupt",
        ),
        (
            "overlapping entries",
            set(label + 42, &[0, 0, 0, 0]),
            "file.corrupt",
        ),
        (
            "entry inside the directory",
            set(label + 42, &(types as u32).to_le_bytes()),
            "file.corrupt",
        ),
        (
            "data longer than the archive",
            set(label + 20, &[0, 0, 0, 9]),
            "file.corrupt",
        ),
        (
            "wrong checksum",
            set(label + 16, &[1, 2, 3, 4]),
            "file.corrupt",
        ),
        (
            "wrong length",
            set(label + 24, &[1, 0, 0, 0]),
            "file.corrupt",
        ),
        (
            "impossible length",
            set(label + 24, &[0, 0, 16, 0]),
            "file.corrupt",
        ),
        (
            "enormous length",
            set(label + 24, &[0, 0, 0, 0xF0]),
            "file.limit",
        ),
        ("unknown method", set(label + 10, &[9, 0]), "file.corrupt"),
        ("encrypted part", set(label + 8, &[1, 0]), "file.password"),
        ("no local header", set(first, b"XX"), "file.corrupt"),
        (
            "long local extra field",
            set(first + 28, &[0xFF, 0xFF]),
            "file.corrupt",
        ),
    ];
    for (what, file, expected) in cases {
        check(what, &file, expected);
    }
}

#[test]
fn names_that_are_the_same_for_a_package() {
    for (name, other) in [
        ("word/a.xml", "word/A.xml"),
        ("word/a.xml", "word\\a.xml"),
        ("word/a.xml", "word/%61.xml"),
    ] {
        let mut parts = labelled_document();
        parts.push(part(name, "1"));
        parts.push(part(other, "2"));
        check(other, &archive(&parts), "file.corrupt");
    }
    let mut parts = labelled_document();
    parts.push(part("word/a.xml", "1"));
    parts.push(part("word/b.xml", "2"));
    let file = archive(&parts);
    let second = record(&file, "word/b.xml");
    check(
        "exactly",
        &patched(file, second + 46, b"word/a.xml"),
        "file.corrupt",
    );
}

#[test]
fn bombs() {
    let usual = labelled_document;
    let types = "[Content_Types].xml";
    let deep = format!(
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}"#,
        "<a>".repeat(1_000)
    );
    let wide: String = (0..100_000).map(|name| format!(" a{name}='1'")).collect();
    let wide = format!("<Types{wide}/>");
    let declared: String = (0..10_000)
        .map(|name| format!(" xmlns:a{name}='b'"))
        .collect();
    let declared = format!("<Types{declared}/>");
    let cases: [(&str, Vec<Part>, &str); 6] = [
        (
            "zip bomb",
            with(usual(), types, vec![b' '; 9 << 20]),
            "file.limit",
        ),
        (
            "entities",
            with(usual(), types, ENTITY_BOMB),
            "file.corrupt",
        ),
        ("nesting", with(usual(), types, deep), "file.limit"),
        ("attributes", with(usual(), types, wide), "file.corrupt"),
        ("namespaces", with(usual(), types, declared), "file.limit"),
        (
            "many labels",
            with(usual(), "docMetadata/LabelInfo.xml", many_labels()),
            "ok",
        ),
    ];
    for (what, parts, expected) in cases {
        let reading = read_all_ways(&archive(&parts));
        assert_eq!(state(&reading), expected, "{what}: {:?}", reading.refusal);
        if what == "many labels" {
            assert_eq!(reading.labels.len(), 256);
            assert!(reading.warnings.contains(&Warning::TooManyLabels));
        }
    }
}

fn many_labels() -> String {
    let rows: String = (0..5_000)
        .map(|number| {
            format!(r#"<label id="{{00000000-0000-0000-0000-{number:012}}}" enabled="1"/>"#)
        })
        .collect();
    format!(
        r#"<labelList xmlns="http://schemas.microsoft.com/office/2020/mipLabelMetadata">{rows}</labelList>"#
    )
}

#[test]
fn a_huge_directory() {
    let many = |count: usize| {
        let header = {
            let mut header = [0u8; 46];
            header[..4].copy_from_slice(b"PK\x01\x02");
            header
        };
        let mut file = header.repeat(count);
        let size = file.len() as u32;
        file.extend(b"PK\x06\x06");
        file.extend(44u64.to_le_bytes());
        file.extend([0; 12]);
        for value in [count as u64, count as u64, u64::from(size), 0] {
            file.extend(value.to_le_bytes());
        }
        file.extend(b"PK\x06\x07\0\0\0\0");
        file.extend(u64::from(size).to_le_bytes());
        file.extend(1u32.to_le_bytes());
        file.extend(b"PK\x05\x06\0\0\0\0");
        file.extend([0xFF; 12]);
        file.extend([0; 2]);
        file
    };
    check("more entries than allowed", &many(300_001), "file.limit");
    check("all at the same place", &many(10_000), "file.corrupt");
}

#[test]
fn a_file_cut_anywhere_ends_in_a_reason() {
    let file = archive(&labelled_document());
    for length in 0..file.len() {
        let state = state(&read_all_ways(&file[..length])).to_owned();
        assert_ne!(state, "ok", "cut at {length}");
    }
}

#[test]
fn an_encrypted_archive_is_told_from_a_mere_one() {
    let file = archive(&[part("a.txt", "a"), part("b.txt", "b")]);
    check("mere archive", &file, "file.type_unsupported");
    let (a, b) = (record(&file, "a.txt"), record(&file, "b.txt"));
    let one = patched(file, a + 8, &[1, 0]);
    check("one entry", &one, "file.type_unsupported");
    check(
        "all entries",
        &patched(one, b + 8, &[1, 0]),
        "file.password",
    );
}

/// Small real and made packages to damage.
fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["../testdata/documents", "../../shared/corpus/labelled"];
    let mut seeds: Vec<Vec<u8>> = folders
        .iter()
        .filter_map(|folder| fs::read_dir(root.join(folder)).ok())
        .flatten()
        .filter_map(|file| fs::read(file.ok()?.path()).ok())
        .filter(|bytes| bytes.len() < 40_000 && bytes.starts_with(b"PK"))
        .collect();
    seeds.push(archive(&labelled_document()));
    seeds.push(archive(&with(
        labelled_document(),
        "_rels/.rels",
        relationships(&[("a", "b")]) + &content_types(&[]),
    )));
    seeds
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// No damage makes a panic, or an answer that depends on how the file is read.
    #[test]
    fn damaged_packages_are_read_alike_in_all_ways(
        seed in prop::sample::select(seeds()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..8),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut file = seed;
        let directory = file.len() - file.len().min(2_000);
        for (at, byte, near_end) in changes {
            let from = if near_end { directory } else { 0 };
            let at = from + at.index(file.len() - from);
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        read_all_ways(&file);
    }

    #[test]
    fn random_bytes_that_look_like_an_archive(
        head in prop::collection::vec(any::<u8>(), 0..400),
        record in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        read_all_ways(&[b"PK\x03\x04", &head[..], b"PK\x01\x02", &record, b"PK\x05\x06", &record].concat());
    }
}
