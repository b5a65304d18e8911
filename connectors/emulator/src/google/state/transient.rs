//! What no restart of the service survives, as far as a client can tell.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::directory::UserId;
use super::file::FileNumber;
use super::log::{LogOf, Sequence, Wanted};
use crate::frame::Content;

/// Tokens, upload sessions, channels and what was used of the quota.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transient {
    /// By token.
    pub(crate) grants: HashMap<String, Grant>,
    /// By id.
    pub(crate) uploads: HashMap<String, UploadSession>,
    /// By channel id.
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) usage: Usage,
    /// What a person saves just before the next upload to a file is looked at, and who.
    pub(crate) edits: HashMap<FileNumber, (Content, String)>,
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The user's id; `None` for the service account itself.
    pub(crate) user: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: DateTime<Utc>,
}

/// A resumable upload.
#[derive(Debug, Clone)]
pub(crate) struct UploadSession {
    /// The file whose content it replaces; `None` for a new one.
    pub(crate) file: Option<FileNumber>,
    pub(crate) user: String,
    pub(crate) v2: bool,
    pub(crate) metadata: Value,
    pub(crate) media_type: Option<String>,
    /// The query of the call that began it.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) if_match: Option<String>,
    pub(crate) received: Bytes,
    pub(crate) expires: DateTime<Utc>,
}

/// A channel for change notifications.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// The service's name for what is watched.
    pub(crate) resource: String,
    /// The same as a URL.
    pub(crate) uri: String,
    pub(crate) log: LogOf,
    pub(crate) wanted: Wanted,
    /// Who opened it.
    pub(crate) user: UserId,
    pub(crate) address: String,
    pub(crate) token: Option<String>,
    pub(crate) expires: DateTime<Utc>,
    /// Whether the receiver has been told that it is open.
    pub(crate) is_open: bool,
    /// The number of the last message.
    pub(crate) number: u64,
    /// The place in the log up to which the receiver has been told.
    pub(crate) told: Sequence,
    /// How often in a row the receiver was not ready.
    pub(crate) attempts: u32,
}

/// What was used of the quota in the present minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// Since the epoch.
    pub(crate) minute: i64,
    pub(crate) project: u32,
    pub(crate) users: HashMap<String, u32>,
}
