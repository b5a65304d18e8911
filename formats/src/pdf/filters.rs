//! Stream filters that text and tables are stored with (ISO 32000-2, 7.4).

use std::borrow::Cow;
use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};

use crate::input::{Input, Parsed};
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::predictor::Predictor;
use crate::pdf::{characters, lzw};
use crate::refusal::Refusal;

/// Filters of one stream; real ones have at most three.
const MOST_FILTERS: usize = 8;
/// Free bytes behind its output without which the decompressor goes byte by byte.
const ROOM_FOR_SPEED: usize = 320;

/// One filter with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    AsciiHex,
    Ascii85,
    RunLength,
    Flate(Predictor),
    Lzw {
        early_change: bool,
        predictor: Predictor,
    },
    /// Names the crypt filter that the stream is encrypted with; undone before all others.
    Crypt(Vec<u8>),
    /// One for pictures, or an unknown one.
    Unknown,
}

/// Decoded data of a stream.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Whether the data was sound to its end.
    pub(super) complete: bool,
}

/// The filters that a stream's dictionary names, in the order in which they are undone.
/// `resolve` follows references.
pub(super) fn chain(
    dictionary: &Dictionary,
    resolve: &mut dyn FnMut(&Object) -> Parsed<Object>,
) -> Parsed<Vec<Filter>> {
    let Some(names) = dictionary.get(b"Filter").or_else(|| dictionary.get(b"F")) else {
        return Ok(Vec::new());
    };
    let names = match resolve(names)? {
        Object::Array(names) => names,
        Object::Null => Vec::new(),
        single => vec![single],
    };
    if names.len() > MOST_FILTERS {
        return Err(Refusal::corrupt("a stream of it has too many filters").into());
    }
    let parameters = dictionary
        .get(b"DecodeParms")
        .or_else(|| dictionary.get(b"DP"));
    let parameters = match parameters.map(&mut *resolve).transpose()? {
        Some(Object::Array(parameters)) => parameters,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    let mut filters = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let name = resolve(name)?;
        let parameters = match parameters.get(index).map(&mut *resolve).transpose()? {
            Some(Object::Dictionary(parameters)) => parameters,
            _ => Dictionary::default(),
        };
        filters.push(filter(name.as_name().unwrap_or_default(), &parameters));
    }
    Ok(filters)
}

fn filter(name: &[u8], parameters: &Dictionary) -> Filter {
    match name {
        b"FlateDecode" | b"Fl" => Filter::Flate(Predictor::new(parameters)),
        b"ASCIIHexDecode" | b"AHx" => Filter::AsciiHex,
        b"ASCII85Decode" | b"A85" => Filter::Ascii85,
        b"RunLengthDecode" | b"RL" => Filter::RunLength,
        b"LZWDecode" | b"LZW" => Filter::Lzw {
            early_change: parameters.integer(b"EarlyChange") != Some(0),
            predictor: Predictor::new(parameters),
        },
        b"Crypt" => Filter::Crypt(parameters.name(b"Name").unwrap_or(b"Identity").to_vec()),
        _ => Filter::Unknown,
    }
}

/// Undoes all filters; `None` where one of them is unknown.
///
/// Data that is damaged gives what comes before the damage.
pub(super) fn decode(
    input: &Input<'_>,
    filters: &[Filter],
    raw: Cow<'_, [u8]>,
) -> Parsed<Option<Decoded>> {
    let mut complete = true;
    let mut data = raw;
    for filter in filters {
        let (decoded, sound) = match filter {
            Filter::Crypt(_) => continue,
            Filter::Unknown => return Ok(None),
            Filter::AsciiHex => (ascii_hex(&data), true),
            Filter::Ascii85 => ascii_85(&data),
            Filter::RunLength => run_length(input, &data)?,
            Filter::Flate(predictor) => {
                let (inflated, sound) = inflate(input, &data)?;
                (predictor.undo(inflated), sound)
            }
            Filter::Lzw {
                early_change,
                predictor,
            } => {
                let (expanded, sound) = lzw::decode(input, &data, *early_change)?;
                (predictor.undo(expanded), sound)
            }
        };
        complete &= sound;
        data = Cow::Owned(decoded);
    }
    Ok(Some(Decoded {
        bytes: data.into_owned(),
        complete,
    }))
}

thread_local! {
    /// Kept, as making one costs more than decompressing a cross-reference stream.
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

/// Undoes deflate in its zlib wrapping. Data before damage, and before a wrong check sum, is kept.
fn inflate(input: &Input<'_>, data: &[u8]) -> Parsed<(Vec<u8>, bool)> {
    let allowance = input.inflate_allowance();
    let mut output = Vec::with_capacity(first_guess(data.len(), allowance));
    let sound = INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(true);
        inflate_with(inflater, data, &mut output, allowance)
    });
    // More than the allowance is refused here.
    spend(input, &output)?;
    Ok((output, sound))
}

/// Decompresses until the data ends, is damaged, or has given more than `allowance`.
fn inflate_with(
    inflater: &mut Decompress,
    data: &[u8],
    output: &mut Vec<u8>,
    allowance: u64,
) -> bool {
    loop {
        let consumed = inflater.total_in() as usize;
        let before = output.len();
        let rest = data.get(consumed..).unwrap_or_default();
        match inflater.decompress_vec(rest, output, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => return true,
            Ok(_) if output.len() as u64 > allowance => return false,
            Ok(_) if output.len() == output.capacity() => output.reserve(output.len().max(4096)),
            Ok(_) if output.len() == before => return false,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// Four times the packed size is what text usually takes.
fn first_guess(packed: usize, allowance: u64) -> usize {
    let most = usize::try_from(allowance).unwrap_or(usize::MAX);
    let usual = packed.saturating_mul(4).clamp(512, 1 << 20);
    usual.min(most) + ROOM_FOR_SPEED
}

/// Accounts for what a filter has given; more than one piece may hold is refused.
pub(super) fn spend(input: &Input<'_>, output: &[u8]) -> Parsed<()> {
    if output.len() as u64 > input.inflate_allowance() {
        return Err(Refusal::Limit("a stream of it decompresses to too much").into());
    }
    input.spend_inflated(output.len() as u64)
}

fn ascii_hex(data: &[u8]) -> Vec<u8> {
    let end = memchr::memchr(b'>', data).unwrap_or(data.len());
    characters::hexadecimal(data.get(..end).unwrap_or_default())
}

/// Undoes base 85 (ISO 32000-2, 7.4.3).
fn ascii_85(data: &[u8]) -> (Vec<u8>, bool) {
    let mut output = Vec::with_capacity(data.len() / 5 * 4 + 4);
    let mut group = [0u8; 5];
    let mut filled = 0;
    let data = data.strip_prefix(b"<~").unwrap_or(data);
    for &byte in data {
        match byte {
            b'z' if filled == 0 => output.extend([0; 4]),
            b'!'..=b'u' => {
                if let Some(slot) = group.get_mut(filled) {
                    *slot = byte - b'!';
                }
                filled += 1;
                if filled == group.len() {
                    output.extend(base_85(group));
                    filled = 0;
                }
            }
            b'~' => break,
            byte if characters::is_white_space(byte) => {}
            _ => return (output, false),
        }
    }
    if filled > 1 {
        // A short group is as if filled up with the highest digit.
        group.get_mut(filled..).unwrap_or_default().fill(84);
        output.extend(base_85(group).iter().take(filled - 1));
    }
    (output, filled != 1)
}

fn base_85(group: [u8; 5]) -> [u8; 4] {
    let value = group.iter().fold(0u32, |value, digit| {
        value.wrapping_mul(85).wrapping_add(u32::from(*digit))
    });
    value.to_be_bytes()
}

/// Undoes run-length encoding (ISO 32000-2, 7.4.5).
fn run_length(input: &Input<'_>, data: &[u8]) -> Parsed<(Vec<u8>, bool)> {
    let allowance = input.inflate_allowance();
    let mut output = Vec::new();
    let mut rest = data;
    let sound = loop {
        let Some((&length, after)) = rest.split_first() else {
            break true;
        };
        let length = usize::from(length);
        match length {
            128 => break true,
            0..128 => {
                let Some((copied, after)) = after.split_at_checked(length + 1) else {
                    break false;
                };
                output.extend_from_slice(copied);
                rest = after;
            }
            _ => {
                let Some((&repeated, after)) = after.split_first() else {
                    break false;
                };
                output.resize(output.len() + 257 - length, repeated);
                rest = after;
            }
        }
        if output.len() as u64 > allowance {
            break false;
        }
    };
    spend(input, &output)?;
    Ok((output, sound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn text_filters_give_back_what_was_packed() {
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let none = Predictor::None;
        let check = |filter: Filter, packed: &[u8], expected: &[u8], sound: bool| {
            let decoded = decode(&input, std::slice::from_ref(&filter), packed.into())
                .unwrap()
                .unwrap();
            assert_eq!(
                (&*decoded.bytes, decoded.complete),
                (expected, sound),
                "{filter:?}"
            );
        };
        check(Filter::AsciiHex, b"4D 53\n4950 5>", b"MSIPP", true);
        check(
            Filter::Ascii85,
            b"<~9Q+r_D'3P3F*2=BA8c:&EZfF;F<G\"/ATR~>",
            b"Lorem ipsum dolor sit amet",
            true,
        );
        check(
            Filter::RunLength,
            &[2, b'a', b'b', b'c', 254, b'x', 128, 9],
            b"abcxxx",
            true,
        );
        check(Filter::RunLength, &[5, b'a'], b"", false);
        // The example of ISO 32000-2, 7.4.4.2.
        let lzw = Filter::Lzw {
            early_change: true,
            predictor: none,
        };
        check(
            lzw,
            &[0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01],
            &[45, 45, 45, 45, 45, 65, 45, 45, 45, 66],
            true,
        );
    }
}
