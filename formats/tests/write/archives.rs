//! Everything of an archive that is not a label part: entries, records, comments, in every form that
//! archives have.

use std::io::{Cursor, Write};

use labeld_formats::Coauthoring;
use labeld_formats::write::{WriteOptions, WriteRefusal};
use proptest::prelude::*;
use zip::write::{ExtendedFileOptions, FileOptions};
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::independent::{contents, differences, entries};
use crate::package_writer::{Part, archive};
use crate::packages::{
    HIGH, OTHER_TENANT, TENANT, custom, element, group, label, list, package, parts, property,
};
use crate::support::{SETTINGS, knowledge, live, reading, remove_label, restore, set_label};

/// How an archive is written.
#[derive(Debug, Clone)]
struct Form {
    stored: u32,
    zip64: u32,
    extra: u32,
    is_streamed: bool,
    rotation: usize,
    comment: usize,
    /// Bytes between the local header of the last entry and what precedes it.
    folders: bool,
    others: Vec<Vec<u8>>,
}

fn form() -> impl Strategy<Value = Form> {
    let bits = (any::<u32>(), any::<u32>(), any::<u32>());
    let others = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..6);
    (
        bits,
        any::<bool>(),
        0usize..8,
        prop::sample::select(vec![0usize, 9, 3_000]),
        any::<bool>(),
        others,
    )
        .prop_map(
            |((stored, zip64, extra), is_streamed, rotation, comment, folders, others)| Form {
                stored,
                zip64,
                extra,
                is_streamed,
                rotation,
                comment,
                folders,
                others,
            },
        )
}

/// The label metadata of a file.
#[derive(Debug, Clone)]
struct Metadata {
    custom: Option<Vec<bool>>,
    list: Option<Vec<bool>>,
    is_strict: bool,
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let rows = || prop::option::of(prop::collection::vec(any::<bool>(), 0..3));
    (rows(), rows(), any::<bool>()).prop_map(|(custom, list, is_strict)| Metadata {
        custom,
        list,
        is_strict,
    })
}

/// Rows of the tenant's (`true`), and of others.
fn document(metadata: &Metadata) -> Vec<Part> {
    let custom = metadata.custom.as_ref().map(|rows| {
        let rows = (2..).step_by(3).zip(rows).map(|(pid, is_own)| {
            let tenant = if *is_own { TENANT } else { OTHER_TENANT };
            let id = uuid::Uuid::from_u128(HIGH.as_u128() + pid as u128);
            property(pid, &format!("P{pid}"), "v") + &group(pid + 1, tenant, id)
        });
        custom(&rows.collect::<String>())
    });
    let list = metadata.list.as_ref().map(|rows| {
        let mut ids = 0x9000_u128..;
        let rows = rows.iter().map(|is_own| {
            let number = ids.next().unwrap_or_default();
            let tenant = if *is_own {
                TENANT
            } else {
                uuid::Uuid::from_u128(number)
            };
            element(tenant, uuid::Uuid::from_u128(number))
        });
        list(&rows.collect::<String>())
    });
    parts(custom.as_deref(), list.as_deref(), metadata.is_strict)
}

fn write_archive(parts: &[Part], form: &Form) -> Vec<u8> {
    let mut parts = parts.to_vec();
    for (number, bytes) in form.others.iter().enumerate() {
        parts.push(Part {
            name: format!("media/{number}.bin"),
            bytes: bytes.clone(),
            is_stored: false,
            is_zip64: false,
        });
    }
    let length = parts.len();
    parts.rotate_left(form.rotation % length);
    let comment = "c".repeat(form.comment);
    if form.is_streamed {
        let mut writer = ZipWriter::new_stream(Vec::new());
        put(&mut writer, &parts, form);
        writer.set_comment(comment).unwrap();
        return writer.finish().unwrap().into_inner();
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    put(&mut writer, &parts, form);
    writer.set_comment(comment).unwrap();
    writer.finish().unwrap().into_inner()
}

fn put<W: Write + std::io::Seek>(writer: &mut ZipWriter<W>, parts: &[Part], form: &Form) {
    for (index, part) in parts.iter().enumerate() {
        let has = |bits: u32| bits >> (index % 32) & 1 == 1;
        let method = match has(form.stored) {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        };
        let date = DateTime::from_date_and_time(2026, 3, 1 + index as u8 % 20, 4, 5, 6).unwrap();
        let mut options: FileOptions<'_, '_, ExtendedFileOptions> = FileOptions::default()
            .compression_method(method)
            .large_file(has(form.zip64))
            .last_modified_time(date)
            .unix_permissions(0o640);
        if has(form.extra) {
            // A time stamp, in both headers and in the record alone.
            let time = [1, 0, 0, 0, 0];
            let record_only = index % 2 == 1;
            options.add_extra_field(0x5455, time, record_only).unwrap();
        }
        if form.folders && index == 1 {
            let folder: FileOptions<'_, '_, ()> = FileOptions::default();
            writer.add_directory("docProps/", folder).unwrap();
        }
        writer.start_file(&part.name, options).unwrap();
        writer.write_all(&part.bytes).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn labels_come_and_go_and_nothing_else_changes(
        metadata in metadata(),
        form in form(),
        setting in prop::sample::select(SETTINGS.to_vec()),
    ) {
        let file = write_archive(&document(&metadata), &form);
        let known = knowledge(TENANT, setting);
        let options = WriteOptions::new(&known);
        let before = reading(&file, &known);

        let set = set_label(&file, &label(), &options).unwrap();
        prop_assert_eq!(differences(&file, &set.bytes), Vec::<String>::new());
        let after = reading(&set.bytes, &known);
        prop_assert_eq!(live(&after, TENANT).len(), 1);
        prop_assert!(live(&after, TENANT)[0].effective);
        prop_assert!(set_label(&set.bytes, &label(), &options).unwrap().unchanged);

        let back = restore(&set.bytes, &set.undo.unwrap(), &options).unwrap();
        prop_assert_eq!(differences(&file, &back.bytes), Vec::<String>::new());
        prop_assert_eq!(contents(&back.bytes), contents(&file));
        prop_assert_eq!(reading(&back.bytes, &known).labels, before.labels.clone());

        let removed = remove_label(&set.bytes, TENANT, &options).unwrap();
        prop_assert_eq!(differences(&file, &removed.bytes), Vec::<String>::new());
        prop_assert_eq!(live(&reading(&removed.bytes, &known), TENANT).len(), 0);
        let has_own = |rows: &Option<Vec<bool>>| rows.iter().flatten().any(|is_own| *is_own);
        let is_unlabelled = !has_own(&metadata.custom) && !has_own(&metadata.list);
        if is_unlabelled && setting != Coauthoring::On {
            prop_assert_eq!(contents(&removed.bytes), contents(&file));
        }
        let back = restore(&removed.bytes, &removed.undo.unwrap(), &options).unwrap();
        prop_assert_eq!(contents(&back.bytes), contents(&set.bytes));
    }
}

/// Puts a ZIP64 record and its locator before the end record, and says there that all numbers are in
/// it.
fn with_zip64_record(file: &[u8], sentinels: bool) -> Vec<u8> {
    let at = file.len() - 22;
    let (body, end) = file.split_at(at);
    let number = |at: usize, length: usize| {
        let bytes = end[at..at + length].iter().rev();
        bytes.fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let (count, size, offset) = (number(10, 2), number(12, 4), number(16, 4));
    let mut out = body.to_vec();
    out.extend(b"PK\x06\x06");
    // The record may carry data of its own behind its numbers.
    out.extend(48u64.to_le_bytes());
    out.extend([45, 0, 45, 0]);
    out.extend([0; 8]);
    for number in [count, count, size, offset] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"DATA");
    out.extend(b"PK\x06\x07");
    out.extend(0u32.to_le_bytes());
    out.extend((at as u64).to_le_bytes());
    out.extend(1u32.to_le_bytes());
    let mut end = end.to_vec();
    if sentinels {
        end[8..20].fill(0xFF);
    }
    out.extend(end);
    out
}

#[test]
fn zip64_records_stay_true() {
    let known = knowledge(TENANT, Coauthoring::Unknown);
    let plain = package(Some(&custom("")), None);
    for sentinels in [false, true] {
        let file = with_zip64_record(&plain, sentinels);
        let written = set_label(&file, &label(), &WriteOptions::new(&known)).unwrap();
        assert_eq!(differences(&file, &written.bytes), Vec::<String>::new());
        assert_eq!(live(&reading(&written.bytes, &known), TENANT).len(), 1);
        let end = &written.bytes[written.bytes.len() - 22..];
        assert_eq!(end[8..12] == [0xFF; 4], sentinels);
        assert!(written.bytes.windows(4).any(|window| window == b"DATA"));
        let back = restore(
            &written.bytes,
            &written.undo.unwrap(),
            &WriteOptions::new(&known),
        );
        assert_eq!(contents(&back.unwrap().bytes), contents(&plain));
    }
}

#[test]
fn offsets_in_the_zip64_field_of_a_record_stay_true() {
    // One entry's record says its offset, and nothing else, in 64 bits.
    let plain = package(None, None);
    let directory = u32::from_le_bytes(plain[plain.len() - 6..][..4].try_into().unwrap()) as usize;
    let name = u16::from_le_bytes([plain[directory + 28], plain[directory + 29]]);
    let extra_at = directory + 46 + usize::from(name);
    let mut file = plain.clone();
    let offset = u64::from(u32::from_le_bytes(
        plain[directory + 42..][..4].try_into().unwrap(),
    ));
    let mut field = vec![0x55, 0x54, 1, 0, 7, 1, 0, 8, 0];
    field.extend(offset.to_le_bytes());
    file[directory + 42..directory + 46].fill(0xFF);
    file[directory + 30] = field.len() as u8;
    file.splice(extra_at..extra_at, field.iter().copied());
    let size_at = file.len() - 10;
    let size = u32::from_le_bytes(file[size_at..size_at + 4].try_into().unwrap());
    file[size_at..size_at + 4].copy_from_slice(&(size + field.len() as u32).to_le_bytes());

    let known = knowledge(TENANT, Coauthoring::Unknown);
    let written = set_label(&file, &label(), &WriteOptions::new(&known)).unwrap();
    assert_eq!(differences(&file, &written.bytes), Vec::<String>::new());
    let removed = remove_label(&written.bytes, TENANT, &WriteOptions::new(&known)).unwrap();
    assert_eq!(contents(&removed.bytes), contents(&plain));
}

#[test]
fn bytes_that_are_not_the_archives_are_not_kept_silently() {
    let known = knowledge(TENANT, Coauthoring::Unknown);
    let file = package(None, None);
    let check = |file: &[u8]| {
        let refusal = set_label(file, &label(), &WriteOptions::new(&known)).unwrap_err();
        assert_eq!(refusal.code(), "file.corrupt", "{refusal}");
    };
    check(&[b"junk".as_slice(), &file].concat());
    check(&[file.as_slice(), b"junk"].concat());
    // A directory that is signed, and an archive of several volumes.
    let at = file.len() - 22;
    let mut signed = file.clone();
    signed.splice(at..at, *b"PK\x05\x05\0\0");
    let size = u32::from_le_bytes(file[at + 12..at + 16].try_into().unwrap()) + 6;
    signed[at + 6 + 12..at + 6 + 16].copy_from_slice(&size.to_le_bytes());
    check(&signed);
    let mut volume = file.clone();
    volume[at + 4] = 1;
    check(&volume);
}

#[test]
fn new_parts_look_like_those_of_office() {
    let known = knowledge(TENANT, Coauthoring::Unknown);
    let check = |parts: &[Part], method: &str| {
        let file = archive(parts);
        let written = set_label(&file, &label(), &WriteOptions::new(&known)).unwrap();
        let (entries, _) = entries(&written.bytes);
        let last = entries.last().unwrap();
        assert_eq!(last.name, b"docProps/custom.xml");
        let found = (last.method.as_str(), last.modified.as_str());
        let date = format!("{:?}", Some(DateTime::default()));
        assert_eq!(found, (method, date.as_str()));
    };
    let mut parts = parts(None, None, false);
    check(&parts, "Deflated");
    // In an archive that compresses nothing a new part is stored, too.
    parts.iter_mut().for_each(|part| part.is_stored = true);
    check(&parts, "Stored");
}

#[test]
fn the_size_is_checked_before_and_after() {
    let known = knowledge(TENANT, Coauthoring::Unknown);
    let file = package(None, None);
    let size = file.len() as u64;
    let outcome = |limit| {
        let options = WriteOptions {
            size_limit: limit,
            ..WriteOptions::new(&known)
        };
        set_label(&file, &label(), &options)
    };
    let too_large = |size, limit| Err(WriteRefusal::TooLarge { size, limit });
    assert_eq!(outcome(size - 1), too_large(size, size - 1));
    let written = outcome(size + 8_000).unwrap();
    let grown = written.bytes.len() as u64;
    assert_eq!(outcome(size), too_large(grown, size));
    assert_eq!(outcome(grown), Ok(written));
}
