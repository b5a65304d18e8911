use proptest::prelude::*;

use super::*;

/// A configuration without a problem.
pub(super) const GOOD: &str = r#"[store]
sqlite = "db"
[[tenant]]
name = "contoso"
id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
[[tenant.local]]
name = "finance"
root = "docs"
"#;

pub(super) fn parse_text(text: &str) -> Result<Config, Problems> {
    let source = Source::new(PathBuf::from("conf/labeld.toml"), text.to_owned());
    parse(&source).0
}

#[test]
fn defaults_and_paths() {
    let config = parse_text(GOOD).unwrap();
    assert_eq!(config.store, StoreConfig::Sqlite("conf/db".into()));
    assert_eq!(config.log, LogConfig::default());
    let tenant = &config.tenants[0];
    assert_eq!(tenant.coauthoring, Coauthoring::Unknown);
    assert_eq!(
        (tenant.only_this_tenant, tenant.size_limit),
        (false, 31_457_280)
    );
    let app = &tenant.local[0];
    assert_eq!(app.root, Path::new("conf/docs"));
    assert_eq!(app.read_mode, ReadMode::Local);
}

#[test]
fn every_option_is_read() {
    let config = parse_text(
        r#"
        log = { format = "json", level = "debug" }
        store.postgres = { credential = "url" }
        [[tenant]]
        name = "a"
        id = "{72F988BF-86F1-41AF-91AB-2D7CD011DB47}"
        labels.file = "/etc/labels.json"
        coauthoring = "on"
        only_this_tenant = true
        size_limit = 0x1000
        local = [
            { name = "x", root = "/x", copy_from = "/y", size_limit = "2 kB", read_mode = "bytes", exclude = ["*.tmp"] },
            { name = "y", root = "../y/./z" },
        ]
        "#,
    )
    .unwrap();
    assert_eq!(
        config.log,
        LogConfig {
            format: LogFormat::Json,
            level: LogLevel::Debug
        }
    );
    assert_eq!(
        config.store,
        StoreConfig::Postgres(Secret::Credential("url".into()))
    );
    let tenant = &config.tenants[0];
    assert_eq!(
        tenant.labels,
        Some(LabelSource::File("/etc/labels.json".into()))
    );
    assert_eq!(tenant.coauthoring, Coauthoring::On);
    assert!(tenant.only_this_tenant);
    let [x, y] = tenant.local.as_slice() else {
        panic!("two apps")
    };
    assert_eq!((x.size_limit, y.size_limit), (2_000, 4_096));
    assert_eq!(x.copy_from.as_deref(), Some(Path::new("/y")));
    assert_eq!(x.exclude.patterns(), ["*.tmp"]);
    assert_eq!(
        (x.read_mode, y.read_mode),
        (ReadMode::Bytes, ReadMode::Local)
    );
}

#[test]
fn files_that_cannot_be_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let table = [
        (folder.path().join("none.toml"), "cannot be read"),
        (folder.path().to_owned(), "cannot be read"),
        (
            write("latin.toml", b"[store]\n# \xE9"),
            "not UTF-8 text from byte 10 on",
        ),
        (
            write("large.toml", &vec![b'\n'; 1 << 21]),
            "larger than 1 MiB",
        ),
    ];
    for (path, expected) in table {
        let problems = Config::load(&path).unwrap_err();
        assert_eq!(problems.file, path);
        assert!(
            problems.problems[0].message.starts_with(expected),
            "{problems}"
        );
    }
    // Editors on Windows put a byte order mark in front.
    let marked = write("mark.toml", format!("\u{feff}{GOOD}").as_bytes());
    Config::load(&marked).unwrap();
}

#[test]
fn a_named_file_is_taken_as_it_is() {
    let named = Path::new("no/such.toml");
    assert_eq!(Config::find(Some(named)).unwrap(), named);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        if let Err(problems) = parse_text(&text) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }

    #[test]
    fn no_damage_to_a_good_file_panics(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}=\"'.,#\n a-z0-9é\u{7f}]{0,4}"), 1..6),
    ) {
        let mut text = EXAMPLE.replace("\n#", "\n").chars().collect::<Vec<_>>();
        for (index, insert) in edits {
            let at = index.index(text.len());
            text.splice(at..(at + 2).min(text.len()), insert.chars());
        }
        if let Err(problems) = parse_text(&String::from_iter(text)) {
            prop_assert!(!problems.problems.is_empty());
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
