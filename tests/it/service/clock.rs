//! Schedules under a clock that the test holds: that of an emulator, which the process follows.

use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use labeld_emulator::frame::ClockOptions;
use labeld_emulator::{Emulator, EmulatorOptions};
use serde_json::Value;

use super::{Service, append, task, workspace};
use crate::workspace::Store;

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn scheduled_tasks_follow_a_clock_that_jumps() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let start: DateTime<Utc> = "2026-03-28T23:30:00Z".parse().unwrap();
    let emulator = runtime.block_on(Emulator::start(EmulatorOptions {
        clock: ClockOptions {
            start: Some(start),
            frozen: true,
        },
        ..EmulatorOptions::default()
    }));
    let emulator = emulator.unwrap();
    let clock = emulator.control_url().to_string();
    let workspace = workspace(Store::Sqlite, "1h");
    append(&workspace, "[tenant.schedules]\njitter = \"0s\"\n");
    let mut service = Service::start_with(&workspace, &[("LABELD_TEST_CLOCK", &clock)]);
    service.tells("READY=1");

    let sync = "label_sync:acme";
    let synced = |since: DateTime<Utc>| {
        service.until("synced", |status| {
            let task = task(status, sync);
            task["succeeded"].is_string()
                && time(&task["succeeded"]) >= since
                && task["state"] == "waiting"
        })
    };
    let status = synced(start);
    assert_eq!(
        time(&task(&status, sync)["due"]),
        start + TimeDelta::minutes(30)
    );
    // The night in which clocks in Europe skip an hour has all its hours.
    for hour in 0..4 {
        let now = start + TimeDelta::minutes(30 + 60 * hour);
        emulator.clock().set(now);
        let status = synced(now);
        assert_eq!(time(&task(&status, sync)["due"]), now + TimeDelta::hours(1));
    }
    // A full listing is due in that night too, at 01:30.
    let listed = task(&service.status(), "reconcile:acme/share").clone();
    assert!(listed["started"].is_string(), "{listed:#}");

    // Put back by a year, nothing waits for a year.
    let back = start - TimeDelta::days(365);
    emulator.clock().set(back);
    let next = back + TimeDelta::minutes(30);
    service.until("planned anew", |status| {
        time(&task(status, sync)["due"]) == next
    });
    emulator.clock().set(next);
    let begun = service.until("done again", |status| {
        let started = time(&task(status, sync)["started"]);
        started == next && task(status, sync)["state"] == "waiting"
    });
    assert_eq!(task(&begun, sync)["error"], Value::Null);
    service.stop();
}

/// Without the package's own tests, nothing switches it on.
#[test]
fn a_build_that_is_not_for_tests_has_no_test_clock() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            "labeld",
            "--depth",
            "0",
            "--format",
            "{p}|{f}",
        ])
        .args(["-e", "normal,build"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let features = tree.trim().rsplit_once('|').unwrap().1;
    assert_eq!(features, "", "features of a build without tests: {tree}");
}
