//! What is wrong with a configuration, as people read it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::source::{Excerpt, Source};

/// Most problems that are printed; a file with more is not the one that was meant.
const MAX_PRINTED: usize = 50;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in lower case, naming the key or value.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Where; `None` when it concerns the file as a whole.
    pub place: Option<Place>,
}

/// Where a problem stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The line itself.
    pub excerpt: Excerpt,
}

/// Everything that is wrong with a configuration. `Display` prints all of it, without colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub file: PathBuf,
    /// The problems in the order of the file; at least one.
    pub problems: Vec<Problem>,
}

impl std::error::Error for Problems {}

impl Problems {
    /// A problem of the file as a whole.
    pub(super) fn whole_file(file: PathBuf, message: String, fix: &str) -> Self {
        let problem = Problem {
            message,
            fix: fix.to_owned(),
            place: None,
        };
        Self {
            file,
            problems: vec![problem],
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        for problem in self.problems.iter().take(MAX_PRINTED) {
            match &problem.place {
                None => writeln!(f, "{file}: {}", problem.message)?,
                Some(place) => {
                    writeln!(
                        f,
                        "{file}:{}:{}: {}",
                        place.line, place.column, problem.message
                    )?;
                    place.fmt_excerpt(f)?;
                }
            }
            writeln!(f, "  fix: {}\n", problem.fix)?;
        }
        match self.problems.len() {
            1 => write!(f, "1 problem in {file}"),
            count if count > MAX_PRINTED => {
                write!(
                    f,
                    "{count} problems in {file}, the first {MAX_PRINTED} shown"
                )
            }
            count => write!(f, "{count} problems in {file}"),
        }
    }
}

impl Place {
    fn fmt_excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { start, end } = self.excerpt.underline;
        let number = self.line.to_string();
        writeln!(f, "  {number} | {}", self.excerpt.text)?;
        writeln!(
            f,
            "  {:width$} | {:start$}{}",
            "",
            "",
            "^".repeat(end - start),
            width = number.len(),
        )
    }
}

/// A problem while the file is read: still a span of bytes.
#[derive(Debug)]
pub(super) struct Finding {
    /// `None` when it concerns the file as a whole.
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
    pub(super) fix: String,
    /// Says that something is absent or has another shape, which is often only the consequence of
    /// a syntax error elsewhere.
    pub(super) structural: bool,
}

/// Turns what was found into problems: in order, and without the consequences of syntax errors.
pub(super) fn problems(
    source: &Source,
    syntax: Vec<Finding>,
    mut found: Vec<Finding>,
    masks: &[Range<usize>],
) -> Vec<Problem> {
    let line = |finding: &Finding| {
        let span = finding.span.as_ref()?;
        Some(source.position(span.start).0)
    };
    if !syntax.is_empty() {
        let broken: Vec<Option<usize>> = syntax.iter().map(line).collect();
        found.retain(|finding| !finding.structural && !broken.contains(&line(finding)));
    }
    found.extend(syntax);
    found.sort_by_key(|finding| finding.span.as_ref().map(|span| span.start));
    found
        .into_iter()
        .map(|finding| Problem {
            message: finding.message,
            fix: finding.fix,
            place: finding.span.map(|span| place(source, &span, masks)),
        })
        .collect()
}

fn place(source: &Source, span: &Range<usize>, masks: &[Range<usize>]) -> Place {
    let (line, column) = source.position(span.start);
    Place {
        line,
        column,
        excerpt: source.excerpt(span, masks),
    }
}
