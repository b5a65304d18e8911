//! Policies become decisions, and decisions become actions: on both stores, over facts that the tests store.

mod decisions;
mod explain;
mod life;
mod limits;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use labeld::clock::TestClock;
use labeld::config::Config;
use labeld::model::cap::CapRule;
use labeld::model::catalogue::{CatalogueEntry, LabelDefinition, LabelState};
use labeld::model::inventory::{FileFacts, FileRecord};
use labeld::model::policy::{PolicyDefinition, PolicyMode};
use labeld::pipeline::govern::{self, AppRules, DecidedFiles, Governor, TenantRules};
use labeld::store::actions::{self, Action, ActionQuery};
use labeld::store::policies::{self, PolicyChanges, StoredPolicy, Switch};
use labeld::store::{Db, files, labels};
use labeld_connector::{Change, FileMeta};
use labeld_formats::Coauthoring;
use tempfile::TempDir;
use uuid::Uuid;

use crate::pipeline::Rig;
use crate::store::{CONTOSO, GENERAL, SECRET, facts, label, meta};

/// An app whose files and policies the tests write.
pub(crate) struct World {
    pub(crate) rig: Rig,
    pub(crate) rules: Arc<TenantRules>,
    pub(crate) governor: Governor,
}

/// A policy that applies a label to what a filter names, in TOML.
pub(crate) fn policy(name: &str, label: &str, more: &str) -> String {
    format!(
        "[[policy]]\nname = \"{name}\"\nmode = \"enforce\"\nactions = {{ apply_label = \"{label}\" }}\n{more}\n"
    )
}

/// The policies of a configuration's text.
pub(crate) fn definitions(text: &str) -> Vec<PolicyDefinition> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("labeld.toml");
    let head = "[store]\nsqlite = \"db\"\n[[tenant]]\nname = \"contoso\"\n[[tenant.local]]\nname = \"docs\"\nroot = \"docs\"\n";
    std::fs::write(&file, format!("{head}{text}")).unwrap();
    Config::load(&file).unwrap().policies
}

fn catalogue_label(id: Uuid, name: &str, rank: i64, state: LabelState) -> CatalogueEntry {
    CatalogueEntry {
        site_id: Some(CONTOSO),
        definition: LabelDefinition {
            id,
            display_name: name.to_owned(),
            internal_name: None,
            parent: None,
            group: false,
            rank: Some(rank),
            enabled: state == LabelState::Active,
            applies_to_files: None,
            needs_protection: None,
            published: None,
            rights_readable: None,
            description: None,
            color: None,
        },
        state,
        first_seen: DateTime::UNIX_EPOCH,
        last_seen: DateTime::UNIX_EPOCH,
        deleted_at: None,
    }
}

impl World {
    /// With these policies, over a catalogue of General and Secret.
    pub(crate) async fn new(db: Db, policies: &str) -> Self {
        let rig = Rig::new(db).await;
        let tx = rig.db.begin().await.unwrap();
        let entries = [
            catalogue_label(GENERAL, "General", 1, LabelState::Active),
            catalogue_label(SECRET, "Secret", 2, LabelState::Active),
        ];
        labels::put_entries(&tx, &rig.app.tenant, &entries)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let rules = Arc::new(rules(&rig, policies));
        let mut world = Self {
            governor: Governor::new(Arc::clone(&rules)),
            rig,
            rules,
        };
        world.configure(policies).await;
        world
    }

    /// Another configuration is taken over.
    pub(crate) async fn configure(&mut self, policies: &str) -> PolicyChanges {
        self.tick();
        self.rules = Arc::new(rules(&self.rig, policies));
        self.governor = Governor::new(Arc::clone(&self.rules));
        govern::take_over(&self.rig.work, &self.rules)
            .await
            .unwrap()
    }

    /// Time passes, so that nothing happens at the same moment.
    pub(crate) fn tick(&self) {
        self.rig.clock.advance(TimeDelta::seconds(1));
    }

    pub(crate) fn clock(&self) -> &TestClock {
        &self.rig.clock
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        use labeld::clock::Clock;
        self.rig.clock.now()
    }

    /// A file as it is listed, and what was read of it.
    pub(crate) async fn put(&self, meta: FileMeta, read: FileFacts) -> FileRecord {
        self.tick();
        let file = meta.file.clone();
        let tx = self.rig.db.begin().await.unwrap();
        let change = [Change::Upserted(meta)];
        files::apply_changes(&tx, self.rig.app_id, &change, self.now())
            .await
            .unwrap();
        let record = files::find(&tx, self.rig.app_id, &file).await.unwrap();
        let record = record.unwrap();
        let read = FileFacts {
            version: record.version.clone(),
            read_at: self.now(),
            ..read
        };
        files::store_facts(&tx, &[(record.id, read)]).await.unwrap();
        tx.commit().await.unwrap();
        record
    }

    /// A healthy file without a label.
    pub(crate) async fn unlabelled(&self, path: &str) -> FileRecord {
        self.put(meta(path), facts(Vec::new())).await
    }

    /// A healthy file with a label of the tenant, set by other software.
    pub(crate) async fn labelled(&self, path: &str, id: Uuid) -> FileRecord {
        let label = label(Some(CONTOSO), id, true);
        self.put(meta(path), facts(vec![label])).await
    }

    /// Takes a change over.
    pub(crate) async fn change(&self, change: Change) {
        self.tick();
        let tx = self.rig.db.begin().await.unwrap();
        files::apply_changes(&tx, self.rig.app_id, &[change], self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Decides whatever waits.
    pub(crate) async fn decide(&mut self) -> DecidedFiles {
        self.tick();
        let decided = self.governor.decide(&self.rig.work, &self.rig.app).await;
        decided.unwrap().0
    }

    /// The open action of a file: verb, label and state, in words; empty where there is none.
    pub(crate) async fn open(&self, file: &FileRecord) -> String {
        let open = actions::open_of_file(&self.rig.db, file.id).await.unwrap();
        open.map_or_else(String::new, |action| {
            let label = match action.wanted.label {
                Some(SECRET) => " Secret",
                Some(GENERAL) => " General",
                _ => "",
            };
            format!(
                "{}{label} {}",
                action.wanted.verb.as_str(),
                action.state.as_str()
            )
        })
    }

    /// Everything that was ever wanted of a file, the oldest first: state and reason.
    pub(crate) async fn history(&self, file: &FileRecord) -> Vec<String> {
        let query = ActionQuery {
            file: Some(file.id),
            ..ActionQuery::default()
        };
        let list: Vec<Action> = actions::list(&self.rig.db, &query, 100).await.unwrap();
        list.iter()
            .map(|action| {
                let reason = action.reason.map_or("", |reason| reason.code());
                format!("{} {reason}", action.state.as_str())
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    pub(crate) async fn stored(&self, name: &str) -> StoredPolicy {
        let found = policies::find(&self.rig.db, &self.rig.app.tenant, &name.into()).await;
        found.unwrap().unwrap()
    }

    /// Switches a policy as a person does.
    pub(crate) async fn switch(&self, name: &str, enabled: bool, mode: Option<PolicyMode>) {
        self.tick();
        let switch = Switch {
            enabled,
            mode,
            consented: None,
            changed_at: self.now(),
            changed_by: "ada".to_owned(),
            reason: None,
        };
        let tx = self.rig.db.begin().await.unwrap();
        let tenant = &self.rig.app.tenant;
        let found = policies::set_switch(&tx, tenant, &name.into(), &switch).await;
        assert!(found.unwrap());
        tx.commit().await.unwrap();
    }

    /// The state of a label changes in the tenant.
    pub(crate) async fn set_label(&self, id: Uuid, name: &str, rank: i64, state: LabelState) {
        use labeld::model::catalogue::{CatalogueEvent, CatalogueEventKind};
        self.tick();
        let entry = catalogue_label(id, name, rank, state);
        let event = CatalogueEvent {
            at: self.now(),
            label: id,
            kind: CatalogueEventKind::Changed,
            definition: entry.definition.clone(),
        };
        let tenant = &self.rig.app.tenant;
        let tx = self.rig.db.begin().await.unwrap();
        labels::put_entries(&tx, tenant, &[entry]).await.unwrap();
        labels::add_events(&tx, tenant, &[event]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn rules(rig: &Rig, policies: &str) -> TenantRules {
    let app = AppRules::new("scripted", 31_457_280, false, CapRule::default());
    TenantRules {
        tenant: rig.app.tenant.clone(),
        site_id: Some(CONTOSO),
        definitions: definitions(policies),
        apps: [(rig.app.name.clone(), app)].into(),
        coauthoring: Coauthoring::Unknown,
        settle_after: TenantRules::SETTLE_AFTER,
    }
}
