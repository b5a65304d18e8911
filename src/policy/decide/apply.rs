//! Apply a label: rows A1 to A14.

use super::pattern::{Decided, IMPOSSIBLE, Row, Word, first, row};
use crate::model::Reason;
use crate::model::policy::{
    LabelUse, Origin, Override, ProtectionClass, Relation, Route, RowId, Verdict,
};

/// Facts about the file, the wanted label and the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApplyCase {
    /// Who set the present label.
    pub origin: Origin,
    /// How the file is encrypted.
    pub protection: ProtectionClass,
    /// The policy's `override`.
    pub overrides: Override,
    /// The policy's `allow_downgrade`.
    pub allow_downgrade: bool,
    /// The wanted label beside the present one.
    pub relation: Relation,
    /// Whether the wanted label can be applied.
    pub label: LabelUse,
    /// Whether the service can assign labels that encrypt, and the operator switched that on (row A13).
    pub service_encrypts: bool,
}

/// Whether the wanted label may be applied.
///
/// Row A13 stands before the rows that protect present labels. Where the service may assign encrypting labels it stops nothing,
/// and those rows are asked first: only a file that would be labelled anyway goes to the service.
#[must_use]
pub fn apply(case: &ApplyCase) -> Decided {
    let mut decided = first(ROWS, case);
    if let Verdict::Apply { route, .. } = &mut decided.verdict
        && case.label == LabelUse::NeedsProtection
    {
        *route = Route::Service;
        decided.row = RowId("A13");
    }
    decided
}

const fn write(override_used: bool) -> Verdict {
    Verdict::Apply {
        override_used,
        route: Route::File,
    }
}

/// In the order of rules §4; facts that contradict each other first.
const ROWS: &[Row<ApplyCase>] = &[
    // A file without a label of ours has none to compare with, and none that could have encrypted it.
    row!(ApplyCase: IMPOSSIBLE, origin in [Origin::None, Origin::External],
        relation in [Relation::Same, Relation::Lower] => |_| Verdict::Impossible),
    row!(ApplyCase: IMPOSSIBLE, origin in [Origin::None, Origin::External],
        protection in [ProtectionClass::OwnLabel] => |_| Verdict::Impossible),
    row!(ApplyCase: "A12", protection in [ProtectionClass::Password]
        => |_| Verdict::Block(Reason::FilePassword)),
    row!(ApplyCase: "A11", protection in [ProtectionClass::Unmapped]
        => |_| Verdict::Block(Reason::ProtectedUnmapped)),
    row!(ApplyCase: "A9", origin in [Origin::OutsideAutomatic, Origin::OutsideUser],
        protection in [ProtectionClass::OwnLabel] => |_| Verdict::Block(Reason::ProtectedOutside)),
    row!(ApplyCase: "ambiguous", origin in [Origin::Ambiguous]
        => |_| Verdict::Block(Reason::LabelAmbiguous)),
    row!(ApplyCase: "A3", relation in [Relation::Same] => |_| Verdict::NoOp(Reason::LabelSame)),
    row!(ApplyCase: "A14", label in [LabelUse::Disabled, LabelUse::Deleted, LabelUse::Unpublished,
        LabelUse::Scope, LabelUse::NoRights] => |case| refuse(case.label)),
    row!(ApplyCase: "A13", label in [LabelUse::NeedsProtection], service_encrypts in [false]
        => |case| refuse(case.label)),
    row!(ApplyCase: "A10", origin in [Origin::Us], protection in [ProtectionClass::OwnLabel]
        => |_| Verdict::Block(Reason::LabelByLabeld)),
    row!(ApplyCase: "A4", origin in [Origin::Us] => |_| Verdict::Block(Reason::LabelByLabeld)),
    row!(ApplyCase: "A6", origin in [Origin::OutsideUser],
        overrides in [Override::None, Override::Automatic]
        => |_| Verdict::Block(Reason::LabelUserDefined)),
    row!(ApplyCase: "A5n", origin in [Origin::OutsideAutomatic], overrides in [Override::None]
        => |_| Verdict::Block(Reason::LabelOutside)),
    row!(ApplyCase: "A8", origin in [Origin::OutsideAutomatic, Origin::OutsideUser],
        relation in [Relation::Lower], allow_downgrade in [false]
        => |_| Verdict::Block(Reason::LabelDowngrade)),
    row!(ApplyCase: "A8d", origin in [Origin::OutsideAutomatic, Origin::OutsideUser],
        relation in [Relation::Lower] => |case| write(case.origin == Origin::OutsideUser)),
    row!(ApplyCase: "A5", origin in [Origin::OutsideAutomatic] => |_| write(false)),
    row!(ApplyCase: "A7", origin in [Origin::OutsideUser] => |_| write(true)),
    row!(ApplyCase: "A1", origin in [Origin::None] => |_| write(false)),
    row!(ApplyCase: "A2", origin in [Origin::External] => |_| write(false)),
];

/// The wanted label's own reason not to be applied.
fn refuse(label: LabelUse) -> Verdict {
    label.reason().map_or(Verdict::Impossible, Verdict::Block)
}
