//! `labeld inspect`: labels, protection and reason codes of local files, without configuration or
//! store.

mod job;
mod named_files;
mod summary;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use self::job::{Inspected, Job};
use self::summary::Summary;
use super::exit::Exit;
use super::output::{Format, Listing, printable};
use crate::apps;
use crate::config::ReadMode;
use anyhow::{Context, Result, bail};
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

/// Arguments of `labeld inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// Files, and with -r folders
    #[arg(required_unless_present = "files_from", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Read all files below folders; links are not followed out of them
    #[arg(short, long)]
    recursive: bool,
    /// Read the paths from FILE (- is standard input), separated by newlines or NUL characters
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    files_from: Option<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// How much is fetched at a time: as from a local disk, or as from a cloud where requests or bytes
    /// are dear
    #[arg(long, value_enum, default_value_t)]
    read_mode: ReadMode,
    /// Size in bytes above which labeld would not write a label; such files are read all the same
    #[arg(long, default_value_t = crate::model::DEFAULT_SIZE_LIMIT, value_name = "BYTES")]
    size_limit: u64,
}

/// `--read-mode`.
impl ValueEnum for ReadMode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Local, Self::Requests, Self::Bytes]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Local => "A local disk",
            Self::Requests => "Few requests",
            Self::Bytes => "Few bytes",
        };
        Some(PossibleValue::new(self.word()).help(help))
    }
}

/// Files that go from thread to thread at once: handing over costs as much as reading a small file.
const LARGEST_BATCH: usize = 16;
/// Batches that may be between the first glance and the print: bounds memory when one file is slow.
const MOST_IN_FLIGHT: usize = 64;

/// A numbered batch, so that results are printed in the order of the files.
type Batch<T> = (u64, Vec<T>);

/// Collects jobs into batches and hands these to the workers.
struct Batches {
    tickets: SyncSender<()>,
    workers: SyncSender<Batch<Job>>,
    sent: u64,
    waiting: Vec<Job>,
}

impl Batches {
    /// Takes a job; whether there is any use in another.
    fn add(&mut self, job: Job) -> bool {
        self.waiting.push(job);
        // The first batches are small, so that a few files already keep all cores busy.
        let wanted = 1 + usize::try_from(self.sent / 8).unwrap_or(LARGEST_BATCH);
        self.waiting.len() < wanted.min(LARGEST_BATCH) || self.send()
    }

    fn send(&mut self) -> bool {
        let batch = (self.sent, std::mem::take(&mut self.waiting));
        self.sent += 1;
        // Either channel closes only when printing has failed; then there is nothing to do.
        self.tickets.send(()).is_ok() && self.workers.send(batch).is_ok()
    }
}

/// Runs the command.
///
/// # Errors
///
/// When the output or the list of files cannot be used, or a folder is given without `-r`.
pub(super) fn run(args: &InspectArgs) -> Result<Exit> {
    if let Some(folder) = args
        .paths
        .iter()
        .find(|path| !args.recursive && path.is_dir())
    {
        bail!(super::UsageError(format!(
            "{} is a folder: use `labeld inspect -r {0}` to read the files below it",
            folder.display()
        )));
    }
    let settings = job::Settings {
        strategy: apps::strategy(args.read_mode),
        size_limit: args.size_limit,
    };
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (job_sender, jobs) = sync_channel::<Batch<Job>>(workers * 2);
    let (result_sender, results) = sync_channel::<Batch<Inspected>>(workers * 2);
    let (ticket_sender, tickets) = sync_channel::<()>(MOST_IN_FLIGHT);
    let jobs = Mutex::new(jobs);
    thread::scope(|scope| {
        let (paths, list) = (&args.paths, args.files_from.as_deref());
        let producer = scope.spawn(move || {
            let mut batches = Batches {
                tickets: ticket_sender,
                workers: job_sender,
                sent: 0,
                waiting: Vec::new(),
            };
            let listed = named_files::each_job(paths, list, &mut |job| batches.add(job));
            batches.send();
            listed
        });
        for _ in 0..workers {
            let result_sender = result_sender.clone();
            let jobs = &jobs;
            scope.spawn(move || work(jobs, &result_sender, settings));
        }
        drop(result_sender);
        let printed = print(results, tickets, args.format);
        let produced = producer.join();
        let summary = printed?;
        produced.map_err(|_| anyhow::anyhow!("listing the files failed"))??;
        Ok(if summary.has_errors() {
            Exit::SomeFilesFailed
        } else {
            Exit::Ok
        })
    })
}

/// Takes jobs until there are no more. Where printing has failed the rest is only taken away, so that
/// the producer does not wait for ever.
fn work(
    jobs: &Mutex<Receiver<Batch<Job>>>,
    results: &SyncSender<Batch<Inspected>>,
    settings: job::Settings,
) {
    let mut printing = true;
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = next else { return };
        if printing {
            let inspected = batch.into_iter().map(|job| job.inspect(settings)).collect();
            printing = results.send((number, inspected)).is_ok();
        }
    }
}

/// Prints the results in the order of the files, then the summary.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the receivers must be dropped when printing fails"
)]
fn print(
    results: Receiver<Batch<Inspected>>,
    tickets: Receiver<()>,
    format: Format,
) -> Result<Summary> {
    let progress = progress_bar();
    let out = BufWriter::with_capacity(64 << 10, io::stdout());
    let mut listing = Listing::new::<Inspected>(out, format);
    let mut summary = Summary::default();
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, batch) in results {
        waiting.insert(number, batch);
        while let Some(batch) = waiting.remove(&next) {
            for inspected in batch {
                let failed = summary.add(&inspected);
                if failed && format == Format::Human {
                    progress.suspend(|| complain(&inspected))?;
                }
                progress.inc(1);
                progress
                    .suspend(|| listing.row(&inspected))
                    .context("cannot write the results")?;
            }
            next += 1;
            // One batch left, so one more may enter; the producer may have ended already.
            let _ = tickets.try_recv();
        }
    }
    progress.finish_and_clear();
    listing.finish().context("cannot write the results")?;
    // In one piece: standard error is not buffered.
    io::stderr()
        .write_all(summary.to_string().as_bytes())
        .context("cannot write the summary")?;
    Ok(summary)
}

/// Tells of a file that could not be read; the other formats have it in the row.
fn complain(inspected: &Inspected) -> io::Result<()> {
    let why = inspected
        .detail
        .as_deref()
        .or(inspected.reason)
        .unwrap_or_default();
    writeln!(
        io::stderr(),
        "labeld: {}: {}",
        printable(&inspected.path),
        printable(why)
    )
}

/// A spinner with the number of files, on a terminal only.
fn progress_bar() -> ProgressBar {
    // Results that scroll by on the same terminal are progress enough.
    if io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {human_pos} files, {per_sec}, {elapsed}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
