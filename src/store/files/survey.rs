//! Reading what policies ask of every file, in big pages: for looks at the whole inventory.
//!
//! Names that many rows share are read once, and a page joins nothing. What no policy asks for is left out: the details of a
//! reading and of a protection, and the web address.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use labeld_connector::{FileRef, OwnerDetails, Version};
use serde_json::Value as Json;
use uuid::Uuid;

use super::codes::{barrier_of, exposure_of, kind_of};
use super::collaborators::collaborators_of;
use crate::model::inventory::{FileFacts, FileId, FileLabel, FileRecord};
use crate::model::{AppName, TenantName};
use crate::store::apps::AppId;
use crate::store::db::Source;
use crate::store::error::{Result, StoreError};
use crate::store::value::{FromValue, Row, Site, values};

/// Row numbers of files that are looked at together.
const PAGE: i64 = 5_000;

/// The inventory, ready to be walked through. Files that come later are not part of it.
#[derive(Debug)]
pub struct Survey {
    apps: HashMap<i64, (TenantName, AppName)>,
    folders: HashMap<i64, Arc<str>>,
    owners: HashMap<i64, Arc<str>>,
    terms: HashMap<i64, Arc<str>>,
    labels: HashMap<i64, (Option<Uuid>, Uuid)>,
    collaborators: HashMap<i64, Option<Arc<[String]>>>,
    details: HashMap<(i64, i64), OwnerDetails>,
    last: i64,
}

/// A file, and what the survey knows beside its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Surveyed {
    /// The file, without what no policy asks for.
    pub record: FileRecord,
    /// The app's row.
    pub app: AppId,
    /// What the app's directory says of the owner.
    pub owner_details: Option<OwnerDetails>,
}

impl Surveyed {
    fn labels(&mut self) -> Option<&mut Vec<FileLabel>> {
        self.record.facts.as_mut().map(|facts| &mut facts.labels)
    }
}

impl Survey {
    /// Reads the names.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn begin(source: &impl Source) -> Result<Self> {
        // The end first: whatever a file up to there refers to is there by then.
        let last: Option<i64> = first(source, "SELECT MAX(id) FROM file").await?;
        let apps = read(source, "SELECT id, tenant, name FROM app", |row| {
            Ok((row.take()?, (TenantName(row.take()?), AppName(row.take()?))))
        });
        let labels = read(source, "SELECT id, site, guid FROM label", |row| {
            let id = row.take()?;
            let Site(site) = row.take()?;
            Ok((id, (site, row.take()?)))
        });
        Ok(Self {
            apps: apps.await?,
            labels: labels.await?,
            folders: read(source, "SELECT id, path FROM folder", text).await?,
            owners: read(source, "SELECT id, name FROM owner", text).await?,
            terms: read(source, "SELECT id, text FROM term", text).await?,
            collaborators: read(source, "SELECT id, addresses FROM collaborator_list", |row| {
                Ok((row.take()?, collaborators_of(row.take()?)?))
            })
            .await?,
            details: read(
                source,
                "SELECT d.app, d.owner, o.name, d.display_name, d.department, d.unit, d.groups
                 FROM owner_detail d JOIN owner o ON o.id = d.owner
                 WHERE d.display_name IS NOT NULL OR d.department IS NOT NULL OR d.unit IS NOT NULL OR d.groups IS NOT NULL",
                owner_details,
            )
            .await?,
            last: last.unwrap_or(0),
        })
    }

    /// How many pages there are. They may be read in any order, and side by side.
    #[must_use]
    pub fn pages(&self) -> u64 {
        (self.last.max(0) / PAGE + i64::from(self.last % PAGE > 0)).unsigned_abs()
    }

    /// The files of a page that are there, in the order of ids. The first page is 0.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn page(&self, source: &impl Source, page: u64) -> Result<Vec<Surveyed>> {
        let after = i64::try_from(page).unwrap_or(i64::MAX).saturating_mul(PAGE);
        let end = after.saturating_add(PAGE).min(self.last);
        let rows = source.query(FILES, values![after, end]).await?;
        let mut files = Vec::with_capacity(rows.len());
        // Those that refer to what has come since the survey began are read one by one.
        let mut changed = HashSet::new();
        for mut row in rows {
            let id = FileId(row.take()?);
            let app = AppId(row.take()?);
            match self.file(id, app, &mut row) {
                Ok(file) => files.push(file),
                Err(Miss::Unknown) => {
                    changed.insert(id);
                    files.extend(whole(source, id, app).await?);
                }
                Err(Miss::Store(error)) => return Err(error),
            }
        }
        let mut position = 0;
        for mut row in source.query(LABELS, values![after, end]).await? {
            let id = FileId(row.take()?);
            while files
                .get(position)
                .is_some_and(|file: &Surveyed| file.record.id < id)
            {
                position += 1;
            }
            let file = files.get_mut(position).filter(|file| file.record.id == id);
            let Some(file) = file.filter(|_| !changed.contains(&id)) else {
                continue;
            };
            match self.label(&mut row) {
                Ok(label) => {
                    if let Some(facts) = &mut file.record.facts {
                        facts.labels.push(label);
                    }
                }
                Err(Miss::Unknown) => {
                    changed.insert(id);
                    if let Some(now) = whole(source, id, file.app).await? {
                        *file = now;
                    }
                }
                Err(Miss::Store(error)) => return Err(error),
            }
        }
        for labels in files.iter_mut().filter_map(Surveyed::labels) {
            labels.sort_unstable_by_key(|label| (label.id, label.site_id));
        }
        Ok(files)
    }

    fn file(&self, id: FileId, app: AppId, row: &mut Row) -> Looked<Surveyed> {
        let (tenant, app_name) = self.apps.get(&app.0).ok_or(Miss::Unknown)?.clone();
        let folder = text_of(&self.folders, row.take()?)?;
        let owner: Option<i64> = row.take()?;
        let record = FileRecord {
            id,
            tenant,
            app: app_name,
            folder,
            owner: owner
                .map(|owner| text_of(&self.owners, owner))
                .transpose()?,
            kind: kind_of(row.take()?)?,
            size: row.take()?,
            created: row.take()?,
            modified: row.take()?,
            barrier: barrier_of(row.take()?)?,
            exposure: exposure_of(row.take()?)?,
            collaborators: self.collaborators(row.take()?)?,
            first_seen: row.take()?,
            last_seen: row.take()?,
            file: FileRef(row.take()?),
            name: row.take()?,
            version: Version(row.take()?),
            link: None,
            removed: None,
            facts: self.facts(row)?,
        };
        let details = owner.and_then(|owner| self.details.get(&(app.0, owner)));
        Ok(Surveyed {
            record,
            app,
            owner_details: details.cloned(),
        })
    }

    fn collaborators(&self, list: Option<i64>) -> Looked<Option<Arc<[String]>>> {
        let Some(list) = list else {
            return Ok(None);
        };
        let known = self.collaborators.get(&list);
        known.cloned().ok_or(Miss::Unknown)
    }

    fn facts(&self, row: &mut Row) -> Looked<Option<FileFacts>> {
        let Some(version) = row.take::<Option<String>>()? else {
            return Ok(None);
        };
        let term = |row: &mut Row| -> Looked<Option<String>> {
            let term: Option<i64> = row.take()?;
            term.map(|term| text_of(&self.terms, term)).transpose()
        };
        Ok(Some(FileFacts {
            version: Version(version),
            reader: row.take()?,
            read_at: row.take()?,
            format: term(row)?,
            state: term(row)?.unwrap_or_default(),
            reason: term(row)?,
            protection: term(row)?.unwrap_or_default(),
            signed: row.take()?,
            bytes_read: row.take()?,
            reads: row.take()?,
            detail: None,
            protection_detail: Json::Object(serde_json::Map::new()),
            labels: Vec::new(),
        }))
    }

    fn label(&self, row: &mut Row) -> Looked<FileLabel> {
        let (site_id, id) = *self.labels.get(&row.take()?).ok_or(Miss::Unknown)?;
        let effective = row.take()?;
        let document: String = row.take()?;
        Ok(FileLabel {
            site_id,
            id,
            effective,
            document: parsed(&document, "a document about a label is not JSON")?,
        })
    }
}

type Looked<T> = std::result::Result<T, Miss>;

/// Why a row was not understood.
enum Miss {
    /// It refers to something that has come since.
    Unknown,
    Store(StoreError),
}

impl From<StoreError> for Miss {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

const FILES: &str = "SELECT id, app, folder, owner, kind, size, created, modified, barrier, exposure, collaborators, first_seen, last_seen,
        ref, name, version, facts_version, reader, read_at, format, state, reason, protection, signed, bytes_read, reads
    FROM file WHERE id > $1 AND id <= $2 AND removed IS NULL ORDER BY id";

const LABELS: &str = "SELECT file, label, effective, document FROM file_label WHERE file > $1 AND file <= $2 ORDER BY file, label";

async fn first<T: FromValue>(source: &impl Source, sql: &'static str) -> Result<Option<T>> {
    let rows = source.query(sql, Vec::new()).await?;
    let first = rows.into_iter().next();
    Ok(first
        .map(|mut row| row.take::<Option<T>>())
        .transpose()?
        .flatten())
}

async fn read<K: Eq + std::hash::Hash, V>(
    source: &impl Source,
    sql: &'static str,
    entry: fn(&mut Row) -> Result<(K, V)>,
) -> Result<HashMap<K, V>> {
    let rows = source.query(sql, Vec::new()).await?;
    rows.into_iter().map(|mut row| entry(&mut row)).collect()
}

fn text(row: &mut Row) -> Result<(i64, Arc<str>)> {
    Ok((row.take()?, row.take::<String>()?.into()))
}

fn owner_details(row: &mut Row) -> Result<((i64, i64), OwnerDetails)> {
    let key = (row.take()?, row.take()?);
    let details = OwnerDetails {
        owner: row.take()?,
        display_name: row.take()?,
        department: row.take()?,
        unit: row.take()?,
        groups: row
            .take::<Option<String>>()?
            .map(|groups| parsed(&groups, "the groups of an owner are not JSON"))
            .transpose()?,
    };
    Ok((key, details))
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str, otherwise: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Content {
        what: otherwise.to_owned(),
        source: Some(error.into()),
    })
}

fn text_of(names: &HashMap<i64, Arc<str>>, id: i64) -> Looked<String> {
    let text = names.get(&id).ok_or(Miss::Unknown)?;
    Ok(text.as_ref().to_owned())
}

async fn whole(source: &impl Source, id: FileId, app: AppId) -> Result<Option<Surveyed>> {
    let record = super::get(source, id).await?;
    let there = record.filter(|record| record.removed.is_none());
    Ok(there.map(|record| Surveyed {
        record,
        app,
        owner_details: None,
    }))
}
