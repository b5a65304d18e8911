//! Who can reach an item, from its permissions (reference/microsoft-graph.md §7.1 to §7.4).

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use labeld_connector::{Collaborators, Exposure};

use crate::model::{Identity, IdentitySet, Permission};
use crate::principal::{Named, Principal, classify, domain_of, name_of};

/// What is true of the drive that the item lies in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// What holds without any permission: private in a OneDrive, internal in a library.
    pub(crate) least: Exposure,
    /// Who owns the drive: their own access says nothing.
    pub(crate) owner: Option<&'a Identity>,
    /// Domains of the organisation, in lower case; empty where they were not told.
    pub(crate) internal_domains: &'a [String],
    /// The service's time.
    pub(crate) now: DateTime<Utc>,
}

/// What permissions say so far. The directory may still say what `ask` is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Findings {
    is_public: bool,
    has_external: bool,
    has_internal: bool,
    has_unknown: bool,
    /// Directory ids of people of whom only the directory knows whether they are guests.
    pub(crate) ask: Vec<String>,
    /// Whoever is named, but for the owner of the drive.
    pub(crate) collaborators: Collaborators,
    /// Directory ids of people whose address only the directory knows.
    pub(crate) nameless: Vec<String>,
}

impl Findings {
    /// Takes in one permission.
    pub(crate) fn add(&mut self, permission: &Permission, setting: &Setting<'_>) {
        let has_ended = permission
            .expiration_date_time
            .is_some_and(|end| end <= setting.now);
        if has_ended {
            return;
        }
        if let Some(invitation) = &permission.invitation {
            self.add_invitation(invitation.email.as_deref(), setting);
            return;
        }
        if let Some(link) = &permission.link {
            self.add_link(link.scope.as_deref(), permission.recipients(), setting);
            return;
        }
        match permission.grantee() {
            Some(grantee) => self.add_grantee(grantee, setting),
            None => self.add_unknown(),
        }
    }

    fn add_unknown(&mut self) {
        self.has_unknown = true;
        self.collaborators.cannot_tell();
    }

    fn add_invitation(&mut self, email: Option<&str>, setting: &Setting<'_>) {
        // An invitation is only made for somebody outside; an address of our own domain is the exception.
        let is_own = email
            .and_then(domain_of)
            .is_some_and(|domain| setting.internal_domains.contains(&domain));
        if is_own {
            self.has_internal = true;
        } else {
            self.has_external = true;
        }
        match email {
            Some(email) => self.collaborators.add(email),
            None => self.collaborators.cannot_tell(),
        }
    }

    fn add_link(
        &mut self,
        scope: Option<&str>,
        recipients: Option<&[IdentitySet]>,
        setting: &Setting<'_>,
    ) {
        match scope.map(str::to_ascii_lowercase).as_deref() {
            Some("anonymous") => self.is_public = true,
            Some("organization") => self.has_internal = true,
            // Gives nobody access who has none.
            Some("existingaccess") => {}
            Some("users") => match recipients {
                Some(recipients) => {
                    if recipients.is_empty() {
                        // A link for nobody is one whose recipients the app is not shown (§1.5).
                        self.collaborators.cannot_tell();
                    }
                    for recipient in recipients {
                        self.add_grantee(recipient, setting);
                    }
                }
                None => self.add_unknown(),
            },
            _ => self.add_unknown(),
        }
    }

    fn add_grantee(&mut self, grantee: &IdentitySet, setting: &Setting<'_>) {
        let principal = classify(grantee, setting.owner, setting.internal_domains);
        if !matches!(principal, Principal::Owner | Principal::App) {
            self.add_name(grantee);
        }
        match principal {
            Principal::Owner | Principal::App => {}
            Principal::Internal => self.has_internal = true,
            Principal::External => self.has_external = true,
            Principal::Person(id) => self.ask.push(id),
            Principal::Unknown => self.has_unknown = true,
        }
    }

    fn add_name(&mut self, grantee: &IdentitySet) {
        match name_of(grantee) {
            Named::Address(address) => self.collaborators.add(&address),
            Named::Crowd => {}
            Named::Id(id) => self.nameless.push(id),
            Named::Nothing => self.collaborators.cannot_tell(),
        }
    }

    /// Takes in what the directory says of one person of [`ask`](Self::ask): their `userType`.
    pub(crate) fn add_user_type(&mut self, user_type: Option<&str>) {
        match user_type {
            Some(kind) if kind.eq_ignore_ascii_case("guest") => self.has_external = true,
            Some(kind) if kind.eq_ignore_ascii_case("member") => self.has_internal = true,
            _ => self.has_unknown = true,
        }
    }

    /// Takes in what the directory says of one person of [`nameless`](Self::nameless): their address.
    pub(crate) fn add_address(&mut self, address: Option<&str>) {
        match address {
            Some(address) => self.collaborators.add(address),
            None => self.collaborators.cannot_tell(),
        }
    }

    /// Whether the widest level is reached, so that nothing that is still to be learnt can change it.
    pub(crate) fn is_public(&self) -> bool {
        self.is_public
    }

    /// Whether the directory's word can still change the level.
    pub(crate) fn needs_directory(&self) -> bool {
        !self.is_public && !self.has_external
    }

    /// The level: the widest that is certain, unknown where something wider cannot be ruled out.
    pub(crate) fn level(&self, least: Exposure) -> Exposure {
        if self.is_public {
            Exposure::Public
        } else if self.has_external {
            Exposure::External
        } else if self.has_unknown {
            Exposure::Unknown
        } else if self.has_internal {
            Exposure::Internal
        } else {
            least
        }
    }
}
