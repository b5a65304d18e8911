//! What the service listens on: health and metrics, and change notifications. The pages ask the service through its handle.

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use labeld_connector::Subscription;

use crate::config::{AppConfig, HttpConfig};
use crate::daemon::{Handle, Nudge};
use crate::http::webhooks::{self, Hint, HintSink, HintTarget, NotNow};
use crate::http::{self, FailingCheck, Probes, Served};
use crate::model::{AppName, TenantName};
use crate::pipeline::{App, StopSignal};
use crate::store::cap::{self, CapKey};
use crate::store::queue::{Depth, JobClass};
use crate::store::{Db, StoreError, apps, labels, subscriptions};
use crate::telemetry::{CapFigures, QueueFigures, Snapshot};

/// The listeners of a service, until their stop.
#[derive(Debug)]
pub(super) struct Listeners {
    served: Vec<Served>,
    stop: StopSignal,
}

impl Listeners {
    /// Listens where the configuration says.
    ///
    /// # Errors
    ///
    /// When an address cannot be listened on.
    pub(super) async fn open(config: HttpConfig, handle: &Handle) -> Result<Self> {
        let stop = StopSignal::default();
        let stopped = || {
            let stop = stop.clone();
            async move { stop.stopped().await }
        };
        let mut served = Vec::new();
        if let Some(address) = config.listen {
            let probes = Arc::new(ServiceProbes(handle.clone()));
            let server = http::serve(address, probes, stopped()).await?;
            handle.listens_on(format!("http://{} (health, metrics)", server.address()));
            served.push(server);
        }
        if let Some(address) = config.webhooks {
            let sink = Arc::new(ServiceHints(handle.clone()));
            let server = webhooks::serve(address, sink, stopped()).await?;
            handle.listens_on(format!("http://{} (webhooks)", server.address()));
            served.push(server);
        }
        Ok(Self { served, stop })
    }

    /// Ends them.
    pub(super) async fn close(self) {
        self.stop.stop();
        for server in self.served {
            server.finished().await;
        }
    }
}

struct ServiceProbes(Handle);

#[async_trait]
impl Probes for ServiceProbes {
    async fn failing(&self) -> Vec<FailingCheck> {
        let failing = self.0.not_ready().into_iter();
        failing
            .map(|(check, since)| FailingCheck {
                check: check.check,
                seconds: since.as_secs(),
                reason: check.why,
            })
            .collect()
    }

    async fn metrics(&self) -> String {
        self.snapshot().await.unwrap_or_default().page()
    }
}

impl ServiceProbes {
    /// What the store tells; `None` while it cannot be read, when the page has the rest.
    async fn snapshot(&self) -> Option<Snapshot> {
        let db = self.0.db()?;
        let now = self.0.now();
        let depths = self.0.queue_depth().await.ok()?;
        let mut snapshot = Snapshot {
            queue: JobClass::ALL
                .map(|class| queue_figures(class, &depths, now))
                .to_vec(),
            label_syncs: Vec::new(),
            caps: Vec::new(),
        };
        for tenant in &self.0.config().tenants {
            for app in tenant.apps() {
                let cap = cap_figures(db, &tenant.name, app, now).await.ok()?;
                snapshot.caps.push(cap);
            }
            let status = labels::sync_status(db, &tenant.name).await.ok()?;
            if let Some(last) = status.and_then(|status| status.last_success) {
                snapshot.label_syncs.push((tenant.name.clone(), last));
            }
        }
        Some(snapshot)
    }
}

fn queue_figures(class: JobClass, depths: &[Depth], now: DateTime<Utc>) -> QueueFigures {
    let of_class = || depths.iter().filter(|depth| depth.class == class);
    let oldest = of_class().filter_map(|depth| depth.oldest).min();
    QueueFigures {
        class: class.as_str(),
        depth: of_class().map(|depth| depth.waiting + depth.claimed).sum(),
        oldest: oldest.map(|oldest| now - oldest),
    }
}

async fn cap_figures(
    db: &Db,
    tenant: &TenantName,
    app: AppConfig<'_>,
    now: DateTime<Utc>,
) -> Result<CapFigures, StoreError> {
    let key = CapKey {
        tenant,
        app_kind: app.kind(),
    };
    let state = cap::state(db, key, app.cap(), now).await?;
    Ok(CapFigures {
        tenant: tenant.clone(),
        app: app.name().clone(),
        limit: app.cap().limit,
        used: state.used,
        reset: state.paused_until.unwrap_or(state.day.next().begin()),
    })
}

struct ServiceHints(Handle);

#[async_trait]
impl HintSink for ServiceHints {
    async fn targets(
        &self,
        tenant: &TenantName,
        app: Option<&AppName>,
    ) -> Result<Vec<HintTarget>, NotNow> {
        let apps = self.0.apps().ok_or(NotNow)?;
        let db = self.0.db().ok_or(NotNow)?;
        let is_meant = |name: &AppName| app.is_none_or(|app| app == name);
        let mut targets = Vec::new();
        for app in apps {
            if app.tenant == *tenant && is_meant(&app.name) {
                targets.push(HintTarget {
                    known: known(db, &app).await.map_err(|_| NotNow)?,
                    tenant: app.tenant,
                    app: app.name,
                    connector: app.connector,
                });
            }
        }
        Ok(targets)
    }

    async fn heard(&self, target: &HintTarget, hint: Hint) -> Result<(), NotNow> {
        let app = format!("{}/{}", target.tenant, target.app);
        if !hint.renew.is_empty() {
            self.renew(target, &hint.renew).await.map_err(|_| NotNow)?;
            let subscribe = format!("subscribe:{app}");
            self.0
                .nudge(Nudge::Task(&subscribe))
                .await
                .map_err(|_| NotNow)?;
        }
        // A hint is never data: it makes the next look for changes come sooner.
        match self.0.nudge(Nudge::Task(&format!("poll:{app}"))).await {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) => Err(NotNow),
        }
    }
}

impl ServiceHints {
    /// Has subscriptions renewed.
    async fn renew(&self, target: &HintTarget, ids: &[String]) -> Result<(), StoreError> {
        let Some(db) = self.0.db() else {
            return Ok(());
        };
        if let Some(app) = apps::find(db, &target.tenant, &target.app).await? {
            for id in ids {
                subscriptions::expire(db, app, id, self.0.now()).await?;
            }
        }
        Ok(())
    }
}

/// The subscriptions of an app.
async fn known(db: &Db, app: &App) -> Result<Vec<Subscription>, StoreError> {
    match apps::find(db, &app.tenant, &app.name).await? {
        Some(app) => subscriptions::of_app(db, app).await,
        None => Ok(Vec::new()),
    }
}
