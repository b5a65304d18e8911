//! What is scanned: the table of rules §7, and the settings that choose its column for a file.
//!
//! The inventory (names, owners, sharing) covers everything always. A content scan fetches bytes, because labels
//! stand inside the files.

#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

use labeld_connector::FileMeta;
use serde::Serialize;

use super::policy::PolicyName;

/// What happened to a file: the rows of rules §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanEvent {
    /// The file came after the app was connected.
    New,
    /// Its content changed.
    Modified,
    /// Only sharing, owner, name or folder changed.
    MetadataOnly,
    /// It was there when the app was connected, and its content has not changed since.
    Existing,
    /// Somebody looked at it or printed it. No app's feed tells of this.
    Viewed,
    /// A policy changed that has the file in its scope.
    PolicyEdited,
}

/// Why bytes may be wanted at all: the columns of rules §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanDemand {
    /// `auto_scan` is off, and no policy looks inside the file.
    Nobody,
    /// `auto_scan` is on, and no policy looks inside the file.
    AutoScan,
    /// An enabled policy with the file in its scope has a condition on labels or contents.
    Policy,
    /// `labeld rescan` without `--reread`.
    Rescan,
    /// `labeld rescan --reread`.
    Reread,
}

/// What is done: the cells of rules §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanVerdict {
    /// Bytes are fetched and read.
    ContentScan,
    /// A content scan is wanted, and this reader has read this version already: its facts serve.
    AlreadyRead,
    /// Policies are evaluated again from what is stored, without a byte.
    Reevaluate,
    /// The file is known, and nothing of its content.
    InventoryOnly,
    /// Nothing happens.
    Nothing,
}

/// The cell of rules §7 that applies to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct ScanDecision {
    /// The row.
    pub event: ScanEvent,
    /// The column.
    pub demand: ScanDemand,
    /// What is done.
    pub verdict: ScanVerdict,
}

impl ScanDecision {
    /// Whether bytes are fetched.
    #[must_use]
    pub fn scans(self) -> bool {
        self.verdict == ScanVerdict::ContentScan
    }

    /// The row and column in words, as `labeld explain --why-not-scanned` prints them.
    #[must_use]
    pub fn explanation(self) -> String {
        format!("{}; {}", self.event.words(), self.demand.words())
    }
}

impl ScanEvent {
    /// Every row, in the order of rules §7.
    pub const ALL: &[Self] = &[
        Self::New,
        Self::Modified,
        Self::MetadataOnly,
        Self::Existing,
        Self::Viewed,
        Self::PolicyEdited,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::New => "new since connect",
            Self::Modified => "modified since connect",
            Self::MetadataOnly => "only sharing, owner or name changed",
            Self::Existing => "existing, unmodified since connect",
            Self::Viewed => "viewed or printed",
            Self::PolicyEdited => "a policy was edited",
        }
    }
}

impl ScanDemand {
    /// Every column, in the order of rules §7.
    pub const ALL: &[Self] = &[
        Self::Nobody,
        Self::AutoScan,
        Self::Policy,
        Self::Rescan,
        Self::Reread,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "`auto_scan` is off and no enabled policy looks inside",
            Self::AutoScan => "no enabled policy looks inside",
            Self::Policy => "an enabled policy looks inside",
            Self::Rescan | Self::Reread => "a rescan asks for it",
        }
    }
}

/// The table of rules §7. `is_read` says whether this reader's facts of the file's present version are stored.
#[must_use]
pub const fn decide(event: ScanEvent, demand: ScanDemand, is_read: bool) -> ScanDecision {
    let verdict = match (event, demand) {
        (ScanEvent::Viewed, _) => ScanVerdict::Nothing,
        // A rescan reads versions, whatever brought them; it waits for no event and edits no policy.
        (ScanEvent::PolicyEdited, ScanDemand::Rescan | ScanDemand::Reread) => ScanVerdict::Nothing,
        (_, ScanDemand::Reread) => ScanVerdict::ContentScan,
        (_, ScanDemand::Rescan) => content_scan(is_read),
        (ScanEvent::MetadataOnly, _) => ScanVerdict::Reevaluate,
        (ScanEvent::PolicyEdited, ScanDemand::Policy) if !is_read => ScanVerdict::ContentScan,
        (ScanEvent::PolicyEdited, _) => ScanVerdict::Reevaluate,
        (_, ScanDemand::Policy) => content_scan(is_read),
        (ScanEvent::New | ScanEvent::Modified, ScanDemand::AutoScan) => content_scan(is_read),
        (ScanEvent::Existing, ScanDemand::AutoScan) | (_, ScanDemand::Nobody) => {
            ScanVerdict::InventoryOnly
        }
    };
    ScanDecision {
        event,
        demand,
        verdict,
    }
}

const fn content_scan(is_read: bool) -> ScanVerdict {
    if is_read {
        ScanVerdict::AlreadyRead
    } else {
        ScanVerdict::ContentScan
    }
}

/// What has to be known about who can reach the files of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AccessNeed {
    /// Nothing.
    #[default]
    Nothing,
    /// How far they can be reached.
    Level,
    /// Also by name: the addresses that they are shared with.
    Names,
}

/// Whether policies need to know what stands inside a file, or who can reach it.
pub trait PolicyInterest: Debug + Send + Sync {
    /// Whether an enabled policy that has `file` in its scope has a condition on labels or contents.
    fn looks_inside(&self, file: &FileMeta) -> bool;

    /// What the conditions of those policies ask about who can reach the app's files that have the app in their scope and for
    /// which `is_on` holds.
    fn access_need(&self, is_on: &dyn Fn(&PolicyName) -> bool) -> AccessNeed;
}

/// No policy is configured.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPolicies;

impl PolicyInterest for NoPolicies {
    fn looks_inside(&self, _: &FileMeta) -> bool {
        false
    }

    fn access_need(&self, _: &dyn Fn(&PolicyName) -> bool) -> AccessNeed {
        AccessNeed::Nothing
    }
}

/// Which files' contents an app's changes lead to. Clones share the policies.
#[derive(Debug, Clone)]
pub struct ScanScope {
    /// Whether new and modified files are scanned without a policy that asks for it (`auto_scan`).
    pub auto_scan: bool,
    /// The policies.
    pub policies: Arc<dyn PolicyInterest>,
}

/// Which of an app's changes lead to a content scan of a file, as long as its version is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanReach {
    /// None.
    Nothing,
    /// Those that bring a file or another version of its content after the app was connected.
    Arrivals,
    /// All: the file as it was when the app was connected, too.
    Everything,
}

impl ScanScope {
    /// Without policies.
    #[must_use]
    pub fn without_policies(auto_scan: bool) -> Self {
        Self {
            auto_scan,
            policies: Arc::new(NoPolicies),
        }
    }

    /// The column of rules §7 for a file when nobody asks for a rescan.
    #[must_use]
    pub fn demand(&self, file: &FileMeta) -> ScanDemand {
        if self.policies.looks_inside(file) {
            ScanDemand::Policy
        } else if self.auto_scan {
            ScanDemand::AutoScan
        } else {
            ScanDemand::Nobody
        }
    }

    /// What an event of a file leads to.
    #[must_use]
    pub fn decide(&self, event: ScanEvent, file: &FileMeta, is_read: bool) -> ScanDecision {
        decide(event, self.demand(file), is_read)
    }

    /// Which events of a file lead to a content scan, for callers that put files into the queue by the page.
    #[must_use]
    pub fn reach(&self, file: &FileMeta) -> ScanReach {
        let demand = self.demand(file);
        if decide(ScanEvent::Existing, demand, false).scans() {
            ScanReach::Everything
        } else if decide(ScanEvent::New, demand, false).scans() {
            ScanReach::Arrivals
        } else {
            ScanReach::Nothing
        }
    }
}
