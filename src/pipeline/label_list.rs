//! Reads a tenant's label list from a file: what `Get-Label | ConvertTo-Json` prints, what Microsoft
//! Graph answers, or labeld's own format. The content decides which of them it is.
//!
//! reference/label-migration-and-rms.md §2.1, reference/microsoft-graph.md §2.3.

mod draft;
mod entry;
mod get_label;
mod graph;
mod json;
mod own;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::model::catalogue::LabelDefinition;
use draft::Drafts;
use entry::Entry;

/// Largest label file that is read, in bytes. Real lists stay below one.
pub const MAX_FILE_BYTES: u64 = 32 << 20;

/// Most labels in one list. Tenants have fewer than 500 (reference/microsoft-graph.md §2.2).
pub const MAX_LABELS: usize = 10_000;

/// The field that a label source adds where larger numbers are the less sensitive labels. Its only value is
/// `descending`.
pub const ORDER_FIELD: &str = "labeld.order";

/// The form a label list came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// Security & Compliance PowerShell: `Get-Label | ConvertTo-Json -Depth 8`.
    GetLabel,
    /// Microsoft Graph, v1.0 or beta.
    Graph,
    /// labeld's own: `{"tenant_id": …, "labels": […]}`.
    Labeld,
}

impl fmt::Display for ListFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GetLabel => "Get-Label",
            Self::Graph => "Microsoft Graph",
            Self::Labeld => "labeld",
        })
    }
}

/// A complete label list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelList {
    /// The Entra tenant id, where the file tells it. Only labeld's own format does.
    pub tenant_id: Option<Uuid>,
    /// The form the list came in.
    pub format: ListFormat,
    /// The labels in the order of the file, each id once, parents that the source only mentions
    /// inside their children at the end.
    pub labels: Vec<LabelDefinition>,
}

/// A label file that cannot be used, with the file's name.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the label list {}", file.display())]
pub struct LabelListError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: LabelListProblem,
}

/// What is wrong with a label file.
#[derive(Debug, thiserror::Error)]
pub enum LabelListProblem {
    /// The file cannot be opened or read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// More bytes than [`MAX_FILE_BYTES`].
    #[error("larger than {} MiB", MAX_FILE_BYTES >> 20)]
    TooLarge,
    /// No bytes, or only white space. Not the same as an empty list.
    #[error("empty: export the labels again")]
    Empty,
    /// Neither UTF-8 nor UTF-16.
    #[error("neither UTF-8 nor UTF-16 text")]
    NotText,
    /// Not JSON, at a line and column (in bytes) counted from 1.
    #[error("not valid JSON at line {line}, column {column}: {message}")]
    NotJson {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// What the JSON reader says.
        message: String,
    },
    /// Deeper nested, or with more values, than any label list.
    #[error("{0}")]
    OverLimit(&'static str),
    /// JSON, but no label list.
    #[error("{0}")]
    NotAList(&'static str),
    /// One page of a longer answer. Taken as the whole list it would delete labels.
    #[error(
        "only a part of the list: it has `@odata.nextLink`; put the labels of all pages into one `value` array"
    )]
    Partial,
    /// More than [`MAX_LABELS`].
    #[error("more than {MAX_LABELS} labels")]
    TooManyLabels,
    /// A field of a label has a value that cannot be used.
    #[error("{entry}, field `{field}`: {problem}")]
    Field {
        /// Which label, for people.
        entry: String,
        /// The field as the file names it.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// One id twice, with content that contradicts.
    #[error("label {id} stands twice, and the two differ in {field}")]
    Contradiction {
        /// The id.
        id: Uuid,
        /// The first field that differs.
        field: &'static str,
    },
    /// Parents that lead back to the label itself.
    #[error("label {id} is its own parent, directly or through others")]
    ParentLoop {
        /// A label of the loop.
        id: Uuid,
    },
}

/// Reads the label list at `path`.
///
/// # Errors
///
/// [`LabelListError`] when the file cannot be read or is not one complete, consistent list.
pub fn read_file(path: &Path) -> Result<LabelList, LabelListError> {
    read_bounded(path)
        .and_then(|bytes| parse_bytes(&bytes))
        .map_err(|problem| LabelListError {
            file: path.to_owned(),
            problem,
        })
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, LabelListProblem> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(LabelListProblem::Unreadable)?;
    Ok(bytes)
}

/// Reads a label list from the bytes of a file.
///
/// # Errors
///
/// [`LabelListProblem`] when they are not one complete, consistent list.
pub fn parse_bytes(bytes: &[u8]) -> Result<LabelList, LabelListProblem> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(LabelListProblem::TooLarge);
    }
    let text = json::decode(bytes)?;
    if text.trim().is_empty() {
        return Err(LabelListProblem::Empty);
    }
    match json::parse(&text)? {
        Value::Array(items) => read_items(&items),
        Value::Object(object) => read_object(object),
        _ => Err(LabelListProblem::NotAList("JSON, but no list of labels")),
    }
}

fn read_object(object: Map<String, Value>) -> Result<LabelList, LabelListProblem> {
    if object.contains_key("@odata.nextLink") {
        return Err(LabelListProblem::Partial);
    }
    if let Some(Value::Array(items)) = object.get("labels") {
        return own::read(&object, items);
    }
    if let Some(Value::Array(items)) = object.get("value") {
        let mut list = read_items(items)?;
        if object.get(ORDER_FIELD).and_then(Value::as_str) == Some("descending") {
            for label in &mut list.labels {
                label.rank = label.rank.map(i64::saturating_neg);
            }
        }
        return Ok(list);
    }
    // `ConvertTo-Json` prints a list of one label without the list around it.
    if get_label::is_label(&object) {
        return read_items(&[Value::Object(object)]);
    }
    Err(LabelListProblem::NotAList(
        "a JSON object without a list of labels; expected `labels` (labeld), `value` (Microsoft Graph) or the output of Get-Label",
    ))
}

/// The labels of a list that does not name its format. Windows PowerShell wraps some lists into
/// `{"value": […], "Count": n}` too, so the items decide.
fn read_items(items: &[Value]) -> Result<LabelList, LabelListProblem> {
    let from_get_label = items
        .first()
        .and_then(Value::as_object)
        .is_some_and(get_label::is_label);
    let mut drafts = Drafts::default();
    for (index, item) in items.iter().enumerate() {
        let entry = Entry::new(index, item)?;
        if from_get_label {
            get_label::read(&entry, &mut drafts)?;
        } else {
            graph::read(&entry, &mut drafts)?;
        }
    }
    Ok(LabelList {
        tenant_id: None,
        format: if from_get_label {
            ListFormat::GetLabel
        } else {
            ListFormat::Graph
        },
        labels: drafts.into_definitions()?,
    })
}
