//! An app in memory: the tests say what is in it, what its feed does, and how its reads fail.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use labeld_connector::{
    Access, Barrier, Capabilities, Change, ChangePage, Connector, Cursor, Error, ErrorKind,
    Examined, Exposure, FeedList, FeedRef, FileMeta, FileRef, Obstacles, ReadOptions, Result,
    Version, WriteOptions,
};
use tokio::sync::{Notify, Semaphore};
use tokio::task::yield_now;

use crate::store::meta;

/// What happens before the feed answers.
type Step = Box<dyn FnOnce(&mut State) + Send>;

/// The app. Reads of held files wait until [`Scripted::let_go`].
pub(crate) struct Scripted {
    state: Mutex<State>,
    /// Told when a read begins to wait.
    pub(super) held: Notify,
    gate: Semaphore,
}

#[derive(Default)]
pub(super) struct State {
    files: BTreeMap<String, Entry>,
    log: Vec<Change>,
    per_page: usize,
    pages: u32,
    steps: HashMap<u32, Step>,
    again: Vec<String>,
    expired_below: usize,
    refuses_cursors: bool,
    to_hold: HashSet<String>,
    failing: HashMap<String, Failure>,
    reads: Vec<String>,
    side_by_side: usize,
    most_side_by_side: usize,
}

#[derive(Clone)]
struct Entry {
    version: u32,
    body: Bytes,
    barrier: Option<Barrier>,
}

/// How the reads of a file fail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    /// With an error, and perhaps a wait that the app asks for.
    Error(ErrorKind, Option<Duration>),
    /// The reader crashes.
    Crash,
}

impl State {
    /// A new file, or a new version of one.
    pub(super) fn put(&mut self, path: &str, body: impl Into<Bytes>) {
        let version = self.files.get(path).map_or(1, |entry| entry.version + 1);
        self.set(
            path,
            Entry {
                version,
                body: body.into(),
                barrier: None,
            },
        );
    }

    /// Something about a file changes that is not its content.
    pub(super) fn bar(&mut self, path: &str, barrier: Option<Barrier>) {
        let entry = self.files[path].clone();
        self.set(path, Entry { barrier, ..entry });
    }

    /// A file goes. The feed tells, or does not.
    pub(super) fn remove(&mut self, path: &str, is_told: bool) {
        self.files.remove(path);
        if is_told {
            self.log.push(Change::Removed(FileRef(path.to_owned())));
        }
    }

    /// Cursors that were given out up to now are lost.
    pub(super) fn expire(&mut self) {
        self.log.push(Change::Removed(FileRef("none".to_owned())));
        self.expired_below = self.log.len();
    }

    /// The full list under way names a file once more, on its next page.
    pub(super) fn name_again(&mut self, path: &str) {
        self.again.push(path.to_owned());
    }

    /// The feed's last `changes` changes are lost.
    pub(super) fn forget_to_tell(&mut self, changes: usize) {
        self.log.truncate(self.log.len() - changes);
    }

    /// Whether every cursor is lost as soon as it is given out.
    pub(super) fn refuse_all_cursors(&mut self, refuse: bool) {
        self.refuses_cursors = refuse;
    }

    pub(super) fn set_page_size(&mut self, changes: usize) {
        self.per_page = changes;
    }

    fn set(&mut self, path: &str, entry: Entry) {
        self.log.push(Change::Upserted(listed(path, &entry)));
        self.files.insert(path.to_owned(), entry);
    }

    fn entry(&self, file: &FileRef, operation: &'static str) -> Result<&Entry> {
        self.files
            .get(&file.0)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, operation, &file.0))
    }

    /// A page of everything: `from` files are on the pages before, and the log begins at `log` afterwards.
    fn page_of_all(&mut self, from: usize, log: usize) -> ChangePage {
        let page = self.files.iter().skip(from).take(self.per_page);
        let mut changes: Vec<Change> = page
            .map(|(path, entry)| Change::Upserted(listed(path, entry)))
            .collect();
        let end = from + changes.len();
        for path in self.again.drain(..) {
            changes.push(Change::Upserted(listed(&path, &self.files[&path])));
        }
        let more = end < self.files.len();
        let next = if more {
            format!("all {end} {log}")
        } else {
            format!("log {log}")
        };
        page_with(changes, next, more)
    }

    fn page_of_log(&self, from: usize) -> Result<ChangePage> {
        if from < self.expired_below {
            return Err(expired());
        }
        let end = (from + self.per_page).min(self.log.len());
        let changes = self.log[from..end].to_vec();
        Ok(page_with(
            changes,
            format!("log {end}"),
            end < self.log.len(),
        ))
    }
}

impl Scripted {
    pub(super) fn new(per_page: usize) -> Self {
        let state = State {
            per_page,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            held: Notify::new(),
            gate: Semaphore::new(0),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn put(&self, path: &str, body: impl Into<Bytes>) {
        self.state().put(path, body);
    }

    /// Something stands against a file from now on.
    pub(crate) fn bar(&self, path: &str, barrier: Barrier) {
        self.state().bar(path, Some(barrier));
    }

    /// Before the feed gives its `page`th page from now on, counted from 1.
    pub(super) fn at_page(&self, page: u32, step: impl FnOnce(&mut State) + Send + 'static) {
        let mut state = self.state();
        let page = state.pages + page;
        state.steps.insert(page, Box::new(step));
    }

    /// Pages that were asked for.
    pub(super) fn pages(&self) -> u32 {
        self.state().pages
    }

    /// Makes the next read of a file wait.
    pub(super) fn hold(&self, path: &str) {
        self.state().to_hold.insert(path.to_owned());
    }

    /// Lets one read go on that waits.
    pub(super) fn let_go(&self) {
        self.gate.add_permits(1);
    }

    /// From now on, and until it is healed by `None`, reads of a file fail.
    pub(crate) fn fail(&self, path: &str, failure: Option<Failure>) {
        let mut state = self.state();
        match failure {
            Some(failure) => state.failing.insert(path.to_owned(), failure),
            None => state.failing.remove(path),
        };
    }

    /// The files that were read, in their order, once for each request.
    pub(super) fn reads(&self) -> Vec<String> {
        self.state().reads.clone()
    }

    /// The most reads that were under way at a time.
    pub(super) fn most_side_by_side(&self) -> usize {
        self.state().most_side_by_side
    }

    async fn wait_where_held(&self, file: &FileRef) {
        if self.state().to_hold.remove(&file.0) {
            self.held.notify_one();
            self.gate.acquire().await.unwrap().forget();
        }
    }

    fn answer(&self, file: &FileRef, options: &ReadOptions) -> Result<Bytes> {
        let state = self.state();
        match state.failing.get(&file.0) {
            Some(Failure::Error(kind, wait)) => {
                let error = Error::new(*kind, "read file", &file.0);
                return Err(match wait {
                    Some(wait) => error.with_retry_after(*wait),
                    None => error,
                });
            }
            Some(Failure::Crash) => {
                drop(state);
                panic!("a crash that the test wants");
            }
            None => {}
        }
        let entry = state.entry(file, "read file")?;
        if options
            .if_match
            .as_ref()
            .is_some_and(|version| *version != version_of(entry))
        {
            return Err(Error::new(ErrorKind::Changed, "read file", &file.0));
        }
        let range = options.range.clone().unwrap_or(0..entry.body.len() as u64);
        let (start, end) = (range.start as usize, range.end as usize);
        Ok(entry.body.slice(start..end.min(entry.body.len())))
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scripted app")
    }
}

#[async_trait]
impl Connector for Scripted {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_feed: true,
            stable_refs: true,
            write: false,
            conditional_write: false,
            keeps_modified: false,
            free_ranges: true,
        }
    }

    async fn feeds(&self) -> Result<FeedList> {
        Ok(FeedList::whole("everything"))
    }

    async fn changes(&self, _: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        let mut state = self.state();
        state.pages += 1;
        let page = state.pages;
        if let Some(step) = state.steps.remove(&page) {
            step(&mut state);
        }
        let Some(cursor) = since else {
            let log = state.log.len();
            return Ok(state.page_of_all(0, log));
        };
        if state.refuses_cursors {
            return Err(expired());
        }
        let mut words = cursor.0.split(' ');
        let (kind, mut numbers) = (
            words.next().unwrap(),
            words.map(|word| word.parse().unwrap()),
        );
        let from = numbers.next().unwrap();
        match kind {
            "all" => Ok(state.page_of_all(from, numbers.next().unwrap())),
            _ => state.page_of_log(from),
        }
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        let state = self.state();
        let entry = state.entry(file, "look at file")?;
        Ok(listed(&file.0, entry))
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        {
            let mut state = self.state();
            state.reads.push(file.0.clone());
            state.side_by_side += 1;
            state.most_side_by_side = state.most_side_by_side.max(state.side_by_side);
        }
        // Whoever else can begin a read does it now.
        for _ in 0..16 {
            yield_now().await;
        }
        self.wait_where_held(file).await;
        self.state().side_by_side -= 1;
        self.answer(file, &options)
    }

    async fn write(&self, file: &FileRef, _: Bytes, _: WriteOptions) -> Result<FileMeta> {
        Err(Error::new(ErrorKind::Unsupported, "write file", &file.0))
    }

    async fn exposure(&self, _: &FileRef) -> Result<Exposure> {
        Ok(Exposure::Private)
    }

    async fn access(&self, _: &FileRef) -> Result<Access> {
        Ok(Access {
            exposure: Exposure::Private,
            collaborators: Some(Vec::new()),
        })
    }

    async fn obstacles(&self, _: &FileRef) -> Result<Obstacles> {
        Ok(Obstacles::default())
    }

    async fn examine(&self) -> Vec<Examined> {
        Vec::new()
    }
}

fn listed(path: &str, entry: &Entry) -> FileMeta {
    FileMeta {
        size: entry.body.len() as u64,
        version: version_of(entry),
        barrier: entry.barrier,
        ..meta(path)
    }
}

fn expired() -> Error {
    Error::new(ErrorKind::CursorExpired, "list changes", "the app")
}

fn version_of(entry: &Entry) -> Version {
    Version(format!("v{}", entry.version))
}

fn page_with(changes: Vec<Change>, next: String, more: bool) -> ChangePage {
    ChangePage {
        changes,
        unreadable: Vec::new(),
        next: Cursor(next),
        more,
    }
}
