//! What a rule says.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Target;
use crate::frame::glob;

/// To which requests, how often, and what. The control API takes the same as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The provider's name; each when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The host by the provider's name for it; each when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The method; each when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A pattern for the whole percent-decoded path: `*` is any characters but `/`, `**` any at all, `?`
    /// one but `/`. Each path when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// So many of the covered requests are let through first.
    #[serde(default)]
    pub skip: u64,
    /// The rule ends after so many hits; never when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The share of the requests that is hit, from 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// For the dice of `probability` and of effects that choose.
    #[serde(default)]
    pub seed: u64,
    /// What is done.
    pub effect: Effect,
}

fn always() -> f64 {
    1.0
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Answers in the service's place; the request is not handled.
    Status {
        /// The status, from 200 to 599.
        code: u16,
        /// Headers of the answer.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body: a string as it is, anything else as JSON, nothing for `null`.
        #[serde(default)]
        body: Value,
    },
    /// Waits so many milliseconds of real time before anything else. Adds up over rules.
    DelayMs(u64),
    /// The connection breaks after so many bytes of the answer's body. Only done to longer ones.
    CutAfter {
        /// How many bytes of the body are sent.
        bytes: u64,
    },
    /// Nothing comes behind so many bytes of the answer's body for a while, and then the connection breaks. Only done to
    /// longer ones.
    StallAfter {
        /// How many bytes of the body are sent.
        bytes: u64,
        /// How long it lasts, in milliseconds of real time.
        ms: u64,
    },
    /// The request is handled, and the connection closed without an answer.
    AnswerLost,
    /// The connection is closed without an answer, and the request not handled.
    RequestLost,
    /// 200 with a sign-in page in place of an answer, as proxies do; the request is not handled.
    Html,
    /// The first half of a JSON answer as if it were the whole.
    TruncatedJson,
    /// A 206 whose `Content-Range` is not that of its bytes.
    WrongContentRange,
    /// The provider repeats some items of a list.
    Duplicate,
    /// The provider lists the items in another order.
    Reorder,
    /// The provider says that a cursor has expired.
    ExpiredCursor,
    /// The provider answers as if the limit of calls were reached.
    Throttle {
        /// `Retry-After`, in seconds; none is sent when `None`.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The provider answers a read as if the last write had not happened.
    StaleRead,
    /// The provider answers with a page without items that has a next page.
    EmptyPage,
    /// The provider leaves everything but the id out of some items.
    IdOnly,
}

/// Why a rule cannot be put in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRule {
    /// The probability is not a number from 0 to 1.
    #[error("\"probability\" must be from 0 to 1")]
    Probability,
    /// No such status can be sent.
    #[error("\"code\" must be from 200 to 599, not {0}")]
    Status(u16),
    /// No such header can be sent.
    #[error("\"headers\": {0:?} is not a header that can be sent")]
    Header(String),
}

impl FaultRule {
    /// A rule that does `effect` to each request.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self {
            provider: None,
            host: None,
            method: None,
            path: None,
            skip: 0,
            count: None,
            probability: always(),
            seed: 0,
            effect,
        }
    }

    /// Only on this host of the providers.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Only with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only with a path that the pattern covers.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Lets the first `skip` requests through.
    #[must_use]
    pub fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// Ends after `count` hits.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Hits this share of the requests, by dice with this seed.
    #[must_use]
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = probability;
        self.seed = seed;
        self
    }

    pub(super) fn check(&self) -> Result<(), InvalidRule> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(InvalidRule::Probability);
        }
        let Effect::Status { code, headers, .. } = &self.effect else {
            return Ok(());
        };
        if !(200..=599).contains(code) || StatusCode::from_u16(*code).is_err() {
            return Err(InvalidRule::Status(*code));
        }
        for (name, value) in headers {
            if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
                return Err(InvalidRule::Header(name.clone()));
            }
        }
        Ok(())
    }

    pub(super) fn covers(&self, target: &Target) -> bool {
        let is = |wanted: &Option<String>, actual: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(actual))
        };
        is(&self.provider, target.provider)
            && is(&self.host, target.host)
            && is(&self.method, target.method.as_str())
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| glob::matches(pattern, &target.path))
    }
}

impl Effect {
    /// The name in the rule's JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::DelayMs(_) => "delay_ms",
            Self::CutAfter { .. } => "cut_after",
            Self::StallAfter { .. } => "stall_after",
            Self::AnswerLost => "answer_lost",
            Self::RequestLost => "request_lost",
            Self::Html => "html",
            Self::TruncatedJson => "truncated_json",
            Self::WrongContentRange => "wrong_content_range",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::ExpiredCursor => "expired_cursor",
            Self::Throttle { .. } => "throttle",
            Self::StaleRead => "stale_read",
            Self::EmptyPage => "empty_page",
            Self::IdOnly => "id_only",
        }
    }
}
