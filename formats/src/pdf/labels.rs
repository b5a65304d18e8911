//! Labels of the information dictionary and of the XMP packet (reference/label-formats.md §5.1).

use crate::input::{Parsed, Stop};
use crate::msip::{Collector, split_name};
use crate::pdf::document::{Document, Fetched};
use crate::pdf::object::Object;
use crate::pdf::{text_string, xmp};
use crate::reading::{Findings, Place, Warning};
use crate::refusal::Refusal;

/// The two places that carry a label.
pub(super) struct Places {
    pub(super) info: Option<Fetched>,
    pub(super) metadata: Option<Fetched>,
}

impl Places {
    /// The object written last says what counts; places of one revision are equals.
    fn precedence(&self) -> (u8, u8) {
        let revision = |place: &Option<Fetched>| place.as_ref().map(|place| place.origin.revision);
        match (revision(&self.info), revision(&self.metadata)) {
            (Some(info), Some(metadata)) if info < metadata => (2, 1),
            (Some(info), Some(metadata)) if info > metadata => (1, 2),
            _ => (1, 1),
        }
    }
}

/// Reads both places.
///
/// Returns damage of the packet that hides labels which the information dictionary does not have.
pub(super) fn read(
    document: &mut Document<'_, '_>,
    places: &Places,
    findings: &mut Findings,
) -> Parsed<Option<Refusal>> {
    let (of_info, of_metadata) = places.precedence();
    if let Some(info) = &places.info {
        let limit = document.input().limits().labels;
        let mut collector = Collector::new(Place::PdfInfo, of_info, limit);
        read_info(document, info, &mut collector)?;
        collector.finish(findings);
    }
    match &places.metadata {
        Some(metadata) => read_metadata(document, metadata, of_metadata, findings),
        None => Ok(None),
    }
}

pub(super) fn read_info(
    document: &mut Document<'_, '_>,
    info: &Fetched,
    collector: &mut Collector,
) -> Parsed<()> {
    let Some(entries) = info.dictionary() else {
        return Ok(());
    };
    // Of two entries with one name the last counts, and the collector keeps the first it is given.
    for (key, value) in entries.0.iter().rev() {
        document.input().step(1)?;
        let Ok(name) = std::str::from_utf8(key) else {
            continue;
        };
        if split_name(name).is_none() {
            continue;
        }
        let Some(value) = document.value(Some(value), info.origin)? else {
            continue;
        };
        if let Some(text) = text(document, &value) {
            collector.property(name, &text);
        }
    }
    Ok(())
}

/// The text of a value. Label values are strings; other simple values are taken as they are written.
fn text(document: &Document<'_, '_>, value: &Fetched) -> Option<String> {
    Some(match &value.object {
        Object::String(bytes) => text_string::decode(&document.string(value.origin, bytes)),
        Object::Name(name) => String::from_utf8_lossy(name).into_owned(),
        Object::Boolean(flag) => flag.to_string(),
        Object::Integer(number) => number.to_string(),
        _ => return None,
    })
}

fn read_metadata(
    document: &mut Document<'_, '_>,
    metadata: &Fetched,
    precedence: u8,
    findings: &mut Findings,
) -> Parsed<Option<Refusal>> {
    let Some(packet) = document.stream(metadata)? else {
        findings.warn(Warning::UnreadableMetadata);
        return Ok(None);
    };
    if !packet.complete {
        findings.warn(Warning::UnreadableMetadata);
    }
    if !xmp::may_hold_labels(&packet.bytes) {
        return Ok(None);
    }
    let input = document.input();
    let mut collector = Collector::new(Place::PdfXmp, precedence, input.limits().labels);
    let outcome = xmp::read(input, &packet.bytes, &mut collector);
    let info_has_labels = !findings.groups.is_empty();
    match outcome {
        Ok(()) => {
            collector.finish(findings);
            Ok(None)
        }
        // A half-read packet must not contradict a dictionary that is whole.
        Err(Stop::Refused(Refusal::Corrupt(_))) if info_has_labels => {
            findings.warn(Warning::UnreadableMetadata);
            Ok(None)
        }
        Err(Stop::Refused(refusal @ Refusal::Corrupt(_))) => {
            collector.finish(findings);
            Ok(Some(refusal))
        }
        Err(stop) => Err(stop),
    }
}
