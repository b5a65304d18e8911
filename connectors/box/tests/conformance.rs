//! The suite of every connector, on an emulated Box enterprise.

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

use support::Enterprise;

#[tokio::test]
async fn the_suite_passes() {
    let outcome = check_all(Enterprise::new).await;
    outcome.unwrap_or_else(|failures| panic!("{failures}"));
}

/// An enterprise whose connectors have bad luck, each its own.
struct Unlucky {
    enterprise: Enterprise,
    seed: Mutex<u64>,
}

#[async_trait]
impl Harness for Unlucky {
    async fn connect(&self) -> Arc<dyn Connector> {
        let seed = {
            let mut seed = self.seed.lock().unwrap();
            *seed += 1;
            *seed
        };
        let inner = Harness::connect(&self.enterprise).await;
        Arc::new(Chaos::new(inner, ChaosOptions::with_seed(seed)))
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.enterprise.put(path, body).await;
    }

    fn root(&self) -> String {
        self.enterprise.root()
    }

    async fn rename(&self, from: &str, to: &str) {
        self.enterprise.rename(from, to).await;
    }

    async fn remove(&self, path: &str) {
        self.enterprise.remove(path).await;
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        self.enterprise.truth().await
    }
}

#[tokio::test]
async fn the_suite_passes_with_bad_luck() {
    for seed in 0..3 {
        let outcome = check_all(async || Unlucky {
            enterprise: Enterprise::new().await,
            seed: Mutex::new(seed * 1_000),
        })
        .await;
        outcome.unwrap_or_else(|failures| panic!("seed {seed}: {failures}"));
    }
}
