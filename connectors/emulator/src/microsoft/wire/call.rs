//! What is asked.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;
use uuid::Uuid;

use super::failure::Failure;
use super::uri;
use crate::frame::ActiveFaults;

/// A call, read but not understood.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path as it was sent.
    pub(crate) path: String,
    /// The query's parameters.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Faults to be done; none for the parts of a batch.
    pub(crate) faults: Option<ActiveFaults>,
    /// Names the call in its answer.
    pub(crate) request_id: Uuid,
}

/// The application that calls, as its token tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) roles: Vec<String>,
}

impl Caller {
    /// Whether the token has one of the roles.
    pub(crate) fn has_any(&self, roles: &[&str]) -> bool {
        self.roles.iter().any(|role| roles.contains(&&**role))
    }
}

impl Call {
    /// A header's text; `None` when it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query. Names of system options are compared without regard to case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Whether one of the `Prefer` headers names `preference`.
    pub(crate) fn prefers(&self, preference: &str) -> bool {
        self.headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .any(|value| value.trim().eq_ignore_ascii_case(preference))
    }

    /// The segments of the path.
    pub(crate) fn segments(&self) -> Vec<String> {
        uri::path_segments(&self.path)
    }

    /// The body as a JSON object.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        let media_type = self.header("content-type").unwrap_or_default();
        if !media_type
            .to_ascii_lowercase()
            .starts_with("application/json")
        {
            return Err(Failure::bad_request(
                "Write requests must contain the Content-Type header declaration.",
            ));
        }
        serde_json::from_slice::<Value>(&self.body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| Failure::bad_request("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."))
    }

    /// Refuses system options of the query but `allowed`.
    pub(crate) fn allow_options(&self, allowed: &[&str]) -> Result<(), Failure> {
        let refused = self.query.iter().find(|(name, _)| {
            name.starts_with('$')
                && !allowed
                    .iter()
                    .any(|allowed| name.eq_ignore_ascii_case(allowed))
        });
        match refused {
            None => Ok(()),
            Some((name, _)) => Err(Failure::invalid_request(&format!(
                "The query option '{name}' is not supported for this request."
            ))),
        }
    }

    /// `$top`: how many entries a page may have.
    pub(crate) fn top(&self) -> Result<Option<usize>, Failure> {
        let Some(text) = self.parameter("$top") else {
            return Ok(None);
        };
        match text.parse::<usize>() {
            Ok(top) if top > 0 => Ok(Some(top)),
            _ => Err(Failure::bad_request(&format!(
                "Invalid value '{text}' for $top query option found. The $top query option requires a non-negative integer value."
            ))),
        }
    }
}
