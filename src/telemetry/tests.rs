//! Every event, its log line and its metric, and the pages that describe them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing_subscriber::fmt::MakeWriter;

use super::metrics::Metrics;
use super::*;
use crate::model::inventory::FileId;
use crate::model::policy::PolicyName;
use crate::model::{AppName, Reason, TenantName};

/// What was logged.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The line that is logged, as JSON.
fn logged(emit: impl FnOnce()) -> serde_json::Value {
    let written = Written::default();
    let log = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(written.clone())
        .finish();
    tracing::subscriber::with_default(log, emit);
    let line = written.0.lock().unwrap().clone();
    serde_json::from_slice(&line).unwrap()
}

type Emit = Box<dyn Fn()>;

macro_rules! samples {
    ($( $type:ident { $( $field:ident: $value:expr ),* $(,)? } )*) => {
        vec![$( ($type::DESCRIPTION, Box::new(move || $type { $( $field: $value ),* }.emit()) as Emit) ),*]
    };
}

/// One of each event, with all its fields.
fn samples() -> Vec<(EventDescription, Emit)> {
    static TENANT: std::sync::LazyLock<TenantName> = std::sync::LazyLock::new(|| "contoso".into());
    static APP: std::sync::LazyLock<AppName> = std::sync::LazyLock::new(|| "drive".into());
    static POLICY: std::sync::LazyLock<PolicyName> = std::sync::LazyLock::new(|| "strict".into());
    let (tenant, app): (&'static TenantName, &'static AppName) = (&TENANT, &APP);
    let policy: &'static PolicyName = &POLICY;
    let (file, seconds, error) = (FileId(7), Duration::from_millis(1500), "why");
    let time = DateTime::<Utc>::UNIX_EPOCH;
    samples! {
        ServiceStarted { version: "1.2.3" }
        ServiceReady { seconds: seconds }
        ServiceStopping { cause: "SIGTERM" }
        ServiceStopped { seconds: seconds }
        ConfigReloaded {}
        ConfigRefused { error: error }
        AuditHead { entries: 9, hash: "41d0" }
        AuditHeadNotKept { file: "/mnt/head", error: error }
        StoreReadOnly { error: error }
        StoreRecovered { seconds: seconds }
        WorkRescued { workers: 1, jobs: 2, tasks: 3 }
        LeaseLost {}
        TaskStarted { task: "poll:contoso/drive" }
        TaskEnded { task: "poll:contoso/drive", seconds: seconds }
        TaskFailed { task: "poll:contoso/drive", seconds: seconds, error: error }
        TaskLate { task: "poll:contoso/drive", seconds: seconds }
        LabelsSynced { tenant: tenant, labels: 9, changed: 1 }
        LabelSyncFailed { tenant: tenant, last_success: Some(time), error: error }
        LabelListShrank { tenant: tenant, missing: 3, known: 9 }
        PageTaken { tenant: tenant, app: app, changes: 200 }
        FeedFailed { tenant: tenant, app: app, feed: "a library", error: error }
        FeedRestarted { tenant: tenant, app: app, feed: "a library", error: error }
        FeedPaused { tenant: tenant, app: app, waiting: 10_000 }
        FileScanned { tenant: tenant, app: app, file: file, result: ScanResult::Labelled }
        BytesFetched { tenant: tenant, app: app, purpose: FetchPurpose::Scan, bytes: 4096 }
        FileSkipped { tenant: tenant, app: app, file: file, reason: Reason::FileTrashed }
        ChangeScanned { tenant: tenant, app: app, file: file, seconds: seconds }
        JobRetried {
            tenant: tenant, app: app, file: file, reason: Reason::FetchFailed, attempt: 2, seconds: seconds
        }
        FilePoisoned { tenant: tenant, app: app, file: file, crashes: 3 }
        RequestAnswered { tenant: tenant, app: app, code: ResponseCode::of(429) }
        Throttled { tenant: tenant, app: app, seconds: seconds }
        CallsUsedUp { tenant: tenant, app: app, budget: 50_000, until: time }
        HintReceived { tenant: tenant, app: app, feeds: 1 }
        FilesDecided { tenant: tenant, app: app, files: 256, proposed: 12, withdrawn: 1 }
        ActionEnded {
            tenant: tenant, app: app, file: file, action: LabelAction::Apply, reason: Some(Reason::FileLocked),
            seconds: seconds
        }
        PoliciesChanged { tenant: tenant, added: 1, edited: 2, removed: 3 }
        PolicySwitched { tenant: tenant, policy: policy, state: "off", by: "ada" }
        PolicyStopped { tenant: tenant, policy: policy, why: "max_matches" }
        HintRefused { tenant: tenant, app: app, status: 403 }
    }
}

#[test]
fn every_event_writes_the_line_that_its_description_promises() {
    let samples = samples();
    let sampled: Vec<_> = samples.iter().map(|(event, _)| event.name).collect();
    let all: Vec<_> = EVENTS.iter().map(|event| event.name).collect();
    assert_eq!(sampled, all);
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len());
    for (event, emit) in samples {
        let line = logged(emit);
        assert_eq!(line["level"], event.level.as_str(), "{line}");
        assert_eq!(line["target"], "labeld", "{line}");
        assert_eq!(line["fields"]["event"], event.name, "{line}");
        assert_eq!(line["fields"]["message"], event.message, "{line}");
        let fields = line["fields"].as_object().unwrap().keys();
        let fields: BTreeSet<&str> = fields.map(String::as_str).collect();
        let described = event.fields.iter().map(|(name, _)| *name);
        assert_eq!(fields, described.chain(["event", "message"]).collect());
    }
}

#[test]
fn values_are_numbers_words_and_times() {
    let (tenant, app) = ("t".into(), "a".into());
    let line = logged(|| {
        JobRetried {
            tenant: &tenant,
            app: &app,
            file: FileId(7),
            reason: Reason::FetchFailed,
            attempt: 2,
            seconds: Duration::from_millis(1500),
        }
        .emit();
    });
    let expected = serde_json::json!({
        "event": "job_retried", "message": "a file is tried again later", "tenant": "t", "app": "a",
        "file": 7, "reason": "fetch.failed", "attempt": 2, "seconds": 1.5,
    });
    assert_eq!(line["fields"], expected);
    let line = logged(|| {
        LabelSyncFailed {
            tenant: &tenant,
            last_success: None,
            error: "a\nforged line",
        }
        .emit();
    });
    assert_eq!(line["fields"].get("last_success"), None);
    assert_eq!(line["fields"]["error"], "a\nforged line");
}

#[test]
fn the_page_shows_what_was_counted_and_the_state_of_the_store() {
    let metrics = Metrics::new();
    let (tenant, app) = ("a \"b\"\\\n".into(), "drive".into());
    metrics.count_scan(&tenant, &app, ScanResult::Labelled);
    metrics.count_bytes(&tenant, &app, FetchPurpose::Scan, 4096);
    metrics.count_skip(&tenant, &app, Reason::FileTrashed);
    metrics.count_request(&tenant, &app, ResponseCode::of(418));
    metrics.count_throttled(&tenant, &app, Duration::from_millis(1500));
    metrics.count_change_scanned(Duration::from_secs(45));
    metrics.count_action(&tenant, &app, LabelAction::Apply, None);
    metrics.count_action(&tenant, &app, LabelAction::Remove, Some(Reason::FileLocked));
    metrics.count_change_labelled(Duration::from_secs(100));
    let class = |class, depth, oldest: Option<i64>| QueueFigures {
        class,
        depth,
        oldest: oldest.map(TimeDelta::seconds),
    };
    let snapshot = Snapshot {
        queue: vec![class("changed", 3, Some(-5)), class("backlog", 9, Some(70))],
        label_syncs: vec![(
            "contoso".into(),
            DateTime::from_timestamp(1_772_704_800, 0).unwrap(),
        )],
        caps: vec![CapFigures {
            tenant: "contoso".into(),
            app: "drive".into(),
            limit: 100,
            used: 7,
            reset: DateTime::from_timestamp(1_772_755_200, 0).unwrap(),
        }],
    };
    let page = metrics.page(|gauges| snapshot.set(gauges));
    for line in [
        r#"labeld_files_scanned_total{tenant="a \"b\"\\\n",app="drive",result="labelled"} 1"#,
        r#"labeld_fetched_bytes_total{tenant="a \"b\"\\\n",app="drive",purpose="scan"} 4096"#,
        r#"labeld_skips_total{tenant="a \"b\"\\\n",app="drive",reason="file.trashed"} 1"#,
        r#"labeld_api_requests_total{tenant="a \"b\"\\\n",app="drive",code="4xx"} 1"#,
        r#"labeld_throttled_seconds_total{tenant="a \"b\"\\\n",app="drive"} 1.5"#,
        r#"labeld_change_to_scan_seconds_bucket{le="30.0"} 0"#,
        r#"labeld_change_to_scan_seconds_bucket{le="60.0"} 1"#,
        r#"labeld_queue_depth{class="changed"} 3"#,
        r#"labeld_queue_depth{class="backlog"} 9"#,
        "labeld_queue_oldest_seconds 70.0",
        r#"labeld_label_actions_total{tenant="a \"b\"\\\n",app="drive",action="apply",outcome="done"} 1"#,
        r#"labeld_label_actions_total{tenant="a \"b\"\\\n",app="drive",action="remove",outcome="file.locked"} 1"#,
        r#"labeld_change_to_label_seconds_bucket{le="60.0"} 0"#,
        r#"labeld_change_to_label_seconds_bucket{le="120.0"} 1"#,
        r#"labeld_cap_limit{tenant="contoso",app="drive"} 100"#,
        r#"labeld_cap_used{tenant="contoso",app="drive"} 7"#,
        r#"labeld_cap_reset_timestamp_seconds{tenant="contoso",app="drive"} 1772755200"#,
        r#"labeld_label_sync_last_success_timestamp_seconds{tenant="contoso"} 1772704800"#,
    ] {
        assert!(
            page.lines().any(|it| it == line),
            "{line} is not in\n{page}"
        );
    }
    // What is no more leaves the page.
    let page = metrics.page(|gauges| Snapshot::default().set(gauges));
    assert!(
        !page.contains("contoso") && !page.contains("backlog"),
        "{page}"
    );
    assert!(page.contains("labeld_queue_oldest_seconds 0"), "{page}");
}

#[test]
fn statuses_have_few_codes() {
    let codes: BTreeSet<_> = (0..=u16::MAX)
        .map(|status| ResponseCode::of(status).as_str())
        .collect();
    assert!(codes.len() < 30, "{codes:?}");
    for (status, code) in [
        (200, "200"),
        (299, "2xx"),
        (304, "3xx"),
        (429, "429"),
        (599, "5xx"),
        (99, "other"),
        (600, "other"),
    ] {
        assert_eq!(ResponseCode::of(status).as_str(), code);
    }
}

#[test]
fn the_promised_metrics_are_there() {
    let names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    let expected = [
        "labeld_build_info",
        "labeld_files_scanned_total",
        "labeld_fetched_bytes_total",
        "labeld_skips_total",
        "labeld_label_actions_total",
        "labeld_api_requests_total",
        "labeld_throttled_seconds_total",
        "labeld_change_to_scan_seconds",
        "labeld_change_to_label_seconds",
        "labeld_queue_depth",
        "labeld_queue_oldest_seconds",
        "labeld_label_sync_last_success_timestamp_seconds",
        "labeld_cap_limit",
        "labeld_cap_used",
        "labeld_cap_reset_timestamp_seconds",
    ];
    assert_eq!(names, expected);
}

fn table_of_events() -> String {
    let mut table = "\n| event | level | fields | what happened |\n|---|---|---|---|\n".to_owned();
    for event in EVENTS {
        let fields: Vec<_> = event
            .fields
            .iter()
            .map(|(name, meaning)| {
                let meaning = meaning.trim().trim_end_matches('.');
                format!("`{name}`: {meaning}")
            })
            .collect();
        let level = event.level.as_str().to_lowercase();
        let (name, fields, meaning) = (event.name, fields.join("; "), event.meaning.trim());
        writeln!(table, "| `{name}` | {level} | {fields} | {meaning} |").unwrap();
    }
    table.push('\n');
    table
}

fn table_of_metrics() -> String {
    let mut table = "\n| metric | kind | labels | what it says |\n|---|---|---|---|\n".to_owned();
    for metric in METRICS {
        let labels: Vec<_> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let (name, kind, labels) = (metric.name, metric.kind.as_str(), labels.join(", "));
        writeln!(table, "| `{name}` | {kind} | {labels} | {} |", metric.help).unwrap();
    }
    table.push('\n');
    table
}

#[test]
fn the_pages_describe_every_event_and_every_metric() {
    let pages = [
        ("docs/logging.md", "events", table_of_events()),
        ("docs/metrics.md", "metrics", table_of_metrics()),
    ];
    for (page, what, table) in pages {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = std::fs::read_to_string(&path).unwrap();
        let (begin, end) = (
            format!("<!-- {what} -->\n"),
            format!("<!-- end of {what} -->"),
        );
        let (before, rest) = text.split_once(&begin).unwrap();
        let (written, after) = rest.split_once(&end).unwrap();
        if std::env::var_os("LABELD_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        } else {
            assert!(
                written == table,
                "{page} differs from src/telemetry; run `LABELD_BLESS=1 cargo test --lib telemetry` and look at the \
                 change"
            );
        }
    }
}
