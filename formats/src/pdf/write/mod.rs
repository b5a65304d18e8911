//! Labels of a PDF (reference/label-formats.md §5.5, §5.7): one more revision behind the file, or the
//! last one taken back.

mod content;
mod packet;
mod revision;

use uuid::Uuid;

use content::{Content, Info};
use packet::Packet;
use revision::Revision;

use crate::input::{Input, Parsed};
use crate::pdf::object::ObjectId;
use crate::pdf::parser::SourceDictionary;
use crate::pdf::text_string;
use crate::reading::{LabelGroup, Place};
use crate::write::{
    Content as FileContent, Digest256, Fields, LabelPart, Made, Note, Steps, Task, Undo, Wish,
    WriteOptions, WriteRefusal,
};

/// Entries of a stream's dictionary that say how its data is written.
const ENTRIES_OF_DATA: [&[u8]; 7] = [
    b"Length",
    b"Filter",
    b"DecodeParms",
    b"F",
    b"FFilter",
    b"FDecodeParms",
    b"DL",
];

/// Does what is wanted; `None` where the file is that way already.
pub(crate) fn apply(task: &Task<'_>) -> Result<Option<Made>, WriteRefusal> {
    let mut content = Content::open(task.input)?;
    if matches!(task.wish, Wish::Remove(_))
        && let Some(made) = taken_back(task, &mut content)?
    {
        return Ok(Some(made));
    }
    appended(task, &content)
}

/// Appends a revision.
fn appended(task: &Task<'_>, content: &Content<'_, '_>) -> Result<Option<Made>, WriteRefusal> {
    let metadata = content.metadata.as_ref();
    let bytes = metadata.map_or(packet::EMPTY.as_bytes(), |found| &found.packet);
    let packet = Packet::open(task.input, bytes)?;
    let info = content.info.as_ref();
    let plan = Plan::new(task, info, &packet, metadata.is_some())?;
    if !plan.changes_info && !plan.changes_xmp {
        return Ok(None);
    }
    let mut changes = Changes {
        revision: Revision::after(task.file, content.ending.base, bytes.len()),
        free_number: content.ending.free_number,
    };
    let mut label_parts = Vec::new();
    let mut new_info = None;
    if plan.changes_info {
        let body = plan.info_body(info);
        label_parts.push(label_part(Place::PdfInfo, &body));
        new_info = changes.info(info, &body);
    } else {
        label_parts.extend(info.map(|info| label_part(Place::PdfInfo, &info.source.bytes)));
    }
    if plan.changes_xmp {
        let [_, of_xmp] = &plan.dropped;
        let edited = packet.edited(of_xmp, plan.xmp_fields())?.bytes;
        label_parts.push(label_part(Place::PdfXmp, &edited));
        changes.packet(content, &edited);
    } else {
        label_parts.extend(metadata.map(|old| label_part(Place::PdfXmp, &old.packet)));
    }
    let Changes {
        revision,
        free_number,
    } = changes;
    let revision = revision.finish(&content.ending, new_info, free_number)?;
    let length = task.file.len() as u64;
    let sha256 = Digest256::of(&revision);
    let mut whole = FileContent::original(task.file.len());
    whole.push(revision);
    Ok(Some(Made {
        content: whole,
        label_parts,
        undo: Some(Undo(Steps::CutPdf { length, sha256 })),
        notes: plan.notes,
        touched: Vec::new(),
    }))
}

/// The objects of a revision.
struct Changes {
    revision: Revision,
    /// A number that no object has, nor any above it.
    free_number: u32,
}

impl Changes {
    fn new_id(&mut self) -> ObjectId {
        let number = self.free_number;
        self.free_number += 1;
        ObjectId {
            number,
            generation: 0,
        }
    }

    /// Writes the information dictionary, under its old number if it has one; gives a new one.
    fn info(&mut self, old: Option<&Info>, body: &[u8]) -> Option<ObjectId> {
        let id = old.and_then(|old| old.id);
        let new = id.is_none().then(|| self.new_id());
        if let Some(id) = id.or(new) {
            self.revision.object(id, body);
        }
        new
    }

    /// Writes the packet, uncompressed; where there was none, with a catalog that names it.
    fn packet(&mut self, content: &Content<'_, '_>, packet: &[u8]) {
        let length = format!("/Length {}", packet.len());
        if let Some(old) = &content.metadata {
            let is_of_data = |key: &[u8]| ENTRIES_OF_DATA.contains(&key);
            let dictionary = old.dictionary.edited(is_of_data, length.as_bytes());
            self.revision.stream(old.id, &dictionary, packet);
            return;
        }
        let id = self.new_id();
        let dictionary = format!("<</Type /Metadata /Subtype /XML {length}>>");
        self.revision.stream(id, dictionary.as_bytes(), packet);
        let entry = format!("\n/Metadata {} 0 R\n", id.number);
        let is_metadata = |key: &[u8]| key == b"Metadata";
        let catalog = content.catalog.edited(is_metadata, entry.as_bytes());
        self.revision.object(content.root, &catalog);
    }
}

/// Where the label goes, and which labels go.
struct Plan<'t> {
    fields: Option<&'t Fields>,
    /// Labels of the tenant in the information dictionary, and in the packet.
    dropped: [Vec<Uuid>; 2],
    in_info: bool,
    in_xmp: bool,
    changes_info: bool,
    changes_xmp: bool,
    notes: Vec<Note>,
}

impl<'t> Plan<'t> {
    fn new<'p>(
        task: &Task<'t>,
        info: Option<&'p Info>,
        packet: &'p Packet<'_>,
        has_packet: bool,
    ) -> Result<Self, WriteRefusal> {
        let fields = match task.wish {
            Wish::Set(fields) => Some(fields),
            Wish::Remove(_) => None,
        };
        let of_info = info.map(|info| &*info.groups).unwrap_or_default();
        let of_xmp = &packet.groups;
        // What one place leaves open the other may say.
        let own = |groups: &'p [LabelGroup], others: &[LabelGroup]| -> Vec<&'p LabelGroup> {
            let owned_there = |id| {
                others
                    .iter()
                    .any(|other| other.id == id && task.owns_group(other))
            };
            let is_own = |group: &&LabelGroup| {
                task.owns_group(group) || (group.site_id.is_none() && owned_there(group.id))
            };
            groups.iter().filter(is_own).collect()
        };
        let (own_info, own_xmp) = (own(of_info, of_xmp), own(of_xmp, of_info));
        if let Some(fields) = fields
            && of_info
                .iter()
                .chain(of_xmp)
                .any(|group| group.id == fields.label_id && !task.owns_group(group))
        {
            return Err(WriteRefusal::ForeignLabel(fields.label_id));
        }
        // A file that says it is PDF/A is kept what it says (§5.7).
        let in_info = fields.is_some() && packet.pdfa != Some(4);
        let in_xmp = fields.is_some() && !matches!(packet.pdfa, Some(1..=3));
        let stands = |own: &[&LabelGroup], wanted: bool| match (own, fields, wanted) {
            ([group], Some(fields), true) => fields.are_said_by(group),
            ([], _, false) => true,
            _ => false,
        };
        let is_done = stands(&own_info, in_info) && stands(&own_xmp, in_xmp);
        let mut notes = Vec::new();
        if fields.is_some() && !in_xmp {
            notes.push(Note::XmpLeftOut);
        }
        if fields.is_some() && !in_info {
            notes.push(Note::InfoLeftOut);
        }
        let ids = |own: &[&LabelGroup]| own.iter().map(|group| group.id).collect();
        Ok(Self {
            fields,
            dropped: [ids(&own_info), ids(&own_xmp)],
            in_info,
            in_xmp,
            changes_info: !is_done && (in_info || !own_info.is_empty()),
            changes_xmp: !is_done && (in_xmp || (has_packet && !own_xmp.is_empty())),
            notes,
        })
    }

    fn xmp_fields(&self) -> Option<&'t Fields> {
        self.fields.filter(|_| self.in_xmp)
    }

    /// The information dictionary with the label; all other entries as they are written.
    fn info_body(&self, info: Option<&Info>) -> Vec<u8> {
        let mut entries = Vec::new();
        if let Some(fields) = self.fields.filter(|_| self.in_info) {
            for (name, value) in fields.properties() {
                entries.extend(format!("\n/{name} ").into_bytes());
                entries.extend(text_string::encode(&value));
            }
            entries.push(b'\n');
        }
        let [of_info, _] = &self.dropped;
        let is_dropped = |key: &[u8]| {
            let name = std::str::from_utf8(key).ok();
            let label = name.and_then(crate::msip::split_name);
            label.is_some_and(|(id, _)| of_info.contains(&id))
        };
        let empty = SourceDictionary::empty();
        let source = info.map_or(&empty, |info| &info.source);
        source.edited(is_dropped, &entries)
    }
}

/// Takes the last revision back if it is, byte for byte, one that set a label on a file without.
///
/// That nothing else is taken back is sure because the same revision is made again and compared.
fn taken_back(
    task: &Task<'_>,
    content: &mut Content<'_, '_>,
) -> Result<Option<Made>, WriteRefusal> {
    let Some(label) = own_label(task, content) else {
        return Ok(None);
    };
    let places = content.document.newest_places()?.unwrap_or_default();
    let first = places.into_iter().min();
    let Some(start) = first.and_then(|first| usize::try_from(first).ok()) else {
        return Ok(None);
    };
    // An end of line may have been put before the revision.
    for length in [start, start.saturating_sub(1)] {
        let Some(prefix) = task.file.get(..length) else {
            continue;
        };
        if is_unlabelled(task, prefix) && is_revision_of(task, prefix, &label) {
            let tail = task.file.get(length..).unwrap_or_default();
            let input = Input::new(&prefix, task.options.limits);
            return Ok(Some(Made {
                content: FileContent::original(length),
                label_parts: label_parts(&input)?,
                undo: Some(Undo(Steps::ExtendPdf {
                    length: length as u64,
                    label,
                    sha256: Digest256::of(tail),
                })),
                notes: Vec::new(),
                touched: Vec::new(),
            }));
        }
    }
    Ok(None)
}

/// The fields of the one label of the tenant.
fn own_label(task: &Task<'_>, content: &Content<'_, '_>) -> Option<Fields> {
    let info = content.info.iter().flat_map(|info| info.groups.iter());
    let label_of_info = info.clone().find(|group| task.owns_group(group));
    if let Some(group) = label_of_info {
        return Fields::of_group(group);
    }
    let metadata = content.metadata.as_ref()?;
    let packet = Packet::open(task.input, &metadata.packet).ok()?;
    let group = packet.groups.iter().find(|group| task.owns_group(group))?;
    Fields::of_group(group)
}

fn is_unlabelled(task: &Task<'_>, prefix: &[u8]) -> bool {
    task.options.read(&prefix).is_ok_and(|reading| {
        let mut labels = reading.labels.iter();
        reading.refusal.is_none() && !labels.any(|label| task.is_live_own(label))
    })
}

fn is_revision_of(task: &Task<'_>, prefix: &[u8], label: &Fields) -> bool {
    let made = set_again(prefix, label, task.options);
    made.is_ok_and(|made| made.is_some_and(|made| made.content.is(prefix, task.file)))
}

/// What setting a label on a file gives.
fn set_again(
    file: &[u8],
    label: &Fields,
    options: &WriteOptions<'_>,
) -> Result<Option<Made>, WriteRefusal> {
    let input = Input::new(&file, options.limits);
    let wish = Wish::Set(label.clone());
    let task = Task {
        file,
        input: &input,
        options,
        wish: &wish,
        is_signed: false,
    };
    appended(&task, &Content::open(&input)?)
}

/// Undoes a write.
pub(crate) fn restore(
    current: &[u8],
    steps: &Steps,
    options: &WriteOptions<'_>,
) -> Result<Made, WriteRefusal> {
    let content = match steps {
        Steps::CutPdf { length, sha256 } => {
            let parts = usize::try_from(*length).ok();
            let parts = parts.and_then(|length| current.split_at_checked(length));
            let parts = parts.filter(|(_, tail)| Digest256::of(tail) == *sha256);
            parts.map(|(kept, _)| FileContent::original(kept.len()))
        }
        Steps::ExtendPdf {
            length,
            label,
            sha256,
        } if *length == current.len() as u64 => {
            let made = set_again(current, label, options)?;
            made.map(|made| made.content).filter(|content| {
                let revision = content.slices(current).nth(1).unwrap_or_default();
                Digest256::of(revision) == *sha256
            })
        }
        _ => None,
    };
    let content = content.ok_or(WriteRefusal::NotAsLeft)?;
    let restored = content.source(current);
    let label_parts = label_parts(&Input::new(&restored, options.limits))?;
    Ok(Made {
        label_parts,
        undo: None,
        notes: Vec::new(),
        touched: Vec::new(),
        content,
    })
}

/// The information dictionary and the packet.
pub(crate) fn label_parts(input: &Input<'_>) -> Parsed<Vec<LabelPart>> {
    let content = Content::open(input)?;
    let info = content.info.as_ref();
    let info = info.map(|info| label_part(Place::PdfInfo, &info.source.bytes));
    let metadata = content.metadata.as_ref();
    let packet = metadata.map(|found| label_part(Place::PdfXmp, &found.packet));
    Ok(info.into_iter().chain(packet).collect())
}

fn label_part(place: Place, bytes: &[u8]) -> LabelPart {
    LabelPart {
        place,
        sha256: Digest256::of(bytes).0,
    }
}
