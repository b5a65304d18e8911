//! Writes a set of documents and `truth.jsonl`, which says what a reader must find in each.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use labeld_bench::documents::{Group, Set};

/// Write documents of real shape and size, all invented, and what is true of each.
#[derive(Parser)]
struct Arguments {
    /// Folder to write into; made where it is missing.
    output: PathBuf,
    /// How many documents.
    #[arg(long, default_value_t = 500)]
    count: usize,
    /// The same seed gives the same documents.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mean size of a document in KiB.
    #[arg(long, default_value_t = 512)]
    mean_kib: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    for group in [Group::Office, Group::Pdf, Group::Aes, Group::Compound] {
        fs::create_dir_all(arguments.output.join(group.name()))?;
    }
    let set = Set::new(arguments.count, arguments.mean_kib << 10, arguments.seed);
    let truth = fs::File::create(arguments.output.join("truth.jsonl"))?;
    let mut truth = std::io::BufWriter::new(truth);
    let mut bytes = 0;
    for index in 0..set.count() {
        let document = set.document(index)?;
        fs::write(arguments.output.join(&document.truth.path), &document.bytes)?;
        serde_json::to_writer(&mut truth, &document.truth)?;
        truth.write_all(b"\n")?;
        bytes += document.truth.size;
    }
    truth.flush()?;
    eprintln!(
        "{} documents, {:.1} MiB, mean {} KiB",
        set.count(),
        bytes as f64 / f64::from(1 << 20),
        (bytes >> 10) / set.count().max(1) as u64
    );
    Ok(())
}
