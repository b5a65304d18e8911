//! The whole emulated world as JSON, and back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::clock::Time;
use super::{EmulatorClock, Provider, write_private};

/// Changes when older snapshots can no longer be read.
const FORMAT: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    format: u32,
    clock: Time,
    providers: Map<String, Value>,
}

/// The state of the clock and of all providers. The journal and the faults are no part of it.
pub(crate) fn save(clock: &EmulatorClock, providers: &[Arc<dyn Provider>]) -> Value {
    let states: Map<String, Value> = providers
        .iter()
        .map(|provider| (provider.name().to_owned(), provider.save()))
        .collect();
    json!({"format": FORMAT, "clock": clock.save(), "providers": states})
}

/// Puts a saved state in place of the present one. Providers that it does not name stay as they are.
///
/// # Errors
///
/// When it is no such state, or a provider refuses its part; those before it have theirs then.
pub(crate) fn restore(
    saved: &Value,
    clock: &EmulatorClock,
    providers: &[Arc<dyn Provider>],
) -> anyhow::Result<()> {
    let snapshot = Snapshot::deserialize(saved).context("this is not a saved state")?;
    if snapshot.format != FORMAT {
        bail!(
            "the saved state has format {}, and this emulator reads format {FORMAT}",
            snapshot.format
        );
    }
    for name in snapshot.providers.keys() {
        if !providers.iter().any(|provider| provider.name() == name) {
            bail!("the saved state has a provider {name:?}, which this emulator has not");
        }
    }
    for provider in providers {
        if let Some(state) = snapshot.providers.get(provider.name()) {
            provider
                .restore(state)
                .with_context(|| format!("cannot restore {}", provider.name()))?;
        }
    }
    clock.restore(snapshot.clock);
    Ok(())
}

/// Writes a state so that a reader sees either the whole of it or what was there before.
pub(crate) fn write_file(file: &Path, state: &Value) -> anyhow::Result<()> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    write_private(&partial, state.to_string())?;
    fs::rename(&partial, file).with_context(|| format!("cannot write {}", file.display()))
}

/// Reads a state that [`write_file`] wrote.
pub(crate) fn read_file(file: &Path) -> anyhow::Result<Value> {
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("cannot read {}: it is not JSON", file.display()))
}
