//! The program against emulated cloud services, as a person runs it.

mod doctor;
mod every_app;
mod failing;
mod label_changes;
mod label_list;
mod scanning;

use std::collections::BTreeMap;
use std::fs;

use labeld_emulator::frame::{Effect, Entry, FaultRule};
use labeld_emulator::microsoft::{Microsoft, MicrosoftOptions};
use labeld_emulator::{Emulator, EmulatorOptions};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::workspace::{Ended, Store, TENANT, Workspace};

const SHAREPOINT: &str = "[[tenant.sharepoint]]\nname = \"sites\"\n";
const ONEDRIVE: &str = "[[tenant.onedrive]]\nname = \"people\"\n";
const LOCAL: &str = "[[tenant.local]]\nname = \"share\"\nroot = \"docs\"\n";

/// The person with the OneDrive that is there from the start.
const MINA: &str = "mina@alder.example";

/// Where the files of the library and of the OneDrive are in the inventory.
const LIBRARY: &str = "alder/sites:sites/finance/Shared Documents";
const MINAS: &str = "alder/people:personal/mina_alder_example/Documents";

/// How the program signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignIn {
    Certificate,
    Secret,
    WrongSecret,
}

/// A folder to run the program in, connected to an emulator of its own.
struct Cloud {
    emulator: Emulator,
    workspace: Workspace,
    /// The document library and the OneDrive that are there from the start.
    library: String,
    onedrive: String,
    // Serves until the test ends.
    runtime: Runtime,
}

impl Cloud {
    /// SharePoint, OneDrive and a folder on SQLite, signed in with a certificate.
    fn new() -> Self {
        Self::on(Store::Sqlite)
    }

    fn on(store: Store) -> Self {
        Self::serving(store, false)
    }

    /// With TLS or without.
    fn serving(store: Store, tls: bool) -> Self {
        let runtime = Runtime::new().unwrap();
        let options = EmulatorOptions {
            microsoft: MicrosoftOptions {
                tenant_id: TENANT.parse().unwrap(),
                ..MicrosoftOptions::default()
            },
            tls,
            ..EmulatorOptions::default()
        };
        let emulator = runtime.block_on(Emulator::start(options)).unwrap();
        let microsoft = emulator.microsoft();
        let cloud = Self {
            library: microsoft.library(),
            onedrive: microsoft.one_drive(MINA).unwrap(),
            workspace: Workspace::on(store),
            emulator,
            runtime,
        };
        cloud.configure(SignIn::Certificate, &[SHAREPOINT, ONEDRIVE, LOCAL]);
        cloud
    }

    fn microsoft(&self) -> &Microsoft {
        self.emulator.microsoft()
    }

    /// Writes the configuration.
    fn configure(&self, sign_in: SignIn, apps: &[&str]) {
        let microsoft = self.microsoft();
        let bases = microsoft.bases();
        let write = |name: &str, text: &str| fs::write(self.workspace.path(name), text).unwrap();
        write("app.pem", microsoft.certificate_pem());
        write("app.key", microsoft.private_key_pem());
        let credential = match sign_in {
            SignIn::Certificate => {
                "certificate = \"app.pem\"\nprivate_key = { file = \"app.key\" }"
            }
            SignIn::Secret => {
                write("secret", &microsoft.client_secret());
                "client_secret = { file = \"secret\" }"
            }
            SignIn::WrongSecret => {
                write("secret", "hunter2");
                "client_secret = { file = \"secret\" }"
            }
        };
        let store = match self.workspace.store() {
            Store::Sqlite => "sqlite = \"data/labeld.db\"",
            Store::Postgres(_) => "postgres = { env = \"LABELD_TEST_STORE\" }",
        };
        let text = format!(
            "[store]\n{store}\n\
             [[tenant]]\nname = \"alder\"\nid = \"{}\"\nlabels = {{ graph = true }}\n\
             [tenant.microsoft]\nclient_id = \"{}\"\n{credential}\n\
             units_per_minute = 1000000\nparallel = 16\n\
             login_url = \"{}\"\ngraph_url = \"{}\"\nsharepoint_urls = [\"{}\", \"{}\"]\n{}",
            microsoft.tenant_id(),
            microsoft.client_id(),
            bases.login,
            bases.graph,
            bases.sharepoint,
            bases.sharepoint_my,
            apps.concat()
        );
        fs::write(self.workspace.path("labeld.toml"), text).unwrap();
    }

    /// Answers requests that a pattern covers with a refusal in Graph's form.
    fn refuse(&self, path: &str, code: u16, error: &str) {
        let body = json!({"error": {"code": error, "message": "by the test"}});
        let effect = Effect::Status {
            code,
            headers: BTreeMap::new(),
            body,
        };
        let rule = FaultRule::new(effect).path(path);
        self.emulator.faults().add(rule).unwrap();
    }

    #[track_caller]
    fn rescan(&self, code: i32) -> Ended {
        self.workspace.run(["rescan"]).expect(code)
    }

    /// The inventory by app and path.
    fn inventory(&self) -> BTreeMap<String, Value> {
        self.workspace
            .rows(["files", "--limit", "0"])
            .into_iter()
            .map(|row| {
                let text = |key: &str| row[key].as_str().unwrap();
                let key = format!("{}/{}:{}", text("tenant"), text("app"), text("path"));
                (key, row)
            })
            .collect()
    }

    /// Requests for the bytes of files since `after`.
    fn downloads(&self, after: u64) -> Vec<Entry> {
        let entries = self.emulator.journal().since(after);
        entries.into_iter().filter(is_download).collect()
    }
}

/// Whether a request is for the bytes of a file, by Graph or by the address that Graph gave.
fn is_download(entry: &Entry) -> bool {
    let path = entry.path();
    entry.method == "GET" && (path.ends_with("/content") || path.ends_with("/download.aspx"))
}
