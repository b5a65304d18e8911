//! The LZW filter (ISO 32000-2, 7.4.4).

use crate::input::{Input, Parsed};
use crate::pdf::filters::spend;

const CLEAR: usize = 256;
const END: usize = 257;
const MOST_CODES: usize = 4096;

/// A sequence is a piece of the output seen so far.
#[derive(Clone, Copy)]
struct Sequence {
    start: usize,
    length: usize,
}

/// Expands `data` as far as it is sound and the allowance reaches.
pub(super) fn decode(
    input: &Input<'_>,
    data: &[u8],
    early_change: bool,
) -> Parsed<(Vec<u8>, bool)> {
    let allowance = input.inflate_allowance();
    let early = usize::from(early_change);
    let mut output: Vec<u8> = Vec::new();
    let mut table: Vec<Sequence> = Vec::new();
    let mut previous: Option<Sequence> = None;
    let mut codes = Codes {
        data,
        bits: 0,
        held: 0,
    };
    let sound = loop {
        // Sequence `n` of the table has the code `END + 1 + n`.
        let Some(code) = codes.take(width(END + 1 + table.len() + early)) else {
            // Many writers leave the end marker out.
            break true;
        };
        if code == END {
            break true;
        }
        if code == CLEAR {
            table.clear();
            previous = None;
            continue;
        }
        let start = output.len();
        let known = match u8::try_from(code) {
            Ok(byte) => {
                output.push(byte);
                true
            }
            Err(_) => append(&mut output, &table, previous, code - END - 1),
        };
        if !known {
            break false;
        }
        if let Some(last) = previous
            && END + 1 + table.len() < MOST_CODES
        {
            // The last sequence and the first byte of this one lie side by side in the output.
            table.push(Sequence {
                start: last.start,
                length: last.length + 1,
            });
        }
        previous = Some(Sequence {
            start,
            length: output.len() - start,
        });
        if output.len() as u64 > allowance {
            break false;
        }
    };
    spend(input, &output)?;
    Ok((output, sound))
}

/// Appends the sequence with this index in the table, which may be the one that is only being made: the
/// last sequence and its own first byte. `false` for any other.
fn append(
    output: &mut Vec<u8>,
    table: &[Sequence],
    previous: Option<Sequence>,
    index: usize,
) -> bool {
    if let Some(known) = table.get(index) {
        output.extend_from_within(known.start..known.start + known.length);
    } else if let Some(last) = previous.filter(|_| index == table.len()) {
        output.extend_from_within(last.start..last.start + last.length);
        output.extend_from_within(last.start..last.start + 1);
    } else {
        return false;
    }
    true
}

/// Bits of a code when `codes` codes are known.
fn width(codes: usize) -> u32 {
    match codes {
        0..=511 => 9,
        512..=1023 => 10,
        1024..=2047 => 11,
        _ => 12,
    }
}

/// Codes of growing width, high bit first.
struct Codes<'a> {
    data: &'a [u8],
    bits: u32,
    held: u32,
}

impl Codes<'_> {
    fn take(&mut self, width: u32) -> Option<usize> {
        while self.held < width {
            let (&byte, rest) = self.data.split_first()?;
            self.data = rest;
            self.bits = self.bits << 8 | u32::from(byte);
            self.held += 8;
        }
        self.held -= width;
        let code = self.bits >> self.held & ((1 << width) - 1);
        self.bits &= (1 << self.held) - 1;
        Some(code as usize)
    }
}
