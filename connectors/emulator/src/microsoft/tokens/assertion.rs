//! Assertions that are signed with an application's certificate (reference/microsoft-graph.md §1.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use x509_parser::pem::parse_x509_pem;

use super::endpoint::Refusal;
use crate::microsoft::state::directory::{Application, Certificate};
use crate::microsoft::world::World;

/// Seconds by which clocks may differ.
const SKEW: i64 = 300;

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    x5t: Option<String>,
    #[serde(default, rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    exp: Option<i64>,
}

/// Checks an assertion for `application`, made for `endpoint`.
pub(super) fn check(
    world: &mut World<'_>,
    application: &Application,
    endpoint: &str,
    assertion: &str,
) -> Result<(), Refusal> {
    let malformed = || Refusal::client(50027, "JWT token is invalid or malformed.");
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let header: Header = part(header).ok_or_else(malformed)?;
    let claims: Claims = part(claims).ok_or_else(malformed)?;

    let algorithm: &dyn VerificationAlgorithm = match &*header.alg {
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "RS256" if world.switches.rs256_assertions => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(not_registered("The algorithm is not supported.")),
    };
    let der = application
        .certificates
        .iter()
        .filter_map(der)
        .find(|der| header.names(der))
        .ok_or_else(|| not_registered("The certificate with identifier used to sign the client assertion is not registered on application."))?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der)
        .map_err(|_| not_registered("The certificate cannot be read."))?;
    UnparsedPublicKey::new(
        algorithm,
        certificate.public_key().subject_public_key.data.as_ref(),
    )
    .verify(signed.as_bytes(), &signature)
    .map_err(|_| not_registered("The key was not found or the signature is invalid."))?;

    check_claims(world, application, endpoint, &claims)
}

fn check_claims(
    world: &mut World<'_>,
    application: &Application,
    endpoint: &str,
    claims: &Claims,
) -> Result<(), Refusal> {
    if claims.aud != endpoint {
        return Err(Refusal::client(
            700_023,
            "Client assertion audience claim does not match Realm issuer.",
        ));
    }
    if claims.iss != application.client_id || claims.sub != application.client_id {
        return Err(Refusal::client(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        ));
    }
    let now = world.now.timestamp();
    let exp = claims.exp.filter(|exp| now < exp.saturating_add(SKEW));
    let begun = claims.nbf.is_none_or(|nbf| nbf.saturating_sub(SKEW) <= now);
    let Some(exp) = exp.filter(|_| begun) else {
        return Err(Refusal::client(
            700_024,
            "Client assertion is not within its valid time range.",
        ));
    };
    let used = &mut world.state.used_assertions;
    used.retain(|_, end| now < end.saturating_add(SKEW));
    let is_new = claims
        .jti
        .as_ref()
        .is_none_or(|jti| used.insert(jti.clone(), exp).is_none());
    if world.switches.refuse_repeated_jti && (!is_new || claims.jti.is_none()) {
        return Err(Refusal::client(50013, "The assertion was used before."));
    }
    Ok(())
}

impl Header {
    /// Whether it names the certificate by one of its thumbprints.
    fn names(&self, der: &[u8]) -> bool {
        let is = |thumbprint: &Option<String>, algorithm| {
            thumbprint.as_ref().is_some_and(|thumbprint| {
                *thumbprint == URL_SAFE_NO_PAD.encode(digest::digest(algorithm, der))
            })
        };
        is(&self.x5t_s256, &digest::SHA256)
            || (self.alg == "RS256" && is(&self.x5t, &digest::SHA1_FOR_LEGACY_USE_ONLY))
    }
}

fn not_registered(why: &str) -> Refusal {
    Refusal::client(
        700_027,
        &format!("Client assertion failed signature validation. {why}"),
    )
}

fn part<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn der(certificate: &Certificate) -> Option<Vec<u8>> {
    parse_x509_pem(certificate.pem.as_bytes())
        .ok()
        .map(|(_, pem)| pem.contents)
}
