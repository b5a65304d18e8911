//! The suite of every connector. What the service may do differently or badly is shown with SharePoint: all of
//! that is shared.

use labeld_conformance::check_all;
use labeld_emulator::frame::{Effect, FaultRule};

use crate::one_drive;
use crate::support::{Unlucky, refusal};

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes() {
    let outcome = check_all(async || one_drive().await).await;
    outcome.unwrap_or_else(|failures| panic!("{failures}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_with_bad_luck() {
    for seed in 10..12 {
        let outcome = check_all(async || Unlucky::new(one_drive().await, seed)).await;
        outcome.unwrap_or_else(|failures| panic!("seed {seed}: {failures}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_whatever_befalls_requests() {
    let rules = [
        FaultRule::new(refusal(503, "serviceNotAvailable"))
            .host("graph")
            .probability(0.1, 1),
        FaultRule::new(Effect::RequestLost).probability(0.05, 2),
        FaultRule::new(Effect::CutAfter { bytes: 3 })
            .host("sharepoint-my")
            .probability(0.2, 3),
        FaultRule::new(Effect::Duplicate)
            .path("**/delta")
            .probability(0.5, 4),
        FaultRule::new(Effect::IdOnly)
            .path("**/delta")
            .probability(0.5, 5),
    ];
    let outcome = check_all(async || {
        let app = one_drive().await;
        for rule in &rules {
            app.world.emulator.faults().add(rule.clone()).unwrap();
        }
        app
    })
    .await;
    outcome.unwrap_or_else(|failures| panic!("{failures}"));
}
