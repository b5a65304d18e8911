//! Signed assertions (reference/box.md §1.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE64;
use ring::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaKeyPair, RsaParameters, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::refusal::Refusal;
use crate::APP_KEY_PEM;
use crate::box_service::world::World;

/// The audience, wherever the server is.
const AUDIENCE: &str = "https://api.box.com/oauth2/token";

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// Whom the assertion is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) kind: String,
    pub(crate) id: String,
}

/// Checks an assertion and takes note of its `jti`.
///
/// # Errors
///
/// What of it is wrong, in the words of the service.
pub(crate) fn check(world: &mut World<'_>, assertion: &str) -> Result<Subject, Refusal> {
    let claims = signed_claims(world, assertion)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(&world.state.app.client_id) {
        return Err(wrong("Please check the 'iss' claim."));
    }
    if text("aud") != Some(AUDIENCE) {
        return Err(wrong("Please check the 'aud' claim."));
    }
    check_end(world, claims.get("exp"))?;
    let (Some(kind), Some(id)) = (text("box_sub_type"), text("sub")) else {
        return Err(wrong(
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ));
    };
    check_unique(world, text("jti").unwrap_or_default())?;
    Ok(Subject {
        kind: kind.to_owned(),
        id: id.to_owned(),
    })
}

fn wrong(description: &str) -> Refusal {
    Refusal::oauth("invalid_grant", description)
}

fn signed_claims(world: &World<'_>, assertion: &str) -> Result<Value, Refusal> {
    let mut parts = assertion.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong("The assertion is not a JWT."));
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let known: Header = decoded(header)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| wrong("The header of the assertion cannot be read."))?;
    if known.kid.as_deref() != Some(&world.state.app.public_key_id) {
        return Err(wrong("Please check the 'kid' header."));
    }
    let algorithm = algorithm(&known.alg).ok_or_else(|| wrong("Please check the 'alg' header."))?;
    let signed = format!("{header}.{claims}");
    let signature = decoded(signature).unwrap_or_default();
    let key = public_key().ok_or_else(|| wrong("OAuth JWT signature verification failed."))?;
    UnparsedPublicKey::new(algorithm, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| wrong("OAuth JWT signature verification failed."))?;
    decoded(claims)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| wrong("The claims of the assertion cannot be read."))
}

fn algorithm(name: &str) -> Option<&'static RsaParameters> {
    match name {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

/// The public half of the emulator's key.
fn public_key() -> Option<Vec<u8>> {
    let encoded: String = APP_KEY_PEM
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = BASE64.decode(encoded.as_bytes()).ok()?;
    let pair = RsaKeyPair::from_pkcs8(&der).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}

fn check_end(world: &World<'_>, end: Option<&Value>) -> Result<(), Refusal> {
    let end = end
        .and_then(Value::as_i64)
        .ok_or_else(|| wrong("Please check the 'exp' claim."))?;
    let now = world.now.timestamp();
    if end <= now {
        return Err(wrong(
            "Please check the 'exp' claim. Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
        ));
    }
    if end > now + i64::from(world.switches.assertion_seconds) {
        return Err(wrong(
            "Please check the 'exp' claim. The 'exp' claim exceeds the maximum value of 60 seconds beyond the issue time.",
        ));
    }
    Ok(())
}

fn check_unique(world: &mut World<'_>, jti: &str) -> Result<(), Refusal> {
    let unique = "Please check the 'jti' claim. A unique 'jti' value is required.";
    if !(16..=128).contains(&jti.len()) {
        return Err(wrong(unique));
    }
    let now = world.millis();
    world.state.used_assertions.retain(|_, until| *until > now);
    let until = now + 2 * i64::from(world.switches.assertion_seconds) * 1000;
    match world.state.used_assertions.insert(jti.to_owned(), until) {
        None => Ok(()),
        Some(_) => Err(wrong(unique)),
    }
}
