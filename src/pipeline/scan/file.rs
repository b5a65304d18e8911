//! One file: gates on its metadata, ranged read, facts.

use chrono::{DateTime, Utc};
use labeld_connector::{Change, Error, ErrorKind};
use labeld_formats::{Reading, TenantKnowledge};

use crate::model::inventory::{FileFacts, FileId, ScanTarget};
use crate::model::{FileState, Reason};
use crate::pipeline::file_facts::file_facts;
use crate::pipeline::read_file::{Attempt, Attempted, read_file};
use crate::pipeline::retry::MOST_CRASHES;
use crate::pipeline::verdict::{self, Verdict};
use crate::pipeline::{App, Work, error_chain};
use crate::store::queue::Job;

/// Attempts at a file that changes while it is read.
const MOST_ATTEMPTS: u32 = 3;

/// What became of one file.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) file: FileId,
    pub(super) facts: FileFacts,
    pub(super) size: u64,
    /// The file as it is now, where it changed since it was listed.
    pub(super) change: Option<Change>,
    pub(super) reason: Option<Reason>,
    /// What the app said, where it is the app's failure.
    pub(super) failure: Option<Error>,
}

impl Outcome {
    /// `ok` or a reason code.
    pub(super) fn code(&self) -> &'static str {
        self.reason.map_or(FileState::Ok.as_str(), Reason::code)
    }
}

/// Reads the file of a job; `None` when the reader crashed.
pub(super) async fn scan_file(
    work: &Work,
    app: &App,
    job: &Job,
    known: &TenantKnowledge,
) -> Option<Outcome> {
    let mut reading = FileReading {
        file: job.file.clone(),
        change: None,
        cost: (0, 0),
        now: work.clock.now(),
    };
    // Those that stopped the whole process cannot be counted while it happens.
    if job.crashes >= MOST_CRASHES {
        return Some(reading.ended(poison(), None));
    }
    for _ in 0..MOST_ATTEMPTS {
        if let Some(reason) = verdict::of_target(&reading.file) {
            return Some(reading.ended(Verdict::of(reason), None));
        }
        let Attempted {
            attempt,
            bytes_read,
            reads,
        } = read_file(work, app, &reading.file, known).await;
        reading.cost.0 += bytes_read;
        reading.cost.1 += reads;
        match attempt {
            Attempt::Read(found) => {
                let verdict = verdict::of_reading(&reading.file.name, &found, app.size_limit);
                return Some(reading.finished(verdict, Some(*found), None));
            }
            Attempt::Failed(verdict, failure) => return Some(reading.ended(verdict, failure)),
            Attempt::Gone => return Some(reading.gone()),
            Attempt::Crashed => return None,
            Attempt::Changed => match app.connector.stat(&reading.file.file).await {
                Ok(present) => {
                    reading.file = ScanTarget::listed(reading.file.id, &present);
                    reading.change = Some(Change::Upserted(present));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => return Some(reading.gone()),
                Err(error) => {
                    let verdict = Verdict::of(Reason::FetchFailed).with_detail(error_chain(&error));
                    return Some(reading.ended(verdict, Some(error)));
                }
            },
        }
    }
    let verdict =
        Verdict::of(Reason::FetchFailed).with_detail("it keeps changing while it is read");
    Some(reading.ended(verdict, None))
}

/// The outcome of a file that has crashed its readers too often.
pub(super) fn poisoned(job: &Job, now: DateTime<Utc>) -> Outcome {
    let reading = FileReading {
        file: job.file.clone(),
        change: None,
        cost: (0, 0),
        now,
    };
    reading.ended(poison(), None)
}

fn poison() -> Verdict {
    Verdict::of(Reason::FilePoison).with_detail("the reader crashed on this file three times")
}

/// A reading under way.
struct FileReading {
    file: ScanTarget,
    change: Option<Change>,
    /// Bytes and requests so far.
    cost: (u64, u32),
    now: DateTime<Utc>,
}

impl FileReading {
    fn gone(mut self) -> Outcome {
        self.change = Some(Change::Removed(self.file.file.clone()));
        self.ended(Verdict::of(Reason::FileDeleted), None)
    }

    /// A file of which nothing was read.
    fn ended(self, verdict: Verdict, failure: Option<Error>) -> Outcome {
        self.finished(verdict, None, failure)
    }

    fn finished(
        self,
        verdict: Verdict,
        reading: Option<Reading>,
        failure: Option<Error>,
    ) -> Outcome {
        let reason = verdict.reason;
        let version = self.file.version.clone();
        let facts = file_facts(version, verdict, reading, self.cost, self.now);
        Outcome {
            file: self.file.id,
            facts,
            size: self.file.size,
            change: self.change,
            reason,
            failure,
        }
    }
}
