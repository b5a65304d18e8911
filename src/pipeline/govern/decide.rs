//! Deciding a batch of files, in one transaction with the end of their waiting.

mod known;
mod store;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use labeld_connector::Exposure;

use self::known::Known;
use super::governance::{Governance, InForce};
use super::{Decided, DecidedFiles, stamp};
use crate::model::Reason;
use crate::model::cap::CapDay;
use crate::model::inventory::{FileId, FileRecord};
use crate::model::policy::{PolicyMode, PolicyName, Severity};
use crate::pipeline::{App, StageError, Work};
use crate::policy::{DecidedBy, Decision, Planned, Wanted, evaluate_untraced};
use crate::store::actions::{AskedBy, NewAction, Verb};
use crate::store::alerts::{self, AlertKind};
use crate::store::apps::AppId;
use crate::store::decisions::{self, OpenAction, StoredDecision, Would};
use crate::store::policies::{self, PolicyId};
use crate::store::{StoreError, Tx};

/// Files that are decided at a time, and whose decisions share a transaction.
const BATCH: u32 = 256;

/// Decides the next files of an app that wait.
pub(super) async fn decide_batch(
    work: &Work,
    app: Decided<'_>,
    governance: &Governance,
) -> Result<DecidedFiles, StageError> {
    let now = work.clock.now();
    let tx = work.db.begin().await?;
    let records = decisions::next(&tx, app.id, BATCH).await?;
    if records.is_empty() {
        tx.commit().await?;
        return Ok(DecidedFiles::default());
    }
    let ids: Vec<FileId> = records.iter().map(|record| record.id).collect();
    let known = Known::gather(&tx, app.id, &records, &ids).await?;
    let mut batch = Batch::begin(&tx, app, governance, now).await?;
    for record in &records {
        batch.add(record, &known);
    }
    let mut decided = batch.store(&known).await?;
    decisions::done(&tx, &ids).await?;
    tx.commit().await?;
    decided.files = ids.len() as u64;
    Ok(decided)
}

/// What the policies say to files, without anything being stored: policies in `observe` and in `enforce` alike.
pub(in crate::pipeline) async fn look(
    tx: &Tx,
    app: &App,
    app_id: AppId,
    governance: &Governance,
    records: &[FileRecord],
    now: DateTime<Utc>,
) -> Result<Vec<(FileId, StoredDecision)>, StoreError> {
    let ids: Vec<FileId> = records.iter().map(|record| record.id).collect();
    let known = Known::gather(tx, app_id, records, &ids).await?;
    let say = |record: &FileRecord| {
        let facts = known.facts(record, &app.kind);
        let decision = evaluate_untraced(&governance.policies, &facts, now);
        let mut verdict = StoredDecision {
            stamp: 0,
            policy: None,
            outcome: None,
            would: None,
        };
        if let Some(planned) = &decision.planned {
            verdict.outcome = outcome_of(planned);
            verdict.would = would_of(planned);
        }
        (record.id, verdict)
    };
    Ok(records.iter().map(say).collect())
}

/// Why nothing is done. What was not read yet ends in what its reading says.
fn outcome_of(planned: &Planned) -> Option<Reason> {
    let reason = planned.verdict.reason();
    reason.filter(|_| planned.decided_by != DecidedBy::NotRead)
}

fn would_of(planned: &Planned) -> Option<Would> {
    if !planned.verdict.writes() {
        return None;
    }
    Some(match planned.wanted? {
        Wanted::Apply(_) => Would::Apply,
        Wanted::Remove => Would::Remove,
    })
}

/// What the decisions of a batch come to.
struct Batch<'a> {
    tx: &'a Tx,
    app: Decided<'a>,
    governance: &'a Governance,
    now: DateTime<Utc>,
    /// Files on which a policy may still act before somebody has to look.
    room: HashMap<PolicyId, u64>,
    /// Alerts that a policy may still raise today.
    alerts_left: HashMap<PolicyId, u64>,
    gone: Vec<FileId>,
    verdicts: Vec<(FileId, StoredDecision)>,
    begun: Vec<(&'a InForce, FileId)>,
    ended: Vec<(PolicyId, FileId)>,
    wishes: Vec<Wish<'a>>,
    /// Policies that the canary holds back.
    held: HashSet<PolicyName>,
    /// Policies whose label cannot be applied, with why.
    flagged: HashMap<PolicyName, Reason>,
}

/// What becomes of the open action of a file.
struct Wish<'a> {
    file: FileId,
    /// What is to be done; the policy that wants it.
    action: Option<(&'a InForce, NewAction, DecidedBy)>,
    /// Why an open one is not wanted any more.
    why: Reason,
}

impl<'a> Batch<'a> {
    async fn begin(
        tx: &'a Tx,
        app: Decided<'a>,
        governance: &'a Governance,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut room = HashMap::new();
        let mut alerts_left = HashMap::new();
        // In the order of their numbers, so that no two wait for each other's locks.
        let mut policies: Vec<&InForce> = governance.in_force().collect();
        policies.sort_unstable_by_key(|policy| policy.stored.id);
        for policy in policies {
            if let Some(canary) = policy.canary() {
                room.insert(policy.stored.id, room_left(tx, policy, canary).await?);
            }
            if let Some(per_day) = policy.rule.alert.per_day {
                let today = CapDay::of(now).begin();
                let id = policy.stored.id;
                let raised = alerts::count_since(tx, id, AlertKind::Match, today).await?;
                alerts_left.insert(id, u64::from(per_day).saturating_sub(raised));
            }
        }
        Ok(Self {
            tx,
            app,
            governance,
            now,
            room,
            alerts_left,
            gone: Vec::new(),
            verdicts: Vec::new(),
            begun: Vec::new(),
            ended: Vec::new(),
            wishes: Vec::new(),
            held: HashSet::new(),
            flagged: HashMap::new(),
        })
    }

    fn add(&mut self, record: &FileRecord, known: &Known) {
        let file = record.id;
        if record.removed.is_some() {
            self.gone.push(file);
            self.wish(file, None, Reason::FileDeleted);
            return;
        }
        let facts = known.facts(record, self.app.kind);
        let stamp = stamp::of_file(&record.version, &facts, self.governance, self.now);
        let before = known.decided.get(&file);
        if before.is_some_and(|before| before.stamp == stamp) {
            // Gate 13: everything that counts was there when it was decided.
            return;
        }
        let decision = evaluate_untraced(&self.governance.policies, &facts, self.now);
        self.note_matches(file, &decision, known.matches.get(&file));
        let mut verdict = StoredDecision {
            stamp,
            policy: None,
            outcome: None,
            would: None,
        };
        let open = known.open.get(&file).copied();
        match &decision.planned {
            None => self.nobody_wants(file, open, &mut verdict),
            Some(planned) => self.note_plan(record, planned, &decision, open, &mut verdict),
        }
        self.verdicts.push((file, verdict));
    }

    fn note_matches(&mut self, file: FileId, decision: &Decision, before: Option<&Vec<PolicyId>>) {
        let governance = self.governance;
        let matched: Vec<&InForce> = decision
            .matched
            .iter()
            .filter_map(|name| governance.policy(name))
            .collect();
        let before = before.map_or(&[][..], Vec::as_slice);
        for policy in &matched {
            if !before.contains(&policy.stored.id) {
                self.begun.push((policy, file));
            }
        }
        for id in before {
            if !matched.iter().any(|policy| policy.stored.id == *id) {
                self.ended.push((*id, file));
            }
        }
    }

    /// No policy that matches does anything to the label. What a disabled policy wanted waits for it (rules §9).
    fn nobody_wants(
        &mut self,
        file: FileId,
        open: Option<OpenAction>,
        verdict: &mut StoredDecision,
    ) {
        if self.is_suspended(open) {
            verdict.outcome = Some(Reason::PolicySuspended);
            return;
        }
        self.wish(file, None, Reason::PolicyNoMatch);
    }

    fn note_plan(
        &mut self,
        record: &FileRecord,
        planned: &Planned,
        decision: &Decision,
        open: Option<OpenAction>,
        verdict: &mut StoredDecision,
    ) {
        let Some(policy) = self.governance.policy(&planned.policy) else {
            return;
        };
        verdict.policy = Some(policy.stored.id);
        let action = planned
            .verdict
            .writes()
            .then(|| self.action(record, policy, planned))
            .flatten();
        verdict.would = would_of(planned);
        verdict.outcome = outcome_of(planned);
        self.flag(planned);
        let acts = planned.mode == PolicyMode::Enforce;
        let wanted = action.filter(|_| acts);
        if let Some(action) = wanted {
            if self.take_room(policy, open) {
                let decided = (policy, action, planned.decided_by);
                self.wish(record.id, Some(decided), Reason::PolicyLostTo);
                return;
            }
            self.held.insert(planned.policy.clone());
            verdict.outcome = Some(Reason::PolicySuspended);
        }
        if self.is_suspended(open) {
            return;
        }
        let lost = decision.lost.iter().any(|lost| {
            let loser = self.governance.policy(&lost.policy);
            loser.is_some_and(|loser| Some(loser.stored.id) == open.and_then(|open| open.policy))
        });
        let why = match verdict.outcome.or(planned.verdict.reason()) {
            _ if lost => Reason::PolicyLostTo,
            Some(reason) => reason,
            // It only observes by now.
            None => Reason::PolicyCancelled,
        };
        self.wish(record.id, None, why);
    }

    /// What the policy wants of the file; `None` where it is not known whose labels the tenant's are.
    fn action(
        &self,
        record: &FileRecord,
        policy: &InForce,
        planned: &Planned,
    ) -> Option<NewAction> {
        let (verb, label) = match planned.wanted? {
            Wanted::Apply(label) => (Verb::Apply, Some(label)),
            Wanted::Remove => (Verb::Remove, None),
        };
        Some(NewAction {
            tenant: self.app.tenant.clone(),
            app: self.app.id,
            file: record.id,
            verb,
            site: self.governance.site_id?,
            label,
            asked_by: AskedBy::Policy {
                policy: policy.stored.id,
                revision: policy.stored.revision,
            },
            run: None,
            undoes: None,
            file_version: record.version.clone(),
            rank: rank(record.exposure, planned.severity),
        })
    }

    /// Row A14: the policy's label cannot be applied at all, or nobody knows which one it means.
    fn flag(&mut self, planned: &Planned) {
        let is_at_fault = match planned.decided_by {
            DecidedBy::Row(row) => row.0 == "A14",
            DecidedBy::LabelName => true,
            DecidedBy::Gate(_) | DecidedBy::NotRead => false,
        };
        if let (true, Some(reason)) = (is_at_fault, planned.verdict.reason()) {
            self.flagged.insert(planned.policy.clone(), reason);
        }
    }

    /// Whether what waits for the file is a policy's that is switched off.
    fn is_suspended(&self, open: Option<OpenAction>) -> bool {
        let policy = open.and_then(|open| open.policy);
        policy.is_some_and(|policy| self.governance.is_switched_off(policy))
    }

    /// Whether the policy may act on one more file. One that its present text was acting on already needs no more room.
    fn take_room(&mut self, policy: &InForce, open: Option<OpenAction>) -> bool {
        let revision = open.and_then(|open| open.revision);
        match self.room.get_mut(&policy.stored.id) {
            _ if revision == Some(policy.stored.revision) => true,
            None => true,
            Some(0) => false,
            Some(room) => {
                *room -= 1;
                true
            }
        }
    }

    fn wish(
        &mut self,
        file: FileId,
        action: Option<(&'a InForce, NewAction, DecidedBy)>,
        why: Reason,
    ) {
        self.wishes.push(Wish { file, action, why });
    }
}

/// Files on which a policy in its canary may still act. Where that is any, nobody else counts them before the end of the
/// transaction: several apps that were decided side by side would each take the same room.
pub(super) async fn room_left(tx: &Tx, policy: &InForce, canary: u32) -> Result<u64, StoreError> {
    let left = |made: u64| u64::from(canary).saturating_sub(made);
    let revision = policy.stored.revision;
    if left(decisions::made_by(tx, revision).await?) == 0 {
        return Ok(0);
    }
    policies::lock(tx, policy.stored.id).await?;
    Ok(left(decisions::made_by(tx, revision).await?))
}

/// What is done sooner: the more exposed file, then the worse match. Of files about whose exposure nobody knows the worst is
/// not thought, and not the best.
fn rank(exposure: Exposure, severity: Severity) -> i64 {
    let exposure = match exposure {
        Exposure::Public => 0,
        Exposure::External => 1,
        Exposure::Internal => 2,
        Exposure::Unknown => 3,
        Exposure::Private => 4,
    };
    let severity = match severity {
        Severity::High => 0,
        Severity::Medium => 1,
        Severity::Low => 2,
    };
    exposure * 3 + severity
}
