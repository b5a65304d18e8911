//! The tokens themselves.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use ring::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Resource;
use crate::microsoft::state::State;
use crate::microsoft::wire::Caller;
use crate::microsoft::world::{Bases, World};

/// The claims of an access token (reference/microsoft-graph.md §1.3).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) aud: String,
    pub(super) iss: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) appid: String,
    /// `1` secret, `2` certificate.
    pub(super) appidacr: String,
    pub(super) app_displayname: String,
    pub(super) idtyp: String,
    /// Absent when nothing was consented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    pub(super) tid: Uuid,
    pub(super) uti: String,
    pub(super) ver: String,
    /// Of the emulator's own: tokens from before a revocation have a smaller number.
    pub(super) epoch: u32,
}

/// What a good token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) caller: Caller,
    pub(crate) resource: Resource,
    /// Whether a secret, and not a certificate, was used to get it.
    pub(crate) by_secret: bool,
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error("Access token is empty.")]
    Missing,
    #[error("IDX14100: JWT is not well formed, there are no dots (.).")]
    Malformed,
    #[error("Access token validation failure. Invalid signature.")]
    Signature,
    #[error("Lifetime validation failed, the token is expired.")]
    Expired,
    #[error("Access token validation failure. Invalid audience.")]
    Audience,
}

/// Signs the claims.
pub(super) fn mint(state: &State, claims: &Claims) -> String {
    let part = |value: Vec<u8>| URL_SAFE_NO_PAD.encode(value);
    let header = part(br#"{"typ":"JWT","alg":"HS256","kid":"emulator"}"#.to_vec());
    let claims = part(serde_json::to_vec(claims).unwrap_or_default());
    let signed = format!("{header}.{claims}");
    let signature = part(hmac::sign(&key(state), signed.as_bytes()).as_ref().to_vec());
    format!("{signed}.{signature}")
}

fn key(state: &State) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, state.signing_key.as_bytes())
}

/// The token in the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// Checks a token.
pub(crate) fn verify(world: &World<'_>, token: Option<&str>) -> Result<Verified, InvalidToken> {
    let token = token.ok_or(InvalidToken::Missing)?;
    let claims = checked_claims(world.state, token)?;
    let now = world.now.timestamp();
    if claims.exp <= now || claims.epoch < world.state.token_epoch {
        return Err(InvalidToken::Expired);
    }
    let resource = resource(&claims, world.state, world.bases).ok_or(InvalidToken::Audience)?;
    Ok(Verified {
        caller: Caller {
            client_id: claims.appid,
            roles: claims.roles,
        },
        resource,
        by_secret: claims.appidacr == "1",
    })
}

fn checked_claims(state: &State, token: &str) -> Result<Claims, InvalidToken> {
    let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Malformed)?;
    let (_, claims) = signed.split_once('.').ok_or(InvalidToken::Malformed)?;
    let decode = |part: &str| {
        URL_SAFE_NO_PAD
            .decode(part)
            .map_err(|_| InvalidToken::Malformed)
    };
    let (claims, signature) = (decode(claims)?, decode(signature)?);
    hmac::verify(&key(state), signed.as_bytes(), &signature)
        .map_err(|_| InvalidToken::Signature)?;
    serde_json::from_slice(&claims).map_err(|_| InvalidToken::Malformed)
}

fn resource(claims: &Claims, state: &State, bases: &Bases) -> Option<Resource> {
    if claims.tid != state.tenant_id {
        return None;
    }
    Resource::named(&claims.aud, state, bases)
}
