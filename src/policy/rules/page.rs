//! `docs/rules.md`, made from the rows.

use std::fmt::Write as _;

use super::RuleRow;

const HEAD: &str = "\
# Rules

What labeld may do to a file's label, and why. In each table the first row whose facts all hold decides; a fact that a row does
not name may be anything. `labeld rules` prints the same rows.

- `origin`: who set the label that our tenant has on the file: `none` (there is none), `us` (labeld, unchanged since), `out-auto`
  (other software), `out-user` (a person, or nobody knows), `ambiguous` (several, none of which wins), `ext` (only other tenants have
  labels on it).
- `protection`: `-` none, `P` encrypted by a label of our tenant, `Px` encrypted by something else, `pw` a password.
- `override` and `allow_downgrade`: options of the policy.
- `relation`: the wanted label is the `same` as the present one, ranks `lower`, or neither (`other`). A rank that is not known counts
  as `lower`.
- `label`: whether the wanted label can be applied: `usable`, `needs_protection` (it encrypts), or why not.

This page is made from `testdata/rules.csv`. After a change there, run `LABELD_BLESS=1 cargo test --lib rules_page` to write it anew.
";

/// The tables with their headings.
const TABLES: &[(&str, &str)] = &[
    ("apply", "Apply a label"),
    ("remove", "Remove the label"),
    ("undo", "Undo what labeld did"),
];

/// The whole page.
#[must_use]
pub fn render(rows: &[RuleRow]) -> String {
    let mut page = HEAD.to_owned();
    for (table, heading) in TABLES {
        page.push_str(&format!(
            "\n## {heading}\n\n| row | when | verdict | reason | meaning |\n|---|---|---|---|---|\n"
        ));
        for row in rows.iter().filter(|row| row.table == *table) {
            // Writing to a String cannot fail.
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} |",
                row.row,
                row.when().replace('|', "\\|"),
                row.verdict.replace('_', " "),
                reason(&row.reason),
                row.text
            );
        }
    }
    page
}

fn reason(code: &str) -> String {
    match code {
        "" => String::new(),
        code => format!("[`{code}`](reasons.md#{code})"),
    }
}
