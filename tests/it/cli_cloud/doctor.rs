//! `labeld doctor` finds what is missing, and says what to do about it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::Value;

use super::{Cloud, SHAREPOINT, SignIn};

/// What is found about SharePoint and the label list: health, finding and fix by subject.
#[track_caller]
fn findings(cloud: &Cloud, code: i32) -> BTreeMap<String, [String; 3]> {
    let ended = cloud
        .workspace
        .run(["doctor", "--format", "jsonl"])
        .expect(code);
    for secret in [
        "hunter2",
        &cloud.microsoft().client_secret(),
        "eyJ",
        "BEGIN",
    ] {
        assert!(!format!("{ended:?}").contains(secret), "{ended:#?}");
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = ended.json_lines();
    let told = |row: &Value| ["health", "found", "fix"].map(|key| text(&row[key]));
    rows.iter()
        .map(|row| (text(&row["subject"]), told(row)))
        .collect()
}

#[track_caller]
fn check(cloud: &Cloud, code: i32, subject: &str, expected: [&str; 3]) {
    let findings = findings(cloud, code);
    let [health, found, fix] = &findings[subject];
    assert_eq!(health, expected[0], "{findings:#?}");
    assert!(found.contains(expected[1]), "{findings:#?}");
    assert!(fix.contains(expected[2]), "{findings:#?}");
}

#[test]
fn nothing_is_missing() {
    let cloud = Cloud::new();
    cloud.rescan(0);
    for (subject, [health, ..]) in findings(&cloud, 0) {
        assert_eq!(health, "passed", "{subject}");
    }
}

#[test]
fn refused_credentials() {
    let cloud = Cloud::new();
    cloud.configure(SignIn::WrongSecret, &[SHAREPOINT]);
    check(
        &cloud,
        12,
        "token",
        ["failed", "AADSTS7000215", "client id"],
    );
}

#[test]
fn a_secret_in_place_of_a_certificate() {
    let cloud = Cloud::new();
    cloud.configure(SignIn::Secret, &[SHAREPOINT]);
    check(
        &cloud,
        0,
        "check-out and locks",
        ["warning", "", "certificate"],
    );
}

#[test]
fn a_missing_permission() {
    let cloud = Cloud::new();
    cloud.microsoft().set_roles(&["User.Read.All"], &[]);
    check(
        &cloud,
        1,
        "permission to read files",
        ["failed", "Files.Read.All", "Entra admin centre"],
    );
}

#[test]
fn a_refused_label_list() {
    let cloud = Cloud::new();
    for path in ["/v1.0/security/**", "/beta/security/**"] {
        cloud.refuse(path, 403, "accessDenied");
    }
    check(
        &cloud,
        0,
        "label list",
        ["warning", "access denied", "SensitivityLabel.Read"],
    );
}

#[test]
fn a_clock_that_is_wrong() {
    let cloud = Cloud::new();
    cloud.emulator.clock().advance(TimeDelta::minutes(30));
    // Assertions follow the service's clock, so that labeld works all the same.
    check(
        &cloud,
        0,
        "clock",
        ["warning", "ahead of this machine's", "NTP"],
    );
    cloud.rescan(0);
}
