//! The proofs in pre-authenticated URLs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::microsoft::state::State;
use crate::microsoft::state::item::Millis;
use crate::microsoft::state::transient::Place;

/// What a URL lets its holder do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// The file to be downloaded; `None` for other things.
    #[serde(rename = "p")]
    pub(super) place: Option<Place>,
    /// The upload or operation.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    #[serde(rename = "e")]
    pub(super) expires: Millis,
    /// Tells it from others.
    #[serde(rename = "n")]
    pub(super) nonce: u64,
    /// For whom it was made.
    #[serde(rename = "c")]
    pub(super) client_id: String,
}

impl Ticket {
    /// The text in a URL.
    pub(super) fn text(&self, state: &State) -> String {
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key(state), claims.as_bytes()));
        format!("v1.{claims}.{signature}")
    }

    /// Reads a text that [`text`](Self::text) made.
    pub(super) fn parse(text: &str, state: &State) -> Option<Self> {
        let (claims, signature) = text.strip_prefix("v1.")?.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&key(state), claims.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

fn key(state: &State) -> hmac::Key {
    hmac::Key::new(
        hmac::HMAC_SHA256,
        format!("url {}", state.signing_key).as_bytes(),
    )
}
