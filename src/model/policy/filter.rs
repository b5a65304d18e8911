//! The filter of a policy: a tree of conditions over what is known of a file.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::Exposure;
use uuid::Uuid;

use super::{FolderPattern, Origin, TextPattern, words};
use crate::model::{AppName, FileState};

/// Deepest nesting of `all`, `any` and `not`.
pub const MAX_DEPTH: usize = 8;

/// Most conditions and joints in one policy's filter.
pub const MAX_NODES: usize = 500;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every one holds.
    All(Vec<Filter>),
    /// At least one holds.
    Any(Vec<Filter>),
    /// It does not hold. What is not known does not become true by it.
    Not(Box<Filter>),
    /// A condition.
    Condition(Condition),
}

/// A condition. It holds, does not hold, or is open where the fact is not known; an open one matches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Who can reach the file: exactly one of these levels.
    Access(Vec<Exposure>),
    /// Who can reach the file: this level or a wider one.
    AccessAtLeast(Exposure),
    /// In one of these apps.
    App(Vec<AppName>),
    /// In an app of one of these kinds.
    AppKind(Vec<String>),
    /// Somebody it is shared with: an address that is as one of the patterns says.
    Collaborator(Vec<TextPattern>),
    /// Somebody it is shared with: an address of one of these domains.
    CollaboratorDomain(Vec<String>),
    /// When it was made.
    Created(TimeSpan),
    /// When its content last changed.
    Modified(TimeSpan),
    /// The extension of its name, without the dot.
    Extension(Vec<String>),
    /// The app's name for it.
    FileId(Vec<String>),
    /// Its name, without folders.
    Name(Vec<TextPattern>),
    /// Folder and name.
    Path(Vec<TextPattern>),
    /// The folder it lies in.
    Folder(Vec<FolderPattern>),
    /// The present label of our tenant is one of these.
    Label(Vec<LabelName>),
    /// It is one of these, or a sublabel of one.
    LabelOrSublabel(Vec<LabelName>),
    /// Whether our tenant has a label on it.
    Labelled(bool),
    /// Whether another tenant has a label on it.
    ExternalLabel(bool),
    /// Who set the present label (rules §1).
    LabelOrigin(Vec<Origin>),
    /// What reading it ran into: its state as `labeld inspect` prints it.
    Inspection(Vec<FileState>),
    /// What kind of document it is, by its extension.
    Type(Vec<FileType>),
    /// Its media type: whole, or `image/*`.
    Mime(Vec<String>),
    /// Its size in bytes.
    Size(SizeSpan),
    /// Its owner, as the app names people.
    Owner(Vec<TextPattern>),
    /// The domain of the owner's address.
    OwnerDomain(Vec<String>),
    /// The owner's department.
    OwnerDepartment(Vec<String>),
    /// The owner's organisational unit, alone or with the units below it.
    OwnerUnit(Vec<FolderPattern>),
    /// A group that the owner belongs to.
    OwnerGroup(Vec<String>),
    /// Whether it is in the trash.
    Trashed(bool),
    /// It matches one of these policies too.
    MatchedPolicy(Vec<PolicyName>),
    /// Its contents. Does not exist yet: always open.
    Content,
}

/// Name of a policy, unique in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct PolicyName(pub String);

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for PolicyName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A label as a policy names it. A name must mean one label of the tenant; the GUID always does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LabelName {
    /// By its GUID.
    Id(Uuid),
    /// By its display name or, to be exact, `parent/name`.
    Name(String),
}

impl LabelName {
    /// A GUID or a name.
    pub fn new(text: &str) -> Self {
        Uuid::try_parse(text).map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

impl fmt::Display for LabelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

words! {
    /// What kind of document a file is, by its extension.
    pub enum FileType {
        /// Word processing.
        Document = "document",
        /// Tables.
        Spreadsheet = "spreadsheet",
        /// Slides.
        Presentation = "presentation",
        /// PDF.
        Pdf = "pdf",
        /// Plain text, also source code and mark-up.
        Text = "text",
        /// Pictures.
        Image = "image",
        /// Packed files.
        Archive = "archive",
        /// Everything else.
        Other = "other",
    }
}

/// Bounds in time. At least one is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSpan {
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub before: Option<DateTime<Utc>>,
    /// Not longer ago than this.
    pub within: Option<TimeDelta>,
    /// Longer ago than this.
    pub older_than: Option<TimeDelta>,
}

impl TimeSpan {
    /// Whether a time lies within all bounds, seen from `now`.
    pub fn contains(&self, time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let age = now - time;
        self.from.is_none_or(|from| time >= from)
            && self.before.is_none_or(|before| time < before)
            && self.within.is_none_or(|within| age <= within)
            && self.older_than.is_none_or(|least| age > least)
    }
}

/// Bounds in bytes, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SizeSpan {
    /// The least.
    pub at_least: Option<u64>,
    /// The most.
    pub at_most: Option<u64>,
}

impl SizeSpan {
    /// Whether a size lies within the bounds.
    pub fn contains(&self, size: u64) -> bool {
        self.at_least.is_none_or(|least| size >= least)
            && self.at_most.is_none_or(|most| size <= most)
    }
}

impl Condition {
    /// Its key in the configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Access(_) => "access",
            Self::AccessAtLeast(_) => "access_at_least",
            Self::App(_) => "app",
            Self::AppKind(_) => "app_kind",
            Self::Collaborator(_) => "collaborator",
            Self::CollaboratorDomain(_) => "collaborator_domain",
            Self::Created(_) => "created",
            Self::Modified(_) => "modified",
            Self::Extension(_) => "extension",
            Self::FileId(_) => "file_id",
            Self::Name(_) => "name",
            Self::Path(_) => "path",
            Self::Folder(_) => "folder",
            Self::Label(_) => "label",
            Self::LabelOrSublabel(_) => "label_or_sublabel",
            Self::Labelled(_) => "labelled",
            Self::ExternalLabel(_) => "external_label",
            Self::LabelOrigin(_) => "label_origin",
            Self::Inspection(_) => "inspection",
            Self::Type(_) => "type",
            Self::Mime(_) => "mime",
            Self::Size(_) => "size",
            Self::Owner(_) => "owner",
            Self::OwnerDomain(_) => "owner_domain",
            Self::OwnerDepartment(_) => "owner_department",
            Self::OwnerUnit(_) => "owner_unit",
            Self::OwnerGroup(_) => "owner_group",
            Self::Trashed(_) => "trashed",
            Self::MatchedPolicy(_) => "matched_policy",
            Self::Content => "content",
        }
    }

    /// Whether only the bytes of the file can answer it (rules §7).
    pub const fn looks_inside(&self) -> bool {
        matches!(
            self,
            Self::Label(_)
                | Self::LabelOrSublabel(_)
                | Self::Labelled(_)
                | Self::ExternalLabel(_)
                | Self::LabelOrigin(_)
                | Self::Inspection(_)
                | Self::Content
        )
    }
}

impl Filter {
    /// Calls `visit` with every condition, and whether an odd number of `not` stands above it.
    pub fn visit<'f>(&'f self, visit: &mut dyn FnMut(&'f Condition, bool)) {
        self.visit_below(false, visit);
    }

    fn visit_below<'f>(&'f self, negated: bool, visit: &mut dyn FnMut(&'f Condition, bool)) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => {
                for node in nodes {
                    node.visit_below(negated, visit);
                }
            }
            Self::Not(node) => node.visit_below(!negated, visit),
            Self::Condition(condition) => visit(condition, negated),
        }
    }

    /// Whether a condition in it needs the bytes of the file (rules §7).
    pub fn looks_inside(&self) -> bool {
        let mut looks_inside = false;
        self.visit(&mut |condition, _| looks_inside |= condition.looks_inside());
        looks_inside
    }
}
