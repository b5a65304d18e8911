//! Remove a label: rows R1 to R11.
//!
//! Row R9 (a label of ours that somebody changed) has no facts of its own: its origin is `out-auto` or `out-user`, so R6 and
//! R7 decide. `G15` and `G16` are the gates 15 and 16 of rules §3, which stop what the rows leave open.

use super::pattern::{Decided, IMPOSSIBLE, Row, Word, first, row};
use crate::model::Reason;
use crate::model::policy::{CurrentLabel, Origin, ProtectionClass, Verdict};

/// Facts about the file and its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RemoveCase {
    /// Who set the present label.
    pub origin: Origin,
    /// How the file is encrypted.
    pub protection: ProtectionClass,
    /// Whether the ledger marks labeld's write with `override=true`.
    pub applied_with_override: bool,
    /// What the catalogue says of the present label.
    pub current_label: CurrentLabel,
}

/// Whether the present label may be removed.
#[must_use]
pub fn remove(case: &RemoveCase) -> Decided {
    first(ROWS, case)
}

/// Facts that contradict each other first.
const ROWS: &[Row<RemoveCase>] = &[
    row!(RemoveCase: IMPOSSIBLE, origin in [Origin::None, Origin::OutsideAutomatic, Origin::OutsideUser,
        Origin::Ambiguous, Origin::External], applied_with_override in [true] => |_| Verdict::Impossible),
    row!(RemoveCase: IMPOSSIBLE, origin in [Origin::None, Origin::External],
        protection in [ProtectionClass::OwnLabel] => |_| Verdict::Impossible),
    row!(RemoveCase: IMPOSSIBLE, origin in [Origin::None, Origin::External],
        current_label in [CurrentLabel::Disabled, CurrentLabel::Deleted] => |_| Verdict::Impossible),
    row!(RemoveCase: "R8", origin in [Origin::External] => |_| Verdict::Block(Reason::LabelExternal)),
    row!(RemoveCase: "G15", protection in [ProtectionClass::Password]
        => |_| Verdict::Block(Reason::FilePassword)),
    row!(RemoveCase: "R7", origin in [Origin::OutsideAutomatic, Origin::OutsideUser],
        protection in [ProtectionClass::OwnLabel, ProtectionClass::Unmapped]
        => |_| Verdict::Block(Reason::ProtectedOutside)),
    row!(RemoveCase: "G16", protection in [ProtectionClass::Unmapped]
        => |_| Verdict::Block(Reason::ProtectedUnmapped)),
    row!(RemoveCase: "ambiguous", origin in [Origin::Ambiguous]
        => |_| Verdict::Block(Reason::LabelAmbiguous)),
    row!(RemoveCase: "R1", origin in [Origin::None] => |_| Verdict::NoOp(Reason::LabelNone)),
    row!(RemoveCase: "R5", protection in [ProtectionClass::OwnLabel], applied_with_override in [true]
        => |_| Verdict::Block(Reason::ProtectedOwnOverride)),
    row!(RemoveCase: "R4", protection in [ProtectionClass::OwnLabel]
        => |_| Verdict::Block(Reason::ProtectedOwn)),
    row!(RemoveCase: "R10", current_label in [CurrentLabel::Disabled] => |case| if_ours(case.origin)),
    row!(RemoveCase: "R11", current_label in [CurrentLabel::Deleted] => |case| if_ours(case.origin)),
    row!(RemoveCase: "R6", origin in [Origin::OutsideAutomatic, Origin::OutsideUser]
        => |_| Verdict::Block(Reason::LabelOutside)),
    row!(RemoveCase: "R3", applied_with_override in [true] => |case| if_ours(case.origin)),
    row!(RemoveCase: "R2", applied_with_override in [false] => |case| if_ours(case.origin)),
];

fn if_ours(origin: Origin) -> Verdict {
    match origin {
        Origin::Us => Verdict::Remove,
        _ => Verdict::Block(Reason::LabelOutside),
    }
}
