//! Asking an app who can reach its files, where its listing does not tell.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use labeld_connector::{ErrorKind, Exposure, FileRef};

use super::poll::app_id;
use super::{App, StageError, Work};
use crate::model::inventory::{FileId, FileRecord};
use crate::store::files;

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
/// those first that were never asked about.
///
/// # Errors
///
/// What the store says, the stop, and what the app says where it is more than one file's matter. Answers up to then are
/// stored.
pub async fn refresh_exposure(work: &Work, app: &App) -> Result<Refreshed, StageError> {
    let app_id = app_id(&work.db, app).await?;
    let since = work.clock.now() - STALE_AFTER;
    let mut refreshed = Refreshed::default();
    loop {
        let asked = files::unknown_exposure(&work.db, app_id, since, BATCH).await?;
        if asked.is_empty() {
            return Ok(refreshed);
        }
        if refreshed.asked >= MOST_FILES as u64 {
            refreshed.more = true;
            return Ok(refreshed);
        }
        let (answers, failure) = ask(work, app, &asked).await;
        refreshed.asked += answers.len() as u64;
        let tx = work.db.begin().await?;
        files::store_exposure(&tx, &answers, work.clock.now()).await?;
        tx.commit().await?;
        work.undecided.notify_one();
        match failure {
            // Asking the others would end in the same way.
            Some(error) if error.kind() == ErrorKind::Unsupported => return Ok(refreshed),
            Some(error) => return Err(error.into()),
            None if work.stop.is_stopped() => return Err(StageError::Stopped),
            None => {}
        }
    }
}

/// The answers up to the first failure that is not one file's.
async fn ask(
    work: &Work,
    app: &App,
    asked: &[FileRecord],
) -> (Vec<(FileId, Exposure)>, Option<labeld_connector::Error>) {
    let question = |id, file: FileRef| {
        let connector = Arc::clone(&app.connector);
        async move { (id, connector.exposure(&file).await) }
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
            Ok(exposure) => answers.push((file, exposure)),
            Err(error) if is_of_one_file(error.kind()) => {
                answers.push((file, Exposure::Unknown));
            }
            Err(error) => return (answers, Some(error)),
        }
    }
    (answers, None)
}

fn is_of_one_file(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::NotCovered | ErrorKind::Changed
    )
}
