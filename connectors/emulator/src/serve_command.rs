//! `labeld-emulator serve`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use labeld_emulator::frame::{CA_FILE, ClockOptions, Detail, JournalOptions, write_private};
use labeld_emulator::google::GoogleOptions;
use labeld_emulator::{Emulator, EmulatorOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Bounds of the journal, so that a long run does not fill the memory.
const MOST_ENTRIES: usize = 100_000;
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// Serves until SIGINT or SIGTERM.
///
/// When everything is ready, one line of JSON goes to the standard output: the URL of the control API, the
/// files of the certificate authority and of the configuration (null when there is none), and for each
/// service its base URLs, ids and credential files. Everything else goes to the error output.
#[derive(Debug, Args)]
pub(crate) struct ServeCommand {
    /// Store the files and folders below DIR.
    #[arg(long, value_name = "DIR")]
    seed: Option<PathBuf>,

    /// Store N generated documents, which are made when they are read.
    #[arg(long, value_name = "N", default_value_t = 0)]
    files: u64,

    /// Listen on PORT (control API) and the ports behind it (Microsoft's login, graph, sharepoint and sharepoint-my; Box's api,
    /// upload and download; google), and not on ports that the system chooses.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    listen_base: Option<u16>,

    /// Write a ready labeld.toml to FILE, and the credential files that it names beside it. Without this,
    /// the credential files are in a temporary folder that is removed at the end.
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,

    /// Speak TLS, with a certificate authority made at the start. The control API stays on plain HTTP.
    #[arg(long)]
    tls: bool,

    /// Begin with the state saved in FILE when there is one, leaving --seed and --files aside, and save the
    /// state there at the end.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// What to keep of requests for GET /_emulator/journal.
    #[arg(long, value_enum, default_value_t = JournalArgument::Full)]
    journal: JournalArgument,

    /// The time at which the emulated world begins, like 2026-03-01T09:00:00Z. The machine's by default.
    #[arg(long, value_name = "TIME", value_parser = time)]
    clock: Option<DateTime<Utc>>,

    /// A bearer token that Google's APIs always take, in the name of mina@alder.example: for test suites that
    /// bring one of their own.
    #[arg(long, value_name = "TOKEN")]
    google_static_token: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum JournalArgument {
    /// Nothing, which costs least.
    Off,
    /// Everything but bodies.
    Heads,
    /// Bodies too, up to 64 KiB each.
    Full,
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|error| format!("{error}; a time looks like 2026-03-01T09:00:00Z"))
}

impl ServeCommand {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Runtime::new()
            .context("cannot start the runtime")?
            .block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        // Before anybody can know that the emulator runs, so that no signal comes too early.
        let mut signals = Signals::new()?;
        let emulator = Emulator::start(self.options()).await?;
        self.fill(&emulator)?;
        let (folder, _temporary) = self.credential_folder()?;
        let config = emulator.config_toml(&folder)?;
        if let Some(file) = &self.write_config {
            write_private(file, config)?;
        }
        announce(&self.announcement(&emulator, &folder)?)?;
        signals.next().await;
        if let Some(file) = &self.state {
            emulator.save_file(file)?;
        }
        emulator.stop().await;
        Ok(())
    }

    fn options(&self) -> EmulatorOptions {
        let detail = match self.journal {
            JournalArgument::Off => Detail::Off,
            JournalArgument::Heads => Detail::Heads,
            JournalArgument::Full => Detail::Full,
        };
        EmulatorOptions {
            listen_base: self.listen_base,
            tls: self.tls,
            clock: ClockOptions {
                start: self.clock,
                frozen: false,
            },
            journal: JournalOptions {
                detail,
                most_entries: Some(MOST_ENTRIES),
                most_bytes: Some(MOST_BYTES),
                ..JournalOptions::default()
            },
            google: GoogleOptions {
                static_token: self.google_static_token.clone(),
                ..GoogleOptions::default()
            },
            ..EmulatorOptions::default()
        }
    }

    /// The state at the start: what was saved, or else seed and generated files.
    fn fill(&self, emulator: &Emulator) -> anyhow::Result<()> {
        if let Some(file) = self.state.as_ref().filter(|file| file.exists()) {
            emulator.restore_file(file)?;
            if let Some(start) = self.clock {
                emulator.clock().set(start);
            }
            return Ok(());
        }
        for provider in emulator.providers() {
            if let Some(folder) = &self.seed {
                provider
                    .seed(folder)
                    .with_context(|| format!("cannot store what is in {}", folder.display()))?;
            }
            if self.files > 0 {
                provider
                    .control("generate", &json!({"files": self.files}))
                    .context("cannot store generated files")?;
            }
        }
        Ok(())
    }

    /// Where the credential files go, and the guard of the folder when it is a temporary one.
    fn credential_folder(&self) -> anyhow::Result<(PathBuf, Option<TempDir>)> {
        let Some(config) = &self.write_config else {
            let temporary = TempDir::with_prefix("labeld-emulator-")
                .context("cannot make a temporary folder")?;
            return Ok((temporary.path().to_owned(), Some(temporary)));
        };
        let config = std::path::absolute(config)
            .with_context(|| format!("cannot find {}", config.display()))?;
        let folder = config.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok((folder, None))
    }

    fn announcement(&self, emulator: &Emulator, folder: &Path) -> anyhow::Result<Value> {
        let config = self.write_config.as_ref().map(std::path::absolute);
        let mut announcement = emulator.describe();
        announcement["ca"] = json!(emulator.ca_pem().map(|_| folder.join(CA_FILE)));
        announcement["config"] = json!(config.transpose().context("cannot find the folder")?);
        Ok(announcement)
    }
}

/// The one line on the standard output.
fn announce(announcement: &Value) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{announcement}")
        .and_then(|()| output.flush())
        .context("cannot write to the standard output")
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
