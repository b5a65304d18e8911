//! What is wrong with a configuration, as people read it.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::source::{Excerpt, Source};

/// Most problems that are told; a file with more is not the one that was meant.
const MOST_PROBLEMS: usize = 50;

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
    /// The problems in the order of the file: at least one, at most the first 50.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
    /// Those of further files.
    pub others: Vec<Problems>,
}

impl std::error::Error for Problems {}

impl Problems {
    /// Problems of several files as one; `None` where there are none.
    pub(super) fn join(files: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut files = files.into_iter();
        let mut first = files.next()?;
        first.others.extend(files);
        Some(first)
    }

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
            more: 0,
            others: Vec::new(),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        for problem in &self.problems {
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
        match (self.problems.len(), self.more) {
            (1, 0) => write!(f, "1 problem in {file}"),
            (count, 0) => write!(f, "{count} problems in {file}"),
            (count, more) => write!(
                f,
                "{} problems in {file}, the first {count} shown",
                count + more
            ),
        }?;
        for other in &self.others {
            write!(f, "\n\n{other}")?;
        }
        Ok(())
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
/// `None` when nothing is wrong.
pub(super) fn problems(
    source: &Source,
    syntax: Vec<Finding>,
    mut found: Vec<Finding>,
    masks: &[Range<usize>],
) -> Option<Problems> {
    let line = |finding: &Finding| {
        let span = finding.span.as_ref()?;
        Some(source.line_of(span.start).0)
    };
    if !syntax.is_empty() {
        let broken: BTreeSet<Option<usize>> = syntax.iter().map(line).collect();
        found.retain(|finding| !finding.structural && !broken.contains(&line(finding)));
    }
    found.extend(syntax);
    found.sort_by_key(|finding| finding.span.as_ref().map(|span| span.start));
    let more = found.len().saturating_sub(MOST_PROBLEMS);
    let problems: Vec<Problem> = found
        .into_iter()
        .take(MOST_PROBLEMS)
        .map(|finding| Problem {
            message: finding.message,
            fix: finding.fix,
            place: finding.span.map(|span| place(source, &span, masks)),
        })
        .collect();
    (!problems.is_empty()).then(|| Problems {
        file: source.file.clone(),
        problems,
        more,
        others: Vec::new(),
    })
}

fn place(source: &Source, span: &Range<usize>, masks: &[Range<usize>]) -> Place {
    let (line, column) = source.position(span.start);
    Place {
        line,
        column,
        excerpt: source.excerpt(span, masks),
    }
}
