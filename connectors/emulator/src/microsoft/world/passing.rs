//! What happens by itself as time passes.

use super::World;
use crate::frame::Content;
use crate::microsoft::state::transient::{Effect, Place};
use crate::microsoft::{labelling, package};

impl World<'_> {
    /// Lets happen what was due by now.
    pub(crate) fn settle(&mut self) {
        let now = self.millis();
        loop {
            let due = self
                .state
                .scheduled
                .iter()
                .enumerate()
                .filter(|(_, scheduled)| scheduled.due <= now)
                .min_by_key(|(_, scheduled)| scheduled.due)
                .map(|(at, _)| at);
            let Some(at) = due else {
                return;
            };
            let scheduled = self.state.scheduled.remove(at);
            self.happen(scheduled.effect);
        }
    }

    /// Lets something happen now.
    pub(crate) fn happen(&mut self, effect: Effect) {
        match effect {
            Effect::Promote { place, blob } => {
                let unchanged = self.item(place).is_ok_and(|item| item.blob == Some(blob));
                if unchanged {
                    self.promote(place);
                }
            }
            Effect::Assign { job } => self.assign(&job),
        }
    }

    /// Writes library columns into an Office file. One that is no package stays as it is.
    fn promote(&mut self, place: Place) {
        let Ok(content) = self.blob(place) else {
            return;
        };
        let Some(rewritten) = package::with_library_columns(&content.bytes()) else {
            return;
        };
        if let Ok(blob) = self.keep(Content::new(rewritten)) {
            // The file was there a moment ago.
            let _ = self.rewrite(place, blob);
        }
    }

    /// Does an accepted assignment.
    fn assign(&mut self, id: &str) {
        let Some(mut job) = self.state.jobs.get(id).cloned() else {
            return;
        };
        job.done = true;
        if self.switches.assign_applied {
            job.failure = labelling::assign(self, &job)
                .err()
                .map(|failure| failure.code);
        }
        self.state.jobs.insert(id.to_owned(), job);
    }

    /// Lets somebody save a file just before an upload to it, where a test has asked for that.
    pub(crate) fn edit_before_upload(&mut self, place: Place) -> Result<(), super::EditError> {
        let Some(at) = self
            .state
            .pending_edits
            .iter()
            .position(|edit| edit.place == place)
        else {
            return Ok(());
        };
        let edit = self.state.pending_edits.remove(at);
        let blob = self.keep(Content::new(edit.body))?;
        self.replace(place, blob, edit.who)
    }
}
