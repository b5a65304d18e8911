//! Paths below the root: raw bytes inside, reversible text outside.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use labeld_connector::FileRef;

/// Longest path below the root that is walked, in bytes. Four times what one system call takes: a
/// folder below that is reported as unreadable instead of costing memory without a bound.
pub(crate) const MAX_PATH_BYTES: usize = 16 * 1024;

/// Longest name that Linux file systems give a file (`NAME_MAX`).
pub(crate) const MAX_NAME_BYTES: usize = 255;

/// The name of the file at `path`, `/`-separated below the root.
///
/// Reversible ([`path_of`]): a backslash is doubled, and a byte that is not UTF-8 becomes `\xNN`.
#[must_use]
pub fn file_ref_of(path: &[u8]) -> FileRef {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        let mut valid = chunk.valid().split('\\');
        text.push_str(valid.next().unwrap_or_default());
        for part in valid {
            text.push_str("\\\\");
            text.push_str(part);
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    FileRef(text)
}

/// The path below the root that [`file_ref_of`] made this name from; `None` for a text that no path
/// below a root has (`..`, an absolute path, an escape that `file_ref_of` would not write).
#[must_use]
pub fn path_of(file: &FileRef) -> Option<PathBuf> {
    raw_path_of(file).map(|path| PathBuf::from(OsString::from_vec(path)))
}

/// The path as shown to people: what is not UTF-8 becomes U+FFFD. Not reversible.
#[must_use]
pub fn display_of(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path)
}

/// As [`path_of`], in bytes.
pub(crate) fn raw_path_of(file: &FileRef) -> Option<Vec<u8>> {
    let path = unescape(&file.0)?;
    let is_relative = path.len() <= MAX_PATH_BYTES + MAX_NAME_BYTES + 1
        && !path.contains(&0)
        && path
            .split(|&byte| byte == b'/')
            .all(|name| !matches!(name, b"" | b"." | b".."));
    // One file has one name: what does not come out the same way again is not a name.
    (is_relative && file_ref_of(&path) == *file).then_some(path)
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(after) = escape.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
            continue;
        }
        let digits = escape.strip_prefix('x')?.get(..2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = escape.get(3..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// Order of the walk: by folder first, then by the bytes of the names. That is the order of the bytes
/// with the separator below every other byte, so that all of a folder stays together.
pub(crate) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
    let shared = shared_prefix(left, right);
    match (left.get(shared), right.get(shared)) {
        (Some(&left), Some(&right)) => rank(left).cmp(&rank(right)),
        _ => left.len().cmp(&right.len()),
    }
}

/// How many bytes both begin with.
pub(crate) fn shared_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter()
        .zip(right)
        .take_while(|(left, right)| left == right)
        .count()
}

/// Whether `path` is somewhere below `folder`.
pub(crate) fn is_below(path: &[u8], folder: &[u8]) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// Folder (empty for the root) and file name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (
            path.get(..slash).unwrap_or_default(),
            path.get(slash + 1..).unwrap_or_default(),
        ),
        None => (&[], path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_reversible() {
        let table: &[(&[u8], &str)] = &[
            (b"a/b.docx", "a/b.docx"),
            ("a/b\u{fc}.docx".as_bytes(), "a/b\u{fc}.docx"),
            (b"two\nlines", "two\nlines"),
            (b"back\\slash", "back\\\\slash"),
            (b"\\x41", "\\\\x41"),
            (b"caf\xe9/\xff\\", "caf\\xe9/\\xff\\\\"),
        ];
        for (path, text) in table {
            let file = file_ref_of(path);
            assert_eq!(file.0, *text);
            assert_eq!(raw_path_of(&file).as_deref(), Some(*path));
        }
    }

    #[test]
    fn names_of_no_path_are_refused() {
        for text in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\x4",
            "a\\x41",
            "a\\xE9",
            "a\\n",
            "a\\",
            "a\\x+9",
            "nul\0",
        ] {
            assert_eq!(raw_path_of(&FileRef(text.into())), None, "{text:?}");
        }
    }

    #[test]
    fn a_folder_stays_together_in_the_order() {
        let sorted: &[&[u8]] = &[
            b"a", b"a/b", b"a/b/c", b"a/z", b"a\x01", b"a b", b"a.txt", b"ab",
        ];
        for (index, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(
                    compare(left, right),
                    index.cmp(&other),
                    "{left:?} {right:?}"
                );
            }
        }
    }
}
