//! Credentials do not go into the journal; a short hash in their place still tells which one was sent.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, Uri};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Query parameters and form fields that are credentials.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "password",
    "refresh_token",
    "tempauth",
];

/// Members of JSON answers that are credentials.
const SECRET_MEMBERS: &[&str] = &["access_token", "id_token", "refresh_token"];

/// Twelve hex digits of the SHA-256, which is enough to tell tokens apart.
fn fingerprint(secret: &[u8]) -> String {
    let digest = Sha256::digest(secret);
    let short = digest.get(..6).unwrap_or_default();
    format!("sha256:{}", HEXLOWER.encode(short))
}

/// Path and query without the values of secret parameters.
pub(super) fn target(uri: &Uri) -> String {
    match uri.query() {
        None => uri.path().to_owned(),
        Some(query) => format!("{}?{}", uri.path(), parameters(query)),
    }
}

fn parameters(encoded: &str) -> String {
    let redacted: Vec<String> = encoded
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, value)) if is_secret(name) => {
                format!("{name}={}", fingerprint(value.as_bytes()))
            }
            _ => parameter.to_owned(),
        })
        .collect();
    redacted.join("&")
}

fn is_secret(name: &str) -> bool {
    SECRET_PARAMETERS
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name))
}

/// The headers as pairs, without credentials.
pub(super) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = if name == AUTHORIZATION || name == PROXY_AUTHORIZATION {
                authorization(value.as_bytes())
            } else if name == COOKIE {
                fingerprint(value.as_bytes())
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// The scheme, and which credential.
fn authorization(value: &[u8]) -> String {
    let at = value.iter().position(|byte| *byte == b' ');
    let Some((scheme, credential)) = at.and_then(|at| value.split_at_checked(at)) else {
        return fingerprint(value);
    };
    format!(
        "{} {}",
        String::from_utf8_lossy(scheme),
        fingerprint(credential.trim_ascii())
    )
}

/// A form (`application/x-www-form-urlencoded`) without the values of secret fields. One that is not text
/// is kept as it is: no client sends such a form.
pub(crate) fn form_body(body: &Bytes) -> Bytes {
    match std::str::from_utf8(body) {
        Ok(form) => Bytes::from(parameters(form)),
        Err(_) => body.clone(),
    }
}

/// A JSON answer without the tokens in it.
pub(crate) fn json_body(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        for name in SECRET_MEMBERS {
            if let Some(Value::String(secret)) = members.get_mut(*name) {
                *secret = fingerprint(secret.as_bytes());
            }
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_replaced_in_targets() {
        for (sent, kept) in [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?b=c&d", "/a?b=c&d"),
            (
                "/a?tempauth=v1.x&b=c",
                "/a?tempauth=sha256:146ad38ff227&b=c",
            ),
            ("/a?TempAuth=v1.x", "/a?TempAuth=sha256:146ad38ff227"),
            ("/a?tempauth", "/a?tempauth"),
        ] {
            assert_eq!(target(&sent.parse().unwrap()), kept);
        }
    }

    #[test]
    fn credentials_are_replaced_in_headers_and_bodies() {
        assert_eq!(
            authorization(b"Bearer a"),
            format!("Bearer {}", fingerprint(b"a"))
        );
        assert_eq!(authorization(b"opaque"), fingerprint(b"opaque"));
        assert_eq!(
            form_body(&Bytes::from_static(b"client_id=x&client_secret=s")),
            format!("client_id=x&client_secret={}", fingerprint(b"s"))
        );
        assert_eq!(
            json_body(serde_json::json!({"access_token": "t", "expires_in": 3599})),
            serde_json::json!({"access_token": fingerprint(b"t"), "expires_in": 3599})
        );
    }
}
