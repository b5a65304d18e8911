//! One enumeration: a walk, compared with what the walk before saw.

use std::path::Path;
use std::sync::Arc;

use labeld_connector::{
    Change, ChangePage, Cursor, Error, ErrorKind, FileRef, Result, UnreadableFolder,
};

use crate::cursor::{BaseCursor, ListingCursor, WalkCursor};
use crate::error::failed;
use crate::folder::LocalFolder;
use crate::path::{compare, display_of, file_ref_of, is_below, raw_path_of};
use crate::snapshot::{Header, Position, Seen, SnapshotError, SnapshotReader, SnapshotWriter};
use crate::state::{SnapshotId, State, cannot_use};
use crate::status::Status;
use crate::walk::{Step, Walk};

const OPERATION: &str = "list changes";

/// Entries that one page looks at for each change that it has room for. A page of an unchanged folder
/// ends too, so that little is done twice after a crash.
const LOOKED_AT_PER_CHANGE: usize = 64;

/// Bytes of paths on one page.
const MAX_PAGE_PATH_BYTES: usize = 4 << 20;

/// An enumeration under way. Everything needed to go on after a crash is in its cursors and files.
#[derive(Debug)]
pub(crate) struct Listing {
    state: State,
    walk: Walk,
    base: Option<SnapshotReader>,
    new: SnapshotWriter,
    /// The last path that was handled.
    after: Vec<u8>,
    /// What the walk found and the listing has not handled, because a page ended before it.
    found: Option<Step>,
}

/// What of a page is left.
struct Room {
    changes: usize,
    looks: usize,
    path_bytes: usize,
}

impl Room {
    fn is_left(&self) -> bool {
        self.changes > 0 && self.looks > 0 && self.path_bytes > 0
    }

    fn take(&mut self, path: &[u8]) {
        self.changes = self.changes.saturating_sub(1);
        self.path_bytes = self.path_bytes.saturating_sub(path.len());
    }
}

impl Listing {
    /// Begins an enumeration, or goes on with the one of the cursor.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] when the cursor's snapshots are not there any longer.
    pub(crate) fn open(
        folder: Arc<LocalFolder>,
        state: State,
        since: Option<&Cursor>,
    ) -> Result<Self> {
        let Some(since) = since else {
            state.keep_newest()?;
            return Self::begin(folder, state, None);
        };
        let cursor = ListingCursor::parse(since)?;
        let Some(walk) = cursor.walk else {
            let base = open_base(&state, cursor.snapshot, Position::START)?;
            state.keep_only(&[cursor.snapshot])?;
            return Self::begin(folder, state, Some(base));
        };
        let base = match walk.base {
            Some(base) => Some(open_base(&state, base.snapshot, base.at)?),
            None => None,
        };
        let path = state.path_of(cursor.snapshot);
        let new = SnapshotWriter::resume(&path, cursor.snapshot, walk.written)
            .map_err(|cause| snapshot_failed(&path, cause))?;
        let base_id = walk.base.map_or(cursor.snapshot, |base| base.snapshot);
        state.keep_only(&[cursor.snapshot, base_id])?;
        let after = match walk.after.as_str() {
            "" => Vec::new(),
            after => raw_path_of(&FileRef(after.to_owned()))
                .ok_or_else(|| Error::new(ErrorKind::CursorExpired, OPERATION, after))?,
        };
        Ok(Self {
            walk: Walk::after(folder, &after),
            state,
            base,
            new,
            after,
            found: None,
        })
    }

    fn begin(folder: Arc<LocalFolder>, state: State, base: Option<SnapshotReader>) -> Result<Self> {
        let root = Status::of_open(&folder.root)
            .map_err(|cause| failed(OPERATION, folder.path.display().to_string(), cause))?;
        let header = Header {
            id: state.new_id(),
            root_inode: root.stamp.inode,
        };
        let path = state.path_of(header.id);
        let new =
            SnapshotWriter::create(&path, header).map_err(|cause| cannot_use(&path, cause))?;
        state.sync()?;
        Ok(Self {
            walk: Walk::new(folder),
            state,
            base,
            new,
            after: Vec::new(),
            found: None,
        })
    }

    /// The next page of at most `page_size` changes.
    ///
    /// # Errors
    ///
    /// When the root cannot be listed or the state folder cannot be used. The listing is lost then;
    /// the caller's cursor is not.
    pub(crate) fn next_page(&mut self, page_size: usize) -> Result<ChangePage> {
        let page_size = page_size.max(1);
        let mut room = Room {
            changes: page_size,
            looks: page_size.saturating_mul(LOOKED_AT_PER_CHANGE),
            path_bytes: MAX_PAGE_PATH_BYTES,
        };
        let mut page = ChangePage {
            changes: Vec::new(),
            unreadable: Vec::new(),
            next: Cursor(String::new()),
            more: true,
        };
        while page.more && room.is_left() {
            let step = match self.found.take() {
                Some(step) => step,
                None => self.walk.advance()?,
            };
            room.looks -= 1;
            if !self.report_removed_before(&step, &mut page, &mut room)? {
                self.found = Some(step);
                break;
            }
            self.handle(step, &mut page, &mut room)?;
        }
        page.next = self.cursor(page.more)?.to_cursor()?;
        Ok(page)
    }

    /// Reports what the base has before `step`, and so was not found; `false` when the page is full.
    fn report_removed_before(
        &mut self,
        step: &Step,
        page: &mut ChangePage,
        room: &mut Room,
    ) -> Result<bool> {
        let is_end = matches!(step, Step::End);
        if is_end {
            self.refuse_a_missing_mount()?;
        }
        // Where a folder is now, the file of the same path is gone.
        let is_folder = matches!(step, Step::UnreadableFolder(_));
        let found = self.walk.path();
        while let Some(base) = &mut self.base
            && let Some((known, _)) = base.present()
        {
            let order = compare(known, found);
            if !(is_end || order.is_lt() || is_folder && order.is_eq()) {
                return Ok(true);
            }
            if !room.is_left() {
                return Ok(false);
            }
            room.take(known);
            page.changes.push(Change::Removed(file_ref_of(known)));
            advance(base, &self.state)?;
        }
        Ok(true)
    }

    fn handle(&mut self, step: Step, page: &mut ChangePage, room: &mut Room) -> Result<()> {
        let path = self.walk.path();
        match step {
            Step::Entry { kind, status } => {
                let seen = Seen {
                    kind,
                    stamp: status.stamp,
                };
                let mut is_known = false;
                if let Some(base) = &mut self.base
                    && let Some((known, known_seen)) = base.present()
                    && known == path
                {
                    is_known = *known_seen == seen;
                    advance(base, &self.state)?;
                }
                if !is_known {
                    room.take(path);
                    let meta = self.walk.folder().meta(path, kind, &status);
                    page.changes.push(Change::Upserted(meta));
                }
                self.new
                    .push(path, &seen)
                    .map_err(|cause| self.writing_failed(cause))?;
                path.clone_into(&mut self.after);
            }
            Step::UnreadableFolder(error) | Step::UnreadableEntry(error) => {
                room.take(path);
                page.unreadable.push(UnreadableFolder {
                    path: display_of(path).into_owned(),
                    error,
                });
                self.carry_over()?;
                self.walk.path().clone_into(&mut self.after);
            }
            Step::End => {
                self.new
                    .finish()
                    .map_err(|cause| self.writing_failed(cause))?;
                page.more = false;
            }
        }
        Ok(())
    }

    /// Keeps what was known at and below the present path, which cannot be looked at now.
    fn carry_over(&mut self) -> Result<()> {
        let folder = self.walk.path();
        while let Some(base) = &mut self.base
            && let Some((known, seen)) = base.present()
            && (known == folder || is_below(known, folder))
        {
            self.new
                .push(known, seen)
                .map_err(|cause| cannot_use(&self.state.path_of(self.new.header().id), cause))?;
            advance(base, &self.state)?;
        }
        Ok(())
    }

    /// An empty root that is another folder than the one before is a mount that is missing, not the
    /// removal of every file.
    fn refuse_a_missing_mount(&self) -> Result<()> {
        let Some(base) = &self.base else {
            return Ok(());
        };
        let saw_nothing = self.after.is_empty() && self.new.is_empty();
        let is_same_folder = base.header().root_inode == self.new.header().root_inode;
        if !saw_nothing || is_same_folder || base.present().is_none() {
            return Ok(());
        }
        let root = self.walk.folder().path.display().to_string();
        let why = "the folder is empty and is not the one that was listed before (not mounted?); \
                   a full enumeration accepts it as it is";
        Err(Error::new(ErrorKind::NotFound, OPERATION, root).with_source(why))
    }

    fn cursor(&mut self, more: bool) -> Result<ListingCursor> {
        let id = self.new.header().id;
        if !more {
            return Ok(ListingCursor::new(id, None));
        }
        let written = self
            .new
            .flush()
            .map_err(|cause| self.writing_failed(cause))?;
        let base = self.base.as_ref().map(|base| BaseCursor {
            snapshot: base.header().id,
            at: base.position(),
        });
        let walk = WalkCursor {
            written,
            after: file_ref_of(&self.after).0,
            base,
        };
        Ok(ListingCursor::new(id, Some(walk)))
    }

    fn writing_failed(&self, cause: std::io::Error) -> Error {
        cannot_use(&self.state.path_of(self.new.header().id), cause)
    }
}

fn open_base(state: &State, id: SnapshotId, position: Position) -> Result<SnapshotReader> {
    let path = state.path_of(id);
    SnapshotReader::open(&path, id, position).map_err(|cause| snapshot_failed(&path, cause))
}

fn advance(base: &mut SnapshotReader, state: &State) -> Result<()> {
    let id = base.header().id;
    base.advance()
        .map_err(|cause| snapshot_failed(&state.path_of(id), cause))
}

fn snapshot_failed(path: &Path, cause: SnapshotError) -> Error {
    match cause {
        SnapshotError::Damaged(_) => Error::new(
            ErrorKind::CursorExpired,
            OPERATION,
            format!("with the help of {}", path.display()),
        )
        .with_source(cause),
        SnapshotError::Io(cause) => cannot_use(path, cause),
    }
}
