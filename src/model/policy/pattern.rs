//! Conditions on texts, with operators that say what they compare.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use regex::{Regex, RegexBuilder};

use super::words;

/// Longest pattern, in bytes.
pub const MAX_PATTERN: usize = 512;

/// Memory that a compiled pattern may take, in bytes.
const MAX_COMPILED: usize = 1 << 18;

words! {
    /// How a text is compared. Upper and lower case are the same to all of them.
    pub enum TextOperator {
        /// It is the text.
        Is = "is",
        /// It has the text in it.
        Contains = "contains",
        /// It begins with the text.
        StartsWith = "starts_with",
        /// It ends with the text.
        EndsWith = "ends_with",
        /// It is as the pattern says: `*` is any characters but `/`, `**` any characters, `?` one character.
        Like = "like",
        /// A part of it is as the regular expression says.
        Regex = "regex",
    }
}

/// An operator with its text.
#[derive(Clone)]
pub struct TextPattern {
    operator: TextOperator,
    text: String,
    matcher: Matcher,
}

#[derive(Clone)]
enum Matcher {
    Lower(String),
    Glob(GlobMatcher),
    Regex(Regex),
}

/// Why a pattern cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// Too long.
    #[error("longer than {MAX_PATTERN} bytes")]
    TooLong,
    /// Not a pattern.
    #[error("no pattern: {}", .0.kind())]
    Glob(#[from] globset::Error),
    /// Not a regular expression, or one that is too large.
    #[error("no regular expression: {0}")]
    Regex(String),
}

impl TextPattern {
    /// Prepares a comparison.
    ///
    /// # Errors
    ///
    /// [`PatternError`] for a text that the operator cannot use.
    pub fn new(operator: TextOperator, text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_PATTERN {
            return Err(PatternError::TooLong);
        }
        let matcher = match operator {
            TextOperator::Like => Matcher::Glob(
                GlobBuilder::new(&text.to_lowercase())
                    .literal_separator(true)
                    .backslash_escape(true)
                    .build()?
                    .compile_matcher(),
            ),
            TextOperator::Regex => Matcher::Regex(
                RegexBuilder::new(text)
                    .case_insensitive(true)
                    .size_limit(MAX_COMPILED)
                    .dfa_size_limit(MAX_COMPILED)
                    .nest_limit(32)
                    .build()
                    .map_err(|error| PatternError::Regex(last_line(&error.to_string())))?,
            ),
            _ => Matcher::Lower(text.to_lowercase()),
        };
        Ok(Self {
            operator,
            text: text.to_owned(),
            matcher,
        })
    }

    /// Whether a text is as the pattern says.
    pub fn matches(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Regex(regex) => regex.is_match(text),
            Matcher::Glob(glob) => glob.is_match(text.to_lowercase()),
            Matcher::Lower(pattern) => {
                let lower = text.to_lowercase();
                match self.operator {
                    TextOperator::Contains => lower.contains(pattern),
                    TextOperator::StartsWith => lower.starts_with(pattern),
                    TextOperator::EndsWith => lower.ends_with(pattern),
                    _ => lower == *pattern,
                }
            }
        }
    }

    /// The operator.
    pub fn operator(&self) -> TextOperator {
        self.operator
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The parser draws the expression above what it says of it.
fn last_line(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        (self.operator, &self.text) == (other.operator, &other.text)
    }
}

impl Eq for TextPattern {}

impl fmt::Debug for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\"", self.operator, self.text)
    }
}

/// A folder, alone or with everything below it. Upper and lower case are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderPattern {
    /// The path in lower case: `/`-separated, without a slash at either end, empty for the root.
    path: String,
    /// With everything below it.
    pub below: bool,
}

impl FolderPattern {
    /// `finance` is the folder itself, `finance/**` the folder and everything below it, `**` every folder, `/` the root itself.
    pub fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let (path, below) = match text.strip_suffix("**") {
            Some(path) if path.is_empty() || path.ends_with('/') => (path, true),
            _ => (text.as_str(), false),
        };
        Self {
            path: path.trim_matches('/').to_owned(),
            below,
        }
    }

    /// Whether a folder is meant.
    pub fn matches(&self, folder: &str) -> bool {
        let folder = folder.trim_matches('/').to_lowercase();
        let Some(rest) = folder.strip_prefix(&self.path) else {
            return false;
        };
        rest.is_empty() || self.below && (self.path.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for FolderPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path.as_str(), self.below) {
            ("", true) => f.write_str("\"**\""),
            ("", false) => f.write_str("\"/\""),
            (path, true) => write!(f, "\"{path}/**\""),
            (path, false) => write!(f, "\"{path}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_compare_what_they_say() {
        for (operator, pattern, text, expected) in [
            (TextOperator::Is, "Plan.docx", "plan.DOCX", true),
            (TextOperator::Is, "plan", "plan.docx", false),
            (TextOperator::Contains, "LAN", "plan.docx", true),
            (TextOperator::StartsWith, "plan", "Plan.docx", true),
            (TextOperator::StartsWith, "lan", "plan.docx", false),
            (TextOperator::EndsWith, ".docx", "plan.docx", true),
            (TextOperator::Like, "*.docx", "PLAN.docx", true),
            (TextOperator::Like, "*.docx", "a/plan.docx", false),
            (TextOperator::Like, "**/*.docx", "a/b/plan.docx", true),
            (TextOperator::Like, "?lan.docx", "plan.docx", true),
            (TextOperator::Regex, "^plan", "Plan.docx", true),
            (TextOperator::Regex, "l.n", "plan.docx", true),
            (TextOperator::Regex, "^lan", "plan.docx", false),
            (TextOperator::Is, "Größe", "GRÖSSE", false),
            (TextOperator::Is, "ÄRGER", "ärger", true),
        ] {
            let compiled = TextPattern::new(operator, pattern).unwrap();
            assert_eq!(compiled.matches(text), expected, "{compiled} {text}");
        }
    }

    #[test]
    fn patterns_are_bounded() {
        let long = "a".repeat(MAX_PATTERN + 1);
        for (operator, text) in [
            (TextOperator::Is, long.as_str()),
            (TextOperator::Like, "[a"),
            (TextOperator::Regex, "(a"),
            (TextOperator::Regex, "(a{1000}){1000}"),
            (TextOperator::Regex, &"(".repeat(100)),
        ] {
            assert!(
                TextPattern::new(operator, text).is_err(),
                "{operator} {text}"
            );
        }
    }

    #[test]
    fn folders_alone_and_with_what_is_below() {
        for (pattern, folder, expected) in [
            ("finance", "Finance", true),
            ("finance/", "finance", true),
            ("finance", "finance/2026", false),
            ("finance/**", "finance", true),
            ("finance/**", "finance/2026/q1", true),
            ("finance/**", "finances", false),
            ("finance/**", "other/finance", false),
            ("/", "", true),
            ("/", "finance", false),
            ("**", "", true),
            ("**", "finance/2026", true),
        ] {
            assert_eq!(
                FolderPattern::new(pattern).matches(folder),
                expected,
                "{pattern} {folder}"
            );
        }
    }
}
