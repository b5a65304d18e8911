//! Access tokens, fetched once and shared.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use super::secret::Secret;
use crate::error::{Error, Result};

/// How long before its end a token is renewed (microsoft-graph.md §1.1, google-drive.md §1.1).
const RENEW_BEFORE_END: Duration = Duration::from_secs(300);

/// How long a renewal is put off that failed while the old token is still good.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// The longest that a call waits for a renewal while the old token is still good.
const RENEWAL_AHEAD: Duration = Duration::from_secs(10);

/// The longest lifetime that is believed; a token is never used for longer.
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Where tokens come from: one for each identity and resource.
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// A token that is good from now on.
    ///
    /// # Errors
    ///
    /// Whatever the token endpoint refuses with.
    async fn fetch(&self) -> Result<FreshToken>;
}

/// A token just fetched.
#[derive(Debug, Clone)]
pub struct FreshToken {
    /// The token.
    pub token: Secret,
    /// How long it is good for (`expires_in`).
    pub lifetime: Duration,
}

/// The present token of a [`TokenSource`].
///
/// It is renewed five minutes before its end, or at half its life when that comes later. Only one
/// renewal runs at a time; whoever needs its result waits and gets the same token or the same error.
/// While the old token is still good nobody waits, and a renewal that fails is tried again half a minute
/// later.
#[derive(Debug)]
pub struct TokenCache {
    source: Arc<dyn TokenSource>,
    state: Mutex<State>,
    /// Held by the one that fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// Counts the fetches that came to an end.
    fetches: u64,
    /// The error of the last fetch, when it failed.
    failed: Option<Arc<Error>>,
}

#[derive(Debug, Clone)]
struct Held {
    token: Secret,
    renew_at: Instant,
    ends_at: Instant,
}

impl TokenCache {
    /// An empty cache: the first call fetches.
    #[must_use]
    pub fn new(source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// A token that is good now.
    ///
    /// # Errors
    ///
    /// Those of the source.
    pub async fn token(&self) -> Result<Secret> {
        let now = Instant::now();
        let (held, fetches) = self.look();
        match held {
            Some(held) if now < held.renew_at => Ok(held.token),
            Some(held) if now < held.ends_at => Ok(self.renewed_ahead(held).await),
            _ => self.fetched_after(fetches).await,
        }
    }

    /// A token in place of `rejected`, which the service did not accept. When another one has taken its
    /// place already, that one.
    ///
    /// # Errors
    ///
    /// Those of the source.
    pub async fn renew(&self, rejected: &Secret) -> Result<Secret> {
        self.forget(rejected);
        let (held, fetches) = self.look();
        match held {
            Some(held) if Instant::now() < held.ends_at => Ok(held.token),
            _ => self.fetched_after(fetches).await,
        }
    }

    fn forget(&self, rejected: &Secret) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.held.take_if(|held| held.token == *rejected);
    }

    /// Renews a token that is still good, unless somebody is at it.
    async fn renewed_ahead(&self, held: Held) -> Secret {
        let Ok(_fetching) = self.fetching.try_lock() else {
            return held.token;
        };
        // Another one may have come to an end between the look and the lock.
        if let (Some(newer), _) = self.look()
            && Instant::now() < newer.renew_at
        {
            return newer.token;
        }
        match timeout(RENEWAL_AHEAD, self.fetch()).await {
            Ok(Ok(token)) => return token,
            Ok(Err(cause)) => {
                tracing::warn!(error = %cause, "a token could not be renewed ahead of its end");
            }
            Err(_) => {
                tracing::warn!("a token could not be renewed ahead of its end in time");
                self.put_off_renewal();
            }
        }
        held.token
    }

    /// The outcome of the first fetch that ended after `fetches` had.
    async fn fetched_after(&self, fetches: u64) -> Result<Secret> {
        let _fetching = self.fetching.lock().await;
        if let Some(outcome) = self.outcome_after(fetches) {
            return outcome;
        }
        self.fetch().await.map_err(|cause| shared(&cause))
    }

    fn outcome_after(&self, fetches: u64) -> Option<Result<Secret>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.fetches == fetches {
            return None;
        }
        match (&state.failed, &state.held) {
            (Some(cause), _) => Some(Err(shared(cause))),
            (None, Some(held)) => Some(Ok(held.token.clone())),
            (None, None) => None,
        }
    }

    async fn fetch(&self) -> std::result::Result<Secret, Arc<Error>> {
        let outcome = self.source.fetch().await;
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fetches = state.fetches.wrapping_add(1);
        match outcome {
            Ok(fresh) => {
                let lifetime = fresh.lifetime.min(LONGEST_LIFETIME);
                let renew_in = lifetime.saturating_sub(RENEW_BEFORE_END).max(lifetime / 2);
                state.failed = None;
                state.held = Some(Held {
                    token: fresh.token.clone(),
                    renew_at: now + renew_in,
                    ends_at: now + lifetime,
                });
                Ok(fresh.token)
            }
            Err(cause) => {
                let cause = Arc::new(cause);
                state.failed = Some(Arc::clone(&cause));
                drop(state);
                self.put_off_renewal();
                Err(cause)
            }
        }
    }

    fn put_off_renewal(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &mut state.held {
            held.renew_at = Instant::now() + RENEW_AGAIN;
        }
    }

    fn look(&self) -> (Option<Held>, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.held.clone(), state.fetches)
    }
}

/// The same error for one more of those that waited.
fn shared(cause: &Arc<Error>) -> Error {
    let mut error = Error::new(cause.kind(), cause.operation(), cause.context());
    if let Some(wait) = cause.retry_after() {
        error = error.with_retry_after(wait);
    }
    if cause.source().is_some() {
        error = error.with_source(SharedCause(Arc::clone(cause)));
    }
    error
}

/// The cause of an error that several callers get, shown as if it were theirs alone.
#[derive(Debug)]
pub(super) struct SharedCause(Arc<Error>);

impl SharedCause {
    /// The cause itself.
    pub(super) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause() {
            Some(cause) => fmt::Display::fmt(cause, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl StdError for SharedCause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause().and_then(StdError::source)
    }
}

#[cfg(test)]
mod tests;
