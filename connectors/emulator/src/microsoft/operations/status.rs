//! Operations on what stands in the way of reading and writing a file.

use serde_json::{Map, Value};

use super::{Microsoft, sure};
use crate::frame::ControlError;
use crate::microsoft::state::actor::Actors;
use crate::microsoft::state::item::{Item, Lock, LockForm, Rare, Retention};
use crate::microsoft::state::transient::Place;
use crate::microsoft::world::World;

impl World<'_> {
    /// Changes a rare property, and notes it in the change log.
    pub(in crate::microsoft) fn change_rare(
        &mut self,
        drive: &str,
        path: &str,
        change: impl FnOnce(&mut Rare),
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, path)?;
        Ok(self.change(place, |item, _| change(item.rare()))?)
    }

    /// Changes a property that no listing tells of.
    fn change_silently(
        &mut self,
        drive: &str,
        path: &str,
        change: impl FnOnce(&mut Item),
    ) -> Result<Place, ControlError> {
        let place = self.place_named(drive, path)?;
        if let Some(drive) = self.state.drive_mut(place.drive) {
            drive.tree.change_quietly(place.item, change);
        }
        Ok(place)
    }

    pub(in crate::microsoft) fn set_lock(
        &mut self,
        drive: &str,
        path: &str,
        lock: Option<(&str, LockForm, Option<i64>)>,
    ) -> Result<(), ControlError> {
        let now = self.millis();
        let lock = lock.map(|(who, form, seconds)| Lock {
            form,
            holder: self.state.actor(who),
            until: seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000))),
        });
        self.change_silently(drive, path, |item| item.rare().lock = lock)?;
        Ok(())
    }

    pub(in crate::microsoft) fn set_check_out(
        &mut self,
        drive: &str,
        path: &str,
        who: Option<&str>,
    ) -> Result<(), ControlError> {
        let who = who.map(|who| self.state.actor(who));
        self.change_rare(drive, path, |rare| rare.checked_out_by = who)
    }

    pub(in crate::microsoft) fn set_retention(
        &mut self,
        drive: &str,
        path: &str,
        retention: Option<Retention>,
    ) -> Result<(), ControlError> {
        self.change_silently(drive, path, |item| item.rare().retention = retention)?;
        Ok(())
    }

    pub(in crate::microsoft) fn set_malware(
        &mut self,
        drive: &str,
        path: &str,
        description: Option<String>,
    ) -> Result<(), ControlError> {
        self.change_rare(drive, path, |rare| rare.malware = description)
    }

    pub(in crate::microsoft) fn set_pending(
        &mut self,
        drive: &str,
        path: &str,
        pending: bool,
    ) -> Result<(), ControlError> {
        let queued = pending.then(|| self.millis());
        self.change_rare(drive, path, |rare| rare.pending_content = queued)
    }

    pub(in crate::microsoft) fn set_undecryptable(
        &mut self,
        drive: &str,
        path: &str,
        code: Option<String>,
    ) -> Result<(), ControlError> {
        const KNOWN: [&str; 3] = [
            "fileDoubleKeyEncrypted",
            "fileDecryptionNotSupported",
            "fileDecryptionDeferred",
        ];
        if code.as_deref().is_some_and(|code| !KNOWN.contains(&code)) {
            return Err(ControlError::BadArguments(format!(
                "the code is one of {KNOWN:?}"
            )));
        }
        self.change_silently(drive, path, |item| item.rare().undecryptable = code)?;
        Ok(())
    }

    pub(in crate::microsoft) fn set_shown(
        &mut self,
        drive: &str,
        path: &str,
        size: Option<u64>,
        hashless: bool,
    ) -> Result<(), ControlError> {
        self.change_rare(drive, path, |rare| {
            rare.shown_size = size;
            rare.hashless = hashless;
        })
    }

    pub(in crate::microsoft) fn set_fields(
        &mut self,
        drive: &str,
        path: &str,
        fields: Map<String, Value>,
    ) -> Result<(), ControlError> {
        let place = self.change_silently(drive, path, |item| item.rare().fields = fields)?;
        Ok(self.touch(place, Actors::SYSTEM)?)
    }
}

impl Microsoft {
    /// Locks a file, as an open editor does.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn lock(&self, drive: &str, path: &str, who: &str, form: LockForm) {
        sure(self.with(|world| world.set_lock(drive, path, Some((who, form, None)))));
    }

    /// Ends a lock.
    ///
    /// # Panics
    ///
    /// When the file is not there.
    #[track_caller]
    pub fn unlock(&self, drive: &str, path: &str) {
        sure(self.with(|world| world.set_lock(drive, path, None)));
    }

    /// Checks a file out.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn check_out(&self, drive: &str, path: &str, who: &str) {
        sure(self.with(|world| world.set_check_out(drive, path, Some(who))));
    }

    /// Checks a file in.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn check_in(&self, drive: &str, path: &str) {
        sure(self.with(|world| world.set_check_out(drive, path, None)));
    }

    /// Gives a file a retention label, or takes it away.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn retain(&self, drive: &str, path: &str, retention: Option<Retention>) {
        sure(self.with(|world| world.set_retention(drive, path, retention)));
    }

    /// Says that a file is infected, or that it is not.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn malware(&self, drive: &str, path: &str, description: Option<&str>) {
        let description = description.map(str::to_owned);
        sure(self.with(|world| world.set_malware(drive, path, description)));
    }

    /// Says that a file's content is still being written, or that it is not.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn pending_content(&self, drive: &str, path: &str, pending: bool) {
        sure(self.with(|world| world.set_pending(drive, path, pending)));
    }

    /// Makes listings show another size than the true one, or no hash.
    ///
    /// # Panics
    ///
    /// When the file is not there.
    #[track_caller]
    pub fn show_as(&self, drive: &str, path: &str, size: Option<u64>, hashless: bool) {
        sure(self.with(|world| world.set_shown(drive, path, size, hashless)));
    }

    /// Says that the service cannot open a file: the code is that of the 423, `None` for a file that it can open.
    ///
    /// # Panics
    ///
    /// When it is not there, or the code is unknown.
    #[track_caller]
    pub fn undecryptable(&self, drive: &str, path: &str, code: Option<&str>) {
        let code = code.map(str::to_owned);
        sure(self.with(|world| world.set_undecryptable(drive, path, code)));
    }
}
