//! What a cloud app or a folder must offer so that labeld can find, read and label its files.
//!
//! One small object-safe trait, [`Connector`]; options structs instead of more methods; what an
//! app can and cannot do is data ([`Capabilities`]), so that nothing outside the daemon's `apps`
//! module ever asks for a provider by name. The suite in `labeld-conformance` says, in code, what
//! each method promises. [`http`] is what every connector to a cloud calls it through.

mod access;
mod collaborators;
mod error;
mod examination;
mod feed;
mod file;
mod folder_trees;
pub mod http;
mod optional;
mod remembered;

use std::fmt::{Debug, Display};
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};

pub use access::{Access, Answer, Exposure, Obstacles, OwnerDetails};
pub use collaborators::Collaborators;
pub use error::{CoveredEdit, Error, ErrorKind, Result};
pub use examination::{Examined, Health};
pub use feed::{
    Change, ChangePage, Cursor, Feed, FeedList, FeedRef, UnreadableFeed, UnreadableFolder,
};
pub use file::{Barrier, FileKind, FileMeta, FileRef, FolderMeta, FolderRef, Version};
pub use folder_trees::FolderTrees;
pub use optional::{
    AssignLabel, AssignOutcome, ChangeHints, HintAnswer, HintRequest, LabelMirror, LabelSource,
    MirroredLabel, NativeLabel, NativeLabels, Subscription,
};
pub use remembered::Remembered;

/// One app (a tenant's SharePoint, a Box enterprise, a folder) as labeld sees it.
///
/// `Display` names the app for people, for example `local app "finance" at /srv/finance`.
#[async_trait]
pub trait Connector: Debug + Display + Send + Sync + 'static {
    /// What this app can do. Constant for the life of the connector.
    fn capabilities(&self) -> Capabilities;

    /// The parts of the app that have a change feed each.
    ///
    /// # Errors
    ///
    /// When the list cannot be had at all. A part that cannot be looked into is in
    /// [`FeedList::unreadable`] instead.
    async fn feeds(&self) -> Result<FeedList>;

    /// One page of what changed in a feed since `since`; `None` starts a full enumeration.
    ///
    /// Every page carries the cursor of the next one, so that an enumeration can be resumed after a
    /// crash at any page. A change may be reported twice, also across pages: the last one wins.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] when `since` can no longer be continued from; the answer to it is
    /// a full enumeration with `None`.
    async fn changes(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage>;

    /// The present state of one file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when the file is gone.
    async fn stat(&self, file: &FileRef) -> Result<FileMeta>;

    /// Says which files will be read next, so that what their reading needs can be fetched for many at once.
    /// A hint: it may do nothing, and fails silently.
    async fn prepare(&self, _files: &[(FileRef, Version)]) {}

    /// The bytes of a range, never more than asked for; fewer only at the end of the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] when `options.if_match` is given and the file has another version,
    /// before or during the read; an app that keeps old versions may give the bytes of the version that was asked for
    /// instead. Bytes of another version are never given.
    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes>;

    /// Replaces the content of a file that still has the expected version, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] when the file no longer has the version `options.expect`; nothing was
    /// written then. Where the service keeps no precondition and somebody saved in the moment before the write, the
    /// error is the same and has the [covered edit](Error::covered_edit), which says what the file's content is now.
    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta>;

    /// How far the file can be reached, by the cheapest calls that tell it.
    async fn exposure(&self, file: &FileRef) -> Result<Exposure>;

    /// Who can reach the file, also by name: the same level as [`exposure`](Self::exposure), at the cost of more calls
    /// where the level alone is known sooner.
    async fn access(&self, file: &FileRef) -> Result<Access>;

    /// What stands against writing to the file just now. Asked once before a write; it may cost calls.
    async fn obstacles(&self, file: &FileRef) -> Result<Obstacles>;

    /// What the app's directory knows about owners of files. Owners that it does not know are left out.
    async fn owner_details(&self, _owners: &[String]) -> Result<Vec<OwnerDetails>> {
        Ok(Vec::new())
    }

    /// Looks at everything that labeld needs of the app, by harmless calls, for `labeld doctor`.
    async fn examine(&self) -> Vec<Examined>;

    /// The labels that the service itself reads and sets, where it can.
    fn native_labels(&self) -> Option<&dyn NativeLabels> {
        None
    }

    /// The service's own time, after the `Date` of its last answer: a witness against a machine's wrong clock (rules §6).
    /// `None` where the app has no service, or none has answered yet.
    fn service_time(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Labels shown in the service's own terms, where it has such and they are configured.
    fn label_mirror(&self) -> Option<&dyn LabelMirror> {
        None
    }

    /// Change notifications, where the service sends them and they are configured.
    fn change_hints(&self) -> Option<&dyn ChangeHints> {
        None
    }
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
    /// `write` can leave the time of last modification as it was.
    pub keeps_modified: bool,
    /// One more range of a file that was read just now is not another billed call.
    pub free_ranges: bool,
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
