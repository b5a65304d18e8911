//! Calls of apps are counted, and bounded where the configuration says so.

use std::sync::Arc;
use std::time::Duration;

use labeld_connector::http::{CallObserver, CallWatch, StatusCode};

use crate::config::AppConfig;
use crate::model::{AppName, TenantName};
use crate::pipeline::calls::CallBudgets;
use crate::telemetry::{RequestAnswered, ResponseCode, Throttled};

/// Tells the metrics of each request.
#[derive(Debug)]
struct Counted {
    tenant: TenantName,
    app: AppName,
}

impl CallObserver for Counted {
    fn answered(&self, status: Option<StatusCode>) {
        RequestAnswered {
            tenant: &self.tenant,
            app: &self.app,
            code: status.map_or(ResponseCode::None, |status| {
                ResponseCode::of(status.as_u16())
            }),
        }
        .emit();
    }

    fn throttled(&self, time: Duration) {
        Throttled {
            tenant: &self.tenant,
            app: &self.app,
            seconds: time,
        }
        .emit();
    }
}

/// Who watches the calls of an app.
pub(super) fn of_app(
    tenant: &TenantName,
    app: AppConfig<'_>,
    budgets: Option<&CallBudgets>,
) -> CallWatch {
    let budget = budgets.zip(app.pace().calls_per_month);
    CallWatch {
        observer: Some(counted(tenant, app.name())),
        budget: budget.map(|(budgets, calls)| budgets.of(tenant, app.name(), calls)),
    }
}

/// Who watches the calls that are for a tenant and for none of its apps: their app is the empty name.
pub(super) fn of_tenant(tenant: &TenantName) -> CallWatch {
    CallWatch {
        observer: Some(counted(tenant, &AppName::from(""))),
        budget: None,
    }
}

fn counted(tenant: &TenantName, app: &AppName) -> Arc<dyn CallObserver> {
    Arc::new(Counted {
        tenant: tenant.clone(),
        app: app.clone(),
    })
}
