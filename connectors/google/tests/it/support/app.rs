//! One My Drive or shared drive as the suite wants it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use labeld_conformance::{Chaos, ChaosOptions, Harness, MAX_PAGE};
use labeld_connector::Connector;
use labeld_connector_google::{GoogleOptions, MirrorLabel, Users};
use labeld_emulator::google::{Grantee, Role};

use super::{MINA, World, dynamic};

/// Which corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    MyDrive,
    SharedDrive,
}

/// Labels that are mirrored: id and name.
const MIRRORED: [(&str, &str); 2] = [
    ("9ecc69e2-8aa6-4f2b-9dbd-0a7d5d4a6c11", "Public"),
    ("1a19d03a-48bc-4359-8038-5b5f6d5847c3", "Confidential"),
];

/// How files are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// Into the bin.
    Trash,
    /// For good.
    Delete,
}

/// An app of one corpus.
pub(crate) struct App {
    pub(crate) world: World,
    place: Place,
    removal: Removal,
    change: fn(GoogleOptions) -> GoogleOptions,
}

impl App {
    pub(crate) async fn new(place: Place, removal: Removal) -> Self {
        Self {
            world: World::new().await,
            place,
            removal,
            change: |options| options,
        }
    }

    /// With other options.
    pub(crate) fn with(mut self, change: fn(GoogleOptions) -> GoogleOptions) -> Self {
        self.change = change;
        self
    }

    fn options(&self) -> GoogleOptions {
        let page_size = u32::try_from(MAX_PAGE).unwrap();
        let options = match self.place {
            Place::MyDrive => self.world.mina_options(),
            Place::SharedDrive => GoogleOptions {
                users: Users::Listed(Vec::new()),
                ..self.world.options()
            },
        };
        let choices = ["CH_PUB", "CH_CONF"];
        let choices = MIRRORED.iter().zip(choices);
        (self.change)(GoogleOptions {
            page_size,
            mirror_label: Some(MirrorLabel {
                label: "L1abc".to_owned(),
                field: "F1".to_owned(),
                choices: choices
                    .map(|((id, _), choice)| ((*id).to_owned(), choice.to_owned()))
                    .collect(),
            }),
            ..options
        })
    }

    /// As the emulator names it.
    fn name(&self) -> String {
        match self.place {
            Place::MyDrive => MINA.to_owned(),
            Place::SharedDrive => self.world.google().shared_drive("Finance").unwrap(),
        }
    }
}

#[async_trait]
impl Harness for App {
    async fn connect(&self) -> Arc<dyn Connector> {
        dynamic(self.world.connect(self.options()))
    }

    async fn put(&self, path: &str, body: &[u8]) {
        let body = Bytes::copy_from_slice(body);
        self.world
            .google()
            .put(&self.name(), path, body, MINA)
            .unwrap();
    }

    fn root(&self) -> String {
        match self.place {
            Place::MyDrive => MINA.to_owned(),
            Place::SharedDrive => "Finance".to_owned(),
        }
    }

    async fn rename(&self, from: &str, to: &str) {
        self.world
            .google()
            .rename(&self.name(), from, to, MINA)
            .unwrap();
    }

    async fn remove(&self, path: &str) {
        let google = self.world.google();
        let id = google.id_at(&self.name(), path).unwrap();
        match self.removal {
            Removal::Trash => google.set_trashed(&id, true).unwrap(),
            Removal::Delete => google.delete(&id).unwrap(),
        }
    }

    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        &MIRRORED
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        let google = self.world.google();
        let id = google.id_at(&self.name(), path).unwrap();
        let grantee = Grantee::User(address.to_owned());
        google.share(&id, grantee, Role::Reader).unwrap();
        true
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        let google = self.world.google();
        let id = google.id_at(&self.name(), path).unwrap();
        let body = Bytes::copy_from_slice(body);
        google.edit_before_upload(&id, body, MINA).unwrap();
        true
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.world.google().files(&self.name()).unwrap();
        files
            .into_iter()
            .map(|(path, body)| (path, body.to_vec()))
            .collect()
    }
}

/// An app whose connectors have bad luck.
pub(crate) struct Unlucky {
    pub(crate) app: App,
    pub(crate) seed: u64,
    pub(crate) made: Mutex<Vec<Arc<Chaos>>>,
}

#[async_trait]
impl Harness for Unlucky {
    async fn connect(&self) -> Arc<dyn Connector> {
        let inner = self.app.connect().await;
        let mut made = self.made.lock().unwrap();
        let options = ChaosOptions::with_seed(self.seed + made.len() as u64);
        let chaos = Arc::new(Chaos::new(inner, options));
        made.push(Arc::clone(&chaos));
        chaos
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.app.put(path, body).await;
    }

    fn root(&self) -> String {
        self.app.root()
    }

    async fn rename(&self, from: &str, to: &str) {
        self.app.rename(from, to).await;
    }

    async fn remove(&self, path: &str) {
        self.app.remove(path).await;
    }

    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        self.app.mirrored_labels()
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        self.app.share(path, address).await
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        self.app.edit_before_write(path, body).await
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        self.app.truth().await
    }
}
