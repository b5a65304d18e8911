//! How a decision came about, in words: what `labeld explain` prints.

use std::fmt;

use uuid::Uuid;

use super::conditions::{Truth, View};
use super::{AppTraits, PolicyLook, Wanted, is_assigned};
use crate::model::Reason;
use crate::model::policy::{
    Condition, Filter, Override, PolicyDefinition, SignedFiles, TextPattern, TimeSpan, Verdict,
    Worded,
};
use crate::policy::decide::{self, ApplyCase, Decided};
use crate::policy::gates::GateOutcome;
use crate::policy::origin::LabelStanding;

/// Everything that was looked at, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// Each policy, in the order in which they win.
    pub policies: Vec<PolicyLook>,
    /// The gates of a write; `None` where no policy wants one.
    pub gates: Option<GateOutcome>,
    /// What the labels of the file say; `None` where no policy wants a write, or the file was not read.
    pub standing: Option<LabelStanding>,
    /// The row that decided, and those before it.
    pub table: Option<Decided>,
    /// Options with which the policy would do it.
    pub options: Vec<String>,
}

impl View<'_> {
    /// The smallest changes of the policy's options that let the label be applied; none where it is, or where no option helps.
    pub(super) fn other_options(
        &self,
        rule: &PolicyDefinition,
        wanted: Uuid,
        traits: AppTraits,
    ) -> Vec<String> {
        let Some(standing) = &self.standing else {
            return Vec::new();
        };
        let case = self.apply_case(rule, wanted, standing, traits);
        let applies =
            |case: &ApplyCase| matches!(decide::apply(case).verdict, Verdict::Apply { .. });
        if applies(&case) {
            return Vec::new();
        }
        let with_downgrade = |case: ApplyCase| ApplyCase {
            allow_downgrade: true,
            ..case
        };
        if applies(&with_downgrade(case)) {
            return vec!["allow_downgrade = true".to_owned()];
        }
        let others = Override::ALL.iter().filter(|one| **one > rule.overrides);
        for &overrides in others {
            let other = ApplyCase { overrides, ..case };
            if applies(&other) {
                return vec![format!("override = \"{overrides}\"")];
            }
            if applies(&with_downgrade(other)) {
                return vec![format!(
                    "override = \"{overrides}\" and allow_downgrade = true"
                )];
            }
        }
        Vec::new()
    }

    /// The option that opens the gate of signatures, where it is all that is in the way.
    pub(super) fn option_for_signed(
        &self,
        rule: &PolicyDefinition,
        wanted: Option<Wanted>,
        traits: AppTraits,
        gates: &GateOutcome,
    ) -> Vec<String> {
        let is_signed = matches!(gates.stopped, Some((_, Reason::FileSigned)));
        if !is_signed || rule.signed == SignedFiles::AllowUncovered {
            return Vec::new();
        }
        let open = GateOutcome {
            stopped: None,
            ..gates.clone()
        };
        let (verdict, ..) = self.decide(rule, wanted, traits, &open);
        if !verdict.writes() || is_assigned(verdict) {
            return Vec::new();
        }
        let option = SignedFiles::AllowUncovered;
        vec![format!("signed = \"{option}\", {COVERAGE}")]
    }
}

/// What the option about signed files leaves to the rehearsal.
pub const COVERAGE: &str = "if no signature covers what is written";

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for look in &self.policies {
            let result = match look.result {
                Truth::Yes => "matches",
                Truth::No if look.is_near_miss() => "does not match, by one condition",
                Truth::No => "does not match",
                Truth::Open => "does not match, because something is not known",
            };
            writeln!(f, "policy {}: {result}", look.policy)?;
            for check in &look.failing {
                writeln!(f, "  wanted {}; found {}", check.wanted, check.found)?;
            }
        }
        if let Some(gates) = &self.gates {
            match gates.stopped {
                Some((gate, reason)) => writeln!(f, "{gate}: no, {reason}")?,
                None => writeln!(f, "gates: all {} passed", gates.passed.len())?,
            }
            if let Some((gate, reason)) = gates.opened {
                let option = SignedFiles::AllowUncovered;
                writeln!(
                    f,
                    "{gate}: {reason} but for signed = \"{option}\", {COVERAGE}"
                )?;
            }
        }
        if let Some(standing) = &self.standing {
            writeln!(
                f,
                "origin {}, protection {}",
                standing.origin, standing.protection
            )?;
        }
        if let Some(table) = &self.table {
            for passed in &table.passed {
                writeln!(
                    f,
                    "  {}: not this row, {} is {}",
                    passed.row, passed.miss.fact, passed.miss.found
                )?;
            }
            let reason = table.verdict.reason().map_or("", |reason| reason.code());
            writeln!(f, "row {}: {} {reason}", table.row, table.verdict)?;
        }
        for option in &self.options {
            writeln!(f, "it would be done with {option}")?;
        }
        Ok(())
    }
}

/// A filter as the configuration has it, cut where it is long.
pub(in crate::policy) fn describe(filter: &Filter) -> String {
    /// Longest text, in characters.
    const LONGEST: usize = 200;
    let mut text = String::new();
    write_filter(filter, &mut text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

fn write_filter(filter: &Filter, text: &mut String) {
    let (join, nodes) = match filter {
        Filter::All(nodes) => ("all of", nodes.as_slice()),
        Filter::Any(nodes) => ("any of", nodes.as_slice()),
        Filter::Not(node) => {
            text.push_str("not ");
            return write_filter(node, text);
        }
        Filter::Condition(condition) => return text.push_str(&describe_condition(condition)),
    };
    text.push_str(join);
    text.push_str(" (");
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            text.push_str("; ");
        }
        write_filter(node, text);
    }
    text.push(')');
}

fn describe_condition(condition: &Condition) -> String {
    let value = match condition {
        Condition::Access(levels) => words(levels),
        Condition::AccessAtLeast(level) => words(&[*level]),
        Condition::App(list) => joined(list),
        Condition::AppKind(list)
        | Condition::CollaboratorDomain(list)
        | Condition::Extension(list)
        | Condition::FileId(list)
        | Condition::Mime(list)
        | Condition::OwnerDomain(list)
        | Condition::OwnerDepartment(list)
        | Condition::OwnerGroup(list) => joined(list),
        Condition::Collaborator(list)
        | Condition::Name(list)
        | Condition::Path(list)
        | Condition::Owner(list) => patterns(list),
        Condition::Created(span) | Condition::Modified(span) => time_span(span),
        Condition::Folder(list) | Condition::OwnerUnit(list) => joined(list),
        Condition::Label(list) | Condition::LabelOrSublabel(list) => joined(list),
        Condition::Labelled(is) | Condition::ExternalLabel(is) | Condition::Trashed(is) => {
            is.to_string()
        }
        Condition::LabelOrigin(list) => words(list),
        Condition::Inspection(list) => words(list),
        Condition::Type(list) => words(list),
        Condition::Size(span) => format!("{span:?}"),
        Condition::MatchedPolicy(list) => joined(list),
        Condition::Content => "content inspection, which labeld does not have yet".to_owned(),
    };
    format!("{} = {value}", condition.key())
}

fn joined<T: fmt::Display>(list: &[T]) -> String {
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    list.join(" or ")
}

fn patterns(list: &[TextPattern]) -> String {
    joined(list)
}

/// The word of a value; values without one are only what nobody may write.
pub(super) fn word<T: Worded + PartialEq>(value: T) -> &'static str {
    let found = T::WORDS.iter().find(|(_, one)| *one == value);
    found.map_or("not known", |(word, _)| word)
}

fn words<T: Worded + PartialEq>(list: &[T]) -> String {
    let list: Vec<&str> = list.iter().map(|one| word(*one)).collect();
    list.join(" or ")
}

fn time_span(span: &TimeSpan) -> String {
    let mut parts = Vec::new();
    parts.extend(span.from.map(|at| format!("from {at}")));
    parts.extend(span.before.map(|at| format!("before {at}")));
    parts.extend(
        span.within
            .map(|age| format!("within {} s", age.num_seconds())),
    );
    parts.extend(
        span.older_than
            .map(|age| format!("older than {} s", age.num_seconds())),
    );
    parts.join(" and ")
}

/// What is so, for the conditions of a filter.
pub(super) fn found(view: &View<'_>, filter: &Filter) -> String {
    let mut facts: Vec<String> = Vec::new();
    filter.visit(&mut |condition, _| {
        let fact = found_for(view, condition);
        if !facts.contains(&fact) && facts.len() < 8 {
            facts.push(fact);
        }
    });
    facts.join(", ")
}

fn found_for(view: &View<'_>, condition: &Condition) -> String {
    let facts = view.facts;
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    let details = facts.owner_details.as_ref();
    let value = match condition {
        Condition::Access(_) | Condition::AccessAtLeast(_) => word(facts.exposure).to_owned(),
        Condition::App(_) => facts.app.to_string(),
        Condition::AppKind(_) => facts.app_kind.clone(),
        Condition::Collaborator(_) | Condition::CollaboratorDomain(_) => {
            or_unknown(facts.collaborators.as_ref().map(|people| people.join(" ")))
        }
        Condition::Created(_) => or_unknown(facts.created.map(|at| at.to_string())),
        Condition::Modified(_) => or_unknown(facts.modified.map(|at| at.to_string())),
        Condition::Extension(_) | Condition::Type(_) | Condition::Mime(_) => facts.extension(),
        Condition::FileId(_) => facts.file.clone(),
        Condition::Name(_) => facts.name.clone(),
        Condition::Path(_) => facts.path(),
        Condition::Folder(_) => format!("\"{}\"", facts.folder),
        Condition::Size(_) => format!("{} bytes", facts.size),
        Condition::Owner(_) | Condition::OwnerDomain(_) => or_unknown(facts.owner.clone()),
        Condition::OwnerDepartment(_) => or_unknown(details.and_then(|it| it.department.clone())),
        Condition::OwnerUnit(_) => or_unknown(details.and_then(|it| it.unit.clone())),
        Condition::OwnerGroup(_) => {
            or_unknown(details.and_then(|it| it.groups.as_ref().map(|groups| groups.join(" "))))
        }
        Condition::Trashed(_) => {
            (facts.barrier == Some(labeld_connector::Barrier::Trashed)).to_string()
        }
        Condition::MatchedPolicy(_) => "other policies".to_owned(),
        Condition::Content => "not looked at".to_owned(),
        _ => labels(view),
    };
    format!("{} {value}", condition.key())
}

fn labels(view: &View<'_>) -> String {
    let Some(standing) = &view.standing else {
        return "not read yet".to_owned();
    };
    match standing.current {
        Some(id) => format!(
            "\"{}\" ({})",
            view.policies.labels.full_name(id),
            standing.origin
        ),
        None => standing.origin.to_string(),
    }
}
