//! What another reader of archives sees.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

/// An entry as the `zip` crate sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) name: Vec<u8>,
    pub(crate) method: String,
    pub(crate) modified: String,
    crc: u32,
    size: u64,
    comment: String,
    mode: Option<u32>,
    extra: Vec<u8>,
    compressed: Vec<u8>,
}

/// The entries in the order of the directory, and the archive comment.
pub(crate) fn entries(file: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
    let comment = archive.comment().to_vec();
    let mut seen = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).unwrap();
        let start = entry.data_start().unwrap() as usize;
        seen.push(Seen {
            name: entry.name_raw().to_vec(),
            method: format!("{:?}", entry.compression()),
            modified: format!("{:?}", entry.last_modified()),
            crc: entry.crc32(),
            size: entry.size(),
            comment: entry.comment().to_owned(),
            mode: entry.unix_mode(),
            extra: entry.extra_data().unwrap_or_default().to_vec(),
            compressed: file[start..start + entry.compressed_size() as usize].to_vec(),
        });
    }
    (seen, comment)
}

/// The content of every entry, checked against its checksum.
pub(crate) fn contents(file: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut contents = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        contents.insert(entry.name_raw().to_vec(), content);
    }
    contents
}

/// The names that may change when a label is written.
fn may_change(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_lowercase();
    name == "[content_types].xml"
        || name == "_rels/.rels"
        || name.starts_with("docprops/custom")
        || name.starts_with("docmetadata/labelinfo")
}

/// Differences beyond those that a label makes, seen by another reader.
pub(crate) fn differences(old: &[u8], new: &[u8]) -> Vec<String> {
    let mut complaints = Vec::new();
    let ((old, old_comment), (new, new_comment)) = (entries(old), entries(new));
    if old_comment != new_comment {
        complaints.push("the archive comment differs".to_owned());
    }
    let kept = |seen: &[Seen]| -> Vec<Seen> {
        let kept = seen.iter().filter(|entry| !may_change(&entry.name));
        kept.cloned().collect()
    };
    if kept(&old) != kept(&new) {
        complaints.push("entries that were not to change differ".to_owned());
    }
    for (index, entry) in old.iter().enumerate() {
        if new.get(index).map(|new| &new.name) != Some(&entry.name) {
            complaints.push(format!("the order of entries differs at {index}"));
            break;
        }
    }
    complaints
}
