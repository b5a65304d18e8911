//! What is to happen later, and what the app may do.

use super::number;
use crate::box_service::world::Actor;
use crate::box_service::{BoxService, fresh};

impl BoxService {
    /// Makes a policy forbid downloads and uploads of a file, or no longer.
    pub fn forbid(&self, file: &str, forbidden: bool) {
        self.with(|world| {
            let files = &mut world.state.script.forbidden;
            if forbidden {
                files.insert(number(file));
            } else {
                files.remove(&number(file));
            }
        });
    }

    /// Answers so many of the next downloads of a file with 202.
    pub fn not_ready(&self, file: &str, times: u32) {
        self.with(|world| world.state.script.not_ready.insert(number(file), times));
    }

    /// Refuses every call for a user with a status and code; 0 ends it.
    pub fn refuse_user(&self, user: &str, status: u16, code: &str) {
        self.with(|world| {
            let refused = &mut world.state.script.refused_users;
            match status {
                0 => refused.remove(&number(user)),
                status => refused.insert(number(user), (status, code.to_owned())),
            }
        });
    }

    /// Makes a person change a file just before the next upload to it arrives.
    pub fn edit_before_upload(&self, file: &str, body: impl Into<Vec<u8>>, who: &str) {
        let edit = (number(file), body.into(), number(who));
        self.with(|world| world.state.script.edits_before_upload.push(edit));
    }

    /// Stores so many of the next new versions and answers 503 all the same.
    pub fn unavailable_after_upload(&self, times: u32) {
        self.with(|world| world.state.script.unavailable_after_upload = times);
    }

    /// Gives the classification template these options.
    pub fn set_classifications(&self, names: &[&str]) {
        let names = names.iter().map(ToString::to_string).collect();
        self.with(|world| world.state.classifications = Some(names));
    }

    /// Sets what the app may do.
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.with(|world| {
            world.state.app.scopes = scopes.iter().map(ToString::to_string).collect();
            // A change takes a new token (§1.1).
            world.state.sessions.clear();
        });
    }

    /// Sets whether the app may use As-User, and whether an admin has authorised it.
    pub fn set_app(&self, as_user: bool, authorized: bool) {
        self.with(|world| {
            world.state.app.as_user = as_user;
            world.state.app.authorized = authorized;
        });
    }

    /// Ends all access tokens.
    pub fn expire_tokens(&self) {
        self.with(|world| world.state.sessions.clear());
    }

    /// Writes down an event of a type that nobody knows, without a source.
    pub fn strange_event(&self, kind: &str) {
        self.with(|world| world.happened_somewhere(kind, Actor::person(fresh::MINA)));
    }
}
