//! Whether a policy matches a file, and the conditions that keep it from doing so.

use super::conditions::{Truth, View, any};
use crate::model::policy::{Filter, PolicyDefinition, PolicyName};
use crate::policy::evaluate::trace::{describe, found};

/// What a policy says to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLook {
    /// The policy.
    pub policy: PolicyName,
    /// Whether it matches.
    pub result: Truth,
    /// What keeps it from matching, in the order in which it is asked; one entry alone is a near miss.
    pub failing: Vec<Check>,
    /// What is so as the policy wants it, in that order.
    pub holding: Vec<Check>,
}

/// A condition: whether it holds, does not hold, or cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The condition, as the configuration has it.
    pub wanted: String,
    /// What is so.
    pub found: String,
    /// Whether it holds, or is not known.
    pub truth: Truth,
}

/// A part of a policy that must hold.
enum Part<'p> {
    Enabled,
    Tenants,
    Apps,
    AppKinds,
    FoldersIn,
    FoldersOut,
    OwnersIn,
    OwnersOut,
    Filter(&'p Filter),
    /// The file is on the allow list: the policy leaves it alone.
    Allowed,
}

impl Part<'_> {
    /// Whether the policy asks for anything here: an empty list is no bound.
    fn is_bound(&self, rule: &PolicyDefinition) -> bool {
        let scope = &rule.scope;
        match self {
            Self::Enabled => false,
            Self::Tenants => !scope.tenants.is_empty(),
            Self::Apps => !scope.apps.is_empty(),
            Self::AppKinds => !scope.app_kinds.is_empty(),
            Self::FoldersIn => !scope.folders_in.is_empty(),
            Self::FoldersOut => !scope.folders_out.is_empty(),
            Self::OwnersIn => !scope.owners_in.is_empty(),
            Self::OwnersOut => !scope.owners_out.is_empty(),
            Self::Filter(_) => true,
            Self::Allowed => !rule.allow.is_empty(),
        }
    }
}

impl PolicyLook {
    /// The policy would match if one more thing were so.
    #[must_use]
    pub fn is_near_miss(&self) -> bool {
        self.result != Truth::Yes && self.failing.len() == 1
    }
}

/// All parts of a policy. A filter that joins by `all` counts by its conditions.
fn parts(rule: &PolicyDefinition) -> impl Iterator<Item = Part<'_>> {
    let scope = [
        Part::Enabled,
        Part::Tenants,
        Part::Apps,
        Part::AppKinds,
        Part::FoldersIn,
        Part::FoldersOut,
        Part::OwnersIn,
        Part::OwnersOut,
    ];
    let filter: &[Filter] = match &rule.filter {
        Some(Filter::All(nodes)) => nodes,
        Some(other) => std::slice::from_ref(other),
        None => &[],
    };
    let filter = filter.iter().map(Part::Filter);
    scope.into_iter().chain(filter).chain([Part::Allowed])
}

impl View<'_> {
    /// Whether the policy matches; stops at the first part that does not hold.
    pub(super) fn matches(&self, rule: &PolicyDefinition, asked: usize) -> Truth {
        let mut result = Truth::Yes;
        for part in parts(rule) {
            match self.part(rule, &part, asked) {
                Truth::Yes => {}
                Truth::No => return Truth::No,
                Truth::Open => result = Truth::Open,
            }
        }
        result
    }

    /// [`matches`](Self::matches) with everything that fails.
    pub(super) fn look(&self, rule: &PolicyDefinition) -> PolicyLook {
        let mut look = PolicyLook {
            policy: rule.name.clone(),
            result: Truth::Yes,
            failing: Vec::new(),
            holding: Vec::new(),
        };
        for part in parts(rule) {
            let truth = self.part(rule, &part, 0);
            if truth == Truth::Yes {
                if part.is_bound(rule) {
                    look.holding.push(self.check(rule, &part, truth));
                }
                continue;
            }
            if look.result != Truth::No {
                look.result = truth;
            }
            look.failing.push(self.check(rule, &part, truth));
        }
        look
    }

    fn part(&self, rule: &PolicyDefinition, part: &Part<'_>, asked: usize) -> Truth {
        let (facts, scope) = (self.facts, &rule.scope);
        match part {
            Part::Enabled => rule.enabled.into(),
            Part::Tenants => is_in(&scope.tenants, &facts.tenant),
            Part::Apps => is_in(&scope.apps, &facts.app),
            Part::AppKinds => is_in(&scope.app_kinds, &facts.app_kind),
            Part::FoldersIn => {
                let folders = &scope.folders_in;
                let within = folders.iter().any(|one| one.matches(&facts.folder));
                (folders.is_empty() || within).into()
            }
            Part::FoldersOut => {
                let out = scope.folders_out.iter();
                (!out.into_iter().any(|one| one.matches(&facts.folder))).into()
            }
            Part::OwnersIn | Part::OwnersOut => {
                let wanted = matches!(part, Part::OwnersIn);
                let patterns = if wanted {
                    &scope.owners_in
                } else {
                    &scope.owners_out
                };
                match &facts.owner {
                    _ if patterns.is_empty() => Truth::Yes,
                    None => Truth::Open,
                    Some(owner) => (any(patterns, owner) == wanted).into(),
                }
            }
            Part::Filter(filter) => self.filter(filter, asked),
            Part::Allowed => self.not_allowed(rule, asked),
        }
    }

    /// Whether no allow entry that still counts names the file.
    fn not_allowed(&self, rule: &PolicyDefinition, asked: usize) -> Truth {
        let live = rule
            .allow
            .iter()
            .filter(|entry| entry.expires.is_none_or(|end| self.now < end));
        let mut result = Truth::Yes;
        for entry in live {
            match self.filter(&entry.filter, asked) {
                Truth::Yes => return Truth::No,
                Truth::Open => result = Truth::Open,
                Truth::No => {}
            }
        }
        result
    }

    fn check(&self, rule: &PolicyDefinition, part: &Part<'_>, truth: Truth) -> Check {
        let (facts, scope) = (self.facts, &rule.scope);
        let folder = || format!("folder \"{}\"", facts.folder);
        let owner = || match &facts.owner {
            Some(owner) => format!("owner \"{owner}\""),
            None => "the owner is not known".to_owned(),
        };
        let (wanted, found) = match part {
            Part::Enabled => (
                "enabled = true".to_owned(),
                "the policy is disabled".to_owned(),
            ),
            Part::Tenants => (
                joined("tenants", &scope.tenants),
                format!("tenant {}", facts.tenant),
            ),
            Part::Apps => (joined("apps", &scope.apps), format!("app {}", facts.app)),
            Part::AppKinds => (
                joined("app_kinds", &scope.app_kinds),
                facts.app_kind.clone(),
            ),
            Part::FoldersIn => (joined("folders.in", &scope.folders_in), folder()),
            Part::FoldersOut => (joined("not folders.out", &scope.folders_out), folder()),
            Part::OwnersIn => (joined("owners.in", &scope.owners_in), owner()),
            Part::OwnersOut => (joined("not owners.out", &scope.owners_out), owner()),
            Part::Filter(filter) => (describe(filter), found(self, filter)),
            Part::Allowed => {
                let found = match truth {
                    Truth::Yes => "none names the file".to_owned(),
                    Truth::No | Truth::Open => self.allowed_by(rule),
                };
                ("no allow entry".to_owned(), found)
            }
        };
        Check {
            wanted,
            found,
            truth,
        }
    }

    fn allowed_by(&self, rule: &PolicyDefinition) -> String {
        let entry = rule.allow.iter().find(|entry| {
            let counts = entry.expires.is_none_or(|end| self.now < end);
            counts && self.filter(&entry.filter, 0) != Truth::No
        });
        entry.map_or_else(String::new, |entry| {
            format!("allowed by {}: {}", entry.author, entry.reason)
        })
    }
}

/// An empty list is no bound.
fn is_in<T: PartialEq>(list: &[T], one: &T) -> Truth {
    (list.is_empty() || list.contains(one)).into()
}

fn joined<T: std::fmt::Display>(key: &str, list: &[T]) -> String {
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    format!("{key} = {}", list.join(", "))
}
