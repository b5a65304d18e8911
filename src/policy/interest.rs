//! Whether the policies ask for a file's bytes to be read (rules §7).

use labeld_connector::FileMeta;

use crate::model::content_scan::{AccessNeed, PolicyInterest};
use crate::model::policy::{Condition, PolicyDefinition, PolicyName, TextPattern};
use crate::model::{AppName, TenantName};

/// The policies as an app's scans see them.
#[derive(Debug, Clone)]
pub struct AppInterest {
    /// The policies, as they are configured.
    pub rules: Vec<PolicyDefinition>,
    /// The tenant.
    pub tenant: TenantName,
    /// The app.
    pub app: AppName,
    /// Its kind, as the configuration calls it.
    pub app_kind: String,
}

impl PolicyInterest for AppInterest {
    fn looks_inside(&self, file: &FileMeta) -> bool {
        self.rules
            .iter()
            .filter(|rule| rule.enabled && rule.looks_inside())
            .any(|rule| self.is_in_scope(rule, file))
    }

    fn access_need(&self, is_on: &dyn Fn(&PolicyName) -> bool) -> AccessNeed {
        let rules = self.rules.iter();
        let asking = rules.filter(|rule| is_on(&rule.name) && self.has_app(rule));
        asking.map(need_of).max().unwrap_or_default()
    }
}

/// What a condition has to know about who can reach a file.
fn asked_by(condition: &Condition) -> AccessNeed {
    match condition {
        Condition::Access(_) | Condition::AccessAtLeast(_) => AccessNeed::Level,
        Condition::Collaborator(_) | Condition::CollaboratorDomain(_) => AccessNeed::Names,
        _ => AccessNeed::Nothing,
    }
}

fn need_of(rule: &PolicyDefinition) -> AccessNeed {
    let allowed = rule.allow.iter().map(|entry| &entry.filter);
    let mut need = AccessNeed::Nothing;
    for filter in rule.filter.iter().chain(allowed) {
        filter.visit(&mut |condition, _| need = need.max(asked_by(condition)));
    }
    need
}

fn lists<T: PartialEq>(list: &[T], one: &T) -> bool {
    list.is_empty() || list.contains(one)
}

impl AppInterest {
    fn has_app(&self, rule: &PolicyDefinition) -> bool {
        let scope = &rule.scope;
        lists(&scope.tenants, &self.tenant)
            && lists(&scope.apps, &self.app)
            && lists(&scope.app_kinds, &self.app_kind)
    }

    /// Whether the scope does not shut the file out. An owner that is not known does not.
    fn is_in_scope(&self, rule: &PolicyDefinition, file: &FileMeta) -> bool {
        let scope = &rule.scope;
        let is_owned = |patterns: &[TextPattern]| {
            let owner = file.owner.as_ref();
            owner.map(|owner| patterns.iter().any(|pattern| pattern.matches(owner)))
        };
        let within = scope.folders_in.iter().any(|one| one.matches(&file.folder));
        let without = scope
            .folders_out
            .iter()
            .any(|one| one.matches(&file.folder));
        self.has_app(rule)
            && (scope.folders_in.is_empty() || within)
            && !without
            && (scope.owners_in.is_empty() || is_owned(&scope.owners_in) != Some(false))
            && is_owned(&scope.owners_out) != Some(true)
    }
}

#[cfg(test)]
mod tests {
    use labeld_connector::{Exposure, FileKind, FileRef, Version};

    use super::*;
    use crate::model::policy::{Filter, FolderPattern, TextOperator};
    use crate::policy::evaluate::tests::rule;

    fn interest(rule: PolicyDefinition) -> AppInterest {
        AppInterest {
            rules: vec![rule],
            tenant: "acme".into(),
            app: "share".into(),
            app_kind: "folder".to_owned(),
        }
    }

    fn looks_inside(change: impl FnOnce(&mut PolicyDefinition)) -> bool {
        let mut one = rule("one", "Public");
        one.filter = Some(Filter::Condition(Condition::Labelled(true)));
        change(&mut one);
        interest(one).looks_inside(&FileMeta {
            file: FileRef("1".to_owned()),
            name: "a.docx".to_owned(),
            folder: "finance".to_owned(),
            parent: None,
            kind: FileKind::File,
            size: 1,
            version: Version("1".to_owned()),
            created: None,
            modified: None,
            owner: Some("mina@acme.example".to_owned()),
            exposure: Exposure::Unknown,
            collaborators: None,
            own_write: None,
            barrier: None,
        })
    }

    #[test]
    fn enabled_policies_with_label_filters_look_into_files_of_their_scope() {
        let metadata = || Some(Filter::Condition(Condition::Trashed(false)));
        let mina = || vec![TextPattern::new(TextOperator::Like, "mina@*").unwrap()];
        assert!(looks_inside(|_| {}));
        assert!(!looks_inside(|one| one.enabled = false));
        assert!(!looks_inside(|one| one.filter = metadata()));
        assert!(!looks_inside(|one| one.filter = None));
        assert!(looks_inside(
            |one| one.filter = Some(Filter::Condition(Condition::Content))
        ));
        assert!(!looks_inside(|one| one.scope.tenants = vec!["other".into()]));
        assert!(!looks_inside(|one| one.scope.apps = vec!["other".into()]));
        assert!(!looks_inside(
            |one| one.scope.app_kinds = vec!["other".to_owned()]
        ));
        assert!(!looks_inside(
            |one| one.scope.folders_in = vec![FolderPattern::new("hr/**")]
        ));
        assert!(!looks_inside(
            |one| one.scope.folders_out = vec![FolderPattern::new("**")]
        ));
        assert!(looks_inside(|one| one.scope.owners_in = mina()));
        assert!(!looks_inside(|one| one.scope.owners_out = mina()));
    }

    #[test]
    fn policies_ask_for_no_more_than_their_conditions_need() {
        let domain = || Filter::Condition(Condition::CollaboratorDomain(Vec::new()));
        let level = || Filter::Condition(Condition::AccessAtLeast(Exposure::External));
        let labelled = || Filter::Condition(Condition::Labelled(true));
        type Change<'a> = &'a dyn Fn(&mut PolicyDefinition);
        let table: [(Change<'_>, AccessNeed); 8] = [
            (&|_| {}, AccessNeed::Nothing),
            (&|one| one.filter = Some(labelled()), AccessNeed::Nothing),
            (&|one| one.filter = Some(level()), AccessNeed::Level),
            (&|one| one.filter = Some(domain()), AccessNeed::Names),
            (
                &|one| one.filter = Some(Filter::All(vec![level(), Filter::Not(domain().into())])),
                AccessNeed::Names,
            ),
            (
                &|one| {
                    one.filter = Some(domain());
                    one.scope.apps = vec!["other".into()];
                },
                AccessNeed::Nothing,
            ),
            (
                &|one| {
                    one.filter = Some(domain());
                    one.scope.app_kinds = vec!["folder".to_owned()];
                },
                AccessNeed::Names,
            ),
            (
                &|one| {
                    one.filter = Some(domain());
                    one.name = PolicyName("off".to_owned());
                },
                AccessNeed::Nothing,
            ),
        ];
        for (number, (change, need)) in table.into_iter().enumerate() {
            let mut one = rule("one", "Public");
            change(&mut one);
            assert_eq!(
                interest(one).access_need(&|name| name.0 != "off"),
                need,
                "{number}"
            );
        }
    }
}
