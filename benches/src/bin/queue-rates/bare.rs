//! The least statements for the same rows: no fencing, and one table of the same shape in the same store. [`Look::Inventory`] finds
//! a page's files in the inventory by their names, and hands out what reading them takes, as any queue must whose files come
//! from listings; [`Look::Nowhere`] moves the rows of the queue alone, whose numbers it knows beforehand.

use std::path::Path;

use rusqlite::{Connection, params};
use tokio_postgres::{Client, NoTls};

use crate::cost::{Clock, Measured};
use crate::{measured, ours};

const COLUMNS: &str =
    "file BIGINT PRIMARY KEY, app BIGINT NOT NULL, class BIGINT NOT NULL, due BIGINT NOT NULL,
    worker BIGINT, again BIGINT NOT NULL DEFAULT 0, attempt BIGINT NOT NULL DEFAULT 0,
    crashes BIGINT NOT NULL DEFAULT 0, listed BIGINT NOT NULL, reason BIGINT";

/// Whether statements look beyond the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// At the files in the inventory.
    Inventory,
    /// At the queue alone.
    Nowhere,
}

impl Look {
    pub(crate) const ALL: [Self; 2] = [Self::Inventory, Self::Nowhere];

    /// What its figures are called.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Inventory => "bare",
            Self::Nowhere => "queue alone",
        }
    }
}

/// How much work there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) files: u32,
    pub(crate) batch: u32,
    pub(crate) clock: Clock,
}

/// A row of the queue, and of its file where that was looked at.
#[derive(Debug, Default)]
#[expect(dead_code, reason = "it is handed out")]
struct Job {
    file: i64,
    class: i64,
    attempt: i64,
    crashes: i64,
    listed: i64,
    target: Option<Target>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "it is handed out")]
struct Target {
    file: String,
    name: String,
    kind: i64,
    size: i64,
    version: String,
    barrier: i64,
}

/// SQLite with rusqlite and prepared statements, in the file of labeld's store.
pub(crate) struct Sqlite {
    connection: Connection,
    load: Load,
}

impl Sqlite {
    pub(crate) fn new(path: &Path, load: Load) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        let columns = COLUMNS.replace("BIGINT", "INTEGER");
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000;
             PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE bare ({columns}); CREATE INDEX bare_order ON bare (app, class, due, file);"
        ))?;
        Ok(Self { connection, load })
    }

    pub(crate) fn enqueue(&mut self, look: Look) -> anyhow::Result<Measured> {
        let Load {
            files,
            batch,
            clock,
        } = self.load;
        let names: Vec<String> = (0..files).map(ours::reference).collect();
        let numbers: Vec<u32> = (1..=files).collect();
        let before = clock.now()?;
        let pages = names
            .chunks(batch as usize)
            .zip(numbers.chunks(batch as usize));
        for (due, (names, numbers)) in (1_i64..).zip(pages) {
            let transaction = self.connection.transaction()?;
            match look {
                Look::Inventory => {
                    let mut insert = transaction.prepare_cached(
                        "INSERT INTO bare (file, app, class, due, listed)
                         SELECT id, app, 0, ?2, ?2 FROM file
                         WHERE app = 1 AND ref = ?1 AND removed IS NULL
                            AND (facts_version IS NULL OR facts_version <> version OR reader <> 1)",
                    )?;
                    for name in names {
                        insert.execute(params![name, due])?;
                    }
                }
                Look::Nowhere => {
                    let mut insert = transaction.prepare_cached(
                        "INSERT INTO bare (file, app, class, due, listed) VALUES (?1, 1, 0, ?2, ?2)",
                    )?;
                    for file in numbers {
                        insert.execute(params![file, due])?;
                    }
                }
            }
            transaction.commit()?;
        }
        Ok(clock.now()?.since(&before, files))
    }

    pub(crate) fn drain(&mut self, look: Look) -> anyhow::Result<Measured> {
        let before = self.load.clock.now()?;
        loop {
            let transaction = self.connection.transaction()?;
            let jobs = match look {
                Look::Inventory => claim_files(&transaction, self.load.batch)?,
                Look::Nowhere => claim_rows(&transaction, self.load.batch)?,
            };
            transaction.commit()?;
            if jobs.is_empty() {
                return Ok(self.load.clock.now()?.since(&before, self.load.files));
            }
            let transaction = self.connection.transaction()?;
            let mut finish = transaction.prepare_cached("DELETE FROM bare WHERE file = ?1")?;
            for job in jobs {
                finish.execute([job.file])?;
            }
            drop(finish);
            transaction.commit()?;
        }
    }
}

fn claim_files(transaction: &Connection, batch: u32) -> anyhow::Result<Vec<Job>> {
    let mut pick = transaction.prepare_cached(
        "SELECT j.file, j.class, j.attempt, j.crashes, j.listed, f.ref, f.name, f.kind, f.size, f.version, f.barrier
         FROM bare j JOIN file f ON f.id = j.file
         WHERE j.app = 1 AND j.class = 0 AND j.worker IS NULL AND j.due <= ?1 ORDER BY j.due, j.file LIMIT ?2",
    )?;
    let jobs = pick.query_map(params![i64::MAX, batch], |row| {
        Ok(Job {
            file: row.get(0)?,
            class: row.get(1)?,
            attempt: row.get(2)?,
            crashes: row.get(3)?,
            listed: row.get(4)?,
            target: Some(Target {
                file: row.get(5)?,
                name: row.get(6)?,
                kind: row.get(7)?,
                size: row.get(8)?,
                version: row.get(9)?,
                barrier: row.get(10)?,
            }),
        })
    })?;
    let jobs: Vec<Job> = jobs.collect::<Result<_, _>>()?;
    let mut hold = transaction.prepare_cached("UPDATE bare SET worker = 1 WHERE file = ?1")?;
    for job in &jobs {
        hold.execute([job.file])?;
    }
    Ok(jobs)
}

fn claim_rows(transaction: &Connection, batch: u32) -> anyhow::Result<Vec<Job>> {
    let mut claim = transaction.prepare_cached(
        "UPDATE bare SET worker = 1 WHERE file IN (
            SELECT file FROM bare WHERE app = 1 AND class = 0 AND worker IS NULL AND due <= ?1
            ORDER BY due, file LIMIT ?2)
         RETURNING file",
    )?;
    let jobs = claim.query_map(params![i64::MAX, batch], |row| {
        Ok(Job {
            file: row.get(0)?,
            ..Job::default()
        })
    })?;
    Ok(jobs.collect::<Result<_, _>>()?)
}

/// PostgreSQL with tokio-postgres and prepared statements, in the schema of labeld's store.
pub(crate) struct Postgres {
    url: String,
    load: Load,
}

impl Postgres {
    pub(crate) async fn new(url: &str, load: Load) -> anyhow::Result<Self> {
        let client = connect(url).await?;
        client
            .batch_execute(&format!(
                "CREATE TABLE bare ({COLUMNS}) WITH (fillfactor = 60);
                 CREATE INDEX bare_order ON bare (app, class, due, file);"
            ))
            .await?;
        Ok(Self {
            url: url.to_owned(),
            load,
        })
    }

    pub(crate) async fn enqueue(&self, look: Look) -> anyhow::Result<Measured> {
        let Load {
            files,
            batch,
            clock,
        } = self.load;
        let mut client = connect(&self.url).await?;
        let insert = client
            .prepare(match look {
                Look::Inventory => {
                    "INSERT INTO bare (file, app, class, due, listed)
                     SELECT id, app, 0, $2, $2 FROM file WHERE app = 1 AND ref = ANY ($1::TEXT[])
                        AND (facts_version IS NULL OR facts_version <> version OR reader <> 1)"
                }
                Look::Nowhere => {
                    "INSERT INTO bare (file, app, class, due, listed)
                     SELECT file, 1, 0, $2, $2 FROM unnest($1::BIGINT[]) AS file"
                }
            })
            .await?;
        let names: Vec<String> = (0..files).map(ours::reference).collect();
        let numbers: Vec<i64> = (1..=i64::from(files)).collect();
        measured(clock, files, async {
            let pages = names
                .chunks(batch as usize)
                .zip(numbers.chunks(batch as usize));
            for (due, (names, numbers)) in (1_i64..).zip(pages) {
                let transaction = client.transaction().await?;
                match look {
                    Look::Inventory => transaction.execute(&insert, &[&names, &due]).await?,
                    Look::Nowhere => transaction.execute(&insert, &[&numbers, &due]).await?,
                };
                transaction.commit().await?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn drain(&self, look: Look, workers: u32) -> anyhow::Result<Measured> {
        measured(self.load.clock, self.load.files, async {
            let tasks: Vec<_> = (1..=i64::from(workers))
                .map(|worker| tokio::spawn(drain(self.url.clone(), look, worker, self.load.batch)))
                .collect();
            for task in tasks {
                task.await??;
            }
            Ok(())
        })
        .await
    }
}

async fn drain(url: String, look: Look, worker: i64, batch: u32) -> anyhow::Result<()> {
    let mut client = connect(&url).await?;
    let claim = client
        .prepare(
            "UPDATE bare SET worker = $1 WHERE file = ANY (ARRAY(
                SELECT file FROM bare WHERE app = 1 AND class = 0 AND worker IS NULL AND due <= $2
                ORDER BY due, file LIMIT $3 FOR UPDATE SKIP LOCKED))
             RETURNING file, class, attempt, crashes, listed",
        )
        .await?;
    let read = client
        .prepare("SELECT id, ref, name, kind, size, version, barrier FROM file WHERE id = ANY ($1::BIGINT[])")
        .await?;
    let finish = client
        .prepare("DELETE FROM bare WHERE file = ANY ($1::BIGINT[])")
        .await?;
    loop {
        let transaction = client.transaction().await?;
        let limit = i64::from(batch);
        let rows = transaction
            .query(&claim, &[&worker, &i64::MAX, &limit])
            .await?;
        let files: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        if look == Look::Inventory {
            transaction.query(&read, &[&files]).await?;
        }
        transaction.commit().await?;
        if files.is_empty() {
            return Ok(());
        }
        let transaction = client.transaction().await?;
        transaction.execute(&finish, &[&files]).await?;
        transaction.commit().await?;
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A connection with a snapshot that stays open as long as the connection.
pub(crate) async fn open_snapshot(url: &str) -> anyhow::Result<Client> {
    let client = connect(url).await?;
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT COUNT(*) FROM file;")
        .await?;
    Ok(client)
}
