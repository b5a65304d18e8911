//! What the policies make of a file, and why: every policy and its conditions, every gate, the row of the decision table, and
//! what would have to change.

mod next;
mod reason;

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use self::next::next;
use self::reason::ReasonRow;
use crate::apps;
use crate::cli::UsageError;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, printable};
use crate::cli::session::Session;
use crate::clock::{Clock, SystemClock};
use crate::model::Reason;
use crate::model::inventory::FileRecord;
use crate::model::policy::SignedFiles;
use crate::pipeline::govern::{Explanation, explain};
use crate::policy::gates::Gate;
use crate::policy::{COVERAGE, Check, DecidedBy, PolicyLook, Truth};
use crate::store::actions::{Action, ActionState};

/// The answer.
#[derive(Debug, Serialize)]
struct VerdictRow {
    id: i64,
    tenant: String,
    app: String,
    path: String,
    /// `apply`, `remove`, `no_op`, `block`; null where no policy does anything to labels of the file.
    verdict: Option<&'static str>,
    /// Why nothing is done.
    reason: Option<&'static str>,
    /// The policy that has won.
    policy: Option<String>,
    mode: Option<&'static str>,
    /// The label that it applies.
    label: Option<String>,
    /// The gate or the row that has decided.
    decided_by: Option<String>,
    /// The tenant's label on the file.
    present_label: Option<String>,
    origin: Option<&'static str>,
    protection: Option<&'static str>,
    policies: Vec<PolicyRow>,
    gates: Vec<GateRow>,
    rows: Vec<TableRow>,
    /// Policies that gave way, and to whom.
    lost: Vec<LostRow>,
    /// Something is new and was not decided yet.
    waits_for_decision: bool,
    action: Option<ActionRow>,
    /// Every reason code that stands for the file, the verdict's first.
    reasons: Vec<ReasonRow>,
    /// What would have to change, in words.
    next: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PolicyRow {
    policy: String,
    /// `matches`, `no_match` or `unknown`.
    result: &'static str,
    /// It would match if one more thing were so.
    near_miss: bool,
    conditions: Vec<ConditionRow>,
    /// Who has switched it, and why, where somebody has.
    switched: Option<String>,
}

#[derive(Debug, Serialize)]
struct ConditionRow {
    wanted: String,
    found: String,
    /// `yes`, `no` or `unknown`.
    holds: &'static str,
}

#[derive(Debug, Serialize)]
struct GateRow {
    number: u8,
    question: &'static str,
    /// Null where the file passes.
    reason: Option<&'static str>,
    /// What would have stopped it but for an option of the policy.
    opened: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct TableRow {
    row: &'static str,
    /// The first fact that keeps the row from deciding; null for the row that decides.
    missed: Option<String>,
}

#[derive(Debug, Serialize)]
struct LostRow {
    policy: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct ActionRow {
    id: i64,
    verb: &'static str,
    state: &'static str,
    reason: Option<&'static str>,
    detail: Option<String>,
}

impl Row for VerdictRow {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "tenant",
        "app",
        "path",
        "verdict",
        "reason",
        "policy",
        "mode",
        "label",
        "decided_by",
    ];

    fn cells(&self) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let word = |word: Option<&'static str>| word.unwrap_or_default().to_owned();
        vec![
            self.id.to_string(),
            self.tenant.clone(),
            self.app.clone(),
            self.path.clone(),
            word(self.verdict),
            word(self.reason),
            text(&self.policy),
            word(self.mode),
            text(&self.label),
            text(&self.decided_by),
        ]
    }
}

/// Explains what the policies say to files, and prints it.
///
/// # Errors
///
/// Those of the store, and an app that is not configured any more.
pub(super) async fn run(session: &Session, records: &[FileRecord], format: Format) -> Result<Exit> {
    let mut listing = Listing::new::<VerdictRow>(io::stdout(), format);
    for (number, record) in records.iter().enumerate() {
        let row = explained(session, record).await?;
        if format != Format::Human {
            listing.row(&row)?;
            continue;
        }
        if number > 0 {
            writeln!(io::stdout())?;
        }
        for line in row.lines() {
            writeln!(io::stdout(), "{}", printable(&line))?;
        }
    }
    if format != Format::Human {
        listing.finish()?;
    }
    Ok(Exit::Ok)
}

async fn explained(session: &Session, record: &FileRecord) -> Result<VerdictRow> {
    let config = &session.config;
    let tenant = config.tenants.iter().find(|one| one.name == record.tenant);
    let Some(tenant) = tenant.filter(|one| one.has_app(&record.app.0)) else {
        let (tenant, app) = (&record.tenant, &record.app);
        let text = format!(
            "{tenant}/{app} is not configured any more, so that no policy is about its files"
        );
        return Err(UsageError(text).into());
    };
    let rules = Arc::new(apps::tenant_rules(config, tenant));
    let explained = explain(&session.db, &rules, record, SystemClock.now()).await?;
    Ok(VerdictRow::of(record, &explained))
}

impl VerdictRow {
    fn of(record: &FileRecord, explained: &Explanation) -> Self {
        let decision = &explained.decision;
        let (planned, trace) = (decision.planned.as_ref(), &decision.trace);
        let lost = decision.lost.iter().map(|lost| LostRow {
            policy: lost.policy.to_string(),
            to: lost.to.to_string(),
        });
        let path = match record.folder.as_str() {
            "" => record.name.clone(),
            folder => format!("{folder}/{}", record.name),
        };
        Self {
            id: record.id.0,
            tenant: record.tenant.to_string(),
            app: record.app.to_string(),
            path,
            verdict: planned.map(|planned| planned.verdict.as_str()),
            reason: decision.reason().map(Reason::code),
            policy: planned.map(|planned| planned.policy.to_string()),
            mode: planned.map(|planned| planned.mode.as_str()),
            label: explained.names.wanted.clone(),
            decided_by: planned.map(|planned| in_words(planned.decided_by)),
            present_label: explained.names.present.clone(),
            origin: trace.standing.map(|standing| standing.origin.as_str()),
            protection: trace.standing.map(|standing| standing.protection.as_str()),
            policies: trace
                .policies
                .iter()
                .map(|look| PolicyRow::of(look, explained))
                .collect(),
            gates: gates(explained),
            rows: rows(explained),
            lost: lost.collect(),
            waits_for_decision: explained.waits,
            action: explained.action.as_ref().map(ActionRow::of),
            reasons: explained.reasons.iter().map(ReasonRow::of).collect(),
            next: next(explained),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "file      {} {}/{} {}",
            self.id, self.tenant, self.app, self.path
        )];
        lines.push(format!("verdict   {}", self.verdict_in_words()));
        if let Some(by) = &self.decided_by {
            lines.push(format!("because   {by}"));
        }
        if let Some(origin) = self.origin {
            let label = self.present_label.as_deref().unwrap_or("none");
            let protection = self.protection.unwrap_or("-");
            lines.push(format!(
                "label     {label}, origin {origin}, protection {protection}"
            ));
        }
        for policy in &self.policies {
            lines.push(format!("policy    {}", policy.in_words()));
            for condition in &policy.conditions {
                let ConditionRow {
                    wanted,
                    found,
                    holds,
                } = condition;
                lines.push(format!(
                    "          {holds:<7} wanted {wanted}; found {found}"
                ));
            }
        }
        for lost in &self.lost {
            lines.push(format!(
                "lost      policy {} to {} ({})",
                lost.policy,
                lost.to,
                Reason::PolicyLostTo.code()
            ));
        }
        for gate in &self.gates {
            let result = match (gate.reason, gate.opened) {
                (Some(reason), _) => reason.to_owned(),
                (None, Some(opened)) => format!(
                    "passed, {opened} but for signed = \"{}\", {COVERAGE}",
                    SignedFiles::AllowUncovered
                ),
                (None, None) => "passed".to_owned(),
            };
            lines.push(format!(
                "gate {:<4} {result}: {}",
                gate.number, gate.question
            ));
        }
        for row in &self.rows {
            match &row.missed {
                Some(missed) => lines.push(format!("row {:<5} not this one: {missed}", row.row)),
                None => lines.push(format!("row {:<5} decides", row.row)),
            }
        }
        if let Some(action) = &self.action {
            lines.push(format!("action    {}", action.in_words()));
        }
        if self.waits_for_decision {
            lines.push("decision  something is new: it is decided when the service or the next rescan comes to it".to_owned());
        }
        let reasons = self.reasons.iter();
        lines.extend(reasons.map(|reason| format!("reason    {}", reason.in_words())));
        let next = self.next.iter();
        lines.extend(next.map(|next| format!("next      {next}")));
        lines
    }

    fn verdict_in_words(&self) -> String {
        let (Some(verdict), Some(policy)) = (self.verdict, &self.policy) else {
            return "no policy does anything to its label".to_owned();
        };
        let what = match (&self.label, self.reason) {
            (_, Some(reason)) => format!("{verdict}, {reason}"),
            (Some(label), None) => format!("{verdict} {label}"),
            (None, None) => verdict.to_owned(),
        };
        let mode = self.mode.unwrap_or_default();
        format!("{what}: policy {policy}, mode {mode}")
    }
}

fn in_words(decided_by: DecidedBy) -> String {
    match decided_by {
        DecidedBy::Gate(gate) => gate.to_string(),
        DecidedBy::Row(row) => format!("row {row}"),
        DecidedBy::NotRead => "the file was not read yet".to_owned(),
        DecidedBy::LabelName => "the label catalogue has no such label, or several".to_owned(),
    }
}

impl PolicyRow {
    fn of(look: &PolicyLook, explained: &Explanation) -> Self {
        let failing = look.failing.iter();
        let conditions = failing.chain(&look.holding).map(ConditionRow::of);
        let switched = explained.switched.iter();
        let switched = switched.filter(|(name, _)| *name == look.policy);
        Self {
            policy: look.policy.to_string(),
            result: match look.result {
                Truth::Yes => "matches",
                Truth::No => "no_match",
                Truth::Open => "unknown",
            },
            near_miss: look.is_near_miss(),
            conditions: conditions.collect(),
            switched: switched
                .map(|(_, switch)| {
                    let state = if switch.enabled { "on" } else { "off" };
                    let why = switch.reason.as_ref();
                    let why = why.map_or_else(String::new, |why| format!(": {why}"));
                    format!("switched {state} by {}{why}", switch.changed_by)
                })
                .next(),
        }
    }

    fn in_words(&self) -> String {
        let result = match (self.result, self.near_miss) {
            ("matches", _) => "matches",
            ("no_match", true) => "does not match, by one condition",
            ("no_match", false) => "does not match",
            _ => "does not match, because something is not known",
        };
        let switched = self.switched.as_ref();
        let switched = switched.map_or_else(String::new, |text| format!(" ({text})"));
        format!("{} {result}{switched}", self.policy)
    }
}

impl ConditionRow {
    fn of(check: &Check) -> Self {
        Self {
            wanted: check.wanted.clone(),
            found: check.found.clone(),
            holds: match check.truth {
                Truth::Yes => "yes",
                Truth::No => "no",
                Truth::Open => "unknown",
            },
        }
    }
}

/// Gates 13, 19 and 20 are none of a file's own: an earlier decision, the table below, and the rehearsal of the write.
fn gates(explained: &Explanation) -> Vec<GateRow> {
    let gates = &explained.gates;
    let row = |gate: &Gate, reason: Option<Reason>| GateRow {
        number: gate.number,
        question: gate.question,
        reason: reason.map(Reason::code),
        opened: gates
            .opened
            .filter(|(opened, _)| opened == gate)
            .map(|(_, reason)| reason.code()),
    };
    let passed = gates.passed.iter().map(|gate| row(gate, None));
    let stopped = gates
        .stopped
        .iter()
        .map(|(gate, reason)| row(gate, Some(*reason)));
    let mut rows: Vec<GateRow> = passed.chain(stopped).collect();
    if let Some(action) = &explained.action
        && matches!(action.state, ActionState::Waiting | ActionState::Suspended)
    {
        let is_off = action.state == ActionState::Suspended;
        let is_paused = explained.cap.is_some_and(|cap| cap.paused_until.is_some());
        rows.push(GateRow {
            number: 12,
            question: "is its policy still switched on?",
            reason: is_off.then_some(Reason::PolicySuspended.code()),
            opened: None,
        });
        rows.push(GateRow {
            number: 21,
            question: "has the cap a place left?",
            reason: is_paused.then_some(Reason::CapReached.code()),
            opened: None,
        });
    }
    rows.sort_by_key(|row| row.number);
    rows
}

fn rows(explained: &Explanation) -> Vec<TableRow> {
    let Some(table) = &explained.decision.trace.table else {
        return Vec::new();
    };
    let passed = table.passed.iter().map(|passed| TableRow {
        row: passed.row.0,
        missed: Some(format!("{} is {}", passed.miss.fact, passed.miss.found)),
    });
    let decided = TableRow {
        row: table.row.0,
        missed: None,
    };
    passed.chain([decided]).collect()
}

impl ActionRow {
    fn of(action: &Action) -> Self {
        Self {
            id: action.id.0,
            verb: action.wanted.verb.as_str(),
            state: action.state.as_str(),
            reason: action.reason.map(Reason::code),
            detail: action.detail.clone(),
        }
    }

    fn in_words(&self) -> String {
        let reason = self.reason.map_or_else(String::new, |it| format!(", {it}"));
        let detail = self.detail.as_ref();
        let detail = detail.map_or_else(String::new, |it| format!(": {it}"));
        format!("{} {} {}{reason}{detail}", self.id, self.verb, self.state)
    }
}
