//! Secrets: the configuration says where they are kept, never what they are.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use toml::de::DeValue;

use super::section::Section;

/// Longest secret, in bytes. Keys and certificates are far below it.
const MAX_BYTES: u64 = 64 << 10;

/// How long a command may take to print a secret.
const COMMAND_TIME: Duration = Duration::from_secs(30);

/// Where systemd puts the credentials of a unit (systemd.exec(5), `LoadCredential=`).
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
    /// What a command prints.
    Command {
        /// The program: a name found through `PATH`, or a path.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
        /// The folder that it runs in: the configuration's.
        folder: PathBuf,
    },
    /// A systemd credential of this name.
    Credential(String),
}

/// A secret itself. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The secret, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// Why a secret cannot be had. Never contains any of it.
#[derive(Debug, thiserror::Error)]
#[error("cannot get the secret from {secret}: {problem}")]
pub struct SecretError {
    /// Where it should be.
    pub secret: Secret,
    /// What went wrong.
    #[source]
    pub problem: SecretProblem,
}

/// What went wrong with a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretProblem {
    /// The environment variable is not set.
    #[error("it is not set")]
    NotSet,
    /// systemd gave this process no credentials.
    #[error("systemd gave no credentials; add `LoadCredential={0}:PATH` to the unit")]
    NoCredentials(String),
    /// The file cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// The command cannot be started, or its output not be read.
    #[error("it cannot be run")]
    NotRun(#[source] io::Error),
    /// The command ended badly.
    #[error("it failed with {0}")]
    Failed(ExitStatus),
    /// The command took too long.
    #[error("it took longer than {} s", COMMAND_TIME.as_secs())]
    TooSlow,
    /// Nothing there but line ends.
    #[error("it is empty")]
    Empty,
    /// More than any secret.
    #[error("it is longer than {} KiB", MAX_BYTES >> 10)]
    TooLong,
    /// Not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the environment variable `{name}`"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            // Arguments may be confidential.
            Self::Command { program, .. } => write!(f, "the command `{}`", program.display()),
            Self::Credential(name) => write!(f, "the systemd credential `{name}`"),
        }
    }
}

impl Secret {
    /// Fetches the secret, without the line end behind it. May block for up to 30 seconds.
    ///
    /// # Errors
    ///
    /// [`SecretError`] names the place and what is wrong with it.
    pub fn resolve(&self) -> Result<SecretText, SecretError> {
        self.fetch()
            .and_then(|bytes| to_text(&bytes))
            .map_err(|problem| SecretError {
                secret: self.clone(),
                problem,
            })
    }

    fn fetch(&self) -> Result<Vec<u8>, SecretProblem> {
        match self {
            Self::Env(name) => std::env::var_os(name)
                .map(std::ffi::OsString::into_encoded_bytes)
                .ok_or(SecretProblem::NotSet),
            Self::File(path) => read_file(path),
            Self::Command {
                program,
                arguments,
                folder,
            } => run(Command::new(program).args(arguments).current_dir(folder)),
            Self::Credential(name) => match std::env::var_os(CREDENTIALS_DIRECTORY) {
                Some(folder) => read_file(&Path::new(&folder).join(name)),
                None => Err(SecretProblem::NoCredentials(name.clone())),
            },
        }
    }
}

fn to_text(bytes: &[u8]) -> Result<SecretText, SecretProblem> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SecretProblem::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| SecretProblem::NotText)?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(SecretProblem::Empty),
        text => Ok(SecretText(text.to_owned())),
    }
}

fn read_bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_file(path: &Path) -> Result<Vec<u8>, SecretProblem> {
    File::open(path)
        .and_then(read_bounded)
        .map_err(SecretProblem::Unreadable)
}

/// Runs a command and takes what it prints. Its error output goes where labeld's goes.
fn run(command: &mut Command) -> Result<Vec<u8>, SecretProblem> {
    let deadline = Instant::now() + COMMAND_TIME;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(SecretProblem::NotRun)?;
    let result = take_output(&mut child, deadline);
    if result.is_err() {
        // Already gone is as good as killed.
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

fn take_output(child: &mut Child, deadline: Instant) -> Result<Vec<u8>, SecretProblem> {
    let (sender, receiver) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        // Ends with the command's output, or when too much of it came.
        std::thread::spawn(move || sender.send(read_bounded(output)));
    }
    let bytes = receiver
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .map_err(|_| SecretProblem::TooSlow)?
        .map_err(SecretProblem::NotRun)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SecretProblem::TooLong);
    }
    loop {
        match child.try_wait().map_err(SecretProblem::NotRun)? {
            Some(status) if status.success() => return Ok(bytes),
            Some(status) => return Err(SecretProblem::Failed(status)),
            None if Instant::now() >= deadline => return Err(SecretProblem::TooSlow),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

const REFERENCE: &str = "keep it elsewhere and say where: { env = \"NAME\" }, { file = \"PATH\" }, \
     { command = [\"program\", \"argument\"] } or { credential = \"NAME\" } (of systemd)";

impl Section<'_> {
    /// The place of a secret. The secret itself, written inline, is refused and not shown.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let value = self.look_up(key)?;
        if matches!(value.get_ref(), DeValue::Table(_)) {
            return self.table(key, read_reference);
        }
        self.mask(value.span());
        let message = format!(
            "`{key}` in {} is a secret and cannot stand in this file",
            self.title()
        );
        self.report(value.span(), message, REFERENCE.to_owned());
        None
    }
}

fn read_reference(section: &mut Section<'_>) -> Option<Secret> {
    let folder = match section.source().folder() {
        folder if folder.as_os_str().is_empty() => PathBuf::from("."),
        folder => folder.to_owned(),
    };
    let references = [
        section.optional("env").map(Secret::Env),
        section.optional("file").map(Secret::File),
        section
            .optional("command")
            .and_then(|words| command(section, words, folder)),
        section.optional("credential").map(Secret::Credential),
    ];
    let is_written = ["env", "file", "command", "credential"].map(|key| section.has(key));
    if is_written.iter().filter(|&&written| written).count() != 1 {
        section.report_missing(
            format!(
                "{} must name exactly one place of the secret",
                section.title()
            ),
            REFERENCE.to_owned(),
        );
        return None;
    }
    references.into_iter().flatten().next()
}

fn command(section: &mut Section<'_>, words: Vec<String>, folder: PathBuf) -> Option<Secret> {
    let mut words = words.into_iter();
    let Some(program) = words.next() else {
        section.report_key(
            "command",
            "`command` is empty".to_owned(),
            "write the program and its arguments: [\"program\", \"argument\"]",
        );
        return None;
    };
    // A bare name is looked up in PATH. A relative path starts where all others do, and is made
    // absolute because the command runs in another folder than labeld.
    let program = if program.contains('/') {
        let path = section.source().resolve(&program);
        std::path::absolute(&path).unwrap_or(path)
    } else {
        PathBuf::from(program)
    };
    Some(Secret::Command {
        program,
        arguments: words.collect(),
        folder,
    })
}
