//! Rows of a decision table: which facts a row wants, and which of them does not hold.

use crate::model::policy::{RowId, Verdict};

/// What a table says to a case, and how it came to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What may be done.
    pub verdict: Verdict,
    /// The row that says so.
    pub row: RowId,
    /// The rows before it, in the order of the table, each with the first fact that kept it from deciding.
    pub passed: Vec<Passed>,
}

/// A row that did not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The row.
    pub row: RowId,
    /// The first fact that does not hold.
    pub miss: Miss,
}

/// A fact that a row wants and the case does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Miss {
    /// What the fact is about: `origin`, `protection`, `override`, …
    pub fact: &'static str,
    /// What it is.
    pub found: &'static str,
}

/// A row of a table over cases `C`.
pub(super) struct Row<C: 'static> {
    pub(super) id: &'static str,
    /// The first fact that does not hold; `None` where all do.
    pub(super) miss: fn(&C) -> Option<Miss>,
    pub(super) verdict: fn(&C) -> Verdict,
}

/// The first row that holds decides. A table without such a row says [`Verdict::Impossible`].
pub(super) fn first<C>(rows: &[Row<C>], case: &C) -> Decided {
    let mut passed = Vec::new();
    for row in rows {
        match (row.miss)(case) {
            None => {
                return Decided {
                    verdict: (row.verdict)(case),
                    row: RowId(row.id),
                    passed,
                };
            }
            Some(miss) => passed.push(Passed {
                row: RowId(row.id),
                miss,
            }),
        }
    }
    Decided {
        verdict: Verdict::Impossible,
        row: RowId(IMPOSSIBLE),
        passed,
    }
}

/// The row of facts that contradict each other.
pub(super) const IMPOSSIBLE: &str = "impossible";

/// A word for yes or no.
pub(super) const fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// A row: its id, the facts it wants (`field is one | other`), and its verdict.
macro_rules! row {
    ($case:ty: $id:expr, $($field:ident in [$($wanted:pat),+]),* => $verdict:expr) => {
        $crate::policy::decide::pattern::Row {
            id: $id,
            miss: |case: &$case| {
                $(
                    match case.$field {
                        $($wanted)|+ => {}
                        other => {
                            return Some($crate::policy::decide::pattern::Miss {
                                fact: stringify!($field),
                                found: other.word(),
                            });
                        }
                    }
                )*
                let _ = case;
                None
            },
            verdict: $verdict,
        }
    };
}

pub(super) use row;

/// A value of a case as a word.
pub(super) trait Word {
    fn word(self) -> &'static str;
}

impl Word for bool {
    fn word(self) -> &'static str {
        yes_or_no(self)
    }
}

macro_rules! word_of {
    ($($name:ident),+) => {
        $(impl Word for crate::model::policy::$name {
            fn word(self) -> &'static str {
                self.as_str()
            }
        })+
    };
}

word_of!(
    Origin,
    ProtectionClass,
    Override,
    Relation,
    LabelUse,
    CurrentLabel,
    SinceLabeld
);
