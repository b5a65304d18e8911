//! The cases, by name.

use std::error::Error as _;
use std::fmt;

use crate::Harness;
use crate::cases::{listing, reading, writing};

/// One thing that every connector must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    /// An app without a file lists none.
    EmptyApp,
    /// A full enumeration lists what is there, with the right size, name and folder.
    FullEnumeration,
    /// An enumeration goes on after a restart at any page.
    ResumeAtEveryPage,
    /// Any page can be asked for twice: the first answer may never have arrived.
    EveryPageTwice,
    /// A poll reports a new file, and nothing else.
    PollNew,
    /// A poll reports a modified file with another version.
    PollModified,
    /// A poll reports a renamed file; it keeps its name in the app where the connector says so.
    PollRenamed,
    /// A poll reports a removed file.
    PollRemoved,
    /// A poll tells where everything is after a folder was renamed.
    PollFolderRenamed,
    /// A poll tells where everything is after folders were moved.
    PollFolderMoved,
    /// A poll tells what is gone with a folder.
    PollFolderRemoved,
    /// A poll without changes reports none, and its cursor goes on.
    PollUnchanged,
    /// A poll with many changes at once has several pages, and goes on after a restart at any of them.
    PollResumed,
    /// A cursor that makes no sense is expired, and a full enumeration works after it.
    BadCursor,
    /// `stat` says what the listing says.
    StatPresent,
    /// `stat` of a removed file fails with `NotFound`.
    StatAbsent,
    /// Ranges: whole, inner, past the end, empty.
    ReadRanges,
    /// A file without content can be read.
    ReadEmpty,
    /// `read` of a removed file fails with `NotFound`.
    ReadAbsent,
    /// `if_match` lets the right version pass and refuses any other.
    ReadIfMatch,
    /// A change between two ranges is noticed.
    ReadChangedBetweenRanges,
    /// A write gives the new content and its version, everywhere.
    Write,
    /// A write that expects another version leaves the file alone.
    WriteWrongVersion,
    /// A save in the moment before a write stays the content, or is reported as covered.
    WriteRace,
    /// A write with `keep_modified` does.
    WriteKeepsModified,
    /// A write to a removed file fails and makes none.
    WriteAbsent,
    /// A label is mirrored beside a file, changed and taken off, and the file stays as it is.
    Mirror,
    /// `exposure` answers.
    Exposure,
    /// `access` answers the same level, and names whom a file is shared with, where it can, by their addresses alone.
    Access,
    /// `obstacles` names none for a plain file.
    Obstacles,
    /// `examine` finds a healthy app healthy.
    Examine,
}

impl Case {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EmptyApp,
        Self::FullEnumeration,
        Self::ResumeAtEveryPage,
        Self::EveryPageTwice,
        Self::PollNew,
        Self::PollModified,
        Self::PollRenamed,
        Self::PollRemoved,
        Self::PollFolderRenamed,
        Self::PollFolderMoved,
        Self::PollFolderRemoved,
        Self::PollUnchanged,
        Self::PollResumed,
        Self::BadCursor,
        Self::StatPresent,
        Self::StatAbsent,
        Self::ReadRanges,
        Self::ReadEmpty,
        Self::ReadAbsent,
        Self::ReadIfMatch,
        Self::ReadChangedBetweenRanges,
        Self::Write,
        Self::WriteWrongVersion,
        Self::WriteRace,
        Self::WriteKeepsModified,
        Self::WriteAbsent,
        Self::Mirror,
        Self::Exposure,
        Self::Access,
        Self::Obstacles,
        Self::Examine,
    ];
}

/// Runs one case on an empty app.
///
/// # Errors
///
/// What the connector did wrong.
pub async fn check(case: Case, harness: &dyn Harness) -> Result<(), Violation> {
    match case {
        Case::EmptyApp => listing::empty_app(harness).await,
        Case::FullEnumeration => listing::full_enumeration(harness).await,
        Case::ResumeAtEveryPage => listing::resume_at_every_page(harness).await,
        Case::EveryPageTwice => listing::every_page_twice(harness).await,
        Case::PollNew => listing::poll_new(harness).await,
        Case::PollModified => listing::poll_modified(harness).await,
        Case::PollRenamed => listing::poll_renamed(harness).await,
        Case::PollRemoved => listing::poll_removed(harness).await,
        Case::PollFolderRenamed => listing::poll_folder_renamed(harness).await,
        Case::PollFolderMoved => listing::poll_folder_moved(harness).await,
        Case::PollFolderRemoved => listing::poll_folder_removed(harness).await,
        Case::PollUnchanged => listing::poll_unchanged(harness).await,
        Case::PollResumed => listing::poll_resumed(harness).await,
        Case::BadCursor => listing::bad_cursor(harness).await,
        Case::StatPresent => reading::stat_present(harness).await,
        Case::StatAbsent => reading::stat_absent(harness).await,
        Case::ReadRanges => reading::ranges(harness).await,
        Case::ReadEmpty => reading::empty(harness).await,
        Case::ReadAbsent => reading::absent(harness).await,
        Case::ReadIfMatch => reading::if_match(harness).await,
        Case::ReadChangedBetweenRanges => reading::changed_between_ranges(harness).await,
        Case::Write => writing::write(harness).await,
        Case::WriteWrongVersion => writing::wrong_version(harness).await,
        Case::WriteRace => writing::race(harness).await,
        Case::WriteKeepsModified => writing::keeps_modified(harness).await,
        Case::WriteAbsent => writing::absent(harness).await,
        Case::Mirror => writing::mirror(harness).await,
        Case::Exposure => reading::exposure(harness).await,
        Case::Access => reading::access(harness).await,
        Case::Obstacles => reading::obstacles(harness).await,
        Case::Examine => reading::examine(harness).await,
    }
}

/// Runs every case, each on an app that `fresh` makes.
///
/// # Errors
///
/// All cases that failed.
pub async fn check_all<H: Harness>(fresh: impl AsyncFn() -> H) -> Result<(), Failures> {
    let mut failures = Vec::new();
    for &case in Case::ALL {
        if let Err(violation) = check(case, &fresh().await).await {
            failures.push(Failure { case, violation });
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(Failures(failures))
}

/// What a connector did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<labeld_connector::Error> for Violation {
    fn from(error: labeld_connector::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(text)
    }
}

/// A case that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub case: Case,
    /// Why.
    pub violation: Violation,
}

/// The cases that failed, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures(pub Vec<Failure>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cases failed", self.0.len(), Case::ALL.len())?;
        for Failure { case, violation } in &self.0 {
            write!(f, "\n{case:?}: {violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {}

/// `Ok` when `holds`, else the violation that `otherwise` describes.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds {
        return Ok(());
    }
    Err(Violation(otherwise()))
}
