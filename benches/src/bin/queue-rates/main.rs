//! What the scan queue costs beside bare statements for the same rows. `benches/queue` runs it on both databases.

mod bare;
mod cost;
mod ours;

use std::path::PathBuf;

use bare::{Load, Look};
use clap::{Parser, Subcommand};
use cost::{Clock, Measured};

/// Measure the scan queue. Prints one JSON object per figure.
#[derive(Parser)]
struct Arguments {
    /// Files in the queue.
    #[arg(long, default_value_t = 100_000)]
    files: u32,
    /// Files per transaction.
    #[arg(long, default_value_t = 256)]
    batch: u32,
    /// Rounds; the last one is told. The rows of the others are dead by then.
    #[arg(long, default_value_t = 2)]
    rounds: u32,
    #[command(subcommand)]
    store: Store,
}

#[derive(Subcommand)]
enum Store {
    /// On SQLite, in a new folder below this one.
    Sqlite { folder: PathBuf },
    /// On a PostgreSQL server that nobody else uses.
    Postgres {
        url: String,
        /// Its first process: the CPU of its children counts.
        #[arg(long)]
        postmaster: u32,
        /// Workers side by side.
        #[arg(long, default_value_t = 4)]
        workers: u32,
        /// An open snapshot keeps every dead row from being cleaned up, as a long export would.
        #[arg(long)]
        snapshot: bool,
    },
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Arguments {
        files,
        batch,
        rounds,
        store,
    } = arguments;
    match store {
        Store::Sqlite { folder } => {
            let folder = tempfile::tempdir_in(folder)?;
            let path = folder.path().join("labeld.db");
            let clock = Clock::of_this_process();
            let queue = ours::Queue::new(&path.display().to_string(), files, batch, clock).await?;
            for round in 1..=rounds {
                queue.enqueue().await?.print("enqueue", round);
                queue.drain(1).await?.print("claim + finish", round);
            }
            drop(queue);
            let load = Load {
                files,
                batch,
                clock,
            };
            let mut queue = bare::Sqlite::new(&path, load)?;
            for look in Look::ALL {
                for round in 1..=rounds {
                    told(look, "enqueue", round, &queue.enqueue(look)?);
                    told(look, "claim + finish", round, &queue.drain(look)?);
                }
            }
        }
        Store::Postgres {
            url,
            postmaster,
            workers,
            snapshot,
        } => {
            let clock = Clock::with_server(postmaster);
            let queue = ours::Queue::new(&url, files, batch, clock).await?;
            let load = Load {
                files,
                batch,
                clock,
            };
            let bare = bare::Postgres::new(&url, load).await?;
            let _snapshot = match snapshot {
                true => Some(bare::open_snapshot(&url).await?),
                false => None,
            };
            for round in 1..=rounds {
                queue.enqueue().await?.print("enqueue", round);
                queue.drain(workers).await?.print("claim + finish", round);
                for look in Look::ALL {
                    told(look, "enqueue", round, &bare.enqueue(look).await?);
                    told(
                        look,
                        "claim + finish",
                        round,
                        &bare.drain(look, workers).await?,
                    );
                }
            }
        }
    }
    Ok(())
}

fn told(look: Look, what: &str, round: u32, measured: &Measured) {
    measured.print(&format!("{} {what}", look.title()), round);
}

/// Runs `work` and tells what it cost.
async fn measured(
    clock: Clock,
    rows: u32,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Measured> {
    let before = clock.now()?;
    work.await?;
    Ok(clock.now()?.since(&before, rows))
}
