//! `[[tenant.local]]`: a folder as an app.

use std::path::{Component, Path, PathBuf};

use super::ReadMode;
use super::limits::Limits;
use super::schedules::{PaceConfig, read_poll};
use crate::config::patterns::PathPatterns;
use crate::config::section::Section;
use crate::model::AppName;
use crate::model::cap::CapRule;

/// A folder as an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAppConfig {
    /// Its name, unique within the tenant.
    pub name: AppName,
    /// The folder.
    pub root: PathBuf,
    /// Where the root does not exist, it is made as a copy of this folder, once.
    pub copy_from: Option<PathBuf>,
    /// Largest file that is written, in bytes, inclusive; the tenant's where the app has none.
    pub size_limit: u64,
    /// Labels that may be applied in a day, shared with the tenant's other apps of the kind; the tenant's where the app has
    /// none.
    pub cap: CapRule,
    /// How often it is asked for changes, and how many calls that may cost.
    pub pace: PaceConfig,
    /// Files and folders that are left out.
    pub exclude: PathPatterns,
    /// What reading should spare.
    pub read_mode: ReadMode,
}

pub(super) fn read(section: &mut Section<'_>, above: Limits) -> Option<LocalAppConfig> {
    let name = section.required("name");
    let root: Option<PathBuf> = section.required("root");
    let copy_from: Option<PathBuf> = section.optional("copy_from");
    let limits = Limits::read(section, above);
    let exclude = section.or_default("exclude");
    let read_mode = section.or_default("read_mode");
    let pace = read_poll(section);
    if let (Some(root), Some(copy_from)) = (&root, &copy_from)
        && overlap(root, copy_from)
    {
        section.report_key(
            "copy_from",
            "`copy_from` and `root` lie within each other".to_owned(),
            "name two folders that are apart",
        );
    }
    Some(LocalAppConfig {
        name: name?,
        root: root?,
        copy_from,
        size_limit: limits.size,
        cap: limits.cap,
        pace,
        exclude,
        read_mode,
    })
}

fn overlap(one: &Path, other: &Path) -> bool {
    let (one, other) = (normal_path(one), normal_path(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// The path without `.` and, as far as the text alone allows, without `..`.
pub(super) fn normal_path(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
