//! What about policies does not do what one may think: traps of filters, above all where Defender's filters behaved otherwise,
//! labels that cannot be applied, and policies that get in each other's way.

mod conflicts;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use labeld_connector::Exposure;

use super::evaluate::Policies;
use super::gates::WRITABLE_EXTENSIONS;
use crate::model::FileState;
use crate::model::policy::{
    Condition, FileType, FolderPattern, Governance, LabelName, LabelUse, MatchLimit, Origin,
    PolicyDefinition, PolicyMode, PolicyName, Scope, SignedFiles, TextOperator, TextPattern,
};

/// How much a remark weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// It works, and perhaps not as one thinks.
    Warning,
    /// It cannot work.
    Error,
}

/// Something about a policy that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The policy.
    pub policy: PolicyName,
    /// How much it weighs.
    pub weight: Weight,
    /// What is so.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Looks at all policies of a tenant. Labels are looked at only where the catalogue is known.
#[must_use]
pub fn lint(policies: &Policies, now: DateTime<Utc>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for rule in policies.rules() {
        let mut lint = Lint {
            policies,
            rule,
            remarks: &mut remarks,
        };
        lint.policy(now);
        lint.label();
        lint.filter();
    }
    if !policies.labels().is_empty() {
        let unresolved = policies.unresolved().iter();
        remarks.extend(unresolved.map(|(policy, error)| Remark {
            policy: policy.clone(),
            weight: Weight::Error,
            message: error.to_string(),
            fix: "name the label by its GUID, or as `parent/name`".to_owned(),
        }));
    }
    remarks.extend(conflicts::find(policies));
    remarks
}

struct Lint<'a> {
    policies: &'a Policies,
    rule: &'a PolicyDefinition,
    remarks: &'a mut Vec<Remark>,
}

impl Lint<'_> {
    fn warn(&mut self, message: impl Into<String>, fix: impl Into<String>) {
        self.remarks.push(Remark {
            policy: self.rule.name.clone(),
            weight: Weight::Warning,
            message: message.into(),
            fix: fix.into(),
        });
    }

    fn policy(&mut self, now: DateTime<Utc>) {
        let rule = self.rule;
        if rule.filter.is_none() && rule.scope == Scope::default() {
            self.warn(
                "it has neither a filter nor a scope, so it matches every file",
                "add a filter, or name apps or folders",
            );
        }
        let unbounded = rule.max_matches == MatchLimit::default() && rule.canary.is_none();
        if rule.mode == PolicyMode::Enforce && rule.governance.is_some() && unbounded {
            self.warn(
                "it acts on any number of files at once",
                "add `max_matches` or `canary`, so that a mistake in it stays small",
            );
        }
        if rule.compat_defender && rule.allow_downgrade {
            self.warn(
                "`compat = \"defender\"` lets it replace labels by lower ones, as Defender does",
                "add `allow_downgrade = false` if that is not meant",
            );
        }
        if rule.signed == SignedFiles::AllowUncovered {
            self.warn(
                "`signed = \"allow_uncovered\"` writes into signed files: Office shows them as final, and a PDF viewer may say that \
                 something was changed after signing, although the signature holds",
                "take it out unless those who check signatures know of it",
            );
        }
        for entry in &rule.allow {
            match entry.expires {
                None => self.warn(
                    format!("the allow entry of {} never ends", entry.author),
                    "add `expires`",
                ),
                Some(end) if end <= now => self.warn(
                    format!(
                        "the allow entry of {} ended on {end} and counts no longer",
                        entry.author
                    ),
                    "renew it or take it out",
                ),
                Some(_) => {}
            }
        }
        self.folders("folders.in", &rule.scope.folders_in);
        self.folders("folders.out", &rule.scope.folders_out);
    }

    /// In Defender a parent folder never took in what lies deeper; here it says so itself.
    fn folders(&mut self, key: &str, folders: &[FolderPattern]) {
        for folder in folders.iter().filter(|folder| !folder.below) {
            self.warn(
                format!("`{key} = {folder}` means the files in that folder only, not those in folders below it"),
                "write `/**` behind it for all of them",
            );
        }
    }

    fn label(&mut self) {
        let Some(Governance::ApplyLabel(name)) = &self.rule.governance else {
            return;
        };
        let labels = self.policies.labels();
        if labels.is_empty() {
            return;
        }
        let Ok(id) = labels.resolve(name) else {
            return;
        };
        let state = labels.label_use(id);
        match state {
            LabelUse::Usable => {}
            LabelUse::NeedsProtection => self.warn(
                format!("the label \"{name}\" encrypts: only a service that may assign such labels can apply it"),
                "elsewhere its files end in label.needs_protection; choose another label",
            ),
            _ => self.remarks.push(Remark {
                policy: self.rule.name.clone(),
                weight: Weight::Error,
                message: format!("the label \"{name}\" cannot be applied: {state}"),
                fix: "choose another label, or have it mended in the tenant".to_owned(),
            }),
        }
    }

    fn filter(&mut self) {
        let Some(filter) = &self.rule.filter else {
            return;
        };
        let mut conditions = Vec::new();
        filter.visit(&mut |condition, negated| conditions.push((condition, negated)));
        for (condition, negated) in conditions {
            self.reach(condition, negated);
            self.texts(condition);
            self.never_known(condition);
            if self.rule.governance.is_some() && !negated {
                self.never_written(condition);
            }
        }
    }

    fn reach(&mut self, condition: &Condition, negated: bool) {
        match condition {
            Condition::Access(levels)
                if !negated
                    && levels.contains(&Exposure::External)
                    && !levels.contains(&Exposure::Public) =>
            {
                self.warn(
                    "`access = \"external\"` leaves out what is public: each level means itself alone",
                    "write `access_at_least = \"external\"` for both",
                );
            }
            Condition::Label(names) if negated => {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                self.warn(
                    format!(
                        "`not label = {}` also holds for files without any label, and for no file that was not read yet",
                        names.join(", ")
                    ),
                    "add `labelled = true` beside it if only labelled files are meant",
                );
            }
            Condition::Label(names) => self.groups(names),
            Condition::Folder(folders) => self.folders("folder", folders),
            _ => {}
        }
    }

    /// Files carry sublabels, not the group above them.
    fn groups(&mut self, names: &[LabelName]) {
        let labels = self.policies.labels();
        for name in names {
            let id = labels.resolve(name).ok();
            if id.is_some_and(|id| labels.label_use(id) == LabelUse::Scope) {
                self.warn(
                    format!("`label = {name}` may be a group of labels, whose sublabels it does not match"),
                    "write `label_or_sublabel` in its place",
                );
            }
        }
    }

    fn texts(&mut self, condition: &Condition) {
        let patterns: &[TextPattern] = match condition {
            Condition::Name(patterns)
            | Condition::Path(patterns)
            | Condition::Owner(patterns)
            | Condition::Collaborator(patterns) => patterns,
            _ => return,
        };
        for pattern in patterns {
            let plain = !matches!(pattern.operator(), TextOperator::Like | TextOperator::Regex);
            if plain && pattern.text().contains(['*', '?']) {
                self.warn(
                    format!(
                        "`{} {pattern}`: `*` and `?` are plain characters here",
                        condition.key()
                    ),
                    "use `like` for patterns",
                );
            }
        }
    }

    fn never_known(&mut self, condition: &Condition) {
        match condition {
            Condition::Content => self.warn(
                "content inspection does not exist yet: the condition never holds, nor does its opposite",
                "take it out; until then the policy may match nothing",
            ),
            Condition::Collaborator(_) | Condition::CollaboratorDomain(_)
                if self.no_app_names_collaborators() =>
            {
                self.warn(
                    format!(
                        "no app of its scope tells whom a file is shared with: `{}` never holds",
                        condition.key()
                    ),
                    "use conditions on owner or folder there",
                );
            }
            Condition::OwnerGroup(_) => self.warn(
                "`owner_group` holds only in apps with `owner_groups = true`",
                "switch it on in the apps of its scope",
            ),
            Condition::OwnerUnit(_) => self.warn(
                "`owner_unit` is known only where the app's directory has units; Defender knows it for Google alone",
                "use `owner_department` or `owner_group` for other apps",
            ),
            Condition::MatchedPolicy(names) => {
                let rules = self.policies.rules();
                let is_off = |name: &&PolicyName| {
                    rules.iter().any(|rule| rule.name == **name && !rule.enabled)
                };
                if let Some(name) = names.iter().find(is_off) {
                    self.warn(
                        format!("`matched_policy = {name}`: that policy is disabled and matches nothing"),
                        "enable it; in `observe` mode it does nothing but match",
                    );
                }
            }
            _ => {}
        }
    }

    /// Whether there are apps in the scope, and none of them can tell.
    fn no_app_names_collaborators(&self) -> bool {
        let scope = &self.rule.scope;
        let mut apps = self
            .policies
            .apps()
            .filter(|(name, _)| scope.apps.is_empty() || scope.apps.contains(name))
            .peekable();
        apps.peek().is_some() && apps.all(|(_, traits)| !traits.names_collaborators)
    }

    fn never_written(&mut self, condition: &Condition) {
        match condition {
            Condition::Trashed(true) => self.warn(
                "files in the trash are never written (gate 7)",
                "let the policy only alert",
            ),
            Condition::Extension(extensions)
                if extensions
                    .iter()
                    .all(|it| !WRITABLE_EXTENSIONS.contains(&it.as_str())) =>
            {
                self.warn(
                    format!(
                        "files of these types are never written: {} (gate 4)",
                        extensions.join(", ")
                    ),
                    format!("labels can be written to {}", WRITABLE_EXTENSIONS.join(" ")),
                );
            }
            Condition::Type(types)
                if types.iter().all(|one| {
                    matches!(one, FileType::Text | FileType::Image | FileType::Archive)
                }) =>
            {
                self.warn(
                    "files of these types are never written (gate 4)",
                    "labels can be written to Office files and PDF",
                );
            }
            Condition::Inspection(states) if states.iter().all(|state| *state != FileState::Ok) => {
                self.warn(
                    "files whose inspection ended in these states are never written",
                    "let the policy only alert",
                );
            }
            Condition::LabelOrigin(origins)
                if self.rule.governance == Some(Governance::RemoveLabel)
                    && !origins.contains(&Origin::Us) =>
            {
                self.warn(
                    "labels that labeld did not set are never removed (row R6)",
                    "use `label_origin = \"us\"`",
                );
            }
            _ => {}
        }
    }
}
