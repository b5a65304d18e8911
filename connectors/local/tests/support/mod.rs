//! A folder with an app on it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use labeld_conformance::{Harness, MAX_PAGE};
use labeld_connector::{Change, Connector, Cursor, FeedRef, FileKind, FileRef};
use labeld_connector_local::{Local, LocalOptions};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use tempfile::TempDir;

pub(crate) struct Folder {
    temporary: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        fs::create_dir(temporary.path().join("root")).unwrap();
        Self { temporary }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.temporary.path().join("root")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.temporary.path().join("state")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn options(&self) -> LocalOptions {
        LocalOptions {
            page_size: MAX_PAGE,
            ..LocalOptions::new("test", self.root(), self.state())
        }
    }

    pub(crate) fn local(&self) -> Local {
        Local::new(self.options())
    }

    pub(crate) fn write(&self, path: &str, body: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }
}

#[async_trait]
impl Harness for Folder {
    async fn connect(&self) -> Arc<dyn Connector> {
        Arc::new(self.local())
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.write(path, body);
    }

    async fn rename(&self, from: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path(from), to).unwrap();
    }

    async fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.root(), &self.root(), &mut files);
        files
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), fs::read(&path).unwrap());
        }
    }
}

/// Everything that one poll (or, without a cursor, one enumeration) says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Poll {
    pub(crate) upserted: BTreeMap<String, FileKind>,
    pub(crate) removed: Vec<String>,
    /// Path, and the error with its causes.
    pub(crate) unreadable: Vec<(String, String)>,
}

/// Polls to the end, and moves the cursor there.
pub(crate) fn poll(local: &Local, cursor: &mut Option<Cursor>) -> labeld_connector::Result<Poll> {
    let mut poll = Poll::default();
    loop {
        let page = block_on(local.changes(&FeedRef::whole(), cursor.as_ref()))?;
        for change in page.changes {
            match change {
                Change::Upserted(meta) => {
                    poll.upserted.insert(meta.file.0, meta.kind);
                }
                Change::Removed(FileRef(file)) => poll.removed.push(file),
                Change::FolderAt(_) | Change::FolderRemoved(_) => {}
            }
        }
        for folder in page.unreadable {
            poll.unreadable.push((folder.path, explain(&folder.error)));
        }
        *cursor = Some(page.next);
        if !page.more {
            return Ok(poll);
        }
    }
}

/// Kind and causes of an error.
pub(crate) fn explain(error: &labeld_connector::Error) -> String {
    let mut text = format!("{:?}: {error}", error.kind());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// On a runtime of this thread, so that its other threads have no more power than this one.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.build().unwrap().block_on(future)
}

/// Runs `work` on a thread that access rights hold for, even where the tests run as root.
pub(crate) fn without_root_powers<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = std::thread::spawn(move || {
        let mut held = capabilities(None).unwrap();
        let dropped = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        held.effective.remove(dropped);
        held.permitted.remove(dropped);
        set_capabilities(None, held).unwrap();
        work()
    });
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
