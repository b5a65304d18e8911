//! Glob patterns that leave files and folders out.

use std::path::Path;

use globset::{Glob, GlobBuilder, GlobSet};
use toml::de::DeValue;

use super::source::Source;
use super::value::{Refusal, Value, refuse, wrong_type};

/// Patterns of paths below a root.
///
/// `*` stands for a part of a name, `**` for any number of folders. A pattern without a slash is
/// compared with names at any depth, one with a slash with the whole path; one that ends in a slash
/// means folders only. What lies below a matching folder is for the caller to leave out.
#[derive(Debug, Clone, Default)]
pub struct PathPatterns {
    patterns: Vec<String>,
    any: GlobSet,
    folders: GlobSet,
}

impl PartialEq for PathPatterns {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for PathPatterns {}

impl PathPatterns {
    /// Whether an entry, named relative to the root, is left out.
    pub fn excludes(&self, path: &Path, is_folder: bool) -> bool {
        self.any.is_match(path) || is_folder && self.folders.is_match(path)
    }

    /// The patterns as they were written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    fn compile(patterns: Vec<String>) -> Result<Self, globset::Error> {
        let mut any = GlobSet::builder();
        let mut folders = GlobSet::builder();
        for pattern in &patterns {
            // Tells of a mistake in the pattern as it was written.
            Glob::new(pattern)?;
            let (path, set) = match pattern.strip_suffix('/') {
                Some(path) => (path, &mut folders),
                None => (pattern.as_str(), &mut any),
            };
            let anchored = match path.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None if path.contains('/') => path.to_owned(),
                None => format!("**/{path}"),
            };
            set.add(
                GlobBuilder::new(&anchored)
                    .literal_separator(true)
                    .build()?,
            );
        }
        Ok(Self {
            any: any.build()?,
            folders: folders.build()?,
            patterns,
        })
    }
}

impl Value for PathPatterns {
    const EXPECTED: &'static str = "a list of patterns";
    const EXAMPLE: &'static str = "[\"*.tmp\", \"archive/\"]";

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
        if !value.is_array() {
            return Err(wrong_type::<Self>(value));
        }
        let patterns = Vec::<String>::read(value, source)?;
        Self::compile(patterns).or_else(|error| {
            let pattern = error.glob().unwrap_or_default();
            refuse(
                format!("`{pattern}` is no pattern: {}", error.kind()),
                "`*` is a part of a name, `**` any number of folders, `[…]` one of some characters",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_the_example_says() {
        let table = [
            ("*.tmp", "a.tmp", false, true),
            ("*.tmp", "deep/down/a.tmp", false, true),
            ("*.tmp", "a.tmp/inside.docx", false, false),
            ("archive/**", "archive/2020/a.docx", false, true),
            ("archive/**", "other/archive/a.docx", false, false),
            ("archive/*", "archive/2020/a.docx", false, false),
            ("/a.docx", "a.docx", false, true),
            ("/a.docx", "deep/a.docx", false, false),
            ("cache/", "deep/cache", true, true),
            ("cache/", "deep/cache", false, false),
        ];
        for (pattern, path, is_folder, expected) in table {
            let patterns = PathPatterns::compile(vec![pattern.to_owned()]).unwrap();
            assert_eq!(
                patterns.excludes(Path::new(path), is_folder),
                expected,
                "{pattern} {path}"
            );
        }
        assert!(!PathPatterns::default().excludes(Path::new("a"), true));
    }
}
