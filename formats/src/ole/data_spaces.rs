//! Data spaces: which transform encrypts which stream of a compound file (MS-OFFCRYPTO 2.1, 2.2).

use crate::fields::Fields;
use crate::input::{Parsed, Stop};

use super::container::CompoundFile;
use super::directory::{Children, Entry};

/// Storage of the data spaces in the root.
const STORAGE: &str = "\u{6}DataSpaces";
/// Stream of a transform that says what it is; for rights management it holds the licence.
const PRIMARY: &str = "\u{6}Primary";
/// Data spaces, transforms and references followed; real files have one or two of each.
const MOST_ENTRIES: u32 = 16;
/// Bytes read of a table; real ones have about a hundred.
const LONGEST_TABLE: u64 = 4096;
/// Longest `\x06Primary` read: a publishing licence of the longest kind and what stands before it.
const LONGEST_PRIMARY: u64 = (1 << 20) + 4096;

const WHAT: &str = "its data space information";

/// What a transform does (MS-OFFCRYPTO 2.2.6, 2.3.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transform {
    RightsManagement,
    Password,
    Other,
}

impl Transform {
    fn from_class_id(id: &str) -> Self {
        if id.eq_ignore_ascii_case("{C73DFACD-061F-43B0-8B64-0C620D2A8B50}") {
            Self::RightsManagement
        } else if id.eq_ignore_ascii_case("{FF9A3F03-56EF-4613-BDD5-5A41C1D07246}") {
            Self::Password
        } else {
            Self::Other
        }
    }
}

/// What a transform of that name usually is, for one that does not say.
fn usual_transform(name: &str) -> Transform {
    match name {
        "DRMEncryptedTransform" | "\u{9}DRMTransform" => Transform::RightsManagement,
        "StrongEncryptionTransform" => Transform::Password,
        _ => Transform::Other,
    }
}

/// The streams of the data spaces that matter.
pub(super) struct DataSpaces {
    map: Option<Entry>,
    spaces: Children,
    transforms: Vec<(String, Entry)>,
    /// The label list beside the transforms of a rights-managed document.
    pub(super) label_info: Option<Entry>,
}

impl DataSpaces {
    /// Finds the streams; none is read yet.
    pub(super) fn open(file: &CompoundFile<'_, '_>, root: &Children) -> Parsed<Option<Self>> {
        let Some(storage) = root.storage(STORAGE) else {
            return Ok(None);
        };
        let parts = file.children(storage)?;
        let children_of = |name: &str| match parts.storage(name) {
            Some(storage) => file.children(storage),
            None => Ok(Children::default()),
        };
        let spaces = children_of("DataSpaceInfo")?;
        let infos = children_of("TransformInfo")?;
        let mut transforms = Vec::new();
        for storage in infos.storages().take(MOST_ENTRIES as usize) {
            if let Some(primary) = file.children(storage)?.stream(PRIMARY) {
                transforms.push((storage.name.clone(), primary.clone()));
            }
        }
        Ok(Some(Self {
            map: parts.stream("DataSpaceMap").cloned(),
            spaces,
            transforms,
            label_info: infos.stream("LabelInfo").cloned(),
        }))
    }

    /// All streams that [`transform_of`](Self::transform_of) may need.
    pub(super) fn transform_streams(&self) -> impl Iterator<Item = &Entry> {
        let spaces = self.spaces.streams().take(MOST_ENTRIES as usize);
        let tables = self.map.iter().chain(spaces);
        let primaries = self.transforms.iter().map(|(_, primary)| primary);
        tables
            .filter(|table| table.size <= LONGEST_TABLE)
            .chain(primaries.filter(|primary| primary.size <= LONGEST_PRIMARY))
    }

    /// What encrypts the root stream `name`, and the transform's `\x06Primary` stream.
    ///
    /// Damaged tables are passed over: the usual names tell the same.
    pub(super) fn transform_of(
        &self,
        file: &mut CompoundFile<'_, '_>,
        name: &str,
    ) -> Parsed<Option<(Transform, &Entry)>> {
        let mut names = match self.transform_names(file, name) {
            Err(Stop::Refused(_)) => Vec::new(),
            names => names?,
        };
        let is_named = |names: &[String], transform: &str| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(transform))
        };
        let mut known = self.transforms.iter().map(|(name, _)| name);
        if !known.any(|known| is_named(&names, known)) {
            names.clear();
        }
        let mut found = None;
        for (transform_name, primary) in &self.transforms {
            if !names.is_empty() && !is_named(&names, transform_name) {
                continue;
            }
            let transform = match transform_kind(file, primary) {
                Err(Stop::Refused(_)) | Ok(Transform::Other) => usual_transform(transform_name),
                transform => transform?,
            };
            match transform {
                Transform::RightsManagement => return Ok(Some((transform, primary))),
                Transform::Password => found = Some((transform, primary)),
                Transform::Other => {}
            }
        }
        Ok(found)
    }

    /// Names of the transforms that the root stream `name` goes through.
    fn transform_names(&self, file: &mut CompoundFile<'_, '_>, name: &str) -> Parsed<Vec<String>> {
        let Some(map) = &self.map else {
            return Ok(Vec::new());
        };
        let map = file.read_start(map, LONGEST_TABLE)?;
        let Some(space) = data_space_of(&map, name)? else {
            return Ok(Vec::new());
        };
        let Some(space) = self.spaces.stream(&space) else {
            return Ok(Vec::new());
        };
        let space = file.read_start(space, LONGEST_TABLE)?;
        let start = Fields::new(&space, WHAT);
        let header_length = start.at(0)?.u32()?;
        let count = start.at(4)?.u32()?.min(MOST_ENTRIES);
        let mut fields = start.at(header_length)?;
        (0..count).map(|_| utf16_name(&mut fields)).collect()
    }
}

/// The data space of a root stream, from the `DataSpaceMap` stream (MS-OFFCRYPTO 2.1.6).
fn data_space_of(map: &[u8], name: &str) -> Parsed<Option<String>> {
    let start = Fields::new(map, WHAT);
    let header_length = start.at(0)?.u32()?;
    let count = start.at(4)?.u32()?.min(MOST_ENTRIES);
    let mut fields = start.at(header_length)?;
    for _ in 0..count {
        let _entry_length = fields.u32()?;
        let references = fields.u32()?.min(MOST_ENTRIES);
        let mut is_it = false;
        for _ in 0..references {
            let _kind = fields.u32()?;
            is_it |= utf16_name(&mut fields)?.eq_ignore_ascii_case(name);
        }
        let space = utf16_name(&mut fields)?;
        if is_it {
            return Ok(Some(space));
        }
    }
    Ok(None)
}

/// A length-prefixed UTF-16 string padded to four bytes (MS-OFFCRYPTO 2.1.2).
fn utf16_name(fields: &mut Fields<'_>) -> Parsed<String> {
    let length = fields.u32()?;
    let bytes = fields.take(u64::from(length))?;
    fields.align();
    Ok(encoding_rs::UTF_16LE
        .decode_without_bom_handling(bytes)
        .0
        .into_owned())
}

/// What the transform with this `\x06Primary` stream does (MS-OFFCRYPTO 2.1.8).
fn transform_kind(file: &mut CompoundFile<'_, '_>, primary: &Entry) -> Parsed<Transform> {
    let head = file.read_start(primary, 128)?;
    let mut fields = Fields::new(&head, WHAT).at(8)?;
    Ok(Transform::from_class_id(&utf16_name(&mut fields)?))
}

/// The publishing licence in a `\x06Primary` stream (MS-OFFCRYPTO 2.2.6), or everything from what
/// looks like its beginning where the lengths before it are wrong.
pub(super) fn licence_text(primary: &[u8]) -> Option<&[u8]> {
    match stated_licence(primary) {
        Ok(licence) if starts_licence(licence) => Some(licence),
        _ => {
            let start = [&b"<?xml"[..], b"<XrML"]
                .iter()
                .filter_map(|start| memchr::memmem::find(primary, start))
                .min()?;
            primary.get(start..)
        }
    }
}

fn stated_licence(primary: &[u8]) -> Parsed<&[u8]> {
    let start = Fields::new(primary, WHAT);
    let header_length = start.at(0)?.u32()?;
    let mut fields = start.at(header_length)?;
    let _transform_name = utf16_name(&mut fields)?;
    let _versions: [u8; 12] = fields.array()?;
    // The length of the extensibility header counts its own four bytes.
    let extensibility = fields.u32()?;
    fields.take(u64::from(extensibility).saturating_sub(4))?;
    let length = fields.u32()?;
    fields.take(u64::from(length))
}

/// Whether text begins as XML does, in UTF-8 or UTF-16, with or without byte order mark.
fn starts_licence(text: &[u8]) -> bool {
    matches!(
        text,
        [b'<', ..]
            | [0xEF, 0xBB, 0xBF, b'<', ..]
            | [0xFF, 0xFE, b'<', ..]
            | [0xFE, 0xFF, 0, b'<', ..]
    )
}
