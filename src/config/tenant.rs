//! `[[tenant]]` and the apps below it.

use std::path::{Component, Path, PathBuf};

use uuid::Uuid;

use super::patterns::PathPatterns;
use super::section::Section;
use super::value::{ByteSize, Choice};
use crate::model::{AppName, DEFAULT_SIZE_LIMIT, TenantName};

/// One organisation: its label list and its apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantConfig {
    /// What labeld calls it.
    pub name: TenantName,
    /// Its Entra tenant id, where it is told: tells its own labels from those of others.
    pub id: Option<Uuid>,
    /// Where its label list comes from; without it labels are shown as the files name them.
    pub labels: Option<LabelSource>,
    /// Whether the tenant uses co-authoring of encrypted files (rules §4 row L1).
    pub coauthoring: Coauthoring,
    /// Hide labels of other tenants (rules §4 row L6).
    pub only_this_tenant: bool,
    /// Largest file that is written, in bytes, inclusive.
    pub size_limit: u64,
    /// Folders.
    pub local: Vec<LocalAppConfig>,
}

/// Where a tenant's label list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelSource {
    /// A file; see [`crate::pipeline::label_list`] for its forms.
    File(PathBuf),
}

/// Where a tenant's files keep their labels (reference/label-formats.md §2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coauthoring {
    /// Switched on: LabelInfo counts first.
    On,
    /// Switched off: custom properties only.
    Off,
    /// Not known: decided file by file.
    #[default]
    Unknown,
}

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
    /// Files and folders that are left out.
    pub exclude: PathPatterns,
    /// What reading should spare.
    pub read_mode: ReadMode,
}

/// What reading should spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadMode {
    /// Bytes, with reads as small as a disk allows.
    #[default]
    Local,
    /// Requests, as in an app that charges each of them.
    Requests,
    /// Bytes, as over a slow or metered line.
    Bytes,
}

impl Choice for Coauthoring {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("on", Self::On),
        ("off", Self::Off),
        ("unknown", Self::Unknown),
    ];
    const EXAMPLE: &'static str = "\"unknown\"";
}

impl Choice for ReadMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("local", Self::Local),
        ("requests", Self::Requests),
        ("bytes", Self::Bytes),
    ];
    const EXAMPLE: &'static str = "\"local\"";
}

/// All tenants.
pub(super) fn read_all(top: &mut Section<'_>) -> Vec<TenantConfig> {
    if !top.has("tenant") {
        top.report_missing(
            "no tenant is configured".to_owned(),
            "add a table [[tenant]] with a name; `labeld init` writes an example".to_owned(),
        );
    }
    let tenants = top.tables("tenant", read);
    top.refuse_duplicates(&["tenant"], "name", str::to_owned);
    top.refuse_duplicates(&["tenant"], "id", |id| {
        Uuid::try_parse(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
    });
    // Two apps on one folder would count and label each file twice.
    let source = top.source();
    top.refuse_duplicates(&["tenant", "local"], "root", |root| {
        normal_path(&source.resolve(root)).display().to_string()
    });
    tenants
}

fn read(section: &mut Section<'_>) -> Option<TenantConfig> {
    let name = section.required("name");
    let id = section.optional("id");
    let labels = section.table("labels", read_label_source);
    let coauthoring = section.or_default("coauthoring");
    let only_this_tenant = section.or_default("only_this_tenant");
    let size_limit = section
        .optional("size_limit")
        .unwrap_or(ByteSize(DEFAULT_SIZE_LIMIT));
    let local = section.tables("local", |app| read_local(app, size_limit));
    section.refuse_duplicates(&["local"], "name", str::to_owned);
    if only_this_tenant && !section.has("id") {
        section.report_key(
            "only_this_tenant",
            "`only_this_tenant` needs to know which tenant this is".to_owned(),
            "add the tenant's Entra id as `id`",
        );
    }
    Some(TenantConfig {
        name: name?,
        id,
        labels,
        coauthoring,
        only_this_tenant,
        size_limit: size_limit.0,
        local,
    })
}

fn read_label_source(section: &mut Section<'_>) -> Option<LabelSource> {
    section.required("file").map(LabelSource::File)
}

fn read_local(section: &mut Section<'_>, tenant_limit: ByteSize) -> Option<LocalAppConfig> {
    let name = section.required("name");
    let root: Option<PathBuf> = section.required("root");
    let copy_from: Option<PathBuf> = section.optional("copy_from");
    let size_limit = section.optional("size_limit").unwrap_or(tenant_limit);
    let exclude = section.or_default("exclude");
    let read_mode = section.or_default("read_mode");
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
        size_limit: size_limit.0,
        exclude,
        read_mode,
    })
}

fn overlap(one: &Path, other: &Path) -> bool {
    let (one, other) = (normal_path(one), normal_path(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// The path without `.` and, as far as the text alone allows, without `..`.
fn normal_path(path: &Path) -> PathBuf {
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
