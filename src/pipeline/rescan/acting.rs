//! The second half of a rescan: its files are decided, and what is wanted is carried out.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Progress, Rescan};
use crate::model::Reason;
use crate::pipeline::govern::{self, Governor, TenantRules, govern_task};
use crate::pipeline::lease::TaskLease;
use crate::pipeline::{StageError, exposure};
use crate::store::actions::{self, ActionRunId, RunKind};
use crate::store::decisions::{self, Would};
use crate::store::files::Page;
use crate::store::runs;

/// By which rules a rescan decides about its files.
#[derive(Debug, Clone)]
pub struct Governing {
    /// The tenant's rules.
    pub rules: Arc<TenantRules>,
    /// It only says what it would do.
    pub observe: bool,
}

/// What the policies have made of the files of a rescan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Governed {
    /// The run of the actions that were carried out, for `labeld undo`; `None` where there were none.
    pub run: Option<ActionRunId>,
    /// What would be done to how many files, had it not been for `observe`.
    pub would: Vec<(Would, u64)>,
    /// Until when no label can be applied, where the cap was reached.
    pub cap_paused_until: Option<DateTime<Utc>>,
}

/// Files that are looked at at a time.
const PAGE: u32 = 256;

impl Rescan<'_> {
    /// Decides about the files of the run, and acts.
    pub(super) async fn govern(
        &self,
        governing: &Governing,
        watch: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Governed, StageError> {
        govern::take_over(self.work, &governing.rules).await?;
        exposure::complete_run(self.work, self.app, self.run).await?;
        let mut governor = Governor::new(Arc::clone(&governing.rules));
        if governing.observe {
            return self.only_say(&mut governor).await;
        }
        let doing = format!("carrying out what is wanted in {}", self.app);
        let lease = TaskLease::take(self.work, &govern_task(self.app), &doing).await?;
        let done = self.act(&mut governor, watch).await;
        lease.release(self.work).await?;
        done
    }

    async fn act(
        &self,
        governor: &mut Governor,
        watch: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Governed, StageError> {
        let work = self.work;
        governor.decide(work, self.app).await?;
        let mut governed = Governed::default();
        loop {
            let waiting = self.adopt(&mut governed.run).await?;
            let Some(run) = governed.run.filter(|_| waiting > 0) else {
                break;
            };
            watch(Progress::ToWrite(waiting));
            let mut acted = |files| watch(Progress::Written(files));
            let round = governor
                .work_off(work, self.app, Some(run), &mut acted)
                .await?;
            governed.cap_paused_until = round.acted.cap_paused_until;
            if round.acted.ended.is_empty() || governed.cap_paused_until.is_some() {
                break;
            }
        }
        let waiting = match governed.cap_paused_until {
            Some(_) => Reason::CapReached,
            None => Reason::Pending,
        };
        let tx = work.db.begin().await?;
        runs::take_decisions(&tx, self.run, governed.run, waiting).await?;
        governed.would = runs::would(&tx, self.run).await?;
        tx.commit().await?;
        Ok(governed)
    }

    /// Makes what waits for the run's files part of its run of actions, which begins with the first; how many there are.
    async fn adopt(&self, run: &mut Option<ActionRunId>) -> Result<u64, StageError> {
        let work = self.work;
        let tx = work.db.begin().await?;
        if !decisions::has_open(&tx, self.run).await? {
            return Ok(0);
        }
        let actions = match *run {
            Some(run) => run,
            None => {
                let now = work.clock.now();
                actions::begin_run(&tx, RunKind::Rescan, None, None, now).await?
            }
        };
        let waiting = decisions::adopt(&tx, self.run, actions).await?;
        tx.commit().await?;
        *run = Some(actions);
        Ok(waiting)
    }

    /// What the policies say, stored nowhere but in the run's outcomes.
    async fn only_say(&self, governor: &mut Governor) -> Result<Governed, StageError> {
        let work = self.work;
        let governance = governor.governance(work).await?;
        let mut counts = Would::ALL.map(|would| (would, 0));
        let mut page = Page {
            after: None,
            limit: PAGE,
        };
        loop {
            let records = runs::in_scope(&work.db, self.run, page).await?;
            let Some(last) = records.last().map(|record| record.id) else {
                break;
            };
            page.after = Some(last);
            let tx = work.db.begin().await?;
            let now = work.clock.now();
            let said = govern::look(&tx, self.app, self.app_id, &governance, &records, now).await?;
            let mut reasons = Vec::new();
            for (file, verdict) in said {
                reasons.extend(verdict.outcome.map(|reason| (file, reason)));
                for (would, files) in &mut counts {
                    *files += u64::from(verdict.would == Some(*would));
                }
            }
            runs::record_reasons(&tx, self.run, &reasons).await?;
            tx.commit().await?;
        }
        Ok(Governed {
            run: None,
            would: counts.into_iter().filter(|(_, files)| *files > 0).collect(),
            cap_paused_until: None,
        })
    }
}
