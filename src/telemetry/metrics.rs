//! The metrics of this process, and their page.

use std::sync::atomic::AtomicU64;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

use super::labels::{FetchPurpose, LabelAction, ResponseCode, ScanResult};
use crate::model::{AppName, Reason, TenantName};

/// The media type of the page.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the documentation says of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDescription {
    /// The name of its samples; a histogram's have `_bucket`, `_sum` and `_count` behind it.
    pub name: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop.
    pub help: &'static str,
}

/// The kinds of metrics, as OpenMetrics names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows while the process lives.
    Counter,
    /// What is so at present.
    Gauge,
    /// A distribution.
    Histogram,
    /// What does not change while the process lives.
    Info,
}

impl MetricKind {
    /// The word on the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    /// What a sample's name has more than the metric's.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram => "",
        }
    }
}

const BUILD: MetricDescription = describe(
    "labeld_build_info",
    MetricKind::Info,
    &["version"],
    "The program that runs; always 1",
);
const FILES_SCANNED: MetricDescription = describe(
    "labeld_files_scanned_total",
    MetricKind::Counter,
    &["tenant", "app", "result"],
    "Scans of files that ended, by their result",
);
const FETCHED_BYTES: MetricDescription = describe(
    "labeld_fetched_bytes_total",
    MetricKind::Counter,
    &["tenant", "app", "purpose"],
    "Bytes of files fetched from the app, by what they were fetched for",
);
const SKIPS: MetricDescription = describe(
    "labeld_skips_total",
    MetricKind::Counter,
    &["tenant", "app", "reason"],
    "Files that labeld left alone, by reason code",
);
const API_REQUESTS: MetricDescription = describe(
    "labeld_api_requests_total",
    MetricKind::Counter,
    &["tenant", "app", "code"],
    "Requests to the app's service, by the status of the answer",
);
const THROTTLED_SECONDS: MetricDescription = describe(
    "labeld_throttled_seconds_total",
    MetricKind::Counter,
    &["tenant", "app"],
    "Seconds for which the service asked labeld to make no calls",
);
const CHANGE_TO_SCAN: MetricDescription = describe(
    "labeld_change_to_scan_seconds",
    MetricKind::Histogram,
    &[],
    "Time from taking over a change to the end of the scan that it caused",
);
const LABEL_ACTIONS: MetricDescription = describe(
    "labeld_label_actions_total",
    MetricKind::Counter,
    &["tenant", "app", "action", "outcome"],
    "Attempts to apply or remove labels, by what came of them",
);
const CHANGE_TO_LABEL: MetricDescription = describe(
    "labeld_change_to_label_seconds",
    MetricKind::Histogram,
    &[],
    "Time from the decision that a label is wanted to its being on the file",
);
const CAP_LIMIT: MetricDescription = describe(
    "labeld_cap_limit",
    MetricKind::Gauge,
    &["tenant", "app"],
    "Labels that may be applied in a UTC date; apps of one kind share them",
);
const CAP_USED: MetricDescription = describe(
    "labeld_cap_used",
    MetricKind::Gauge,
    &["tenant", "app"],
    "Labels of the cap that are used on the present UTC date",
);
const CAP_RESET: MetricDescription = describe(
    "labeld_cap_reset_timestamp_seconds",
    MetricKind::Gauge,
    &["tenant", "app"],
    "When the cap lets on where it is reached, else when its count begins anew, in seconds since 1970",
);
const QUEUE_DEPTH: MetricDescription = describe(
    "labeld_queue_depth",
    MetricKind::Gauge,
    &["class"],
    "Files that wait for their scan, by class",
);
const QUEUE_OLDEST: MetricDescription = describe(
    "labeld_queue_oldest_seconds",
    MetricKind::Gauge,
    &[],
    "Age of the oldest change or file that waits for its scan; 0 when none waits",
);
const LABEL_SYNC: MetricDescription = describe(
    "labeld_label_sync_last_success_timestamp_seconds",
    MetricKind::Gauge,
    &["tenant"],
    "When the tenant's label list was last taken over, in seconds since 1970",
);

/// Every metric (promises, "Metric names").
pub const METRICS: &[MetricDescription] = &[
    BUILD,
    FILES_SCANNED,
    FETCHED_BYTES,
    SKIPS,
    LABEL_ACTIONS,
    API_REQUESTS,
    THROTTLED_SECONDS,
    CHANGE_TO_SCAN,
    CHANGE_TO_LABEL,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    LABEL_SYNC,
    CAP_LIMIT,
    CAP_USED,
    CAP_RESET,
];

/// The outcome of an action that was carried out.
const DONE: &str = "done";

/// Upper bounds of the buckets of times from a change on: seconds to a day.
const CHANGE_BUCKETS: [f64; 12] = [
    1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0,
];

const fn describe(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    help: &'static str,
) -> MetricDescription {
    MetricDescription {
        name,
        kind,
        labels,
        help,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct AppLabels {
    tenant: String,
    app: String,
}

impl AppLabels {
    pub(super) fn of(tenant: &TenantName, app: &AppName) -> Self {
        Self {
            tenant: tenant.0.clone(),
            app: app.0.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ScanLabels {
    tenant: String,
    app: String,
    result: ScanResult,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FetchLabels {
    tenant: String,
    app: String,
    purpose: FetchPurpose,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SkipLabels {
    tenant: String,
    app: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabels {
    tenant: String,
    app: String,
    action: LabelAction,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    tenant: String,
    app: String,
    code: ResponseCode,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ClassLabel {
    pub(super) class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TenantLabel {
    pub(super) tenant: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

/// The metrics of this process.
pub(super) static METRICS_OF_PROCESS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// All metrics, and the registry that makes a page of them.
#[derive(Debug)]
pub(super) struct Metrics {
    files_scanned: Family<ScanLabels, Counter>,
    fetched_bytes: Family<FetchLabels, Counter>,
    skips: Family<SkipLabels, Counter>,
    label_actions: Family<ActionLabels, Counter>,
    api_requests: Family<RequestLabels, Counter>,
    throttled_seconds: Family<AppLabels, Counter<f64, AtomicU64>>,
    change_to_scan: Histogram,
    change_to_label: Histogram,
    /// Set together, so that a page shows one state.
    gauges: Mutex<Gauges>,
    registry: Registry,
}

/// What [`Snapshot`](super::Snapshot) sets.
#[derive(Debug, Default, Clone)]
pub(super) struct Gauges {
    pub(super) queue_depth: Family<ClassLabel, Gauge>,
    pub(super) queue_oldest: Gauge<f64, AtomicU64>,
    pub(super) label_sync: Family<TenantLabel, Gauge>,
    pub(super) cap_limit: Family<AppLabels, Gauge>,
    pub(super) cap_used: Family<AppLabels, Gauge>,
    pub(super) cap_reset: Family<AppLabels, Gauge>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        let version = env!("CARGO_PKG_VERSION");
        let build = Info::new(BuildLabels { version });
        register(&mut registry, BUILD, build);
        let gauges = Gauges::default();
        let metrics = Self {
            files_scanned: registered(&mut registry, FILES_SCANNED, Family::default()),
            fetched_bytes: registered(&mut registry, FETCHED_BYTES, Family::default()),
            skips: registered(&mut registry, SKIPS, Family::default()),
            label_actions: registered(&mut registry, LABEL_ACTIONS, Family::default()),
            api_requests: registered(&mut registry, API_REQUESTS, Family::default()),
            throttled_seconds: registered(&mut registry, THROTTLED_SECONDS, Family::default()),
            change_to_scan: registered(
                &mut registry,
                CHANGE_TO_SCAN,
                Histogram::new(CHANGE_BUCKETS),
            ),
            change_to_label: registered(
                &mut registry,
                CHANGE_TO_LABEL,
                Histogram::new(CHANGE_BUCKETS),
            ),
            gauges: Mutex::new(gauges.clone()),
            registry: Registry::default(),
        };
        register(&mut registry, QUEUE_DEPTH, gauges.queue_depth);
        register(&mut registry, QUEUE_OLDEST, gauges.queue_oldest);
        register(&mut registry, LABEL_SYNC, gauges.label_sync);
        register(&mut registry, CAP_LIMIT, gauges.cap_limit);
        register(&mut registry, CAP_USED, gauges.cap_used);
        register(&mut registry, CAP_RESET, gauges.cap_reset);
        Self {
            registry,
            ..metrics
        }
    }

    pub(super) fn count_scan(&self, tenant: &TenantName, app: &AppName, result: ScanResult) {
        let AppLabels { tenant, app } = AppLabels::of(tenant, app);
        let labels = ScanLabels {
            tenant,
            app,
            result,
        };
        self.files_scanned.get_or_create(&labels).inc();
    }

    pub(super) fn count_bytes(
        &self,
        tenant: &TenantName,
        app: &AppName,
        purpose: FetchPurpose,
        bytes: u64,
    ) {
        let AppLabels { tenant, app } = AppLabels::of(tenant, app);
        let labels = FetchLabels {
            tenant,
            app,
            purpose,
        };
        self.fetched_bytes.get_or_create(&labels).inc_by(bytes);
    }

    pub(super) fn count_skip(&self, tenant: &TenantName, app: &AppName, reason: Reason) {
        let AppLabels { tenant, app } = AppLabels::of(tenant, app);
        let labels = SkipLabels {
            tenant,
            app,
            reason: reason.code(),
        };
        self.skips.get_or_create(&labels).inc();
    }

    /// `outcome`: `done` or a reason code.
    pub(super) fn count_action(
        &self,
        tenant: &TenantName,
        app: &AppName,
        action: LabelAction,
        outcome: Option<Reason>,
    ) {
        let AppLabels { tenant, app } = AppLabels::of(tenant, app);
        let labels = ActionLabels {
            tenant,
            app,
            action,
            outcome: outcome.map_or(DONE, Reason::code),
        };
        self.label_actions.get_or_create(&labels).inc();
    }

    pub(super) fn count_change_labelled(&self, time: Duration) {
        self.change_to_label.observe(time.as_secs_f64());
    }

    pub(super) fn count_request(&self, tenant: &TenantName, app: &AppName, code: ResponseCode) {
        let AppLabels { tenant, app } = AppLabels::of(tenant, app);
        let labels = RequestLabels { tenant, app, code };
        self.api_requests.get_or_create(&labels).inc();
    }

    pub(super) fn count_throttled(&self, tenant: &TenantName, app: &AppName, time: Duration) {
        let labels = AppLabels::of(tenant, app);
        let counter = self.throttled_seconds.get_or_create(&labels);
        counter.inc_by(time.as_secs_f64());
    }

    pub(super) fn count_change_scanned(&self, time: Duration) {
        self.change_to_scan.observe(time.as_secs_f64());
    }

    /// Sets the gauges and makes the page, both in one, so that a page shows one state.
    pub(super) fn page(&self, set: impl FnOnce(&Gauges)) -> String {
        let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        set(&gauges);
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut page, &self.registry);
        page
    }
}

fn register(registry: &mut Registry, description: MetricDescription, metric: impl Metric) {
    let name = description.name;
    let name = name.strip_suffix(description.kind.suffix()).unwrap_or(name);
    registry.register(name, description.help, metric);
}

fn registered<M: Metric + Clone>(
    registry: &mut Registry,
    description: MetricDescription,
    metric: M,
) -> M {
    register(registry, description, metric.clone());
    metric
}
