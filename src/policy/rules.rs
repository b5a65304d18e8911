//! The tables of rules §4 as `testdata/rules.csv` has them: what `labeld rules` prints and `docs/rules.md` shows.
//!
//! The file is written by hand and not used to decide; a test shows that [`super::decide`] agrees with it in every case.

mod page;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use page::render;

/// The rows as they are written.
const TABLES: &str = include_str!("../../testdata/rules.csv");

/// A row. A column that its table does not have is empty; `*` is any value, `|` stands between alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleRow {
    /// `apply`, `remove` or `undo`.
    pub table: String,
    /// Its name, such as `A5n`. A name may stand on several rows.
    pub row: String,
    /// Who set the present label.
    pub origin: String,
    /// How the file is encrypted.
    pub protection: String,
    /// The policy's `override`.
    #[serde(rename = "override")]
    pub overrides: String,
    /// The policy's `allow_downgrade`.
    pub allow_downgrade: String,
    /// The wanted label beside the present one.
    pub relation: String,
    /// Whether the wanted label can be applied.
    pub label: String,
    /// Whether labeld applied the present label with the override.
    pub applied_with_override: String,
    /// What the catalogue says of the present label.
    pub current_label: String,
    /// The file beside what labeld left.
    pub file: String,
    /// What may be done.
    pub verdict: String,
    /// The reason code where nothing is done.
    pub reason: String,
    /// One sentence for people.
    pub text: String,
}

impl RuleRow {
    /// The facts that the row wants, by name, without those it leaves open.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, &str)> {
        let facts = [
            ("origin", &self.origin),
            ("protection", &self.protection),
            ("override", &self.overrides),
            ("allow_downgrade", &self.allow_downgrade),
            ("relation", &self.relation),
            ("label", &self.label),
            ("applied_with_override", &self.applied_with_override),
            ("current_label", &self.current_label),
            ("file", &self.file),
        ];
        facts
            .into_iter()
            .filter(|(_, pattern)| !matches!(pattern.as_str(), "" | "*"))
            .map(|(name, pattern)| (name, pattern.as_str()))
            .collect()
    }

    /// The facts for people: `origin out-auto or out-user, protection P`.
    #[must_use]
    pub fn when(&self) -> String {
        if self.verdict.is_empty() {
            return "see the text".to_owned();
        }
        let facts: Vec<String> = self
            .facts()
            .into_iter()
            .map(|(name, pattern)| format!("{name} {}", pattern.replace('|', " or ")))
            .collect();
        match facts.is_empty() {
            true => "always".to_owned(),
            false => facts.join(", "),
        }
    }
}

/// All rows, in the order in which they are tried.
///
/// # Errors
///
/// When the file that was compiled in is not a table.
pub fn rows() -> Result<Vec<RuleRow>, csv::Error> {
    csv::Reader::from_reader(TABLES.as_bytes())
        .deserialize()
        .collect()
}
