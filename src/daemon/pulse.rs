//! The sign of life that the service manager waits for.

use std::time::Duration;

use super::service_manager;

/// Time between two words to the service manager.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// The sign of life for the service manager, given by the main loop: a loop that hangs gives none.
pub(super) struct Pulse(tokio::time::Interval);

impl Pulse {
    pub(super) fn new() -> Self {
        // Twice within the time after which the service counts as hung.
        let period = service_manager::watchdog().map_or(TOLD_EVERY, |time| time / 3);
        let mut interval = tokio::time::interval(period.max(Duration::from_millis(100)));
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self(interval)
    }

    /// Waits for something that may take its time.
    pub(super) async fn while_doing<T>(&mut self, something: impl Future<Output = T>) -> T {
        tokio::pin!(something);
        loop {
            tokio::select! {
                done = &mut something => return done,
                () = self.beat() => {}
            }
        }
    }

    pub(super) async fn beat(&mut self) {
        self.0.tick().await;
        service_manager::alive();
    }
}
