//! `Get-Label | ConvertTo-Json` of Security & Compliance PowerShell
//! (reference/label-migration-and-rms.md §2.1).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::LabelListProblem;
use super::draft::{Drafts, LabelDraft};
use super::entry::{Entry, color, has_word, parse_boolean};
use super::json;

/// The GUID that files carry, under the names it has had.
const ID_FIELDS: &[&str] = &["Guid", "ImmutableId", "ExchangeObjectId"];

const DEPTH_HINT: &str = "export again with `ConvertTo-Json -Depth 8`";

/// Whether an object looks like a label of `Get-Label`.
pub(super) fn is_label(object: &Map<String, Value>) -> bool {
    object.keys().any(|key| {
        ID_FIELDS
            .iter()
            .any(|field| key.eq_ignore_ascii_case(field))
    })
}

/// Reads one label. A label that is being deleted counts as not listed.
pub(super) fn read(entry: &Entry<'_>, drafts: &mut Drafts) -> Result<(), LabelListProblem> {
    if entry
        .text("Mode")?
        .is_some_and(|mode| mode.eq_ignore_ascii_case("PendingDeletion"))
    {
        return Ok(());
    }
    let id = entry.required_guid(ID_FIELDS)?;
    let settings = Settings::read(entry)?;
    let parent = match entry.guid("ParentId")? {
        Some(parent) => Some(parent),
        None => settings.guid(entry, "parentid")?,
    };
    let name = entry
        .text("DisplayName")?
        .or(settings.get("displayname"))
        .or(entry.text("Name")?);
    let content_type = entry.text("ContentType")?.or(settings.get("contenttype"));
    let group = entry.boolean("IsParent")?.unwrap_or(false)
        || entry.boolean("IsLabelGroup")?.unwrap_or(false)
        || settings.get("isparent").and_then(parse_boolean) == Some(true);
    let draft = LabelDraft {
        name: name.map(str::to_owned),
        internal_name: entry.owned_text("Name")?,
        parent,
        group: Some(group),
        rank: entry.integer("Priority")?,
        enabled: entry.boolean("Disabled")?.map(|disabled| !disabled),
        applies_to_files: content_type.map(|types| has_word(types, "File")),
        needs_protection: encrypts(entry)?,
        published: None,
        rights_readable: None,
        description: entry
            .text("Comment")?
            .or(entry.text("Tooltip")?)
            .map(str::to_owned),
        color: settings.get("color").and_then(color),
    };
    drafts.add(id, draft)
}

/// `Settings`: texts of the form `[key, value]`.
struct Settings<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Settings<'a> {
    fn read(entry: &Entry<'a>) -> Result<Self, LabelListProblem> {
        let mut pairs = Vec::new();
        for item in entry.items("Settings") {
            match item {
                // A list that lay too deep for ConvertTo-Json comes as one text.
                Value::String(text) => pairs.extend(text.split("] [").filter_map(pair)),
                Value::Object(object) => pairs.extend(key_and_value(object)),
                Value::Null => {}
                _ => {
                    return Err(
                        entry.problem("Settings", "expected texts of the form `[key, value]`")
                    );
                }
            }
        }
        Ok(Self(pairs))
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(name, value)| name.eq_ignore_ascii_case(key) && !value.is_empty())
            .map(|(_, value)| *value)
    }

    fn guid(&self, entry: &Entry<'_>, key: &str) -> Result<Option<Uuid>, LabelListProblem> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        match Uuid::try_parse(text) {
            Ok(id) => Ok(Some(id).filter(|id| !id.is_nil())),
            Err(_) => Err(entry.problem(
                "Settings",
                format!("`{key}`: expected a GUID, found {text:?}"),
            )),
        }
    }
}

fn pair(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let text = text.strip_prefix('[').unwrap_or(text);
    let text = text.strip_suffix(']').unwrap_or(text);
    let (key, value) = text.split_once(',')?;
    Some((key.trim(), value.trim()))
}

fn key_and_value(object: &Map<String, Value>) -> Option<(&str, &str)> {
    Some((object.get("Key")?.as_str()?, object.get("Value")?.as_str()?))
}

/// Whether `LabelActions` encrypts; `None` where the export lacks the field.
fn encrypts(entry: &Entry<'_>) -> Result<Option<bool>, LabelListProblem> {
    if !entry
        .object
        .keys()
        .any(|key| key.eq_ignore_ascii_case("LabelActions"))
    {
        return Ok(None);
    }
    for item in entry.items("LabelActions") {
        match item {
            Value::String(text) => {
                let actions = json::parse_sequence(text).map_err(|_| {
                    entry.problem("LabelActions", format!("not JSON; {DEPTH_HINT}"))
                })?;
                if actions.iter().any(is_encryption) {
                    return Ok(Some(true));
                }
            }
            Value::Object(_) if is_encryption(item) => return Ok(Some(true)),
            Value::Object(_) | Value::Null => {}
            _ => {
                return Err(entry.problem(
                    "LabelActions",
                    format!("expected texts that hold JSON; {DEPTH_HINT}"),
                ));
            }
        }
    }
    Ok(Some(false))
}

/// An action that encrypts and is switched on. `disabled` is a text, `"true"` or `"false"`.
fn is_encryption(action: &Value) -> bool {
    let is_encrypt = action
        .get("Type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("encrypt"));
    if !is_encrypt {
        return false;
    }
    let settings = action.get("Settings").and_then(Value::as_array);
    !settings.into_iter().flatten().any(|setting| {
        let key = setting
            .get("Key")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let value = setting.get("Value");
        let text = value.and_then(Value::as_str).unwrap_or_default();
        if key.eq_ignore_ascii_case("disabled") {
            value == Some(&Value::Bool(true)) || parse_boolean(text) == Some(true)
        } else {
            key.eq_ignore_ascii_case("protectiontype")
                && text.eq_ignore_ascii_case("removeprotection")
        }
    })
}
