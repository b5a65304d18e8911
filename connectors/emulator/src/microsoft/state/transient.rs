//! What comes and goes: subscriptions, jobs, upload sessions, and what is still to happen.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::ActorRef;
use super::blob::BlobRef;
use super::drive::DriveIndex;
use super::item::{ItemIndex, Millis};

/// A file of a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) drive: DriveIndex,
    pub(crate) item: ItemIndex,
}

/// A subscription to the changes of a drive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: Uuid,
    pub(crate) client_id: String,
    pub(crate) drive: DriveIndex,
    /// As the client gave it.
    pub(crate) resource: String,
    pub(crate) notification_url: String,
    pub(crate) lifecycle_url: Option<String>,
    pub(crate) client_state: Option<String>,
    pub(crate) expires: Millis,
    /// Whether it was asked for changes of permissions too.
    pub(crate) security_webhooks: bool,
}

/// An accepted assignment of a label.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LabelJob {
    pub(crate) place: Place,
    /// The label; none to remove the one that is there.
    pub(crate) label: Option<Uuid>,
    pub(crate) method: String,
    pub(crate) accepted: Millis,
    pub(crate) due: Millis,
    /// Why it failed.
    pub(crate) failure: Option<String>,
    pub(crate) done: bool,
}

/// A file that is being uploaded in pieces.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadSession {
    pub(crate) drive: DriveIndex,
    pub(crate) target: UploadTarget,
    pub(crate) client_id: String,
    pub(crate) received: Vec<u8>,
    pub(crate) total: Option<u64>,
    pub(crate) expires: Millis,
    pub(crate) defer_commit: bool,
    pub(crate) conflict: String,
}

/// Where an upload goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UploadTarget {
    /// In place of a file's content.
    Existing(ItemIndex),
    /// To a name in a folder.
    Named { folder: ItemIndex, name: String },
}

/// Something that happens by itself at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scheduled {
    pub(crate) due: Millis,
    pub(crate) effect: Effect,
}

/// What happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// Library columns are written into a file, if it still has this content.
    Promote { place: Place, blob: BlobRef },
    /// An accepted assignment is done.
    Assign { job: String },
}

/// An edit that somebody makes just before the next upload to a file arrives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingEdit {
    pub(crate) place: Place,
    pub(crate) body: Vec<u8>,
    pub(crate) who: ActorRef,
}
