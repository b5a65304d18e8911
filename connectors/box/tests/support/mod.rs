//! A Box enterprise that is emulated, and connectors on it.

#![allow(
    dead_code,
    clippy::panic,
    clippy::unwrap_used,
    reason = "shared by several tests; a panic in a harness is the failure report"
)]

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
use labeld_emulator::box_service::{BoxOptions as ServiceOptions, BoxService, Switches};
use labeld_emulator::{Emulator, EmulatorOptions};

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
            box_service: ServiceOptions {
                switches,
                ..ServiceOptions::default()
            },
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
        BoxOptions {
            endpoints: BoxEndpoints {
                token: bases.api.join("oauth2/token").unwrap(),
                api: bases.api,
                upload: bases.upload,
                download_hosts: DownloadHosts::Origins(vec![bases.download]),
            },
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
            ..BoxOptions::new("box", credential)
        }
    }

    pub(crate) fn connect(&self) -> BoxApp {
        BoxApp::new(self.options()).unwrap()
    }
}

#[async_trait]
impl Harness for Enterprise {
    async fn connect(&self) -> Arc<dyn Connector> {
        let options = BoxOptions {
            page_size: u32::try_from(MAX_PAGE).unwrap(),
            ..self.options()
        };
        Arc::new(BoxApp::new(options).unwrap())
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
                Change::Upserted(meta) => {
                    files.retain(|_, known: &mut FileMeta| known.file != meta.file);
                    files.insert(format!("{}/{}", meta.folder, meta.name), meta.clone());
                }
                Change::Removed(file) => files.retain(|_, known| known.file != *file),
                Change::FolderAt(_) | Change::FolderRemoved(_) => {}
            }
        }
        files
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
            .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
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
