//! Cross-reference streams (ISO 32000-2, 7.5.8).

use std::sync::Arc;

use crate::input::{Input, Parsed};
use crate::pdf::cross_reference::{Entry, steps_of_search};
use crate::pdf::filters;
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::window;
use crate::refusal::Refusal;
use crate::source::Purpose;

/// Widest field: offsets have at most eight bytes.
const WIDEST: u64 = 8;

/// The decoded rows of a cross-reference stream. They are looked up in place.
#[derive(Debug)]
pub(super) struct StreamRows {
    rows: Arc<[u8]>,
    widths: [usize; 3],
    /// First object number and number of rows, for each run of rows.
    runs: Vec<(u32, u32)>,
}

impl StreamRows {
    /// Reads the stream at `position` of the file, and its dictionary, which is a trailer.
    pub(super) fn read(input: &Input<'_>, position: u64) -> Parsed<(Self, Dictionary)> {
        let placed = window::object_at(input, position)?;
        let (Object::Dictionary(dictionary), Some(data)) = (placed.object, placed.stream) else {
            return Err(Refusal::corrupt("its cross-reference section is none").into());
        };
        let widths = widths(&dictionary)
            .ok_or_else(|| Refusal::corrupt("its cross-reference stream has no field widths"))?;
        let rows = input.remembered(Purpose::CrossReferences, data, || {
            decoded(input, &dictionary, data)
        })?;
        let rows = Self {
            rows,
            widths,
            runs: runs(&dictionary),
        };
        Ok((rows, dictionary))
    }

    /// First object number and number of rows, for each run of rows.
    pub(super) fn runs(&self) -> &[(u32, u32)] {
        &self.runs
    }

    /// The entry for an object; `None` where the stream has no row for it.
    pub(super) fn lookup(&self, input: &Input<'_>, number: u32) -> Parsed<Option<Entry>> {
        input.step(steps_of_search(self.runs.len()))?;
        let mut row = 0u64;
        for (first, count) in &self.runs {
            if let Some(index) = number.checked_sub(*first).filter(|index| index < count) {
                return Ok(self.row(row + u64::from(index)));
            }
            row += u64::from(*count);
        }
        Ok(None)
    }

    fn row(&self, row: u64) -> Option<Entry> {
        let length: usize = self.widths.iter().sum();
        let start = usize::try_from(row).ok()?.checked_mul(length)?;
        let mut rest = self.rows.get(start..start.checked_add(length)?)?;
        let mut fields = [0u64; 3];
        for (field, width) in fields.iter_mut().zip(self.widths) {
            let (bytes, after) = rest.split_at_checked(width)?;
            *field = bytes
                .iter()
                .fold(0, |value, byte| value << 8 | u64::from(*byte));
            rest = after;
        }
        // A missing first field means an object in use (ISO 32000-2, 7.5.8.3).
        let kind = if self.widths.first() == Some(&0) {
            1
        } else {
            fields[0]
        };
        match kind {
            1 if fields[1] == 0 => Some(Entry::Free),
            1 => Some(Entry::InUse {
                offset: fields[1],
                generation: u32::try_from(fields[2]).ok()?,
            }),
            2 => Some(Entry::Compressed {
                container: u32::try_from(fields[1]).ok()?,
                index: u32::try_from(fields[2]).ok()?,
            }),
            // An unknown kind is a reference to null.
            _ => Some(Entry::Free),
        }
    }
}

/// The rows of the stream whose data begins at `data`.
fn decoded(input: &Input<'_>, dictionary: &Dictionary, data: u64) -> Parsed<Arc<[u8]>> {
    // Everything of such a stream must be direct, or the reader would need it to read it.
    let filters = filters::chain(dictionary, &mut |object| Ok(object.clone()))?;
    let raw = window::stream_data(input, data, dictionary.unsigned(b"Length"))?;
    let decoded = filters::decode(input, &filters, raw)?
        .ok_or_else(|| Refusal::corrupt("its cross-reference stream has an unknown filter"))?;
    Ok(decoded.bytes.into())
}

fn widths(dictionary: &Dictionary) -> Option<[usize; 3]> {
    let mut widths = [0; 3];
    let given = dictionary.array(b"W")?;
    for (width, given) in widths.iter_mut().zip(given) {
        *width = given.as_unsigned().filter(|width| *width <= WIDEST)? as usize;
    }
    (given.len() >= widths.len() && widths[1] > 0).then_some(widths)
}

/// `Index`, or all objects up to `Size`.
fn runs(dictionary: &Dictionary) -> Vec<(u32, u32)> {
    let number = |object: &Object| {
        let value = object.as_unsigned()?;
        u32::try_from(value).ok()
    };
    match dictionary.array(b"Index") {
        Some(index) => index
            .chunks_exact(2)
            .filter_map(|pair| Some((number(pair.first()?)?, number(pair.get(1)?)?)))
            .collect(),
        None => {
            let size = dictionary.get(b"Size").and_then(number).unwrap_or(u32::MAX);
            vec![(0, size)]
        }
    }
}
