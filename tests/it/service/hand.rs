//! Labels by hand while the service runs: it does the work, and the answer is the same.

use std::fs;

use serde_json::Value;

use super::{Service, append, workspace};

use crate::workspace::{GENERAL, Store, Workspace, docx, parts};

fn outcomes(workspace: &Workspace, arguments: &[&str], code: i32) -> Vec<String> {
    let arguments = [arguments, &["--format", "jsonl"]].concat();
    let rows = workspace.run(arguments).expect(code).json_lines();
    let outcome = |row: &Value| row["outcome"].as_str().unwrap().to_owned();
    rows.iter().map(outcome).collect()
}

#[test]
fn the_service_labels_cancels_and_undoes_for_the_commands() {
    for store in Store::each() {
        let workspace = workspace(store, "1d");
        // Behind the app's own options, which the workspace's configuration ends with.
        let config = fs::read_to_string(workspace.path("labeld.toml")).unwrap();
        let config = config.replace("[http]", "cap = 2\n[http]");
        fs::write(workspace.path("labeld.toml"), config).unwrap();
        append(&workspace, "[log]\nlevel = \"debug\"\n");
        let original = docx(None);
        for name in ["a.docx", "b.docx", "c.docx"] {
            workspace.write(name, &original);
        }
        let service = Service::started(&workspace);
        service.until_polled("acme/share");
        let set = [
            "label",
            "set",
            "--label",
            "General",
            "docs/a.docx",
            "share:b.docx",
            "docs/c.docx",
        ];
        assert_eq!(
            outcomes(&workspace, &set, 4),
            ["applied", "applied", "cap.reached"]
        );
        let inventory = workspace.inventory();
        assert_eq!(inventory["a.docx"]["labels"][0]["id"], GENERAL);
        let waiting = workspace.rows(["actions", "list", "--state", "waiting"]);
        assert_eq!(waiting.len(), 1, "{waiting:#?}");
        let (id, run) = (waiting[0]["id"].to_string(), waiting[0]["run"].to_string());
        assert_eq!(
            outcomes(&workspace, &["actions", "cancel", &id], 0),
            ["cancelled"]
        );
        assert_eq!(
            outcomes(&workspace, &["actions", "cancel", &id], 1),
            ["unchanged"]
        );
        let undone = outcomes(&workspace, &["undo", &run], 0);
        assert_eq!(undone, ["restored", "restored"]);
        for name in ["a.docx", "b.docx", "c.docx"] {
            let present = fs::read(workspace.docs().join(name)).unwrap();
            assert!(parts(&present) == parts(&original), "{name}");
        }
        let bad = workspace.run(["label", "set", "--label", "Generall", "docs/a.docx"]);
        bad.expect(2)
            .says(&["no label of the tenant is called `Generall`"]);
        service.stop();
        workspace.run(["audit", "verify"]).expect(0);
    }
}
