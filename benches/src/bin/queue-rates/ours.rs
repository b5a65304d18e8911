//! labeld's queue.

use chrono::{DateTime, TimeDelta, Utc};
use labeld::store::apps::{self, AppId};
use labeld::store::queue::{self, JobClass, JobEnd};
use labeld::store::runs::Reuse;
use labeld::store::workers::{self, WorkerId};
use labeld::store::{Access, Db, Location, files};
use labeld_connector::{Change, Exposure, FileKind, FileMeta, FileRef, Version};

use crate::cost::{Clock, Measured};
use crate::measured;

/// A store with files of one app.
pub(crate) struct Queue {
    db: Db,
    app: AppId,
    pages: Vec<Vec<Change>>,
    files: u32,
    batch: u32,
    clock: Clock,
}

impl Queue {
    pub(crate) async fn new(
        store: &str,
        files: u32,
        batch: u32,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let db = Db::open(&Location::parse(store), Access::Write).await?;
        let numbers: Vec<u32> = (0..files).collect();
        let pages: Vec<Vec<Change>> = numbers
            .chunks(batch as usize)
            .map(|page| page.iter().map(|number| file(*number)).collect())
            .collect();
        let tx = db.begin().await?;
        let app = apps::ensure(&tx, &"contoso".into(), &"finance".into()).await?;
        tx.commit().await?;
        for page in &pages {
            let tx = db.begin().await?;
            files::apply_changes(&tx, app, page, at(0)).await?;
            tx.commit().await?;
        }
        Ok(Self {
            db,
            app,
            pages,
            files,
            batch,
            clock,
        })
    }

    /// Enqueues every file, page by page.
    pub(crate) async fn enqueue(&self) -> anyhow::Result<Measured> {
        measured(self.clock, self.files, async {
            for (seconds, page) in (1..).zip(&self.pages) {
                let tx = self.db.begin().await?;
                let reuse = Reuse::Reader(1);
                let class = JobClass::Changed;
                queue::enqueue_changes(&tx, self.app, page, reuse, class, at(seconds)).await?;
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }

    /// Claims and finishes until nothing is left.
    pub(crate) async fn drain(&self, workers: u32) -> anyhow::Result<Measured> {
        let mut registered = Vec::new();
        for _ in 0..workers {
            let lease = TimeDelta::hours(1);
            registered.push(workers::register(&self.db, "bench", lease, at(0)).await?);
        }
        // SQLite has one process and so one worker: the last one.
        let registered = registered.split_off(if workers == 1 {
            0
        } else {
            registered.len() - workers as usize
        });
        measured(self.clock, self.files, async {
            let (db, app, batch) = (&self.db, self.app, self.batch);
            let tasks: Vec<_> = registered
                .into_iter()
                .map(|worker| tokio::spawn(drain(db.clone(), app, worker, batch)))
                .collect();
            for task in tasks {
                task.await??;
            }
            Ok(())
        })
        .await
    }
}

async fn drain(db: Db, app: AppId, worker: WorkerId, batch: u32) -> anyhow::Result<()> {
    loop {
        let jobs = queue::claim(&db, app, worker, None, batch, at(1_000_000)).await?;
        if jobs.is_empty() {
            return Ok(());
        }
        let ends: Vec<_> = jobs.iter().map(|job| (job.file.id, JobEnd::Done)).collect();
        let tx = db.begin().await?;
        queue::finish(&tx, worker, &ends).await?;
        tx.commit().await?;
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

/// The app's name for a file.
pub(crate) fn reference(number: u32) -> String {
    format!("b!k7G2vQ0aT0mL/01ABCDEFGHIJKLMNOP{number:012}")
}

fn file(number: u32) -> Change {
    let folder = format!("sites/finance/Shared Documents/{}", number / 100);
    let name = format!("Quarterly report {number}.docx");
    Change::Upserted(FileMeta {
        file: FileRef(reference(number)),
        name,
        folder,
        parent: None,
        kind: FileKind::File,
        size: 48_213,
        version: Version(format!("c:{number:032x}")),
        created: Some(at(-1000)),
        modified: Some(at(-500)),
        owner: Some("ada@contoso.example".to_owned()),
        exposure: Exposure::Unknown,
        collaborators: None,
        own_write: None,
        barrier: None,
    })
}
