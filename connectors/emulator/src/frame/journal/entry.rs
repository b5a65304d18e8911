//! The records of the journal.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use http::{HeaderMap, Method, Uri};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::redaction;

/// The most bytes of a body that are kept.
pub(crate) const MOST_BODY_BYTES: usize = 64 * 1024;

/// A request and what became of it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// Counts the requests from 1.
    pub seq: u64,
    /// When the request arrived, by the emulator's clock.
    pub time: DateTime<Utc>,
    /// The provider it was for.
    pub provider: &'static str,
    /// The host it was for, by the provider's name for it: `graph`.
    pub host: &'static str,
    /// The method.
    pub method: String,
    /// Path and query as they were sent, but for the values of parameters that are credentials, which
    /// are replaced by a short hash (`sha256:` and twelve hex digits).
    pub target: String,
    /// The request's headers, names in lower case, in the order they were sent. Credentials are replaced
    /// by a short hash, behind the scheme where there is one: `Bearer sha256:0123456789ab`.
    pub headers: Vec<(String, String)>,
    /// The size of the request's body, in bytes.
    pub request_bytes: u64,
    /// The request's body up to 64 KiB; form fields that are credentials are replaced by a short hash.
    /// `None` when there was none, or the journal keeps no bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<RecordedBody>,
    /// What became of it.
    pub outcome: Outcome,
    /// The answer's status; `None` while there is no answer. It is there for an answer that was lost.
    pub status: Option<u16>,
    /// The size of the answer's body in bytes, as far as it was to be sent.
    pub response_bytes: u64,
    /// The answer's body when it is JSON of at most 64 KiB; tokens are replaced by a short hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<Value>,
    /// What the request costs in the service's units, where the provider counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// The faults that were done to it, by their effect's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is being read or handled.
    Running,
    /// It was answered.
    Answered,
    /// A fault closed the connection before the request was handled.
    RequestLost,
    /// A fault closed the connection when the request had been handled.
    AnswerLost,
    /// A fault cut the answer's body short.
    Cut,
    /// The client went away, or its body could not be read.
    Abandoned,
}

/// The beginning of a body. As JSON it is `{"text": …}` where it is UTF-8, else `{"base64": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBody(Bytes);

impl RecordedBody {
    /// Keeps what is kept of `body`.
    pub(crate) fn of(body: &Bytes) -> Self {
        if body.len() <= MOST_BODY_BYTES {
            return Self(body.clone());
        }
        // A copy, because a slice would hold on to the whole.
        Self(Bytes::copy_from_slice(
            body.get(..MOST_BODY_BYTES).unwrap_or_default(),
        ))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The body as text, when it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The body as JSON, when it is such.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.0).ok()
    }
}

impl Serialize for RecordedBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(Some(1))?;
        match self.text() {
            Some(text) => map.serialize_entry("text", text)?,
            None => map.serialize_entry("base64", &BASE64.encode(&self.0))?,
        }
        map.end()
    }
}

/// What a request costs in the service's units. A handler puts it into its answer's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceUnits(pub u32);

/// A content that a provider stored, whoever stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredVersion {
    /// Counts the versions from 1; given by the journal.
    pub seq: u64,
    /// When it was stored, by the emulator's clock.
    pub time: DateTime<Utc>,
    /// The drive, by its id.
    pub drive: String,
    /// The item, by its id.
    pub item: String,
    /// Its path below the drive's root, without a leading slash.
    pub path: String,
    /// SHA-256 of the content in lower-case hex.
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
    /// The user in whose name it was stored.
    pub who: String,
    /// The application by which it was stored; `None` for the control API.
    pub application: Option<String>,
}

/// What a request's entry begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestHead<'a> {
    pub(crate) time: DateTime<Utc>,
    pub(crate) provider: &'static str,
    pub(crate) host: &'static str,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

/// What an entry keeps of the answer.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) body: Option<Value>,
    pub(crate) units: Option<u32>,
}

impl Entry {
    /// The path as it was sent, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&*self.target, |(path, _)| path)
    }

    /// The query as it was sent, empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first header of this name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    }

    pub(super) fn arrived(head: RequestHead<'_>) -> Self {
        Self {
            seq: 0,
            time: head.time,
            provider: head.provider,
            host: head.host,
            method: head.method.as_str().to_owned(),
            target: redaction::target(head.uri),
            headers: redaction::headers(head.headers),
            request_bytes: 0,
            request_body: None,
            outcome: Outcome::Running,
            status: None,
            response_bytes: 0,
            response_body: None,
            units: None,
            faults: Vec::new(),
        }
    }

    pub(super) fn answered(&mut self, response: ResponseHead) {
        self.status = Some(response.status);
        self.response_bytes = response.bytes;
        self.response_body = response.body;
        self.units = response.units;
    }

    /// About the bytes that the entry takes in memory.
    pub(super) fn weight(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2 * size_of::<String>())
            .sum();
        let body = self.request_body.as_ref().map_or(0, |body| body.0.len());
        // Parsed JSON takes several times its text.
        let answer = self
            .response_body
            .as_ref()
            .map_or(0, |_| usize::try_from(self.response_bytes).unwrap_or(0) * 4);
        size_of::<Self>() + self.target.len() + headers + body + answer
    }
}
