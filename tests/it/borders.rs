//! Who may look where, and the other invariants of ARCHITECTURE.md that can be read off the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::walk;

/// The modules of the daemon, and what each may use of the daemon's modules and the workspace's crates.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("crash_points", &[]),
    ("model", &["labeld_connector"]),
    ("config", &["model"]),
    ("store", &["model", "clock", "labeld_connector"]),
    // The plain types of what a listing tells.
    ("policy", &["model", "labeld_connector"]),
    (
        "pipeline",
        &[
            "model",
            "store",
            "clock",
            "crash_points",
            "policy",
            "telemetry",
            "labeld_formats",
            "labeld_connector",
        ],
    ),
    // The clock: a span has a beginning.
    ("telemetry", &["model", "clock"]),
    // What it serves is handed to it; it asks connectors only to read change notifications.
    ("http", &["model", "telemetry", "labeld_connector"]),
    (
        "apps",
        &[
            "config",
            "pipeline",
            "model",
            "telemetry",
            "labeld_formats",
            "labeld_connector",
            "labeld_connector_box",
            "labeld_connector_google",
            "labeld_connector_local",
            "labeld_connector_onedrive",
            "labeld_connector_sharepoint",
            "labeld_graph",
        ],
    ),
    // `model` and `config` for what it is told to do; `http` it leaves to the command.
    (
        "daemon",
        &[
            "apps",
            "clock",
            "config",
            "model",
            "pipeline",
            "store",
            "telemetry",
            "labeld_connector",
        ],
    ),
    (
        "cli",
        &[
            "apps",
            "clock",
            "config",
            "daemon",
            "http",
            "model",
            "pipeline",
            "policy",
            "store",
            "telemetry",
            "labeld_formats",
            "labeld_connector",
        ],
    ),
    ("main", &["labeld"]),
    ("lib", &[]),
];

/// The crates of the workspace, and what each may depend on besides what is only for its tests.
const CRATES_MAY_USE: &[(&str, &[&str])] = &[
    ("formats", &[]),
    ("connectors/core", &[]),
    ("connectors/local", &["labeld-connector"]),
    ("connectors/graph", &["labeld-connector"]),
    (
        "connectors/sharepoint",
        &["labeld-connector", "labeld-graph"],
    ),
    ("connectors/onedrive", &["labeld-connector", "labeld-graph"]),
    ("connectors/box", &["labeld-connector"]),
    ("connectors/google", &["labeld-connector"]),
    ("connectors/emulator", &["labeld-connector"]),
    ("connectors/conformance", &["labeld-connector"]),
];

/// What bytes-to-facts has no use for.
const NOT_IN_FORMATS: &[&str] = &[
    "tokio",
    "async-trait",
    "rustls",
    "rusqlite",
    "rustix",
    "tokio-postgres",
];

const PROVIDERS: &[&str] = &["box", "google", "sharepoint", "onedrive", "local"];

const SQL: &[&str] = &[
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM",
    "CREATE TABLE",
    "CREATE INDEX",
    "ALTER TABLE",
    "DROP TABLE",
    "PRAGMA ",
];

/// A source file without its comments and tests.
struct Source {
    /// Below the root of the source tree.
    path: PathBuf,
    code: String,
}

impl Source {
    /// The module of the daemon that it belongs to.
    fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src").ok()?;
        let first = below.components().next()?;
        Some(first.as_os_str().to_str()?.trim_end_matches(".rs"))
    }

    /// The lines that hold one of the words, to be shown.
    fn lines_with(&self, words: &[&str]) -> Vec<String> {
        self.code
            .lines()
            .filter(|line| words.iter().any(|word| line.contains(word)))
            .map(|line| format!("{}: {}", self.path.display(), line.trim()))
            .collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in folders {
        for file in walk(&root().join(folder)) {
            let path = file.strip_prefix(root()).unwrap().to_owned();
            if path.extension().is_some_and(|it| it == "rs") && !is_test_file(&path) {
                let code = without_comments_and_tests(&fs::read_to_string(&file).unwrap());
                sources.push(Source { path, code });
            }
        }
    }
    assert!(sources.len() > 3, "{folders:?}");
    sources
}

/// Modules of tests stand in `tests.rs`, `…_tests.rs`, or a folder `tests`.
fn is_test_file(path: &Path) -> bool {
    path.components().any(|part| {
        let name = part.as_os_str().to_str().unwrap().trim_end_matches(".rs");
        name == "tests" || name.ends_with("_tests")
    })
}

/// Leaves out what stands behind `//`, and each item behind `#[cfg(test)]`: up to the line that closes
/// it with the same indent.
fn without_comments_and_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = &line[..line.len() - line.trim_start().len()];
            let end = [format!("{indent}}}"), format!("{indent}}};")];
            for (number, line) in lines.by_ref().enumerate() {
                let one_line = number == 0 && line.ends_with(';');
                if one_line || end.iter().any(|end| line == end) {
                    break;
                }
            }
            continue;
        }
        let end = line
            .find("// ")
            .or_else(|| line.find("///"))
            .unwrap_or(line.len());
        let is_comment = line.trim_start().starts_with("//");
        let kept = if is_comment { "" } else { &line[..end] };
        code.push_str(kept);
        code.push('\n');
    }
    code
}

/// The names that stand behind `prefix` in the code.
fn names_behind(code: &str, prefix: &str) -> BTreeSet<String> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    code.match_indices(prefix)
        .filter(|(position, _)| !code[..*position].ends_with(is_name))
        .map(|(position, _)| {
            let rest = &code[position + prefix.len()..];
            assert!(
                !rest.starts_with('{'),
                "one path a line, so that it can be checked: {rest:.40}"
            );
            rest.split(|character| !is_name(character))
                .next()
                .unwrap()
                .to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_use_only_what_they_may() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in sources(&["src"]) {
        let module = source.module().unwrap();
        let may_use = rules
            .get(module)
            .unwrap_or_else(|| panic!("module {module} is not in ARCHITECTURE.md's table"));
        seen.insert(module.to_owned());
        let own = names_behind(&source.code, "crate::");
        let crates = names_behind(&source.code, "labeld_")
            .into_iter()
            .map(|name| format!("labeld_{name}"))
            // Metrics are named in the same way.
            .filter(|name| source.code.contains(&format!("{name}::")));
        for used in own.into_iter().chain(crates) {
            if used != module && !may_use.contains(&&*used) {
                wrong.push(format!("{} uses {used}", source.path.display()));
            }
        }
        let is_top =
            source.path.parent() == Some(Path::new("src")) || source.path.ends_with("mod.rs");
        let depth = source.path.components().count();
        if is_top && depth <= 3 && source.code.contains("super::") {
            wrong.push(format!(
                "{} reaches out with `super::`",
                source.path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let in_table: BTreeSet<String> = rules.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(seen, in_table);
}

/// Dependencies of a manifest.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = read_manifest(folder);
    manifest["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

fn read_manifest(folder: &str) -> toml::Table {
    let path = root().join(folder).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

#[test]
fn crates_depend_only_on_what_they_may() {
    for (folder, may_use) in CRATES_MAY_USE {
        let ours: Vec<String> = dependencies(folder)
            .into_iter()
            .filter(|name| name.starts_with("labeld"))
            .collect();
        assert!(
            ours.iter().all(|name| may_use.contains(&&**name)),
            "{folder}: {ours:?}"
        );
    }
    let formats = dependencies("formats");
    let unwanted: Vec<_> = NOT_IN_FORMATS
        .iter()
        .filter(|name| formats.contains(**name))
        .collect();
    assert!(unwanted.is_empty(), "formats: {unwanted:?}");
}

#[test]
fn every_crate_forbids_unsafe_code_by_the_lints_of_the_workspace() {
    let workspace = read_manifest("");
    let lints = &workspace["workspace"]["lints"]["rust"];
    assert_eq!(lints["unsafe_code"].as_str(), Some("forbid"));
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let members: Vec<&str> = members
        .iter()
        .map(|member| member.as_str().unwrap())
        .collect();
    let known: Vec<&str> = CRATES_MAY_USE.iter().map(|(folder, _)| *folder).collect();
    for member in members.iter().chain(&[""]) {
        let inherits = read_manifest(member)["lints"]["workspace"].as_bool();
        assert_eq!(inherits, Some(true), "{member:?}");
        assert!(member.is_empty() || !member.starts_with("connectors") || known.contains(member));
    }
}

/// What, the folders it is looked for in, where it is allowed, and how it is recognised.
type Reserved<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

#[test]
fn what_only_one_place_may_do() {
    let shipped = [
        "src",
        "formats/src",
        "connectors/core/src",
        "connectors/local/src",
        "connectors/graph/src",
        "connectors/sharepoint/src",
        "connectors/onedrive/src",
        "connectors/box/src",
        "connectors/google/src",
        "connectors/emulator/src",
    ];
    let table: [Reserved<'_>; 4] = [
        ("SQL", &["src"], &["src/store"], SQL),
        (
            "the wall clock",
            &["src", "formats/src"],
            &["src/clock.rs"],
            &["Utc::now", "Local::now", "SystemTime::now"],
        ),
        (
            "a crash",
            &shipped,
            // A tool of tests: what a test asks of it in vain is the failure report.
            &["connectors/emulator/src"],
            &[
                ".unwrap()",
                ".expect(\"",
                "panic!(",
                "todo!(",
                "unimplemented!(",
                "unreachable!(",
            ],
        ),
        (
            "unsafe code",
            &shipped,
            &[],
            &["unsafe {", "unsafe fn", "allow(unsafe_code)"],
        ),
    ];
    for (what, folders, allowed, words) in table {
        let found: Vec<String> = sources(folders)
            .iter()
            .filter(|source| !allowed.iter().any(|place| source.path.starts_with(place)))
            .flat_map(|source| source.lines_with(words))
            .collect();
        assert!(found.is_empty(), "{what}: {found:#?}");
    }
}

#[test]
fn only_apps_and_configuration_name_a_provider() {
    let words: Vec<String> = PROVIDERS
        .iter()
        .flat_map(|name| [format!("labeld_connector_{name}"), format!("\"{name}\"")])
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let found: Vec<String> = sources(&["src"])
        .iter()
        .filter(|source| !matches!(source.module(), Some("apps" | "config")))
        .flat_map(|source| source.lines_with(&words))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The checks above see what they look for.
#[test]
fn comments_and_tests_are_left_out_and_code_is_not() {
    let code = without_comments_and_tests(
        "use crate::store; // crate::comment\n/// crate::doc\n#[cfg(test)]\nmod tests;\nfn a() {}\n\
         #[cfg(test)]\nmod inner {\n    use crate::hidden;\n}\nuse crate::cli::x;\n",
    );
    let expected = ["cli", "store"].map(str::to_owned);
    assert_eq!(names_behind(&code, "crate::"), expected.into());
    assert!(code.contains("fn a()"));
}
