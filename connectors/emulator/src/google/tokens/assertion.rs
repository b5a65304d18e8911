//! Assertions that are signed with the service account's key (reference/google-drive.md §1.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use x509_parser::pem::parse_x509_pem;

use super::endpoint::Refusal;
use super::{CLIENT_EMAIL, KEY_ID};
use crate::APP_CERTIFICATE_PEM;
use crate::google::world::World;

/// The longest that an assertion may be good for, in seconds.
const LONGEST: i64 = 3600;

/// The audience that some clients always name.
const PUBLIC_AUDIENCE: &str = "https://oauth2.googleapis.com/token";

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
}

/// What an assertion says.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(default)]
    pub(super) scope: String,
    #[serde(default)]
    pub(super) sub: Option<String>,
}

/// Checks an assertion and gives back what it says.
pub(super) fn check(world: &World<'_>, assertion: &str) -> Result<Claims, Refusal> {
    let malformed = || Refusal::bad("invalid_grant", "Invalid JWT: Malformed assertion.");
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let header: Header = part(header).ok_or_else(malformed)?;
    let claims: Claims = part(claims).ok_or_else(malformed)?;
    if claims.iss != CLIENT_EMAIL {
        return Err(Refusal::bad(
            "invalid_grant",
            "Invalid grant: account not found",
        ));
    }
    let wrong_signature = || Refusal::bad("invalid_grant", "Invalid JWT Signature.");
    let names_key = header.kid.as_deref().is_none_or(|kid| kid == KEY_ID);
    if header.alg != "RS256" || !names_key {
        return Err(wrong_signature());
    }
    verify(signed.as_bytes(), &signature).ok_or_else(wrong_signature)?;
    let own = world.base.join("token").map(String::from);
    if claims.aud != PUBLIC_AUDIENCE && own.as_ref() != Ok(&claims.aud) {
        return Err(Refusal::bad(
            "invalid_grant",
            "Invalid JWT: Failed audience check.",
        ));
    }
    let now = world.now.timestamp();
    let lead = world.switches.assertion_lead_seconds;
    let is_in_time = now < claims.exp
        && claims.iat <= now.saturating_add(lead)
        && (0..=LONGEST).contains(&claims.exp.saturating_sub(claims.iat));
    if !is_in_time {
        return Err(Refusal::bad(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
             Check your iat and exp values in the JWT claim.",
        ));
    }
    Ok(claims)
}

fn verify(signed: &[u8], signature: &[u8]) -> Option<()> {
    let (_, pem) = parse_x509_pem(APP_CERTIFICATE_PEM.as_bytes()).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&pem.contents).ok()?;
    let key = certificate.public_key().subject_public_key.data.as_ref();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(signed, signature)
        .ok()
}

fn part<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
