//! The values of switches that are more than yes and no.

use serde::{Deserialize, Serialize};

/// Whether a call exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It does.
    Available,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 500 with code `generalException`.
    Failing,
}

/// The fields of a v1.0 label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelShape {
    /// Those of the metadata; `displayName` is null.
    Metadata,
    /// Those of the documentation.
    Docs,
    /// Those of both.
    Both,
}

/// The form of next and delta links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkForm {
    /// `…/root/delta?token=…`
    Query,
    /// `…/root/delta(token='…')`
    Function,
    /// `…/root/microsoft.graph.delta?token=…`
    QualifiedQuery,
}

/// The answer to a delta token that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadTokenAnswer {
    /// 400 `invalidRequest`.
    BadRequest,
    /// 410 `syncStateNotFound`.
    Gone,
}

/// What a deleted entry of delta carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletedForm {
    /// `id` and an empty `deleted`.
    IdOnly,
    /// `id`, `deleted` with a state, parent, times and facet, but no `name`.
    Nameless,
    /// As `Nameless`, with `name`.
    Full,
}

/// How an item looks whose hash is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashlessForm {
    /// `"hashes":{}`
    EmptyHashes,
    /// No `hashes`.
    NoHashes,
}

/// What `sensitivityLabel` shows on an unlabelled item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlabelledForm {
    /// `null`.
    Null,
    /// Nothing at all.
    Missing,
    /// `{}`.
    EmptyObject,
    /// Empty strings, and `protectionEnabled` false.
    EmptyStrings,
}

/// What `If-Match` does when content is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfMatch {
    /// 412 `resourceModified`.
    Honour412,
    /// 409 `resourceModified`.
    Honour409,
    /// 412 `notAllowed` with inner `preconditionFailed`.
    HonourNotAllowed,
    /// Nothing: the content is replaced.
    Ignore,
}

/// Whether and when SharePoint writes library columns into an uploaded Office file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promotion {
    /// Never.
    Off,
    /// Right after the answer: what is read next differs from what was sent.
    AfterAnswer,
    /// After so many milliseconds of the emulator's clock.
    AfterMilliseconds(u32),
}

/// The shape of extracted labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtractShape {
    /// `{"labels":[…]}`
    TopLevel,
    /// `{"value":{"labels":[…]}}`, as the docs show.
    Wrapped,
}

/// The answer where an item has no retention label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRetentionLabel {
    /// 200 with nulls.
    Nulls,
    /// 404 `itemNotFound`.
    NotFound,
}

/// Limits, those of the smallest tenants (§8.1). The units are always counted; they are refused when `enabled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleSwitches {
    /// Whether calls over the limits are refused. Off: tests would wait for real minutes.
    pub enabled: bool,
    /// Resource units per app and tenant in a minute.
    pub units_per_minute: u32,
    /// Resource units per app and tenant in 24 hours.
    pub units_per_day: u32,
    /// Resource units per tenant in five minutes.
    pub tenant_units_per_five_minutes: u32,
    /// Calls of the sharing APIs per app in five minutes; `None` for no limit. Which APIs are meant is not
    /// said: every permission call is counted.
    pub sharing_calls_per_five_minutes: Option<u32>,
    /// Label assignments per tenant in five minutes. Refused even when not `enabled`: the number is small.
    pub assignments_per_five_minutes: u32,
    /// Units that fetching a download URL costs (§4).
    pub download_units: u32,
    /// Whether `RateLimit-*` headers are sent from 80 % of the minute's units on.
    pub rate_limit_headers: bool,
    /// The code in the body (§8.2): `activityLimitReached`, `TooManyRequests` or `ApplicationThrottled`.
    pub code: String,
    /// 429 or 503.
    pub status: u16,
}

impl Default for ThrottleSwitches {
    fn default() -> Self {
        Self {
            enabled: false,
            units_per_minute: 1250,
            units_per_day: 1_200_000,
            tenant_units_per_five_minutes: 18_750,
            sharing_calls_per_five_minutes: Some(300),
            assignments_per_five_minutes: 100,
            download_units: 1,
            rate_limit_headers: true,
            code: "activityLimitReached".to_owned(),
            status: 429,
        }
    }
}
