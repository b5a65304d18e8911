//! Who is told what by which log (reference/google-drive.md §3.2).

use super::World;
use crate::google::state::directory::User;
use crate::google::state::file::File;
use crate::google::state::log::{Aside, Entry, LogOf, Wanted};

impl World<'_> {
    /// Whether a log tells its reader of an entry.
    pub(crate) fn tells(&self, reader: &User, log: &LogOf, wanted: Wanted, entry: &Entry) -> bool {
        match entry {
            Entry::File(number) => {
                let file = self.state.file(*number);
                file.is_some_and(|file| self.shows(reader, log, wanted, file))
            }
            Entry::Aside(Aside::Gone(id)) => {
                let file = self.state.find(id);
                // Where it shows in this log all the same, it stands there by itself.
                let is_shown = file.is_some_and(|file| self.shows(reader, log, wanted, file));
                wanted.removals && !is_shown
            }
            Entry::Aside(Aside::Drive(id)) => {
                let is_wanted = wanted.drives || matches!(log, LogOf::Drive(_));
                is_wanted && self.state.drives.contains_key(id)
            }
            Entry::Aside(Aside::DriveGone(_)) => wanted.removals && wanted.drives,
        }
    }

    fn shows(&self, reader: &User, log: &LogOf, wanted: Wanted, file: &File) -> bool {
        match log {
            LogOf::Drive(drive) => file.drive.as_ref() == Some(drive),
            LogOf::User(_) => {
                let is_own = file.owner.as_ref() == Some(&reader.id);
                let is_wanted = match file.drive {
                    Some(_) => wanted.drives,
                    None => is_own || !wanted.my_drive_only,
                };
                let sees = || {
                    self.access(reader, file.number)
                        .is_some_and(|access| access.is_own)
                };
                is_wanted && (is_own || sees())
            }
        }
    }
}
