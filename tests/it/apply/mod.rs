//! Writing labels: a folder and the four clouds, on both stores. What is true is asked of the emulator and the folder; the
//! ledger, the cap and the actions must agree with it.

mod again;
mod assigned;
mod by_hand;
mod collaborators;
mod days;
mod faults;
mod late;
mod meddled;
mod people;
mod policies;
mod signed;
mod undo;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use labeld::apps::Organisation;
use labeld::clock::{Clock, TestClock};
use labeld::config::Config;
use labeld::model::cap::CapRule;
use labeld::model::catalogue::{CatalogueEntry, LabelDefinition, LabelState};
use labeld::model::inventory::FileRecord;
use labeld::model::policy::Override;
use labeld::pipeline::apply::{self, Acted};
use labeld::pipeline::govern::{AppRules, Governance, TenantRules};
use labeld::pipeline::{self, StageError, Work, poll, poll_task};
use labeld::store::actions::{
    self, Action, ActionId, ActionRunId, AskedBy, NewAction, Proposed, RunKind, Verb,
};
use labeld::store::cap::{self, CapKey, CapState};
use labeld::store::files::{FileQuery, Page};
use labeld::store::ledger::{self, LedgerRow};
use labeld::store::{Db, apps, files, labels, tasks};
use labeld_emulator::EmulatorOptions;
use labeld_emulator::frame::StoredVersion;
use labeld_formats::write::{LabelChange, Method, WriteOptions, set_label};
use labeld_formats::{Coauthoring, Limits, ReadOptions, TenantKnowledge, read};
use uuid::Uuid;

pub(crate) use self::faults::with_another_part;
pub(crate) use self::meddled::{Fate, Meddled};
use crate::cli_actions::open;
use crate::five_apps::{App, FiveApps, Settings};
use crate::pipeline::work;
use crate::workspace::{GENERAL, Store, docx};

/// Labels of the tenant beside [`GENERAL`], the second above the first.
pub(crate) const SECRET: &str = "0d8e6a30-1b5f-4c0e-9b7a-3f2c51d80a12";

/// Encrypts.
pub(crate) const SEALED: &str = "0d8e6a30-1b5f-4c0e-9b7a-3f2c51d80a13";

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

/// The five apps as one process sees them.
pub(crate) struct World<'a> {
    pub(crate) five: &'a FiveApps,
    pub(crate) db: Db,
    clock: TestClock,
    pub(crate) work: Work,
    apps: BTreeMap<App, pipeline::App>,
    pub(crate) rules: Arc<TenantRules>,
}

/// Runs a test on each store, which is that of the workspace.
pub(crate) fn on_each_store(tables: &str, check: &impl AsyncFn(&mut World<'_>)) {
    // Whoever is first installs it for the whole process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    for store in Store::each() {
        let five = FiveApps::new(store, EmulatorOptions::default());
        // The service knows the label that encrypts, and is quick to set it.
        let microsoft = five.emulator.microsoft();
        let sealed = labeld_emulator::microsoft::Label {
            id: id(SEALED),
            name: "Sealed".to_owned(),
            protects: true,
            ..labeld_emulator::microsoft::Label::default()
        };
        microsoft.set_labels([microsoft.labels(), vec![sealed]].concat());
        microsoft.switch(|switches| {
            switches.billing = true;
            switches.assign_milliseconds = 0;
        });
        let settings = Settings {
            app: "",
            schedules: "",
            microsoft: "read_only = false\nassign_labels = true\n",
            tables,
        };
        five.configure("labeld.toml", settings);
        five.allow_writing("labeld.toml");
        fs::create_dir_all(five.workspace.path("data")).unwrap();
        five.runtime.block_on(async {
            let db = open(&five.workspace).await;
            check(&mut World::new(&five, db).await).await;
        });
    }
}

impl<'a> World<'a> {
    async fn new(five: &'a FiveApps, db: Db) -> Self {
        let config = Config::load(&five.workspace.path("labeld.toml")).unwrap();
        let tenant = &config.tenants[0];
        let organisation = Organisation::new(&config, tenant);
        let mut apps = BTreeMap::new();
        let mut rules = HashMap::new();
        for configured in tenant.apps() {
            let app = organisation.app(configured).unwrap();
            let kind = configured.kind();
            let cap = CapRule::default();
            rules.insert(
                app.name.clone(),
                AppRules::new(kind, app.size_limit, assigns(kind), cap),
            );
            let which = App::ALL.into_iter().find(|one| one.name() == app.name.0);
            apps.insert(which.unwrap(), app);
        }
        let rules = TenantRules {
            tenant: tenant.name.clone(),
            site_id: tenant.id,
            definitions: config.policies.clone(),
            apps: rules,
            coauthoring: Coauthoring::Unknown,
            settle_after: TimeDelta::seconds(60),
        };
        let clock = TestClock::at(Utc::now());
        let world = Self {
            five,
            work: work(&db, &clock).await,
            db,
            clock,
            apps,
            rules: Arc::new(rules),
        };
        world.store_catalogue().await;
        world
    }

    async fn store_catalogue(&self) {
        let entry = |(number, (label, needs_protection)): (usize, (&str, bool))| CatalogueEntry {
            site_id: self.rules.site_id,
            definition: LabelDefinition {
                id: id(label),
                display_name: format!("Label {number}"),
                internal_name: Some(format!("internal-{number}")),
                parent: None,
                group: false,
                rank: Some(number as i64),
                enabled: true,
                applies_to_files: Some(true),
                needs_protection: Some(needs_protection),
                published: Some(true),
                rights_readable: Some(true),
                description: None,
                color: None,
            },
            state: LabelState::Active,
            first_seen: self.clock.now(),
            last_seen: self.clock.now(),
            deleted_at: None,
        };
        let labels = [(GENERAL, false), (SECRET, false), (SEALED, true)];
        let entries: Vec<_> = labels.into_iter().enumerate().map(entry).collect();
        let tx = self.db.begin().await.unwrap();
        labels::put_entries(&tx, &self.rules.tenant, &entries)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Sets the cap of all apps.
    fn set_cap(&mut self, limit: u32) {
        let rules = Arc::make_mut(&mut self.rules);
        for app in rules.apps.values_mut() {
            app.cap.limit = limit;
        }
    }

    async fn governance(&self) -> Governance {
        Governance::load(&self.db, Arc::clone(&self.rules))
            .await
            .unwrap()
    }

    async fn poll(&self, app: App) {
        let (app, worker) = (&self.apps[&app], self.work.worker);
        let task = poll_task(app);
        assert!(tasks::hold(&self.db, &task, worker).await.unwrap());
        poll::poll(&self.work, app).await.unwrap();
        tasks::release(&self.db, &task, worker).await.unwrap();
    }

    /// Saves a new file in a person's name, and takes it over; its path.
    pub(crate) async fn add(&self, app: App, body: &Bytes) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let path = format!("file-{}.docx", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.five.put(app, &path, body);
        self.poll(app).await;
        path
    }

    pub(crate) async fn file(&self, app: App, path: &str) -> FileRecord {
        let query = FileQuery {
            app: Some(self.apps[&app].name.clone()),
            ..FileQuery::default()
        };
        let page = Page {
            after: None,
            limit: 10_000,
        };
        let found = files::list(&self.db, &query, page).await.unwrap();
        let mut found = found.into_iter().filter(|file| file.name == path);
        found.next().unwrap()
    }

    /// The content of a file now.
    fn content(&self, app: App, path: &str) -> Bytes {
        self.five.files(app)[path].clone()
    }

    /// Versions of a file that labeld has stored, as the emulator counts them; `None` for a folder, which keeps none.
    fn own_versions(&self, app: App, path: &str) -> Option<Vec<StoredVersion>> {
        let versions = self.five.emulator.journal().versions();
        let own = versions
            .into_iter()
            .filter(|version| version.path.ends_with(path) && version.application.is_some());
        (app != App::Local).then(|| own.collect())
    }

    async fn begin_run(&self, kind: RunKind) -> ActionRunId {
        let tx = self.db.begin().await.unwrap();
        let run = actions::begin_run(&tx, kind, Some("ada"), None, self.clock.now()).await;
        tx.commit().await.unwrap();
        run.unwrap()
    }

    /// Asks for an action by hand, in a run of its own.
    pub(crate) async fn ask(
        &self,
        app: App,
        path: &str,
        verb: Verb,
        label: Option<&str>,
    ) -> (ActionId, ActionRunId) {
        self.ask_with(app, path, verb, label, Override::Automatic)
            .await
    }

    /// The same with the labels that it may replace.
    pub(crate) async fn ask_with(
        &self,
        app: App,
        path: &str,
        verb: Verb,
        label: Option<&str>,
        overrides: Override,
    ) -> (ActionId, ActionRunId) {
        let run = self.begin_run(RunKind::Hand).await;
        let wanted = (verb, label, overrides);
        (self.ask_in(run, app, path, wanted).await, run)
    }

    /// The same in a run that has begun.
    async fn ask_in(
        &self,
        run: ActionRunId,
        app: App,
        path: &str,
        (verb, label, overrides): (Verb, Option<&str>, Override),
    ) -> ActionId {
        let file = self.file(app, path).await;
        let tx = self.db.begin().await.unwrap();
        let app = &self.apps[&app];
        let wanted = NewAction {
            tenant: app.tenant.clone(),
            app: apps::ensure(&tx, &app.tenant, &app.name).await.unwrap(),
            file: file.id,
            verb,
            site: self.rules.site_id.unwrap(),
            label: label.map(id),
            asked_by: AskedBy::Person {
                name: "ada".to_owned(),
                overrides,
                allow_downgrade: false,
            },
            run: Some(run),
            undoes: None,
            file_version: file.version,
            rank: 0,
        };
        let proposed = actions::propose(&tx, &wanted, self.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let Proposed::Made(action) = proposed else {
            panic!("{proposed:?}");
        };
        action
    }

    async fn try_act(&self, app: App, run: ActionRunId) -> Result<Acted, StageError> {
        let governance = self.governance().await;
        apply::act(&self.work, &self.apps[&app], &governance, run, 1000).await
    }

    pub(crate) async fn act(&self, app: App, run: ActionRunId) -> Acted {
        self.try_act(app, run).await.unwrap()
    }

    /// Acts again and again, with time in between, until the action is over.
    pub(crate) async fn act_to_the_end(
        &self,
        app: App,
        (action, run): (ActionId, ActionRunId),
    ) -> Action {
        for _ in 0..16 {
            self.act(app, run).await;
            let now = self.action(action).await;
            if now.ended.is_some() {
                return now;
            }
            self.clock.advance(TimeDelta::minutes(130));
        }
        panic!("{:?}", self.action(action).await);
    }

    pub(crate) async fn action(&self, action: ActionId) -> Action {
        actions::get(&self.db, action).await.unwrap().unwrap()
    }

    pub(crate) async fn ledger(&self, app: App, path: &str) -> Vec<LedgerRow> {
        let file = self.file(app, path).await;
        ledger::of_file(&self.db, file.id).await.unwrap()
    }

    /// Puts a connector between labeld and an app that the test meddles with, until [`World::unmeddle`].
    pub(crate) fn meddle(&mut self, app: App) -> Arc<Meddled> {
        let app = self.apps.get_mut(&app).unwrap();
        let meddled = Meddled::over(Arc::clone(&app.connector));
        app.connector = meddled.clone();
        meddled
    }

    fn unmeddle(&mut self, app: App, meddled: &Meddled) {
        self.apps.get_mut(&app).unwrap().connector = meddled.inner();
    }

    /// How the cap stands for an app.
    async fn cap(&self, app: App) -> CapState {
        let app = &self.apps[&app];
        let key = CapKey {
            tenant: &app.tenant,
            app_kind: &app.kind,
        };
        let rule = self.rules.apps[&app.name].cap;
        let now = app.connector.service_time().unwrap_or(self.clock.now());
        cap::state(&self.db, key, rule, now).await.unwrap()
    }
}

/// Whether the services of this kind set labels that encrypt.
fn assigns(kind: &str) -> bool {
    matches!(kind, "sharepoint" | "onedrive")
}

/// A document without a label that differs from every other one.
pub(crate) fn plain() -> Bytes {
    docx(None).into()
}

/// A document that other software has given a label of the tenant.
fn labelled(site: Uuid, label: &str) -> Bytes {
    labelled_by(Method::Standard, site, label)
}

/// A document that a person has given a label of the tenant.
pub(crate) fn labelled_by_person(site: Uuid, label: &str) -> Bytes {
    labelled_by(Method::Privileged, site, label)
}

fn labelled_by(method: Method, site: Uuid, label: &str) -> Bytes {
    let known = TenantKnowledge::default();
    let change = LabelChange {
        site_id: site,
        label_id: id(label),
        name: "set elsewhere".to_owned(),
        method,
        set_date: SystemTime::UNIX_EPOCH,
        action_id: Uuid::from_u128(7),
        content_bits: 0,
    };
    let original = plain();
    let written = set_label(&original, &change, &WriteOptions::new(&known)).unwrap();
    written.content.to_vec(&original).into()
}

/// The tenant's label on a document, and the ActionId beside it.
fn label_of(body: &Bytes, site: Uuid) -> Option<(Uuid, Option<Uuid>)> {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let reading = read(&&body[..], options).unwrap();
    assert!(reading.refusal.is_none(), "{:?}", reading.refusal);
    let label = reading
        .labels
        .into_iter()
        .find(|label| label.effective && label.site_id == Some(site))?;
    let action = label.action_id.map(|action| action.parse().unwrap());
    Some((label.id, action))
}
