//! Calls to the services: which address, whose token, what they cost.

use std::sync::Arc;

use labeld_connector::http::{
    Call, Method, Network, PaceOptions, Pacer, ServerClock, Service, TokenCache, Url, shown_url,
};
use labeld_connector::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

use crate::dialect::Google;
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

/// The services of one installation.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) endpoints: GoogleEndpoints,
    pub(crate) units: QuotaUnits,
    pub(crate) drive: Service,
    directory: Service,
    tokens: Tokens,
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

    /// Tokens for Drive in the name of a user.
    pub(crate) fn drive_tokens(&self, user: &str) -> Arc<TokenCache> {
        self.tokens.of(user, self.drive_scope)
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

    /// A call to Drive with a user's token.
    pub(crate) fn drive_call(
        &self,
        method: Method,
        url: Url,
        purpose: &Purpose<'_>,
        units: u32,
        tokens: &Arc<TokenCache>,
    ) -> Call {
        Call::new(method, url, purpose.operation, purpose.context)
            .bearer(Arc::clone(tokens))
            .units(units)
            .most_bytes(MOST_ANSWER)
    }

    /// Reads something of Drive.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        purpose: &Purpose<'_>,
        units: u32,
        tokens: &Arc<TokenCache>,
    ) -> Result<T> {
        let call = self.drive_call(Method::GET, url, purpose, units, tokens);
        self.drive.send(call).await?.json()
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
