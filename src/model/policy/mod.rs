//! Policies as plain data: what the configuration holds, what a decision says. No IO, no evaluation.

mod decision;
mod words;

pub use decision::{
    CurrentLabel, LabelUse, Origin, Override, ProtectionClass, Relation, Route, RowId, SinceLabeld,
    Verdict,
};
pub(crate) use words::words;
