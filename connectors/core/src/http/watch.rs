//! Who is told of calls, and who may forbid them.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::StatusCode;

/// Is told of every request, so that calls can be counted. Must be quick.
pub trait CallObserver: Debug + Send + Sync {
    /// A request was answered with `status`; `None` when no answer came. A redirect that is followed is an
    /// answer of its own.
    fn answered(&self, status: Option<StatusCode>);

    /// The service asked that no calls are made for `time` more than it had asked before.
    fn throttled(&self, time: Duration);
}

/// Says whether a call may still be made, where a plan counts calls.
#[async_trait]
pub trait CallBudget: Debug + Send + Sync {
    /// Takes one call out of the budget. Asked before every attempt.
    ///
    /// # Errors
    ///
    /// When no call may be made, or when that cannot be told.
    async fn take(&self) -> Result<(), NoCall>;
}

/// No call may be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCall {
    /// The budget is used up.
    #[error("the calls of this month are used up; the next ones may be made from {} on", until.format("%Y-%m-%d %H:%M UTC"))]
    UsedUp {
        /// When there are calls again.
        until: DateTime<Utc>,
        /// How long that is.
        wait: Duration,
    },
    /// It cannot be told what is left of the budget, and a call that nobody counts is not made.
    #[error("cannot tell what is left of this month's calls: {0}")]
    Unknown(String),
}

/// Who watches the calls of a [`Service`](super::Service): nobody, unless somebody is named.
#[derive(Debug, Clone, Default)]
pub struct CallWatch {
    /// Is told of every request.
    pub observer: Option<Arc<dyn CallObserver>>,
    /// Is asked before every attempt.
    pub budget: Option<Arc<dyn CallBudget>>,
}

impl CallWatch {
    pub(super) fn answered(&self, status: Option<StatusCode>) {
        if let Some(observer) = &self.observer {
            observer.answered(status);
        }
    }

    pub(super) fn throttled(&self, time: Duration) {
        if let Some(observer) = &self.observer
            && !time.is_zero()
        {
            observer.throttled(time);
        }
    }

    pub(super) async fn take(&self) -> Result<(), NoCall> {
        match &self.budget {
            Some(budget) => budget.take().await,
            None => Ok(()),
        }
    }
}

/// A request on its way. One that is given up or fails has no answer.
#[derive(Debug)]
pub(super) struct Unanswered<'a> {
    watch: &'a CallWatch,
    status: Option<StatusCode>,
}

impl<'a> Unanswered<'a> {
    pub(super) fn new(watch: &'a CallWatch) -> Self {
        Self {
            watch,
            status: None,
        }
    }

    pub(super) fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.watch.answered(self.status);
    }
}
