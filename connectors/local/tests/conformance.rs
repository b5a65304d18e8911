//! The suite of every connector, on a folder.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use labeld_conformance::{Chaos, ChaosOptions, Harness, check_all};
use labeld_connector::Connector;

use support::Folder;

#[tokio::test]
async fn the_suite_passes() {
    let outcome = check_all(async || Folder::new()).await;
    outcome.unwrap_or_else(|failures| panic!("{failures}"));
}

/// A folder whose connectors have bad luck, each its own.
struct UnluckyFolder {
    folder: Folder,
    seed: Mutex<u64>,
}

#[async_trait]
impl Harness for UnluckyFolder {
    async fn connect(&self) -> Arc<dyn Connector> {
        let mut seed = self.seed.lock().unwrap();
        *seed += 1;
        let options = ChaosOptions::with_seed(*seed);
        Arc::new(Chaos::new(Arc::new(self.folder.local()), options))
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.folder.put(path, body).await;
    }

    async fn rename(&self, from: &str, to: &str) {
        self.folder.rename(from, to).await;
    }

    async fn remove(&self, path: &str) {
        self.folder.remove(path).await;
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        self.folder.truth().await
    }
}

#[tokio::test]
async fn the_suite_passes_with_bad_luck() {
    for seed in 0..5 {
        let outcome = check_all(async || UnluckyFolder {
            folder: Folder::new(),
            seed: Mutex::new(seed * 1_000),
        })
        .await;
        outcome.unwrap_or_else(|failures| panic!("seed {seed}: {failures}"));
    }
}
