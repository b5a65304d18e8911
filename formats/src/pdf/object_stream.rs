//! Object streams (ISO 32000-2, 7.5.7).

use std::sync::Arc;

use crate::input::{Input, Parsed};
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::parser::Parser;
use crate::refusal::Refusal;

/// A decoded object stream with its directory.
pub(super) struct ObjectStream {
    bytes: Arc<[u8]>,
    /// Object number and where in `bytes` the object begins.
    entries: Vec<(u32, usize)>,
}

impl ObjectStream {
    pub(super) fn new(
        input: &Input<'_>,
        dictionary: &Dictionary,
        bytes: Arc<[u8]>,
    ) -> Parsed<Self> {
        let damaged = || Refusal::corrupt("an object stream of it has no directory");
        let count = dictionary.unsigned(b"N").ok_or_else(damaged)?;
        let first = dictionary
            .unsigned(b"First")
            .and_then(|first| usize::try_from(first).ok())
            .ok_or_else(damaged)?;
        if count > input.limits().entries {
            return Err(Refusal::Limit("an object stream of it has too many objects").into());
        }
        let directory = bytes.get(..first).ok_or_else(damaged)?;
        let mut parser = Parser::new(directory, true, input);
        let mut entries = Vec::new();
        for _ in 0..count {
            input.step(1)?;
            // A directory that ends early has said all that it will say.
            let (Ok(Some(number)), Ok(Some(offset))) = (parser.unsigned(), parser.unsigned())
            else {
                break;
            };
            if let (Ok(number), Ok(offset)) = (u32::try_from(number), usize::try_from(offset)) {
                entries.push((number, first.saturating_add(offset)));
            }
        }
        drop(parser);
        Ok(Self { bytes, entries })
    }

    /// The numbers of the objects inside.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.entries.iter().map(|(number, _)| *number).collect()
    }

    /// The object with this number, which should have this index.
    pub(super) fn object(
        &self,
        input: &Input<'_>,
        number: u32,
        index: u32,
    ) -> Parsed<Option<Object>> {
        match Parser::new(self.source(number, index)?, true, input).object() {
            Ok(object) => Ok(Some(object)),
            Err(fault) => Err(fault.into_stop()),
        }
    }

    /// The bytes that begin with the object of this number, which should have this index.
    pub(super) fn source(&self, number: u32, index: u32) -> Parsed<&[u8]> {
        let expected = self
            .entries
            .get(index as usize)
            .filter(|(found, _)| *found == number);
        let entry = expected.or_else(|| self.entries.iter().find(|(found, _)| *found == number));
        let Some((_, start)) = entry else {
            return Err(Refusal::corrupt("an object is not in its object stream").into());
        };
        Ok(self.bytes.get(*start..).unwrap_or_default())
    }
}
