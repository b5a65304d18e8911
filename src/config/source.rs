//! The text of a configuration file, and where in it something stands.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// Longest part of a line that is shown, in characters.
const SHOWN_CHARS: usize = 120;

/// Characters shown before the place itself where a line is longer than that.
const SHOWN_BEFORE: usize = 40;

/// A configuration file with its text.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) text: String,
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
        let before = self.before(offset);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    /// The text up to a byte, or up to the character that the byte lies in.
    fn before(&self, offset: usize) -> &str {
        &self.text[..self.text.floor_char_boundary(offset)]
    }

    /// The line in which `span` begins, with everything in `masks` hidden.
    pub(super) fn excerpt(&self, span: &Range<usize>, masks: &[Range<usize>]) -> Excerpt {
        let start = self
            .before(span.start)
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let logins = url_logins(line, start);
        let is_hidden = |offset: usize| {
            masks
                .iter()
                .chain(&logins)
                .any(|mask| mask.contains(&offset))
        };
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
