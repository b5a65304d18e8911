use super::tests::{GOOD, parse_text};
use super::*;

/// `line:column message -> fix` for each problem.
pub(super) fn problems_of(text: &str) -> Vec<String> {
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
            &[
                "1:1 unknown key `zzz` in the top level -> known here: audit, http, log, policies, policy, service, store, telemetry, tenant",
            ],
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
            &[
                "6:10 [tenant.labels] names no source of the label list -> add `file = \"path/to/it\"` or `graph = true`",
            ],
        ),
        (
            "[[tenant.local]]",
            "labels = { fle = \"x\" }\n[[tenant.local]]",
            &[
                "6:10 [tenant.labels] names no source of the label list -> add `file = \"path/to/it\"` or `graph = true`",
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
                "10:8 name `finance` is used twice, first on line 7 -> give each app of a tenant its own name",
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
fn thousands_of_mistakes_are_read() {
    let lines: String = (0..20_000).map(|n| format!("k{n} = \"x\"\n")).collect();
    let one_line = format!("store = {{ {} }}", lines.trim().replace('\n', ", "));
    let syntax = "= 1\n".repeat(20_000);
    for text in [lines, one_line, syntax] {
        assert!(parse_text(&text).unwrap_err().more > 19_000);
    }
}
