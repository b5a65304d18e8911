//! What differs between services: how they refuse, and where they may redirect to.

use std::fmt::Debug;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use url::Url;

use super::answer::Answer;
use crate::error::ErrorKind;

/// How a service says what it says.
pub trait Dialect: Debug + Send + Sync {
    /// What an answer means that the call does not accept: every status from 300 on and `202`, unless
    /// the call accepts it. [`Failure::of_status`] is a start.
    ///
    /// The waits that the service asks for in headers (`Retry-After`, `RateLimit-Reset`) are read by
    /// [`Service`](super::Service) and need not be set here.
    fn classify(&self, answer: &Answer) -> Failure;

    /// The name under which the service's own logs know the call.
    fn request_id(&self, headers: &HeaderMap) -> Option<String>;

    /// Whether a redirect to `url` may be followed: the service's own hosts and those it serves content
    /// from.
    fn may_follow(&self, url: &Url) -> bool;

    /// Whether the answer says that the token is no longer good, so that a new one may help. `answer`
    /// came from the origin that was given the token. By status 401 alone unless said otherwise.
    fn token_was_refused(&self, answer: &Answer) -> bool {
        answer.status == StatusCode::UNAUTHORIZED
    }
}

/// Whether a call may be made again after it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It would fail again.
    Never,
    /// It may help, but the call may have had its effect: only calls that are
    /// [`repeatable`](super::Call::repeatable).
    IfRepeatable,
    /// It may help, and the call certainly had no effect: every call.
    Always,
}

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// The service's codes, the outermost first.
    pub codes: Vec<String>,
    /// What the service says about it; empty when nothing. Control characters are removed and it is cut
    /// after 300 characters before it is shown.
    pub message: String,
    /// Whether to make the call again.
    pub repeat: Repeat,
    /// How long to wait before that, where the service says so in its own way.
    pub retry_after: Option<Duration>,
    /// Whether all calls of the app and tenant must wait, not only this one.
    pub pauses_all: bool,
}

impl Failure {
    /// What the status alone says, by HTTP (RFC 9110). No codes, no message.
    ///
    /// 429 is a definite refusal that pauses everything; so is 503 with `Retry-After`. 423 is one too,
    /// but is left to the caller: a lock is held for longer than a call may last. 408, 425, 500, 502,
    /// 503, 504 and 509 are repeated when the call is repeatable, as is a 202 with `Retry-After`: not
    /// ready yet.
    #[must_use]
    pub fn of_status(answer: &Answer) -> Self {
        let told_to_wait = answer.headers.contains_key(http::header::RETRY_AFTER);
        let (kind, repeat) = match answer.status.as_u16() {
            202 if told_to_wait => (ErrorKind::Transient, Repeat::IfRepeatable),
            401 => (ErrorKind::Unauthenticated, Repeat::Never),
            402 | 403 => (ErrorKind::Denied, Repeat::Never),
            404 | 410 => (ErrorKind::NotFound, Repeat::Never),
            405 | 501 => (ErrorKind::Unsupported, Repeat::Never),
            409 | 412 => (ErrorKind::Changed, Repeat::Never),
            413 => (ErrorKind::TooLarge, Repeat::Never),
            423 => (ErrorKind::Locked, Repeat::Never),
            429 => (ErrorKind::Throttled, Repeat::Always),
            503 if told_to_wait => (ErrorKind::Throttled, Repeat::Always),
            408 | 425 | 500 | 502 | 503 | 504 | 509 => (ErrorKind::Transient, Repeat::IfRepeatable),
            507 => (ErrorKind::QuotaExceeded, Repeat::Never),
            _ => (ErrorKind::Unexpected, Repeat::Never),
        };
        Self {
            kind,
            codes: Vec::new(),
            message: String::new(),
            repeat,
            retry_after: None,
            pauses_all: kind == ErrorKind::Throttled,
        }
    }

    /// With the service's codes and message.
    #[must_use]
    pub fn with_words(mut self, codes: Vec<String>, message: impl Into<String>) -> Self {
        self.codes = codes;
        self.message = message.into();
        self
    }

    /// With another meaning.
    #[must_use]
    pub fn with_meaning(mut self, kind: ErrorKind, repeat: Repeat) -> Self {
        self.kind = kind;
        self.repeat = repeat;
        self
    }
}
