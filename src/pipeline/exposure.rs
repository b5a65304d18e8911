//! Asking an app who can reach its files, where its listing does not tell.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use labeld_connector::{Access, ErrorKind, Exposure, FileRef};

use super::poll::app_id;
use super::{App, StageError, Work};
use crate::model::content_scan::AccessNeed;
use crate::model::inventory::{FileId, FileRecord};
use crate::store::runs::{self, RunId};
use crate::store::{files, policies};

/// What is older is asked again.
const STALE_AFTER: TimeDelta = TimeDelta::days(1);

/// Files that are asked about in one run; each may be a call that the provider counts.
const MOST_FILES: usize = 1_000;

/// Files whose answers share a transaction.
const BATCH: u32 = 100;

/// Questions under way at a time.
const SIDE_BY_SIDE: usize = 4;

/// What a refresh did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Files that were asked about.
    pub asked: u64,
    /// Whether there are more, for the next run.
    pub more: bool,
}

/// Asks for the access level of files that is not known, or was asked for more than a day ago: a bounded number in one run,
/// those first that were never asked about. Where a policy that is on has a condition on whom files are shared with, asks for
/// that too.
///
/// # Errors
///
/// What the store says, the stop, and what the app says where it is more than one file's matter. Answers up to then are
/// stored.
pub async fn refresh_exposure(work: &Work, app: &App) -> Result<Refreshed, StageError> {
    let app_id = app_id(&work.db, app).await?;
    let need = access_need(work, app).await?.max(AccessNeed::Level);
    let since = work.clock.now() - STALE_AFTER;
    let mut refreshed = Refreshed::default();
    loop {
        let asked = files::unknown_exposure(&work.db, app_id, need, since, BATCH).await?;
        if asked.is_empty() {
            return Ok(refreshed);
        }
        if refreshed.asked >= MOST_FILES as u64 {
            refreshed.more = true;
            return Ok(refreshed);
        }
        let (answers, can_go_on) = ask_and_store(work, app, &asked, need).await?;
        refreshed.asked += answers;
        if !can_go_on {
            return Ok(refreshed);
        }
    }
}

/// Asks for what the policies that are on have to know about the files of a rescan, however many there are: nothing where
/// they have no such condition.
///
/// # Errors
///
/// Those of [`refresh_exposure`].
pub(super) async fn complete_run(work: &Work, app: &App, run: RunId) -> Result<(), StageError> {
    let need = access_need(work, app).await?;
    if need == AccessNeed::Nothing {
        return Ok(());
    }
    let since = work.clock.now() - STALE_AFTER;
    loop {
        let asked = runs::unknown_access(&work.db, run, need, since, BATCH).await?;
        if asked.is_empty() || !ask_and_store(work, app, &asked, need).await?.1 {
            return Ok(());
        }
    }
}

/// What the policies that are on have to know about who can reach the app's files.
async fn access_need(work: &Work, app: &App) -> Result<AccessNeed, StageError> {
    let on = policies::switched_on(&work.db, &app.tenant).await?;
    let policies = &app.scan_scope.policies;
    Ok(policies.access_need(&|name| on.contains(name)))
}

/// How many files have an answer now, and whether there is any use in asking for others.
async fn ask_and_store(
    work: &Work,
    app: &App,
    asked: &[FileRecord],
    need: AccessNeed,
) -> Result<(u64, bool), StageError> {
    let (answers, failure) = ask(work, app, asked, need).await;
    let tx = work.db.begin().await?;
    files::store_access(&tx, &answers, need, work.clock.now()).await?;
    tx.commit().await?;
    work.undecided.notify_one();
    let answered = answers.len() as u64;
    match failure {
        // Asking the others would end in the same way.
        Some(error) if error.kind() == ErrorKind::Unsupported => Ok((answered, false)),
        Some(error) => Err(error.into()),
        None if work.stop.is_stopped() => Err(StageError::Stopped),
        None => Ok((answered, true)),
    }
}

/// The answers up to the first failure that is not one file's.
async fn ask(
    work: &Work,
    app: &App,
    asked: &[FileRecord],
    need: AccessNeed,
) -> (Vec<(FileId, Access)>, Option<labeld_connector::Error>) {
    let question = |id, file: FileRef| {
        let connector = Arc::clone(&app.connector);
        async move {
            let answer = match need {
                AccessNeed::Names => connector.access(&file).await,
                _ => connector.exposure(&file).await.map(level_alone),
            };
            (id, answer)
        }
    };
    let questions: Vec<_> = asked
        .iter()
        .map(|record| question(record.id, record.file.clone()))
        .collect();
    let mut questions = stream::iter(questions).buffer_unordered(SIDE_BY_SIDE);
    let mut answers = Vec::with_capacity(asked.len());
    while !work.stop.is_stopped()
        && let Some((file, answer)) = questions.next().await
    {
        match answer {
            Ok(access) => answers.push((file, access)),
            Err(error) if is_of_one_file(error.kind()) => {
                answers.push((file, level_alone(Exposure::Unknown)));
            }
            Err(error) => return (answers, Some(error)),
        }
    }
    (answers, None)
}

fn level_alone(exposure: Exposure) -> Access {
    Access {
        exposure,
        collaborators: None,
    }
}

fn is_of_one_file(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::NotCovered | ErrorKind::Changed
    )
}
