//! The suite of every connector, on an emulated Box enterprise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use labeld_conformance::{Chaos, ChaosOptions, Harness, check_all};
use labeld_connector::Connector;
use labeld_emulator::box_service::{EndMarker, Switches};
use labeld_emulator::frame::{Effect, FaultRule};

use crate::support::{Enterprise, refusal, refusal_with};

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes() {
    let outcome = check_all(Enterprise::new).await;
    outcome.unwrap_or_else(|failures| panic!("{failures}"));
}

/// An enterprise whose connectors have bad luck, each its own.
struct Unlucky {
    enterprise: Enterprise,
    seed: Mutex<u64>,
}

#[async_trait]
impl Harness for Unlucky {
    async fn connect(&self) -> Arc<dyn Connector> {
        let seed = {
            let mut seed = self.seed.lock().unwrap();
            *seed += 1;
            *seed
        };
        let inner = Harness::connect(&self.enterprise).await;
        Arc::new(Chaos::new(inner, ChaosOptions::with_seed(seed)))
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.enterprise.put(path, body).await;
    }

    fn root(&self) -> String {
        self.enterprise.root()
    }

    async fn rename(&self, from: &str, to: &str) {
        self.enterprise.rename(from, to).await;
    }

    async fn remove(&self, path: &str) {
        self.enterprise.remove(path).await;
    }

    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        self.enterprise.mirrored_labels()
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        self.enterprise.share(path, address).await
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        self.enterprise.edit_before_write(path, body).await
    }

    async fn truth(&self) -> BTreeMap<String, Vec<u8>> {
        self.enterprise.truth().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_with_bad_luck() {
    for seed in 0..3 {
        let outcome = check_all(async || Unlucky {
            enterprise: Enterprise::new().await,
            seed: Mutex::new(seed * 1_000),
        })
        .await;
        outcome.unwrap_or_else(|failures| panic!("seed {seed}: {failures}"));
    }
}

type Turn = fn(&mut Switches);

/// What the reference leaves open, the other way round.
const TURNS: &[(&str, Turn)] = &[
    (
        "lists end without a marker, events twice and in disorder",
        |switches| {
            switches.end_marker = EndMarker::Absent;
            switches.duplicate_events = true;
            switches.reorder_events = true;
            switches.most_events = 2;
        },
    ),
    (
        "lists end with an empty marker, positions are numbers",
        |switches| {
            switches.end_marker = EndMarker::Empty;
            switches.numeric_positions = true;
            switches.token_type = false;
            switches.offset_minutes = 0;
        },
    ),
    ("events name no owner", |switches| {
        switches.event_owner = false;
        switches.new_version_event = "UPLOAD".to_owned();
        switches.folder_create_event = true;
        switches.download_events = false;
    }),
    (
        "the app is named as who did what it did, and more moves",
        |switches| {
            switches.app_is_event_actor = true;
            switches.item_modify_event = true;
            switches.classification_moves_etag = true;
        },
    ),
    ("content comes without a redirect", |switches| {
        switches.stream_content = true;
        switches.upload_status = 200;
        switches.sha1_upper_case = true;
    }),
    ("ranges are ignored", |switches| {
        switches.range_ignored = true;
        switches.lock_moves_etag = true;
    }),
    ("addresses work once", |switches| {
        switches.single_use = true;
        switches.bad_range_status = 400;
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_however_the_service_is() {
    for (name, turn) in TURNS {
        let outcome = check_all(async || {
            let mut switches = Switches::default();
            turn(&mut switches);
            Enterprise::with(switches).await
        })
        .await;
        outcome.unwrap_or_else(|failures| panic!("{name}: {failures}"));
    }
}

/// What befalls requests, with a part of them that is hit.
fn misfortunes() -> Vec<(&'static str, Vec<FaultRule>)> {
    let api = |effect: Effect| FaultRule::new(effect).host("api");
    let bytes = |effect: Effect| FaultRule::new(effect).host("download");
    let uploads = |effect: Effect| FaultRule::new(effect).host("upload").method("POST");
    vec![
        (
            "the service fails now and then",
            vec![
                api(refusal(500, "internal_server_error")).probability(0.1, 1),
                api(refusal(502, "bad_gateway")).probability(0.1, 2),
                api(refusal(503, "unavailable")).probability(0.1, 3),
            ],
        ),
        (
            "calls are throttled",
            vec![
                api(Effect::Throttle {
                    retry_after: Some(0),
                })
                .probability(0.2, 4),
                api(refusal_with(503, "unavailable", &[("retry-after", "0")])).probability(0.1, 5),
                uploads(refusal_with(
                    429,
                    "rate_limit_exceeded",
                    &[("Retry-After", "0")],
                ))
                .count(1),
            ],
        ),
        (
            "connections break",
            vec![
                api(Effect::RequestLost).probability(0.1, 6),
                api(Effect::AnswerLost).method("GET").probability(0.1, 7),
                bytes(Effect::AnswerLost).probability(0.2, 8),
                bytes(Effect::CutAfter { bytes: 3 }).probability(0.3, 9),
            ],
        ),
        (
            "answers are no answers",
            vec![
                api(Effect::TruncatedJson)
                    .method("GET")
                    .probability(0.1, 10),
                api(Effect::Html).probability(0.1, 11),
                bytes(Effect::Html).probability(0.1, 12),
                bytes(Effect::WrongContentRange).probability(0.1, 13),
            ],
        ),
        (
            "events repeat and turn round",
            vec![
                api(Effect::Duplicate)
                    .path("/2.0/events")
                    .probability(0.5, 14),
                api(Effect::Reorder)
                    .path("/2.0/events")
                    .probability(0.5, 15),
            ],
        ),
        (
            "addresses are refused",
            vec![
                bytes(refusal(403, "forbidden")).probability(0.3, 18),
                bytes(refusal(404, "not_found")).probability(0.1, 19),
            ],
        ),
        (
            "the token is refused once",
            vec![api(refusal(401, "")).path("/2.0/**").skip(3).count(1)],
        ),
        (
            "the answer to an upload is lost",
            vec![uploads(Effect::AnswerLost).count(1)],
        ),
        (
            "an upload gets lost",
            vec![uploads(Effect::RequestLost).count(1)],
        ),
        (
            "the answer to an upload is cut",
            vec![uploads(Effect::TruncatedJson).count(1)],
        ),
        (
            "the position is refused once",
            vec![api(Effect::ExpiredCursor).count(1)],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_whatever_befalls_requests() {
    for (name, rules) in misfortunes() {
        let outcome = check_all(async || {
            let enterprise = Enterprise::new().await;
            for rule in &rules {
                enterprise.emulator.faults().add(rule.clone()).unwrap();
            }
            enterprise
        })
        .await;
        outcome.unwrap_or_else(|failures| panic!("{name}: {failures}"));
    }
}
