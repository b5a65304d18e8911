//! One app of each kind, with an emulator behind those that are in a cloud, and what people do in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use labeld_emulator::box_service::{CollaborationStatus, NewCollaboration};
use labeld_emulator::google::{Grantee, Role};
use labeld_emulator::microsoft::{Share, ShareWith};
use labeld_emulator::{Emulator, EmulatorOptions};
use tokio::runtime::Runtime;

use crate::workspace::{GENERAL, Store, Workspace, docx, walk};

/// All files are this person's.
const MINA: &str = "mina@alder.example";

const OTHER_LABEL: &str = "0d8e6a30-1b5f-4c0e-9b7a-3f2c51d80a11";

/// An app with files in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum App {
    SharePoint,
    OneDrive,
    Box,
    Google,
    Local,
}

impl App {
    pub(crate) const ALL: [Self; 5] = [
        Self::SharePoint,
        Self::OneDrive,
        Self::Box,
        Self::Google,
        Self::Local,
    ];

    /// Its name in the configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SharePoint => "sharepoint",
            Self::OneDrive => "onedrive",
            Self::Box => "box",
            Self::Google => "google",
            Self::Local => "share",
        }
    }

    /// Lines of the configuration by which nobody waits for the pace that its service asks for, beside `units_per_minute` of
    /// Microsoft.
    fn pace(self) -> &'static str {
        match self {
            Self::Box => "calls_per_minute = 1000000\n",
            Self::Google => "units_per_minute = 100000000\nuser_units_per_minute = 100000000\n",
            Self::SharePoint | Self::OneDrive | Self::Local => "",
        }
    }
}

/// What is known of a file: its reason code or `ok`, and its label.
pub(crate) type Facts = (String, Option<String>);

/// Files by app and by their path in it.
pub(crate) type Files = BTreeMap<(App, String), Facts>;

/// What the configuration says on top of what the emulator writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    /// Lines for each app.
    pub(crate) app: &'a str,
    /// `[tenant.schedules]`.
    pub(crate) schedules: &'a str,
    /// Lines for `[tenant.microsoft]`.
    pub(crate) microsoft: &'a str,
    /// Further tables.
    pub(crate) tables: &'a str,
}

/// The apps, and a folder in which `labeld` knows them.
pub(crate) struct FiveApps {
    pub(crate) emulator: Emulator,
    pub(crate) workspace: Workspace,
    library: String,
    one_drive: String,
    // Serves until the test ends.
    pub(crate) runtime: Runtime,
}

impl FiveApps {
    /// Without files, and without a configuration.
    pub(crate) fn new(store: Store, options: EmulatorOptions) -> Self {
        let runtime = Runtime::new().unwrap();
        let emulator = runtime.block_on(Emulator::start(options)).unwrap();
        Self {
            library: emulator.microsoft().library(),
            one_drive: emulator.microsoft().one_drive(MINA).unwrap(),
            workspace: Workspace::on(store),
            emulator,
            runtime,
        }
    }

    /// Writes a configuration with all apps.
    pub(crate) fn configure(&self, file: &str, settings: Settings<'_>) {
        let text = self.config(settings);
        fs::write(self.workspace.path(file), text).unwrap();
    }

    /// Has a configuration allow writing everywhere: Box and Google are connected read-only otherwise.
    pub(crate) fn allow_writing(&self, file: &str) {
        let file = self.workspace.path(file);
        let mut text = fs::read_to_string(&file).unwrap();
        for app in [App::Box, App::Google] {
            let name = format!("name = \"{}\"\n", app.name());
            text = text.replace(&name, &format!("{name}read_only = false\n"));
        }
        fs::write(file, text).unwrap();
    }

    fn config(&self, settings: Settings<'_>) -> String {
        let folder = self.workspace.path("");
        let written = self.emulator.config_toml(&folder).unwrap();
        let mut text = String::new();
        for line in written.lines() {
            if line.starts_with("sqlite = ") {
                text.push_str(match self.workspace.store() {
                    Store::Sqlite => "sqlite = \"data/labeld.db\"",
                    Store::Postgres(_) => "postgres = { env = \"LABELD_TEST_STORE\" }",
                });
            } else if line == "[tenant.microsoft]" {
                let Settings {
                    schedules,
                    microsoft,
                    ..
                } = settings;
                text.push_str(&format!(
                    "{schedules}{line}\nunits_per_minute = 1000000\n{microsoft}"
                ));
            } else {
                text.push_str(line);
            }
            text.push('\n');
            let mut apps = App::ALL.into_iter();
            if let Some(app) = apps.find(|app| line == format!("name = \"{}\"", app.name())) {
                text.push_str(settings.app);
                text.push_str(app.pace());
            }
        }
        let Settings { app, tables, .. } = settings;
        text + &format!("[[tenant.local]]\nname = \"share\"\nroot = \"docs\"\n{app}{tables}")
    }

    /// Saves a file, a new one or another version.
    pub(crate) fn put(&self, app: App, path: &str, body: &Bytes) {
        let body = body.clone();
        match app {
            App::SharePoint => {
                let drive = &self.library;
                self.emulator.microsoft().put(drive, path, body, MINA);
            }
            App::OneDrive => {
                let drive = &self.one_drive;
                self.emulator.microsoft().put(drive, path, body, MINA);
            }
            App::Box => {
                let cloud = self.emulator.box_service();
                cloud.put(&cloud.mina(), path, body);
            }
            App::Google => {
                let google = self.emulator.google();
                google.put(MINA, path, body, MINA).unwrap();
            }
            App::Local => {
                // As editors save: never a file that is half there.
                let draft = self.workspace.path("draft");
                fs::write(&draft, body).unwrap();
                let path = self.local(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::rename(draft, path).unwrap();
            }
        }
    }

    /// Shares a file with somebody outside, by a mail address; a folder of this machine has no such thing.
    pub(crate) fn share(&self, app: App, path: &str, address: &str) {
        let in_drive = |drive: &str| {
            let share = Share::with(ShareWith::OneTimeGuest(address.to_owned()));
            self.emulator.microsoft().share(drive, path, &share);
        };
        match app {
            App::SharePoint => in_drive(&self.library),
            App::OneDrive => in_drive(&self.one_drive),
            App::Box => {
                let cloud = self.emulator.box_service();
                let file = cloud.find(&cloud.mina(), path).unwrap();
                let invitation = NewCollaboration {
                    email: Some(address.to_owned()),
                    status: CollaborationStatus::Pending,
                    ..NewCollaboration::default()
                };
                cloud.invite(&file, &invitation);
            }
            App::Google => {
                let google = self.emulator.google();
                let file = google.id_at(MINA, path).unwrap();
                let whom = Grantee::User(address.to_owned());
                google.share(&file, whom, Role::Reader).unwrap();
            }
            App::Local => {}
        }
    }

    /// What is in an app, by path.
    pub(crate) fn files(&self, app: App) -> BTreeMap<String, Bytes> {
        match app {
            App::SharePoint => self.emulator.microsoft().files(&self.library),
            App::OneDrive => self.emulator.microsoft().files(&self.one_drive),
            App::Box => {
                let cloud = self.emulator.box_service();
                cloud.files(&cloud.mina())
            }
            App::Google => self.emulator.google().files(MINA).unwrap(),
            App::Local => {
                let docs = self.workspace.docs();
                walk(&docs)
                    .into_iter()
                    .map(|path| {
                        let below = path.strip_prefix(&docs).unwrap();
                        (below.display().to_string(), fs::read(&path).unwrap().into())
                    })
                    .collect()
            }
        }
    }

    /// What the apps hold.
    pub(crate) fn truth(&self) -> Files {
        let mut truth = Files::new();
        for app in App::ALL {
            for (path, body) in self.files(app) {
                truth.insert((app, path), facts_of(&body));
            }
        }
        truth
    }

    /// What is known of the apps by a service with this configuration.
    pub(crate) fn inventory(&self, config: &str) -> Files {
        let mut files = Files::new();
        for row in self
            .workspace
            .rows(["files", "--limit", "0", "--config", config])
        {
            let mut apps = App::ALL.into_iter();
            let app = apps.find(|app| row["app"] == app.name()).unwrap();
            let outcome = row["reason"].as_str().or(row["state"].as_str());
            let facts = (
                outcome.unwrap_or("not read").to_owned(),
                row["labels"][0]["id"].as_str().map(str::to_owned),
            );
            // Names are unique, whatever folders an app shows above them.
            let path = row["path"].as_str().unwrap();
            let at = path.find("work/").unwrap();
            files.insert((app, path[at..].to_owned()), facts);
        }
        files
    }

    /// Gives a file another path.
    pub(crate) fn rename(&self, app: App, path: &str, to: &str) {
        match app {
            App::SharePoint => {
                let drive = &self.library;
                self.emulator.microsoft().rename(drive, path, to, MINA);
            }
            App::OneDrive => {
                let drive = &self.one_drive;
                self.emulator.microsoft().rename(drive, path, to, MINA);
            }
            App::Box => {
                let cloud = self.emulator.box_service();
                let file = cloud.find(&cloud.mina(), path).unwrap();
                cloud.rename(&file, &cloud.mina(), to);
            }
            App::Google => {
                let google = self.emulator.google();
                google.rename(MINA, path, to, MINA).unwrap();
            }
            App::Local => {
                let docs = self.workspace.docs();
                fs::create_dir_all(docs.join(to).parent().unwrap()).unwrap();
                fs::rename(docs.join(path), docs.join(to)).unwrap();
            }
        }
    }

    /// Removes a file.
    pub(crate) fn remove(&self, app: App, path: &str) {
        match app {
            App::SharePoint => self.emulator.microsoft().remove(&self.library, path),
            App::OneDrive => self.emulator.microsoft().remove(&self.one_drive, path),
            App::Box => {
                let cloud = self.emulator.box_service();
                let file = cloud.find(&cloud.mina(), path).unwrap();
                cloud.trash(&file);
            }
            App::Google => {
                let google = self.emulator.google();
                let file = google.id_at(MINA, path).unwrap();
                google.delete(&file).unwrap();
            }
            App::Local => fs::remove_file(self.workspace.docs().join(path)).unwrap(),
        }
    }

    fn local(&self, path: &str) -> PathBuf {
        self.workspace.docs().join(path)
    }
}

/// Contents of files, with what is to be found out about them.
pub(crate) fn bodies() -> [(Bytes, &'static str, Option<&'static str>); 5] {
    [
        (docx(None).into(), "ok", None),
        (docx(Some(GENERAL)).into(), "ok", Some(GENERAL)),
        (docx(Some(OTHER_LABEL)).into(), "ok", Some(OTHER_LABEL)),
        (Bytes::new(), "file.empty", None),
        (
            Bytes::from_static(b"PK\x03\x04broken"),
            "file.corrupt",
            None,
        ),
    ]
}

/// What is to be found out about one of the [`bodies`].
pub(crate) fn facts_of(body: &[u8]) -> Facts {
    let (_, outcome, label) = bodies()
        .into_iter()
        .find(|(known, ..)| known == body)
        .unwrap();
    (outcome.to_owned(), label.map(str::to_owned))
}
