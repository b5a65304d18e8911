//! The label list in all its forms.

use labeld_connector::{ErrorKind, Health};
use labeld_emulator::frame::Effect;
use labeld_emulator::microsoft::{Availability, LabelShape};
use labeld_graph::{LabelOrder, ORDER_FIELD, Tenant, TenantOptions};
use serde_json::Value;

use crate::support::{World, refusal};

async fn list(world: &World) -> labeld_connector::Result<Value> {
    let document = world.tenant().label_source().label_list().await?;
    Ok(serde_json::from_slice(&document).unwrap())
}

/// Every id in the document, those of sublabels and parents too.
fn ids(document: &Value) -> Vec<String> {
    fn collect(label: &Value, found: &mut Vec<String>) {
        found.extend(label["id"].as_str().map(str::to_owned));
        for sublabel in label["sublabels"].as_array().into_iter().flatten() {
            collect(sublabel, found);
        }
        if label["parent"].is_object() {
            collect(&label["parent"], found);
        }
    }
    let mut found = Vec::new();
    for label in document["value"].as_array().unwrap() {
        collect(label, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn every_label_is_there_in_every_form() {
    for shape in [LabelShape::Metadata, LabelShape::Docs, LabelShape::Both] {
        for page in [None, Some(1), Some(2)] {
            for beta in [false, true] {
                let world = World::new().await;
                world.switch(|switches| {
                    switches.label_shape = shape;
                    switches.label_page_size = page;
                    if beta {
                        switches.labels_v1 = Availability::NotFound;
                    }
                });
                let labels = world.microsoft().labels();
                let mut expected: Vec<String> =
                    labels.iter().map(|label| label.id.to_string()).collect();
                expected.sort();
                let document = list(&world).await.unwrap();
                assert_eq!(ids(&document), expected, "{shape:?} {page:?} beta: {beta}");
                assert_eq!(document.get(ORDER_FIELD), None);
                assert_eq!(document.get("@odata.nextLink"), None);
            }
        }
    }
}

#[tokio::test]
async fn the_endpoint_that_answered_is_asked_first() {
    let world = World::new().await;
    world.switch(|switches| switches.labels_v1 = Availability::Forbidden);
    let source = world.tenant().label_source();
    for calls in [2, 1] {
        let (outcome, requests) = world.requests(source.label_list()).await;
        outcome.unwrap();
        let asked = requests.iter().filter(|entry| entry.host == "graph");
        assert_eq!(asked.count(), calls);
    }
    // It may change its mind.
    world.switch(|switches| {
        switches.labels_v1 = Availability::Available;
        switches.labels_beta = Availability::NotFound;
    });
    source.label_list().await.unwrap();
}

#[tokio::test]
async fn a_list_of_which_a_part_is_missing_is_an_error() {
    type Turn = fn(&World);
    let cases: [(&str, Turn, ErrorKind); 4] = [
        (
            "both endpoints refuse",
            |world| {
                world.switch(|switches| {
                    switches.labels_v1 = Availability::Forbidden;
                    switches.labels_beta = Availability::NotFound;
                });
            },
            ErrorKind::Denied,
        ),
        (
            "the service fails",
            |world| world.switch(|switches| switches.labels_v1 = Availability::Failing),
            ErrorKind::Transient,
        ),
        (
            "the second page is missing",
            |world| {
                world.switch(|switches| switches.label_page_size = Some(1));
                world.fault(refusal(500, "generalException"), |rule| {
                    rule.host("graph").path("**/sensitivityLabels").skip(1)
                });
            },
            ErrorKind::Transient,
        ),
        (
            "the next page is of another service",
            |world| {
                let answer = Effect::Status {
                    code: 200,
                    headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
                    body: serde_json::json!({"value": [], "@odata.nextLink": "https://evil.example/"}),
                };
                world.fault(answer, |rule| rule.host("graph"));
            },
            ErrorKind::Malformed,
        ),
    ];
    for (name, turn, kind) in cases {
        let world = World::new().await;
        turn(&world);
        let error = list(&world).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}");
        let found = world.tenant().label_source().examine().await;
        assert_eq!(found[0].health, Health::Warning, "{name}: {found:?}");
    }
}

#[tokio::test]
async fn a_list_whose_order_is_turned_round_says_so() {
    let world = World::new().await;
    let options = TenantOptions {
        label_order: LabelOrder::Descending,
        ..world.options()
    };
    let source = Tenant::new(options).unwrap().label_source();
    let document: Value = serde_json::from_slice(&source.label_list().await.unwrap()).unwrap();
    assert_eq!(document[ORDER_FIELD], "descending");
}
