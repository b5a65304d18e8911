//! Predictors of the Flate and LZW filters (ISO 32000-2, 7.4.4.4).

use crate::pdf::object::Dictionary;

/// How neighbouring bytes were subtracted before compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    /// TIFF: each sample from its left neighbour; `sample` bytes wide, `row` bytes in a row.
    Tiff {
        sample: usize,
        row: usize,
    },
    /// PNG: each row names its own way.
    Png {
        sample: usize,
        row: usize,
    },
}

/// Bytes of a row; more than any table or picture has.
const LONGEST_ROW: u64 = 1 << 24;

impl Predictor {
    /// The predictor of a filter's parameters. One with impossible measures is taken as none, which
    /// gives data that its reader will not understand.
    pub(super) fn new(parameters: &Dictionary) -> Self {
        let measure = |key: &[u8], default: u64| {
            parameters
                .unsigned(key)
                .filter(|value| *value > 0)
                .unwrap_or(default)
        };
        let bits = measure(b"Colors", 1).saturating_mul(measure(b"BitsPerComponent", 8));
        let row = bits.saturating_mul(measure(b"Columns", 1)).div_ceil(8);
        if row > LONGEST_ROW {
            return Self::None;
        }
        let (sample, row) = (bits.div_ceil(8) as usize, row as usize);
        match parameters.unsigned(b"Predictor") {
            Some(2) if bits % 8 == 0 => Self::Tiff { sample, row },
            Some(10..=15) => Self::Png { sample, row },
            _ => Self::None,
        }
    }

    /// Adds what was subtracted.
    pub(super) fn undo(self, data: Vec<u8>) -> Vec<u8> {
        match self {
            Self::None => data,
            Self::Tiff { sample, row } => undo_tiff(data, sample, row),
            Self::Png { sample, row } => undo_png(&data, sample, row),
        }
    }
}

fn undo_tiff(mut data: Vec<u8>, sample: usize, row: usize) -> Vec<u8> {
    for row in data.chunks_mut(row) {
        add_left(row, sample);
    }
    data
}

fn undo_png(data: &[u8], sample: usize, row: usize) -> Vec<u8> {
    let mut output: Vec<u8> = Vec::with_capacity(data.len());
    // The row above until it is overwritten by the current one.
    let mut current = vec![0u8; row];
    for coded in data.chunks(row + 1) {
        let Some((&way, coded)) = coded.split_first() else {
            break;
        };
        if way == 2 {
            for (above, coded) in current.iter_mut().zip(coded) {
                *above = above.wrapping_add(*coded);
            }
        } else {
            let above = std::mem::replace(&mut current, coded.to_vec());
            match way {
                1 => add_left(&mut current, sample),
                3 => add(&mut current, &above, sample, |left, up, _| {
                    ((u16::from(left) + u16::from(up)) / 2) as u8
                }),
                4 => add(&mut current, &above, sample, paeth),
                _ => {}
            }
            current.resize(row, 0);
        }
        output.extend_from_slice(current.get(..coded.len()).unwrap_or_default());
    }
    output
}

fn add_left(row: &mut [u8], sample: usize) {
    add(row, &[], sample, |left, _, _| left);
}

/// Adds to each byte what `predict` makes of its neighbours: left, above, above left.
fn add(row: &mut [u8], above: &[u8], sample: usize, predict: fn(u8, u8, u8) -> u8) {
    for at in 0..row.len() {
        let left_at = at.checked_sub(sample);
        let from =
            |bytes: &[u8], at: Option<usize>| at.and_then(|at| bytes.get(at).copied()).unwrap_or(0);
        let predicted = predict(
            from(row, left_at),
            from(above, Some(at)),
            from(above, left_at),
        );
        if let Some(byte) = row.get_mut(at) {
            *byte = byte.wrapping_add(predicted);
        }
    }
}

/// The neighbour nearest to left + above - above left (PNG specification, 9.4).
fn paeth(left: u8, up: u8, up_left: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(up_left));
    let estimate = a + b - c;
    let (to_a, to_b, to_c) = (
        (estimate - a).abs(),
        (estimate - b).abs(),
        (estimate - c).abs(),
    );
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        up
    } else {
        up_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictors_are_undone() {
        let check = |predictor: Predictor, data: &[u8], expected: &[u8]| {
            assert_eq!(predictor.undo(data.to_vec()), expected, "{predictor:?}");
        };
        let png = Predictor::Png { sample: 1, row: 3 };
        check(png, &[0, 1, 2, 3, 2, 1, 1, 1], &[1, 2, 3, 2, 3, 4]);
        check(png, &[1, 1, 1, 1, 4, 1, 1, 1], &[1, 2, 3, 2, 3, 4]);
        check(png, &[0, 4, 4, 4, 3, 1, 1], &[4, 4, 4, 3, 4]);
        check(
            Predictor::Tiff { sample: 2, row: 4 },
            &[1, 2, 1, 1, 5, 5],
            &[1, 2, 2, 3, 5, 5],
        );
        check(Predictor::None, &[1, 2], &[1, 2]);
    }
}
