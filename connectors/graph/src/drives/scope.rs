//! What makes a set of drives one product's.

use std::fmt::Debug;

use async_trait::async_trait;
use labeld_connector::{Examined, Exposure, Result, UnreadableFeed};

use super::info::DriveInfo;
use crate::batch::MOST_PARTS;
use crate::tenant::Tenant;

/// Which drives an app consists of.
#[async_trait]
pub trait Scope: Debug + Send + Sync + 'static {
    /// What is true of all of them.
    fn profile(&self) -> Profile;

    /// Looks for them, in all places or in a few.
    ///
    /// # Errors
    ///
    /// When the list cannot be had at all.
    async fn find(&self, tenant: &Tenant, extent: Extent) -> Result<DriveList>;

    /// Looks whether the app may see the places where they are, by one harmless call.
    async fn examine(&self, tenant: &Tenant) -> Vec<Examined>;
}

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Into every place.
    All,
    /// Into the first few, as many as one call takes: a large tenant has thousands.
    Sample,
}

impl Extent {
    /// Leaves out of `places` what is beyond it; whether nothing was.
    pub fn apply<T>(self, places: &mut Vec<T>) -> bool {
        let before = places.len();
        if self == Self::Sample {
            places.truncate(MOST_PARTS);
        }
        places.len() == before
    }
}

/// What is true of all drives of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `SharePoint`, `OneDrive`.
    pub product: &'static str,
    /// Who can reach a file that is not shared (reference/microsoft-graph.md §7.4).
    pub least_exposure: Exposure,
    /// Who owns a file.
    pub owner: OwnerRule,
    /// Items asked for on a page; the service may give another number.
    pub page_size: u32,
    /// Web addresses of libraries of which the operator says that they require check-out.
    pub checkout_required: Vec<String>,
}

/// Who owns a file (reference/microsoft-graph.md §7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerRule {
    /// The owner of the drive.
    Drive,
    /// Who made the file; where that is not told, the owner of the drive.
    Creator,
}

/// The drives that were found.
#[derive(Debug, Default)]
pub struct DriveList {
    /// Those that can be read.
    pub drives: Vec<DriveInfo>,
    /// Places that could not be looked into.
    pub unreadable: Vec<UnreadableFeed>,
    /// As [`FeedList::complete`](labeld_connector::FeedList::complete).
    pub complete: bool,
}
