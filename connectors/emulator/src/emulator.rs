//! All providers behind one server.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use url::Url;

use crate::box_service::{BoxOptions, BoxService};
use crate::frame::{
    CA_FILE, ClockOptions, EmulatorClock, Faults, Frame, Journal, JournalOptions, Provider, Server,
    ServerOptions, snapshot, write_private,
};
use crate::google::{Google, GoogleOptions};
use crate::microsoft::{Microsoft, MicrosoftOptions};

/// How an emulator begins. By default: ports that the system chooses, plain HTTP, the machine's time, and
/// a journal of everything.
#[derive(Debug, Clone, Default)]
pub struct EmulatorOptions {
    /// The port of the control API; the hosts have the ports behind it: `login`, `graph`, `sharepoint`,
    /// `sharepoint-my`. The system chooses all ports when `None`.
    pub listen_base: Option<u16>,
    /// Whether the hosts of the providers speak TLS, with a certificate authority made at the start.
    pub tls: bool,
    /// The time of the emulated world.
    pub clock: ClockOptions,
    /// What the journal keeps.
    pub journal: JournalOptions,
    /// The tenant of Microsoft 365.
    pub microsoft: MicrosoftOptions,
    /// The enterprise of Box. Its hosts come behind: `api`, `upload`, `download`.
    pub box_service: BoxOptions,
    /// The customer of Google Workspace. Its host comes last: `google`.
    pub google: GoogleOptions,
}

/// The running services, on 127.0.0.1. Dropping it stops them at once.
#[derive(Debug)]
pub struct Emulator {
    server: Server,
    microsoft: Arc<Microsoft>,
    box_service: Arc<BoxService>,
    google: Arc<Google>,
}

impl Emulator {
    /// Starts all services.
    ///
    /// # Errors
    ///
    /// When a port cannot be bound.
    pub async fn start(options: EmulatorOptions) -> anyhow::Result<Self> {
        let frame = Frame::new(&options.clock, options.journal);
        let microsoft = Microsoft::new(options.microsoft, frame.clone());
        let box_service = BoxService::new(options.box_service, frame.clone());
        let google = Google::new(options.google, frame.clone());
        let providers: Vec<Arc<dyn Provider>> = vec![
            Arc::clone(&microsoft) as _,
            Arc::clone(&box_service) as _,
            Arc::clone(&google) as _,
        ];
        let listening = ServerOptions {
            listen_base: options.listen_base,
            tls: options.tls,
        };
        let server = Server::start(&listening, frame, providers).await?;
        Ok(Self {
            server,
            microsoft,
            box_service,
            google,
        })
    }

    /// Microsoft 365.
    #[must_use]
    pub fn microsoft(&self) -> &Arc<Microsoft> {
        &self.microsoft
    }

    /// Box.
    #[must_use]
    pub fn box_service(&self) -> &Arc<BoxService> {
        &self.box_service
    }

    /// Google Workspace.
    #[must_use]
    pub fn google(&self) -> &Arc<Google> {
        &self.google
    }

    /// What was asked and what was stored.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.server.frame().journal
    }

    /// The scripted faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.server.frame().faults
    }

    /// The time of the emulated world.
    #[must_use]
    pub fn clock(&self) -> &EmulatorClock {
        &self.server.frame().clock
    }

    /// The base URL of the control API, without a path.
    #[must_use]
    pub fn control_url(&self) -> Url {
        self.server.control_url().clone()
    }

    /// The certificate authority as PEM; `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.server.ca_pem()
    }

    /// All services, by their names.
    #[must_use]
    pub fn providers(&self) -> &[Arc<dyn Provider>] {
        self.server.providers()
    }

    /// What a client needs to know: the control API, and each provider's base URLs, ids and, after
    /// [`config_toml`](Self::config_toml), credential files.
    #[must_use]
    pub fn describe(&self) -> Value {
        let mut description = Map::new();
        description.insert(
            "control".to_owned(),
            json!(self.server.control_url().as_str()),
        );
        for provider in self.providers() {
            description.insert(provider.name().to_owned(), provider.describe());
        }
        Value::Object(description)
    }

    /// A whole `labeld.toml` that connects to the services. Writes the credential files that it names, and
    /// the certificate authority where there is one ([`CA_FILE`]), into `folder`, in which it is meant to be.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    pub fn config_toml(&self, folder: &Path) -> anyhow::Result<String> {
        if let Some(pem) = self.ca_pem() {
            write_private(&folder.join(CA_FILE), pem)?;
        }
        let mut config = "# Connects labeld to a running labeld-emulator.\n\n\
            [store]\nsqlite = \"labeld-data/labeld.db\"\n\n\
            [log]\nformat = \"text\"\nlevel = \"info\"\n"
            .to_owned();
        for provider in self.providers() {
            let tables = provider
                .config_toml(folder)
                .with_context(|| format!("cannot write the credentials of {}", provider.name()))?;
            config.push('\n');
            config.push_str(&tables);
        }
        Ok(config)
    }

    /// The whole state: the clock and the providers, without the journal and the faults.
    #[must_use]
    pub fn save(&self) -> Value {
        snapshot::save(self.clock(), self.providers())
    }

    /// Puts a state that [`save`](Self::save) gave in place of the present one.
    ///
    /// # Errors
    ///
    /// When it is no such state.
    pub fn restore(&self, saved: &Value) -> anyhow::Result<()> {
        snapshot::restore(saved, self.clock(), self.providers())
    }

    /// Writes the whole state to a file, which is replaced at once or not at all.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save_file(&self, file: &Path) -> anyhow::Result<()> {
        snapshot::write_file(file, &self.save())
    }

    /// Puts the state in a file in place of the present one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or holds no such state.
    pub fn restore_file(&self, file: &Path) -> anyhow::Result<()> {
        self.restore(&snapshot::read_file(file)?)
            .with_context(|| format!("cannot restore {}", file.display()))
    }

    /// Stops listening, lets requests in progress end for up to five seconds, and closes all connections.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
