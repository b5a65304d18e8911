//! `docs/reasons.md`: every reason code with its cause and fix, made from [`Reason`].

use std::fmt::Write as _;

use super::Reason;

const HEAD: &str = "\
# Reason codes

Every file that labeld could not, or would not, read or label ends in one of these codes. `labeld skips` counts them.
A code marked as an error makes a run end with exit code 3; all others are skips.

This page is made from `src/model/reason.rs`. After a change there, run
`LABELD_BLESS=1 cargo test --lib reason_page` to write it anew.
";

/// The whole page.
pub fn render() -> String {
    let mut page = HEAD.to_owned();
    for reason in Reason::ALL {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n<a id=\"{anchor}\"></a>\n\n## `{reason}`\n\n{cause}\n\n\
             - What to do: {fix}\n- Who can: {who}\n- Tried again: {retry}\n",
            anchor = reason.docs_anchor(),
            cause = reason.cause(),
            fix = reason.fix(),
            who = reason.fixed_by(),
            retry = reason.retry(),
        );
        if let Some(state) = reason.file_state() {
            let _ = writeln!(page, "- State of the file in `labeld inspect`: `{state}`");
        }
        if reason.is_error() {
            page.push_str("- Counts as an error\n");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::model::FileState;

    fn repository() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn the_page_is_made_from_the_enum() {
        let path = repository().join("docs/reasons.md");
        if std::env::var_os("LABELD_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(&path, render()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == render(),
            "docs/reasons.md differs from src/model/reason.rs; \
             run `LABELD_BLESS=1 cargo test --lib reason_page` and look at the change"
        );
    }

    #[test]
    fn codes_are_unique_and_texts_are_sentences() {
        let mut codes = BTreeSet::new();
        for &reason in Reason::ALL {
            assert!(codes.insert(reason.code()), "{reason} stands twice");
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            for text in [reason.cause(), reason.fix()] {
                assert!(text.ends_with('.'), "{reason}: {text}");
                assert!(
                    !text.contains(". "),
                    "{reason}: more than one sentence: {text}"
                );
            }
        }
        assert_eq!(Reason::from_code("file.unheard_of"), None);
    }

    #[test]
    fn errors_and_states_are_those_of_product_1() {
        let errors: Vec<&str> = Reason::ALL
            .iter()
            .filter(|reason| reason.is_error())
            .map(|reason| reason.code())
            .collect();
        assert_eq!(
            errors,
            [
                "access.denied",
                "file.poison",
                "fetch.failed",
                "fetch.throttled",
                "write.conflict",
                "write.denied",
                "write.quota",
                "write.name_invalid",
                "write.verify_failed",
                "write.unknown",
                "write.watermarked",
                "internal",
            ]
        );
        for &state in FileState::ALL {
            assert_eq!(FileState::from_word(state.as_str()), Some(state));
            let reached = Reason::ALL
                .iter()
                .any(|reason| reason.file_state() == Some(state));
            assert!(reached, "no reason leads to {state}");
        }
    }

    /// Codes in the first column of the table in rules §5.
    fn codes_of_specification(rules: &str) -> BTreeSet<String> {
        let section = rules.split("\n## §5").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        section
            .lines()
            .filter_map(|line| line.strip_prefix('|')?.split('|').next())
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_specification_has_the_same_codes() {
        let rules: PathBuf = repository().join("../shared/spec/rules.md");
        let Ok(rules) = std::fs::read_to_string(rules) else {
            return;
        };
        let ours: BTreeSet<String> = Reason::ALL
            .iter()
            .map(|reason| reason.code().to_owned())
            .collect();
        assert_eq!(codes_of_specification(&rules), ours);
    }
}
