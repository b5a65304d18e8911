//! Calls to the services: which address, whose token, what they cost.

use std::sync::Arc;
use std::time::Duration;

use labeld_connector::http::{
    Answer, Call, CallFailure, Method, Network, PaceOptions, Pacer, ServerClock, Service, Url,
    shown_url,
};
use labeld_connector::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::dialect::Google;
use crate::eyes::{Everybody, Eyes};
use crate::options::{GoogleEndpoints, GoogleOptions, QuotaUnits};
use crate::service_account::ServiceAccount;
use crate::token::{Scope, Tokens};

/// The bound of one answer, in bytes: a page of 1000 files of 30 KiB.
const MOST_ANSWER: u64 = 32 << 20;

/// Calls to the directory in a minute: half of what a user and project may make (§2.1).
const DIRECTORY_CALLS: u32 = 1200;

/// Requests for tokens in a minute. No bound is documented.
const TOKEN_CALLS: u32 = 1200;

/// What a call is for, as errors tell it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'a> {
    pub(crate) operation: &'static str,
    pub(crate) context: &'a str,
}

impl<'a> Purpose<'a> {
    pub(crate) fn new(operation: &'static str, context: &'a str) -> Self {
        Self { operation, context }
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, self.context)
    }

    pub(crate) fn malformed(&self, why: &'static str) -> Error {
        self.error(ErrorKind::Malformed).with_source(why)
    }
}

/// A call that counts for the user who is impersonated, and for the project.
#[derive(Debug)]
pub(crate) struct DriveCall {
    call: Call,
    units: u32,
    eyes: Arc<Eyes>,
    /// What to say when its turn does not come.
    overdue: Error,
}

impl DriveCall {
    /// With more said of the call.
    #[must_use]
    pub(crate) fn set(self, change: impl FnOnce(Call) -> Call) -> Self {
        Self {
            call: change(self.call),
            ..self
        }
    }
}

/// The services of one installation.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) endpoints: GoogleEndpoints,
    pub(crate) units: QuotaUnits,
    pub(crate) drive: Service,
    directory: Service,
    tokens: Tokens,
    everybody: Everybody,
    /// How long a call may wait for its turn.
    patience: Duration,
    /// Whom the directory is asked as.
    pub(crate) admin: String,
    drive_scope: Scope,
}

impl Client {
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`] when an address may not be called, the key file cannot be used, or the network cannot be
    /// set up.
    pub(crate) fn new(options: &GoogleOptions) -> Result<Self> {
        options.endpoints.check()?;
        let account = Arc::new(ServiceAccount::read(&options.service_account_json)?);
        let network = Network::new(&options.network)?;
        let clock = Arc::new(ServerClock::new());
        let dialect = Arc::new(Google {
            drive: options.endpoints.drive.clone(),
        });
        let service = |pace: &PaceOptions| {
            let pacer = Arc::new(Pacer::new(pace, Arc::clone(&clock)));
            Service::new(
                network.clone(),
                dialect.clone(),
                pacer,
                options.retry.clone(),
            )
        };
        let of_calls = |units_per_minute| PaceOptions {
            units_per_minute,
            units_per_day: None,
            side_by_side: options.pace.side_by_side,
        };
        let token_service = service(&of_calls(TOKEN_CALLS));
        Ok(Self {
            endpoints: options.endpoints.clone(),
            units: options.units,
            drive: service(&options.pace),
            directory: service(&of_calls(DIRECTORY_CALLS)),
            tokens: Tokens::new(token_service, options.endpoints.token.clone(), account),
            everybody: Everybody::new(
                PaceOptions {
                    units_per_minute: options.user_units_per_minute,
                    units_per_day: None,
                    side_by_side: options.pace.side_by_side,
                },
                Arc::clone(&clock),
            ),
            patience: options.retry.deadline,
            admin: options.admin.clone(),
            drive_scope: if options.read_only {
                Scope::DriveReadOnly
            } else {
                Scope::Drive
            },
        })
    }

    /// The tokens.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The scope with which Drive is called.
    pub(crate) fn drive_scope(&self) -> Scope {
        self.drive_scope
    }

    /// The eyes of a user for Drive.
    pub(crate) fn eyes(&self, user: &str) -> Arc<Eyes> {
        self.eyes_for(user, self.drive_scope)
    }

    /// The eyes of a user for what a scope allows.
    pub(crate) fn eyes_for(&self, user: &str, scope: Scope) -> Arc<Eyes> {
        self.everybody.eyes(user, self.tokens.of(user, scope))
    }

    /// An address of Drive. Shared drives answer 404 to everything that does not say that it knows of them, so that every call
    /// that can say so does (§10); `supports` is for the few that cannot.
    pub(crate) fn drive_url(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        supports: bool,
    ) -> Result<Url> {
        let mut url = below(&self.endpoints.drive, segments)?;
        {
            let mut pairs = url.query_pairs_mut();
            if supports {
                pairs.append_pair("supportsAllDrives", "true");
            }
            pairs.extend_pairs(query);
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        Ok(url)
    }

    /// A call to Drive through a user's eyes.
    pub(crate) fn drive_call(
        &self,
        method: Method,
        url: Url,
        purpose: &Purpose<'_>,
        units: u32,
        eyes: &Arc<Eyes>,
    ) -> DriveCall {
        let call = Call::new(method, url, purpose.operation, purpose.context)
            .bearer(Arc::clone(&eyes.tokens))
            .units(units)
            .most_bytes(MOST_ANSWER);
        DriveCall {
            call,
            units,
            eyes: Arc::clone(eyes),
            overdue: purpose.error(ErrorKind::Throttled),
        }
    }

    /// Makes a call, when it is its user's turn and the project's.
    pub(crate) async fn send(&self, call: DriveCall) -> Result<Answer> {
        let before = Instant::now() + self.patience;
        let pass = call.eyes.pacer.acquire_before(call.units, before).await;
        match pass {
            Ok(_pass) => self.drive.send(call.call).await,
            Err(overdue) => {
                let error = call.overdue.with_source(CallFailure::MustWait);
                Err(match overdue.wait {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                })
            }
        }
    }

    /// Reads something of Drive.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        purpose: &Purpose<'_>,
        units: u32,
        eyes: &Arc<Eyes>,
    ) -> Result<T> {
        let call = self.drive_call(Method::GET, url, purpose, units, eyes);
        self.send(call).await?.json()
    }

    /// Reads something of the directory, as the administrator.
    pub(crate) async fn directory<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        scope: Scope,
        purpose: &Purpose<'_>,
    ) -> Result<T> {
        let mut whole = vec!["admin", "directory", "v1"];
        whole.extend_from_slice(segments);
        let mut url = below(&self.endpoints.directory, &whole)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let call = Call::new(Method::GET, url, purpose.operation, purpose.context)
            .bearer(self.tokens.of(&self.admin, scope))
            .most_bytes(MOST_ANSWER);
        self.directory.send(call).await?.json()
    }

    /// How far the services' clock is ahead of this machine's, where one has answered.
    pub(crate) fn skew(&self) -> Option<chrono::TimeDelta> {
        self.drive.clock().skew()
    }
}

/// `base` with more path segments, each percent-encoded.
///
/// # Errors
///
/// [`ErrorKind::Unexpected`] for a base without a path, such as `mailto:`.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Result<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(ErrorKind::Unexpected, "use address", shown_url(base)))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}
