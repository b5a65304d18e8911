//! A set of drives as an app: all that SharePoint libraries and OneDrives have in common.

mod assign;
mod changes;
mod children;
mod connector;
mod cursor;
mod examine;
mod exposure;
mod forest;
mod hints;
mod info;
mod item;
mod libraries;
pub(crate) mod links;
mod obstacles;
mod owners;
mod page;
mod read;
mod reference;
mod scope;
mod tag;
mod write;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::tenant::Tenant;
use labeld_connector::Remembered;

pub(crate) use info::DRIVE_FIELDS;
pub use info::DriveInfo;
pub use scope::{DriveList, Extent, OwnerRule, Profile, Scope};

use forest::Forest;
use libraries::Libraries;
use links::{ServedSizes, no_sizes};
use owners::Owners;

/// How long what changes rarely is remembered (§5.5, §7.5).
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// An app that consists of the drives that its scope names.
#[derive(Debug)]
pub struct Drives<S> {
    core: Core,
    scope: S,
}

impl<S: Scope> Drives<S> {
    /// The app `name`. Calls nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>, tenant: Arc<Tenant>, scope: S) -> Self {
        Self {
            core: Core {
                name: name.into(),
                profile: scope.profile(),
                tenant,
                drives: Mutex::default(),
                forest: Mutex::default(),
                served_sizes: no_sizes(),
                libraries: Libraries::default(),
                owners: Owners::default(),
                people: Remembered::new(10_000, A_DAY),
                assigning_is_unpaid: AtomicBool::new(false),
            },
            scope,
        }
    }
}

impl<S: Scope> fmt::Display for Drives<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Core {
            name,
            profile,
            tenant,
            ..
        } = &self.core;
        write!(
            f,
            "{} app {name:?} of tenant {}",
            profile.product, tenant.id
        )
    }
}

/// Everything but which drives there are.
#[derive(Debug)]
struct Core {
    name: String,
    profile: Profile,
    tenant: Arc<Tenant>,
    /// What is known of drives, by id.
    drives: Mutex<HashMap<String, Arc<DriveInfo>>>,
    forest: Mutex<Forest>,
    served_sizes: ServedSizes,
    libraries: Libraries,
    owners: Owners,
    /// What the directory says of people with access to files, by id.
    people: Remembered<String, exposure::Known>,
    /// Whether the service said that labels cannot be assigned without payment; until restart (§6.2).
    assigning_is_unpaid: AtomicBool,
}
