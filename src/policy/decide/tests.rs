//! Every combination of facts against the rows that were written by hand.

use std::collections::BTreeSet;

use super::*;
use crate::model::policy::{
    CurrentLabel, LabelUse, Origin, Override, ProtectionClass, Relation, Route, RowId, SinceLabeld,
    Verdict,
};
use crate::policy::rules::{RuleRow, rows};

/// Whether a column of a row lets a value pass.
fn lets_pass(pattern: &str, value: &str) -> bool {
    pattern == "*" || pattern.split('|').any(|one| one == value)
}

/// The first row of `table` whose columns let all of `values` pass.
fn first_row<'r>(table: &[&'r RuleRow], values: &[(&str, &str)]) -> &'r RuleRow {
    let hit = table.iter().find(|row| {
        values.iter().all(|(column, value)| {
            let pattern = match *column {
                "origin" => &row.origin,
                "protection" => &row.protection,
                "override" => &row.overrides,
                "allow_downgrade" => &row.allow_downgrade,
                "relation" => &row.relation,
                "label" => &row.label,
                "applied_with_override" => &row.applied_with_override,
                "current_label" => &row.current_label,
                "file" => &row.file,
                other => panic!("no column {other}"),
            };
            lets_pass(pattern, value)
        })
    });
    hit.unwrap_or_else(|| panic!("no row for {values:?}"))
}

fn assert_agrees(row: &RuleRow, decided: &Decided, values: &[(&str, &str)]) {
    let found = (
        decided.row.0,
        decided.verdict.as_str(),
        decided.verdict.reason().map_or("", |reason| reason.code()),
    );
    assert_eq!(
        found,
        (&*row.row, &*row.verdict, &*row.reason),
        "{values:?}: {decided:?}"
    );
}

/// The rows of one table, and those of them that decided no case.
struct Table<'r> {
    rows: Vec<&'r RuleRow>,
    unused: BTreeSet<usize>,
}

impl<'r> Table<'r> {
    fn of(all: &'r [RuleRow], table: &str) -> Self {
        let rows: Vec<&RuleRow> = all.iter().filter(|row| row.table == table).collect();
        Self {
            unused: (0..rows.len()).collect(),
            rows,
        }
    }

    fn check(&mut self, decided: &Decided, values: &[(&str, &str)]) {
        let row = first_row(&self.rows, values);
        assert_agrees(row, decided, values);
        let index = self.rows.iter().position(|one| std::ptr::eq(*one, row));
        self.unused.remove(&index.unwrap());
    }

    fn unused(&self) -> Vec<&str> {
        self.unused
            .iter()
            .map(|index| self.rows[*index].row.as_str())
            .collect()
    }
}

fn true_or_false(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn every_apply_case(service_encrypts: bool) -> Vec<ApplyCase> {
    let mut cases = Vec::new();
    for &origin in Origin::ALL {
        for &protection in ProtectionClass::ALL {
            for &overrides in Override::ALL {
                for allow_downgrade in [false, true] {
                    for &relation in Relation::ALL {
                        for &label in LabelUse::ALL {
                            cases.push(ApplyCase {
                                origin,
                                protection,
                                overrides,
                                allow_downgrade,
                                relation,
                                label,
                                service_encrypts,
                            });
                        }
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn every_apply_case_agrees_with_its_first_row() {
    let all = rows().unwrap();
    let mut table = Table::of(&all, "apply");
    let cases = every_apply_case(false);
    assert_eq!(cases.len(), 3_024);
    for case in &cases {
        let values = [
            ("origin", case.origin.as_str()),
            ("protection", case.protection.as_str()),
            ("override", case.overrides.as_str()),
            ("allow_downgrade", true_or_false(case.allow_downgrade)),
            ("relation", case.relation.as_str()),
            ("label", case.label.as_str()),
        ];
        table.check(&apply(case), &values);
    }
    assert_eq!(table.unused(), [""; 0]);
}

#[test]
fn every_remove_case_agrees_with_its_first_row() {
    let all = rows().unwrap();
    let mut table = Table::of(&all, "remove");
    let mut cases = 0;
    for &origin in Origin::ALL {
        for &protection in ProtectionClass::ALL {
            for applied_with_override in [false, true] {
                for &current_label in CurrentLabel::ALL {
                    cases += 1;
                    let values = [
                        ("origin", origin.as_str()),
                        ("protection", protection.as_str()),
                        (
                            "applied_with_override",
                            if applied_with_override { "yes" } else { "no" },
                        ),
                        ("current_label", current_label.as_str()),
                    ];
                    let case = RemoveCase {
                        origin,
                        protection,
                        applied_with_override,
                        current_label,
                    };
                    table.check(&remove(&case), &values);
                }
            }
        }
    }
    assert_eq!(cases, 144);
    // Described, and decided by others.
    assert_eq!(table.unused(), ["R9"]);
}

#[test]
fn undo_agrees_with_its_rows() {
    let all = rows().unwrap();
    let mut table = Table::of(&all, "undo");
    for &since in SinceLabeld::ALL {
        table.check(&undo(since), &[("file", since.as_str())]);
    }
    assert_eq!(table.unused(), [""; 0]);
}

/// The service takes over encrypting labels, and only those of files that would be labelled anyway.
#[test]
fn what_the_service_may_assign_is_decided_as_if_the_label_were_usable() {
    for case in every_apply_case(true) {
        let decided = apply(&case);
        let by_file = ApplyCase {
            service_encrypts: false,
            ..case
        };
        if case.label != LabelUse::NeedsProtection {
            assert_eq!(decided.verdict, apply(&by_file).verdict, "{case:?}");
            continue;
        }
        let usable = apply(&ApplyCase {
            label: LabelUse::Usable,
            ..by_file
        });
        let expected = match usable.verdict {
            Verdict::Apply { override_used, .. } => (
                RowId("A13"),
                Verdict::Apply {
                    override_used,
                    route: Route::Service,
                },
            ),
            other => (usable.row, other),
        };
        assert_eq!((decided.row, decided.verdict), expected, "{case:?}");
    }
}

/// A row that was passed over names a fact that does not hold.
#[test]
fn the_trace_names_the_first_fact_that_does_not_hold() {
    let case = ApplyCase {
        origin: Origin::OutsideUser,
        protection: ProtectionClass::None,
        overrides: Override::Automatic,
        allow_downgrade: false,
        relation: Relation::Other,
        label: LabelUse::Usable,
        service_encrypts: false,
    };
    let decided = apply(&case);
    assert_eq!(decided.row, RowId("A6"));
    let passed: Vec<String> = decided
        .passed
        .iter()
        .map(|one| format!("{} {}={}", one.row, one.miss.fact, one.miss.found))
        .collect();
    assert_eq!(
        passed,
        [
            "impossible origin=out-user",
            "impossible origin=out-user",
            "A12 protection=-",
            "A11 protection=-",
            "A9 protection=-",
            "ambiguous origin=out-user",
            "A3 relation=other",
            "A14 label=usable",
            "A13 label=usable",
            "A10 origin=out-user",
            "A4 origin=out-user",
        ]
    );
}
