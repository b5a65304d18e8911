//! The faults that a provider does itself.

use std::sync::{Arc, Mutex, PoisonError};

use http::Method;

use super::{Effect, Faults, Hit};

/// The faults that may be done to a request, as its extension: for effects that only the provider can do.
///
/// Each method asks whether one effect is to be done to this request now. Asking is what rules count, so a
/// handler asks only where it can do the effect, and once: a rule `expired_cursor` with `skip: 1, count: 1`
/// then means the second use of a cursor, whatever else is requested in between.
#[derive(Debug, Clone)]
pub struct ActiveFaults {
    faults: Faults,
    target: Arc<Target>,
    done: Arc<Mutex<Vec<&'static str>>>,
}

/// What rules look at.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) provider: &'static str,
    pub(crate) host: &'static str,
    pub(crate) method: Method,
    /// Percent-decoded.
    pub(crate) path: String,
}

impl ActiveFaults {
    pub(crate) fn new(faults: Faults, target: Arc<Target>) -> Self {
        Self {
            faults,
            target,
            done: Arc::default(),
        }
    }

    /// Whether to repeat some items of the list; the seed says which.
    #[must_use]
    pub fn duplicate(&self) -> Option<u64> {
        self.ask(|effect| matches!(effect, Effect::Duplicate))
            .map(|hit| hit.seed)
    }

    /// Whether to list the items in another order; the seed says in which.
    #[must_use]
    pub fn reorder(&self) -> Option<u64> {
        self.ask(|effect| matches!(effect, Effect::Reorder))
            .map(|hit| hit.seed)
    }

    /// Whether to leave everything but the id out of some items; the seed says out of which.
    #[must_use]
    pub fn id_only(&self) -> Option<u64> {
        self.ask(|effect| matches!(effect, Effect::IdOnly))
            .map(|hit| hit.seed)
    }

    /// Whether to refuse the cursor as expired.
    #[must_use]
    pub fn expired_cursor(&self) -> bool {
        self.ask(|effect| matches!(effect, Effect::ExpiredCursor))
            .is_some()
    }

    /// Whether to answer as if the last write had not happened.
    #[must_use]
    pub fn stale_read(&self) -> bool {
        self.ask(|effect| matches!(effect, Effect::StaleRead))
            .is_some()
    }

    /// Whether to answer with an empty page that has a next page.
    #[must_use]
    pub fn empty_page(&self) -> bool {
        self.ask(|effect| matches!(effect, Effect::EmptyPage))
            .is_some()
    }

    /// Whether to answer as if the limit of calls were reached: `Some` with the seconds of `Retry-After`,
    /// or `Some(None)` for an answer without that header.
    #[must_use]
    pub fn throttle(&self) -> Option<Option<u32>> {
        match self
            .ask(|effect| matches!(effect, Effect::Throttle { .. }))?
            .effect
        {
            Effect::Throttle { retry_after } => Some(retry_after),
            _ => None,
        }
    }

    /// The effects that the provider was told to do, and nobody noted yet.
    pub(crate) fn take_done(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ask(&self, wanted: impl Fn(&Effect) -> bool) -> Option<Hit> {
        let hit = self.faults.first(&self.target, wanted)?;
        self.done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(hit.effect.name());
        Some(hit)
    }
}
