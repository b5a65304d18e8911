//! What only some apps can do, and the source of a tenant's label list.

use std::fmt::{Debug, Display};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::examination::Examined;
use crate::feed::FeedRef;
use crate::file::FileRef;

/// Labels that the service itself reads and sets (Graph `extractSensitivityLabels`, `assignSensitivityLabel`).
#[async_trait]
pub trait NativeLabels: Send + Sync {
    /// The labels that the service finds on the file's present content.
    async fn extract(&self, file: &FileRef) -> Result<Vec<NativeLabel>>;

    /// Asks the service to set `label` (empty: to remove the file's label), and follows the job to its end.
    /// That the service says "done" is no proof: [`extract`](Self::extract) is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where assigning is switched off, not paid for, or impossible for this
    /// file.
    async fn assign(&self, file: &FileRef, request: &AssignLabel) -> Result<AssignOutcome>;
}

/// A label as the service names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeLabel {
    /// Label GUID, as the service writes it.
    pub label: String,
    /// The tenant whose label it is, as the service writes it.
    pub tenant: Option<String>,
    /// How it was assigned: `standard`, `privileged` or `auto`.
    pub method: Option<String>,
}

/// What to assign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignLabel {
    /// Label GUID; empty removes.
    pub label: String,
    /// `standard`, `privileged` or `auto`.
    pub method: String,
    /// Why, for the service's audit log.
    pub justification: String,
    /// How long to follow the job.
    pub patience: Duration,
}

/// How an assignment ended, as far as the service says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignOutcome {
    /// The service says that it is done.
    Completed,
    /// The service says that it failed, and why.
    Failed(String),
    /// Still running when patience ended.
    Pending,
}

/// A sensitivity label shown beside a file in the service's own terms: a Box classification, a Google Drive label. It is no
/// label: the one in the file is, and nothing about a file is concluded from its mirror. The file's version stays.
#[async_trait]
pub trait LabelMirror: Send + Sync {
    /// Shows `label` on the file in place of what is shown; `None` takes it off. Idempotent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the app is read-only, or the service has nothing that
    /// stands for the label.
    async fn show(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<()>;

    /// Whether exactly `label` is shown on the file; with `None`, whether none is.
    async fn is_shown(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<bool>;
}

/// A label that is mirrored. Services know labels by either; a connector takes what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirroredLabel<'a> {
    /// Label GUID.
    pub id: &'a str,
    /// Name as people read it.
    pub name: &'a str,
}

/// Change notifications that the service sends to a public address. They are hints to look, never data.
#[async_trait]
pub trait ChangeHints: Send + Sync {
    /// Subscribes to a feed, or renews what there is. Idempotent.
    async fn subscribe(&self, feed: &FeedRef, known: Option<&Subscription>)
    -> Result<Subscription>;

    /// Ends a subscription; one that is gone already is no error.
    async fn unsubscribe(&self, subscription: &Subscription) -> Result<()>;

    /// Reads what the service sent to the public address. Everything in it is untrusted.
    fn receive(&self, request: &HintRequest<'_>, known: &[Subscription]) -> HintAnswer;
}

/// A subscription to change notifications, to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The service's name for it.
    pub id: String,
    /// The feed it watches.
    pub feed: FeedRef,
    /// What the service must send back with each notification. A secret.
    pub secret: String,
    /// When it ends unless it is renewed.
    pub expires: DateTime<Utc>,
}

/// A request that came to the public address.
#[derive(Debug)]
pub struct HintRequest<'a> {
    /// Query parameters, decoded.
    pub query: &'a [(String, String)],
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// The body, bounded by whoever received it.
    pub body: &'a [u8],
}

/// What to answer, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintAnswer {
    /// HTTP status.
    pub status: u16,
    /// Plain text to send back.
    pub body: String,
    /// Feeds to look at soon.
    pub look_at: Vec<FeedRef>,
    /// Subscriptions to make anew or renew, by their ids.
    pub renew: Vec<String>,
}

/// Where a tenant's label list comes from.
#[async_trait]
pub trait LabelSource: Debug + Display + Send + Sync {
    /// The whole list as one JSON document. A list of which a page is missing is an error, never shorter.
    async fn label_list(&self) -> Result<Bytes>;

    /// Whether the list can be had, for `labeld doctor`.
    async fn examine(&self) -> Vec<Examined> {
        Vec::new()
    }
}
