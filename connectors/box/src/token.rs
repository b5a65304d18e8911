//! Access tokens of the service account (reference/box.md §1.2 to §1.4).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use labeld_connector::http::{
    Call, CallFailure, FreshToken, Method, Secret, Service, TokenSource, Url, jwt,
};
use labeld_connector::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::options::BoxCredential;

/// How long an assertion is good for: at most a minute by the service's clock.
const ASSERTION_LIFETIME: TimeDelta = TimeDelta::seconds(40);

/// The audience of assertions, wherever the service is.
const AUDIENCE: &str = "https://api.box.com/oauth2/token";

const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How often a token is asked for, each time with a new assertion.
const ATTEMPTS: u32 = 5;

/// The longest wait between two attempts that is waited for here.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Everything of one attempt: an assertion does not live longer.
const ATTEMPT_TIME: Duration = Duration::from_secs(30);

const OPERATION: &str = "get a token for";

/// How the app proves who it is, checked and ready to use.
pub(crate) struct Proof {
    pub(crate) client_id: String,
    client_secret: Secret,
    pub(crate) enterprise_id: String,
    key: Option<Key>,
}

struct Key {
    id: String,
    signing: jwt::SigningKey,
}

/// The console's configuration file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigFile {
    box_app_settings: AppSettings,
    #[serde(rename = "enterpriseID")]
    enterprise_id: EnterpriseId,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum EnterpriseId {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppSettings {
    #[serde(rename = "clientID")]
    client_id: String,
    client_secret: Secret,
    app_auth: AppAuth,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppAuth {
    #[serde(rename = "publicKeyID")]
    public_key_id: String,
    private_key: Secret,
    #[serde(default)]
    passphrase: Option<Secret>,
}

impl Proof {
    /// # Errors
    ///
    /// When the configuration file or the key in it cannot be read.
    pub(crate) fn of(credential: &BoxCredential) -> Result<Self> {
        match credential {
            BoxCredential::ClientCredentials {
                client_id,
                client_secret,
                enterprise_id,
            } => Ok(Self {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                enterprise_id: enterprise_id.clone(),
                key: None,
            }),
            BoxCredential::Jwt { config_json } => {
                let file: ConfigFile =
                    serde_json::from_str(config_json.expose()).map_err(|cause| {
                        // The words of the parser may quote a secret.
                        let place = format!("line {}, column {}", cause.line(), cause.column());
                        unusable(format!(
                            "it does not have the fields of a configuration file from the developer console ({place})"
                        ))
                    })?;
                let AppSettings {
                    client_id,
                    client_secret,
                    app_auth,
                } = file.box_app_settings;
                let signing = jwt::SigningKey::from_pem(
                    app_auth.private_key.expose().as_bytes(),
                    app_auth.passphrase.as_ref(),
                )
                .map_err(unusable)?;
                Ok(Self {
                    client_id,
                    client_secret,
                    enterprise_id: match file.enterprise_id {
                        EnterpriseId::Text(id) => id,
                        EnterpriseId::Number(id) => id.to_string(),
                    },
                    key: Some(Key {
                        id: app_auth.public_key_id,
                        signing,
                    }),
                })
            }
        }
    }

    /// What it is, for people.
    pub(crate) fn shown(&self) -> &'static str {
        match self.key {
            Some(_) => "a signed assertion (JWT)",
            None => "client credentials",
        }
    }
}

fn unusable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = Error::new(
        ErrorKind::Unexpected,
        "use",
        "the configuration file of the app",
    );
    error.with_source(cause)
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("client_id", &self.client_id)
            .field("enterprise_id", &self.enterprise_id)
            .finish_non_exhaustive()
    }
}

/// Tokens of the service account.
#[derive(Debug)]
pub(crate) struct BoxTokens {
    pub(crate) service: Service,
    pub(crate) endpoint: Url,
    pub(crate) proof: Proof,
    /// The wait before the second attempt; each further one is twice as long.
    pub(crate) first_delay: Duration,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    expires_in: u64,
}

#[async_trait]
impl TokenSource for BoxTokens {
    async fn fetch(&self) -> Result<FreshToken> {
        let mut delay = self.first_delay;
        for _ in 1..ATTEMPTS {
            let error = match self.ask().await {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            let may_help = error.kind().is_retryable()
                // A page of a proxy in place of an answer.
                || error.kind() == ErrorKind::Malformed
                || is_about_time(&error);
            let wait = delay.max(error.retry_after().unwrap_or_default());
            if !may_help || wait > LONGEST_DELAY {
                return Err(explained(error));
            }
            tokio::time::sleep(wait).await;
            delay *= 2;
        }
        self.ask().await.map_err(explained)
    }
}

impl BoxTokens {
    /// One attempt, with an assertion of its own.
    async fn ask(&self) -> Result<FreshToken> {
        let Proof {
            client_id,
            client_secret,
            enterprise_id,
            key,
        } = &self.proof;
        let mut fields = vec![
            ("client_id", client_id.as_str()),
            ("client_secret", client_secret.expose()),
        ];
        let assertion;
        match key {
            Some(key) => {
                assertion = self.assertion(key)?;
                fields.push(("grant_type", JWT_GRANT));
                fields.push(("assertion", assertion.expose()));
            }
            None => fields.extend([
                ("grant_type", "client_credentials"),
                ("box_subject_type", "enterprise"),
                ("box_subject_id", enterprise_id),
            ]),
        }
        let call = Call::new(
            Method::POST,
            self.endpoint.clone(),
            OPERATION,
            self.context(),
        )
        .form(&fields)
        .deadline(ATTEMPT_TIME)
        .repeatable(false);
        let token: TokenAnswer = self.service.send(call).await?.json()?;
        Ok(FreshToken {
            token: token.access_token,
            lifetime: Duration::from_secs(token.expires_in),
        })
    }

    /// A new assertion by the service's clock.
    fn assertion(&self, key: &Key) -> Result<Secret> {
        let end = self.service.clock().now() + ASSERTION_LIFETIME;
        let header = json!({"kid": key.id});
        let claims = json!({
            "iss": self.proof.client_id,
            "sub": self.proof.enterprise_id,
            "box_sub_type": "enterprise",
            "aud": AUDIENCE,
            "jti": Uuid::new_v4().simple().to_string(),
            "exp": end.timestamp(),
        });
        jwt::sign(header, &claims, &key.signing, jwt::Algorithm::Rs512).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, OPERATION, self.context()).with_source(cause)
        })
    }

    fn context(&self) -> String {
        format!("enterprise {}", self.proof.enterprise_id)
    }
}

/// Whether the assertion was refused for a clock that is wrong or an id that was used (§1.3). The clock is
/// right now: the refusal itself told the time.
fn is_about_time(error: &Error) -> bool {
    match CallFailure::of(error) {
        Some(CallFailure::Refused { codes, message, .. }) => {
            let is_grant = codes.iter().any(|code| code == "invalid_grant");
            is_grant && (message.contains("'exp'") || message.contains("'jti'"))
        }
        _ => false,
    }
}

/// With what to do about it, where the service's words do not say (§1.4).
fn explained(error: Error) -> Error {
    if error.kind() != ErrorKind::Unauthenticated {
        return error;
    }
    let codes = CallFailure::of(&error)
        .map(CallFailure::codes)
        .unwrap_or_default();
    let fix = match codes.first().map(String::as_str) {
        Some("invalid_client") => "the client id or secret is wrong",
        Some("unauthorized_client") => {
            "an administrator must authorise the app: Admin Console → Integrations → Platform Apps Manager"
        }
        Some("invalid_request") => {
            "the app was made for another way to sign in: JWT and client credentials are two kinds of app"
        }
        _ => return error,
    };
    let (operation, context) = (error.operation(), error.context().to_owned());
    Error::new(ErrorKind::Unauthenticated, operation, context)
        .with_source(Explained { fix, cause: error })
}

/// A refusal with what to do about it.
#[derive(Debug)]
struct Explained {
    fix: &'static str,
    cause: Error,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fix)
    }
}

impl std::error::Error for Explained {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_file_is_read_or_refused_without_its_secrets() {
        let key = labeld_emulator::APP_KEY_ENCRYPTED_PEM;
        let file = |passphrase: &str, enterprise: &str| {
            format!(
                r#"{{"boxAppSettings":{{"clientID":"cid","clientSecret":"hush","appAuth":{{"publicKeyID":"kid","privateKey":{},"passphrase":"{passphrase}"}}}},"enterpriseID":{enterprise}}}"#,
                serde_json::Value::from(key)
            )
        };
        for (text, expected) in [
            (file("labeld-emulator", "\"900100\""), Ok("900100")),
            (file("labeld-emulator", "900100"), Ok("900100")),
            (file("wrong", "\"1\""), Err("wrong passphrase")),
            (
                "{\"clientSecret\":\"hush\"}".to_owned(),
                Err("fields of a configuration file"),
            ),
            ("hush".to_owned(), Err("fields of a configuration file")),
        ] {
            let proof = Proof::of(&BoxCredential::Jwt {
                config_json: text.into(),
            });
            match (proof, expected) {
                (Ok(proof), Ok(enterprise)) => {
                    assert_eq!(proof.enterprise_id, enterprise);
                    assert!(!format!("{proof:?}").contains("hush"));
                }
                (Err(error), Err(words)) => {
                    let told = error.sentence();
                    assert!(told.contains(words) && !told.contains("hush"), "{told}");
                }
                (proof, _) => panic!("{proof:?}"),
            }
        }
    }
}
