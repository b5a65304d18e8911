//! One file: opened, read, judged.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use labeld_connector::{Error, ErrorKind, FileMeta, FileRef};
use labeld_formats::{
    BlockCache, Label, Limits, Protection, RangeStrategy, ReadOptions, Reading, TenantKnowledge,
    read_ranged,
};

use crate::apps::{LocalFile, LocalFolder, file_ref_of};
use crate::cli::output::Row;
use crate::model::report::FileReport;
use crate::model::{FileState, Reason};
use crate::pipeline::error_chain;
use crate::pipeline::verdict::{self, Verdict};

/// What one run reads every file with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) strategy: RangeStrategy,
    pub(super) size_limit: u64,
}

/// The result for one file.
pub(super) type Inspected = FileReport<Label, Protection>;

/// A file to inspect.
#[derive(Debug)]
pub(super) struct Job {
    path: PathBuf,
    task: Task,
}

#[derive(Debug)]
enum Task {
    Open(Arc<LocalFolder>, FileRef),
    Ended(Verdict),
}

impl Job {
    /// A file found by listing a folder.
    pub(super) fn listed(path: PathBuf, folder: Arc<LocalFolder>, meta: FileMeta) -> Self {
        // Here an unknown extension stops nothing: whoever runs `inspect` wants to know.
        let task = match meta.kind {
            labeld_connector::FileKind::File => Task::Open(folder, meta.file),
            _ => Task::Ended(Verdict::of(Reason::TypeSpecial)),
        };
        Self { path, task }
    }

    /// A file named by a person.
    pub(super) fn named(path: PathBuf, folder: Arc<LocalFolder>, name: &OsStr) -> Self {
        let file = file_ref_of(name.as_bytes());
        Self {
            path,
            task: Task::Open(folder, file),
        }
    }

    /// A path that is a folder.
    pub(super) fn folder(path: PathBuf) -> Self {
        let verdict = Verdict::of(Reason::TypeFolder).with_detail("this is a folder: use -r");
        Self {
            path,
            task: Task::Ended(verdict),
        }
    }

    /// A path that cannot be looked at.
    pub(super) fn unavailable(path: PathBuf, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::PermissionDenied => Reason::AccessDenied,
            _ => Reason::FetchFailed,
        };
        Self {
            path,
            task: Task::Ended(Verdict::of(reason).with_detail(error.to_string())),
        }
    }

    /// A path that cannot be read.
    pub(super) fn failed(path: PathBuf, error: &Error) -> Self {
        Self {
            path,
            task: Task::Ended(of_error(error)),
        }
    }

    /// Reads the file.
    pub(super) fn inspect(self, settings: Settings) -> Inspected {
        let (folder, file) = match self.task {
            Task::Ended(verdict) => return report(&self.path, verdict),
            Task::Open(folder, file) => (folder, file),
        };
        let opened = match folder.open_file(&file) {
            Ok(opened) => opened,
            Err(error) => return report(&self.path, of_error(&error)),
        };
        let size = opened.meta().size;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mut cache = BlockCache::new(size, settings.strategy);
        let mut inspected = match read(&opened, &mut cache) {
            Ok(reading) => {
                let verdict = verdict::of_reading(&name, &reading, settings.size_limit);
                read_report(&self.path, verdict, reading)
            }
            Err(verdict) => report(&self.path, verdict),
        };
        inspected.size = size;
        inspected.bytes_read = cache.bytes_read();
        inspected.reads = cache.reads();
        inspected
    }
}

/// Reads an open file; a reader that panics takes only this file with it.
fn read(file: &LocalFile, cache: &mut BlockCache) -> Result<Reading, Verdict> {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        read_ranged(cache, options, |range| {
            file.read(range).map(Vec::from).map_err(io::Error::other)
        })
    }));
    let reading = match outcome {
        Ok(Ok(reading)) => reading,
        Ok(Err(error)) => {
            return Err(Verdict::of(Reason::FetchFailed).with_detail(error_chain(&error)));
        }
        Err(_) => {
            return Err(
                Verdict::of(Reason::FilePoison).with_detail("the reader crashed on this file")
            );
        }
    };
    match file.verify_unchanged() {
        Ok(()) => Ok(reading),
        Err(error) => Err(of_error(&error)),
    }
}

fn of_error(error: &Error) -> Verdict {
    let reason = match error.kind() {
        ErrorKind::Denied => Reason::AccessDenied,
        ErrorKind::Unsupported => Reason::TypeSpecial,
        _ => Reason::FetchFailed,
    };
    Verdict::of(reason).with_detail(error_chain(error))
}

fn report(path: &Path, verdict: Verdict) -> Inspected {
    let lossless = path.to_str().is_none();
    FileReport {
        path: path.to_string_lossy().into_owned(),
        path_base64: lossless.then(|| BASE64.encode(path.as_os_str().as_bytes())),
        size: 0,
        format: None,
        state: verdict.state.as_str(),
        reason: verdict.reason.map(Reason::code),
        detail: verdict.detail,
        labels: Vec::new(),
        protection: Protection::default(),
        signed: false,
        warnings: Vec::new(),
        bytes_read: 0,
        reads: 0,
    }
}

fn read_report(path: &Path, verdict: Verdict, reading: Reading) -> Inspected {
    FileReport {
        format: reading.format.map(|format| format.name().to_owned()),
        labels: reading.labels,
        protection: reading.protection,
        signed: reading.signatures.signed,
        warnings: reading
            .warnings
            .iter()
            .map(|warning| warning.name().to_owned())
            .collect(),
        ..report(path, verdict)
    }
}

impl Row for Inspected {
    const COLUMNS: &'static [&'static str] = &[
        "state",
        "format",
        "labels",
        "protection",
        "signed",
        "reason",
        "size",
        "bytes_read",
        "reads",
        "path",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.state.to_owned(),
            self.format.clone().unwrap_or_else(|| "-".to_owned()),
            labels_cell(&self.labels, self.state),
            self.protection.kind.name().to_owned(),
            if self.signed { "yes" } else { "no" }.to_owned(),
            self.reason.unwrap_or("-").to_owned(),
            self.size.to_string(),
            self.bytes_read.to_string(),
            self.reads.to_string(),
            self.path.clone(),
        ]
    }
}

/// The effective labels by name, or id where the file has no name; live ones with a question mark
/// where none is effective.
fn labels_cell(labels: &[Label], state: &str) -> String {
    let shown = |label: &Label| label.name.clone().unwrap_or_else(|| label.id.to_string());
    let effective: Vec<String> = labels
        .iter()
        .filter(|label| label.effective)
        .map(shown)
        .collect();
    if !effective.is_empty() || state != FileState::Ok.as_str() {
        return if effective.is_empty() {
            "-".to_owned()
        } else {
            effective.join(", ")
        };
    }
    let live: Vec<String> = labels
        .iter()
        .filter(|label| label.enabled && !label.removed)
        .map(shown)
        .collect();
    match live.len() {
        0 | 1 => "-".to_owned(),
        _ => format!("{}?", live.join("? ")),
    }
}
