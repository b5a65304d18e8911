//! Labels of a package (reference/label-formats.md §2.5): which places they go to, and what has to
//! change beside them.

mod custom_properties;
mod kind;
mod label_list;
mod registration;
mod signatures;

use std::borrow::Cow;

use custom_properties::Properties;
use kind::PartKind;
use label_list::LabelList;
use registration::{ContentTypes, Relationships};

use super::relationships::PackageRelationships;
use super::{CONTENT_TYPES, RELATIONSHIPS};
use crate::input::{Input, Parsed};
use crate::labels::Coauthoring;
use crate::reading::Place;
use crate::refusal::Refusal;
use crate::write::{
    Base64, Digest256, LabelPart, Made, PartStep, PartUndo, Steps, Task, Undo, Wish, WriteRefusal,
    reverted,
};
use crate::xml::Edited;
use crate::zip::{self, Archive, Changes, PartName};

/// A part of the package that may be changed.
struct Part<'a> {
    /// As the directory has it.
    name: String,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Part<'a> {
    fn find(archive: &Archive<'_, 'a>, name: &PartName) -> Parsed<Option<Self>> {
        let Some(entry) = archive.find(name) else {
            return Ok(None);
        };
        let name = std::str::from_utf8(archive.name(entry))
            .map_err(|_| Refusal::corrupt("the name of a part is not text"))?;
        Ok(Some(Self {
            name: name.to_owned(),
            bytes: archive.read(entry)?,
        }))
    }

    fn known(archive: &Archive<'_, 'a>, name: &str) -> Parsed<Self> {
        let found = Self::find(archive, &PartName::resolve(b"", name))?;
        Ok(found.ok_or_else(|| Refusal::corrupt("a part is missing that every package has"))?)
    }
}

/// The parts that matter for labels.
struct Package<'i, 'a> {
    archive: Archive<'i, 'a>,
    relationships: PackageRelationships,
    content_types_part: Part<'a>,
    relationships_part: Part<'a>,
    custom: Option<Part<'a>>,
    label_info: Option<Part<'a>>,
}

impl<'i, 'a> Package<'i, 'a> {
    fn open(input: &'i Input<'a>) -> Parsed<Self> {
        let archive = Archive::open(input)?;
        if archive.names().any(|name| name.contains(&b'\\')) {
            return Err(Refusal::corrupt("names of its parts have backslashes").into());
        }
        if archive.has_encrypted_entry() {
            return Err(Refusal::Password("its archive is encrypted").into());
        }
        let relationships_part = Part::known(&archive, RELATIONSHIPS)?;
        let relationships = PackageRelationships::read(input, &relationships_part.bytes)?;
        let named = |name: &Option<PartName>| match name {
            Some(name) => Part::find(&archive, name),
            None => Ok(None),
        };
        Ok(Self {
            content_types_part: Part::known(&archive, CONTENT_TYPES)?,
            custom: named(&relationships.custom_properties)?,
            label_info: named(&relationships.label_info)?,
            relationships_part,
            relationships,
            archive,
        })
    }

    fn part(&self, kind: PartKind) -> Option<&Part<'a>> {
        match kind {
            PartKind::Custom { .. } => self.custom.as_ref(),
            PartKind::LabelInfo => self.label_info.as_ref(),
        }
    }

    fn custom_kind(&self) -> PartKind {
        PartKind::Custom {
            strict: self.relationships.is_strict,
        }
    }
}

/// What is to become of the part of a kind.
enum Step {
    Change(Edited),
    Create(Vec<u8>),
    /// This writer made the part for a label, and it holds nothing any more.
    Drop,
}

/// Does what is wanted; `None` where the file is that way already.
pub(crate) fn apply(task: &Task<'_>) -> Result<Option<Made>, WriteRefusal> {
    let package = Package::open(task.input)?;
    let steps = match task.wish {
        Wish::Set(_) => steps_to_set(task, &package)?,
        Wish::Remove(_) => steps_to_remove(task, &package)?,
    };
    if steps.is_empty() {
        return Ok(None);
    }
    let names = steps.iter().map(|(kind, _)| name_of(&package, *kind));
    let names: Vec<String> = names.collect::<Parsed<_>>()?;
    if task.is_signed {
        signatures::refuse_covered(&package, &names)?;
    }
    make(task, &package, steps, &names).map(Some)
}

fn name_of(package: &Package<'_, '_>, kind: PartKind) -> Parsed<String> {
    if let Some(part) = package.part(kind) {
        return Ok(part.name.clone());
    }
    let types = ContentTypes::open(package.archive.input(), &package.content_types_part.bytes)?;
    let is_free = |name: &String| {
        let part = PartName::resolve(b"", name);
        package.archive.find(&part).is_none() && !types.name(&part)
    };
    let mut names = kind.names();
    let free = names.find(is_free);
    Ok(free.ok_or_else(|| Refusal::corrupt("all usual names of a label part are taken"))?)
}

/// §2.5: the label list where the tenant uses it or the file has an element of the tenant's; custom
/// properties otherwise, where they alone count, and where they would contradict the list.
fn steps_to_set(
    task: &Task<'_>,
    package: &Package<'_, '_>,
) -> Result<Vec<(PartKind, Step)>, WriteRefusal> {
    let Wish::Set(fields) = task.wish else {
        return Ok(Vec::new());
    };
    let known = &task.options.known.coauthoring;
    let coauthoring = known.get(&task.site_id()).copied().unwrap_or_default();
    let (list_kind, custom_kind) = (PartKind::LabelInfo, package.custom_kind());
    let list_bytes = bytes_or_empty(package, list_kind);
    let custom_bytes = bytes_or_empty(package, custom_kind);
    let list = LabelList::open(task.input, &list_bytes)?;
    let custom = Properties::open(task.input, &custom_bytes)?;

    let in_list = coauthoring == Coauthoring::On || list.has(task.site_id());
    let in_custom = !in_list || coauthoring == Coauthoring::Off || custom.has_own(task);
    let is_said = (!in_list || list.says(fields)) && (!in_custom || custom.says(task, fields));
    let mut steps = Vec::new();
    if is_said {
        return Ok(steps);
    }
    if in_custom {
        let edited = custom.set(task, fields)?;
        steps.push((
            custom_kind,
            changed_or_created(package, custom_kind, edited),
        ));
    }
    if in_list {
        let edited = list.set(fields)?;
        steps.push((list_kind, changed_or_created(package, list_kind, edited)));
    }
    Ok(steps)
}

fn bytes_or_empty<'p>(package: &'p Package<'_, '_>, kind: PartKind) -> Cow<'p, [u8]> {
    match package.part(kind) {
        Some(part) => Cow::Borrowed(&part.bytes),
        None => Cow::Owned(kind.empty().into_bytes()),
    }
}

fn changed_or_created(package: &Package<'_, '_>, kind: PartKind, edited: Edited) -> Step {
    match package.part(kind) {
        Some(_) => Step::Change(edited),
        None => Step::Create(edited.bytes),
    }
}

/// An element of the label list becomes one that says "removed"; custom properties are taken out, as
/// readers that know nothing else would go on showing the label.
fn steps_to_remove(
    task: &Task<'_>,
    package: &Package<'_, '_>,
) -> Result<Vec<(PartKind, Step)>, WriteRefusal> {
    let mut steps = Vec::new();
    let custom_kind = package.custom_kind();
    if let Some(part) = &package.custom {
        let custom = Properties::open(task.input, &part.bytes)?;
        if let Some(edited) = custom.remove(task)? {
            let is_needless = edited.bytes == custom_kind.empty().as_bytes()
                && is_registered_by_us(package, custom_kind, &part.name)?;
            steps.push(match is_needless {
                true => (custom_kind, Step::Drop),
                false => (custom_kind, Step::Change(edited)),
            });
        }
    }
    if let Some(part) = &package.label_info {
        let list = LabelList::open(task.input, &part.bytes)?;
        let edited = list.remove(task.site_id())?;
        steps.extend(edited.map(|edited| (PartKind::LabelInfo, Step::Change(edited))));
    }
    Ok(steps)
}

fn is_registered_by_us(package: &Package<'_, '_>, kind: PartKind, name: &str) -> Parsed<bool> {
    let input = package.archive.input();
    let types = ContentTypes::open(input, &package.content_types_part.bytes)?;
    let relationships = Relationships::open(input, &package.relationships_part.bytes)?;
    Ok(types.row(kind, name).is_some() && relationships.row(kind, name).is_some())
}

/// Carries the steps out; what they need in content types and relationships comes with them.
fn make(
    task: &Task<'_>,
    package: &Package<'_, '_>,
    steps: Vec<(PartKind, Step)>,
    names: &[String],
) -> Result<Made, WriteRefusal> {
    let mut made = Making::default();
    let (mut new, mut dropped) = (Vec::new(), Vec::new());
    let mut label_parts = Vec::new();
    for kind in [package.custom_kind(), PartKind::LabelInfo] {
        let step = steps.iter().zip(names).find(|((of, _), _)| *of == kind);
        let content = match step {
            Some(((_, Step::Change(edited)), _)) => Some(&edited.bytes[..]),
            Some(((_, Step::Create(content)), _)) => Some(&content[..]),
            Some(((_, Step::Drop), _)) => None,
            None => package.part(kind).map(|part| &*part.bytes),
        };
        label_parts.extend(content.map(|content| label_part(kind.place(), content)));
    }
    for ((kind, step), name) in steps.into_iter().zip(names) {
        match step {
            Step::Change(edited) => made.change(name, &bytes_or_empty(package, kind), edited),
            Step::Create(content) => {
                new.push((kind, name.as_str()));
                made.create(name, content);
            }
            Step::Drop => {
                dropped.push((kind, name.as_str()));
                made.remove(name, &bytes_or_empty(package, kind));
            }
        }
    }
    let (types, relationships) = (&package.content_types_part, &package.relationships_part);
    if !new.is_empty() || !dropped.is_empty() {
        let edited = ContentTypes::open(task.input, &types.bytes)?.edited(&new, &dropped)?;
        made.change(&types.name, &types.bytes, edited);
        let edited =
            Relationships::open(task.input, &relationships.bytes)?.edited(&new, &dropped)?;
        made.change(&relationships.name, &relationships.bytes, edited);
    }
    Ok(Made {
        content: zip::rewrite(&package.archive, task.file, &made.changes)?,
        label_parts,
        touched: made.touched(),
        undo: Some(Undo(Steps::Package(made.undo))),
        notes: Vec::new(),
    })
}

fn label_part(place: Place, content: &[u8]) -> LabelPart {
    LabelPart {
        place,
        sha256: Digest256::of(content).0,
    }
}

/// Changes of an archive and the way back.
#[derive(Default)]
struct Making {
    changes: Changes,
    undo: Vec<PartUndo>,
}

impl Making {
    fn note(&mut self, name: &str, undo: PartStep) {
        let name = name.to_owned();
        self.undo.push(PartUndo { name, undo });
    }

    fn change(&mut self, name: &str, before: &[u8], edited: Edited) {
        self.note(name, PartStep::revert(before, &edited));
        self.changes
            .replaced
            .push((name.as_bytes().to_vec(), edited.bytes));
    }

    fn create(&mut self, name: &str, content: Vec<u8>) {
        let left = Digest256::of(&content);
        self.note(name, PartStep::Remove { left });
        self.changes.added.push((name.to_owned(), content));
    }

    fn remove(&mut self, name: &str, content: &[u8]) {
        let content = Base64(content.to_vec());
        self.note(name, PartStep::Add { content });
        self.changes.removed.push(name.as_bytes().to_vec());
    }

    fn touched(&self) -> Vec<Vec<u8>> {
        let names = self.undo.iter().map(|part| part.name.as_bytes().to_vec());
        names.collect()
    }
}

/// Gives the parts back what they had.
pub(crate) fn restore(
    input: &Input<'_>,
    file: &[u8],
    parts: &[PartUndo],
) -> Result<Made, WriteRefusal> {
    let package = Package::open(input)?;
    let mut changes = Changes::default();
    for PartUndo { name, undo } in parts {
        let part = Part::find(&package.archive, &PartName::resolve(b"", name))?;
        let as_left = |left: &Digest256| {
            let part = part.as_ref();
            let part = part.filter(|part| Digest256::of(&part.bytes) == *left);
            part.ok_or(WriteRefusal::NotAsLeft)
        };
        match undo {
            PartStep::Revert {
                edits,
                left,
                before,
            } => {
                let part = as_left(left)?;
                let content = reverted(&part.bytes, edits)
                    .filter(|content| Digest256::of(content) == *before)
                    .ok_or(WriteRefusal::NotAsLeft)?;
                let name = part.name.as_bytes().to_vec();
                changes.replaced.push((name, content));
            }
            PartStep::Remove { left } => {
                let name = as_left(left)?.name.as_bytes().to_vec();
                changes.removed.push(name);
            }
            PartStep::Add { .. } if part.is_some() => return Err(WriteRefusal::NotAsLeft),
            PartStep::Add { content } => {
                changes.added.push((name.clone(), content.0.clone()));
            }
        }
    }
    let content = zip::rewrite(&package.archive, file, &changes)?;
    let restored = content.source(file);
    let restored = Input::new(&restored, *input.limits());
    let label_parts = label_parts(&Archive::open(&restored)?)?;
    let touched = parts.iter().map(|part| part.name.as_bytes().to_vec());
    Ok(Made {
        label_parts,
        touched: touched.collect(),
        undo: None,
        notes: Vec::new(),
        content,
    })
}

/// The parts of a package that carry labels.
pub(crate) fn label_parts(archive: &Archive<'_, '_>) -> Parsed<Vec<LabelPart>> {
    let rows = Part::known(archive, RELATIONSHIPS)?;
    let relationships = PackageRelationships::read(archive.input(), &rows.bytes)?;
    let mut parts = Vec::new();
    for (place, name) in [
        (Place::Custom, &relationships.custom_properties),
        (Place::LabelInfo, &relationships.label_info),
    ] {
        if let Some(name) = name
            && let Some(part) = Part::find(archive, name)?
        {
            parts.push(label_part(place, &part.bytes));
        }
    }
    Ok(parts)
}
