//! Whether the store can be worked with. Tasks that find it full or gone say so here and wait; the heartbeat, which writes
//! all the time, finds that it is back.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::pipeline::{BeatWatch, StopSignal, error_chain};
use crate::store::StoreError;
use crate::telemetry::{StoreReadOnly, StoreRecovered};

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StoreState {
    /// It has not been opened yet, and why it could not be.
    Opening(String),
    /// It can be read and written.
    Usable,
    /// It can be read; what forbids writing.
    ReadOnly(String),
    /// It does not answer; why.
    Unreachable(String),
}

/// What is known of the store. Clones share it.
#[derive(Debug)]
pub(super) struct StoreWatch {
    state: watch::Sender<StoreState>,
    history: std::sync::Mutex<History>,
}

#[derive(Debug)]
struct History {
    since: Instant,
    /// Shortest time that trouble lasts: a disk that is nearly full takes a heartbeat and refuses the next page of files.
    patience: Duration,
}

const FIRST_PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);

/// Trouble that comes back sooner than this is the same trouble.
const SAME_TROUBLE: Duration = Duration::from_secs(120);

impl StoreWatch {
    /// Of a store that has not been opened yet.
    pub(super) fn opening() -> Self {
        Self {
            state: watch::Sender::new(StoreState::Opening("it is being opened".to_owned())),
            history: std::sync::Mutex::new(History {
                since: Instant::now(),
                patience: FIRST_PATIENCE,
            }),
        }
    }

    pub(super) fn state(&self) -> StoreState {
        self.state.borrow().clone()
    }

    pub(super) fn is_usable(&self) -> bool {
        *self.state.borrow() == StoreState::Usable
    }

    /// Since when it is as it is.
    pub(super) fn since(&self) -> Instant {
        self.history().since
    }

    /// Notes that it cannot be opened yet.
    pub(super) fn cannot_open(&self, error: &StoreError) {
        self.state
            .send_replace(StoreState::Opening(error_chain(error)));
    }

    /// Notes that it has been opened.
    pub(super) fn opened(&self) {
        self.state.send_replace(StoreState::Usable);
    }

    /// Notes an error, where it is one that waiting may help against. `true` where it is.
    pub(super) fn note(&self, error: &StoreError) -> bool {
        let why = error_chain(error);
        let trouble = match error {
            StoreError::Full { .. } | StoreError::ReadOnly { .. } => {
                StoreState::ReadOnly(why.clone())
            }
            StoreError::Unreachable { .. } => StoreState::Unreachable(why.clone()),
            _ => return false,
        };
        let was_usable = self.is_usable();
        self.state.send_replace(trouble);
        if was_usable {
            let mut history = self.history();
            history.patience = if history.since.elapsed() < SAME_TROUBLE {
                (history.patience * 2).min(LONGEST_PATIENCE)
            } else {
                FIRST_PATIENCE
            };
            history.since = Instant::now();
            StoreReadOnly { error: &why }.emit();
        }
        true
    }

    /// Notes that a write has succeeded.
    pub(super) fn wrote(&self) {
        if self.is_usable() {
            return;
        }
        let mut history = self.history();
        let lasted = history.since.elapsed();
        if lasted < history.patience {
            return;
        }
        history.since = Instant::now();
        drop(history);
        StoreRecovered { seconds: lasted }.emit();
        self.state.send_replace(StoreState::Usable);
    }

    /// Waits until it can be worked with; `false` where a stop came first.
    pub(super) async fn usable(&self, stop: &StopSignal) -> bool {
        let mut state = self.state.subscribe();
        tokio::select! {
            biased;
            () = stop.stopped() => false,
            // The sender lives as long as `self`.
            _ = state.wait_for(|state| *state == StoreState::Usable) => true,
        }
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.history
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl BeatWatch for StoreWatch {
    fn stored(&self) {
        self.wrote();
    }

    fn failed(&self, error: &StoreError) {
        if !self.note(error) {
            tracing::error!("cannot keep the lease: {}", error_chain(error));
        }
    }

    fn is_in_trouble(&self) -> bool {
        !self.is_usable()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> StoreError {
        StoreError::Full {
            store: "x.db".to_owned(),
            source: None,
        }
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_a_write_has_succeeded() {
        let watch = StoreWatch::opening();
        watch.opened();
        assert!(watch.note(&full()));
        assert!(
            matches!(watch.state(), StoreState::ReadOnly(why) if why.contains("no space left"))
        );
        watch.wrote();
        assert!(
            !watch.is_usable(),
            "a single small write proves nothing yet"
        );
        let stop = StopSignal::default();
        let writing = async {
            while !watch.is_usable() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                watch.wrote();
            }
        };
        let (went_on, ()) = tokio::join!(watch.usable(&stop), writing);
        assert!(went_on);
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait() {
        let watch = StoreWatch::opening();
        let stop = StopSignal::default();
        stop.stop();
        assert!(!watch.usable(&stop).await);
    }

    #[test]
    fn errors_that_waiting_does_not_help_against_change_nothing() {
        let watch = StoreWatch::opening();
        watch.opened();
        let error = StoreError::Content {
            what: "x".to_owned(),
            source: None,
        };
        assert!(!watch.note(&error));
        assert!(watch.is_usable());
    }
}
