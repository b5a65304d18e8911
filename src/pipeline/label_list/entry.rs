//! One label object of a file, with errors that name it and its field.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::LabelListProblem;

type Result<T> = std::result::Result<T, LabelListProblem>;

/// A label object and the words that find it in the file.
pub(super) struct Entry<'a> {
    /// Position in the list, counted from 1.
    number: usize,
    pub(super) object: &'a Map<String, Value>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(index: usize, value: &'a Value) -> Result<Self> {
        let number = index + 1;
        match value {
            Value::Object(object) => Ok(Self { number, object }),
            other => Err(LabelListProblem::Field {
                entry: format!("label {number}"),
                field: "(all)".to_owned(),
                problem: format!("expected an object, found {}", kind(other)),
            }),
        }
    }

    /// An object inside this label, such as a sublabel.
    pub(super) fn inner(&self, field: &str, value: &'a Value) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Self {
                number: self.number,
                object,
            }),
            other => Err(self.expected(field, "an object", other)),
        }
    }

    pub(super) fn problem(&self, field: &str, problem: impl Into<String>) -> LabelListProblem {
        LabelListProblem::Field {
            entry: self.describe(),
            field: field.to_owned(),
            problem: problem.into(),
        }
    }

    fn expected(&self, field: &str, expected: &str, found: &Value) -> LabelListProblem {
        self.problem(field, format!("expected {expected}, found {}", kind(found)))
    }

    fn describe(&self) -> String {
        let name = ["DisplayName", "name", "id", "Guid"]
            .into_iter()
            .find_map(|field| self.get(field).and_then(Value::as_str));
        match name {
            Some(name) => format!("label {} ({name:?})", self.number),
            None => format!("label {}", self.number),
        }
    }

    /// The value of a field, whatever the case of its name; null counts as absent.
    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.object
            .get(field)
            .or_else(|| {
                self.object
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(field))
                    .map(|(_, value)| value)
            })
            .filter(|value| !value.is_null())
    }

    /// Text without surrounding white space; empty text counts as absent.
    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.expected(field, "text", other)),
        }
    }

    pub(super) fn owned_text(&self, field: &str) -> Result<Option<String>> {
        Ok(self.text(field)?.map(str::to_owned))
    }

    /// A truth value, also written as text, as PowerShell does in places.
    pub(super) fn boolean(&self, field: &str) -> Result<Option<bool>> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => parse_boolean(text).map(Some).ok_or_else(|| {
                self.problem(field, format!("expected true or false, found {text:?}"))
            }),
            Some(other) => Err(self.expected(field, "true or false", other)),
        }
    }

    pub(super) fn integer(&self, field: &str) -> Result<Option<i64>> {
        let Some(value) = self.get(field) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .map(Some)
            .ok_or_else(|| self.expected(field, "a whole number", value))
    }

    /// A GUID with or without braces; empty text and the nil GUID count as absent.
    pub(super) fn guid(&self, field: &str) -> Result<Option<Uuid>> {
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        match Uuid::try_parse(text) {
            Ok(id) => Ok(Some(id).filter(|id| !id.is_nil())),
            Err(_) => Err(self.problem(field, format!("expected a GUID, found {text:?}"))),
        }
    }

    /// The first of these fields that has a GUID.
    pub(super) fn required_guid(&self, fields: &[&str]) -> Result<Uuid> {
        for field in fields {
            if let Some(id) = self.guid(field)? {
                return Ok(id);
            }
        }
        Err(self.problem(fields.first().unwrap_or(&"id"), "missing"))
    }

    /// The items of a list; a single value is a list of one, null an empty one.
    pub(super) fn items(&self, field: &str) -> &'a [Value] {
        match self.get(field) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => std::slice::from_ref(other),
        }
    }
}

/// `true` or `false` in any case.
pub(super) fn parse_boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Whether a list of words, such as `File, Email`, has `word`.
pub(super) fn has_word(list: &str, word: &str) -> bool {
    list.split([',', ';'])
        .any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// `#rrggbb` in lower case; everything else, such as the empty text of Graph, is no colour.
pub(super) fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| text.to_ascii_lowercase())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
