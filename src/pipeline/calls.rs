//! How many calls an app may make in a month, where a plan counts them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};
use labeld_connector::http::{CallBudget, NoCall};

use crate::clock::Clock;
use crate::model::{AppName, TenantName};
use crate::pipeline::error_chain;
use crate::store::apps::{self, AppId};
use crate::store::usage::{self, Month};
use crate::store::{self, Db};
use crate::telemetry::CallsUsedUp;

/// Most calls that are reserved at a time: what a process that dies may have counted without making them.
const MOST_RESERVED: u64 = 100;

/// Gives out the budgets of apps. Clones share what is known of them.
#[derive(Debug, Clone)]
pub struct CallBudgets {
    db: Db,
    clock: Arc<dyn Clock>,
    used_up: Arc<Mutex<BTreeMap<(TenantName, AppName), UsedUp>>>,
}

/// An app that may make no more calls this month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedUp {
    /// The tenant.
    pub tenant: TenantName,
    /// The app.
    pub app: AppName,
    /// Calls that it may make in a month.
    pub budget: u64,
    /// When a call was first refused.
    pub since: DateTime<Utc>,
    /// When it may make calls again.
    pub until: DateTime<Utc>,
}

impl CallBudgets {
    /// Budgets that are kept in the store; `clock` says which month it is.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self {
            db,
            clock,
            used_up: Arc::default(),
        }
    }

    /// The budget of an app: `calls` in each calendar month (UTC).
    #[must_use]
    pub fn of(&self, tenant: &TenantName, app: &AppName, calls: u64) -> Arc<dyn CallBudget> {
        // What was used up may be so no more under a new bound.
        self.noted().remove(&(tenant.clone(), app.clone()));
        Arc::new(MonthlyCalls {
            budgets: self.clone(),
            tenant: tenant.clone(),
            app: app.clone(),
            budget: calls,
            reserved: tokio::sync::Mutex::default(),
        })
    }

    /// The apps that may make no more calls this month.
    #[must_use]
    pub fn used_up(&self) -> Vec<UsedUp> {
        let now = self.clock.now();
        let mut noted = self.noted();
        noted.retain(|_, app| now < app.until);
        noted.values().cloned().collect()
    }

    fn noted(&self) -> MutexGuard<'_, BTreeMap<(TenantName, AppName), UsedUp>> {
        self.used_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct MonthlyCalls {
    budgets: CallBudgets,
    tenant: TenantName,
    app: AppName,
    budget: u64,
    reserved: tokio::sync::Mutex<Reserved>,
}

/// Calls that the store has counted and that were not made yet.
#[derive(Debug, Default)]
struct Reserved {
    app: Option<AppId>,
    month: Option<Month>,
    calls: u32,
    used_up: bool,
}

#[async_trait]
impl CallBudget for MonthlyCalls {
    async fn take(&self) -> Result<(), NoCall> {
        let now = self.budgets.clock.now();
        let month = Month::from(now);
        let mut reserved = self.reserved.lock().await;
        if reserved.month != Some(month) {
            *reserved = Reserved {
                app: reserved.app,
                month: Some(month),
                ..Reserved::default()
            };
        }
        if reserved.calls == 0 && !reserved.used_up {
            let unknown = |error| NoCall::Unknown(error_chain(&error));
            reserved.calls = self
                .reserve(&mut reserved.app, month)
                .await
                .map_err(unknown)?;
            reserved.used_up = reserved.calls == 0;
            if reserved.used_up {
                self.tell(now);
            }
        }
        if reserved.used_up {
            let until = next_month(now);
            let wait = until.signed_duration_since(now).to_std();
            return Err(NoCall::UsedUp {
                until,
                wait: wait.unwrap_or_default(),
            });
        }
        reserved.calls -= 1;
        Ok(())
    }
}

impl MonthlyCalls {
    async fn reserve(&self, known: &mut Option<AppId>, month: Month) -> store::Result<u32> {
        let db = &self.budgets.db;
        let app = match *known {
            Some(app) => app,
            None => {
                let tx = db.begin().await?;
                let app = apps::ensure(&tx, &self.tenant, &self.app).await?;
                tx.commit().await?;
                app
            }
        };
        *known = Some(app);
        // A small budget is reserved in small pieces, so that little of it can be lost.
        let block = (self.budget / 100).clamp(1, MOST_RESERVED);
        let block = u32::try_from(block).unwrap_or(1);
        usage::reserve(db, app, month, block, Some(self.budget)).await
    }

    fn tell(&self, now: DateTime<Utc>) {
        let until = next_month(now);
        CallsUsedUp {
            tenant: &self.tenant,
            app: &self.app,
            budget: self.budget,
            until,
        }
        .emit();
        let used_up = UsedUp {
            tenant: self.tenant.clone(),
            app: self.app.clone(),
            budget: self.budget,
            since: now,
            until,
        };
        let name = (self.tenant.clone(), self.app.clone());
        self.budgets.noted().insert(name, used_up);
    }
}

/// The first moment of the next month in UTC.
fn next_month(now: DateTime<Utc>) -> DateTime<Utc> {
    let first = now.date_naive().with_day(1);
    let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
    next.map_or(now, |day| day.and_time(NaiveTime::MIN).and_utc())
}

#[cfg(test)]
mod tests;
