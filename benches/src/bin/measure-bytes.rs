//! Bytes and reads per file: what a disk is asked for, and what a cloud would be asked for, in each
//! strategy. Fails when a promise is not kept or an answer is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::Parser;
use labeld_bench::documents::{Document, Group, Set};
use labeld_bench::reading::{Measured, read_bytes};
use labeld_formats::RangeStrategy;

/// Count bytes and reads per file over generated documents, against what is promised.
#[derive(Parser)]
struct Arguments {
    /// How many documents of each set.
    #[arg(long, default_value_t = 500)]
    count: usize,
    /// The same seed gives the same documents.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also list every kind of document.
    #[arg(long)]
    kinds: bool,
}

/// What one strategy took over one set of files.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    files: u64,
    reads: u64,
    bytes: u64,
    size: u64,
    most_reads: u32,
}

impl Sum {
    fn add(&mut self, measured: &Measured, size: u64) {
        self.files += 1;
        self.reads += u64::from(measured.reads);
        self.bytes += measured.bytes;
        self.size += size;
        self.most_reads = self.most_reads.max(measured.reads);
    }

    fn reads_per_file(&self) -> f64 {
        self.reads as f64 / self.files as f64
    }

    fn bytes_per_file(&self) -> f64 {
        self.bytes as f64 / self.files as f64
    }

    fn percent(&self) -> f64 {
        100.0 * self.bytes as f64 / self.size as f64
    }
}

/// Sums of one set of documents.
#[derive(Debug, Default)]
struct Sums {
    office: Sum,
    pdf: Sum,
    encrypted: Sum,
    compound: Sum,
    requests: Sum,
    bytes: Sum,
    /// The three strategies by kind of document.
    kinds: BTreeMap<String, [Sum; 3]>,
    wrong: usize,
}

/// One promise and the figure measured.
struct Row {
    what: &'static str,
    measured: f64,
    promised: Option<f64>,
    unit: &'static str,
}

/// System calls of a local reading beside its reads: open, size, close.
const CALLS_BESIDE_READS: f64 = 3.0;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut kept = true;
    for mean_kib in [512, 2048] {
        let set = Set::new(arguments.count, mean_kib << 10, arguments.seed);
        let sums = measure(&set)?;
        let files = sums.requests.files;
        println!(
            "{files} documents, mean {} KiB",
            sums.requests.size / files / 1024
        );
        for row in rows(&sums, mean_kib == 512) {
            kept &= show(&row);
        }
        println!("  wrong answers {}", sums.wrong);
        if arguments.kinds {
            show_kinds(&sums);
        }
        kept &= sums.wrong == 0;
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn measure(set: &Set) -> std::io::Result<Sums> {
    let mut sums = Sums::default();
    for index in 0..set.count() {
        let document = set.document(index)?;
        let size = document.truth.size;
        let group = match document.truth.group {
            Group::Office => &mut sums.office,
            Group::Pdf => &mut sums.pdf,
            Group::Aes => &mut sums.encrypted,
            Group::Compound => &mut sums.compound,
        };
        let local = read_bytes(&document.bytes, RangeStrategy::LOCAL)?;
        group.add(&local, size);
        let requests = read_bytes(&document.bytes, RangeStrategy::REQUESTS)?;
        sums.requests.add(&requests, size);
        let bytes = read_bytes(&document.bytes, RangeStrategy::BYTES)?;
        sums.bytes.add(&bytes, size);
        let kind = sums.kinds.entry(document.truth.kind.clone()).or_default();
        for (sum, measured) in kind.iter_mut().zip([&local, &requests, &bytes]) {
            sum.add(measured, size);
        }
        for measured in [&local, &requests, &bytes] {
            if !is_right(&document, measured) {
                sums.wrong += 1;
                eprintln!("wrong: {} ({})", document.truth.path, document.truth.kind);
            }
        }
    }
    Ok(sums)
}

/// Whether the labels are those of the document, and protection is named where there is some.
fn is_right(document: &Document, measured: &Measured) -> bool {
    let truth = &document.truth;
    let wanted: BTreeSet<_> = truth
        .labels
        .iter()
        .map(|label| (Some(label.site_id), label.id))
        .collect();
    let found: BTreeSet<_> = measured
        .reading
        .labels
        .iter()
        .map(|label| (label.site_id, label.id))
        .collect();
    let state = match &measured.reading.refusal {
        None => "ok",
        Some(refusal) => refusal.code().trim_start_matches("file."),
    };
    wanted == found && state == truth.state
}

/// The promises of a set; those for local disks are made for the smaller mean.
fn rows(sums: &Sums, small: bool) -> Vec<Row> {
    let local = |promised: f64| small.then_some(promised);
    let row = |what, measured, promised, unit| Row {
        what,
        measured,
        promised,
        unit,
    };
    let calls = |sum: &Sum| sum.reads_per_file() + CALLS_BESIDE_READS;
    vec![
        row(
            "local, bytes per Office file",
            sums.office.bytes_per_file(),
            local(12_288.0),
            "B",
        ),
        row(
            "local, bytes per PDF",
            sums.pdf.bytes_per_file(),
            local(16_384.0),
            "B",
        ),
        row(
            "local, bytes per encrypted PDF",
            sums.encrypted.bytes_per_file(),
            None,
            "B",
        ),
        row(
            "local, bytes per compound file",
            sums.compound.bytes_per_file(),
            None,
            "B",
        ),
        row(
            "local, system calls per Office file",
            calls(&sums.office),
            local(10.0),
            "",
        ),
        row(
            "local, system calls per PDF",
            calls(&sums.pdf),
            local(10.0),
            "",
        ),
        row(
            "local, system calls per encrypted PDF",
            calls(&sums.encrypted),
            None,
            "",
        ),
        row(
            "local, system calls per compound file",
            calls(&sums.compound),
            None,
            "",
        ),
        row(
            "requests, GETs per file",
            sums.requests.reads_per_file(),
            Some(if small { 1.1 } else { 1.25 }),
            "",
        ),
        row(
            "requests, share of the bytes",
            sums.requests.percent(),
            Some(if small { 55.0 } else { 20.0 }),
            "%",
        ),
        row(
            "bytes, GETs per file",
            sums.bytes.reads_per_file(),
            (!small).then_some(1.7),
            "",
        ),
        row(
            "bytes, share of the bytes",
            sums.bytes.percent(),
            (!small).then_some(2.0),
            "%",
        ),
        row(
            "bytes, most GETs of one file",
            f64::from(sums.bytes.most_reads),
            None,
            "",
        ),
    ]
}

/// Prints a row; false when its promise is not kept.
fn show(row: &Row) -> bool {
    let kept = row.promised.is_none_or(|promised| row.measured <= promised);
    let Row {
        what,
        measured,
        unit,
        ..
    } = row;
    let promise = match row.promised {
        Some(promised) if kept => format!("promised {promised:.2} {unit}"),
        Some(promised) => format!("promised {promised:.2} {unit}  NOT KEPT"),
        None => String::new(),
    };
    println!("  {what:40} {measured:10.2} {unit:2} {promise}");
    kept
}

fn show_kinds(sums: &Sums) {
    let heading = ["local B", "reads", "requests %", "GETs", "bytes %", "GETs"];
    let heading = heading.map(|column| format!("{column:>11}")).concat();
    println!("  {:24} {:>5}{heading}", "kind", "files");
    for (kind, [local, requests, bytes]) in &sums.kinds {
        let columns = [
            local.bytes_per_file(),
            local.reads_per_file(),
            requests.percent(),
            requests.reads_per_file(),
            bytes.percent(),
            bytes.reads_per_file(),
        ];
        let columns = columns.map(|value| format!("{value:11.2}")).concat();
        println!("  {kind:24} {:5}{columns}", local.files);
    }
}
