//! A drive as an app for the suite.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use labeld_conformance::{Chaos, ChaosOptions, Harness};
use labeld_connector::Connector;
use labeld_emulator::microsoft::{Share, ShareWith};
use labeld_graph::{Drives, Scope, Tenant};

use super::{MINA, World};

/// A drive in a world of its own, with a connector that looks at nothing else.
pub struct AppDrive<S> {
    pub world: World,
    /// Its id.
    pub drive: String,
    /// Where its paths begin.
    pub root: String,
    pub scope: S,
}

impl<S: Scope + Clone> AppDrive<S> {
    /// A connector as after a restart.
    pub fn app(&self) -> Arc<dyn Connector> {
        self.app_of(self.world.tenant().restarted())
    }

    pub fn app_of(&self, tenant: Arc<Tenant>) -> Arc<dyn Connector> {
        Arc::new(Drives::new("test", tenant, self.scope.clone()))
    }
}

#[async_trait]
impl<S: Scope + Clone> Harness for AppDrive<S> {
    async fn connect(&self) -> Arc<dyn Connector> {
        self.app()
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.world
            .microsoft()
            .put(&self.drive, path, body.to_vec(), MINA);
    }

    fn root(&self) -> String {
        self.root.clone()
    }

    async fn rename(&self, from: &str, to: &str) {
        self.world.microsoft().rename(&self.drive, from, to, MINA);
    }

    async fn remove(&self, path: &str) {
        self.world.microsoft().remove(&self.drive, path);
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        let share = Share::with(ShareWith::OneTimeGuest(address.to_owned()));
        self.world.microsoft().share(&self.drive, path, &share);
        true
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        let microsoft = self.world.microsoft();
        microsoft.edit_before_upload(&self.drive, path, body.to_vec(), MINA);
        true
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.world.microsoft().files(&self.drive);
        files
            .into_iter()
            .map(|(path, body)| (path, body.to_vec()))
            .collect()
    }
}

/// An app whose connectors have bad luck, each its own.
pub struct Unlucky<H> {
    app: H,
    seed: AtomicU64,
}

impl<H> Unlucky<H> {
    pub fn new(app: H, seed: u64) -> Self {
        Self {
            app,
            seed: AtomicU64::new(seed * 1_000),
        }
    }
}

#[async_trait]
impl<H: Harness> Harness for Unlucky<H> {
    async fn connect(&self) -> Arc<dyn Connector> {
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        let options = ChaosOptions::with_seed(seed);
        Arc::new(Chaos::new(self.app.connect().await, options))
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
