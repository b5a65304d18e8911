//! Labels as the service itself reads and sets them.

use std::time::Duration;

use labeld_conformance::Harness;
use labeld_connector::{AssignLabel, AssignOutcome, Connector, ErrorKind, FileRef, NativeLabels};
use labeld_connector_sharepoint::SharePointOptions;
use labeld_emulator::frame::{Content, DocumentKind, Effect, Recipe};
use labeld_emulator::microsoft::ExtractShape;
use labeld_graph::{Tenant, TenantOptions};

use crate::library;
use crate::support::{AppDrive, listed_file, refusal};

async fn one_document() -> (AppDrive<SharePointOptions>, FileRef) {
    let app = library().await;
    let document = Content::made(Recipe {
        kind: DocumentKind::Docx,
        size: 20_000,
        seed: 1,
        label: None,
    });
    app.put("a.docx", &document.bytes()).await;
    let file = listed_file(&*app.app(), "a.docx").await.file;
    (app, file)
}

fn request(app: &AppDrive<SharePointOptions>, patience: Duration) -> AssignLabel {
    let label = app
        .world
        .microsoft()
        .labels()
        .into_iter()
        .find(|label| label.enabled && !label.protects && label.parent.is_none())
        .unwrap();
    AssignLabel {
        label: label.id.to_string(),
        method: "auto".to_owned(),
        justification: "by a test".to_owned(),
        patience,
    }
}

fn assigning(app: &AppDrive<SharePointOptions>) -> std::sync::Arc<dyn Connector> {
    let options = TenantOptions {
        assign_labels: true,
        ..app.world.options()
    };
    app.app_of(Tenant::new(options).unwrap())
}

async fn labels(native: &dyn NativeLabels, file: &FileRef) -> Vec<String> {
    let found = native.extract(file).await.unwrap();
    found.into_iter().map(|label| label.label).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_is_followed_to_its_end_and_seen_on_the_file() {
    for shape in [ExtractShape::TopLevel, ExtractShape::Wrapped] {
        let (app, file) = one_document().await;
        app.world.switch(|switches| {
            switches.extract_shape = shape;
            switches.billing = true;
            switches.assign_milliseconds = 500;
        });
        let connector = assigning(&app);
        let native = connector.native_labels().unwrap();
        assert!(labels(native, &file).await.is_empty());
        let request = request(&app, Duration::from_secs(30));
        let outcome = native.assign(&file, &request).await.unwrap();
        assert_eq!(outcome, AssignOutcome::Completed);
        assert_eq!(labels(native, &file).await, [request.label]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_is_not_applied() {
    let (app, file) = one_document().await;
    app.world.switch(|switches| {
        switches.billing = true;
        switches.assign_milliseconds = 1;
        switches.assign_applied = false;
    });
    let connector = assigning(&app);
    let native = connector.native_labels().unwrap();
    let request = request(&app, Duration::from_secs(30));
    let outcome = native.assign(&file, &request).await.unwrap();
    assert_eq!(outcome, AssignOutcome::Completed);
    assert!(
        labels(native, &file).await.is_empty(),
        "the file itself tells"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_ends() {
    let (app, file) = one_document().await;
    app.world.switch(|switches| {
        switches.billing = true;
        switches.assign_milliseconds = u32::MAX;
    });
    let connector = assigning(&app);
    let native = connector.native_labels().unwrap();
    let request = request(&app, Duration::from_millis(50));
    let outcome = native.assign(&file, &request).await.unwrap();
    assert_eq!(outcome, AssignOutcome::Pending);
}

#[tokio::test]
async fn without_payment_the_service_is_asked_once() {
    let (app, file) = one_document().await;
    let connector = assigning(&app);
    let native = connector.native_labels().unwrap();
    let request = request(&app, Duration::from_secs(1));
    for calls in [1, 0] {
        let (outcome, requests) = app.world.requests(native.assign(&file, &request)).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unsupported);
        let asked = requests
            .iter()
            .filter(|entry| entry.host == "graph")
            .count();
        assert_eq!(asked, calls);
    }
}

#[tokio::test]
async fn switched_off_nothing_is_asked() {
    let (app, file) = one_document().await;
    app.world.switch(|switches| switches.billing = true);
    let connector = app.app();
    let native = connector.native_labels().unwrap();
    let request = request(&app, Duration::from_secs(1));
    let (outcome, requests) = app.world.requests(native.assign(&file, &request)).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(requests.is_empty());
}

#[tokio::test]
async fn refusals_are_told_as_what_they_are() {
    let cases: [(&str, Effect, ErrorKind); 4] = [
        (
            "no such type",
            refusal(415, "unsupportedMediaType"),
            ErrorKind::Unsupported,
        ),
        (
            "cannot be opened",
            refusal(423, "fileDoubleKeyEncrypted"),
            ErrorKind::Locked,
        ),
        ("denied", refusal(403, "accessDenied"), ErrorKind::Denied),
        ("gone", refusal(404, "itemNotFound"), ErrorKind::NotFound),
    ];
    for (name, effect, kind) in cases {
        let (app, file) = one_document().await;
        app.world.fault(effect, |rule| {
            rule.method("POST").path("**/*SensitivityLabel*")
        });
        let connector = assigning(&app);
        let native = connector.native_labels().unwrap();
        assert_eq!(
            native.extract(&file).await.unwrap_err().kind(),
            kind,
            "{name}"
        );
        let request = request(&app, Duration::from_secs(1));
        let outcome = native.assign(&file, &request).await;
        assert_eq!(outcome.unwrap_err().kind(), kind, "{name}");
    }
}
