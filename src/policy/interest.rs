//! Whether the policies ask for a file's bytes to be read (rules §7).

use labeld_connector::FileMeta;

use crate::model::content_scan::PolicyInterest;
use crate::model::policy::{PolicyDefinition, TextPattern};
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
}

impl AppInterest {
    /// Whether the scope does not shut the file out. An owner that is not known does not.
    fn is_in_scope(&self, rule: &PolicyDefinition, file: &FileMeta) -> bool {
        fn lists<T: PartialEq>(list: &[T], one: &T) -> bool {
            list.is_empty() || list.contains(one)
        }
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
        lists(&scope.tenants, &self.tenant)
            && lists(&scope.apps, &self.app)
            && lists(&scope.app_kinds, &self.app_kind)
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
    use crate::model::policy::{Condition, Filter, FolderPattern, TextOperator};
    use crate::policy::evaluate::tests::rule;

    fn looks_inside(change: impl FnOnce(&mut PolicyDefinition)) -> bool {
        let mut one = rule("one", "Public");
        one.filter = Some(Filter::Condition(Condition::Labelled(true)));
        change(&mut one);
        let interest = AppInterest {
            rules: vec![one],
            tenant: "acme".into(),
            app: "share".into(),
            app_kind: "folder".to_owned(),
        };
        interest.looks_inside(&FileMeta {
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
}
