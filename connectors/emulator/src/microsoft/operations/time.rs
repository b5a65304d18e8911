//! Operations on what expires, and on what happens by itself.

use super::{Microsoft, sure};
use crate::frame::ControlError;
use crate::microsoft::graph;
use crate::microsoft::world::World;

impl World<'_> {
    /// Makes the delta tokens of a drive, or of all drives, unusable.
    pub(in crate::microsoft) fn expire_cursors(
        &mut self,
        drive: Option<&str>,
    ) -> Result<(), ControlError> {
        let only = drive.map(|drive| self.drive_named(drive)).transpose()?;
        for (at, drive) in self.state.drives.iter_mut().enumerate() {
            if only.is_none_or(|only| only.0 == at) {
                drive.epoch += 1;
            }
        }
        if only.is_none() {
            self.state.site_epoch += 1;
        }
        Ok(())
    }
}

impl Microsoft {
    /// Makes the delta tokens of a drive, or of all drives and of the sites, unusable: 410.
    ///
    /// # Panics
    ///
    /// When there is no such drive.
    #[track_caller]
    pub fn expire_delta_tokens(&self, drive: Option<&str>) {
        sure(self.with(|world| world.expire_cursors(drive)));
    }

    /// Makes the access tokens that were issued so far unusable: 401.
    pub fn expire_access_tokens(&self) {
        self.with(|world| world.state.token_epoch += 1);
    }

    /// Lets happen what is due by now. Every call to the service does that too.
    pub fn settle(&self) {
        self.with(|_| ());
    }

    /// Tells the subscribers of drives that changed, and says how many deliveries were taken.
    pub async fn notify(&self) -> usize {
        graph::notify(self).await
    }

    /// Sends a lifecycle event (`missed`, `subscriptionRemoved`, `reauthorizationRequired`) to the subscribers,
    /// and says how many deliveries were taken.
    pub async fn send_lifecycle_event(&self, event: &str) -> usize {
        graph::lifecycle(self, event).await
    }

    /// Resource units by application since the start.
    #[must_use]
    pub fn resource_units(&self) -> serde_json::Value {
        self.with(|world| world.state.usage.describe())
    }
}
