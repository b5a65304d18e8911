use proptest::prelude::*;

use super::*;

/// A configuration without a problem.
const GOOD: &str = r#"[store]
sqlite = "db"
[[tenant]]
name = "contoso"
id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
[[tenant.local]]
name = "finance"
root = "docs"
"#;

fn parse_text(text: &str) -> Result<Config, Problems> {
    let source = Source {
        file: PathBuf::from("conf/labeld.toml"),
        text: text.to_owned(),
    };
    parse(&source).0
}

/// `line:column message -> fix` for each problem.
fn problems_of(text: &str) -> Vec<String> {
    let problems = match parse_text(text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.problems,
    };
    problems
        .iter()
        .map(|problem| {
            let place = match &problem.place {
                Some(place) => format!("{}:{} ", place.line, place.column),
                None => String::new(),
            };
            format!("{place}{} -> {}", problem.message, problem.fix)
        })
        .collect()
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

/// Each configuration is [`GOOD`] with one text in it replaced by another.
#[test]
fn problems_have_their_place_and_fix() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "root =",
            "romt =",
            &[
                "6:1 `root` is missing in [[tenant.local]] -> add `root = \"path/to/it\"`",
                "8:1 unknown key `romt` in [[tenant.local]] -> did you mean `root`?",
            ],
        ),
        (
            "[store]",
            "zzz = 1\n[store]",
            &["1:1 unknown key `zzz` in the top level -> known here: log, store, tenant"],
        ),
        (
            "[store]",
            "[store]\ncoauthoring = \"on\"",
            &["2:1 unknown key `coauthoring` in [store] -> `coauthoring` belongs in [[tenant]]"],
        ),
        (
            "[store]\nsqlite = \"db\"\n",
            "",
            &[
                "[store] is missing: where shall the inventory be kept? -> add [store] with `sqlite = \"labeld-data/labeld.db\"`",
            ],
        ),
        (
            "sqlite = \"db\"",
            "",
            &[
                "1:1 [store] names no store -> add `sqlite = \"labeld-data/labeld.db\"` or `postgres = { env = \"NAME\" }`",
            ],
        ),
        (
            "sqlite = \"db\"",
            "sqlite = \"db\"\npostgres = { env = \"X\" }",
            &["3:12 the store is either `sqlite` or `postgres`, not both -> take one of them out"],
        ),
        (
            "\"db\"",
            "7",
            &[
                "2:10 `sqlite` in [store]: expected a path as text, found a whole number -> for example \"path/to/it\"",
            ],
        ),
        (
            "\"db\"",
            "\"\"",
            &[
                "2:10 `sqlite` in [store]: the path is empty -> for the folder of this file write \".\"",
            ],
        ),
        (
            "[store]\nsqlite = \"db\"",
            "store = \"db\"",
            &["1:9 `store` must be a table, found text -> write `[store]`"],
        ),
        (
            "[[tenant]]",
            "[tenant]",
            &["3:1 `tenant` must be a list of tables, found a table -> write `[[tenant]]`"],
        ),
        (
            "\"contoso\"",
            "\"con toso\"",
            &[
                "4:8 `name` in [[tenant]]: not a name -> letters, digits, `-`, `_` and `.`, a letter or digit first, at most 64: for example \"contoso\"",
            ],
        ),
        (
            "\"contoso\"",
            "\"\"",
            &[
                "4:8 `name` in [[tenant]]: not a name -> letters, digits, `-`, `_` and `.`, a letter or digit first, at most 64: for example \"contoso\"",
            ],
        ),
        (
            "-2d7cd011db47",
            "",
            &[
                "5:6 `id` in [[tenant]]: not a GUID -> 32 hexadecimal digits: \"00000000-0000-0000-0000-000000000000\"",
            ],
        ),
        (
            "[[tenant.local]]",
            "coauthoring = \"onn\"\n[[tenant.local]]",
            &[
                "6:15 `coauthoring` in [[tenant]]: not a known word -> did you mean \"on\"? one of \"on\", \"off\", \"unknown\"",
            ],
        ),
        (
            "[[tenant.local]]",
            "coauthoring = true\n[[tenant.local]]",
            &[
                "6:15 `coauthoring` in [[tenant]]: expected one of a few words as text, found true -> one of \"on\", \"off\", \"unknown\"",
            ],
        ),
        (
            "[[tenant.local]]",
            "only_this_tenant = \"yes\"\n[[tenant.local]]",
            &[
                "6:20 `only_this_tenant` in [[tenant]]: expected true or false, found text -> for example true",
            ],
        ),
        (
            "id = \"72f988bf-86f1-41af-91ab-2d7cd011db47\"",
            "only_this_tenant = true",
            &[
                "5:20 `only_this_tenant` needs to know which tenant this is -> add the tenant's Entra id as `id`",
            ],
        ),
        (
            "[[tenant.local]]",
            "labels = \"labels.json\"\n[[tenant.local]]",
            &["6:10 `labels` must be a table, found text -> write `[tenant.labels]`"],
        ),
        (
            "[[tenant.local]]",
            "labels = { }\n[[tenant.local]]",
            &["6:10 `file` is missing in [tenant.labels] -> add `file = \"path/to/it\"`"],
        ),
        (
            "[[tenant.local]]",
            "labels = { fle = \"x\" }\n[[tenant.local]]",
            &[
                "6:10 `file` is missing in [tenant.labels] -> add `file = \"path/to/it\"`",
                "6:12 unknown key `fle` in [tenant.labels] -> did you mean `file`?",
            ],
        ),
        (
            "root =",
            "size_limit = 0\nroot =",
            &["8:14 `size_limit` in [[tenant.local]]: out of range -> from 1 byte to 1 GiB"],
        ),
        (
            "root =",
            "size_limit = \"2 GiB\"\nroot =",
            &["8:14 `size_limit` in [[tenant.local]]: out of range -> from 1 byte to 1 GiB"],
        ),
        (
            "root =",
            "size_limit = -5\nroot =",
            &[
                "8:14 `size_limit` in [[tenant.local]]: not a size -> bytes as a whole number, or a number with KB, MB, GB, KiB, MiB or GiB: \"30 MiB\"",
            ],
        ),
        (
            "root =",
            "size_limit = \"30 MiB/s\"\nroot =",
            &[
                "8:14 `size_limit` in [[tenant.local]]: not a size -> bytes as a whole number, or a number with KB, MB, GB, KiB, MiB or GiB: \"30 MiB\"",
            ],
        ),
        (
            "root =",
            "size_limit = 1.5\nroot =",
            &[
                "8:14 `size_limit` in [[tenant.local]]: expected a number of bytes, or text like \"30 MiB\", found a fraction -> for example \"30 MiB\"",
            ],
        ),
        (
            "root =",
            "exclude = [\"[a\"]\nroot =",
            &[
                "8:11 `exclude` in [[tenant.local]]: `[a` is no pattern: unclosed character class; missing ']' -> `*` is a part of a name, `**` any number of folders, `[…]` one of some characters",
            ],
        ),
        (
            "root =",
            "exclude = [3]\nroot =",
            &[
                "8:11 `exclude` in [[tenant.local]]: expected text, found a whole number -> for example \"…\"",
            ],
        ),
        (
            "root =",
            "exclude = \"a\"\nroot =",
            &[
                "8:11 `exclude` in [[tenant.local]]: expected a list of patterns, found text -> for example [\"*.tmp\", \"archive/\"]",
            ],
        ),
        (
            "root =",
            "copy_from = \"docs/../docs/old\"\nroot =",
            &[
                "8:13 `copy_from` and `root` lie within each other -> name two folders that are apart",
            ],
        ),
        (
            "root = \"docs\"",
            "root = \"docs\"\n[[tenant.local]]\nname = \"finance\"\nroot = \"./docs/\"",
            &[
                "10:8 name `finance` is used twice, first on line 7 -> give each [[tenant.local]] its own name",
                "11:8 root `./docs/` is used twice, first on line 8 -> give each [[tenant.local]] its own root",
            ],
        ),
        (
            "[store]",
            "[[tenant]]\nname = \"contoso\"\nid = \"72F988BF-86F1-41AF-91AB-2D7CD011DB47\"\n[store]",
            &[
                "7:8 name `contoso` is used twice, first on line 2 -> give each [[tenant]] its own name",
                "8:6 id `72f988bf-86f1-41af-91ab-2d7cd011db47` is used twice, first on line 3 -> give each [[tenant]] its own id",
            ],
        ),
        (
            "sqlite = \"db\"",
            "postgres = { env = \"A\", file = \"b\" }",
            &[
                "2:12 [store.postgres] must name exactly one place of the secret -> keep it elsewhere and say where: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"program\", \"argument\"] } or { credential = \"NAME\" } (of systemd)",
            ],
        ),
        (
            "sqlite = \"db\"",
            "postgres = { command = [] }",
            &[
                "2:24 `command` is empty -> write the program and its arguments: [\"program\", \"argument\"]",
            ],
        ),
        // Syntax errors come together with the other problems, but not with their own consequences.
        (
            "sqlite = \"db\"",
            "sqlite = db\npostgres = ",
            &[
                "2:10 string values must be quoted -> write the text in quotes: \"…\"",
                "3:12 a value is missing -> write one behind the `=`",
            ],
        ),
        (
            "name = \"contoso\"",
            "name = \"contoso\"\nname = \"b\"\nnme = 1",
            &[
                "5:1 the same key or table stands here a second time -> keep one of them",
                "6:1 unknown key `nme` in [[tenant]] -> did you mean `name`?",
            ],
        ),
        (
            "[store]",
            "[store",
            &["1:7 unclosed table -> expected here: `]`"],
        ),
    ];
    for (from, to, expected) in table {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        assert_eq!(problems_of(&text), *expected, "\n{text}");
    }
    assert_eq!(
        problems_of(""),
        [
            "[store] is missing: where shall the inventory be kept? -> add [store] with `sqlite = \"labeld-data/labeld.db\"`",
            "no tenant is configured -> add a table [[tenant]] with a name; `labeld init` writes an example",
        ]
    );
}

#[test]
fn problems_are_printed_with_line_and_caret() {
    let text = GOOD.replace("root =", "\tromt\t=").replace(
        "id = \"72f988bf-86f1-41af-91ab-2d7cd011db47\"",
        "only_this_tenant = 1",
    );
    let printed = parse_text(&text).unwrap_err().to_string();
    let expected = "\
conf/labeld.toml:5:20: `only_this_tenant` in [[tenant]]: expected true or false, found a whole number
  5 | only_this_tenant = 1
    |                    ^
  fix: for example true

conf/labeld.toml:6:1: `root` is missing in [[tenant.local]]
  6 | [[tenant.local]]
    | ^^^^^^^^^^^^^^^^
  fix: add `root = \"path/to/it\"`

conf/labeld.toml:8:2: unknown key `romt` in [[tenant.local]]
  8 |  romt = …
    |  ^^^^
  fix: did you mean `root`?

3 problems in conf/labeld.toml";
    assert_eq!(printed, expected);
}

#[test]
fn secrets_are_not_shown() {
    const TEXTS: &[&str] = &[
        "[store]\npostgres = \"hunter2\"",
        "store = { postgres = \"hunter2\", extra = 1 }",
        "[store]\npostgres = '''\nhunter2'''",
        "[store]\npasswort = \"hunter2\"\n",
        "[store]\npostgres = { password = \"hunter2\" }",
        "[store]\npostgres = \"postgres://user:hunter2@host/db",
        "[store]\npostgres = postgres://user:hunter2@host/db",
    ];
    for text in TEXTS {
        let problems = parse_text(text).unwrap_err();
        let printed = format!("{problems}{problems:?}");
        assert!(!printed.contains("hunter2"), "{text}\n{problems}");
    }
}

#[test]
fn long_lines_and_control_characters_are_tamed() {
    let text = format!(
        "[store]\nsqlite = \"db\"\nx = [{}] # \u{7}\n y\t= 1 # é",
        "1, ".repeat(500)
    );
    let problems = parse_text(&text).unwrap_err();
    for problem in &problems.problems {
        if let Some(place) = &problem.place {
            let Excerpt { text, underline } = &place.excerpt;
            assert!(text.chars().count() <= 120);
            assert!(!text.contains(|c: char| c.is_control()));
            assert!(!underline.is_empty() && underline.end <= text.chars().count() + 1);
        }
    }
    let many = (0..60).fold(String::new(), |text, n| format!("{text}k{n} = 1\n"));
    let printed = parse_text(&many).unwrap_err().to_string();
    assert!(
        printed.ends_with("62 problems in conf/labeld.toml, the first 50 shown"),
        "{printed}"
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

fn secret(text: &str) -> Secret {
    let text = GOOD.replace("sqlite = \"db\"", &format!("postgres = {text}"));
    match parse_text(&text).unwrap().store {
        StoreConfig::Postgres(secret) => secret,
        StoreConfig::Sqlite(_) => panic!("not a secret"),
    }
}

#[test]
fn secrets_are_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("{{ file = {:?} }}", path.to_str().unwrap())
    };
    let shell = |script: &str| Secret::Command {
        program: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        folder: folder.path().into(),
    };
    std::fs::write(folder.path().join("here"), "from here\n").unwrap();
    let table: Vec<(Secret, Result<&str, &str>)> = vec![
        (secret(&file("good", b"top secret\r\n\n")), Ok("top secret")),
        (secret(&file("spaces", b" a b \n")), Ok(" a b ")),
        (shell("echo of a command"), Ok("of a command")),
        (shell("cat here"), Ok("from here")),
        (
            secret("{ env = \"CARGO_MANIFEST_DIR\" }"),
            Ok(env!("CARGO_MANIFEST_DIR")),
        ),
        (
            secret("{ env = \"LABELD_TEST_NOT_SET\" }"),
            Err("the environment variable `LABELD_TEST_NOT_SET`: it is not set"),
        ),
        (secret(&file("empty", b"\n\n")), Err("it is empty")),
        (
            secret(&file("binary", b"\xFF\xFE")),
            Err("it is not UTF-8 text"),
        ),
        (
            secret(&file("long", &[b'x'; 70_000])),
            Err("it is longer than 64 KiB"),
        ),
        (
            secret("{ file = \"none\" }"),
            Err("the file conf/none: it cannot be read"),
        ),
        (
            secret("{ credential = \"url\" }"),
            Err("systemd gave no credentials; add `LoadCredential=url:PATH`"),
        ),
        (
            shell("echo hunter2; exit 3"),
            Err("the command `sh`: it failed with exit status: 3"),
        ),
        (shell("exit 0"), Err("it is empty")),
        (shell("yes"), Err("it is longer than 64 KiB")),
        (
            Secret::Command {
                program: "/no/such/program".into(),
                arguments: Vec::new(),
                folder: ".".into(),
            },
            Err("it cannot be run"),
        ),
    ];
    for (secret, expected) in table {
        match (secret.resolve(), expected) {
            (Ok(text), Ok(expected)) => {
                assert_eq!(text.expose(), expected);
                assert_eq!(format!("{text:?}"), "SecretText(…)");
            }
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{error}");
                assert!(!format!("{error:?} {error}").contains("hunter2\n"));
            }
            (found, expected) => panic!("{secret}: {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn commands_of_the_configuration_start_from_its_folder() {
    let Secret::Command {
        program,
        arguments,
        folder,
    } = secret("{ command = [\"./get\", \"a b\"] }")
    else {
        panic!("not a command");
    };
    assert!(
        program.is_absolute() && program.ends_with("conf/get"),
        "{program:?}"
    );
    assert_eq!(
        (arguments, folder),
        (vec!["a b".to_owned()], PathBuf::from("conf"))
    );
    let Secret::Command { program, .. } = secret("{ command = [\"pass\"] }") else {
        panic!("not a command");
    };
    assert_eq!(program, Path::new("pass"));
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
