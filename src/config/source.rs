//! The text of a configuration file, and where in it something stands.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// Longest part of a line that is shown, in characters.
const SHOWN_CHARS: usize = 120;

/// Characters shown before the place itself where a line is longer than that.
const SHOWN_BEFORE: usize = 40;

/// Bytes around a place that are looked at for its excerpt, however long the line is.
const NEAR_BYTES: usize = 2_000;

/// A configuration file with its text.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) text: String,
    /// The byte that each line begins with.
    line_starts: Vec<usize>,
}

/// The line of a place, for people, and which of its characters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, with secrets and control characters replaced.
    pub text: String,
    /// The characters of `text` that are meant; never empty.
    pub underline: Range<usize>,
}

impl Source {
    pub(super) fn new(file: PathBuf, text: String) -> Self {
        let ends = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            line_starts: std::iter::once(0).chain(ends).collect(),
            file,
            text,
        }
    }

    /// The folder that relative paths start from.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// A path of the configuration: relative ones start at the file's folder.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let (line, start) = self.line_of(offset);
        let before = &self.text[start..self.text.floor_char_boundary(offset)];
        (line, before.chars().count() + 1)
    }

    /// The number of the line that holds a byte, counted from 1, and the byte that it begins with.
    pub(super) fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index));
        (line, start.copied().unwrap_or(0))
    }

    /// The line in which `span` begins, with everything in `masks` hidden.
    pub(super) fn excerpt(&self, span: &Range<usize>, masks: &[Range<usize>]) -> Excerpt {
        let (_, line_start) = self.line_of(span.start);
        let first = line_start.max(span.start.saturating_sub(NEAR_BYTES));
        let start = self.text.floor_char_boundary(first);
        let end = self
            .text
            .floor_char_boundary(span.start.saturating_add(NEAR_BYTES));
        let line = self.text[start..end].lines().next().unwrap_or_default();
        let near = start..start + line.len();
        let hidden: Vec<Range<usize>> = masks
            .iter()
            .filter(|mask| mask.start < near.end && near.start < mask.end)
            .cloned()
            .chain(url_logins(line, start))
            .collect();
        let is_hidden = |offset: usize| hidden.iter().any(|mask| mask.contains(&offset));
        let mut shown: Vec<char> = Vec::new();
        let mut underline: Option<Range<usize>> = None;
        let mut was_hidden = false;
        for (index, character) in line.char_indices() {
            let offset = start + index;
            let hidden = is_hidden(offset);
            if !(hidden && was_hidden) {
                shown.push(if hidden { '…' } else { printable(character) });
            }
            was_hidden = hidden;
            if span.contains(&offset) || offset == span.start {
                let first = underline.map_or(shown.len() - 1, |range| range.start);
                underline = Some(first..shown.len());
            }
        }
        // A place behind the line's last character.
        let underline = underline.unwrap_or(shown.len()..shown.len() + 1);
        cut(&shown, underline)
    }
}

/// Cuts a long line around the characters that are meant.
fn cut(line: &[char], underline: Range<usize>) -> Excerpt {
    let skipped = match line.len() > SHOWN_CHARS {
        true => underline.start.saturating_sub(SHOWN_BEFORE),
        false => 0,
    };
    let end = line.len().min(skipped + SHOWN_CHARS);
    let text = line.get(skipped..end).unwrap_or_default().iter().collect();
    let start = underline.start - skipped;
    Excerpt {
        text,
        underline: start..(underline.end - skipped).min(SHOWN_CHARS).max(start + 1),
    }
}

/// Terminals act on control characters, and tabs would shift the underline.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        character => character,
    }
}

/// Where user names and passwords stand in URLs of a line, for a file that cannot be parsed.
fn url_logins(line: &str, line_start: usize) -> Vec<Range<usize>> {
    line.match_indices("://")
        .filter_map(|(index, slashes)| {
            let start = index + slashes.len();
            let rest = line.get(start..)?;
            let end = rest.find(['"', '\'', ' ']).unwrap_or(rest.len());
            let login = rest.get(..end)?.rfind('@')?;
            Some(line_start + start..line_start + start + login)
        })
        .collect()
}
