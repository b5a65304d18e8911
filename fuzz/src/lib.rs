//! Fuzz targets of labeld's parsers; `README.md` says how to run them.
//!
//! [`targets`] turns fuzz input into documents and checks how they are read. It is free of fuzzing
//! machinery, so that `formats/tests/fuzz_regressions.rs` replays findings with the very same code.

pub mod memory;
pub mod targets;

/// Largest amount of memory that one file may cost, in bytes (promises, "Hostile input").
const MOST_MEMORY: usize = 128 << 20;

/// Runs one target over one input.
///
/// # Panics
///
/// When the reader breaks a promise: that is a finding.
pub fn run(target: &str, input: &[u8]) {
    let peak = memory::peak_of(|| targets::check(target, input));
    assert!(
        peak <= MOST_MEMORY,
        "reading it took {peak} bytes of memory"
    );
}
