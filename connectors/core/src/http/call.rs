//! One call to a service.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use url::{Url, form_urlencoded};

use super::body::Extent;
use super::failure::CallFailure;
use super::token::TokenCache;
use super::url::shown_url;

/// The bound of an answer unless the call sets one, in bytes: 16 MiB. A page of a listing with 1000
/// entries of 4 KiB fits four times.
const MOST_BYTES: u64 = 16 << 20;

/// How far into a file a service that ignores ranges is read to reach the range, unless the call sets a
/// bound, in bytes: 64 MiB.
const MOST_SKIPPED: u64 = 64 << 20;

/// What to do when the service redirects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirects {
    /// It is an error.
    #[default]
    Refuse,
    /// The answer is the redirect itself; [`Answer::location`](super::Answer::location) has the target.
    Return,
    /// A `GET` or `HEAD` is followed, up to five times, to where [`Dialect::may_follow`](super::Dialect)
    /// allows. On another origin neither the token nor the call's own headers are sent, only what
    /// concerns the content (`Accept`, `Accept-Encoding`, `Range`).
    Follow,
}

/// What a successful answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expect {
    /// JSON, or nothing at all. Sends `Accept: application/json`. Anything else, and JSON that ends in
    /// the middle, is a failure that a repetition may mend.
    #[default]
    Json,
    /// Bytes of a file, unencoded (`Accept-Encoding: identity`). A page in HTML or JSON in place of the
    /// file is a failure, unless a `Content-Disposition` says that it is the file.
    Bytes,
    /// Anything.
    Anything,
}

/// What to ask, what to expect, and what may be done when it fails.
pub struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) operation: &'static str,
    pub(super) context: String,
    pub(super) bearer: Option<Arc<TokenCache>>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) units: u32,
    pub(super) deadline: Option<Duration>,
    pub(super) repeatable: bool,
    pub(super) redirects: Redirects,
    pub(super) range: Option<Range<u64>>,
    pub(super) expect: Expect,
    /// What could not be put into HTTP while building.
    pub(super) unsendable: Option<&'static str>,
    most_bytes: Option<u64>,
    accepted: Vec<u16>,
}

impl Call {
    /// A call of `url` for `operation` on what `context` names, as [`Error::new`](crate::Error::new)
    /// means them. It costs one unit, expects JSON, refuses redirects, and is repeatable when it only
    /// reads (`GET`, `HEAD`, `OPTIONS`).
    pub fn new(
        method: Method,
        url: Url,
        operation: &'static str,
        context: impl Into<String>,
    ) -> Self {
        Self {
            repeatable: method.is_safe(),
            method,
            url,
            operation,
            context: context.into(),
            bearer: None,
            headers: HeaderMap::new(),
            body: None,
            units: 1,
            deadline: None,
            redirects: Redirects::Refuse,
            range: None,
            expect: Expect::Json,
            unsendable: None,
            most_bytes: None,
            accepted: Vec::new(),
        }
    }

    /// With a token from `tokens`, sent to the origin of the call only.
    #[must_use]
    pub fn bearer(mut self, tokens: Arc<TokenCache>) -> Self {
        self.bearer = Some(tokens);
        self
    }

    /// With a header in place of one of the same name. Mark a secret value as sensitive
    /// ([`HeaderValue::set_sensitive`]).
    #[must_use]
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(mut value)) => {
                if name == AUTHORIZATION {
                    value.set_sensitive(true);
                }
                self.headers.insert(name, value);
            }
            _ => self.unsendable = Some("a header has characters that HTTP does not allow"),
        }
        self
    }

    /// With `content` as JSON.
    #[must_use]
    pub fn json(mut self, content: &impl Serialize) -> Self {
        match serde_json::to_vec(content) {
            Ok(body) => self.body(body, "application/json"),
            Err(_) => {
                self.unsendable = Some("the content cannot be written as JSON");
                self
            }
        }
    }

    /// With `fields` as an HTML form (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.body(body, "application/x-www-form-urlencoded")
    }

    /// With a body of the given media type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>, content_type: &str) -> Self {
        self.body = Some(body.into());
        self.header(CONTENT_TYPE, content_type)
    }

    /// What the call costs in the units of [`PaceOptions`](super::PaceOptions). Each attempt is charged.
    #[must_use]
    pub fn units(mut self, units: u32) -> Self {
        self.units = units;
        self
    }

    /// The bound of the answer's body, in bytes after decompression; 16 MiB unless set. The answer to a
    /// range is bounded by the range; where a service sends the whole file instead, this bounds how much
    /// of it is read to reach the end of the range (64 MiB unless set).
    #[must_use]
    pub fn most_bytes(mut self, most: u64) -> Self {
        self.most_bytes = Some(most);
        self
    }

    /// How long the call may take with everything: waiting for its turn, all attempts, redirects. As in
    /// [`RetryOptions`](super::RetryOptions) unless set.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Takes answers of these statuses, besides every 2xx but 202: that one means "not yet" and must be
    /// asked for.
    #[must_use]
    pub fn accept_status(mut self, statuses: &[u16]) -> Self {
        self.accepted.extend_from_slice(statuses);
        self
    }

    /// Whether making the call twice does no more than making it once, so that it may be repeated when
    /// the answer was lost.
    #[must_use]
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// What to do when the service redirects.
    #[must_use]
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// What a successful answer must be.
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// Asks for these bytes of a file only, unencoded. The answer goes to
    /// [`checked_range`](super::range::checked_range); 206, 200 and 416 are accepted, and of a 200 no
    /// more is read than up to the end of the range.
    #[must_use]
    pub fn range(mut self, range: Range<u64>) -> Self {
        if range.is_empty() {
            self.unsendable = Some("the range is empty");
        }
        self.expect = Expect::Bytes;
        self.range = Some(range);
        self
    }

    /// Whether the answer is one that the call wants.
    pub(super) fn accepts(&self, status: StatusCode) -> bool {
        let code = status.as_u16();
        (status.is_success() && code != 202)
            || (code == 416 && self.range.is_some())
            || (self.redirects == Redirects::Return && is_redirect(status))
            || self.accepted.contains(&code)
    }

    /// How much of the body of an accepted answer is read.
    pub(super) fn extent(&self, status: StatusCode) -> Result<Extent, CallFailure> {
        let most = self.most_bytes.unwrap_or(MOST_BYTES);
        match &self.range {
            Some(range) if status == StatusCode::PARTIAL_CONTENT => {
                // One byte more shows that the answer is not what was asked for.
                let length = range.end.saturating_sub(range.start);
                Ok(Extent::First(length.saturating_add(1)))
            }
            Some(range) if status == StatusCode::OK => {
                let most = self.most_bytes.unwrap_or(MOST_SKIPPED);
                if range.end > most {
                    return Err(CallFailure::TooLong { most });
                }
                Ok(Extent::First(range.end))
            }
            _ => Ok(Extent::AtMost(most)),
        }
    }

    /// Whether the body is a file, whose bytes are taken as they are.
    pub(super) fn wants_bytes(&self) -> bool {
        self.expect == Expect::Bytes
    }

    /// The headers that concern the content: they go along also to another origin.
    pub(super) fn content_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self.expect {
            Expect::Json => {
                headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
            }
            Expect::Bytes => {
                headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            Expect::Anything => {
                headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
            }
        }
        if let Some(range) = &self.range {
            let last = range.end.saturating_sub(1).max(range.start);
            if let Ok(value) = HeaderValue::try_from(format!("bytes={}-{last}", range.start)) {
                headers.insert(RANGE, value);
            }
        }
        headers
    }
}

/// Whether the status is one of those that name another place (RFC 9110 §15.4).
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("url", &shown_url(&self.url))
            .field("operation", &self.operation)
            .field("context", &self.context)
            .field("units", &self.units)
            .field("repeatable", &self.repeatable)
            .finish_non_exhaustive()
    }
}
