//! What carrying out the actions of one app needs.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_formats::{Limits, TenantKnowledge};
use uuid::Uuid;

use crate::model::cap::CapRule;
use crate::model::catalogue::{CatalogueEntry, LabelState};
use crate::model::policy::SignedFiles;
use crate::pipeline::govern::Governance;
use crate::pipeline::knowledge::knowledge;
use crate::pipeline::poll::app_id;
use crate::pipeline::{App, StageError, Work};
use crate::policy::gates::WriteTerms;
use crate::policy::origin::OwnLabels;
use crate::store::actions::{self, Action, ActionRun, ActionRunId, AskedBy, Verb};
use crate::store::apps::AppId;
use crate::store::cap::CapKey;
use crate::store::{StoreError, labels};

/// The actions of one app, being carried out.
pub(super) struct Acting<'a> {
    pub(super) work: &'a Work,
    pub(super) app: &'a App,
    pub(super) governance: &'a Governance,
    pub(super) app_id: AppId,
    /// `None` where writes are settled and nothing is begun.
    pub(super) run: Option<ActionRun>,
    pub(super) known: Arc<TenantKnowledge>,
    /// The tenant's labels as files name them.
    names: HashMap<Uuid, String>,
    pub(super) cap: CapRule,
}

impl<'a> Acting<'a> {
    pub(super) async fn begin(
        work: &'a Work,
        app: &'a App,
        governance: &'a Governance,
        run: Option<ActionRunId>,
    ) -> Result<Self, StageError> {
        let app_id = app_id(&work.db, app).await?;
        let run = match run {
            None => None,
            Some(run) => {
                let found = actions::find_run(&work.db, run).await?;
                let missing = || StoreError::content("actions belong to a run that is not there");
                Some(found.ok_or_else(missing)?)
            }
        };
        let entries = labels::entries(&work.db, &app.tenant).await?;
        let rules = governance.rules.apps.get(&app.name);
        Ok(Self {
            work,
            app,
            governance,
            app_id,
            run,
            known: Arc::new(knowledge(&work.db, app, governance.rules.coauthoring).await?),
            names: entries.iter().filter_map(name_in_files).collect(),
            cap: rules.map_or_else(CapRule::default, |rules| rules.cap),
        })
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.work.clock.now()
    }

    /// The time by which the cap counts: a witness's where there is one, so that a wrong clock grants nothing (rules §6).
    pub(super) fn witnessed_now(&self) -> DateTime<Utc> {
        self.app
            .connector
            .service_time()
            .unwrap_or_else(|| self.now())
    }

    pub(super) fn cap_key(&self) -> CapKey<'a> {
        CapKey {
            tenant: &self.app.tenant,
            app_kind: &self.app.kind,
        }
    }

    /// What a file calls a label: the internal name where the source gives one, else the name that people see.
    pub(super) fn name_of(&self, label: Uuid) -> String {
        self.names.get(&label).cloned().unwrap_or_default()
    }

    /// The tenant's labels, also where a file does not say whose they are.
    pub(super) fn own_labels(&self) -> Vec<Uuid> {
        self.names.keys().copied().collect()
    }

    pub(super) fn owns(&self, site_id: Option<Uuid>, label: Uuid) -> bool {
        match (site_id, self.app.site_id) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => self.names.contains_key(&label),
        }
    }

    /// How decisions know the tenant's labels.
    pub(super) fn with_own_labels<T>(&self, ask: impl FnOnce(OwnLabels<'_>) -> T) -> T {
        let labels = self.governance.policies.labels();
        ask(OwnLabels {
            site_id: self.app.site_id,
            is_listed: &|id| labels.is_listed(id),
        })
    }

    /// Whether the app's service assigns labels that encrypt (row A13).
    pub(super) fn service_encrypts(&self) -> bool {
        let rules = self.governance.rules.apps.get(&self.app.name);
        rules.is_some_and(|rules| rules.traits.service_encrypts)
    }

    /// What a write of the action is held to. Persons have no option for signed files; an undo only takes back what a policy was
    /// allowed, and is refused where a signature covers it by now. Of a policy that is there no longer the decision tells.
    pub(super) fn write_terms(&self, action: &Action) -> WriteTerms {
        let signed = match (action.wanted.verb, &action.wanted.asked_by) {
            (Verb::Restore, _) => SignedFiles::AllowUncovered,
            (_, AskedBy::Policy { policy, .. }) => self
                .governance
                .rule_of(*policy)
                .map_or(SignedFiles::AllowUncovered, |rule| rule.signed),
            (_, AskedBy::Person { .. }) => SignedFiles::Refuse,
        };
        WriteTerms {
            size_limit: self.app.size_limit,
            signed,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        Limits::default()
    }

    /// What a run that ended because this process has lost its lease says.
    pub(super) fn lease_lost(&self) -> StageError {
        StageError::LeaseLost {
            what: format!("writes to {}", self.app),
        }
    }
}

fn name_in_files(entry: &CatalogueEntry) -> Option<(Uuid, String)> {
    let label = &entry.definition;
    let name = label.internal_name.as_ref().unwrap_or(&label.display_name);
    (entry.state != LabelState::External).then(|| (label.id, name.clone()))
}
