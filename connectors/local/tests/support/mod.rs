//! A folder with an app on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use labeld_conformance::{Harness, MAX_PAGE};
use labeld_connector::Connector;
use labeld_connector_local::{Local, LocalOptions};
use tempfile::TempDir;

pub(crate) struct Folder {
    temporary: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        fs::create_dir(temporary.path().join("root")).unwrap();
        Self { temporary }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.temporary.path().join("root")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.temporary.path().join("state")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn options(&self) -> LocalOptions {
        LocalOptions {
            page_size: MAX_PAGE,
            ..LocalOptions::new("test", self.root(), self.state())
        }
    }

    pub(crate) fn local(&self) -> Local {
        Local::new(self.options())
    }

    pub(crate) fn write(&self, path: &str, body: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }
}

#[async_trait]
impl Harness for Folder {
    async fn connect(&self) -> Arc<dyn Connector> {
        Arc::new(self.local())
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.write(path, body);
    }

    async fn rename(&self, from: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path(from), to).unwrap();
    }

    async fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.root(), &self.root(), &mut files);
        files
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), fs::read(&path).unwrap());
        }
    }
}
