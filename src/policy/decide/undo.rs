//! Undo what labeld wrote: rows U1 and U2.

use super::pattern::Decided;
use crate::model::Reason;
use crate::model::policy::{RowId, SinceLabeld, Verdict};

/// Whether the label state before labeld's write may be put back. The policy's options have no say in it.
#[must_use]
pub fn undo(since: SinceLabeld) -> Decided {
    let (row, verdict) = match since {
        SinceLabeld::AsLeft => ("U1", Verdict::Restore),
        SinceLabeld::Changed => ("U2", Verdict::Block(Reason::UndoChanged)),
    };
    Decided {
        verdict,
        row: RowId(row),
        passed: Vec::new(),
    }
}
