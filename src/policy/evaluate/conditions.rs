//! What a condition says to a file: it holds, it does not, or the fact is not known.

use chrono::{DateTime, Utc};
use labeld_connector::{Barrier, Exposure};

use super::Policies;
use crate::model::policy::{Condition, FileType, Filter, LabelName, Origin, TextPattern};
use crate::model::{FileState, Reason};
use crate::policy::facts::Facts;
use crate::policy::origin::LabelStanding;

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// Nobody knows.
    Open,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Truth {
    /// What is not known stays so.
    fn of(holds: Option<bool>) -> Self {
        holds.map_or(Self::Open, Self::from)
    }
}

/// One file, looked at by one tenant's policies.
pub(super) struct View<'a> {
    pub(super) policies: &'a Policies,
    pub(super) facts: &'a Facts,
    /// `None` before the file was read.
    pub(super) standing: Option<LabelStanding>,
    pub(super) now: DateTime<Utc>,
}

impl View<'_> {
    /// Whether a filter holds. `asked` names how many policies ask for this one's match.
    pub(super) fn filter(&self, filter: &Filter, asked: usize) -> Truth {
        match filter {
            Filter::All(nodes) => self.join(nodes, Truth::No, Truth::Yes, asked),
            Filter::Any(nodes) => self.join(nodes, Truth::Yes, Truth::No, asked),
            Filter::Not(node) => match self.filter(node, asked) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                Truth::Open => Truth::Open,
            },
            Filter::Condition(condition) => self.condition(condition, asked),
        }
    }

    /// `decisive` decides at once; without it an open node keeps the whole open.
    fn join(&self, nodes: &[Filter], decisive: Truth, otherwise: Truth, asked: usize) -> Truth {
        let mut result = otherwise;
        for node in nodes {
            match self.filter(node, asked) {
                found if found == decisive => return decisive,
                Truth::Open => result = Truth::Open,
                _ => {}
            }
        }
        result
    }

    fn condition(&self, condition: &Condition, asked: usize) -> Truth {
        let facts = self.facts;
        match condition {
            Condition::Access(levels) => {
                Truth::of(known(facts.exposure).map(|level| levels.contains(&level)))
            }
            Condition::AccessAtLeast(least) => {
                Truth::of(known(facts.exposure).map(|level| width(level) >= width(*least)))
            }
            Condition::App(apps) => apps.contains(&facts.app).into(),
            Condition::AppKind(kinds) => kinds.contains(&facts.app_kind).into(),
            Condition::Collaborator(patterns) => {
                let people = facts.collaborators.as_ref();
                Truth::of(people.map(|people| people.iter().any(|one| any(patterns, one))))
            }
            Condition::CollaboratorDomain(domains) => {
                let people = facts.collaborators.as_ref();
                Truth::of(people.map(|people| people.iter().any(|one| is_of(one, domains))))
            }
            Condition::Created(span) => {
                Truth::of(facts.created.map(|time| span.contains(time, self.now)))
            }
            Condition::Modified(span) => {
                Truth::of(facts.modified.map(|time| span.contains(time, self.now)))
            }
            Condition::Extension(extensions) => extensions.contains(&facts.extension()).into(),
            Condition::FileId(ids) => ids.contains(&facts.file).into(),
            Condition::Name(patterns) => any(patterns, &facts.name).into(),
            Condition::Path(patterns) => any(patterns, &facts.path()).into(),
            Condition::Folder(folders) => {
                folders.iter().any(|one| one.matches(&facts.folder)).into()
            }
            Condition::Type(types) => types.contains(&file_type(&facts.extension())).into(),
            Condition::Mime(types) => Truth::of(self.mime().map(|mime| has_mime(types, mime))),
            Condition::Size(span) => span.contains(facts.size).into(),
            Condition::Trashed(wanted) => {
                (*wanted == (facts.barrier == Some(Barrier::Trashed))).into()
            }
            Condition::MatchedPolicy(names) => self.matches_one_of(names, asked),
            Condition::Content => Truth::Open,
            _ if condition.looks_inside() => self.of_labels(condition),
            _ => self.of_owner(condition),
        }
    }

    /// A policy that is asked for may not ask for others, so this ends; configurations are checked for it.
    fn matches_one_of(&self, names: &[crate::model::policy::PolicyName], asked: usize) -> Truth {
        if asked > 0 {
            return Truth::Open;
        }
        let rules = names.iter().filter_map(|name| self.policies.rule(name));
        let mut result = Truth::No;
        for rule in rules {
            match self.matches(rule, asked + 1) {
                Truth::Yes => return Truth::Yes,
                Truth::Open => result = Truth::Open,
                Truth::No => {}
            }
        }
        result
    }

    fn of_labels(&self, condition: &Condition) -> Truth {
        let (Some(standing), Some(reading)) = (&self.standing, &self.facts.reading) else {
            return Truth::Open;
        };
        let is_labelled = !matches!(standing.origin, Origin::None | Origin::External);
        let is_one = |names: &[LabelName], above: bool| {
            if standing.origin == Origin::Ambiguous {
                return Truth::Open;
            }
            let Some(present) = standing.current else {
                return Truth::No;
            };
            let parent = self.policies.labels.parent(present).filter(|_| above);
            let ids = names.iter().map(|name| self.policies.resolved(name));
            let mut result = Truth::No;
            for id in ids {
                match id {
                    Some(id) if id == present || parent == Some(id) => return Truth::Yes,
                    Some(_) => {}
                    None => result = Truth::Open,
                }
            }
            result
        };
        match condition {
            Condition::Label(names) => is_one(names, false),
            Condition::LabelOrSublabel(names) => is_one(names, true),
            Condition::Labelled(wanted) => (*wanted == is_labelled).into(),
            Condition::ExternalLabel(wanted) => (*wanted == standing.has_external).into(),
            Condition::LabelOrigin(origins) => origins.contains(&standing.origin).into(),
            Condition::Inspection(states) => {
                let state = reading.reason.and_then(Reason::file_state);
                states.contains(&state.unwrap_or(FileState::Ok)).into()
            }
            _ => Truth::Open,
        }
    }

    fn of_owner(&self, condition: &Condition) -> Truth {
        let owner = self.facts.owner.as_deref();
        let details = self.facts.owner_details.as_ref();
        let same = |texts: &[String], text: &str| {
            texts
                .iter()
                .any(|one| one.to_lowercase() == text.to_lowercase())
        };
        Truth::of(match condition {
            Condition::Owner(patterns) => owner.map(|owner| any(patterns, owner)),
            Condition::OwnerDomain(domains) => owner
                .filter(|owner| owner.contains('@'))
                .map(|owner| is_of(owner, domains)),
            Condition::OwnerDepartment(wanted) => details
                .and_then(|details| details.department.as_deref())
                .map(|department| same(wanted, department)),
            Condition::OwnerUnit(units) => details
                .and_then(|details| details.unit.as_deref())
                .map(|unit| units.iter().any(|one| one.matches(unit))),
            Condition::OwnerGroup(wanted) => details
                .and_then(|details| details.groups.as_ref())
                .map(|groups| groups.iter().any(|group| same(wanted, group))),
            _ => None,
        })
    }

    /// By the true type where the file was read, else by the extension.
    fn mime(&self) -> Option<&'static str> {
        let format = self
            .facts
            .reading
            .as_ref()
            .and_then(|it| it.format.as_deref());
        let of_format = format.and_then(media_type);
        of_format.or_else(|| media_type(&self.facts.extension()))
    }
}

fn known(exposure: Exposure) -> Option<Exposure> {
    (exposure != Exposure::Unknown).then_some(exposure)
}

/// How many people can reach it, from the fewest on.
fn width(exposure: Exposure) -> u8 {
    match exposure {
        Exposure::Unknown | Exposure::Private => 0,
        Exposure::Internal => 1,
        Exposure::External => 2,
        Exposure::Public => 3,
    }
}

pub(super) fn any(patterns: &[TextPattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

/// Whether an address is of one of the domains; domains below them do not count.
fn is_of(address: &str, domains: &[String]) -> bool {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| domains.contains(&domain.to_lowercase()))
}

fn has_mime(wanted: &[String], mime: &str) -> bool {
    let kind = mime.split('/').next().unwrap_or_default();
    let matches = |one: &String| match one.strip_suffix("/*") {
        Some(wanted) => wanted == kind,
        None => one == mime,
    };
    wanted.iter().any(matches)
}

fn file_type(extension: &str) -> FileType {
    match extension {
        "doc" | "docm" | "docx" | "dot" | "dotm" | "dotx" | "odt" | "ott" | "rtf" => {
            FileType::Document
        }
        "xls" | "xlsb" | "xlsm" | "xlsx" | "xlt" | "xltm" | "xltx" | "xlam" | "ods" | "csv" => {
            FileType::Spreadsheet
        }
        "ppt" | "pptm" | "pptx" | "pot" | "potm" | "potx" | "pps" | "ppsm" | "ppsx" | "odp" => {
            FileType::Presentation
        }
        "pdf" => FileType::Pdf,
        "txt" | "md" | "log" | "json" | "xml" | "html" | "htm" | "yaml" | "yml" | "toml"
        | "ini" | "sql" | "py" | "js" | "ts" | "java" | "c" | "h" | "cpp" | "cs" | "go" | "rs"
        | "sh" | "ps1" => FileType::Text,
        "png" | "jpg" | "jpeg" | "gif" | "bmp" | "tif" | "tiff" | "webp" | "svg" | "heic" => {
            FileType::Image
        }
        "zip" | "7z" | "rar" | "gz" | "tar" | "tgz" | "bz2" | "xz" => FileType::Archive,
        _ => FileType::Other,
    }
}

/// The registered media type of an extension or format name.
fn media_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docm" => "application/vnd.ms-word.document.macroenabled.12",
        "dotx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        "dotm" => "application/vnd.ms-word.template.macroenabled.12",
        "doc" | "dot" => "application/msword",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsm" => "application/vnd.ms-excel.sheet.macroenabled.12",
        "xltx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
        "xlam" => "application/vnd.ms-excel.addin.macroenabled.12",
        "xlsb" => "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        "xls" | "xlt" => "application/vnd.ms-excel",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pptm" => "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        "potx" => "application/vnd.openxmlformats-officedocument.presentationml.template",
        "potm" => "application/vnd.ms-powerpoint.template.macroenabled.12",
        "ppsx" => "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        "ppsm" => "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        "ppt" | "pot" | "pps" => "application/vnd.ms-powerpoint",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        "pdf" => "application/pdf",
        "rtf" => "application/rtf",
        "zip" => "application/zip",
        "json" => "application/json",
        "xml" => "application/xml",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "html" | "htm" => "text/html",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "tif" | "tiff" => "image/tiff",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}
