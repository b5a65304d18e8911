//! A tenant of the emulator, and connectors on it.

mod app;
mod journal;
mod model;

use std::sync::{Arc, Once};
use std::time::Duration;

use labeld_connector::http::{PaceOptions, RetryBudget, RetryOptions, Secret};
use labeld_connector::{Connector, FileMeta, FileRef};
use labeld_connector_google::{GoogleDrive, GoogleEndpoints, GoogleOptions, Users};
use labeld_emulator::frame::{Effect, Entry, FaultRule};
use labeld_emulator::google::{Google, Switches};
use labeld_emulator::{Emulator, EmulatorOptions};
use serde_json::json;

pub(crate) use app::{App, Place, Removal, Unlucky};
pub(crate) use model::{Walked, walk, walk_from};

/// Who has files.
pub(crate) const MINA: &str = "mina@alder.example";

/// A running emulator.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
}

impl World {
    pub(crate) async fn new() -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider()
                .install_default()
                .unwrap();
        });
        Self {
            emulator: Emulator::start(EmulatorOptions::default()).await.unwrap(),
        }
    }

    pub(crate) fn google(&self) -> &Arc<Google> {
        self.emulator.google()
    }

    pub(crate) fn switch(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = self.google().switches();
        change(&mut switches);
        self.google().set_switches(switches);
    }

    /// An app of everything that may write; calls are neither paced nor repeated late.
    pub(crate) fn options(&self) -> GoogleOptions {
        let google = self.google();
        let key = Secret::new(google.service_account_json());
        let options = GoogleOptions::new("drive", key, google.admin()).unwrap();
        GoogleOptions {
            endpoints: GoogleEndpoints::at(&google.base()).unwrap(),
            pace: PaceOptions {
                units_per_minute: 1_000_000_000,
                units_per_day: None,
                side_by_side: 8,
            },
            user_units_per_minute: 1_000_000_000,
            retry: RetryOptions {
                first_delay: Duration::from_millis(1),
                longest_delay: Duration::from_millis(5),
                budget: RetryBudget {
                    repetitions: 10_000,
                    successes_per_repetition: 1,
                },
                ..RetryOptions::default()
            },
            read_only: false,
            // Listings do not lag here, and a look for what may be missing would speak of known files again.
            listing_lag: Duration::ZERO,
            ..options
        }
    }

    /// An app of Mina's My Drive alone.
    pub(crate) fn mina_options(&self) -> GoogleOptions {
        GoogleOptions {
            users: Users::Listed(vec![MINA.to_owned()]),
            shared_drives: false,
            ..self.options()
        }
    }

    pub(crate) fn connect(&self, options: GoogleOptions) -> GoogleDrive {
        GoogleDrive::new(options).unwrap()
    }

    /// Lets a fault befall the requests that `aim` says.
    pub(crate) fn fault(&self, effect: Effect, aim: impl FnOnce(FaultRule) -> FaultRule) {
        let rule = aim(FaultRule::new(effect));
        self.emulator.faults().add(rule).unwrap();
    }

    /// The requests that `work` makes.
    pub(crate) async fn requests<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Entry>) {
        let before = self.emulator.journal().last();
        let outcome = work.await;
        (outcome, self.emulator.journal().since(before))
    }

    /// Stores a file of Mina's, and lists it through the app.
    pub(crate) async fn one_file(
        &self,
        drive: &GoogleDrive,
        path: &str,
        body: &'static [u8],
    ) -> FileMeta {
        self.google().put(MINA, path, body, MINA).unwrap();
        walk(drive).await.at(&format!("{MINA}/{path}")).clone()
    }
}

/// Every request of every test keeps to the services' own descriptions.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            journal::expect_clean(&self.emulator.journal().since(0));
        }
    }
}

/// The name of a file of Mina's in an app that lists her by address.
pub(crate) fn file_of_mina(id: &str) -> FileRef {
    FileRef(format!("user/{MINA}/{id}"))
}

/// An answer of status `code` with Google's error body.
pub(crate) fn refusal(code: u16, reason: &str) -> Effect {
    Effect::Status {
        code,
        headers: [].into(),
        body: json!({"error": {"code": code, "message": "words", "errors": [
            {"domain": "global", "reason": reason, "message": "words"}]}}),
    }
}

/// An error and its causes as one sentence.
pub(crate) fn sentence(error: &labeld_connector::Error) -> String {
    use std::error::Error as _;

    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// Keeps a connector usable as the trait object that labeld has.
pub(crate) fn dynamic(drive: GoogleDrive) -> Arc<dyn Connector> {
    Arc::new(drive)
}
