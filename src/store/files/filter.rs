//! What to look for in the inventory, and the SQL conditions for it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use labeld_connector::Exposure;
use uuid::Uuid;

use super::codes::exposure_code;
use crate::model::{AppName, TenantName};
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::value::{Site, Value, values};

/// Files to look for: those that meet every condition given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileQuery {
    /// Of this configured tenant.
    pub tenant: Option<TenantName>,
    /// Of the apps of this name.
    pub app: Option<AppName>,
    /// With one of these labels.
    pub label: Option<LabelFilter>,
    /// With (or without) an effective label of any tenant. Files that were never read are neither.
    pub labelled: Option<bool>,
    /// Not known to have an effective label: without one, or never read.
    pub not_known_labelled: bool,
    /// In this state.
    pub state: Option<String>,
    /// With this reason code.
    pub reason: Option<String>,
    /// In this folder.
    pub folder: Option<FolderFilter>,
    /// Whose name matches: `*` stands for any characters, `?` for one; ASCII letters match in either case.
    pub name: Option<String>,
    /// Whose folder and name, joined by `/`, match; written as for `name`, and `*` also stands for `/`.
    pub path: Option<String>,
    /// Whose name ends in this extension, given without the dot, in either case.
    pub extension: Option<String>,
    /// Whose bytes are of this type, whatever the name says.
    pub format: Option<String>,
    /// Of this owner.
    pub owner: Option<String>,
    /// That these people can reach, as far as the listings told.
    pub exposure: Option<Exposure>,
    /// Known to be shared by name with this address, or with one of this domain, in either case.
    pub collaborator: Option<String>,
    /// Of a size in bytes within these bounds.
    pub size: Span<u64>,
    /// Last changed within these bounds.
    pub modified: Span<DateTime<Utc>>,
    /// Made within these bounds.
    pub created: Span<DateTime<Utc>>,
    /// Read within these bounds.
    pub read: Span<DateTime<Utc>>,
    /// Whether removed files are wanted.
    pub removed: Removed,
}

/// One or more labels, by GUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFilter {
    /// Only as labels of this Entra tenant; `None` for any tenant, also one that the file does not name.
    pub site: Option<Uuid>,
    /// Any of these GUIDs.
    pub labels: Vec<Uuid>,
    /// Only where the label is effective.
    pub effective: bool,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFilter {
    /// Its path as the inventory has it: `/`-separated, empty for the root.
    pub path: String,
    /// With everything below it.
    pub subfolders: bool,
}

/// Bounds: `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    /// The least value that belongs to it.
    pub from: Option<T>,
    /// The least value above it.
    pub to: Option<T>,
}

impl<T> Default for Span<T> {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
        }
    }
}

impl<T> Span<T> {
    fn is_unbounded(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

/// Whether removed files are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Removed {
    /// Only files that are there.
    #[default]
    No,
    /// Only files that are gone.
    Only,
    /// Both.
    Any,
}

/// A [`FileQuery`] as conditions on the table `file` under the name `f`.
#[derive(Debug, Clone)]
pub(in crate::store) struct Conditions {
    /// All but the labels, joined by AND; never empty.
    pub(super) sql: String,
    /// The numbers of the labels wanted.
    pub(super) labels: Option<Vec<i64>>,
    /// Only where the label is effective.
    pub(super) effective: bool,
    pub(in crate::store) params: Vec<Value>,
    /// No index hands out the matching files in the order of ids.
    pub(super) scattered: bool,
}

impl Conditions {
    /// The conditions, with `params` before their own parameters.
    pub(in crate::store) async fn new(
        source: &impl Source,
        query: &FileQuery,
        params: Vec<Value>,
    ) -> Result<Self> {
        let labels = match &query.label {
            Some(filter) => Some(label_numbers(source, filter).await?),
            None => None,
        };
        let removed = match query.removed {
            Removed::No => "f.removed IS NULL",
            Removed::Only => "f.removed IS NOT NULL",
            Removed::Any => "1 = 1",
        };
        let mut conditions = Self {
            sql: removed.to_owned(),
            labels,
            effective: query.label.as_ref().is_some_and(|filter| filter.effective),
            params,
            scattered: query.removed == Removed::Only,
        };
        conditions.add_scattered(query);
        conditions.add_exact(query);
        Ok(conditions)
    }

    /// All conditions, to be checked row by row.
    pub(in crate::store) fn sql_with_labels(&self) -> String {
        let Some(labels) = &self.labels else {
            return self.sql.clone();
        };
        if labels.is_empty() {
            return format!("{} AND 1 = 0", self.sql);
        }
        let list: Vec<String> = labels.iter().map(i64::to_string).collect();
        format!(
            "{} AND EXISTS (SELECT 1 FROM file_label fl WHERE fl.file = f.id AND fl.label IN ({}){})",
            self.sql,
            list.join(", "),
            self.only_effective()
        )
    }

    pub(super) fn only_effective(&self) -> &'static str {
        if self.effective {
            " AND fl.effective = 1"
        } else {
            ""
        }
    }

    /// Another parameter; the text that stands for it.
    pub(in crate::store) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    fn add(&mut self, condition: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.sql, " AND {condition}");
    }

    /// Conditions that an index answers in the order of ids.
    fn add_exact(&mut self, query: &FileQuery) {
        let has_exact = query.state.is_some()
            || query.reason.is_some()
            || query.labelled.is_some()
            || query.extension.is_some()
            || query.format.is_some()
            || query.owner.is_some()
            || query.exposure.is_some_and(|it| it != Exposure::Unknown)
            || query.folder.as_ref().is_some_and(|f| !f.subfolders);
        if has_exact {
            self.scattered = false;
        }
        self.add_app(query);
        self.add_term("f.state", query.state.as_deref());
        self.add_term("f.reason", query.reason.as_deref());
        let extension = query.extension.as_ref().map(|text| text.to_lowercase());
        self.add_term("f.extension", extension.as_deref());
        self.add_term("f.format", query.format.as_deref());
        if query.not_known_labelled {
            self.add("(f.labelled IS NULL OR f.labelled = 0)");
        }
        if let Some(labelled) = query.labelled {
            let value = self.bind(labelled);
            self.add(&format!("f.labelled = {value}"));
        }
        match query.exposure.map(exposure_code) {
            Some(Some(code)) => {
                let value = self.bind(code);
                self.add(&format!("f.exposure = {value}"));
            }
            Some(None) => self.add("f.exposure IS NULL"),
            None => {}
        }
        if let Some(owner) = &query.owner {
            let value = self.bind(owner.as_str());
            self.add(&format!(
                "f.owner = (SELECT id FROM owner WHERE name = {value})"
            ));
        }
    }

    fn add_app(&mut self, query: &FileQuery) {
        let tenant = query
            .tenant
            .as_ref()
            .map(|tenant| self.bind(tenant.0.as_str()));
        let app = query.app.as_ref().map(|app| self.bind(app.0.as_str()));
        // Most files are often of one app: its index is of no use where another condition has one.
        let column = if self.scattered { "+f.app" } else { "f.app" };
        match (tenant, app) {
            (Some(tenant), Some(app)) => self.add(&format!(
                "{column} = (SELECT id FROM app WHERE tenant = {tenant} AND name = {app})"
            )),
            (Some(tenant), None) => {
                self.add(&format!(
                    "{column} IN (SELECT id FROM app WHERE tenant = {tenant})"
                ));
            }
            (None, Some(app)) => {
                self.add(&format!(
                    "{column} IN (SELECT id FROM app WHERE name = {app})"
                ));
            }
            (None, None) => {}
        }
    }

    fn add_term(&mut self, column: &str, text: Option<&str>) {
        if let Some(text) = text {
            let value = self.bind(text);
            self.add(&format!(
                "{column} = (SELECT id FROM term WHERE text = {value})"
            ));
        }
    }

    fn add_scattered(&mut self, query: &FileQuery) {
        self.add_span("f.size", query.size);
        self.add_span("f.modified", query.modified);
        self.add_span("f.created", query.created);
        self.add_span("f.read_at", query.read);
        if let Some(glob) = &query.name {
            let pattern = self.bind(like_pattern(glob));
            // Every name is at least empty, which tells SQLite to walk through the index of the names.
            self.add(&format!(
                "f.name >= '' AND lower(f.name) LIKE {pattern} ESCAPE '\\'"
            ));
            self.scattered = true;
        }
        if let Some(glob) = &query.path {
            let pattern = self.bind(like_pattern(glob));
            self.add(&format!(
                "(SELECT lower(CASE d.path WHEN '' THEN f.name ELSE d.path || '/' || f.name END)
                    FROM folder d WHERE d.id = f.folder) LIKE {pattern} ESCAPE '\\'"
            ));
            self.scattered = true;
        }
        if let Some(name) = &query.collaborator {
            let pattern = self.bind(collaborator_pattern(name));
            self.add(&format!(
                "f.collaborators IN (SELECT id FROM collaborator_list WHERE addresses LIKE {pattern} ESCAPE '\\')"
            ));
            self.scattered = true;
        }
        if let Some(folder) = &query.folder {
            self.add_folder(folder);
        }
    }

    fn add_span<T: Into<Value>>(&mut self, column: &str, span: Span<T>) {
        if span.is_unbounded() {
            return;
        }
        self.scattered = true;
        if let Some(from) = span.from {
            let value = self.bind(from);
            self.add(&format!("{column} >= {value}"));
        }
        if let Some(to) = span.to {
            let value = self.bind(to);
            self.add(&format!("{column} < {value}"));
        }
    }

    fn add_folder(&mut self, folder: &FolderFilter) {
        if folder.subfolders && folder.path.is_empty() {
            return;
        }
        let path = self.bind(folder.path.as_str());
        if !folder.subfolders {
            self.add(&format!(
                "f.folder IN (SELECT id FROM folder WHERE path = {path})"
            ));
            return;
        }
        self.scattered = true;
        // Everything that begins with `path/` lies between `path/` and `path0`: 0 follows the slash.
        let first = format!("{}/", folder.path);
        let end = format!("{}0", folder.path);
        let first = self.bind(first);
        let end = self.bind(end);
        self.add(&format!(
            "f.folder IN (SELECT id FROM folder WHERE path = {path}
                UNION ALL SELECT id FROM folder WHERE path >= {first} AND path < {end})"
        ));
    }
}

/// The numbers of the labels that a filter means, as far as any file has carried them.
async fn label_numbers(source: &impl Source, filter: &LabelFilter) -> Result<Vec<i64>> {
    let mut numbers = Vec::new();
    for guid in &filter.labels {
        let rows = match filter.site {
            Some(site) => {
                let params = values![*guid, Site(Some(site))];
                source
                    .query("SELECT id FROM label WHERE guid = $1 AND site = $2", params)
                    .await?
            }
            None => {
                source
                    .query("SELECT id FROM label WHERE guid = $1", values![*guid])
                    .await?
            }
        };
        for mut row in rows {
            numbers.push(row.take()?);
        }
    }
    Ok(numbers)
}

/// A glob of `*` and `?` as a LIKE pattern with `\` as escape.
fn like_pattern(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len());
    for character in glob.chars() {
        match character {
            '*' => pattern.push('%'),
            '?' => pattern.push('_'),
            '%' | '_' | '\\' => pattern.extend(['\\', character]),
            other => pattern.push(other.to_ascii_lowercase()),
        }
    }
    pattern
}

/// The pattern for the stored lists with an address, or with one of a domain.
fn collaborator_pattern(name: &str) -> String {
    let name = name.trim_start_matches('@').to_lowercase();
    let quoted = serde_json::Value::from(name.as_str()).to_string();
    let mut pattern = String::from("%");
    if !name.contains('@') {
        pattern.push('@');
    }
    let text = match name.contains('@') {
        true => quoted.as_str(),
        false => quoted.strip_prefix('"').unwrap_or(&quoted),
    };
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_patterns() {
        let table = [
            ("Pat_1@x.example", r#"%"pat\_1@x.example"%"#),
            ("x.example", r#"%@x.example"%"#),
            ("@X.example", r#"%@x.example"%"#),
        ];
        for (name, pattern) in table {
            assert_eq!(collaborator_pattern(name), pattern);
        }
    }

    #[test]
    fn globs_become_patterns() {
        let table = [
            ("*.DOCX", "%.docx"),
            ("a?c", "a_c"),
            ("100%_x\\y", "100\\%\\_x\\\\y"),
            ("[é]", "[é]"),
        ];
        for (glob, pattern) in table {
            assert_eq!(like_pattern(glob), pattern);
        }
    }
}
