//! An app in memory, with stable names, a journal of changes, and one fault on request.

mod app;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use labeld_conformance::MAX_PAGE;
use labeld_connector::{
    Access, Answer, Capabilities, Change, ChangePage, Connector, Cursor, Error, ErrorKind,
    Examined, Exposure, FeedList, FeedRef, FileKind, FileMeta, FileRef, Health, LabelMirror,
    MirroredLabel, Obstacles, ReadOptions, Result, Version, WriteOptions,
};

use app::{App, File};

pub(crate) use app::MemoryHarness;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    FirstFileUnlisted,
    LastPageLostAfterRestart,
    PageAnsweredOnce,
    NewFileUnreported,
    VersionKept,
    RefChangesWithPath,
    RemovalUnreported,
    AllReported,
    BadCursorMeansAll,
    StatOfListing,
    SizeWrongInStat,
    RangeEndIncluded,
    EmptyFileUnreadable,
    AbsentReadsEmpty,
    IfMatchIgnored,
    WriteCutShort,
    ExpectIgnored,
    ModifiedMoves,
    WriteMakesFile,
    EditCovered,
    MirrorStays,
    ExposureFails,
    AddressesAsWritten,
    LocksEverything,
    ExaminesNothing,
    FolderRenameUnreported,
    FolderRemovalUnreported,
    GhostFile,
}

#[derive(Debug)]
pub(crate) struct Memory {
    app: Arc<Mutex<App>>,
    fault: Option<Fault>,
    change_feed: bool,
    write: bool,
    /// Cursors that this instance was asked for.
    asked: Mutex<BTreeSet<String>>,
}

impl Memory {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn app(&self) -> MutexGuard<'_, App> {
        self.app.lock().unwrap()
    }

    fn file_ref(&self, id: usize, file: &File) -> FileRef {
        if self.has(Fault::RefChangesWithPath) {
            return FileRef(format!("{id}@{}", file.path));
        }
        FileRef(id.to_string())
    }

    fn meta(&self, id: usize, file: &File) -> FileMeta {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let edits = if self.has(Fault::VersionKept) {
            0
        } else {
            file.edits
        };
        FileMeta {
            file: self.file_ref(id, file),
            name: name.to_owned(),
            folder: folder.to_owned(),
            parent: None,
            kind: FileKind::File,
            size: file.body.len() as u64,
            version: Version(format!("v{edits}")),
            created: None,
            modified: DateTime::from_timestamp(file.modified, 0),
            owner: None,
            exposure: Exposure::Unknown,
            collaborators: None,
            own_write: None,
            barrier: None,
        }
    }

    /// The changes after `since`, the position after the last, and whether there are more.
    fn page(&self, since: Position) -> (Vec<Change>, Position, bool) {
        let app = self.app();
        let mut changes = Vec::new();
        let Position { full_at, journal } = since;
        if let Some(start) = full_at {
            let all: Vec<_> = app.files.iter().skip(start).collect();
            for (id, file) in all.iter().take(MAX_PAGE) {
                changes.push(Change::Upserted(self.meta(**id, file)));
            }
            if start == 0 && self.has(Fault::FirstFileUnlisted) && !changes.is_empty() {
                changes.remove(0);
            }
            let more = all.len() > MAX_PAGE;
            let full_at = more.then_some(start + MAX_PAGE);
            return (changes, Position { full_at, journal }, more);
        }
        let end = app.journal.len().min(journal + MAX_PAGE);
        for id in &app.journal[journal..end] {
            match app.files.get(id) {
                Some(file) if file.edits == 0 && self.has(Fault::NewFileUnreported) => {}
                Some(file) => changes.push(Change::Upserted(self.meta(*id, file))),
                None if self.has(Fault::RemovalUnreported) => {}
                None => changes.push(Change::Removed(FileRef(id.to_string()))),
            }
        }
        let more = end < app.journal.len();
        (
            changes,
            Position {
                full_at: None,
                journal: end,
            },
            more,
        )
    }

    fn find<'app>(&self, app: &'app mut App, file: &FileRef) -> Result<(usize, &'app mut File)> {
        let id = file.0.split('@').next().and_then(|id| id.parse().ok());
        let found = id.and_then(|id: usize| Some((id, app.files.get_mut(&id)?)));
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "find file", file.to_string()))
    }
}

/// `full_at` is set during a full enumeration; the journal is taken from where it began.
#[derive(Clone, Copy)]
struct Position {
    full_at: Option<usize>,
    journal: usize,
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let (full_at, journal) = text.strip_prefix('m')?.split_once(':')?;
        Some(Self {
            full_at: match full_at {
                "" => None,
                number => Some(number.parse().ok()?),
            },
            journal: journal.parse().ok()?,
        })
    }

    fn to_cursor(self) -> Cursor {
        let full_at = self.full_at.map_or_else(String::new, |at| at.to_string());
        Cursor(format!("m{full_at}:{}", self.journal))
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an app in memory")
    }
}

#[async_trait]
impl Connector for Memory {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_feed: self.change_feed,
            stable_refs: true,
            write: self.write,
            conditional_write: true,
            keeps_modified: true,
            free_ranges: true,
        }
    }

    async fn feeds(&self) -> Result<FeedList> {
        Ok(FeedList::whole("memory"))
    }

    async fn changes(&self, _feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        let start = Position {
            full_at: Some(0),
            journal: self.app().journal.len(),
        };
        let mut position = match since.map(|cursor| Position::parse(&cursor.0)) {
            None => start,
            Some(Some(position)) => position,
            Some(None) if self.has(Fault::BadCursorMeansAll) => start,
            Some(None) => {
                return Err(Error::new(ErrorKind::CursorExpired, "list changes", "anew"));
            }
        };
        let is_poll = position.full_at.is_none();
        if is_poll && (!self.change_feed || self.has(Fault::AllReported)) {
            position = start;
        }
        let mut asked = self.asked.lock().unwrap();
        let is_first_call = asked.is_empty();
        let text = since.map_or("", |cursor| &cursor.0).to_owned();
        let is_repeated = !asked.insert(text);
        let (mut changes, next, more) = self.page(position);
        let is_lost = match self.fault {
            Some(Fault::PageAnsweredOnce) => is_repeated,
            Some(Fault::LastPageLostAfterRestart) => is_first_call && !more && since.is_some(),
            _ => false,
        };
        if is_lost {
            changes.clear();
        }
        if self.has(Fault::GhostFile) {
            let ghost = File {
                path: "ghost".to_owned(),
                body: Vec::new(),
                edits: 0,
                modified: 0,
            };
            changes = vec![Change::Upserted(self.meta(usize::MAX, &ghost))];
        }
        Ok(ChangePage {
            changes,
            unreadable: Vec::new(),
            next: next.to_cursor(),
            more,
        })
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        let mut app = self.app();
        let found = self.find(&mut app, file);
        if found.is_err() && self.has(Fault::StatOfListing) {
            let last_known = File {
                path: "gone".to_owned(),
                body: Vec::new(),
                edits: 0,
                modified: 0,
            };
            return Ok(self.meta(0, &last_known));
        }
        let (id, found) = found?;
        let mut meta = self.meta(id, found);
        meta.size += u64::from(self.has(Fault::SizeWrongInStat));
        Ok(meta)
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        let mut app = self.app();
        let found = self.find(&mut app, file);
        if found.is_err() && self.has(Fault::AbsentReadsEmpty) {
            return Ok(Bytes::new());
        }
        let (id, found) = found?;
        let version = self.meta(id, found).version;
        let is_changed = options.if_match.is_some_and(|expected| expected != version);
        if is_changed && !self.has(Fault::IfMatchIgnored) {
            return Err(Error::new(
                ErrorKind::Changed,
                "read file",
                file.to_string(),
            ));
        }
        let size = found.body.len();
        if size == 0 && self.has(Fault::EmptyFileUnreadable) {
            return Err(Error::new(
                ErrorKind::Malformed,
                "read file",
                file.to_string(),
            ));
        }
        let range = options.range.unwrap_or(0..u64::MAX);
        let past_end = u64::from(self.has(Fault::RangeEndIncluded));
        let end = usize::try_from(range.end.saturating_add(past_end))
            .unwrap()
            .min(size);
        let start = usize::try_from(range.start).unwrap().min(end);
        Ok(Bytes::copy_from_slice(&found.body[start..end]))
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        if !self.write {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "write file",
                "read-only",
            ));
        }
        let mut app = self.app();
        if self.find(&mut app, file).is_err() && self.has(Fault::WriteMakesFile) {
            app.put("made", &body);
        }
        if !self.has(Fault::EditCovered) {
            app.make_edit();
        }
        let (id, found) = self.find(&mut app, file)?;
        let is_changed = self.meta(id, found).version != options.expect;
        if is_changed && !self.has(Fault::ExpectIgnored) {
            return Err(Error::new(
                ErrorKind::Changed,
                "write file",
                file.to_string(),
            ));
        }
        app.make_edit();
        let (id, found) = self.find(&mut app, file)?;
        let kept = if self.has(Fault::WriteCutShort) {
            body.len() / 2
        } else {
            body.len()
        };
        found.body = body[..kept].to_vec();
        found.edits += 1;
        if !options.keep_modified || self.has(Fault::ModifiedMoves) {
            found.modified += 1;
        }
        let meta = self.meta(id, found);
        app.journal.push(id);
        Ok(meta)
    }

    fn label_mirror(&self) -> Option<&dyn LabelMirror> {
        Some(self)
    }

    async fn exposure(&self, _file: &FileRef) -> Result<Exposure> {
        if self.has(Fault::ExposureFails) {
            return Err(Error::new(ErrorKind::Malformed, "ask", "for nothing"));
        }
        Ok(Exposure::Unknown)
    }

    async fn access(&self, file: &FileRef) -> Result<Access> {
        let mut app = self.app.lock().unwrap();
        let (id, _) = self.find(&mut app, file)?;
        let shared = app.shared.get(&id).cloned();
        let shared = shared.map(|address| match self.has(Fault::AddressesAsWritten) {
            true => address,
            false => address.to_lowercase(),
        });
        Ok(Access {
            exposure: Exposure::Unknown,
            collaborators: Some(shared.into_iter().collect()),
        })
    }

    async fn obstacles(&self, _file: &FileRef) -> Result<Obstacles> {
        Ok(Obstacles {
            locked: Answer::from(self.has(Fault::LocksEverything)),
            ..Obstacles::default()
        })
    }

    async fn examine(&self) -> Vec<Examined> {
        if self.has(Fault::ExaminesNothing) {
            return Vec::new();
        }
        let found = "it is there";
        vec![Examined::new("memory", Health::Passed, found, "")]
    }
}

#[async_trait]
impl LabelMirror for Memory {
    async fn show(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<()> {
        let mut app = self.app();
        let (id, _) = self.find(&mut app, file)?;
        match label {
            Some(label) if app::MIRRORED.iter().all(|(known, _)| *known != label.id) => {
                let name = label.name.to_owned();
                return Err(Error::new(ErrorKind::Unsupported, "mirror label", name));
            }
            Some(label) => {
                app.mirrored.insert(id, label.id.to_owned());
            }
            None if self.has(Fault::MirrorStays) => {}
            None => {
                app.mirrored.remove(&id);
            }
        }
        Ok(())
    }

    async fn is_shown(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<bool> {
        let mut app = self.app();
        let (id, _) = self.find(&mut app, file)?;
        Ok(app.mirrored.get(&id).map(String::as_str) == label.map(|label| label.id))
    }
}
