//! The parts of a tenant that have a change log each, and the names of files in them.

use std::fmt;

use labeld_connector::{Error, ErrorKind, FeedRef, FileRef, FolderRef, Result};

/// The longest id that is believed, in bytes. Real ones have 19 to 44; a primary address has up to 254.
const MOST_ID: usize = 254;

/// Somebody's My Drive, or a shared drive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Corpus {
    /// By the id in the directory, or by primary address where the directory is not asked who there is.
    User(String),
    /// By the id of the shared drive.
    Drive(String),
}

impl Corpus {
    /// The corpus of a feed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when it is none of this connector's.
    pub(crate) fn of(feed: &FeedRef, operation: &'static str) -> Result<Self> {
        Self::parse(&feed.0)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, operation, format!("feed {:?}", feed.0)))
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        match kind {
            "user" if is_user(id) => Some(Self::User(id.to_owned())),
            "drive" if is_id(id) => Some(Self::Drive(id.to_owned())),
            _ => None,
        }
    }

    pub(crate) fn feed(&self) -> FeedRef {
        FeedRef(self.to_string())
    }

    /// The name of a file. It has its corpus in it, because nothing can be asked about a file without knowing whose eyes to
    /// look with (reference/google-drive.md §0 point 1).
    pub(crate) fn file(&self, id: &str) -> FileRef {
        FileRef(format!("{self}/{id}"))
    }

    pub(crate) fn folder(&self, id: &str) -> FolderRef {
        FolderRef(format!("{self}/{id}"))
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user/{id}"),
            Self::Drive(id) => write!(f, "drive/{id}"),
        }
    }
}

/// Takes a file's name apart.
///
/// # Errors
///
/// [`ErrorKind::NotFound`] when it is none of this connector's.
pub(crate) fn parse_file(file: &FileRef, operation: &'static str) -> Result<(Corpus, String)> {
    let parsed = file.0.rsplit_once('/').and_then(|(corpus, id)| {
        let corpus = Corpus::parse(corpus)?;
        is_id(id).then(|| (corpus, id.to_owned()))
    });
    parsed.ok_or_else(|| Error::new(ErrorKind::NotFound, operation, file.0.as_str()))
}

/// Whether a text can be the id of a file or a drive.
pub(crate) fn is_id(text: &str) -> bool {
    let is_of_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MOST_ID).contains(&text.len()) && text.bytes().all(is_of_id)
}

/// Whether a text can be the id of a user, or an address.
fn is_user(text: &str) -> bool {
    let is_odd = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    (1..=MOST_ID).contains(&text.len()) && !text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_they_were_made() {
        for corpus in [
            Corpus::User("101".to_owned()),
            Corpus::User("mina.o'hara@alder.example".to_owned()),
            Corpus::Drive("0AFinanceUk9PVA".to_owned()),
        ] {
            assert_eq!(Corpus::of(&corpus.feed(), "list").unwrap(), corpus);
            let file = corpus.file("1AbC-_x");
            assert_eq!(
                parse_file(&file, "read").unwrap(),
                (corpus, "1AbC-_x".to_owned())
            );
        }
        for name in [
            "",
            "1AbC",
            "user/101",
            "user//1AbC",
            "drive/a b/1",
            "drive/x/1?alt=media",
            "other/1/2",
            "user/101/",
        ] {
            let error = parse_file(&FileRef(name.to_owned()), "read").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
        }
    }
}
