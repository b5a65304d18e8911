//! What is known of the libraries behind drives, for a day (reference/microsoft-graph.md §5.5).

use labeld_connector::Answer;

use super::A_DAY;
use labeld_connector::Remembered;

/// Most libraries of which something is remembered.
const MOST_LIBRARIES: usize = 100_000;

/// Whether a library wants check-out, and why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckoutRule {
    pub(super) required: Answer,
    pub(super) remark: Option<String>,
}

impl From<bool> for CheckoutRule {
    fn from(required: bool) -> Self {
        Self {
            required: required.into(),
            remark: None,
        }
    }
}

/// Libraries by drive id.
#[derive(Debug)]
pub(super) struct Libraries {
    told: Remembered<String, CheckoutRule>,
    /// Those that refused a write because the file was not checked out.
    learnt: Remembered<String, ()>,
}

impl Default for Libraries {
    fn default() -> Self {
        Self {
            told: Remembered::new(MOST_LIBRARIES, A_DAY),
            learnt: Remembered::new(MOST_LIBRARIES, A_DAY),
        }
    }
}

impl Libraries {
    pub(super) fn told(&self, drive: &str) -> Option<CheckoutRule> {
        self.told.get(drive)
    }

    pub(super) fn tell(&self, drive: &str, rule: CheckoutRule) {
        self.told.put(drive.to_owned(), rule);
    }

    pub(super) fn learn_checkout_required(&self, drive: &str) {
        self.learnt.put(drive.to_owned(), ());
    }

    pub(super) fn has_learnt(&self, drive: &str) -> bool {
        self.learnt.get(drive).is_some()
    }
}
