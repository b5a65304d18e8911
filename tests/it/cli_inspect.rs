//! `labeld inspect` as a person runs it (product §1).

mod shape;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::workspace::{
    Truth, Workspace, documents, docx, labeld, manifest, run, run_with_input, without_root_powers,
};

fn inspect_samples(paths: &[&str]) -> Vec<Value> {
    let mut command = labeld();
    command.current_dir(documents());
    command.args(["inspect", "--format", "jsonl"]).args(paths);
    run(command).expect(0).json_lines()
}

/// State, protection, signatures and effective labels of every sample.
#[test]
fn every_sample_is_read_as_the_manifest_says() {
    let found: BTreeMap<String, Value> = inspect_samples(&["-r", "."])
        .into_iter()
        .map(|object| {
            let path = object["path"].as_str().unwrap();
            (path.trim_start_matches("./").to_owned(), object)
        })
        .collect();
    let manifest = manifest();
    assert_eq!(found.len(), manifest.len());
    for truth in &manifest {
        let object = &found[&truth["path"]];
        assert_eq!(object["size"].to_string(), truth["size"], "{object}");
        assert_eq!(object["state"], state(truth), "{object}");
        let ambiguous = truth["expected_effective"].contains("AMBIGUOUS");
        assert_eq!(object["reason"] == "label.ambiguous", ambiguous, "{object}");
        if !ambiguous {
            assert_eq!(effective(object), truth["expected_effective"], "{object}");
        }
        let features = &truth["features"];
        let signed = features.contains("opc-signature") || features.contains("pdf-signatures");
        assert_eq!(object["signed"], signed, "{object}");
    }
}

fn state(truth: &Truth) -> &'static str {
    match (&*truth["container"], &*truth["expected_protection"]) {
        ("empty", _) => "empty",
        ("other", _) => "unsupported",
        _ if truth["kind"] == "broken" => "corrupt",
        (_, "none" | "owner-password") => "ok",
        (_, "irm") => "rms",
        _ => "password",
    }
}

/// `tenant=label;…` in the manifest's order.
fn effective(object: &Value) -> String {
    let mut pairs: Vec<String> = object["labels"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|label| label["effective"] == true)
        .map(|label| {
            let text = |key| label[key].as_str().unwrap_or_default().to_owned();
            format!("{}={}", text("site_id"), text("id"))
        })
        .collect();
    pairs.sort();
    pairs.join(";")
}

#[test]
fn all_formats_tell_the_same_files_in_the_same_order() {
    let run_with = |format: &str| {
        let mut command = labeld();
        command.current_dir(documents());
        run({
            command.args(["inspect", "-r", "labelled", "pdf", "--format", format]);
            command
        })
        .expect(0)
    };
    let lines = run_with("jsonl").json_lines();
    let array: Vec<Value> = serde_json::from_str(&run_with("json").out).unwrap();
    assert_eq!(array, lines);
    let records = run_with("csv").csv();
    let paths: Vec<&str> = lines
        .iter()
        .map(|line| line["path"].as_str().unwrap())
        .collect();
    let in_csv: Vec<&str> = records.iter().map(|record| &*record["path"]).collect();
    assert_eq!(in_csv, paths);
    let human = run_with("human");
    let in_table: Vec<&str> = human
        .out
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().last().unwrap())
        .collect();
    assert_eq!(in_table, paths);
    assert_eq!(human.err, run_with("csv").err);
}

#[test]
fn the_summary_counts_what_was_printed() {
    let mut command = labeld();
    command.current_dir(documents());
    command.args(["inspect", "-r", ".", "--format", "jsonl"]);
    let ended = run(command).expect(0);
    let objects = ended.json_lines();
    let mut states = BTreeMap::<&str, u64>::new();
    for object in &objects {
        *states.entry(object["state"].as_str().unwrap()).or_default() += 1;
    }
    let states: Vec<String> = states
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let reads: u64 = objects
        .iter()
        .filter_map(|object| object["reads"].as_u64())
        .sum();
    let general = objects
        .iter()
        .filter(|object| effective(object).contains(crate::workspace::GENERAL))
        .count();
    ended.says(&[
        &format!("{} files: {}\n", objects.len(), states.join(", ")),
        &format!("on disk in {reads} reads\n"),
        &format!("{general}  {}", crate::workspace::GENERAL),
    ]);
}

#[test]
fn paths_come_from_a_list_and_results_follow_its_order() {
    let workspace = Workspace::new();
    let mut names: Vec<String> = (0..300)
        .rev()
        .map(|number| format!("docs/{number}.docx"))
        .collect();
    names.push("docs/two\nlines.docx".to_owned());
    for name in &names {
        fs::write(workspace.path(name), docx(None)).unwrap();
    }
    let in_lines = &names[..300];
    fs::write(workspace.path("list"), in_lines.join("\r\n")).unwrap();
    let in_lines_text = in_lines.join("\n");
    let with_nul = names.join("\0");
    for (argument, input, expected) in [
        ("-", in_lines_text.as_bytes(), in_lines),
        ("-", with_nul.as_bytes(), &names),
        ("list", b"", in_lines),
        ("-", b"", &[]),
    ] {
        let mut command = workspace.command();
        command.args(["inspect", "--format", "jsonl", "--files-from", argument]);
        let found = run_with_input(command, input).expect(0).json_lines();
        let paths: Vec<&str> = found
            .iter()
            .map(|object| object["path"].as_str().unwrap())
            .collect();
        assert_eq!(paths, expected, "{argument}");
    }
    workspace
        .run(["inspect", "--files-from", "none"])
        .expect(1)
        .says(&["cannot read the list of files from none"]);
    workspace
        .run(["inspect", "--files-from", "-", "docs/1.docx"])
        .expect(2);
}

/// Path, state and reason of what is found below the app's folder.
fn found_below(workspace: &Workspace) -> Vec<(String, String)> {
    workspace
        .run(["inspect", "-r", "docs", "--format", "jsonl"])
        .expect(0)
        .json_lines()
        .iter()
        .map(|object| {
            let text = |key| object[key].as_str().unwrap_or("-").to_owned();
            (text("path"), text("reason"))
        })
        .collect()
}

#[test]
fn links_pipes_and_sockets_are_named_and_not_followed() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    fs::write(workspace.path("outside.docx"), docx(None)).unwrap();
    let docs = workspace.docs();
    symlink("../outside.docx", docs.join("b-out.docx")).unwrap();
    symlink("..", docs.join("c-loop")).unwrap();
    symlink(".", docs.join("d-self")).unwrap();
    symlink("nowhere", docs.join("e-dangling.docx")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, docs.join("f-pipe.docx"), 0o600.into()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(docs.join("g-socket.docx")).unwrap();
    let expected = [
        ("docs/a.docx", "-"),
        ("docs/b-out.docx", "type.special"),
        ("docs/c-loop", "type.special"),
        ("docs/d-self", "type.special"),
        ("docs/e-dangling.docx", "type.special"),
        ("docs/f-pipe.docx", "type.special"),
        ("docs/g-socket.docx", "type.special"),
    ];
    let found = found_below(&workspace);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(path, reason)| (&**path, &**reason))
        .collect();
    assert_eq!(found, expected);

    // A pipe that a person names must not block either; a link that a person names is meant.
    let named = workspace
        .run([
            "inspect",
            "--format",
            "jsonl",
            "docs/f-pipe.docx",
            "docs/b-out.docx",
            "/dev/zero",
        ])
        .expect(0)
        .json_lines();
    let states: Vec<&str> = named
        .iter()
        .map(|object| object["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["special", "ok", "special"]);
}

#[test]
fn a_name_that_is_not_utf_8_is_told_in_base64_too() {
    let workspace = Workspace::new();
    let name = OsStr::from_bytes(b"docs/caf\xe9.docx");
    fs::write(workspace.path(name), docx(None)).unwrap();
    let recursive = ["-r".as_ref(), OsStr::new("docs")];
    for arguments in [&[name][..], &recursive] {
        let mut command = workspace.command();
        command
            .args(["inspect", "--format", "jsonl"])
            .args(arguments);
        let object = run(command).expect(0).json_lines().remove(0);
        assert_eq!(object["path"], "docs/caf\u{fffd}.docx");
        assert_eq!(object["path_base64"], "ZG9jcy9jYWbpLmRvY3g=");
        assert_eq!(object["state"], "ok");
    }
    let plain = workspace.run(["inspect", "labels.json", "--format", "jsonl"]);
    assert!(!plain.expect(0).out.contains("path_base64"));
}

#[test]
fn what_cannot_be_read_is_told_and_the_others_are_read() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    workspace.write("z.docx", docx(None));
    let ended = workspace
        .run([
            "inspect",
            "--format",
            "jsonl",
            "docs/a.docx",
            "docs/none.docx",
            "docs/z.docx",
        ])
        .expect(3)
        .says(&["3 files: 1 error, 2 ok"]);
    let states: Vec<Value> = ended
        .json_lines()
        .iter()
        .map(|object| object["state"].clone())
        .collect();
    assert_eq!(states, ["ok", "error", "ok"]);
    assert_eq!(ended.json_lines()[1]["reason"], "fetch.failed");

    workspace
        .run(["inspect", "docs"])
        .expect(2)
        .says(&["docs is a folder", "inspect -r docs"]);
    workspace.run(["inspect"]).expect(2);
}

#[test]
fn closed_files_and_folders_are_denied_and_the_others_are_read() {
    let workspace = Workspace::new();
    for path in ["a.docx", "closed.docx", "m/below.docx", "z.docx"] {
        workspace.write(path, docx(None));
    }
    set_mode(&workspace.docs().join("closed.docx"), 0);
    set_mode(&workspace.docs().join("m"), 0);
    let Some(mut command) = without_root_powers(&workspace) else {
        return;
    };
    command.args(["inspect", "-r", "docs", "--format", "jsonl"]);
    let ended = run(command);
    set_mode(&workspace.docs().join("m"), 0o700);
    let found: Vec<(Value, Value)> = ended
        .expect(3)
        .says(&["2 denied, 2 ok"])
        .json_lines()
        .iter()
        .map(|object| (object["path"].clone(), object["reason"].clone()))
        .collect();
    let expected = [
        ("docs/a.docx", json!(null)),
        ("docs/closed.docx", json!("access.denied")),
        ("docs/m", json!("access.denied")),
        ("docs/z.docx", json!(null)),
    ]
    .map(|(path, reason)| (json!(path), reason));
    assert_eq!(found, expected);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// As `labeld inspect … | head -1` does.
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for format in ["human", "json", "jsonl", "csv"] {
        let mut command = labeld();
        command.current_dir(documents());
        // More than a pipe holds.
        command.args(["inspect", "-r", "--format", format]);
        command.args(["."; 40]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        drop(out);
        assert!(!line.is_empty());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{format}");
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(err, "", "{format}");
    }
}
