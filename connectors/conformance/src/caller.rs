//! A caller as the pipeline is one: patient with what may pass by itself.

use std::sync::Arc;

use bytes::Bytes;
use labeld_connector::{
    Capabilities, ChangePage, Connector, Cursor, ErrorKind, Exposure, FileMeta, FileRef,
    ReadOptions, Result, WriteOptions,
};

use crate::suite::{Violation, ensure};

/// Attempts at one call.
const ATTEMPTS: usize = 100;

/// Calls a connector, and tries again what is worth it.
pub(crate) struct Caller(pub(crate) Arc<dyn Connector>);

impl Caller {
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    pub(crate) async fn changes(&self, since: Option<&Cursor>) -> Result<ChangePage> {
        patiently(async || self.0.changes(since).await).await
    }

    pub(crate) async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        patiently(async || self.0.stat(file).await).await
    }

    pub(crate) async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        patiently(async || self.0.read(file, options.clone()).await).await
    }

    pub(crate) async fn write(
        &self,
        file: &FileRef,
        body: &[u8],
        options: WriteOptions,
    ) -> Result<FileMeta> {
        let body = Bytes::copy_from_slice(body);
        patiently(async || self.0.write(file, body.clone(), options.clone()).await).await
    }

    pub(crate) async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        patiently(async || self.0.exposure(file).await).await
    }
}

async fn patiently<T>(call: impl AsyncFn() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match call().await {
            Err(error) if error.kind().is_retryable() => {
                tokio::time::sleep(error.retry_after().unwrap_or_default()).await;
            }
            outcome => return outcome,
        }
    }
    call().await
}

/// `Ok` when the call failed as it must.
pub(crate) fn expect_error<T>(
    what: &str,
    outcome: Result<T>,
    kind: ErrorKind,
) -> std::result::Result<(), Violation> {
    match outcome {
        Ok(_) => Err(Violation(format!("{what}: worked, expected {kind:?}"))),
        Err(error) => ensure(error.kind() == kind, || {
            format!("{what}: {:?}, expected {kind:?}", error.kind())
        }),
    }
}
