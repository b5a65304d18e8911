//! What the service adds to the audit log, and where it tells the log's head.

use std::fs;

use rustix::process::Signal;

use super::{Service, append, workspace};
use crate::workspace::Store;

#[test]
fn the_configuration_in_use_is_noted_and_the_head_kept() {
    for store in Store::each() {
        let workspace = workspace(store, "1d");
        append(&workspace, "[audit]\nhead_file = \"head\"\n");
        let mut service = Service::started(&workspace);
        service.until_entries(1);
        append(&workspace, "nonsense");
        service.signal(Signal::HUP);
        service.tells("refused");
        let config = fs::read_to_string(workspace.path("labeld.toml")).unwrap();
        let mended = config.replace("nonsense", "[service]\nscans = 3\n");
        fs::write(workspace.path("labeld.toml"), mended).unwrap();
        service.signal(Signal::HUP);
        service.until_entries(3);
        service.stop();
        let used = |by: &str| ("config.used".to_owned(), by.to_owned());
        let noted = entries(&workspace);
        let refused = ("config.refused".to_owned(), String::new());
        assert_eq!(noted, [used("start"), refused, used("reload")]);
        let head = workspace.run(["audit", "head"]).expect(0).out;
        // Told behind the entry, and before the stop.
        assert_eq!(fs::read_to_string(workspace.path("head")).unwrap(), head);
        let log = fs::read_to_string(workspace.path("service.log")).unwrap();
        let hash = head.trim().split_once(':').unwrap().1;
        assert!(log.contains("event=\"audit_head\""), "{log}");
        assert!(log.contains(hash), "{log}");
        workspace
            .run(["audit", "verify"])
            .expect(0)
            .says(&["compared with the head of entry 3"]);
    }
}

impl Service<'_> {
    /// Waits until the file with the head tells of so many entries.
    #[track_caller]
    fn until_entries(&self, count: u64) {
        let head = self.workspace.path("head");
        let wanted = format!("{count}:");
        self.until("the audit log's head", |_| {
            fs::read_to_string(&head).is_ok_and(|head| head.starts_with(&wanted))
        });
    }
}

fn entries(workspace: &crate::workspace::Workspace) -> Vec<(String, String)> {
    let lines = workspace.run(["audit", "export"]).expect(0).json_lines();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    lines
        .iter()
        .map(|line| (text(&line["kind"]), text(&line["document"]["by"])))
        .collect()
}
