//! A disk without room under a service: it waits and says so, and goes on by itself when there is room again.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use super::{Service, workspace};
use crate::workspace::{Store, Workspace, docx, run};

/// Set where the test runs itself again, where it can mount a disk.
const INSIDE: &str = "LABELD_TEST_FULL_DISK";

/// Fills the disk to the last byte.
fn fill(workspace: &Workspace) {
    let mut ballast = File::options()
        .create(true)
        .append(true)
        .open(workspace.path("data/ballast"))
        .unwrap();
    for size in [64 << 10, 4 << 10, 1] {
        while ballast.write_all(&vec![7; size]).is_ok() {}
    }
}

fn make_room(workspace: &Workspace) {
    fs::remove_file(workspace.path("data/ballast")).unwrap();
}

#[test]
fn a_service_waits_for_room() {
    if std::env::var_os(INSIDE).is_none() {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "service::full_disk::a_service_waits_for_room",
            ])
            .env(INSIDE, "1");
        let ended = run(command);
        let has_run = matches!(ended.code, Some(0 | 101));
        assert!(!has_run || ended.out.contains("1 passed"), "{ended:#?}");
        if !has_run {
            println!("skipped: no disk can be mounted here: {}", ended.err.trim());
        }
        return;
    }
    let workspace = workspace(Store::Sqlite, "1s");
    fs::create_dir(workspace.path("data")).unwrap();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]);
    let mounted = run({
        mount.arg(workspace.path("data"));
        mount
    });
    if mounted.code != Some(0) {
        println!(
            "skipped: no disk can be mounted here: {}",
            mounted.err.trim()
        );
        return;
    }
    starts_without_room(&workspace);
    loses_its_room(&workspace);
}

fn starts_without_room(workspace: &Workspace) {
    fill(workspace);
    let mut service = Service::start(workspace);
    let told = service.tells("STATUS=waiting for the store");
    assert!(told.contains("no space left"), "{told}");
    let status = service.status();
    assert_eq!(status["store"]["state"], "opening", "{status:#}");
    make_room(workspace);
    service.tells("READY=1");
    service.until_polled("acme/share");
    service.stop();
}

fn loses_its_room(workspace: &Workspace) {
    let service = Service::started(workspace);
    service.until_polled("acme/share");
    workspace.write("before.docx", docx(None));
    service.until_read(1);
    fill(workspace);
    let status = service.until("read-only", |status| {
        status["store"]["state"] == "read_only"
    });
    let why = status["store"]["why"].as_str().unwrap();
    assert!(why.contains("no space left for the store at"), "{why}");
    let health = workspace.run(["health"]).expect(1);
    assert!(health.out.contains("store: no space left"), "{health:#?}");
    assert!(
        service.log().contains("event=\"store_read_only\""),
        "{}",
        service.log()
    );
    // What is known can be read, and what comes is not lost.
    service.until_read(1);
    workspace.write("meanwhile.docx", docx(None));

    make_room(workspace);
    service.until("usable", |status| status["store"]["state"] == "usable");
    service.until_read(2);
    assert!(
        service.log().contains("event=\"store_recovered\""),
        "{}",
        service.log()
    );
    workspace.run(["health"]).expect(0);
    service.stop();
    workspace.run(["store", "check"]).expect(0);
}
