//! What a cloud app or a folder must offer so that labeld can find, read and label its files.
//!
//! One small object-safe trait, [`Connector`]; options structs instead of more methods; what an
//! app can and cannot do is data ([`Capabilities`]), so that nothing outside the daemon's `apps`
//! module ever asks for a provider by name. The suite in `labeld-conformance` says, in code, what
//! each method promises.

mod error;
mod file;

use std::fmt::{Debug, Display};
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use error::{Error, ErrorKind, Result};
pub use file::{FileKind, FileMeta, FileRef, Version};

/// One app (a tenant's SharePoint, a Box enterprise, a folder) as labeld sees it.
///
/// `Display` names the app for people, for example `local app "finance" at /srv/finance`.
#[async_trait]
pub trait Connector: Debug + Display + Send + Sync + 'static {
    /// What this app can do. Constant for the life of the connector.
    fn capabilities(&self) -> Capabilities;

    /// One page of what changed since `since`; `None` starts a full enumeration.
    ///
    /// Every page carries the cursor of the next one, so that an enumeration can be resumed after a
    /// crash at any page. A change may be reported twice, also across pages: the last one wins.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] when `since` can no longer be continued from; the answer to it is
    /// a full enumeration with `None`.
    async fn changes(&self, since: Option<&Cursor>) -> Result<ChangePage>;

    /// The present state of one file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when the file is gone.
    async fn stat(&self, file: &FileRef) -> Result<FileMeta>;

    /// The bytes of a range, never more than asked for; fewer only at the end of the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] when `options.if_match` is given and the file has another version,
    /// before or during the read.
    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes>;

    /// Replaces the content of a file that still has the expected version, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] when the file no longer has the version `options.expect`; nothing was
    /// written then.
    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta>;

    /// Who can reach the file.
    async fn exposure(&self, file: &FileRef) -> Result<Exposure>;
}

/// What an app can do, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `changes` with a cursor reports only what changed; without it every call enumerates all.
    pub change_feed: bool,
    /// A file keeps its [`FileRef`] when it is renamed or moved.
    pub stable_refs: bool,
    /// `write` works at all (the app may be connected read-only).
    pub write: bool,
    /// The service itself refuses a write to a changed file; without it a small window remains.
    pub conditional_write: bool,
    /// One more range of a file that was read just now is not another billed call.
    pub free_ranges: bool,
}

/// A position in an app's change feed: opaque outside the connector, safe to store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One thing that changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The file is new, or something about it changed.
    Upserted(FileMeta),
    /// The file is gone, or out of reach for good.
    Removed(FileRef),
}

/// A folder that could not be listed. Files known below it are neither changed nor removed.
#[derive(Debug)]
pub struct UnreadableFolder {
    /// The folder's path as shown to people.
    pub path: String,
    /// Why.
    pub error: Error,
}

/// A page of changes.
#[derive(Debug)]
pub struct ChangePage {
    /// The changes, in the order of the feed.
    pub changes: Vec<Change>,
    /// Folders of this page that could not be listed.
    pub unreadable: Vec<UnreadableFolder>,
    /// Where to go on: the next page when `more`, else the next poll.
    pub next: Cursor,
    /// Whether the next page is there already.
    pub more: bool,
}

/// How to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Byte range; `None` reads the whole file.
    pub range: Option<Range<u64>>,
    /// Read only while the file has this version.
    pub if_match: Option<Version>,
}

/// How to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// The version that the file must still have.
    pub expect: Version,
    /// Leave the time of last modification as it was, where the app can.
    pub keep_modified: bool,
}

/// Who can reach a file, as far as the app tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// The owner alone.
    Private,
    /// Named people or groups of the organisation.
    Internal,
    /// Named people outside the organisation.
    External,
    /// Anyone with the link.
    Public,
    /// The app cannot tell. Never a guess.
    Unknown,
}
