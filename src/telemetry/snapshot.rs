//! What the metrics page tells of the store.

use chrono::{DateTime, TimeDelta, Utc};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::metrics::{AppLabels, ClassLabel, Gauges, METRICS_OF_PROCESS, TenantLabel};
use crate::model::{AppName, TenantName};

/// What is so at present, taken from the store for a page.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The queue, for each class.
    pub queue: Vec<QueueFigures>,
    /// When each tenant's label list was last taken over; tenants without one are left out.
    pub label_syncs: Vec<(TenantName, DateTime<Utc>)>,
    /// The cap of each app.
    pub caps: Vec<CapFigures>,
}

/// How the cap of an app stands.
#[derive(Debug, Clone)]
pub struct CapFigures {
    /// The tenant.
    pub tenant: TenantName,
    /// The app.
    pub app: AppName,
    /// Labels in a UTC date.
    pub limit: u32,
    /// Those that are used on the present one.
    pub used: u32,
    /// When there are more again.
    pub reset: DateTime<Utc>,
}

/// A class of the scan queue.
#[derive(Debug, Clone)]
pub struct QueueFigures {
    /// The class's word.
    pub class: &'static str,
    /// Files that wait or are being worked on.
    pub depth: u64,
    /// How long the oldest of them has been waiting.
    pub oldest: Option<TimeDelta>,
}

impl Snapshot {
    /// The metrics page, in OpenMetrics text ([`CONTENT_TYPE`](super::CONTENT_TYPE)).
    #[must_use]
    pub fn page(&self) -> String {
        METRICS_OF_PROCESS.page(|gauges| self.set(gauges))
    }

    pub(super) fn set(&self, gauges: &Gauges) {
        gauges.queue_depth.clear();
        for QueueFigures { class, depth, .. } in &self.queue {
            let gauge = gauges.queue_depth.get_or_create(&ClassLabel { class });
            gauge.set(i64::try_from(*depth).unwrap_or(i64::MAX));
        }
        let oldest = self.queue.iter().filter_map(|class| class.oldest).max();
        // A clock that was put back makes no negative age.
        let oldest = oldest.and_then(|age| age.to_std().ok()).unwrap_or_default();
        gauges.queue_oldest.set(oldest.as_secs_f64());
        gauges.label_sync.clear();
        for (tenant, at) in &self.label_syncs {
            let tenant = tenant.0.clone();
            let gauge = gauges.label_sync.get_or_create(&TenantLabel { tenant });
            gauge.set(at.timestamp());
        }
        for gauge in [&gauges.cap_limit, &gauges.cap_used, &gauges.cap_reset] {
            gauge.clear();
        }
        for cap in &self.caps {
            let labels = AppLabels::of(&cap.tenant, &cap.app);
            let set = |family: &Family<AppLabels, Gauge>, value: i64| {
                family.get_or_create(&labels).set(value);
            };
            set(&gauges.cap_limit, i64::from(cap.limit));
            set(&gauges.cap_used, i64::from(cap.used));
            set(&gauges.cap_reset, cap.reset.timestamp());
        }
    }
}
