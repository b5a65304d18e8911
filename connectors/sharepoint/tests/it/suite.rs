//! The suite of every connector, under everything that the service may do differently or badly.

use labeld_conformance::check_all;
use labeld_emulator::frame::{Effect, FaultRule};
use labeld_emulator::microsoft::{
    BadTokenAnswer, DeletedForm, HashlessForm, IfMatch, LinkForm, NoRetentionLabel, Promotion,
    Switches,
};

use crate::library;
use crate::support::{AppDrive, Unlucky, refusal, refusal_with};

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes() {
    let outcome = check_all(async || library().await).await;
    outcome.unwrap_or_else(|failures| panic!("{failures}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_with_bad_luck() {
    for seed in 0..4 {
        let outcome = check_all(async || Unlucky::new(library().await, seed)).await;
        outcome.unwrap_or_else(|failures| panic!("seed {seed}: {failures}"));
    }
}

/// What the reference leaves open.
type Turn = fn(&mut Switches);

const TURNS: &[(&str, Turn)] = &[
    ("If-Match answers 409, delta has all fields", |switches| {
        switches.if_match = IfMatch::Honour409;
        switches.delta_omits_c_tag = false;
        switches.deleted_form = DeletedForm::Full;
        switches.ctag_moves_on_metadata = false;
    }),
    (
        "If-Match answers notAllowed, links in the form of functions",
        |switches| {
            switches.if_match = IfMatch::HonourNotAllowed;
            switches.delta_link_form = LinkForm::Function;
            switches.delta_bad_token = BadTokenAnswer::Gone;
            switches.deleted_form = DeletedForm::Nameless;
        },
    ),
    (
        "If-Match is not heeded, what lay in a folder is not listed",
        |switches| {
            switches.if_match = IfMatch::Ignore;
            switches.deleted_folder_lists_children = false;
        },
    ),
    ("downloads without an ETag", |switches| {
        switches.download_etag = false;
    }),
    ("content is streamed, no address", |switches| {
        switches.stream_content = true;
        switches.select_download_url = false;
    }),
    ("ranges are ignored", |switches| {
        switches.range_ignored = true;
    }),
    ("addresses work once, ranges want Accept", |switches| {
        switches.single_use = true;
        switches.range_needs_accept = true;
    }),
    ("no hashes, and no cTag in delta", |switches| {
        switches.hash_missing_milliseconds = u32::MAX;
    }),
    ("no hashes at all, links with the whole name", |switches| {
        switches.hash_missing_milliseconds = u32::MAX;
        switches.hashless_form = HashlessForm::NoHashes;
        switches.delta_omits_c_tag = false;
        switches.delta_link_form = LinkForm::QualifiedQuery;
    }),
    (
        "ancestors are not repeated, nothing is rewritten",
        |switches| {
            switches.delta_repeats_ancestors = false;
            switches.delta_repeats_root = false;
            switches.promotion = Promotion::Off;
            switches.no_retention_label = NoRetentionLabel::NotFound;
            switches.inner_error_lower_case = true;
            switches.batch_shuffled = false;
        },
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_however_the_service_is() {
    for (name, turn) in TURNS {
        let outcome = check_all(async || {
            let app = library().await;
            app.world.switch(turn);
            app
        })
        .await;
        outcome.unwrap_or_else(|failures| panic!("{name}: {failures}"));
    }
}

/// What befalls requests, with a part of them that is hit.
fn misfortunes() -> Vec<(&'static str, Vec<FaultRule>)> {
    let on = |effect: Effect| FaultRule::new(effect).host("graph");
    let delta = |effect: Effect| on(effect).path("**/delta");
    let bytes = |effect: Effect| {
        FaultRule::new(effect)
            .host("sharepoint")
            .path("**/download.aspx")
    };
    vec![
        (
            "the service fails now and then",
            vec![
                on(refusal(503, "serviceNotAvailable")).probability(0.1, 1),
                on(refusal(500, "generalException"))
                    .method("GET")
                    .probability(0.1, 2),
                on(Effect::Status {
                    code: 504,
                    headers: Default::default(),
                    body: serde_json::Value::Null,
                })
                .method("GET")
                .probability(0.1, 3),
            ],
        ),
        (
            "calls are throttled",
            vec![
                on(Effect::Throttle {
                    retry_after: Some(0),
                })
                .probability(0.2, 4),
                on(refusal_with(
                    503,
                    "serviceNotAvailable",
                    &[("retry-after", "0")],
                ))
                .probability(0.1, 5),
            ],
        ),
        (
            "connections break",
            vec![
                on(Effect::RequestLost).probability(0.1, 6),
                on(Effect::AnswerLost).method("GET").probability(0.1, 7),
                bytes(Effect::AnswerLost).probability(0.2, 8),
                bytes(Effect::CutAfter { bytes: 3 }).probability(0.3, 9),
            ],
        ),
        (
            "answers are no answers",
            vec![
                on(Effect::TruncatedJson).method("GET").probability(0.1, 10),
                on(Effect::Html).method("GET").probability(0.1, 11),
                bytes(Effect::Html).probability(0.1, 12),
                bytes(Effect::WrongContentRange).probability(0.1, 13),
            ],
        ),
        (
            "delta repeats, turns round and leaves out",
            vec![
                delta(Effect::Duplicate).probability(0.5, 14),
                delta(Effect::EmptyPage).probability(0.3, 16),
                delta(Effect::IdOnly).probability(0.5, 17),
            ],
        ),
        (
            "addresses are refused",
            vec![
                bytes(refusal(401, "unauthenticated")).probability(0.3, 18),
                bytes(refusal(404, "itemNotFound")).probability(0.1, 19),
            ],
        ),
        (
            "tokens are refused once",
            vec![
                on(refusal(401, "InvalidAuthenticationToken"))
                    .skip(3)
                    .count(1),
            ],
        ),
        (
            "the answer to an upload is lost",
            vec![on(Effect::AnswerLost).method("PUT").count(1)],
        ),
        (
            "the answer to an upload is cut",
            vec![on(Effect::TruncatedJson).method("PUT").count(1)],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_whatever_befalls_requests() {
    for (name, rules) in misfortunes() {
        let outcome = check_all(async || unfortunate(&rules).await).await;
        outcome.unwrap_or_else(|failures| panic!("{name}: {failures}"));
    }
}

async fn unfortunate(
    rules: &[FaultRule],
) -> AppDrive<labeld_connector_sharepoint::SharePointOptions> {
    let app = library().await;
    for rule in rules {
        app.world.emulator.faults().add(rule.clone()).unwrap();
    }
    app
}
