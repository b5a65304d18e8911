//! Filters of `labeld files`.

use anyhow::Result;
use chrono::Utc;
use clap::Args;
use labeld_connector::Exposure;
use uuid::Uuid;

use crate::cli::UsageError;
use crate::cli::session::Session;
use crate::cli::time::Since;
use crate::clock::{Clock, SystemClock};
use crate::model::catalogue::CatalogueEntry;
use crate::model::{AppName, FileState, Reason, TenantName};
use crate::store::files::{FileQuery, FolderFilter, LabelFilter, Removed, Span};
use crate::store::labels;

/// Which files; all given conditions must hold.
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Of this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// With this label: its GUID, its name, or 'Parent \ Name'
    #[arg(long, value_name = "NAME|GUID")]
    label: Option<String>,
    /// With --label: or with a label below it
    #[arg(long, requires = "label")]
    with_sublabels: bool,
    /// With a label
    #[arg(long, conflicts_with = "unlabelled")]
    labelled: bool,
    /// Read, and without a label
    #[arg(long)]
    unlabelled: bool,
    /// In this state: ok, empty, password, rms, corrupt, limit, too_large, type_mismatch, unsupported,
    /// denied, special, error
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<FileState>,
    /// With this reason code; `labeld skips` lists them
    #[arg(long, value_name = "CODE", value_parser = reason)]
    reason: Option<Reason>,
    /// In this folder and those below it
    #[arg(long, value_name = "PATH")]
    folder: Option<String>,
    /// With --folder: not in the folders below it
    #[arg(long, requires = "folder")]
    no_subfolders: bool,
    /// With a name like this: '*' stands for any characters, '?' for one
    #[arg(long, value_name = "PATTERN")]
    name: Option<String>,
    /// Of this true type, whatever the name says: docx, pdf, ...
    #[arg(long = "type", value_name = "TYPE")]
    file_type: Option<String>,
    /// With a name that ends like this
    #[arg(long, value_name = "EXTENSION")]
    extension: Option<String>,
    /// Of this owner
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// That so many can reach, as far as its app tells: private, internal, external, public, unknown
    #[arg(long, value_name = "LEVEL", value_parser = exposure)]
    exposure: Option<Exposure>,
    /// Shared by name with this address, or with one of this domain, as far as its app told
    #[arg(long, value_name = "ADDRESS|DOMAIN")]
    collaborator: Option<String>,
    /// Of at least so many bytes
    #[arg(long, value_name = "BYTES")]
    size_from: Option<u64>,
    /// Of fewer bytes than this
    #[arg(long, value_name = "BYTES")]
    size_below: Option<u64>,
    /// Modified since then: 7d, 12h, 2026-03-01 or 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    modified_since: Option<Since>,
    /// Modified before then
    #[arg(long, value_name = "TIME")]
    modified_before: Option<Since>,
    /// Read since then
    #[arg(long, value_name = "TIME")]
    read_since: Option<Since>,
    /// Files that are gone, instead of those that are there
    #[arg(long)]
    removed: bool,
}

fn state(word: &str) -> Result<FileState, String> {
    FileState::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = FileState::ALL.iter().map(|state| state.as_str()).collect();
        format!("the states are {}", known.join(", "))
    })
}

/// The levels of access, as they are printed.
const EXPOSURES: &[(&str, Exposure)] = &[
    ("private", Exposure::Private),
    ("internal", Exposure::Internal),
    ("external", Exposure::External),
    ("public", Exposure::Public),
    ("unknown", Exposure::Unknown),
];

fn exposure(word: &str) -> Result<Exposure, String> {
    let found = EXPOSURES.iter().find(|(known, _)| *known == word);
    found.map(|(_, exposure)| *exposure).ok_or_else(|| {
        let known: Vec<&str> = EXPOSURES.iter().map(|(word, _)| *word).collect();
        format!("the levels are {}", known.join(", "))
    })
}

fn reason(code: &str) -> Result<Reason, String> {
    Reason::from_code(code).ok_or_else(|| {
        let known = Reason::ALL.iter().map(|reason| reason.code());
        let nearest = known.max_by(|one, other| {
            strsim::jaro_winkler(code, one).total_cmp(&strsim::jaro_winkler(code, other))
        });
        format!(
            "no such reason code; did you mean {}?",
            nearest.unwrap_or_default()
        )
    })
}

impl FilterArgs {
    /// The query, with names of labels looked up in the catalogue.
    ///
    /// # Errors
    ///
    /// For an unknown name of a tenant, app or label.
    pub(super) async fn query(&self, session: &Session) -> Result<FileQuery> {
        let now = SystemClock.now();
        let time = |since: Option<Since>| since.map(|since| since.before(now));
        let label = match &self.label {
            Some(label) => Some(LabelFilter {
                site: None,
                labels: label_ids(session, label, self.with_sublabels).await?,
                effective: true,
            }),
            None => None,
        };
        self.refuse_unknown_names(session)?;
        Ok(FileQuery {
            tenant: self.tenant.as_deref().map(TenantName::from),
            app: self.app.as_deref().map(AppName::from),
            label,
            labelled: self
                .labelled
                .then_some(true)
                .or(self.unlabelled.then_some(false)),
            state: self.state.map(|state| state.as_str().to_owned()),
            reason: self.reason.map(|reason| reason.code().to_owned()),
            folder: self.folder.as_ref().map(|path| FolderFilter {
                path: path.trim_matches('/').to_owned(),
                subfolders: !self.no_subfolders,
            }),
            name: self.name.clone(),
            extension: self
                .extension
                .as_ref()
                .map(|text| text.trim_start_matches('.').to_owned()),
            format: self.file_type.as_ref().map(|text| text.to_lowercase()),
            owner: self.owner.clone(),
            exposure: self.exposure,
            collaborator: self.collaborator.clone(),
            size: Span {
                from: self.size_from,
                to: self.size_below,
            },
            modified: Span {
                from: time(self.modified_since),
                to: time(self.modified_before),
            },
            read: Span::<chrono::DateTime<Utc>> {
                from: time(self.read_since),
                to: None,
            },
            removed: if self.removed {
                Removed::Only
            } else {
                Removed::No
            },
            ..FileQuery::default()
        })
    }

    fn refuse_unknown_names(&self, session: &Session) -> Result<()> {
        let tenants = &session.config.tenants;
        if let Some(name) = &self.tenant
            && !tenants.iter().any(|tenant| tenant.name.0 == *name)
        {
            return Err(UsageError(format!("no tenant {name:?} is configured")).into());
        }
        if let Some(name) = &self.app
            && !tenants.iter().any(|tenant| tenant.has_app(name))
        {
            return Err(UsageError(format!("no app {name:?} is configured")).into());
        }
        Ok(())
    }
}

/// The GUIDs that a name stands for now. Files are always looked for by GUID: a label that was renamed is found under its
/// new name on files that were labelled under the old one.
async fn label_ids(session: &Session, label: &str, with_sublabels: bool) -> Result<Vec<Uuid>> {
    let mut entries = Vec::new();
    for tenant in &session.config.tenants {
        entries.extend(labels::entries(&session.db, &tenant.name).await?);
    }
    let mut found = if let Ok(id) = Uuid::try_parse(label) {
        vec![id]
    } else {
        let is_meant = |entry: &&CatalogueEntry| {
            full_name(entry, &entries).eq_ignore_ascii_case(label)
                || entry.definition.display_name.eq_ignore_ascii_case(label)
        };
        let named = entries.iter().filter(is_meant);
        named.map(|entry| entry.definition.id).collect()
    };
    if found.is_empty() {
        return Err(unknown_label(session, label, &entries).await?.into());
    }
    if with_sublabels {
        add_sublabels(&mut found, &entries);
    }
    Ok(found)
}

/// Adds all labels below those found, whatever the depth.
fn add_sublabels(found: &mut Vec<Uuid>, entries: &[CatalogueEntry]) {
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        for entry in entries {
            let id = entry.definition.id;
            if entry.definition.parent == Some(parent) && !found.contains(&id) {
                found.push(id);
            }
        }
        next += 1;
    }
}

async fn unknown_label(
    session: &Session,
    label: &str,
    entries: &[CatalogueEntry],
) -> Result<UsageError> {
    for tenant in &session.config.tenants {
        let once = labels::once_named(&session.db, &tenant.name, label).await?;
        let now = entries
            .iter()
            .find(|entry| once.contains(&entry.definition.id));
        if let Some(now) = now {
            return Ok(UsageError(format!(
                "no label is called {label:?} any more; it is {:?} now ({})",
                full_name(now, entries),
                now.definition.id
            )));
        }
    }
    let known = entries.iter().map(|entry| full_name(entry, entries));
    let nearest = known.max_by(|one, other| {
        strsim::jaro_winkler(label, one).total_cmp(&strsim::jaro_winkler(label, other))
    });
    Ok(UsageError(match nearest {
        Some(nearest) => format!(
            "no label {label:?} in the catalogue; did you mean {nearest:?}? `labeld labels` lists them"
        ),
        None => "no labels are known yet: run `labeld labels sync`".to_owned(),
    }))
}

/// `Parent \ Name`, as Microsoft writes it.
pub(in crate::cli) fn full_name(entry: &CatalogueEntry, entries: &[CatalogueEntry]) -> String {
    let parent = entry
        .definition
        .parent
        .and_then(|parent| entries.iter().find(|other| other.definition.id == parent));
    match parent {
        Some(parent) => format!(
            "{} \\ {}",
            parent.definition.display_name, entry.definition.display_name
        ),
        None => entry.definition.display_name.clone(),
    }
}
