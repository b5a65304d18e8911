//! The service account's key file (reference/google-drive.md §1.1).

use std::fmt;

use labeld_connector::http::Secret;
use labeld_connector::http::jwt::{Algorithm, SigningKey, sign};
use labeld_connector::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::json;

/// How long an assertion is good for; the service takes no more.
const LIFETIME: chrono::TimeDelta = chrono::TimeDelta::minutes(60);

/// How far before now an assertion begins: the service's clock may be a little behind what it last said.
const LEAD: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// The audience that the service takes wherever the request goes.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";

/// The service account, checked and ready to sign.
pub(crate) struct ServiceAccount {
    key: SigningKey,
    key_id: Option<String>,
    email: String,
    /// The number that the administrator types into the Admin console.
    pub(crate) client_id: Option<String>,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    private_key: Secret,
    #[serde(default)]
    private_key_id: Option<String>,
    client_email: String,
    #[serde(default)]
    client_id: Option<String>,
}

impl ServiceAccount {
    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`] when it is none, or its key cannot be used. The error shows nothing of the file.
    pub(crate) fn read(text: &Secret) -> Result<Self> {
        let file: KeyFile = serde_json::from_str(text.expose()).map_err(|_| {
            unusable("it is not a key file in JSON form as the Cloud console makes it")
        })?;
        if file.kind != "service_account" {
            return Err(unusable("it is not of a service account"));
        }
        let key = SigningKey::from_pem(file.private_key.expose().as_bytes(), None);
        Ok(Self {
            key: key.map_err(unusable)?,
            key_id: file.private_key_id,
            email: file.client_email,
            client_id: file.client_id,
        })
    }

    /// An assertion for a token with `scope` in the name of `user`.
    pub(crate) fn assertion(
        &self,
        user: &str,
        scope: &str,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Secret> {
        let header = match &self.key_id {
            Some(id) => json!({ "kid": id }),
            None => json!({}),
        };
        let begin = now - LEAD;
        let claims = json!({
            "iss": self.email,
            "sub": user,
            "scope": scope,
            "aud": AUDIENCE,
            "iat": begin.timestamp(),
            "exp": (begin + LIFETIME).timestamp(),
        });
        sign(header, &claims, &self.key, Algorithm::Rs256).map_err(unusable)
    }
}

fn unusable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "use",
        "the service account's key file",
    )
    .with_source(cause)
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("email", &self.email)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_key_file_is_refused_without_being_shown() {
        for text in [
            "",
            "{}",
            "topsecret",
            r#"{"type":"authorized_user","private_key":"topsecret","client_email":"a@b"}"#,
            r#"{"type":"service_account","private_key":"topsecret","client_email":"a@b"}"#,
        ] {
            let error = ServiceAccount::read(&Secret::from(text)).unwrap_err();
            let told = error.sentence();
            assert!(
                told.contains("key file") && !told.contains("topsecret"),
                "{told}"
            );
        }
    }
}
