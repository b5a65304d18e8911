//! `labeld rules`, `labeld policy check`, `labeld policy test`, `labeld policy enable` and `labeld policy disable`.

use std::fs;

use crate::workspace::{Workspace, labeld, run};

const POLICY: &str = r#"
[[policy]]
name = "reports"
filter = { all = [{ name = { starts_with = "report" } }, { access_at_least = "external" }] }
actions = { apply_label = "General" }
"#;

fn with_policies(policies: &str) -> Workspace {
    let workspace = Workspace::new();
    let path = workspace.path("labeld.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + policies).unwrap();
    workspace
}

#[test]
fn rules_are_printed_in_every_format() {
    let print = |format: &str| {
        let mut command = labeld();
        command.args(["rules", "--format", format]);
        run(command).expect(0)
    };
    let lines = print("jsonl").json_lines();
    let row = |name: &str| lines.iter().find(|line| line["row"] == name).unwrap();
    assert_eq!(row("A4")["reason"], "label.by_labeld");
    assert_eq!(row("R5")["verdict"], "block");
    assert_eq!(print("csv").csv().len(), lines.len());
    assert!(print("human").out.contains("origin out-user"));
}

#[test]
fn check_tells_traps_and_refuses_what_cannot_work() {
    let check = |policies: &str, code: i32, words: &[&str]| {
        let workspace = with_policies(policies);
        let ended = workspace
            .run(["policy", "check", "--format", "jsonl"])
            .expect(code);
        for word in words {
            assert!(ended.out.contains(word), "no {word:?} in {ended:#?}");
        }
        assert_eq!(ended.out.is_empty(), words.is_empty(), "{ended:#?}");
    };
    check(POLICY, 0, &[]);
    check(
        &POLICY.replace("access_at_least", "access"),
        0,
        &["leaves out what is public", "labeld.toml:"],
    );
    check(
        &POLICY.replace("\"General\"", "\"Generall\""),
        78,
        &["no label of the tenant is called `Generall`", "\"error\""],
    );
    let workspace = with_policies(&POLICY.replace("name = \"reports\"", "nme = \"reports\""));
    workspace
        .run(["policy", "check"])
        .expect(78)
        .says(&["unknown key `nme`", "did you mean `name`?"]);
}

#[test]
fn tests_of_policies_compare_with_what_is_expected() {
    let workspace = with_policies(POLICY);
    let cases = |expected: &str| {
        let text = format!(
            r#"now = "2026-03-01T12:00:00Z"
[[case]]
name = "a shared report"
file = {{ name = "report.docx", access = "public" }}
expect = {{ policy = "reports", verdict = "apply", label = "General", row = "A1" }}
[[case]]
name = "a person's choice"
file = {{ name = "report.docx", access = "public" }}
labels = [{{ label = "Public", method = "Privileged" }}]
expect = {{ verdict = "block", reason = "{expected}" }}
[[case]]
name = "nobody knows who can reach it"
file = {{ name = "report.docx" }}
expect = {{ verdict = "none", matched = [] }}
"#
        );
        fs::write(workspace.path("cases.toml"), text).unwrap();
        workspace.run(["policy", "test", "cases.toml"])
    };
    let passed = cases("label.user_defined").expect(0);
    assert!(
        passed.out.contains("3 cases, 0 not as expected"),
        "{passed:#?}"
    );
    let failed = cases("label.same").expect(1);
    for words in [
        "FAILED  a person's choice",
        "reason: expected label.same, found label.user_defined",
        "row A6: block label.user_defined",
        "it would be done with override = \"user_defined\"",
        "3 cases, 1 not as expected",
    ] {
        assert!(failed.out.contains(words), "no {words:?} in {failed:#?}");
    }
    fs::write(workspace.path("cases.toml"), "nw = 1\n").unwrap();
    workspace
        .run(["policy", "test", "cases.toml"])
        .expect(1)
        .says(&["cannot read the cases in cases.toml", "unknown field `nw`"]);
}

#[test]
fn the_example_has_no_traps() {
    let mut command = labeld();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "policy",
        "check",
        "--config",
        "config.example.toml",
    ]);
    let ended = run(command).expect(0);
    assert_eq!(ended.out, "", "the example has no traps");
}

#[test]
fn check_counts_policies_and_refuses_what_cannot_work() {
    let workspace = with_policies(POLICY);
    let ended = workspace.run(["check"]).expect(0);
    assert!(
        ended.out.contains("policies: 1, 0 of them in `enforce`"),
        "{ended:#?}"
    );
    let workspace = with_policies(&POLICY.replace("\"General\"", "\"Generall\""));
    workspace
        .run(["check"])
        .expect(78)
        .says(&["error: policy reports: no label of the tenant is called `Generall`"]);
}

#[test]
fn policies_are_switched_beside_the_configuration() {
    let workspace =
        with_policies("[[policy]]\nname = \"all\"\nactions = { apply_label = \"General\" }\n");
    for name in ["a.docx", "b.docx"] {
        workspace.write(name, crate::workspace::docx(None));
    }
    workspace
        .run(["rescan"])
        .expect(0)
        .says(&["2 files would get a label"]);
    let state = |target: &str| workspace.rows(["explain", target]).remove(0);
    assert_eq!(state("share:a.docx")["mode"], "observe");
    workspace.run(["policy", "disable", "all"]).expect(0);
    let off = state("share:a.docx");
    assert!(off["verdict"].is_null(), "{off}");
    let switched = off["policies"][0]["switched"].as_str().unwrap();
    assert!(switched.starts_with("switched off by "), "{off}");
    let ended = workspace
        .run(["policy", "enable", "all", "--mode", "enforce"])
        .expect(0)
        .says(&[
            "2 files would be written by policy all",
            "100 a day, 0 used today",
        ]);
    assert_eq!(ended.out, "acme: policy all is enabled, mode enforce\n");
    assert_eq!(state("share:a.docx")["mode"], "enforce");
    workspace
        .run(["policy", "enable", "none"])
        .expect(2)
        .says(&["no policy is called `none`; there is all"]);
    workspace
        .run(["policy", "disable", "all", "--tenant", "none"])
        .expect(2)
        .says(&["policy all is in no such tenant"]);
    let entries = workspace.run(["audit", "export"]).expect(0).json_lines();
    let switches = entries
        .iter()
        .filter(|entry| entry["kind"] == "config.policy_switch");
    let switches: Vec<_> = switches
        .map(|entry| entry["document"]["enabled"].clone())
        .collect();
    assert_eq!(switches, [false, true]);
}

/// Whose labels are to be written must be known.
#[test]
fn a_policy_is_not_enforced_without_the_tenants_id() {
    let workspace =
        with_policies("[[policy]]\nname = \"all\"\nactions = { remove_label = true }\n");
    let path = workspace.path("labeld.toml");
    let text = fs::read_to_string(&path).unwrap();
    let without = text
        .lines()
        .filter(|line| !line.starts_with("id = ") && !line.starts_with("labels = "));
    fs::write(&path, without.collect::<Vec<_>>().join("\n")).unwrap();
    workspace.run(["rescan"]).expect(0);
    workspace
        .run(["policy", "enable", "all", "--mode", "enforce"])
        .expect(2)
        .says(&["cannot enforce policy all in tenant acme", "add it as `id`"]);
    workspace.run(["policy", "enable", "all"]).expect(0);
}
