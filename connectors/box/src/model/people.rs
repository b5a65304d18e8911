//! Users, and who was given access (reference/box.md §2.1, §8).

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::tolerant::{self, Id};

/// A user, whole or as they stand in other things.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: Id,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) login: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) role: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) enterprise: Option<Enterprise>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) tracking_codes: Option<Vec<TrackingCode>>,
}

/// The enterprise of a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Enterprise {
    pub(crate) id: Id,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
}

/// An attribute that an administrator gave a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TrackingCode {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) value: Option<String>,
}

/// That a user is in a group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Membership {
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) user: Option<Person>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) group: Option<Grantee>,
}

/// An invitation.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Collaboration {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) role: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) accessible_by: Option<Grantee>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) invite_email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Grantee {
    #[serde(rename = "type", default, deserialize_with = "tolerant::text")]
    pub(crate) kind: Option<String>,
    pub(crate) id: Id,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) login: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) group_type: Option<String>,
}
