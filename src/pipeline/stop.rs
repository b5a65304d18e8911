//! Asking the work to stop where nothing is lost.

use std::sync::Arc;

use tokio::sync::watch;

/// A request to stop at the next point where nothing is lost. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct StopSignal(Arc<watch::Sender<bool>>);

impl StopSignal {
    /// Asks for the stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until a stop is asked for.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`, so the wait cannot end in any other way.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_is_told_to_those_who_wait_and_to_those_who_come_later() {
        let stop = StopSignal::default();
        assert!(!stop.is_stopped());
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.stopped().await }
        });
        stop.stop();
        waiting.await.unwrap();
        stop.stopped().await;
        assert!(stop.is_stopped());
    }
}
