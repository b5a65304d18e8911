//! Governing an app: its files decided by the rules in force, and what is wanted carried out.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::governance::{Governance, TenantRules};
use super::limits::{self, Counts};
use super::{Decided, DecidedFiles, again, decide_waiting_of, stamp};
use crate::pipeline::apply::{Acted, Outcome, act, settle};
use crate::pipeline::lease::TaskLease;
use crate::pipeline::poll::app_id;
use crate::pipeline::{App, StageError, Work};
use crate::store::actions::{self, ActionRunId, Verb};
use crate::store::{StoreError, apps, decisions};
use crate::telemetry::{ActionEnded, LabelAction};

/// Actions that are carried out before it is looked again whether something waits for a decision.
const ROUND: u32 = 32;

/// The rules of a tenant, loaded anew whenever the store's have changed.
#[derive(Debug)]
pub struct Governor {
    rules: Arc<TenantRules>,
    loaded: Option<Arc<Governance>>,
    /// The rules whose bounds were looked at since the last decision, and what was counted for them.
    bounded: Option<(String, Counts)>,
}

/// What a round has come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// What was decided.
    pub decided: DecidedFiles,
    /// What was carried out.
    pub acted: Acted,
    /// When there is something to do again; `None` where nothing waits.
    pub next_due: Option<DateTime<Utc>>,
}

impl Governor {
    /// For a tenant whose policies were [taken over](crate::store::policies::take_over).
    #[must_use]
    pub fn new(rules: Arc<TenantRules>) -> Self {
        Self {
            rules,
            loaded: None,
            bounded: None,
        }
    }

    /// The rules in force.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn governance(&mut self, work: &Work) -> Result<Arc<Governance>, StoreError> {
        let stamp = decisions::stamp(&work.db, &self.rules.tenant).await?;
        if let Some(loaded) = &self.loaded
            && loaded.stamp == stamp
        {
            return Ok(Arc::clone(loaded));
        }
        let fresh = Arc::new(Governance::load(&work.db, Arc::clone(&self.rules)).await?);
        self.loaded = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Decides whatever waits in an app, and stops policies that match more than they may. Afterwards nothing waits, and the
    /// rules that are returned have decided.
    ///
    /// A bound counts the matches in all apps of its tenant. So the files of the other apps in the scope of such a policy are
    /// decided, too, by the same rules and as far as they are known: decisions need stored facts only, and wait neither for an
    /// app that cannot be reached nor for the process that serves it.
    ///
    /// # Errors
    ///
    /// What the store says, or the stop.
    pub async fn decide(
        &mut self,
        work: &Work,
        app: &App,
    ) -> Result<(DecidedFiles, Arc<Governance>), StageError> {
        let app_id = app_id(&work.db, app).await?;
        let here = Decided::of(app, app_id);
        let mut total = DecidedFiles::default();
        loop {
            let governance = self.governance(work).await?;
            take_rules_over(work, here, &governance).await?;
            let decided = decide_waiting_of(work, here, &governance).await?;
            total += decided;
            let elsewhere = decide_elsewhere(work, here, &governance).await?;
            let counts = limits::counts(&work.db, &governance).await?;
            let bounded = (governance.stamp.clone(), counts);
            // Another process may have decided the files of other apps: the counts tell.
            let is_new = decided.files + elsewhere > 0 || self.bounded.as_ref() != Some(&bounded);
            if is_new {
                if !limits::stop_exceeded(work, &governance).await?.is_empty() {
                    continue;
                }
                self.bounded = Some(bounded);
            }
            if !decisions::waiting(&work.db, app_id).await? {
                again::open_due(work, here, &governance).await?;
                return Ok((total, governance));
            }
        }
    }

    /// Does what there is to do in an app: settles writes of unknown outcome, decides, and carries out what is due, until
    /// nothing is. `None` where another process is at it.
    ///
    /// # Errors
    ///
    /// What the store says, the stop, or a lost lease; what the app says where it has failed as a whole.
    pub async fn round(&mut self, work: &Work, app: &App) -> Result<Option<Round>, StageError> {
        let Some(lease) = TaskLease::try_take(work, &govern_task(app)).await? else {
            return Ok(None);
        };
        let done = self.work_off(work, app, None, &mut |_| {}).await;
        lease.release(work).await?;
        done.map(Some)
    }

    /// Decides whatever waits in an app, and carries out what is due: all of it, or what belongs to a run. `acted_on` is told
    /// how many more actions were looked at.
    ///
    /// # Errors
    ///
    /// As [`round`](Self::round).
    pub(in crate::pipeline) async fn work_off(
        &mut self,
        work: &Work,
        app: &App,
        run: Option<ActionRunId>,
        acted_on: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Round, StageError> {
        let app_id = app_id(&work.db, app).await?;
        let mut round = Round::default();
        loop {
            let (decided, governance) = self.decide(work, app).await?;
            round.decided += decided;
            let settled = settle(work, app, &governance).await?;
            let now = work.clock.now();
            let (applies, others) = actions::next_due(&work.db, app_id, run).await?;
            let paused_until = round.acted.cap_paused_until;
            let applies = applies.map(|due| paused_until.map_or(due, |until| due.max(until)));
            let due = applies.into_iter().chain(others).min();
            if due.is_none_or(|due| due > now) {
                let again = actions::next_again(&work.db, app_id).await?;
                round.next_due = next_after(now, [due, settled.next_due, again]);
                return Ok(round);
            }
            let run = match run {
                Some(run) => run,
                None => service_run(work, now).await?,
            };
            let acted = act(work, app, &governance, run, ROUND).await?;
            let is_idle = acted.ended.is_empty();
            acted_on(acted.ended.len() as u64);
            tell(work, app, &acted).await?;
            round.acted.ended.extend(acted.ended);
            round.acted.cap_paused_until = acted.cap_paused_until;
            if is_idle {
                // The cap is reached, or others are at what is due.
                let again = actions::next_again(&work.db, app_id).await?;
                let times = [
                    acted.next_due,
                    settled.next_due,
                    acted.cap_paused_until,
                    again,
                ];
                round.next_due = next_after(now, times);
                return Ok(round);
            }
        }
    }
}

/// The task whose lease is the right to govern an app.
#[must_use]
pub fn govern_task(app: &App) -> String {
    format!("govern:{app}")
}

/// Tells log and metrics what became of actions.
async fn tell(work: &Work, app: &App, acted: &Acted) -> Result<(), StoreError> {
    for (id, file, outcome) in &acted.ended {
        let Some(action) = actions::get(&work.db, *id).await? else {
            continue;
        };
        ActionEnded {
            tenant: &app.tenant,
            app: &app.name,
            file: *file,
            action: match action.wanted.verb {
                Verb::Apply => LabelAction::Apply,
                Verb::Remove => LabelAction::Remove,
                Verb::Restore => LabelAction::Restore,
            },
            reason: match outcome {
                Outcome::Applied | Outcome::Removed | Outcome::Restored => None,
                Outcome::Because(reason) => Some(*reason),
            },
            seconds: (work.clock.now() - action.made)
                .to_std()
                .unwrap_or_default(),
        }
        .emit();
    }
    Ok(())
}

async fn service_run(work: &Work, now: DateTime<Utc>) -> Result<ActionRunId, StoreError> {
    let tx = work.db.begin().await?;
    let run = actions::service_run(&tx, now).await?;
    tx.commit().await?;
    Ok(run)
}

/// Has all files of the app decided anew where the rules are others than those that decided last.
async fn take_rules_over(
    work: &Work,
    app: Decided<'_>,
    governance: &Governance,
) -> Result<(), StoreError> {
    let now = work.clock.now();
    let traits = governance.rules.apps.get(app.name);
    let stamp = stamp::of_app(governance, &format!("{traits:?}"), now);
    if decisions::governed_by(&work.db, app.id).await?.as_deref() == Some(stamp.as_str()) {
        return Ok(());
    }
    let tx = work.db.begin().await?;
    decisions::govern(&tx, app.id, &stamp, now).await?;
    tx.commit().await
}

/// Decides what waits in the other apps where a policy may act whose bound counts their files; how many files.
async fn decide_elsewhere(
    work: &Work,
    here: Decided<'_>,
    governance: &Governance,
) -> Result<u64, StageError> {
    let mut files = 0;
    for (name, app) in limits::counted_apps(governance) {
        if name == here.name {
            continue;
        }
        // One that was never listed has no files yet.
        let Some(id) = apps::find(&work.db, here.tenant, name).await? else {
            continue;
        };
        let there = Decided {
            tenant: here.tenant,
            name,
            kind: &app.kind,
            id,
        };
        take_rules_over(work, there, governance).await?;
        files += decide_waiting_of(work, there, governance).await?.files;
    }
    Ok(files)
}

/// The first of the times that are still to come. What is due already and was not done waits for somebody else.
fn next_after<const N: usize>(
    now: DateTime<Utc>,
    times: [Option<DateTime<Utc>>; N],
) -> Option<DateTime<Utc>> {
    let times = times.into_iter().flatten();
    times.filter(|time| *time > now).min()
}
