//! Access tokens, one for each impersonated user and scope (reference/google-drive.md §1.1).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use labeld_connector::http::{
    Call, CallFailure, FreshToken, Method, Secret, Service, TokenCache, TokenSource, Url,
};
use labeld_connector::{Error, Result};
use serde::Deserialize;

use crate::service_account::ServiceAccount;

const OPERATION: &str = "get a token for";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Most tokens that are kept. One that is needed again later is asked for again.
const MOST_TOKENS: usize = 500;

/// What a token is for. A request that names one scope that is not granted fails as a whole, so that each is asked for
/// by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scope {
    Drive,
    DriveReadOnly,
    Users,
    Domains,
    Groups,
    GroupMembers,
    Labels,
}

impl Scope {
    /// The scope as the administrator enters it.
    pub(crate) fn url(self) -> &'static str {
        match self {
            Self::Drive => "https://www.googleapis.com/auth/drive",
            Self::DriveReadOnly => "https://www.googleapis.com/auth/drive.readonly",
            Self::Users => "https://www.googleapis.com/auth/admin.directory.user.readonly",
            Self::Domains => "https://www.googleapis.com/auth/admin.directory.domain.readonly",
            Self::Groups => "https://www.googleapis.com/auth/admin.directory.group.readonly",
            Self::GroupMembers => {
                "https://www.googleapis.com/auth/admin.directory.group.member.readonly"
            }
            Self::Labels => "https://www.googleapis.com/auth/drive.admin.labels.readonly",
        }
    }

    /// Without what all scopes begin with.
    pub(crate) fn short(self) -> &'static str {
        let url = self.url();
        url.rsplit_once('/').map_or(url, |(_, name)| name)
    }
}

/// The tokens of an installation.
pub(crate) struct Tokens {
    service: Service,
    endpoint: Url,
    account: Arc<ServiceAccount>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    caches: HashMap<(String, Scope), (Arc<TokenCache>, u64)>,
    uses: u64,
}

impl Tokens {
    pub(crate) fn new(service: Service, endpoint: Url, account: Arc<ServiceAccount>) -> Self {
        Self {
            service,
            endpoint,
            account,
            held: Mutex::default(),
        }
    }

    /// The service account.
    pub(crate) fn account(&self) -> &ServiceAccount {
        &self.account
    }

    /// Tokens with `scope` in the name of `user`.
    pub(crate) fn of(&self, user: &str, scope: Scope) -> Arc<TokenCache> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        let key = (user.to_lowercase(), scope);
        if let Some((cache, last_use)) = held.caches.get_mut(&key) {
            *last_use = now;
            return Arc::clone(cache);
        }
        if held.caches.len() >= MOST_TOKENS {
            let oldest = held
                .caches
                .iter()
                .min_by_key(|(_, (_, last_use))| *last_use);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                held.caches.remove(&oldest);
            }
        }
        let source = UserTokens {
            service: self.service.clone(),
            endpoint: self.endpoint.clone(),
            account: Arc::clone(&self.account),
            user: user.to_owned(),
            scope,
        };
        let cache = Arc::new(TokenCache::new(Arc::new(source)));
        held.caches.insert(key, (Arc::clone(&cache), now));
        cache
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Tokens of one user with one scope.
#[derive(Debug)]
struct UserTokens {
    service: Service,
    endpoint: Url,
    account: Arc<ServiceAccount>,
    user: String,
    scope: Scope,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    expires_in: u64,
}

#[async_trait]
impl TokenSource for UserTokens {
    async fn fetch(&self) -> Result<FreshToken> {
        match self.ask().await {
            // The first answer may have set the clock right.
            Err(error) if says_clock_is_wrong(&error) => self.ask().await,
            outcome => outcome,
        }
        .map_err(|error| self.explained(error))
    }
}

impl UserTokens {
    async fn ask(&self) -> Result<FreshToken> {
        let now = self.service.clock().now();
        let assertion = self.account.assertion(&self.user, self.scope.url(), now)?;
        let context = format!("{} as {}", self.scope.short(), self.user);
        let call = Call::new(Method::POST, self.endpoint.clone(), OPERATION, context)
            .form(&[
                ("grant_type", GRANT_TYPE),
                ("assertion", assertion.expose()),
            ])
            // A second token does no harm.
            .repeatable(true);
        let token: TokenAnswer = self.service.send(call).await?.json()?;
        Ok(FreshToken {
            token: token.access_token,
            lifetime: Duration::from_secs(token.expires_in),
        })
    }

    /// Adds what the operator can do about a refusal that has a well-known cause.
    fn explained(&self, error: Error) -> Error {
        let Some(CallFailure::Refused { codes, message, .. }) = CallFailure::of(&error) else {
            return error;
        };
        let code = codes.first().map(String::as_str);
        let Some(advice) = self.advice(code, message) else {
            return error;
        };
        Error::new(error.kind(), error.operation(), error.context()).with_source(TokenRefused {
            advice,
            source: error,
        })
    }

    fn advice(&self, code: Option<&str>, message: &str) -> Option<String> {
        let client = self
            .account
            .client_id
            .as_deref()
            .unwrap_or("of the service account");
        match code? {
            "unauthorized_client" => Some(format!(
                "the scope {} is not granted to client {client}: add it in the Admin console under Security → Access and data \
                 control → API controls → Domain-wide delegation (a change takes minutes, at most a day)",
                self.scope.url()
            )),
            "invalid_grant" if is_about_user(message) => Some(format!(
                "{} is no primary address of a user",
                self.user
            )),
            "invalid_grant" if message.contains("Signature") => Some(
                "the key of the service account is wrong or was deleted: make a new one in the Cloud console".to_owned(),
            ),
            "invalid_grant" if message.contains("account not found") => {
                Some("the service account was deleted".to_owned())
            }
            "invalid_grant" if message.contains("timeframe") => {
                Some("the clock of this machine is wrong".to_owned())
            }
            "invalid_client" | "disabled_client" | "deleted_client" => {
                Some("the Cloud project or the service account is disabled".to_owned())
            }
            _ => None,
        }
    }
}

/// A refusal with what can be done about it.
#[derive(Debug, thiserror::Error)]
#[error("{advice}")]
struct TokenRefused {
    advice: String,
    source: Error,
}

fn says_clock_is_wrong(error: &Error) -> bool {
    matches!(CallFailure::of(error), Some(CallFailure::Refused { message, .. }) if message.contains("timeframe"))
}

/// Whether a refusal is about the user alone and not about the service account. The texts are hints, no
/// contract.
pub(crate) fn is_about_user(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("email") || message.contains("account has been deleted")
}
