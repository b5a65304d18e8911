//! What the suite needs of a provider.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use labeld_connector::Connector;

/// Most changes on one page of the connectors that a [`Harness`] makes, so that the suite's small
/// trees have several pages.
pub const MAX_PAGE: usize = 5;

/// An app with nobody else in it, its durable state, and hands to change files behind the connector's
/// back. Paths are `/`-separated, relative to the root, and their folders are made as needed.
///
/// A method that cannot do its work panics: the harness is a part of a test.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A new connector on the app, as after a restart: whatever the last one had only in memory is
    /// lost. Its pages have at most five changes. The suite has dropped the last one.
    async fn connect(&self) -> Arc<dyn Connector>;

    /// Makes a file, or replaces the content of the one that is there.
    async fn put(&self, path: &str, body: &[u8]);

    /// Where the app's paths begin, as its listings show them; empty for a folder, the library's path for
    /// a library.
    fn root(&self) -> String {
        String::new()
    }

    /// Gives a file, or a folder with all that is in it, another path.
    async fn rename(&self, from: &str, to: &str);

    /// Removes a file, or a folder with all that is in it.
    async fn remove(&self, path: &str);

    /// Makes somebody replace a file's content once, just before the next write to it takes effect. `false` where the
    /// harness cannot; the suite then leaves out what needs it.
    async fn edit_before_write(&self, _path: &str, _body: &[u8]) -> bool {
        false
    }

    /// Shares a file with somebody outside, who is named by a mail address. `false` where the app has no such thing; the
    /// suite then leaves out what needs it.
    async fn share(&self, _path: &str, _address: &str) -> bool {
        false
    }

    /// Id and name of labels that the app can mirror, at least two where it can any.
    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Path and content of every file, found without the connector.
    async fn truth(&self) -> BTreeMap<String, Vec<u8>>;
}
