//! A reason code with its cause and its fix.

use serde::Serialize;

use crate::model::Reason;
use crate::pipeline::govern::About;

#[derive(Debug, Serialize)]
pub(super) struct ReasonRow {
    code: &'static str,
    /// `verdict`, `gate`, `reading`, `queue`, `policy`, `action` or `cap`.
    about: &'static str,
    cause: &'static str,
    fix: &'static str,
    fixed_by: String,
}

impl ReasonRow {
    pub(super) fn of((reason, about): &(Reason, About)) -> Self {
        Self {
            code: reason.code(),
            about: about.as_str(),
            cause: reason.cause(),
            fix: reason.fix(),
            fixed_by: reason.fixed_by().to_string(),
        }
    }

    /// Without the fix, which is among the next steps.
    pub(super) fn in_words(&self) -> String {
        let Self {
            code, about, cause, ..
        } = self;
        format!("{code} ({about}): {cause}")
    }
}
