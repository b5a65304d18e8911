//! The configuration: one TOML file, read into plain types, with every problem of it told at once.

mod address;
mod digest;
mod patterns;
mod policy;
mod problem;
mod secret;
mod section;
mod service;
mod source;
mod tenant;
mod time;
mod value;

#[cfg(test)]
mod cloud_problem_tests;
#[cfg(test)]
mod cloud_tests;
#[cfg(test)]
mod example_tests;
#[cfg(test)]
mod microsoft_problem_tests;
#[cfg(test)]
mod problem_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod service_tests;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub use digest::ConfigDigest;
pub use patterns::PathPatterns;
pub use problem::{Place, Problem, Problems};
pub use secret::{Secret, SecretError, SecretProblem, SecretText};
pub use service::{AuditConfig, HttpConfig, ServiceConfig, TelemetryConfig};
pub use source::Excerpt;
pub use tenant::{
    AppConfig, BoxConfig, BoxCredential, BoxDownloadHosts, Coauthoring, GoogleConfig,
    GoogleMirrorLabel, GoogleQuota, GoogleWrites, LabelOrder, LabelSource, LocalAppConfig,
    MicrosoftCloud, MicrosoftConfig, MicrosoftCredential, NetworkConfig, OneDriveConfig,
    PaceConfig, ProxyConfig, ReadMode, SchedulesConfig, SharePointConfig, TenantConfig,
};

use problem::Finding;
use section::{Findings, Section};
use source::Source;
use value::Choice;

use crate::model::policy::PolicyDefinition;

/// The file that is read when none is named, in the folder labeld is started in.
pub const DEFAULT_FILE: &str = "labeld.toml";

/// The file that is read when there is no [`DEFAULT_FILE`].
pub const SYSTEM_FILE: &str = "/etc/labeld/labeld.toml";

/// The commented example: every option, and it runs as it stands in the source tree.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Largest configuration file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A whole configuration. Relative paths in the file have been resolved from the file's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// Where the inventory is kept.
    pub store: StoreConfig,
    /// The organisations; at least one.
    pub tenants: Vec<TenantConfig>,
    /// What labeld logs.
    pub log: LogConfig,
    /// The policies, those of the configuration's own file first.
    pub policies: Vec<PolicyDefinition>,
    /// How the service lives.
    pub service: ServiceConfig,
    /// What the service listens on.
    pub http: HttpConfig,
    /// Where traces go.
    pub telemetry: TelemetryConfig,
    /// What is done with the audit log.
    pub audit: AuditConfig,
    /// SHA-256 of its text, that of its files of policies included: tells one configuration from another.
    pub digest: ConfigDigest,
}

/// Where the inventory is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database; the secret is its URL.
    Postgres(Secret),
}

/// What labeld logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogConfig {
    /// How a line looks.
    pub format: LogFormat,
    /// The least level that is logged; without it what the command logs by itself.
    pub level: Option<LogLevel>,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs somebody.
    Error,
    /// And what may need somebody.
    Warn,
    /// And what happens.
    Info,
    /// And how.
    Debug,
    /// And every step.
    Trace,
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
    const EXAMPLE: &'static str = "\"text\"";
}

impl Choice for LogLevel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
    const EXAMPLE: &'static str = "\"info\"";
}

impl Config {
    /// The file to read: the one that is named, else the first of the usual ones that is there.
    ///
    /// # Errors
    ///
    /// [`Problems`] that say where it was looked for.
    pub fn find(named: Option<&Path>) -> Result<PathBuf, Problems> {
        if let Some(path) = named {
            return Ok(path.to_owned());
        }
        let usual = [Path::new(DEFAULT_FILE), Path::new(SYSTEM_FILE)];
        match usual.into_iter().find(|path| path.exists()) {
            Some(path) => Ok(path.to_owned()),
            None => Err(Problems::whole_file(
                std::path::absolute(DEFAULT_FILE).unwrap_or_else(|_| DEFAULT_FILE.into()),
                format!("no configuration: neither this file nor {SYSTEM_FILE} is there"),
                "write one with `labeld init`, or name yours with `--config FILE`",
            )),
        }
    }

    /// Reads and checks a configuration file.
    ///
    /// # Errors
    ///
    /// [`Problems`] with everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let source = Source::new(path.to_owned(), read_text(path)?);
        let policy_files = policy::read_sources(&source)?;
        parse_all(&source, &policy_files).0
    }

    /// The state folder that a file names, whatever else is wrong with the file: a service that has refused it can be
    /// asked why.
    ///
    /// # Errors
    ///
    /// [`Problems`] of a file that does not tell it.
    pub fn state_dir(path: &Path) -> Result<PathBuf, Problems> {
        let source = Source::new(path.to_owned(), read_text(path)?);
        let (config, _) = parse_file(&source, read);
        let config = config.map_or_else(|| Self::load(path), Ok)?;
        Ok(config.service.state_dir)
    }
}

/// The text of a file of the configuration.
///
/// # Errors
///
/// [`Problems`] that say why it cannot be had.
fn read_text(path: &Path) -> Result<String, Problems> {
    let bytes = read_bounded(path).map_err(|error| {
        let fix = match error.kind() {
            io::ErrorKind::NotFound => "check the path, or write a new file with `labeld init`",
            io::ErrorKind::PermissionDenied => "let labeld's account read it",
            _ => "check the path",
        };
        Problems::whole_file(path.to_owned(), format!("cannot be read: {error}"), fix)
    })?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Problems::whole_file(
            path.to_owned(),
            format!("larger than {} MiB", MAX_FILE_BYTES >> 20),
            "check the path: this is hardly a configuration",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Problems::whole_file(
            path.to_owned(),
            format!("not UTF-8 text from byte {offset} on"),
            "save the file as UTF-8",
        )
    })
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The configuration without files of policies, and what reading it found out about its keys.
#[cfg(test)]
fn parse(source: &Source) -> (Result<Config, Problems>, Findings) {
    parse_all(source, &[])
}

/// The configuration with its files of policies, and what reading the configuration itself found out about its keys.
fn parse_all(source: &Source, policy_files: &[Source]) -> (Result<Config, Problems>, Findings) {
    let ((mut config, policies), main) =
        parse_file(source, |top| (read(top), policy::read_all(top)));
    let mut files = vec![(source, policies)];
    let mut parsed = vec![(source, main)];
    for source in policy_files {
        let (policies, file) = parse_file(source, policy::read_all);
        files.push((source, policies));
        parsed.push((source, file));
    }
    if let Some(config) = &mut config {
        config.digest = ConfigDigest::of(std::iter::once(source).chain(policy_files));
        let joined = policy::join(config, files);
        for ((_, file), found) in parsed.iter_mut().zip(joined) {
            file.found.extend(found);
        }
    }
    let mut main = Findings::default();
    let mut problems = Vec::new();
    for (index, (source, file)) in parsed.into_iter().enumerate() {
        problems.extend(problem::problems(
            source,
            file.syntax,
            file.found,
            &file.findings.masks,
        ));
        if index == 0 {
            main = file.findings;
        }
    }
    let result = match (config, Problems::join(problems)) {
        (Some(config), None) => Ok(config),
        (_, Some(problems)) => Err(problems),
        (None, None) => Err(Problems::whole_file(
            source.file.clone(),
            "cannot be used, and labeld cannot say why".to_owned(),
            "report this as a mistake of labeld",
        )),
    };
    (result, main)
}

/// What is wrong with one file.
struct ParsedFile {
    syntax: Vec<Finding>,
    found: Vec<Finding>,
    findings: Findings,
}

fn parse_file<T>(source: &Source, read: impl FnOnce(&mut Section<'_>) -> T) -> (T, ParsedFile) {
    let (tree, errors) = DeTable::parse_recoverable(&source.text);
    let syntax: Vec<Finding> = errors
        .iter()
        .map(|error| syntax_finding(error, &source.text))
        .collect();
    let mut top = Section::top(source, tree.get_ref());
    let value = read(&mut top);
    let mut findings = top.finish();
    findings.report_unknown_keys();
    let found = std::mem::take(&mut findings.list);
    let file = ParsedFile {
        syntax,
        found,
        findings,
    };
    (value, file)
}

fn read(top: &mut Section<'_>) -> Option<Config> {
    let store = top.table("store", read_store);
    if !top.has("store") {
        top.report_missing(
            "[store] is missing: where shall the inventory be kept?".to_owned(),
            "add [store] with `sqlite = \"labeld-data/labeld.db\"`".to_owned(),
        );
    }
    let tenants = tenant::read_all(top);
    // Where the files are is known before: they are read with the configuration.
    let _: Option<Vec<String>> = top.optional("policies");
    let log = top.table("log", read_log).unwrap_or_default();
    let service = top.table("service", |section| {
        service::read_service(section, store.as_ref())
    });
    let http = top.table("http", service::read_http).unwrap_or_default();
    let telemetry = top.table("telemetry", service::read_telemetry);
    let audit = top.table("audit", service::read_audit);
    let store = store?;
    Some(Config {
        file: top.source().file.clone(),
        service: service.unwrap_or_else(|| ServiceConfig::of_store(&store, top.source())),
        store,
        tenants,
        log,
        policies: Vec::new(),
        http,
        telemetry: telemetry.unwrap_or_default(),
        audit: audit.unwrap_or_default(),
        digest: ConfigDigest::default(),
    })
}

fn read_store(section: &mut Section<'_>) -> Option<StoreConfig> {
    let sqlite = section.optional("sqlite").map(StoreConfig::Sqlite);
    let postgres = section.secret("postgres").map(StoreConfig::Postgres);
    match (section.has("sqlite"), section.has("postgres")) {
        (true, true) => section.report_key(
            "postgres",
            "the store is either `sqlite` or `postgres`, not both".to_owned(),
            "take one of them out",
        ),
        (false, false) => section.report_missing(
            "[store] names no store".to_owned(),
            "add `sqlite = \"labeld-data/labeld.db\"` or `postgres = { env = \"NAME\" }`"
                .to_owned(),
        ),
        _ => {}
    }
    sqlite.or(postgres)
}

fn read_log(section: &mut Section<'_>) -> Option<LogConfig> {
    Some(LogConfig {
        format: section.or_default("format"),
        level: section.optional("level"),
    })
}

/// A syntax error in our own form: what is wrong, and what was expected there.
fn syntax_finding(error: &toml::de::Error, text: &str) -> Finding {
    let span = error.span().unwrap_or(0..0);
    let (message, expected) = match error.message().split_once(", expected ") {
        Some((message, expected)) => (message, Some(expected)),
        None => (error.message(), None),
    };
    let rest_of_line = text.get(span.start..).and_then(|rest| rest.lines().next());
    let (message, fix) = match (message, expected) {
        ("string values must be quoted", _)
            if span.is_empty() && rest_of_line.is_none_or(|rest| rest.trim().is_empty()) =>
        {
            ("a value is missing", "write one behind the `=`".to_owned())
        }
        ("string values must be quoted", _) => {
            (message, "write the text in quotes: \"…\"".to_owned())
        }
        ("duplicate key", _) => (
            "the same key or table stands here a second time",
            "keep one of them".to_owned(),
        ),
        (message, Some(expected)) => (message, format!("expected here: {expected}")),
        (message, None) => (
            message,
            "see https://toml.io for the form of the file".to_owned(),
        ),
    };
    Finding {
        span: Some(span),
        message: message.to_owned(),
        fix,
        structural: false,
    }
}
