//! The one-shot: discover, then scan, then the accounting identity (rules §5), resumable at any point.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_formats::{Coauthoring, READER_VERSION, TenantKnowledge};
use serde::{Deserialize, Serialize};

use super::discover::{RunState, StageError, discover};
use super::owners::look_up_owners;
use super::scan::scan;
use super::{App, StopSignal};
use crate::clock::Clock;
use crate::store::files::{self, FileQuery, Span};
use crate::store::runs::{self, Counters, OutcomeCount, Phase, Reuse};
use crate::store::{Db, StoreError, apps, labels};

/// Which files a rescan reads. Two runs with the same scope are the same run, the second resuming the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Only files whose path matches.
    pub path: Option<String>,
    /// Only files modified at or after this time.
    pub modified_since: Option<DateTime<Utc>>,
    /// Only files not known to have a label.
    pub unlabelled: bool,
    /// Also files whose version was read before.
    pub reread: bool,
}

impl Scope {
    fn query(&self, app: &App) -> FileQuery {
        FileQuery {
            tenant: Some(app.tenant.clone()),
            app: Some(app.name.clone()),
            path: self.path.clone(),
            modified: Span {
                from: self.modified_since,
                to: None,
            },
            not_known_labelled: self.unlabelled,
            ..FileQuery::default()
        }
    }

    /// What tells two runs apart. A time counts from when the run was started, so that "7d" of today
    /// resumes "7d" of yesterday.
    fn identity(&self) -> String {
        let told = Self {
            modified_since: self.modified_since.map(|_| DateTime::UNIX_EPOCH),
            ..self.clone()
        };
        serde_json::to_string(&told).unwrap_or_default()
    }
}

/// What is going on, for a person who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// An unfinished run is taken up again.
    Resuming,
    /// So many entries were listed so far.
    Listed(u64),
    /// So many files are to be read.
    ToRead(u64),
    /// So many more files have their outcome.
    Read(u64),
}

/// What a finished run found.
#[derive(Debug)]
pub struct Finished {
    /// Files by outcome; no `None` among them.
    pub outcomes: Vec<OutcomeCount>,
    /// Files in scope, counted in the inventory and not from the outcomes.
    pub in_scope: u64,
    /// Sums of the run.
    pub counters: Counters,
    /// Folders that could not be listed, with reason codes.
    pub unreadable: Vec<(String, String)>,
}

/// Runs, or goes on with, a rescan of one app.
///
/// # Errors
///
/// What the app or the store says, or the stop. Everything up to then is stored; the same call goes on.
pub async fn rescan(
    db: &Db,
    app: &App,
    scope: &Scope,
    coauthoring: Coauthoring,
    clock: &dyn Clock,
    stop: &StopSignal,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Finished, StageError> {
    let mut state = begin(db, app, scope, clock, watch).await?;
    let done = run(db, app, scope, coauthoring, &mut state, clock, stop, watch).await;
    if matches!(done, Err(StageError::Stopped)) {
        let tx = db.begin().await?;
        runs::mark_interrupted(&tx, state.run).await?;
        tx.commit().await?;
    }
    done
}

async fn begin(
    db: &Db,
    app: &App,
    scope: &Scope,
    clock: &dyn Clock,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<RunState, StoreError> {
    let tx = db.begin().await?;
    let app_id = apps::ensure(&tx, &app.tenant, &app.name).await?;
    let reuse = if scope.reread {
        Reuse::Nothing
    } else {
        Reuse::Reader(READER_VERSION)
    };
    let identity = scope.identity();
    let unfinished = runs::unfinished(&tx, app_id, &identity).await?;
    let state = match unfinished {
        Some(run) => {
            watch(Progress::Resuming);
            runs::refresh_outcomes(&tx, run.id, reuse).await?;
            RunState {
                app: app_id,
                run: run.id,
                reuse,
                counters: run.counters,
            }
        }
        None => RunState {
            app: app_id,
            run: runs::begin(&tx, app_id, &identity, clock.now()).await?,
            reuse,
            counters: Counters::default(),
        },
    };
    runs::take_over_enumerations(&tx, state.run, app_id, reuse).await?;
    tx.commit().await?;
    Ok(state)
}

#[allow(
    clippy::too_many_arguments,
    reason = "each is needed, and a struct of them would be used once"
)]
async fn run(
    db: &Db,
    app: &App,
    scope: &Scope,
    coauthoring: Coauthoring,
    state: &mut RunState,
    clock: &dyn Clock,
    stop: &StopSignal,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Finished, StageError> {
    discover(db, app, state, clock, stop, &mut |listed| {
        watch(Progress::Listed(listed));
    })
    .await?;
    look_up_owners(db, app, state.app, clock).await?;
    let query = scope.query(app);
    let tx = db.begin().await?;
    runs::include_known(&tx, state.run, state.reuse, &query).await?;
    runs::limit_scope(&tx, state.run, &query).await?;
    runs::set_progress(&tx, state.run, Phase::Reading, &state.counters).await?;
    let in_scope = files::count(&tx, &query).await?;
    tx.commit().await?;

    watch(Progress::ToRead(runs::pending_count(db, state.run).await?));
    let known = Arc::new(knowledge(db, app, coauthoring).await?);
    scan(db, app, state, known, clock, stop, &mut |files| {
        watch(Progress::Read(files));
    })
    .await?;

    let unreadable = runs::unreadable_folders(db, state.run).await?;
    let tx = db.begin().await?;
    let outcomes = runs::finish(&tx, state.run, clock.now()).await?;
    tx.commit().await?;
    Ok(Finished {
        outcomes,
        in_scope,
        counters: state.counters,
        unreadable,
    })
}

/// What the catalogue and the configuration know that helps to read files.
async fn knowledge(
    db: &Db,
    app: &App,
    coauthoring: Coauthoring,
) -> Result<TenantKnowledge, StoreError> {
    let entries = labels::entries(db, &app.tenant).await?;
    let parents = entries
        .iter()
        .filter_map(|entry| Some((entry.definition.id, entry.definition.parent?)))
        .collect();
    let coauthoring: HashMap<_, _> = app
        .site_id
        .map(|id| (id, coauthoring))
        .into_iter()
        .collect();
    Ok(TenantKnowledge {
        coauthoring,
        parents,
    })
}
