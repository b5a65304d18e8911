//! Signed assertions (RFC 7515, RFC 7519) with which an app shows who it is: Entra's certificate
//! credential (microsoft-graph.md §1.2), Google's and Box's service accounts (google-drive.md §1.1,
//! box.md §1.3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
use serde_json::Value;

pub use super::key::{KeyError, SigningKey};
use super::pem;
use super::secret::Secret;

/// How an assertion is signed (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

impl Algorithm {
    /// The name in the header's `alg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
        }
    }

    fn encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Rs256 => &RSA_PKCS1_SHA256,
            Self::Rs512 => &RSA_PKCS1_SHA512,
            Self::Ps256 => &RSA_PSS_SHA256,
        }
    }
}

/// Why an assertion could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// Header or claims are not a JSON object.
    #[error("cannot sign the assertion: header and claims must be JSON objects")]
    NotAnObject,
    /// The system gives no random numbers, or the key cannot sign.
    #[error("cannot sign the assertion: the cryptography library failed")]
    Signature,
    /// Not a certificate.
    #[error("cannot read the certificate: no PEM block \"CERTIFICATE\" found")]
    NoCertificate,
}

/// A signed assertion. `alg` and, where it is missing, `typ` are put into the header.
///
/// # Errors
///
/// [`JwtError`].
pub fn sign(
    mut header: Value,
    claims: &Value,
    key: &SigningKey,
    algorithm: Algorithm,
) -> Result<Secret, JwtError> {
    let fields = header.as_object_mut().ok_or(JwtError::NotAnObject)?;
    fields.insert("alg".to_owned(), algorithm.name().into());
    fields.entry("typ").or_insert_with(|| "JWT".into());
    if !claims.is_object() {
        return Err(JwtError::NotAnObject);
    }
    let mut signed = URL_SAFE_NO_PAD.encode(header.to_string());
    signed.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut signed);
    let mut signature = vec![0; key.pair().public().modulus_len()];
    key.pair()
        .sign(
            algorithm.encoding(),
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .map_err(|_| JwtError::Signature)?;
    signed.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut signed);
    Ok(Secret::new(signed))
}

/// The thumbprint of the first certificate of a PEM file, as the header `x5t#S256` has it: base64url
/// without padding of the SHA-256 of the DER form (RFC 7515 §4.1.8).
///
/// # Errors
///
/// [`JwtError::NoCertificate`].
pub fn certificate_sha256(pem: &[u8]) -> Result<String, JwtError> {
    let der = certificate(pem)?;
    Ok(URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)))
}

/// Whether the first certificate of a PEM file is for this key. Entra answers a wrong pair with "invalid
/// client", which leads nobody to the cause.
///
/// # Errors
///
/// [`JwtError::NoCertificate`].
pub fn certificate_is_for(pem: &[u8], key: &SigningKey) -> Result<bool, JwtError> {
    let der = certificate(pem)?;
    let public = key.public_der();
    // A certificate has the public key in exactly this form (RFC 5280 §4.1.2.7).
    Ok(der.windows(public.len()).any(|part| part == public))
}

fn certificate(pem: &[u8]) -> Result<Vec<u8>, JwtError> {
    pem::blocks(pem)
        .into_iter()
        .find(|block| block.label == "CERTIFICATE")
        .and_then(|block| Some(block.der?.to_vec()))
        .ok_or(JwtError::NoCertificate)
}
