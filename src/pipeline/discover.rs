//! Taking over what an app lists: inventory, run and cursor in one transaction per page.

use labeld_connector::{Change, ChangePage, Cursor, ErrorKind};

use super::{App, StopSignal, error_chain};
use crate::clock::Clock;
use crate::model::Reason;
use crate::store::apps::AppId;
use crate::store::runs::{self, Counters, Phase, Reuse, RunId};
use crate::store::{Db, StoreError, cursors, files};

/// Why a stage ended early.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The app.
    #[error(transparent)]
    App(#[from] labeld_connector::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator.
    #[error("interrupted")]
    Stopped,
}

/// A run under way.
#[derive(Debug)]
pub struct RunState {
    /// The app's number in the store.
    pub app: AppId,
    /// The run.
    pub run: RunId,
    /// Which stored facts it takes for good.
    pub reuse: Reuse,
    /// Its sums so far.
    pub counters: Counters,
}

/// Pages that a resumed cursor may expire on before that is an error: the answer to an expired cursor
/// is a full enumeration, which has none to expire.
const MOST_EXPIRIES: u32 = 2;

/// Brings the inventory of an app up to date. `listed` is told the number of entries seen so far.
///
/// # Errors
///
/// What the app or the store says, or the stop; all complete pages are stored then, and the next call
/// goes on behind them.
pub async fn discover(
    db: &Db,
    app: &App,
    state: &mut RunState,
    clock: &dyn Clock,
    stop: &StopSignal,
    listed: &mut dyn FnMut(u64),
) -> Result<(), StageError> {
    let mut expiries = 0;
    loop {
        if stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        let cursor = cursors::get(db, state.app)
            .await?
            .map(|stored| stored.cursor);
        if cursor.is_none() || !app.connector.capabilities().change_feed {
            state.counters.full_enumeration = true;
        }
        let page = match app.connector.changes(cursor.as_ref()).await {
            Ok(page) => page,
            Err(error) if error.kind() == ErrorKind::CursorExpired && expiries < MOST_EXPIRIES => {
                tracing::warn!(app = %app.name, "{}: listing everything anew", error_chain(&error));
                expiries += 1;
                begin_anew(db, state).await?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let more = page.more;
        take_over(db, state, page, clock).await?;
        listed(state.counters.listed);
        if !more {
            return Ok(());
        }
    }
}

/// What was seen before the feed broke off says nothing about what is there now.
async fn begin_anew(db: &Db, state: &RunState) -> Result<(), StoreError> {
    let tx = db.begin().await?;
    cursors::clear(&tx, state.app).await?;
    runs::forget_files(&tx, state.run).await?;
    tx.commit().await
}

async fn take_over(
    db: &Db,
    state: &mut RunState,
    page: ChangePage,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let now = clock.now();
    let upserted = page
        .changes
        .iter()
        .filter(|change| matches!(change, Change::Upserted(_)))
        .count() as u64;
    state.counters.listed += upserted;
    let unreadable: Vec<(String, String)> = page
        .unreadable
        .iter()
        .map(|folder| {
            (
                folder.path.clone(),
                reason_of(&folder.error).code().to_owned(),
            )
        })
        .collect();
    let tx = db.begin().await?;
    files::apply_changes(&tx, state.app, &page.changes, now).await?;
    runs::record_listed(&tx, state.run, state.app, state.reuse, &page.changes).await?;
    runs::record_unreadable_folders(&tx, state.run, &unreadable).await?;
    if !page.more && state.counters.full_enumeration {
        runs::remove_unseen(&tx, state.run, state.app, now).await?;
        // Whatever the run is told from here on are changes, also when it goes on after others.
        state.counters.full_enumeration = false;
    }
    cursors::set(&tx, state.app, &Cursor(page.next.0), now).await?;
    runs::set_progress(&tx, state.run, Phase::Enumerating, &state.counters).await?;
    tx.commit().await
}

fn reason_of(error: &labeld_connector::Error) -> Reason {
    match error.kind() {
        ErrorKind::Denied => Reason::AccessDenied,
        _ => Reason::FetchFailed,
    }
}
