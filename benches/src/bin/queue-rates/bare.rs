//! The least statements for the same rows: no fencing, no look at the inventory, one table of the same shape.

use std::path::Path;

use rusqlite::{Connection, params};
use tokio_postgres::{Client, NoTls};

use crate::cost::{Clock, Measured};
use crate::measured;

const COLUMNS: &str =
    "file BIGINT PRIMARY KEY, app BIGINT NOT NULL, class BIGINT NOT NULL, due BIGINT NOT NULL,
    worker BIGINT, again BIGINT NOT NULL DEFAULT 0, attempt BIGINT NOT NULL DEFAULT 0,
    crashes BIGINT NOT NULL DEFAULT 0, listed BIGINT NOT NULL, reason BIGINT";

/// SQLite with rusqlite and prepared statements.
pub(crate) struct Sqlite {
    connection: Connection,
    files: u32,
    batch: u32,
    clock: Clock,
}

impl Sqlite {
    pub(crate) fn new(path: &Path, files: u32, batch: u32, clock: Clock) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        let columns = COLUMNS.replace("BIGINT", "INTEGER");
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000;
             PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE bare ({columns}); CREATE INDEX bare_order ON bare (app, class, due, file);"
        ))?;
        Ok(Self {
            connection,
            files,
            batch,
            clock,
        })
    }

    pub(crate) fn enqueue(&mut self) -> anyhow::Result<Measured> {
        let before = self.clock.now()?;
        let numbers: Vec<u32> = (1..=self.files).collect();
        for (due, page) in (1_i64..).zip(numbers.chunks(self.batch as usize)) {
            let transaction = self.connection.transaction()?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO bare (file, app, class, due, listed) VALUES (?1, 1, 0, ?2, ?2)",
            )?;
            for file in page {
                insert.execute(params![file, due])?;
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(self.clock.now()?.since(&before, self.files))
    }

    pub(crate) fn drain(&mut self) -> anyhow::Result<Measured> {
        let before = self.clock.now()?;
        loop {
            let transaction = self.connection.transaction()?;
            let mut claim = transaction.prepare_cached(
                "UPDATE bare SET worker = 1 WHERE file IN (
                    SELECT file FROM bare WHERE app = 1 AND class = 0 AND worker IS NULL AND due <= ?1
                    ORDER BY due, file LIMIT ?2)
                 RETURNING file",
            )?;
            let files = claim.query_map(params![i64::MAX, self.batch], |row| row.get(0))?;
            let files: Vec<i64> = files.collect::<Result<_, _>>()?;
            drop(claim);
            transaction.commit()?;
            if files.is_empty() {
                return Ok(self.clock.now()?.since(&before, self.files));
            }
            let transaction = self.connection.transaction()?;
            let mut finish = transaction.prepare_cached("DELETE FROM bare WHERE file = ?1")?;
            for file in files {
                finish.execute([file])?;
            }
            drop(finish);
            transaction.commit()?;
        }
    }
}

/// PostgreSQL with tokio-postgres and prepared statements.
pub(crate) struct Postgres {
    url: String,
    files: u32,
    batch: u32,
    clock: Clock,
}

impl Postgres {
    pub(crate) async fn new(
        url: &str,
        files: u32,
        batch: u32,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let client = connect(url).await?;
        client
            .batch_execute(&format!(
                "CREATE TABLE bare ({COLUMNS}) WITH (fillfactor = 60);
                 CREATE INDEX bare_order ON bare (app, class, due, file);"
            ))
            .await?;
        Ok(Self {
            url: url.to_owned(),
            files,
            batch,
            clock,
        })
    }

    pub(crate) async fn enqueue(&self) -> anyhow::Result<Measured> {
        let mut client = connect(&self.url).await?;
        let insert = client
            .prepare(
                "INSERT INTO bare (file, app, class, due, listed)
                 SELECT file, 1, 0, $2, $2 FROM unnest($1::BIGINT[]) AS file",
            )
            .await?;
        measured(self.clock, self.files, async {
            let numbers: Vec<i64> = (1..=i64::from(self.files)).collect();
            for (due, page) in (1_i64..).zip(numbers.chunks(self.batch as usize)) {
                let transaction = client.transaction().await?;
                transaction.execute(&insert, &[&page, &due]).await?;
                transaction.commit().await?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn drain(&self, workers: u32) -> anyhow::Result<Measured> {
        measured(self.clock, self.files, async {
            let tasks: Vec<_> = (1..=i64::from(workers))
                .map(|worker| tokio::spawn(drain(self.url.clone(), worker, self.batch)))
                .collect();
            for task in tasks {
                task.await??;
            }
            Ok(())
        })
        .await
    }
}

async fn drain(url: String, worker: i64, batch: u32) -> anyhow::Result<()> {
    let mut client = connect(&url).await?;
    let claim = client
        .prepare(
            "UPDATE bare SET worker = $1 WHERE file = ANY (ARRAY(
                SELECT file FROM bare WHERE app = 1 AND class = 0 AND worker IS NULL AND due <= $2
                ORDER BY due, file LIMIT $3 FOR UPDATE SKIP LOCKED))
             RETURNING file",
        )
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
        transaction.commit().await?;
        if rows.is_empty() {
            return Ok(());
        }
        let files: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
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
