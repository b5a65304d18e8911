//! A source together with its budgets: what every parser works on.

use std::borrow::Cow;
use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::source::{Purpose, Remembered, Source};

/// Why a parser stopped: the medium, or the content.
#[derive(Debug)]
pub(crate) enum Stop {
    Io(io::Error),
    Refused(Refusal),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Result of a parser step.
pub(crate) type Parsed<T> = Result<T, Stop>;

/// Bytes whose lexing costs as much as a step.
const BYTES_OF_A_STEP: u64 = 16;

/// A source with the budgets of one reading.
pub(crate) struct Input<'a> {
    source: &'a dyn Source,
    limits: Limits,
    steps: Cell<u64>,
    inflated: Cell<u64>,
}

impl<'a> Input<'a> {
    pub(crate) fn new(source: &'a dyn Source, limits: Limits) -> Self {
        Self {
            source,
            limits,
            steps: Cell::new(limits.steps),
            inflated: Cell::new(limits.total),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.source.len()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The bytes of a range that content asked for: outside the file is damage, longer than a piece
    /// may be is a limit.
    pub(crate) fn bytes(&self, range: Range<u64>) -> Parsed<Cow<'a, [u8]>> {
        if range.start > range.end || range.end > self.len() {
            return Err(Refusal::corrupt("it points outside itself").into());
        }
        if range.end - range.start > self.limits.repair {
            return Err(Refusal::Limit("a piece of it is too large").into());
        }
        Ok(self.source.view(range)?)
    }

    /// `length` bytes from `offset`, or as many as the file still has.
    pub(crate) fn bytes_up_to(&self, offset: u64, length: u64) -> Parsed<Cow<'a, [u8]>> {
        let start = offset.min(self.len());
        self.bytes(start..start.saturating_add(length).min(self.len()))
    }

    /// Says that all of these ranges will be needed; see [`Source::announce`].
    pub(crate) fn announce(&self, ranges: &[Range<u64>]) -> Parsed<()> {
        Ok(self.source.announce(ranges)?)
    }

    /// What `compute` gives for `position`, kept over restarts of the parser. A kept result costs what
    /// working it out did, so that an answer never depends on what is remembered.
    pub(crate) fn remembered(
        &self,
        purpose: Purpose,
        position: u64,
        compute: impl FnOnce() -> Parsed<Arc<[u8]>>,
    ) -> Parsed<Arc<[u8]>> {
        let Some(memory) = self.source.memory() else {
            return compute();
        };
        if let Some(known) = memory.recall(purpose, position) {
            self.step(known.steps)?;
            self.spend_inflated(known.inflated)?;
            return Ok(known.bytes);
        }
        let (steps, inflated) = (self.steps.get(), self.inflated.get());
        let bytes = compute()?;
        let result = Remembered {
            bytes: Arc::clone(&bytes),
            steps: steps - self.steps.get(),
            inflated: inflated - self.inflated.get(),
        };
        memory.keep(purpose, position, result);
        Ok(bytes)
    }

    /// Spends `count` steps. Once there are too few, nothing is left for smaller ones either.
    pub(crate) fn step(&self, count: u64) -> Parsed<()> {
        let left = self.steps.get().checked_sub(count);
        self.steps.set(left.unwrap_or(0));
        match left {
            Some(_) => Ok(()),
            None => Err(Refusal::Limit("reading it takes too many steps").into()),
        }
    }

    /// Accounts for bytes that were looked at one by one. Whether the budget suffices shows at the
    /// next step.
    pub(crate) fn passed(&self, bytes: u64) {
        let left = self.steps.get().saturating_sub(bytes / BYTES_OF_A_STEP);
        self.steps.set(left);
    }

    /// How many bytes may still come out of one decompression.
    pub(crate) fn inflate_allowance(&self) -> u64 {
        self.inflated.get().min(self.limits.piece)
    }

    /// Accounts for decompressed bytes.
    pub(crate) fn spend_inflated(&self, bytes: u64) -> Parsed<()> {
        let left = self.inflated.get().checked_sub(bytes);
        self.inflated
            .set(left.ok_or(Refusal::Limit("it decompresses to too much"))?);
        Ok(())
    }
}
