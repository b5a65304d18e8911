//! What a service answered.

use std::fmt;

use bytes::Bytes;
use http::header::{AsHeaderName, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::failure::CallFailure;
use super::url::shown_url;
use crate::error::{Error, ErrorKind, Result};

/// An answer, read to its end within the bounds of the call.
#[derive(Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed.
    pub body: Bytes,
    /// The address that answered: after redirects the last one.
    pub url: Url,
    operation: &'static str,
    context: String,
    request_id: Option<String>,
}

impl Answer {
    /// An answer to `operation` on what `context` names, as [`Error::new`] means them.
    pub fn new(
        operation: &'static str,
        context: impl Into<String>,
        url: Url,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        Self {
            status,
            headers,
            body,
            url,
            operation,
            context: context.into(),
            request_id: None,
        }
    }

    /// A header as text; `None` where there is none or it is not text.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type, in lower case and without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let whole = self.header(CONTENT_TYPE)?;
        let essence = whole.split(';').next().unwrap_or(whole);
        Some(essence.trim().to_ascii_lowercase())
    }

    /// Whether the answer says that it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media_type().is_some_and(|media| {
            media == "application/json" || media == "text/json" || media.ends_with("+json")
        })
    }

    /// Whether the answer is a page for people: by its media type, or where that is missing by its first
    /// bytes.
    #[must_use]
    pub fn is_html(&self) -> bool {
        match self.media_type().as_deref() {
            Some("text/html" | "application/xhtml+xml") => true,
            Some(_) => false,
            None => {
                let start = self.body.trim_ascii_start();
                [b"<!doctype html".as_slice(), b"<html"].iter().any(|mark| {
                    start
                        .get(..mark.len())
                        .is_some_and(|begin| begin.eq_ignore_ascii_case(mark))
                })
            }
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when the answer says that it is something else, when it is not JSON, or
    /// when it does not have the shape of `T`. The error names the place, never the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.media_type().is_some() && !self.is_json() {
            return Err(self.malformed("is not JSON"));
        }
        serde_json::from_slice(&self.body).map_err(|cause| {
            let what = match cause.classify() {
                serde_json::error::Category::Data => "does not have the expected fields",
                serde_json::error::Category::Eof => "ends in the middle",
                _ => "is not valid JSON",
            };
            tracing::debug!(
                operation = self.operation,
                line = cause.line(),
                column = cause.column(),
                "unreadable JSON"
            );
            self.malformed(what)
        })
    }

    /// Where the answer points to, made absolute.
    #[must_use]
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.header(LOCATION)?).ok()
    }

    /// The name of the call in the service's logs, as the dialect finds it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// An error about this answer: `what` completes "the answer with status 200 …".
    #[must_use]
    pub fn malformed(&self, what: &'static str) -> Error {
        self.error(ErrorKind::Malformed)
            .with_source(self.not_as_asked(what))
    }

    pub(super) fn not_as_asked(&self, what: &'static str) -> CallFailure {
        CallFailure::NotAsAsked {
            what,
            status: self.status,
            request_id: self.request_id.clone(),
        }
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, self.context.clone())
    }

    pub(super) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("operation", &self.operation)
            .field("status", &self.status.as_u16())
            .field("url", &shown_url(&self.url))
            .field("body_bytes", &self.body.len())
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
