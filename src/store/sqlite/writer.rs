//! The writer: a thread that owns the connection and works through a channel, so that async callers never block.

use std::borrow::Cow;
use std::sync::{Arc, mpsc};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::errors::meaning;
use super::file::WriterLock;
use super::{execute_rows, query_rows};
use crate::store::error::{Result, StoreError};
use crate::store::value::{Row, Value};

type Reply<T> = oneshot::Sender<Result<T>>;

/// What the thread is asked to do. A transaction's jobs follow each other: its owner holds [`Writer::turn`].
enum Job {
    Begin(Reply<()>),
    Execute(Cow<'static, str>, Vec<Vec<Value>>, Reply<u64>),
    Query(Cow<'static, str>, Vec<Value>, Reply<Vec<Row>>),
    Commit(Reply<()>),
    Rollback,
}

#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    turn: Arc<Mutex<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, lock: WriterLock, store: Arc<str>) -> Result<Self> {
        let (jobs, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(connection, lock, &store, &received))
            .map_err(|error| StoreError::Other {
                operation: "start the store's writer",
                source: Some(error.into()),
            })?;
        Ok(Self {
            jobs: Some(jobs),
            turn: Arc::default(),
            thread: Some(thread),
        })
    }

    /// Waits for the transactions before this one and starts it.
    pub(super) async fn begin(&self) -> Result<WriterTx> {
        let jobs = self.jobs.clone().ok_or_else(stopped)?;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let mut tx = WriterTx {
            jobs,
            open: true,
            _turn: turn,
        };
        if let Err(error) = tx.call(Job::Begin).await {
            tx.open = false;
            return Err(error);
        }
        Ok(tx)
    }
}

/// Closing waits until the file and the lock are closed: whoever opens the store next finds them free.
impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported to whoever waited for it.
            let _ = thread.join();
        }
    }
}

/// A transaction on the writer's connection. Rolled back when dropped without a commit.
#[derive(Debug)]
pub(in crate::store) struct WriterTx {
    jobs: mpsc::Sender<Job>,
    open: bool,
    _turn: OwnedMutexGuard<()>,
}

impl WriterTx {
    pub(in crate::store) async fn execute(
        &self,
        sql: Cow<'static, str>,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        self.call(|reply| Job::Execute(sql, rows, reply)).await
    }

    pub(in crate::store) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        self.call(|reply| Job::Query(sql, params, reply)).await
    }

    pub(in crate::store) async fn commit(mut self) -> Result<()> {
        self.open = false;
        self.call(Job::Commit).await
    }

    async fn call<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for WriterTx {
    fn drop(&mut self) {
        if self.open {
            // Queued before the turn is given up, so it comes before the next transaction's begin. A thread that has
            // stopped has closed the connection, which rolls back too.
            let _ = self.jobs.send(Job::Rollback);
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Other {
        operation: "use the store: its writer has stopped",
        source: None,
    }
}

fn work(connection: Connection, lock: WriterLock, store: &str, jobs: &mpsc::Receiver<Job>) {
    for job in jobs {
        do_job(&connection, store, job);
    }
    // Lets SQLite refresh the statistics it plans with, where they have grown old; it bounds that work itself. Without them
    // the next process plans a little worse.
    if let Err(error) = connection.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize;") {
        tracing::debug!(store, %error, "cannot refresh the statistics of the store");
    }
    drop(connection);
    drop(lock);
}

/// Answers that nobody waits for any more are dropped.
fn do_job(connection: &Connection, store: &str, job: Job) {
    let failed = |error| meaning(store, "write to the store", error);
    match job {
        Job::Begin(reply) => {
            let _ = reply.send(connection.execute_batch("BEGIN IMMEDIATE").map_err(failed));
        }
        Job::Execute(sql, rows, reply) => {
            let _ = reply.send(execute_rows(connection, &sql, &rows).map_err(failed));
        }
        Job::Query(sql, params, reply) => {
            let _ = reply.send(query_rows(connection, &sql, &params).map_err(failed));
        }
        Job::Commit(reply) => {
            let committed = connection.execute_batch("COMMIT").map_err(failed);
            if committed.is_err() {
                roll_back(connection);
            }
            let _ = reply.send(committed);
        }
        Job::Rollback => roll_back(connection),
    }
}

/// After some errors SQLite has rolled back by itself.
fn roll_back(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(error) = connection.execute_batch("ROLLBACK") {
        // The next transaction cannot begin then, and says so to whoever wants it.
        tracing::error!(%error, "cannot roll back a transaction of the store");
    }
}
