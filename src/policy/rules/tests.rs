use std::path::Path;

use super::*;
use crate::model::Reason;

#[test]
fn rules_page_is_made_from_the_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = render(&rows().unwrap());
    if std::env::var_os("LABELD_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/rules.md differs from testdata/rules.csv; \
         run `LABELD_BLESS=1 cargo test --lib rules_page` and look at the change"
    );
}

#[test]
fn every_row_can_be_shown() {
    for row in rows().unwrap() {
        assert!(
            ["apply", "remove", "undo"].contains(&row.table.as_str()),
            "{row:?}"
        );
        assert!(row.text.ends_with('.'), "{row:?}");
        assert!(
            row.reason.is_empty() || Reason::from_code(&row.reason).is_some(),
            "{row:?}"
        );
        assert!(!row.when().is_empty());
    }
}

/// Rows that the table of rules §4 names.
#[test]
fn no_row_of_the_specification_is_missing() {
    let rows = rows().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.row.as_str()).collect();
    let wanted = "A1 A2 A3 A4 A5 A5n A6 A7 A8 A8d A9 A10 A11 A12 A13 A14 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 U1 U2";
    for name in wanted.split(' ') {
        assert!(names.contains(&name), "{name}");
    }
}
