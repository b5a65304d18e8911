//! The pipeline's stages on both stores: an app that the tests script, and a clock that they set.

mod crashes;
mod feeds;
mod leases;
mod queueing;
mod rescans;
mod scope;
mod scripted;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use labeld::clock::{Clock, TestClock};
use labeld::model::content_scan::{AccessNeed, PolicyInterest, ScanScope};
use labeld::model::inventory::FileRecord;
use labeld::model::policy::PolicyName;
use labeld::pipeline::poll::{self, Polled};
use labeld::pipeline::scan::{Scanned, scan_waiting};
use labeld::pipeline::{
    App, CrashMarkers, MemoryBudget, ScanSettings, StageError, StopSignal, Work, poll_task,
};
use labeld::store::apps::AppId;
use labeld::store::queue::{self, Depth, JobState};
use labeld::store::{Db, apps, files, tasks, workers};
use labeld_connector::{FileMeta, FileRef};
use labeld_formats::{Coauthoring, RangeStrategy};

pub(crate) use self::scripted::Failure;
use self::scripted::Scripted;
use crate::store::at;
use crate::workspace::{GENERAL, docx};

/// How files are read here.
pub(crate) const SETTINGS: ScanSettings = ScanSettings {
    coauthoring: Coauthoring::Unknown,
    side_by_side: 4,
};

/// Policies that look into every file.
#[derive(Debug)]
pub(crate) struct LookIntoAll;

impl PolicyInterest for LookIntoAll {
    fn looks_inside(&self, _: &FileMeta) -> bool {
        true
    }

    fn access_need(&self, _: &dyn Fn(&PolicyName) -> bool) -> AccessNeed {
        AccessNeed::Nothing
    }
}

/// A scan of all files, also of those that were there when the app was connected.
pub(crate) fn everything() -> ScanScope {
    ScanScope {
        auto_scan: false,
        policies: Arc::new(LookIntoAll),
    }
}

/// An app, and a process at work on it.
pub(crate) struct Rig {
    pub(crate) db: Db,
    pub(crate) clock: TestClock,
    pub(crate) source: Arc<Scripted>,
    pub(crate) app: App,
    pub(crate) app_id: AppId,
    pub(crate) work: Work,
}

impl Rig {
    /// An app of its own. Files are scanned as they come and change (`auto_scan`).
    pub(crate) async fn new(db: Db) -> Self {
        Self::with_scope(db, ScanScope::without_policies(true)).await
    }

    pub(crate) async fn with_scope(db: Db, scan_scope: ScanScope) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let source = Arc::new(Scripted::new(2));
        let app = App {
            tenant: "contoso".into(),
            site_id: None,
            name: format!("app-{number}").as_str().into(),
            kind: "scripted".to_owned(),
            connector: source.clone(),
            strategy: RangeStrategy::REQUESTS,
            size_limit: 1 << 30,
            scan_scope,
        };
        let tx = db.begin().await.unwrap();
        let app_id = apps::ensure(&tx, &app.tenant, &app.name).await.unwrap();
        tx.commit().await.unwrap();
        let clock = TestClock::at(at(0));
        let work = work(&db, &clock).await;
        Self {
            db,
            clock,
            source,
            app,
            app_id,
            work,
        }
    }

    /// One whose feed was walked once while nothing was in the app.
    pub(crate) async fn connected(db: Db) -> Self {
        let rig = Self::new(db).await;
        rig.poll().await;
        rig
    }

    /// Another process at work on the store; on SQLite it takes the place of the first one.
    pub(crate) async fn another_process(&self) -> Work {
        work(&self.db, &self.clock).await
    }

    /// How much there is to do for the app.
    pub(crate) async fn depths(&self) -> Vec<Depth> {
        let mut depths = queue::depth(&self.db).await.unwrap();
        depths.retain(|depth| depth.app == self.app_id);
        depths
    }

    pub(crate) async fn try_poll(&self) -> Result<Polled, StageError> {
        let worker = self.work.worker;
        let task = poll_task(&self.app);
        assert!(tasks::hold(&self.db, &task, worker).await.unwrap());
        let polled = poll::poll(&self.work, &self.app).await;
        tasks::release(&self.db, &task, worker).await.unwrap();
        polled
    }

    pub(crate) async fn poll(&self) -> Polled {
        self.try_poll().await.unwrap()
    }

    /// Puts a file with a label, and takes it over.
    pub(crate) async fn list(&self, path: &str) {
        self.source.put(path, docx(Some(GENERAL)));
        self.poll().await;
    }

    pub(crate) async fn scan(&self) -> Scanned {
        scan_waiting(&self.work, &self.app, SETTINGS).await.unwrap()
    }

    pub(crate) async fn file(&self, path: &str) -> FileRecord {
        let file = files::find(&self.db, self.app_id, &FileRef(path.to_owned())).await;
        file.unwrap().unwrap()
    }

    pub(crate) async fn job(&self, path: &str) -> Option<JobState> {
        let file = self.file(path).await.id;
        queue::of_file(&self.db, file).await.unwrap()
    }

    /// `ok`, a reason code, or nothing where the present version was never scanned.
    pub(crate) async fn outcome(&self, path: &str) -> String {
        let file = self.file(path).await;
        let facts = file.facts.filter(|facts| facts.version == file.version);
        facts.map_or_else(String::new, |facts| facts.reason.unwrap_or(facts.state))
    }

    /// Unfinished jobs.
    pub(crate) async fn jobs(&self) -> u64 {
        queue::waiting(&self.db, self.app_id, 1_000_000)
            .await
            .unwrap()
    }
}

/// What every stage works with.
pub(crate) async fn work(db: &Db, clock: &TestClock) -> Work {
    let worker = workers::register(db, "test", TimeDelta::days(1000), clock.now()).await;
    Work::new(
        db.clone(),
        worker.unwrap(),
        Arc::new(clock.clone()),
        StopSignal::default(),
        Arc::new(MemoryBudget::new(64 << 20)),
        Arc::new(CrashMarkers::nowhere()),
    )
}
