//! A folder with a configuration, a label list and documents, and the `labeld` program that works in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::postgres;

/// Ends a program that hangs; none comes near it.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// The tenant of `testdata/labels.json`.
pub(crate) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// The label "General" of `testdata/labels.json`.
pub(crate) const GENERAL: &str = "f42aa342-8706-4288-bd11-ebb85995028c";

/// Where the inventory is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    /// With its URL.
    Postgres(String),
}

impl Store {
    /// SQLite, and a new schema of PostgreSQL where there is one.
    pub(crate) fn each() -> Vec<Self> {
        [Self::Sqlite].into_iter().chain(Self::postgres()).collect()
    }

    /// A new schema of PostgreSQL, where there is one.
    pub(crate) fn postgres() -> Option<Self> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(postgres::new_schema()).map(Self::Postgres)
    }
}

/// A folder to run `labeld` in: `labeld.toml`, `labels.json`, and the app's files in `docs`.
pub(crate) struct Workspace {
    folder: TempDir,
    store: Store,
}

impl Workspace {
    /// With an empty app folder and SQLite.
    pub(crate) fn new() -> Self {
        Self::on(Store::Sqlite)
    }

    /// With an empty app folder.
    pub(crate) fn on(store: Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Self { folder, store };
        fs::create_dir(workspace.docs()).unwrap();
        fs::copy(
            testdata().join("labels.json"),
            workspace.path("labels.json"),
        )
        .unwrap();
        workspace.configure("docs");
        workspace
    }

    /// Writes the configuration; `root` is the app's folder.
    pub(crate) fn configure(&self, root: impl AsRef<Path>) {
        let store = match self.store {
            Store::Sqlite => "sqlite = \"data/labeld.db\"",
            Store::Postgres(_) => "postgres = { env = \"LABELD_TEST_STORE\" }",
        };
        let text = format!(
            "[store]\n{store}\n[[tenant]]\nname = \"acme\"\nid = \"{TENANT}\"\n\
             labels = {{ file = \"labels.json\" }}\n\
             [[tenant.local]]\nname = \"share\"\nroot = \"{}\"\n",
            root.as_ref().display()
        );
        fs::write(self.path("labeld.toml"), text).unwrap();
    }

    /// Adds a copy of the sample documents to the app's folder.
    pub(crate) fn with_samples(self) -> Self {
        copy_folder(&documents(), &self.docs());
        self
    }

    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Where the inventory is kept.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The app's folder.
    pub(crate) fn docs(&self) -> PathBuf {
        self.path("docs")
    }

    /// The SQLite file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("data/labeld.db")
    }

    /// Writes a file of the app.
    pub(crate) fn write(&self, below: impl AsRef<Path>, body: impl AsRef<[u8]>) {
        let path = self.docs().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }

    /// The program, to be run here.
    pub(crate) fn command(&self) -> Command {
        let mut command = labeld();
        command.current_dir(self.folder.path());
        if let Store::Postgres(url) = &self.store {
            command.env("LABELD_TEST_STORE", url);
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run<I>(&self, arguments: I) -> Ended
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = self.command();
        command.args(arguments);
        run(command)
    }

    /// Runs the program, which must succeed, and reads its lines of JSON.
    pub(crate) fn rows<I>(&self, arguments: I) -> Vec<Value>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = self.command();
        command.args(arguments).args(["--format", "jsonl"]);
        run(command).expect(0).json_lines()
    }

    /// The whole inventory, by path.
    pub(crate) fn inventory(&self) -> BTreeMap<String, Value> {
        self.rows(["files", "--limit", "0"])
            .into_iter()
            .map(|row| (row["ref"].as_str().unwrap().to_owned(), row))
            .collect()
    }
}

/// The program, away from the caller's configuration.
pub(crate) fn labeld() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_labeld"));
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// The same program for whom access rights hold, also where the tests run as root; `None` where that
/// cannot be had, after saying so.
pub(crate) fn without_root_powers(workspace: &Workspace) -> Option<Command> {
    let plain = workspace.command();
    if !rustix::process::geteuid().is_root() {
        return Some(plain);
    }
    let mut bounded = Command::new("setpriv");
    bounded
        .arg("--bounding-set=-dac_override,-dac_read_search")
        .arg("--inh-caps=-dac_override,-dac_read_search");
    let probe = Command::new(bounded.get_program())
        .args(bounded.get_args())
        .arg("true")
        .stderr(Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: this is root, and setpriv cannot drop its powers");
        return None;
    }
    bounded
        .arg(plain.get_program())
        .current_dir(workspace.folder.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    if let Store::Postgres(url) = &workspace.store {
        bounded.env("LABELD_TEST_STORE", url);
    }
    Some(bounded)
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end; one that hangs is ended and has no code.
pub(crate) fn run(command: Command) -> Ended {
    run_with_input(command, &[])
}

/// [`run`] with bytes on standard input.
pub(crate) fn run_with_input(command: Command, input: &[u8]) -> Ended {
    let output = assert_cmd::Command::from_std(command)
        .timeout(HANGS_AFTER)
        .write_stdin(input)
        .output()
        .unwrap();
    Ended::of(&output)
}

impl Ended {
    pub(crate) fn of(output: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Itself, where it ended with `code` and did not crash on the way.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    /// Itself, where the error output has all these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in {self:#?}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The records of CSV, by column.
    #[track_caller]
    pub(crate) fn csv(&self) -> Vec<BTreeMap<String, String>> {
        csv::Reader::from_reader(self.out.as_bytes())
            .deserialize()
            .map(Result::unwrap)
            .collect()
    }
}

/// `testdata` of the source tree.
pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The sample documents.
pub(crate) fn documents() -> PathBuf {
    testdata().join("documents")
}

/// What is true of a sample document.
pub(crate) type Truth = BTreeMap<String, String>;

/// What is true of the sample documents that are there.
pub(crate) fn manifest() -> Vec<Truth> {
    csv::Reader::from_path(testdata().join("MANIFEST.csv"))
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .filter(|row: &Truth| documents().join(&row["path"]).exists())
        .collect()
}

/// All that is no folder below `folder`: a walk that knows nothing of the program's.
pub(crate) fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for file in walk(from) {
        let copy = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, fs::read(file).unwrap()).unwrap();
    }
}

/// The parts of a package by name; empty for what is none.
pub(crate) fn parts(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(package)) else {
        return BTreeMap::new();
    };
    let mut parts = BTreeMap::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        parts.insert(part.name().unwrap().into_owned(), content);
    }
    parts
}

/// A small Word document; with a label where one is given.
pub(crate) fn docx(label: Option<&str>) -> Vec<u8> {
    document("", label)
}

/// A small Word document with a text in it; with a label where one is given.
pub(crate) fn document(text: &str, label: Option<&str>) -> Vec<u8> {
    let paragraph = match text {
        "" => String::new(),
        text => format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"),
    };
    let mut types = String::from(
        r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>"#,
    );
    let mut relations = String::from(
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>"#,
    );
    let mut parts = vec![(
        "word/document.xml",
        format!(
            r#"<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{paragraph}</w:body></w:document>"#
        ),
    )];
    if let Some(label) = label {
        types.push_str(r#"<Override PartName="/docMetadata/LabelInfo.xml" ContentType="application/vnd.ms-office.classificationlabels+xml"/>"#);
        relations.push_str(r#"<Relationship Id="r2" Type="http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels" Target="docMetadata/LabelInfo.xml"/>"#);
        parts.push((
            "docMetadata/LabelInfo.xml",
            format!(
                r#"<?xml version="1.0"?><clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"><clbl:label id="{{{label}}}" enabled="1" method="Standard" siteId="{{{TENANT}}}" contentBits="0" removed="0"/></clbl:labelList>"#
            ),
        ));
    }
    parts.push(("[Content_Types].xml", types + "</Types>"));
    parts.push(("_rels/.rels", relations + "</Relationships>"));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
