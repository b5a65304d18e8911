//! Whether requests keep to a service's own description of its interface.
//!
//! The emulators judge what a connector sends by what they were built to know; the vendor's description is a second
//! judge that was not built here. A test replays the emulator's journal against it.

mod body;
mod discovery;
mod openapi;
mod template;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use body::BodyRule;
use template::Template;

/// The operations that a description knows.
#[derive(Debug)]
pub struct Contract {
    operations: Vec<Operation>,
}

/// A request as it was sent.
#[derive(Debug, Clone, Default)]
pub struct SentRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path as sent, percent-encoded.
    pub path: String,
    /// Query parameters, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// Headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body; empty where there was none.
    pub body: Vec<u8>,
}

/// How a request breaks its contract, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach(pub String);

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Breach {}

/// A description that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the description of {place}: {problem}")]
pub struct DescriptionError {
    /// Where in it.
    pub place: String,
    /// Why.
    pub problem: String,
}

#[derive(Debug)]
struct Operation {
    /// What the description calls it.
    name: String,
    method: String,
    path: Template,
    /// Parameters of the query by name.
    query: BTreeMap<String, Parameter>,
    /// Parameters of headers by name in lower case.
    headers: BTreeMap<String, Parameter>,
    body: BodyRule,
}

#[derive(Debug, Clone, Default)]
struct Parameter {
    required: bool,
    /// Values it may have; empty for any.
    values: Vec<String>,
    /// It must be a whole number.
    integer: bool,
}

impl Parameter {
    fn accepts(&self, value: &str) -> bool {
        let is_listed = self.values.is_empty() || self.values.iter().any(|one| one == value);
        is_listed && (!self.integer || value.parse::<i64>().is_ok())
    }
}

/// Headers that belong to HTTP and not to an operation.
const HTTP_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "range",
    "user-agent",
];

impl Contract {
    /// Reads an OpenAPI 3.0 document.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn from_openapi(document: &Value) -> Result<Self, DescriptionError> {
        openapi::operations(document).map(|operations| Self { operations })
    }

    /// Reads a Google API discovery document.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn from_discovery(document: &Value) -> Result<Self, DescriptionError> {
        discovery::operations(document).map(|operations| Self { operations })
    }

    /// Checks a request; the name of its operation.
    ///
    /// # Errors
    ///
    /// What the request breaks.
    pub fn check(&self, request: &SentRequest) -> Result<&str, Breach> {
        let breach = |what: String| Breach(format!("{} {}: {what}", request.method, request.path));
        let of_path: Vec<&Operation> = self
            .operations
            .iter()
            .filter(|operation| operation.path.matches(&request.path))
            .collect();
        if of_path.is_empty() {
            return Err(breach("no such path".to_owned()));
        }
        let mut operations = of_path
            .into_iter()
            .filter(|operation| operation.method == request.method)
            // Where a fixed path and one with parameters match, the fixed one is meant.
            .collect::<Vec<_>>();
        operations.sort_by_key(|operation| operation.path.parameters());
        let Some(operation) = operations.first() else {
            return Err(breach("the path has no such method".to_owned()));
        };
        operation.check_query(&request.query).map_err(breach)?;
        operation.check_headers(&request.headers).map_err(breach)?;
        let content_type = request.header("content-type");
        operation
            .body
            .check(content_type, &request.body)
            .map_err(breach)?;
        Ok(&operation.name)
    }
}

impl SentRequest {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Operation {
    fn check_query(&self, query: &[(String, String)]) -> Result<(), String> {
        for (name, value) in query {
            let Some(parameter) = self.query.get(name) else {
                return Err(format!("unknown query parameter {name:?}"));
            };
            if !parameter.accepts(value) {
                return Err(format!("query parameter {name:?} may not be {value:?}"));
            }
        }
        missing(&self.query, query, "query parameter")
    }

    fn check_headers(&self, headers: &[(String, String)]) -> Result<(), String> {
        for (name, value) in headers {
            match self.headers.get(name) {
                Some(parameter) if !parameter.accepts(value) => {
                    return Err(format!("header {name:?} may not be {value:?}"));
                }
                None if !HTTP_HEADERS.contains(&name.as_str()) => {
                    return Err(format!("unknown header {name:?}"));
                }
                _ => {}
            }
        }
        missing(&self.headers, headers, "header")
    }
}

fn missing(
    known: &BTreeMap<String, Parameter>,
    sent: &[(String, String)],
    what: &str,
) -> Result<(), String> {
    let absent = known
        .iter()
        .find(|(name, it)| it.required && !sent.iter().any(|(sent, _)| sent == *name));
    match absent {
        Some((name, _)) => Err(format!("{what} {name:?} is missing")),
        None => Ok(()),
    }
}
