//! What goes wrong around a command: each ends in a clear message and the right exit code (product §1).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::workspace::{Workspace, docx, labeld, run, without_root_powers};

/// Every command of this version, with its own commands behind a blank.
const COMMANDS: &[&str] = &[
    "inspect",
    "run",
    "rescan",
    "status",
    "health",
    "top",
    "explain",
    "files",
    "files show",
    "labels",
    "labels sync",
    "labels history",
    "skips",
    "label",
    "label set",
    "label remove",
    "actions",
    "actions list",
    "actions show",
    "actions retry",
    "actions cancel",
    "undo",
    "cap",
    "store",
    "store check",
    "store backup",
    "store restore",
    "store vacuum",
    "store export",
    "audit",
    "audit verify",
    "audit export",
    "audit head",
    "policy",
    "policy check",
    "policy test",
    "policy simulate",
    "policy diff",
    "policy enable",
    "policy disable",
    "rules",
    "init",
    "check",
    "doctor",
];

/// A command line, the exit code, and what the error output says.
type Case<'a> = (&'a [&'a str], i32, &'a [&'a str]);

fn check(workspace: &Workspace, cases: &[Case<'_>]) {
    for (arguments, code, words) in cases {
        let ended = workspace.run(*arguments).expect(*code).says(words);
        assert_eq!(ended.out, "", "{arguments:?}");
    }
}

#[test]
fn help_lists_the_commands_that_exist_and_no_other() {
    let mut found = BTreeSet::new();
    list_commands(&[], &mut found);
    assert_eq!(
        found,
        COMMANDS.iter().map(|name| (*name).to_owned()).collect()
    );
    for planned in ["migrate", "demo"] {
        let mut command = labeld();
        command.arg(planned);
        run(command).expect(2).says(&["unrecognized subcommand"]);
    }
}

fn list_commands(above: &[String], found: &mut BTreeSet<String>) {
    let mut command = labeld();
    let ended = run({
        command.args(above).arg("--help");
        command
    })
    .expect(0);
    assert!(ended.out.contains("Usage: labeld"), "{above:?}: {ended:?}");
    let listed = ended
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        // A line that goes on with the description is indented further.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    for name in listed {
        let mut below = above.to_vec();
        below.push(name.to_owned());
        found.insert(below.join(" "));
        list_commands(&below, found);
    }
}

#[test]
fn command_lines_that_make_no_sense() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    workspace.run(["rescan"]).expect(0);
    check(
        &workspace,
        &[
            (&["--nonsense"], 2, &["--nonsense", "--help"]),
            (
                &["rescan", "--format", "xml"],
                2,
                &["human, json, jsonl, csv"],
            ),
            (&["rescan", "--modified-since", "yesterday"], 2, &["7d"]),
            (&["rescan", "--tenant", "umbrella"], 2, &["acme/share"]),
            (&["rescan", "--app", "box"], 2, &["acme/share"]),
            (
                &["files", "--label", "Generall"],
                2,
                &["no label \"Generall\"", "General"],
            ),
            (&["files", "--state", "fine"], 2, &["type_mismatch"]),
            (
                &["files", "--reason", "file.pasword"],
                2,
                &["file.password"],
            ),
            (
                &["files", "--labelled", "--unlabelled"],
                2,
                &["cannot be used with"],
            ),
            (&["files", "--no-subfolders"], 2, &["--folder"]),
            (&["files", "--app", "box"], 2, &["\"box\""]),
            (&["files", "--tenant", "umbrella"], 2, &["\"umbrella\""]),
            (&["files", "show", "4711"], 2, &["4711"]),
            (&["files", "show", "share:none.docx"], 2, &["none.docx"]),
        ],
    );
}

#[test]
fn configurations_that_cannot_be_used() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("empty")).unwrap();
    let text = fs::read_to_string(workspace.path("labeld.toml")).unwrap();
    let typo = text.replace("root =", "rooot =");
    fs::write(workspace.path("typo.toml"), &typo).unwrap();
    let line = typo
        .lines()
        .position(|line| line.contains("rooot"))
        .unwrap()
        + 1;
    fs::write(workspace.path("cut.toml"), "[store\n").unwrap();
    let place = format!("typo.toml:{line}:1");
    for command in ["check", "rescan", "files", "labels", "skips", "doctor"] {
        check(
            &workspace,
            &[
                (
                    &[command, "--config", "typo.toml"],
                    78,
                    &[&place, "rooot = ", "^^^^^", "`root`"],
                ),
                (
                    &[command, "--config", "cut.toml"],
                    78,
                    &["cut.toml:1:", "^"],
                ),
                (&[command, "--config", "none.toml"], 78, &["none.toml"]),
            ],
        );
        let mut nowhere = labeld();
        nowhere.current_dir(workspace.path("empty")).arg(command);
        run(nowhere)
            .expect(78)
            .says(&["labeld.toml", "/etc/labeld/labeld.toml", "labeld init"]);
    }
}

const READING_COMMANDS: &[&str] = &["files", "labels", "skips"];

#[test]
fn stores_that_cannot_be_used() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    for command in READING_COMMANDS {
        check(
            &workspace,
            &[(&[command], 10, &["no store at", "labeld rescan"])],
        );
    }
    workspace.run(["rescan"]).expect(0);

    let database = workspace.database();
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection
        .execute("INSERT INTO schema_version (version) VALUES (9999)", [])
        .unwrap();
    drop(connection);
    for command in READING_COMMANDS.iter().chain(&["rescan"]) {
        let words = ["schema version 9999", "use the newer labeld"];
        check(&workspace, &[(&[command], 10, &words)]);
    }

    let mut bytes = fs::read(&database).unwrap();
    bytes[..64].fill(b'x');
    fs::write(&database, &bytes).unwrap();
    for command in READING_COMMANDS.iter().chain(&["rescan"]) {
        let words = ["data/labeld.db is damaged", "restore a backup"];
        check(&workspace, &[(&[command], 10, &words)]);
    }
    assert_eq!(fs::read(&database).unwrap(), bytes, "left as it was");
}

#[test]
fn a_folder_that_may_not_be_written_to() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    workspace.run(["rescan"]).expect(0);
    let data = workspace.path("data");
    let set_mode = |mode| fs::set_permissions(&data, fs::Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
        }
    }
    set_mode(0o500);
    for (command, code) in [("rescan", 1), ("files", 0)] {
        let Some(mut restricted) = without_root_powers(&workspace) else {
            break;
        };
        restricted.arg(command);
        let ended = run(restricted).expect(code);
        if code != 0 {
            ended.says(&["not allowed to", "data/labeld.db"]);
        } else {
            assert!(ended.out.contains("a.docx"), "{ended:?}");
        }
    }
    set_mode(0o700);
}

/// In a mount namespace of its own, so that nothing is left behind whatever happens.
const FULL_DISK: &str = r#"
mount -t tmpfs -o size=2m none data || exit 99
dd if=/dev/zero of=data/ballast bs=1k count=1800 2>/dev/null
"$1" rescan >&2; echo "full: $?" >&2
rm data/ballast
"$1" rescan >&2; echo "free: $?" >&2
"$1" files --limit 0 --format csv
"#;

#[test]
fn a_full_disk_is_told_and_the_next_run_goes_on() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("data")).unwrap();
    for number in 0..600 {
        let folder = format!("{}{}", "f".repeat(60), number % 30);
        workspace.write(format!("{folder}/{number}.docx"), "not a document");
    }
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["sh", "-c", FULL_DISK, "sh"]);
    let plain = workspace.command();
    command
        .arg(plain.get_program())
        .current_dir(workspace.path(""));
    let ended = run(command);
    if !ended.err.contains("full: ") {
        println!("skipped: no disk can be mounted here: {}", ended.err.trim());
        return;
    }
    let ended = ended.expect(0).says(&[
        "no space left for the store at data/labeld.db",
        "full: 1\n",
        "free: 0\n",
    ]);
    assert_eq!(ended.csv().len(), 600);
}
