//! Access tokens from Entra (reference/microsoft-graph.md §1.1, §1.2, §1.7).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use labeld_connector::http::{
    Call, CallFailure, FreshToken, Method, Secret, Service, TokenSource, Url, jwt,
};
use labeld_connector::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// How long an assertion is good for. Entra takes five to ten minutes.
const ASSERTION_LIFETIME: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// How far before now an assertion begins: the service's clock may be a little behind what it last said.
const ASSERTION_LEAD: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

const OPERATION: &str = "get a token for";

/// How the app proves who it is.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A client secret. SharePoint REST accepts no token that was had for one, so that check-out
    /// requirements of libraries and locks of files remain unknown.
    Secret(Secret),
    /// A certificate that is registered for the app, with its private key.
    Certificate {
        /// The certificate in PEM form.
        certificate_pem: Vec<u8>,
        /// Its private key in PEM form: PKCS#8, PKCS#1 or encrypted PKCS#8.
        private_key_pem: Secret,
        /// The key's passphrase, where it is encrypted.
        passphrase: Option<Secret>,
    },
}

/// A credential, checked and ready to use.
pub(crate) enum Proof {
    Secret(Secret),
    Certificate {
        key: jwt::SigningKey,
        thumbprint: String,
    },
}

impl Proof {
    /// # Errors
    ///
    /// When the certificate or the key cannot be read.
    pub(crate) fn of(credential: &Credential) -> Result<Self> {
        match credential {
            Credential::Secret(secret) => Ok(Self::Secret(secret.clone())),
            Credential::Certificate {
                certificate_pem,
                private_key_pem,
                passphrase,
            } => {
                let key = jwt::SigningKey::from_pem(
                    private_key_pem.expose().as_bytes(),
                    passphrase.as_ref(),
                )
                .map_err(unusable)?;
                if !jwt::certificate_is_for(certificate_pem, &key).map_err(unusable)? {
                    return Err(unusable("the private key is not the certificate's"));
                }
                let thumbprint = jwt::certificate_sha256(certificate_pem).map_err(unusable)?;
                Ok(Self::Certificate { key, thumbprint })
            }
        }
    }

    /// Whether SharePoint REST accepts tokens that were had for it.
    pub(crate) fn is_certificate(&self) -> bool {
        matches!(self, Self::Certificate { .. })
    }
}

fn unusable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = Error::new(ErrorKind::Unexpected, "use", "the certificate of the app");
    error.with_source(cause)
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(..)",
            Self::Certificate { .. } => "Certificate { .. }",
        })
    }
}

/// Tokens for one resource.
#[derive(Debug)]
pub(crate) struct EntraTokens {
    pub(crate) service: Service,
    pub(crate) endpoint: Url,
    pub(crate) client_id: String,
    pub(crate) proof: Arc<Proof>,
    /// `https://graph.microsoft.com/.default`.
    pub(crate) scope: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    expires_in: u64,
}

#[async_trait]
impl TokenSource for EntraTokens {
    async fn fetch(&self) -> Result<FreshToken> {
        let asked = match self.ask().await {
            // The first call of a machine with a wrong clock: the refusal has told the service's time.
            Err(error) if is_outside_its_time(&error) => self.ask().await,
            asked => asked,
        };
        asked.map_err(explained)
    }
}

impl EntraTokens {
    async fn ask(&self) -> Result<FreshToken> {
        let mut fields = vec![
            ("client_id", self.client_id.as_str()),
            ("scope", self.scope.as_str()),
            ("grant_type", "client_credentials"),
        ];
        let assertion;
        match &*self.proof {
            Proof::Secret(secret) => fields.push(("client_secret", secret.expose())),
            Proof::Certificate { key, thumbprint } => {
                assertion = self.assertion(key, thumbprint)?;
                fields.push((
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ));
                fields.push(("client_assertion", assertion.expose()));
            }
        }
        let call = Call::new(Method::POST, self.endpoint.clone(), OPERATION, &*self.scope)
            .form(&fields)
            .units(0)
            // A second token does no harm.
            .repeatable(true);
        let answer = self.service.send(call).await?;
        let token: TokenAnswer = answer.json()?;
        Ok(FreshToken {
            token: token.access_token,
            lifetime: Duration::from_secs(token.expires_in),
        })
    }

    fn assertion(&self, key: &jwt::SigningKey, thumbprint: &str) -> Result<Secret> {
        let now = self.service.clock().now();
        let header = json!({"x5t#S256": thumbprint});
        let claims = json!({
            "aud": self.endpoint.as_str(),
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": Uuid::new_v4(),
            "nbf": (now - ASSERTION_LEAD).timestamp(),
            "iat": now.timestamp(),
            "exp": (now + ASSERTION_LIFETIME).timestamp(),
        });
        jwt::sign(header, &claims, key, jwt::Algorithm::Ps256).map_err(unusable)
    }
}

/// Whether an assertion was refused because of its times.
fn is_outside_its_time(error: &Error) -> bool {
    let codes = CallFailure::of(error).map(CallFailure::codes);
    codes.is_some_and(|codes| codes.iter().any(|code| code == "AADSTS700024"))
}

/// A refusal with what the operator can do about it.
#[derive(Debug, thiserror::Error)]
#[error("{advice}")]
struct TokenRefused {
    advice: &'static str,
    source: Error,
}

/// Adds advice to the refusals that have a well-known cause.
fn explained(error: Error) -> Error {
    let advice = CallFailure::of(&error)
        .and_then(|failure| failure.codes().iter().find_map(|code| advice_on(code)));
    match advice {
        Some(advice) => {
            Error::new(error.kind(), error.operation(), error.context()).with_source(TokenRefused {
                advice,
                source: error,
            })
        }
        None => error,
    }
}

/// What a refusal of the token endpoint means for the operator (§1.1).
fn advice_on(code: &str) -> Option<&'static str> {
    Some(match code.strip_prefix("AADSTS")? {
        "700016" => {
            "the app is not known in this tenant: check the client id and the tenant id, and that an administrator has consented"
        }
        "7000215" => {
            "the client secret is wrong: copy the secret's value, not its id, from Entra admin centre → App registrations → Certificates & secrets"
        }
        "7000222" => {
            "the client secret has expired: make a new one in Entra admin centre → App registrations → Certificates & secrets"
        }
        "700027" => {
            "the certificate is not registered for the app, or is not the private key's: upload it in Entra admin centre → App registrations → Certificates & secrets"
        }
        "700024" => "the clock of this machine is wrong: the assertion is outside its time",
        "90002" => "the tenant does not exist: check the tenant id and the cloud",
        "500011" => {
            "the resource is unknown in this tenant: check the SharePoint address and the cloud"
        }
        "70011" => "the scope is not accepted: check the cloud",
        _ => return None,
    })
}
