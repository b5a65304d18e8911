//! Policies as plain data: what the configuration holds, what a decision says. No IO, no evaluation.

mod decision;
mod definition;
mod document;
mod filter;
mod pattern;
mod words;

pub use decision::{
    CurrentLabel, LabelUse, LedgerFact, Origin, Override, ProtectionClass, Relation, Route, RowId,
    SinceLabeld, Verdict,
};
pub use definition::{
    AlertRule, AllowEntry, Category, Governance, MAX_POLICIES, MatchLimit, PolicyDefinition,
    PolicyMode, Scope, Severity, SignedFiles,
};
pub use filter::{
    Condition, FileType, Filter, LabelName, MAX_DEPTH, MAX_NODES, PolicyName, SizeSpan, TimeSpan,
};
pub use pattern::{FolderPattern, MAX_PATTERN, PatternError, TextOperator, TextPattern};
pub use words::Worded;
pub(crate) use words::words;
