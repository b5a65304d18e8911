//! What the service behind the connector holds, and the hands behind its back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use labeld_conformance::Harness;
use labeld_connector::Connector;

use super::{Fault, Memory};

/// Labels that can be mirrored: id and name.
pub(super) const MIRRORED: [(&str, &str); 2] = [("label-1", "Public"), ("label-2", "Secret")];

#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) body: Vec<u8>,
    pub(super) edits: usize,
    pub(super) modified: i64,
}

/// What the service behind the connector holds. Position in `journal` is the cursor.
#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) files: BTreeMap<usize, File>,
    made: usize,
    pub(super) journal: Vec<usize>,
    fault: Option<Fault>,
    /// Path and content of what somebody saves just before the next write.
    edit: Option<(String, Vec<u8>)>,
    /// Ids of mirrored labels.
    pub(super) mirrored: BTreeMap<usize, String>,
    /// Whom files are shared with.
    pub(super) shared: BTreeMap<usize, String>,
}

impl App {
    fn id_at(&self, path: &str) -> Option<usize> {
        let found = self.files.iter().find(|(_, file)| file.path == path);
        found.map(|(id, _)| *id)
    }

    /// The files that a change of `path` changes. They are put into the journal, unless `fault` keeps those
    /// of a folder out of it.
    fn ids_at_or_below(&mut self, path: &str, fault: Fault) -> Vec<usize> {
        let below = format!("{path}/");
        let is_meant = |file: &File| file.path == path || file.path.starts_with(&below);
        let files = self.files.iter().filter(|(_, file)| is_meant(file));
        let ids: Vec<usize> = files.map(|(id, _)| *id).collect();
        let is_folder = self.id_at(path).is_none();
        if !is_folder || self.fault != Some(fault) {
            self.journal.extend(&ids);
        }
        ids
    }

    pub(super) fn put(&mut self, path: &str, body: &[u8]) {
        let id = self.id_at(path).unwrap_or_else(|| {
            self.made += 1;
            self.made
        });
        let edits = self.files.get(&id).map_or(0, |file| file.edits + 1);
        let file = File {
            path: path.to_owned(),
            body: body.to_vec(),
            edits,
            modified: edits as i64,
        };
        self.files.insert(id, file);
        self.journal.push(id);
    }

    fn share(&mut self, path: &str, address: &str) {
        let id = self.id_at(path).unwrap();
        self.shared.insert(id, address.to_owned());
    }

    /// Lets the person who is faster by a moment save.
    pub(super) fn make_edit(&mut self) {
        if let Some((path, body)) = self.edit.take() {
            self.put(&path, &body);
        }
    }
}

pub(crate) struct MemoryHarness {
    app: Arc<Mutex<App>>,
    fault: Option<Fault>,
    change_feed: bool,
    write: bool,
}

impl MemoryHarness {
    pub(crate) fn new(fault: Option<Fault>, change_feed: bool, write: bool) -> Self {
        Self {
            app: Arc::new(Mutex::new(App {
                fault,
                ..App::default()
            })),
            fault,
            change_feed,
            write,
        }
    }

    pub(crate) fn connector(&self) -> Memory {
        Memory {
            app: Arc::clone(&self.app),
            fault: self.fault,
            change_feed: self.change_feed,
            write: self.write,
            asked: Mutex::default(),
        }
    }
}

#[async_trait]
impl Harness for MemoryHarness {
    async fn connect(&self) -> Arc<dyn Connector> {
        Arc::new(self.connector())
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.app.lock().unwrap().put(path, body);
    }

    async fn rename(&self, from: &str, to: &str) {
        let mut app = self.app.lock().unwrap();
        let ids = app.ids_at_or_below(from, Fault::FolderRenameUnreported);
        for id in ids {
            let path = &mut app.files.get_mut(&id).unwrap().path;
            *path = format!("{to}{}", &path[from.len()..]);
        }
    }

    async fn remove(&self, path: &str) {
        let mut app = self.app.lock().unwrap();
        for id in app.ids_at_or_below(path, Fault::FolderRemovalUnreported) {
            app.files.remove(&id);
        }
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        self.app.lock().unwrap().share(path, address);
        true
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        self.app.lock().unwrap().edit = Some((path.to_owned(), body.to_vec()));
        true
    }

    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        &MIRRORED
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        let app = self.app.lock().unwrap();
        let files = app.files.values();
        files
            .map(|file| (file.path.clone(), file.body.clone()))
            .collect()
    }
}
