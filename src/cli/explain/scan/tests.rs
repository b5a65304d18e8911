use chrono::TimeDelta;
use labeld_connector::{Exposure, FileKind, FileRef, Version};
use serde_json::json;

use super::*;
use crate::model::inventory::FileId;
use crate::store::workers::WorkerId;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn record() -> FileRecord {
    FileRecord {
        id: FileId(7),
        tenant: "contoso".into(),
        app: "finance".into(),
        file: FileRef("plans/pay.docx".into()),
        name: "pay.docx".into(),
        folder: "plans".into(),
        owner: None,
        kind: FileKind::File,
        size: 1,
        version: Version("2".into()),
        created: None,
        modified: None,
        barrier: None,
        exposure: Exposure::Unknown,
        collaborators: None,
        link: None,
        first_seen: at(10),
        last_seen: at(10),
        removed: None,
        facts: None,
    }
}

fn facts(version: &str, reader: u32, reason: Option<&str>) -> FileFacts {
    FileFacts {
        version: Version(version.into()),
        reader,
        read_at: at(20),
        format: None,
        state: reason.map_or("ok", |_| "password").into(),
        reason: reason.map(str::to_owned),
        detail: None,
        protection: "none".into(),
        protection_detail: json!({}),
        signed: false,
        bytes_read: 1,
        reads: 1,
        labels: Vec::new(),
    }
}

fn job() -> JobState {
    JobState {
        class: JobClass::Changed,
        due: at(30),
        worker: None,
        again: false,
        attempt: 0,
        crashes: 0,
        listed: at(30),
        reason: None,
    }
}

/// A file and its job, as each case changes them.
struct Case {
    record: FileRecord,
    arrived: Option<DateTime<Utc>>,
    job: Option<JobState>,
    is_configured: bool,
    auto_scan: bool,
}

const EXISTING: &str = "existing, unmodified since connect; no enabled policy looks inside";
const NEW: &str = "new since connect; no enabled policy looks inside";
const RESCAN: &str = "`labeld rescan --tenant contoso --app finance --path 'plans/pay.docx'`";

/// What is asked at minute 60, case by case: state, rule, and words of what to do.
#[test]
fn each_state_says_what_to_do() {
    type Edit = fn(&mut Case);
    let table: [(Edit, ScanState, &str, &str); 14] = [
        (|_| {}, ScanState::NotQueued, EXISTING, RESCAN),
        (
            |case| case.auto_scan = false,
            ScanState::NotQueued,
            "existing, unmodified since connect; `auto_scan` is off and no enabled policy looks inside",
            RESCAN,
        ),
        (
            |case| {
                case.arrived = Some(at(10));
                case.auto_scan = false;
            },
            ScanState::NotQueued,
            "new since connect; `auto_scan` is off and no enabled policy looks inside",
            RESCAN,
        ),
        (
            |case| case.arrived = Some(at(10)),
            ScanState::NotQueued,
            NEW,
            "start `labeld run`",
        ),
        (
            |case| {
                case.arrived = Some(at(10));
                case.job = Some(job());
            },
            ScanState::Waiting,
            NEW,
            "wait for its turn",
        ),
        (
            |case| {
                case.arrived = Some(at(11));
                let worker = Some(WorkerId(1));
                case.job = Some(JobState { worker, ..job() });
            },
            ScanState::Reading,
            "modified since connect; no enabled policy looks inside",
            "it is being read",
        ),
        (
            |case| {
                case.job = Some(JobState {
                    due: at(90),
                    attempt: 3,
                    reason: Some("fetch.failed".into()),
                    ..job()
                });
            },
            ScanState::Retry,
            EXISTING,
            "wait until 1970-01-01 01:30:00 UTC, or mend it and run `labeld rescan",
        ),
        (
            |case| {
                case.job = Some(JobState {
                    due: at(90),
                    crashes: 3,
                    reason: Some("file.poison".into()),
                    ..job()
                });
            },
            ScanState::Retry,
            EXISTING,
            "or for a new version of it",
        ),
        (
            |case| {
                case.job = Some(JobState {
                    due: at(90),
                    ..job()
                });
            },
            ScanState::Retry,
            EXISTING,
            "wait until 1970-01-01 01:30:00 UTC, or run `labeld rescan",
        ),
        (
            |case| case.record.facts = Some(facts("2", READER_VERSION, None)),
            ScanState::Read,
            EXISTING,
            "`labeld files show 7`",
        ),
        (
            |case| case.record.facts = Some(facts("2", READER_VERSION, Some("file.password"))),
            ScanState::Read,
            EXISTING,
            Reason::FilePassword.fix(),
        ),
        (
            // Of another version, or a reading to be tried again.
            |case| case.record.facts = Some(facts("1", READER_VERSION, None)),
            ScanState::NotQueued,
            EXISTING,
            RESCAN,
        ),
        (
            |case| {
                case.record.facts = Some(facts("2", 0, None));
                case.is_configured = false;
            },
            ScanState::NotQueued,
            EXISTING,
            "configure the app contoso/finance again",
        ),
        (
            |case| {
                case.record.removed = Some(at(50));
                case.job = Some(job());
            },
            ScanState::Removed,
            EXISTING,
            "the file is gone",
        ),
    ];
    for (edit, state, rule, next) in table {
        let mut case = Case {
            record: record(),
            arrived: None,
            job: None,
            is_configured: true,
            auto_scan: true,
        };
        edit(&mut case);
        let known = Known {
            record: &case.record,
            arrived: case.arrived,
            job: case.job.as_ref(),
            is_configured: case.is_configured,
        };
        let scope = ScanScope::without_policies(case.auto_scan);
        let row = explain(&known, &scope, at(60));
        assert_eq!((row.state, &*row.explanation), (state, rule), "{next}");
        assert!(row.next.contains(next), "{}", row.next);
        assert_eq!(row.cells().len(), ScanRow::COLUMNS.len());
        assert_eq!(serde_json::to_value(&row).unwrap()["state"], state.word());
    }
}

#[test]
fn a_path_that_a_shell_or_a_pattern_would_read_otherwise_is_left_out() {
    for (name, expected) in [
        ("pay 1.docx", " --path 'plans/pay 1.docx'"),
        ("pay*.docx", ""),
        ("pa'y.docx", ""),
        ("päy.docx", " --path 'plans/päy.docx'"),
    ] {
        let record = FileRecord {
            name: name.into(),
            ..record()
        };
        let expected = format!("labeld rescan --tenant contoso --app finance{expected}");
        assert_eq!(rescan_command(&record), expected);
    }
}
