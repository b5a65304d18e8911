//! The ledger: every attempt to write a label, from before it is sent until it is known what became of it (product §3).
//!
//! The row's id is the ActionId in the label. A row is an intent until its outcome is stored, and the place under the cap
//! (`slot_day`) is the row's for as long as the cap counts it.

mod list;
mod settle;
mod write;

pub use self::list::{
    Waiting, applied_since, forecast, get, newest_applied, newest_write, of_action, of_file,
    of_run, undone_by,
};
pub use self::settle::{Unsettled, not_landed, take_over, unsettled};
pub use self::write::{
    Intended, Intent, Landed, fail, intend, land_late, landed, leave_unknown, mark_sent, move_slot,
    note_covered,
};

use chrono::{DateTime, Utc};
use labeld_connector::Version;
use uuid::Uuid;

use super::actions::{ActionId, ActionRunId, Verb, reason_of};
use super::apps::AppId;
use super::error::{Result, StoreError};
use super::value::{FromValue, Row, Value};
use super::workers::WorkerId;
use crate::model::cap::CapDay;
use crate::model::inventory::FileId;
use crate::model::policy::Route;
use crate::model::{Reason, TenantName};

/// How an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptState {
    /// It is about to be sent, or on its way.
    Intent,
    /// It has landed.
    Applied,
    /// The service refused it.
    Refused,
    /// It did not land.
    Failed,
    /// What became of it is not known yet.
    Unknown,
    /// What became of it cannot be told (`write.unknown`). The cap counts it.
    Lost,
}

impl AttemptState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Intent,
        Self::Applied,
        Self::Refused,
        Self::Failed,
        Self::Unknown,
        Self::Lost,
    ];

    fn code(self) -> i64 {
        match self {
            Self::Intent => 0,
            Self::Applied => 1,
            Self::Refused => 2,
            Self::Failed => 3,
            Self::Unknown => 4,
            Self::Lost => 5,
        }
    }

    fn from_code(code: i64) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.code() == code);
        found.ok_or_else(|| StoreError::content(format!("{code} stands for no state of a write")))
    }

    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Lost => "lost",
        }
    }
}

/// SHA-256 of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl From<Sha256> for Value {
    fn from(digest: Sha256) -> Self {
        Self::Bytes(digest.0.to_vec())
    }
}

impl FromValue for Sha256 {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        let bytes = Vec::<u8>::from_value(value)?;
        match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(digest) => Ok(Self(digest)),
            Err(_) => Err((Value::Bytes(bytes), "32 bytes")),
        }
    }
}

/// An attempt to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its id, which is the ActionId in the label.
    pub id: Uuid,
    /// The action that it was made for.
    pub action: ActionId,
    /// The tenant.
    pub tenant: TenantName,
    /// The kind of the app, whose cap counts it.
    pub app_kind: String,
    /// The app.
    pub app: AppId,
    /// The file.
    pub file: FileId,
    /// What is done.
    pub verb: Verb,
    /// Whose label it is.
    pub site: Uuid,
    /// The label that is applied, or was removed.
    pub label: Option<Uuid>,
    /// The Method that is written.
    pub method: Option<String>,
    /// How the label gets onto the file.
    pub route: Route,
    /// Whether a person's choice is replaced (rules §4, A7).
    pub overridden: bool,
    /// What it belongs to.
    pub run: Option<ActionRunId>,
    /// The attempt that it takes back.
    pub undoes: Option<Uuid>,
    /// How it stands.
    pub state: AttemptState,
    /// Why it was refused or failed.
    pub reason: Option<Reason>,
    /// What the reason does not say.
    pub detail: Option<String>,
    /// The version that it replaces.
    pub version_before: Version,
    /// Its size in bytes.
    pub size_before: u64,
    /// JSON, what it takes to put the label state before it back; `None` where nothing can.
    pub undo: Option<String>,
    /// SHA-256 of the bytes that are sent; `None` where the service writes the label.
    pub sent_digest: Option<Sha256>,
    /// JSON, SHA-256 of each label part: see [`crate::store::ledger`].
    pub part_digests: Option<String>,
    /// The version that it has left behind, where that is certain.
    pub version_after: Option<Version>,
    /// JSON, a person's save that it covered.
    pub covered: Option<String>,
    /// The date whose cap has a place for it.
    pub slot_day: Option<CapDay>,
    /// Who is at it.
    pub worker: Option<WorkerId>,
    /// When it was stored, before anything was sent.
    pub intended_at: DateTime<Utc>,
    /// When it was sent; `None` where it certainly was not.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it was known what became of it.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The columns of a row, for [`read`].
const COLUMNS: &str = "l.id, l.action, l.tenant, l.app_kind, l.app, l.file, l.verb, l.site, l.label, l.method, l.route,
    l.overridden, l.run, l.undoes, l.state, (SELECT text FROM term WHERE term.id = l.reason), l.detail,
    l.version_before, l.size_before, l.undo, l.sent_digest, l.part_digests, l.version_after, l.covered, l.slot_day,
    l.worker, l.intended_at, l.sent_at, l.ended_at";

fn read(row: &mut Row) -> Result<LedgerRow> {
    Ok(LedgerRow {
        id: row.take()?,
        action: ActionId(row.take()?),
        tenant: TenantName(row.take()?),
        app_kind: row.take()?,
        app: AppId(row.take()?),
        file: FileId(row.take()?),
        verb: Verb::from_code(row.take()?)?,
        site: row.take()?,
        label: row.take()?,
        method: row.take()?,
        route: route_of(&row.take::<String>()?)?,
        overridden: row.take()?,
        run: row.take::<Option<i64>>()?.map(ActionRunId),
        undoes: row.take()?,
        state: AttemptState::from_code(row.take()?)?,
        reason: reason_of(row.take()?)?,
        detail: row.take()?,
        version_before: Version(row.take()?),
        size_before: row.take()?,
        undo: row.take()?,
        sent_digest: row.take()?,
        part_digests: row.take()?,
        version_after: row.take::<Option<String>>()?.map(Version),
        covered: row.take()?,
        slot_day: row.take::<Option<i64>>()?.and_then(CapDay::from_number),
        worker: row.take::<Option<i64>>()?.map(WorkerId),
        intended_at: row.take()?,
        sent_at: row.take()?,
        ended_at: row.take()?,
    })
}

fn read_all(rows: Vec<Row>) -> Result<Vec<LedgerRow>> {
    rows.into_iter().map(|mut row| read(&mut row)).collect()
}

fn route_of(word: &str) -> Result<Route> {
    let route = Route::from_word(word);
    route.ok_or_else(|| StoreError::content(format!("`{word}` is no way to a label")))
}
