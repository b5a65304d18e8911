//! What each call does.

use std::path::PathBuf;

use anyhow::anyhow;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::World;
use super::answer::{Refusal, Reply, read};
use crate::frame::{FaultRule, RuleId, snapshot};

/// The calls of the frame, for the index.
const CALLS: &[(&str, &str)] = &[
    ("GET /_emulator/", "this list"),
    ("GET /_emulator/clock", "the time of the emulated world"),
    (
        "POST /_emulator/clock",
        "{now?: RFC 3339, advance_seconds?: number, frozen?: bool}",
    ),
    ("GET /_emulator/faults", "the rules and their hits"),
    (
        "POST /_emulator/faults",
        "{provider?, host?, method?, path?, skip?, count?, probability?, seed?, effect}: adds a rule",
    ),
    ("DELETE /_emulator/faults", "removes all rules"),
    ("DELETE /_emulator/faults/{id}", "removes one rule"),
    (
        "GET /_emulator/journal",
        "the requests; ?after=SEQ&provider=NAME&host=NAME&limit=N",
    ),
    ("DELETE /_emulator/journal", "forgets the requests"),
    ("GET /_emulator/versions", "the stored versions; ?after=SEQ"),
    ("DELETE /_emulator/versions", "forgets the stored versions"),
    ("GET /_emulator/switches", "the switches of each provider"),
    (
        "PATCH /_emulator/switches",
        "{provider: {switch: value}}: changes switches",
    ),
    (
        "POST /_emulator/save",
        "{file?}: the state into a file, or as the answer",
    ),
    ("POST /_emulator/restore", "{file} or {state}"),
];

pub(super) async fn index(State(world): State<World>) -> Json<Value> {
    let mut calls: Vec<Value> = CALLS
        .iter()
        .map(|(call, about)| json!({"call": call, "about": about}))
        .collect();
    for provider in world.providers.iter() {
        let name = provider.name();
        calls.extend(provider.operations().iter().map(|operation| {
            let call = format!("POST /_emulator/{name}/{}", operation.name);
            json!({"call": call, "about": operation.about})
        }));
    }
    Json(json!({"calls": calls}))
}

pub(super) async fn clock(State(world): State<World>) -> Json<Value> {
    let clock = &world.frame.clock;
    Json(json!({"now": clock.now(), "frozen": clock.is_frozen()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    now: Option<DateTime<Utc>>,
    advance_seconds: Option<f64>,
    frozen: Option<bool>,
}

pub(super) async fn set_clock(State(world): State<World>, body: Bytes) -> Reply {
    let change: ClockChange = read(&body)?;
    let distance = change.advance_seconds.map(microseconds).transpose()?;
    let clock = &world.frame.clock;
    match change.frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.run(),
        None => {}
    }
    if let Some(now) = change.now {
        clock.set(now);
    }
    if let Some(distance) = distance {
        clock.advance(distance);
    }
    Ok(self::clock(State(world)).await)
}

/// A distance in time of at most a thousand years.
fn microseconds(seconds: f64) -> Result<TimeDelta, Refusal> {
    const MOST_SECONDS: f64 = 1000.0 * 366.0 * 86400.0;
    if seconds.abs() <= MOST_SECONDS {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the bound above fits, and less than a microsecond does not count"
        )]
        return Ok(TimeDelta::microseconds((seconds * 1e6) as i64));
    }
    Err(Refusal::bad_request(
        "\"advance_seconds\" must be a number of seconds below a thousand years",
    ))
}

pub(super) async fn faults(State(world): State<World>) -> Json<Value> {
    Json(json!({"faults": world.frame.faults.list()}))
}

pub(super) async fn add_fault(State(world): State<World>, body: Bytes) -> Reply {
    let rule: FaultRule = read(&body)?;
    if let Some(name) = &rule.provider {
        world.provider(name)?;
    }
    if let Some(host) = &rule.host {
        known_host(&world, host)?;
    }
    let id = world
        .frame
        .faults
        .add(rule)
        .map_err(|invalid| Refusal::bad_request(invalid.to_string()))?;
    Ok(Json(json!({"id": id})))
}

fn known_host(world: &World, host: &str) -> Result<(), Refusal> {
    let mut hosts = world.providers.iter().flat_map(|provider| provider.hosts());
    if hosts.any(|known| known.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    Err(Refusal::not_found(format!("there is no host {host:?}")))
}

pub(super) async fn clear_faults(State(world): State<World>) -> Json<Value> {
    world.frame.faults.clear();
    Json(json!({}))
}

pub(super) async fn remove_fault(
    State(world): State<World>,
    id: Result<Path<RuleId>, PathRejection>,
) -> Reply {
    let Path(id) = id.map_err(|error| Refusal::bad_request(error.body_text()))?;
    if world.frame.faults.remove(id) {
        return Ok(Json(json!({})));
    }
    Err(Refusal::not_found(format!("there is no fault {id}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalQuery {
    #[serde(default)]
    after: u64,
    provider: Option<String>,
    host: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn journal(
    State(world): State<World>,
    query: Result<Query<JournalQuery>, QueryRejection>,
) -> Reply {
    let Query(query) = query.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let is = |wanted: &Option<String>, actual: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted == actual)
    };
    let mut entries = world.frame.journal.since(query.after);
    entries.retain(|entry| is(&query.provider, entry.provider) && is(&query.host, entry.host));
    entries.truncate(query.limit.unwrap_or(usize::MAX));
    Ok(Json(
        json!({"last": world.frame.journal.last(), "entries": entries}),
    ))
}

pub(super) async fn clear_journal(State(world): State<World>) -> Json<Value> {
    world.frame.journal.clear();
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionsQuery {
    #[serde(default)]
    after: u64,
}

pub(super) async fn versions(
    State(world): State<World>,
    query: Result<Query<VersionsQuery>, QueryRejection>,
) -> Reply {
    let Query(query) = query.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let versions = world.frame.journal.versions_since(query.after);
    Ok(Json(json!({"versions": versions})))
}

pub(super) async fn clear_versions(State(world): State<World>) -> Json<Value> {
    world.frame.journal.clear_versions();
    Json(json!({}))
}

pub(super) async fn switches(State(world): State<World>) -> Json<Value> {
    let switches: Map<String, Value> = world
        .providers
        .iter()
        .map(|provider| (provider.name().to_owned(), provider.switches()))
        .collect();
    Json(Value::Object(switches))
}

pub(super) async fn set_switches(State(world): State<World>, body: Bytes) -> Reply {
    let patches: Map<String, Value> = read(&body)?;
    for name in patches.keys() {
        world.provider(name)?;
    }
    for (name, patch) in &patches {
        world.provider(name)?.set_switches(patch)?;
    }
    Ok(switches(State(world)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaveArguments {
    file: Option<PathBuf>,
}

pub(super) async fn save(State(world): State<World>, body: Bytes) -> Reply {
    let SaveArguments { file } = read(&body)?;
    blocking(move || {
        let state = snapshot::save(&world.frame.clock, &world.providers);
        let Some(file) = file else {
            return Ok(state);
        };
        snapshot::write_file(&file, &state).map_err(|error| Refusal::failed(&error))?;
        Ok(json!({"file": file}))
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct RestoreArguments {
    file: Option<PathBuf>,
    state: Option<Value>,
}

pub(super) async fn restore(State(world): State<World>, body: Bytes) -> Reply {
    let arguments: RestoreArguments = read(&body)?;
    blocking(move || {
        let refused = |error: anyhow::Error| Refusal::bad_request(format!("{error:#}"));
        let state = match (arguments.file, arguments.state) {
            (Some(file), None) => snapshot::read_file(&file).map_err(refused)?,
            (None, Some(state)) => state,
            _ => {
                return Err(Refusal::bad_request(
                    "give \"file\" or \"state\", and not both",
                ));
            }
        };
        snapshot::restore(&state, &world.frame.clock, &world.providers).map_err(refused)?;
        Ok(json!({}))
    })
    .await
}

pub(super) async fn operate(
    State(world): State<World>,
    Path((name, operation)): Path<(String, String)>,
    body: Bytes,
) -> Reply {
    let arguments: Map<String, Value> = read(&body)?;
    let provider = world.provider(&name)?.clone();
    blocking(move || Ok(provider.control(&operation, &Value::Object(arguments))?)).await
}

/// Runs what may take long where it keeps no request waiting.
async fn blocking(work: impl FnOnce() -> Result<Value, Refusal> + Send + 'static) -> Reply {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map(Json),
        Err(error) => Err(Refusal::failed(
            &anyhow!(error).context("the call broke off"),
        )),
    }
}
