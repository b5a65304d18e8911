//! What is asked.

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::failure::Failure;
use crate::frame::ActiveFaults;
use crate::google::state::directory::User;

/// A call, read but not understood.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path as it was sent.
    pub(crate) path: String,
    /// The query's parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Faults to be done; none for the parts of a batch.
    pub(crate) faults: Option<ActiveFaults>,
}

/// Who calls, as the token tells.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The impersonated user, or a stand-in for the service account itself.
    pub(crate) user: User,
    pub(crate) scopes: Vec<String>,
    /// Nobody is impersonated.
    pub(crate) is_bare: bool,
}

impl Call {
    /// A call of `target`, which is a path with its query.
    pub(crate) fn new(method: Method, target: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers,
            body,
            faults: None,
        }
    }

    /// A header's text; `None` when it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that is true or false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.parameter(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(invalid_value(name, other)),
        }
    }

    /// A parameter that is true unless it says otherwise.
    pub(crate) fn flag_unless(&self, name: &str) -> Result<bool, Failure> {
        match self.parameter(name) {
            None => Ok(true),
            Some(_) => self.flag(name),
        }
    }

    /// How many entries a page may have. More than `most` is taken as `most`.
    pub(crate) fn page_size(
        &self,
        name: &str,
        default: usize,
        most: usize,
    ) -> Result<usize, Failure> {
        match self.parameter(name) {
            None => Ok(default.min(most)),
            Some(text) => match text.parse::<usize>() {
                Ok(size) if size > 0 => Ok(size.min(most)),
                _ => Err(Failure::invalid_parameter(
                    name,
                    &format!(
                        "Invalid value '{text}'. Values must be within the range: [1, {most}]"
                    ),
                )),
            },
        }
    }

    /// The segments of the path, decoded. A `/` that is encoded does not divide.
    pub(crate) fn segments(&self) -> Vec<String> {
        let segments = self.path.split('/').filter(|segment| !segment.is_empty());
        segments
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    /// The body as a JSON object; an empty body is an empty object.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        json_object(&self.body)
    }

    /// The type of the body without parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let whole = self.header("content-type")?;
        Some(whole.split(';').next().unwrap_or(whole).trim().to_owned())
    }
}

/// A JSON object.
pub(crate) fn json_object(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice::<Value>(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| Failure::bad_request("parseError", "Parse Error"))
}

/// A parameter's value that it cannot have.
pub(crate) fn invalid_value(name: &str, value: &str) -> Failure {
    Failure::invalid_parameter(
        name,
        &format!("Invalid value for: {value} is not a valid value"),
    )
}
