//! What a person asks for by hand, done by the running service because only one process may write to an SQLite store, or by
//! the command itself where none runs. It is the same work.

mod undo;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_connector::FileRef;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::shared::Shared;
use crate::apps;
use crate::model::policy::Override;
use crate::model::{AppName, Reason, TenantName};
use crate::pipeline::govern::{Governance, TenantRules};
use crate::pipeline::hand::{self, Asked, Wanted};
use crate::pipeline::{App, StageError, Work, error_chain};
use crate::store::StoreError;
use crate::store::actions::{self, Action, ActionId, ActionRunId, ActionState};
use crate::store::audit::{self, Entry};

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum HandRequest {
    /// A label on files.
    Label(LabelRequest),
    /// What a run has written is taken back.
    Undo(UndoRequest),
    /// Actions that wait, or were refused or cancelled, are to be done.
    Retry(ChangeRequest),
    /// Actions that wait are no longer wanted.
    Cancel(ChangeRequest),
}

impl HandRequest {
    /// Whether files of the app are to be written.
    #[must_use]
    pub fn is_about(&self, tenant: &TenantName, app: &AppName) -> bool {
        match self {
            Self::Label(request) => {
                let mut files = request.files.iter();
                files.any(|file| file.tenant == *tenant && file.app == *app)
            }
            // Which ones shows only later.
            Self::Undo(_) => true,
            Self::Retry(_) | Self::Cancel(_) => false,
        }
    }
}

/// A label that is to be set or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRequest {
    /// Of these files.
    pub files: Vec<FileKey>,
    /// The label by tenant; none where the present one is to be removed.
    pub labels: BTreeMap<TenantName, Uuid>,
    /// Also one that a person chose is replaced.
    #[serde(rename = "override")]
    pub overrides: bool,
    /// Also a higher one is replaced.
    pub allow_downgrade: bool,
    /// Who asks.
    pub by: String,
}

/// A file by the names of where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileKey {
    /// The tenant.
    pub tenant: TenantName,
    /// The app.
    pub app: AppName,
    /// The app's name for it.
    pub file: String,
}

/// A run that is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRequest {
    /// It.
    pub run: i64,
    /// Who asks.
    pub by: String,
}

/// Actions by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRequest {
    /// Them.
    pub actions: Vec<i64>,
    /// Who asks.
    pub by: String,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandAnswer {
    /// The run that the writes belong to, which `labeld undo` takes.
    pub run: Option<i64>,
    /// One row for each file or action, in the order in which they were named.
    pub rows: Vec<HandRow>,
    /// Until when the cap lets no label be applied.
    pub cap_paused_until: Option<DateTime<Utc>>,
}

impl HandAnswer {
    /// Whether the action waits for the cap, which counts labels that are applied.
    fn holds_up(&self, action: &Action) -> bool {
        self.cap_paused_until.is_some() && action.wanted.verb == actions::Verb::Apply
    }
}

/// What became of one file or action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandRow {
    /// The tenant.
    pub tenant: Option<TenantName>,
    /// The app.
    pub app: Option<AppName>,
    /// The app's name for the file.
    pub file: Option<String>,
    /// The action's number.
    pub action: Option<i64>,
    /// What was done, or a reason code.
    pub outcome: String,
    /// What the outcome does not say.
    pub detail: Option<String>,
    /// It goes on waiting until then.
    pub due: Option<DateTime<Utc>>,
}

/// Why a request fails as a whole.
#[derive(Debug, thiserror::Error)]
pub enum HandError {
    /// The configuration in force has no such app.
    #[error("no such tenant or app is configured: {tenant}/{app}")]
    NoSuchApp {
        /// The tenant.
        tenant: TenantName,
        /// The app.
        app: AppName,
    },
    /// The tenant's Entra id is not known, and a label belongs to a tenant.
    #[error("tenant {0} has no `id` in the configuration, which a label must name")]
    NoSite(TenantName),
    /// The service is starting, or takes over another configuration.
    #[error(
        "the service is not ready: it waits for its store, or takes over another configuration"
    )]
    NotReady,
    /// The work.
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl From<StoreError> for HandError {
    fn from(error: StoreError) -> Self {
        Self::Stage(error.into())
    }
}

/// An app that can be written to, with what the configuration says of its tenant.
#[derive(Debug, Clone)]
pub struct Place {
    /// The app.
    pub app: App,
    /// What is carried out there.
    pub work: Work,
    /// Its tenant's rules.
    pub rules: Arc<TenantRules>,
}

/// Does what was asked, as part of the running service.
pub(super) async fn run(shared: &Shared, request: &HandRequest) -> Result<HandAnswer, HandError> {
    let present = shared.present();
    let generation = present.generation.ok_or(HandError::NotReady)?;
    let _guest = generation.guests.read().await;
    let rules = |tenant: &TenantName| {
        let tenants = present.config.tenants.iter();
        let mut found = tenants.filter(|configured| configured.name == *tenant);
        let tenant = found.next()?;
        Some(Arc::new(apps::tenant_rules(&present.config, tenant)))
    };
    let places = generation.apps.iter().filter_map(|served| {
        Some(Place {
            rules: rules(&served.app.tenant)?,
            app: served.app.clone(),
            work: served.work.clone(),
        })
    });
    let places: Vec<Place> = places.collect();
    let done = perform(&generation.work, &places, request).await;
    if let Err(HandError::Stage(StageError::Store(error))) = &done {
        shared.store.note(error);
    }
    done
}

/// Does what was asked.
///
/// # Errors
///
/// [`HandError`]. What was asked up to then goes on waiting.
pub async fn perform(
    work: &Work,
    places: &[Place],
    request: &HandRequest,
) -> Result<HandAnswer, HandError> {
    match request {
        HandRequest::Label(request) => label(work, places, request).await,
        HandRequest::Undo(request) => undo::undo(work, places, request).await,
        HandRequest::Retry(request) => change(work, request, Change::Retry).await,
        HandRequest::Cancel(request) => change(work, request, Change::Cancel).await,
    }
}

async fn label(
    work: &Work,
    places: &[Place],
    request: &LabelRequest,
) -> Result<HandAnswer, HandError> {
    let mut wanted = Vec::with_capacity(request.files.len());
    for file in &request.files {
        let place = place_of(places, file)?;
        wanted.push((file, place, wanted_in(request, place)?));
    }
    let run = hand::begin(work, &request.by).await?;
    let mut asked = Vec::with_capacity(wanted.len());
    for (file, place, wanted) in &wanted {
        let named = FileRef(file.file.clone());
        asked.push(hand::ask(&place.work, &place.app, wanted, run, &named).await?);
    }
    let mut answer = HandAnswer {
        run: Some(run.0),
        ..HandAnswer::default()
    };
    for place in places_of(&wanted) {
        carry_out(place, run, &mut answer).await?;
    }
    for ((file, ..), asked) in wanted.iter().zip(asked) {
        let row = row(work, file, asked, &answer).await?;
        answer.rows.push(row);
    }
    Ok(answer)
}

fn place_of<'a>(places: &'a [Place], file: &FileKey) -> Result<&'a Place, HandError> {
    let found = places
        .iter()
        .find(|place| place.app.tenant == file.tenant && place.app.name == file.app);
    found.ok_or_else(|| HandError::NoSuchApp {
        tenant: file.tenant.clone(),
        app: file.app.clone(),
    })
}

fn wanted_in(request: &LabelRequest, place: &Place) -> Result<Wanted, HandError> {
    let tenant = &place.app.tenant;
    Ok(Wanted {
        label: request.labels.get(tenant).copied(),
        site: place
            .app
            .site_id
            .ok_or_else(|| HandError::NoSite(tenant.clone()))?,
        overrides: if request.overrides {
            Override::UserDefined
        } else {
            Override::Automatic
        },
        allow_downgrade: request.allow_downgrade,
        by: request.by.clone(),
    })
}

/// Each once, in the order in which they are first named.
fn places_of<'a>(wanted: &[(&FileKey, &'a Place, Wanted)]) -> Vec<&'a Place> {
    let mut places: Vec<&Place> = Vec::new();
    for (_, place, _) in wanted {
        if !places.iter().any(|one| std::ptr::eq(*one, *place)) {
            places.push(place);
        }
    }
    places
}

async fn carry_out(
    place: &Place,
    run: ActionRunId,
    answer: &mut HandAnswer,
) -> Result<(), HandError> {
    let governance = Governance::load(&place.work.db, Arc::clone(&place.rules)).await?;
    let mut paused = None;
    let mut told = |acted: &crate::pipeline::apply::Acted| paused = acted.cap_paused_until;
    hand::carry_out(&place.work, &place.app, &governance, run, &mut told).await?;
    answer.cap_paused_until = answer.cap_paused_until.max(paused);
    Ok(())
}

async fn row(
    work: &Work,
    file: &FileKey,
    asked: Asked,
    answer: &HandAnswer,
) -> Result<HandRow, HandError> {
    let mut row = HandRow {
        tenant: Some(file.tenant.clone()),
        app: Some(file.app.clone()),
        file: Some(file.file.clone()),
        action: None,
        outcome: String::new(),
        detail: None,
        due: None,
    };
    match asked {
        Asked::Because(reason) => row.outcome = reason.code().to_owned(),
        Asked::Busy { .. } => {
            row.outcome = Reason::Pending.code().to_owned();
            row.detail = Some("another write to the file is on its way".to_owned());
        }
        Asked::Action { action, .. } => {
            if let Some(action) = actions::get(&work.db, action).await? {
                row.describe(&action, answer);
            }
        }
    }
    Ok(row)
}

impl HandRow {
    /// What an action or file that was to be changed and was not comes to.
    pub const UNCHANGED: &'static str = "unchanged";

    /// Whether it is an action that was to be changed and was not.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.outcome == Self::UNCHANGED
    }

    fn describe(&mut self, action: &Action, answer: &HandAnswer) {
        self.action = Some(action.id.0);
        self.detail.clone_from(&action.detail);
        self.outcome = match (action.state, action.reason) {
            (ActionState::Done, None) => past_tense(action).to_owned(),
            (ActionState::Waiting, None) if answer.holds_up(action) => {
                Reason::CapReached.code().to_owned()
            }
            (_, Some(reason)) => reason.code().to_owned(),
            (_, None) => Reason::Pending.code().to_owned(),
        };
        if action.ended.is_none() {
            let paused = answer.cap_paused_until.filter(|_| answer.holds_up(action));
            self.due = Some(paused.map_or(action.due, |until| until.max(action.due)));
        }
    }
}

fn past_tense(action: &Action) -> &'static str {
    match action.wanted.verb {
        actions::Verb::Apply => "applied",
        actions::Verb::Remove => "removed",
        actions::Verb::Restore => "restored",
    }
}

/// What is done to actions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Retry,
    Cancel,
}

async fn change(
    work: &Work,
    request: &ChangeRequest,
    change: Change,
) -> Result<HandAnswer, HandError> {
    let now = work.clock.now();
    let mut answer = HandAnswer::default();
    for &number in &request.actions {
        let id = ActionId(number);
        let tx = work.db.begin().await?;
        let found = actions::get(&tx, id).await?;
        let (done, kind, word) = match change {
            Change::Retry => (
                actions::retry(&tx, id, now).await?,
                "action.retried",
                "retried",
            ),
            Change::Cancel => (
                actions::cancel(&tx, id, &request.by, now).await?,
                "action.cancelled",
                "cancelled",
            ),
        };
        if done {
            let entry = Entry {
                kind,
                tenant: found.as_ref().map(|action| &action.wanted.tenant),
                document: serde_json::json!({"action": number, "by": request.by}),
            };
            audit::append(&tx, &entry, now).await?;
        }
        tx.commit().await?;
        answer
            .rows
            .push(changed(number, found.as_ref(), done, word));
    }
    Ok(answer)
}

fn changed(number: i64, found: Option<&Action>, done: bool, word: &str) -> HandRow {
    let why = match found {
        _ if done => None,
        None => Some("there is no such action".to_owned()),
        Some(action) => Some(match action.state {
            ActionState::Suspended => "its policy is switched off".to_owned(),
            ActionState::Waiting => "a write of it is on its way".to_owned(),
            state => format!(
                "it is {}, or another action is open for its file",
                state.as_str()
            ),
        }),
    };
    HandRow {
        tenant: found.map(|action| action.wanted.tenant.clone()),
        app: None,
        file: None,
        action: Some(number),
        outcome: if done { word } else { HandRow::UNCHANGED }.to_owned(),
        detail: why,
        due: None,
    }
}

/// What the service answers, in words where it cannot.
pub(super) async fn answer(shared: &Shared, request: &HandRequest) -> Result<HandAnswer, String> {
    run(shared, request)
        .await
        .map_err(|error| error_chain(&error))
}
