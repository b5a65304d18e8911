//! A Box enterprise that is emulated, and connectors on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use labeld_conformance::{Harness, MAX_PAGE};
use labeld_connector::http::{PaceOptions, RetryBudget, RetryOptions};
use labeld_connector::{
    Change, Connector, Cursor, FeedRef, FileMeta, FileRef, FolderMeta, UnreadableFolder,
};
use labeld_connector_box::{BoxApp, BoxCredential, BoxEndpoints, BoxOptions, DownloadHosts};
use labeld_emulator::box_service::{
    BoxOptions as ServiceOptions, BoxService, CollaborationStatus, NewCollaboration, Switches,
};
use labeld_emulator::frame::{Effect, FaultRule};
use labeld_emulator::{Emulator, EmulatorOptions};

use crate::journal::expect_clean;

/// The login of the emulator's first user.
pub(crate) const MINA: &str = "mina@alder.example";

/// An enterprise with one user whose files are looked at.
pub(crate) struct Enterprise {
    pub(crate) emulator: Emulator,
}

impl Enterprise {
    pub(crate) async fn new() -> Self {
        Self::with(Switches::default()).await
    }

    pub(crate) async fn with(switches: Switches) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = EmulatorOptions {
            box_service: ServiceOptions { switches },
            ..EmulatorOptions::default()
        };
        Self {
            emulator: Emulator::start(options).await.unwrap(),
        }
    }

    pub(crate) fn service(&self) -> &Arc<BoxService> {
        self.emulator.box_service()
    }

    pub(crate) fn mina(&self) -> String {
        self.service().mina()
    }

    /// How to connect: with a signed assertion, to write, without waits, the administrator left out.
    pub(crate) fn options(&self) -> BoxOptions {
        let config_json = self.service().config_json();
        let credential = BoxCredential::Jwt {
            config_json: config_json.into(),
        };
        BoxOptions {
            read_only: false,
            exclude: vec!["admin@alder.example".to_owned()],
            ..self.options_with(credential)
        }
    }

    /// How to connect with a credential.
    pub(crate) fn options_with(&self, credential: BoxCredential) -> BoxOptions {
        let bases = self.service().bases();
        let endpoints = BoxEndpoints {
            token: bases.api.join("oauth2/token").unwrap(),
            api: bases.api,
            upload: bases.upload,
            download_hosts: DownloadHosts::Origins(vec![bases.download]),
        };
        BoxOptions {
            pace: PaceOptions {
                units_per_minute: 10_000_000,
                units_per_day: None,
                side_by_side: 8,
            },
            retry: RetryOptions {
                attempts: 6,
                first_delay: Duration::from_millis(1),
                longest_delay: Duration::from_millis(10),
                deadline: Duration::from_secs(30),
                budget: RetryBudget {
                    repetitions: 10_000,
                    successes_per_repetition: 1,
                },
            },
            ..BoxOptions::new("box", credential, endpoints)
        }
    }

    /// Changes switches of the service.
    pub(crate) fn switch(&self, turn: impl FnOnce(&mut Switches)) {
        let mut switches = self.service().switches();
        turn(&mut switches);
        self.service().set_switches(switches);
    }

    /// Lets something befall requests.
    pub(crate) fn fault(&self, effect: Effect, rule: impl FnOnce(FaultRule) -> FaultRule) {
        let rule = rule(FaultRule::new(effect));
        self.emulator.faults().add(rule).unwrap();
    }

    /// Requests to a host since `after`: method and path each.
    pub(crate) fn requests(&self, host: &str, after: u64) -> Vec<String> {
        let entries = self.emulator.journal().since(after);
        let of_host = entries.iter().filter(|entry| entry.host == host);
        of_host
            .map(|entry| format!("{} {}", entry.method, entry.path()))
            .collect()
    }

    pub(crate) fn connect(&self) -> BoxApp {
        BoxApp::new(self.options()).unwrap()
    }
}

/// Whatever a test was about, what it sent keeps to the description.
impl Drop for Enterprise {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            expect_clean(&self.emulator.journal().since(0));
        }
    }
}

#[async_trait]
impl Harness for Enterprise {
    async fn connect(&self) -> Arc<dyn Connector> {
        let options = BoxOptions {
            page_size: u32::try_from(MAX_PAGE).unwrap(),
            mirror_classification: true,
            ..self.options()
        };
        self.service().set_classifications(&["Secret", "Internal"]);
        Arc::new(BoxApp::new(options).unwrap())
    }

    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "Secret"), ("", "Internal")]
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.service().put(&self.mina(), path, body.to_vec());
    }

    fn root(&self) -> String {
        MINA.to_owned()
    }

    async fn rename(&self, from: &str, to: &str) {
        let item = self.service().find(&self.mina(), from).unwrap();
        self.service().rename(&item, &self.mina(), to);
    }

    async fn remove(&self, path: &str) {
        let item = self.service().find(&self.mina(), path).unwrap();
        self.service().trash(&item);
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        let item = self.service().find(&self.mina(), path).unwrap();
        let invitation = NewCollaboration {
            email: Some(address.to_owned()),
            status: CollaborationStatus::Pending,
            ..NewCollaboration::default()
        };
        self.service().invite(&item, &invitation);
        true
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        let item = self.service().find(&self.mina(), path).unwrap();
        self.service()
            .edit_before_upload(&item, body.to_vec(), &self.mina());
        true
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.service().files(&self.mina());
        files
            .into_iter()
            .map(|(path, body)| (path, body.to_vec()))
            .collect()
    }
}

/// What a feed told up to its end, in short: `+path`, `-ref`, `>folder path`, `x folder`, `!unreadable path`.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) changes: Vec<Change>,
    pub(crate) unreadable: Vec<UnreadableFolder>,
    pub(crate) cursor: Option<Cursor>,
}

impl Told {
    /// Files that were told to be there, by path.
    pub(crate) fn files(&self) -> BTreeMap<String, FileMeta> {
        let mut files = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Upserted(meta) => drop(files.insert(&meta.file, meta)),
                Change::Removed(file) => drop(files.remove(file)),
                Change::FolderAt(_) | Change::FolderRemoved(_) => {}
            }
        }
        let by_path = |meta: &FileMeta| (format!("{}/{}", meta.folder, meta.name), meta.clone());
        files.into_values().map(by_path).collect()
    }

    pub(crate) fn removed(&self) -> Vec<&FileRef> {
        let removed = self.changes.iter().filter_map(|change| match change {
            Change::Removed(file) => Some(file),
            _ => None,
        });
        removed.collect()
    }

    pub(crate) fn folders(&self) -> Vec<&FolderMeta> {
        let folders = self.changes.iter().filter_map(|change| match change {
            Change::FolderAt(folder) => Some(folder),
            _ => None,
        });
        folders.collect()
    }

    pub(crate) fn removed_folders(&self) -> Vec<&str> {
        let folders = self.changes.iter().filter_map(|change| match change {
            Change::FolderRemoved(folder) => Some(folder.0.as_str()),
            _ => None,
        });
        folders.collect()
    }
}

/// Follows the feed to its end.
pub(crate) async fn follow(app: &BoxApp, since: Option<&Cursor>) -> Told {
    let mut told = Told {
        cursor: since.cloned(),
        ..Told::default()
    };
    for _ in 0..1_000 {
        let page = app
            .changes(&FeedRef::whole(), told.cursor.as_ref())
            .await
            .unwrap_or_else(|error| panic!("{}", crate::support::told(&error)));
        told.changes.extend(page.changes);
        told.unreadable.extend(page.unreadable);
        told.cursor = Some(page.next);
        if !page.more {
            return told;
        }
    }
    panic!("the feed does not end");
}

/// The file at a path below Mina's root, as the connector lists it.
pub(crate) async fn listed(app: &BoxApp, path: &str) -> FileMeta {
    let files = follow(app, None).await.files();
    files[&format!("{MINA}/{path}")].clone()
}

/// A refusal in the form of the service.
pub(crate) fn refusal(code: u16, name: &str) -> Effect {
    refusal_with(code, name, &[])
}

/// A refusal with headers.
pub(crate) fn refusal_with(code: u16, name: &str, headers: &[(&str, &str)]) -> Effect {
    Effect::Status {
        code,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: serde_json::json!({"type": "error", "status": code, "code": name, "message": "no"}),
    }
}

/// An error with its causes, for people.
pub(crate) fn told(error: &labeld_connector::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
