//! Reads files as `labeld inspect` does, without its command line, threads and output: what the
//! readers themselves cost.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use labeld_bench::reading::{Measured, read_file};

/// Read labels of files, one after the other.
#[derive(Parser)]
struct Arguments {
    /// File with one path per line.
    list: PathBuf,
    /// Print a JSON object for each file.
    #[arg(long)]
    print: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let list = std::fs::read_to_string(&arguments.list)?;
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    for path in list.lines() {
        let measured = read_file(Path::new(path))?;
        if arguments.print {
            serde_json::to_writer(&mut output, &shown(path, &measured))?;
            output.write_all(b"\n")?;
        }
    }
    output.flush()?;
    Ok(())
}

fn shown(path: &str, measured: &Measured) -> serde_json::Value {
    let reading = &measured.reading;
    serde_json::json!({
        "path": path,
        "labels": reading.labels,
        "reason": reading.refusal.as_ref().map(ToString::to_string),
        "protection": reading.protection,
        "bytes_read": measured.bytes,
        "reads": measured.reads,
    })
}
