//! `[[policy]]`, in the configuration itself and in the files that `policies` names.

mod definition;
mod files;
mod filter;
mod mentions;
#[cfg(test)]
mod tests;
mod values;

use self::definition::read_policy;
pub(super) use self::files::read_sources;
use self::mentions::{Mentions, compare};
use super::Config;
use super::problem::Finding;
use super::section::Section;
use super::source::Source;
use crate::model::policy::{Condition, MAX_POLICIES, PolicyDefinition, PolicyName};

/// The policies of one file.
#[derive(Debug, Default)]
pub(super) struct PolicyFile {
    pub(super) policies: Vec<PolicyDefinition>,
    mentions: Mentions,
}

/// Reads the policies of a file.
pub(super) fn read_all(top: &mut Section<'_>) -> PolicyFile {
    let mut mentions = Mentions::default();
    let policies = top.tables("policy", |section| read_policy(section, &mut mentions));
    PolicyFile { policies, mentions }
}

/// Joins the policies of all files, the configuration's own first, and compares what they name. Findings are by file.
pub(super) fn join(config: &mut Config, files: Vec<(&Source, PolicyFile)>) -> Vec<Vec<Finding>> {
    let mut findings: Vec<Vec<Finding>> = files.iter().map(|_| Vec::new()).collect();
    let mentions: Vec<(&Source, &Mentions)> = files
        .iter()
        .map(|(source, file)| (*source, &file.mentions))
        .collect();
    compare(config, &mentions, &mut findings);
    config.policies = files
        .into_iter()
        .flat_map(|(_, file)| file.policies)
        .collect();
    if let Some(last) = findings.last_mut() {
        last.extend(too_many(&config.policies));
        last.extend(references_of_references(&config.policies));
    }
    findings
}

fn too_many(policies: &[PolicyDefinition]) -> Option<Finding> {
    (policies.len() > MAX_POLICIES).then(|| {
        whole(
            format!(
                "{} policies, at most {MAX_POLICIES} are allowed",
                policies.len()
            ),
            "join policies that want the same label",
        )
    })
}

/// A policy that asks for matches of another may not itself be asked for: so no circle can arise.
fn references_of_references(policies: &[PolicyDefinition]) -> Vec<Finding> {
    let asks = |policy: &PolicyDefinition| -> Vec<PolicyName> {
        let mut names = Vec::new();
        let allowed = policy.allow.iter().map(|entry| &entry.filter);
        for filter in policy.filter.iter().chain(allowed) {
            filter.visit(&mut |condition, _| {
                if let Condition::MatchedPolicy(wanted) = condition {
                    names.extend(wanted.iter().cloned());
                }
            });
        }
        names
    };
    let mut findings = Vec::new();
    for policy in policies {
        for name in asks(policy) {
            let target = policies.iter().find(|other| other.name == name);
            if target.is_some_and(|target| !asks(target).is_empty()) {
                findings.push(whole(
                    format!(
                        "policy {} asks for matches of policy {name}, which asks for those of another one itself",
                        policy.name
                    ),
                    "write the conditions of the second one out in its place",
                ));
            }
        }
    }
    findings
}

fn whole(message: String, fix: &str) -> Finding {
    Finding {
        span: None,
        message,
        fix: fix.to_owned(),
        structural: true,
    }
}
