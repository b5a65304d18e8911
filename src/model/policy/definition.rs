//! A policy as the operator wrote it (product §2).

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::{Filter, FolderPattern, LabelName, Override, PolicyName, TextPattern, words};
use crate::model::{AppName, TenantName};

/// Most policies in a configuration.
pub const MAX_POLICIES: usize = 500;

words! {
    /// Whether a policy acts.
    pub enum PolicyMode {
        /// It only says what it would do.
        Observe = "observe",
        /// It acts.
        Enforce = "enforce",
    }
}

words! {
    /// How bad a match is. Of files that are equally exposed those of the worst are labelled first.
    pub enum Severity {
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
    }
}

words! {
    /// What a policy is about. For people: it decides nothing.
    pub enum Category {
        /// Data loss prevention.
        Dlp = "dlp",
        /// Sharing.
        Sharing = "sharing",
        /// Labelling.
        Labelling = "labelling",
        /// Law and contracts.
        Compliance = "compliance",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What a policy does with files that are digitally signed (gate 18; reference/label-formats.md §5.6, §7).
    pub enum SignedFiles {
        /// They are left alone.
        Refuse = "refuse",
        /// They are written where it can be seen that no signature covers what is written, and no certification forbids it.
        AllowUncovered = "allow_uncovered",
    }
}

/// What a policy does to the label of a file that it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Governance {
    /// Apply this label.
    ApplyLabel(LabelName),
    /// Remove the label.
    RemoveLabel,
}

/// Which alerts a policy raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlertRule {
    /// One for each match.
    pub enabled: bool,
    /// Most alerts on one UTC date; `None` for any number.
    pub per_day: Option<u32>,
}

/// Bounds that stop a policy before it acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchLimit {
    /// Most files that may match.
    pub files: Option<u32>,
    /// Most files that may match, in percent of the files in its scope.
    pub percent: Option<u32>,
}

/// Files that a policy leaves alone, for a reason that somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowEntry {
    /// Which files: all that these conditions hold for.
    pub filter: Filter,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub author: String,
    /// From then on the entry counts no longer.
    pub expires: Option<DateTime<Utc>>,
}

/// Where a policy may act. An empty list is no bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// In these tenants.
    pub tenants: Vec<TenantName>,
    /// In these apps.
    pub apps: Vec<AppName>,
    /// In apps of these kinds.
    pub app_kinds: Vec<String>,
    /// In these folders.
    pub folders_in: Vec<FolderPattern>,
    /// Not in these folders.
    pub folders_out: Vec<FolderPattern>,
    /// On files of these owners.
    pub owners_in: Vec<TextPattern>,
    /// Not on files of these owners.
    pub owners_out: Vec<TextPattern>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDefinition {
    /// Its name.
    pub name: PolicyName,
    /// The file that it stands in, and the line.
    pub place: (PathBuf, usize),
    /// What it is for.
    pub description: Option<String>,
    /// What it is about.
    pub category: Category,
    /// A disabled policy matches nothing.
    pub enabled: bool,
    /// Whether it acts.
    pub mode: PolicyMode,
    /// Of two policies that want different labels the one with the larger number goes first (row X1).
    pub priority: u32,
    /// How bad a match is.
    pub severity: Severity,
    /// Where it may act.
    pub scope: Scope,
    /// Which files it matches; `None` for every file of its scope.
    pub filter: Option<Filter>,
    /// What it does; `None` for a policy that only alerts.
    pub governance: Option<Governance>,
    /// Which alerts it raises.
    pub alert: AlertRule,
    /// Which labels it may replace.
    pub overrides: Override,
    /// Whether it may apply a lower label.
    pub allow_downgrade: bool,
    /// Whether it writes into signed files.
    pub signed: SignedFiles,
    /// Files that it acts on before it waits for the operator's consent.
    pub canary: Option<u32>,
    /// Bounds that stop it.
    pub max_matches: MatchLimit,
    /// Files that it leaves alone.
    pub allow: Vec<AllowEntry>,
    /// Written with `compat = "defender"`.
    pub compat_defender: bool,
}

impl Scope {
    /// Whether files of an app and folder are in the scope, as far as it is about the place and the owner. An owner that is
    /// not known is in no list.
    pub fn covers(&self, app: &AppName, kind: &str, folder: &str, owner: Option<&str>) -> bool {
        fn lists<T: PartialEq<U>, U: ?Sized>(list: &[T], one: &U) -> bool {
            list.is_empty() || list.iter().any(|it| it == one)
        }
        let below = |folders: &[FolderPattern]| folders.iter().any(|one| one.matches(folder));
        let owned = |patterns: &[TextPattern]| {
            owner.is_some_and(|owner| patterns.iter().any(|one| one.matches(owner)))
        };
        lists(&self.apps, app)
            && lists(&self.app_kinds, kind)
            && (self.folders_in.is_empty() || below(&self.folders_in))
            && !below(&self.folders_out)
            && (self.owners_in.is_empty() || owned(&self.owners_in))
            && (self.owners_out.is_empty() || owner.is_some() && !owned(&self.owners_out))
    }
}

impl PolicyDefinition {
    /// Whether a condition of it needs the bytes of files (rules §7).
    pub fn looks_inside(&self) -> bool {
        let filters = self.filter.iter();
        let allowed = self.allow.iter().map(|entry| &entry.filter);
        filters.chain(allowed).any(Filter::looks_inside)
    }
}
