//! Prints one line for each file named on the command line: what the reader finds in it, and what
//! finding it costs. `--whole` reads the files into memory instead.
//!
//! ```text
//! cargo run --release -p labeld-formats --example read_labels -- FILE…
//! valgrind --tool=callgrind target/release/examples/read_labels FILE…
//! ```

use std::env;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use labeld_formats::{
    BlockCache, Limits, RangeStrategy, ReadOptions, Reading, TenantKnowledge, read, read_ranged,
};

fn main() -> io::Result<()> {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let whole = env::args().any(|argument| argument == "--whole");
    for path in env::args().skip(1).filter(|path| path != "--whole") {
        let (reading, cost) = if whole {
            let bytes = fs::read(&path)?;
            (read(&bytes.as_slice(), options)?, (bytes.len() as u64, 1))
        } else {
            in_ranges(&path, options)?
        };
        print(&path, &reading, cost);
    }
    Ok(())
}

fn in_ranges(path: &str, options: ReadOptions<'_>) -> io::Result<(Reading, (u64, u32))> {
    let file = File::open(path)?;
    let mut cache = BlockCache::new(file.metadata()?.len(), RangeStrategy::LOCAL);
    let fetch = |range: Range<u64>| {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes)
    };
    let reading = read_ranged(&mut cache, options, fetch)?;
    Ok((reading, (cache.bytes_read(), cache.reads())))
}

fn print(path: &str, reading: &Reading, (bytes, reads): (u64, u32)) {
    let format = reading.format.map_or("-", |format| format.name());
    let state = reading
        .refusal
        .as_ref()
        .map_or("ok", |refusal| refusal.code());
    let labels: Vec<String> = reading
        .labels
        .iter()
        .filter(|label| label.effective)
        .map(|label| label.id.to_string())
        .collect();
    println!(
        "{path}\t{format}\t{state}\t{}\t{}\t{bytes} of {} bytes\t{reads} reads",
        reading.protection.kind.name(),
        labels.join(","),
        reading.size,
    );
}
