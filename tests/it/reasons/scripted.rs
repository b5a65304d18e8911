//! An app in memory whose reads fail as no service can be made to.

use std::fs;
use std::time::Duration;

use chrono::TimeDelta;
use labeld::model::Reason;
use labeld_connector::{Barrier, ErrorKind};

use super::{Reached, is_all_of, shows};
use crate::cli_actions::open;
use crate::pipeline::{Failure, Rig};
use crate::workspace::{Store, Workspace, docx};

/// What stands against reading a file.
enum Against {
    Barrier(Barrier),
    Failure(Failure),
}

const FILES: &[(&str, Reason, Against)] = &[
    // No service lists what is in its trash; an app that did would say so.
    (
        "trashed.docx",
        Reason::FileTrashed,
        Against::Barrier(Barrier::Trashed),
    ),
    (
        "poison.docx",
        Reason::FilePoison,
        Against::Failure(Failure::Crash),
    ),
    (
        "failed.docx",
        Reason::FetchFailed,
        Against::Failure(Failure::Error(ErrorKind::Transient, None)),
    ),
    (
        "throttled.docx",
        Reason::FetchThrottled,
        Against::Failure(Failure::Error(
            ErrorKind::Throttled,
            Some(Duration::from_secs(3600)),
        )),
    ),
];

/// Attempts at a file that crashes its reader; between two of them lies a longer pause than any.
const ATTEMPTS: u32 = 3;

#[test]
fn an_app_in_memory_reaches_its_codes() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        fs::create_dir_all(workspace.path("data")).unwrap();
        let expected = runtime.block_on(reach(&workspace));
        shows(&workspace, &expected);
        is_all_of(
            Reached::Scripted,
            expected.into_iter().map(|(reason, _)| reason),
        );
    }
}

async fn reach(workspace: &Workspace) -> Vec<(Reason, String)> {
    let rig = Rig::connected(open(workspace).await).await;
    // The program must know the app, and asks it nothing to explain.
    let settings = workspace.path("labeld.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let text = text.replace("name = \"acme\"", "name = \"contoso\"");
    let text = text.replace("\"share\"", &format!("\"{}\"", rig.app.name));
    fs::write(settings, text).unwrap();
    for (path, _, against) in FILES {
        rig.source.put(path, docx(None));
        match against {
            Against::Barrier(barrier) => rig.source.bar(path, *barrier),
            Against::Failure(failure) => rig.source.fail(path, Some(*failure)),
        }
    }
    rig.poll().await;
    for _ in 0..ATTEMPTS {
        rig.scan().await;
        rig.clock.advance(TimeDelta::hours(7));
    }
    let mut expected = Vec::new();
    for (path, reason, _) in FILES {
        expected.push((*reason, rig.file(path).await.id.0.to_string()));
    }
    rig.db.close().await.unwrap();
    expected
}
