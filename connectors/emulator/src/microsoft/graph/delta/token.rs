//! The tokens of delta: opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::microsoft::state::item::{ItemIndex, Millis};
use crate::microsoft::state::tree::Tree;
use crate::microsoft::wire::{Call, Failure};

/// Where a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Position {
    /// In a full enumeration.
    #[serde(rename = "e")]
    Enumeration {
        /// The last item that was listed.
        #[serde(rename = "a")]
        after: Option<ItemIndex>,
        /// The number of items at the beginning.
        #[serde(rename = "n")]
        items: u32,
        /// The last change at the beginning.
        #[serde(rename = "s")]
        since: u64,
    },
    /// In a list of changes.
    #[serde(rename = "c")]
    Changes {
        #[serde(rename = "a")]
        after: u64,
        #[serde(rename = "u")]
        until: u64,
    },
    /// At the end of a list.
    #[serde(rename = "l")]
    Link {
        #[serde(rename = "a")]
        after: u64,
    },
}

impl Position {
    /// The beginning of a full enumeration.
    pub(super) fn enumeration(tree: &Tree, since: u64) -> Self {
        Self::Enumeration {
            after: None,
            items: u32::try_from(tree.len()).unwrap_or(u32::MAX),
            since,
        }
    }
}

/// The options of the first call, which its links remember.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Options {
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) select: Option<String>,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(super) expand: Option<String>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) top: Option<usize>,
}

impl Options {
    pub(super) fn of(call: &Call) -> Result<Self, Failure> {
        Ok(Self {
            select: call.parameter("$select").map(str::to_owned),
            expand: call.parameter("$expand").map(str::to_owned),
            top: call.top()?,
        })
    }

    /// These options, and where one is absent, that of `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            select: self.select.or(other.select),
            expand: self.expand.or(other.expand),
            top: self.top.or(other.top),
        }
    }
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    /// The library whose token it is.
    #[serde(rename = "d")]
    pub(super) list: Uuid,
    #[serde(rename = "p")]
    pub(super) position: Position,
    #[serde(rename = "v")]
    pub(super) epoch: u32,
    #[serde(rename = "i")]
    pub(super) issued: Millis,
    #[serde(rename = "o", default)]
    pub(super) options: Options,
}

impl Token {
    /// The text of the token.
    pub(super) fn text(&self) -> String {
        seal(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a token. `None` for anything that [`text`](Self::text) did not make.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_slice(&open(text)?).ok()
    }
}

/// The token of a position in the log of sites.
pub(super) fn sites(epoch: u32, after: u64) -> String {
    seal(&serde_json::to_vec(&(epoch, after)).unwrap_or_default())
}

/// Reads a token of the log of sites.
pub(super) fn parse_sites(text: &str) -> Option<(u32, u64)> {
    serde_json::from_slice(&open(text)?).ok()
}

/// Base64 with a sum, so that a token that was cut or changed is told from a good one.
fn seal(payload: &[u8]) -> String {
    let sum = Sha256::digest(payload);
    let mut sealed = payload.to_vec();
    sealed.extend_from_slice(&sum[..6]);
    URL_SAFE_NO_PAD.encode(sealed)
}

fn open(text: &str) -> Option<Vec<u8>> {
    let mut sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let sum = sealed.split_off(sealed.len().checked_sub(6)?);
    (Sha256::digest(&sealed)[..6] == sum).then_some(sealed)
}
