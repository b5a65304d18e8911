//! Telling systemd how the service is (`sd_notify(3)`). Without systemd nothing is told.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service is ready; `status` is for people.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is being read anew; [`ready`] ends that.
pub(super) fn reloading() {
    let mut states = vec![NotifyState::Reloading];
    states.extend(NotifyState::monotonic_usec_now());
    tell(&states);
}

/// The service is being stopped.
pub(super) fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// What the service is doing, for people.
pub(super) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// The service is alive.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often [`alive`] must be said at least; `None` where nobody listens.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("cannot tell the service manager: {error}");
    }
}
