//! What becomes of writes.

use labeld_conformance::Harness;
use labeld_connector::{ErrorKind, FileMeta, WriteOptions};
use labeld_connector_sharepoint::SharePointOptions;
use labeld_emulator::frame::{Content, DocumentKind, Effect, Recipe};
use labeld_emulator::microsoft::{IfMatch, LockForm, Retention, SiteState};
use labeld_graph::{Tenant, TenantOptions};

use crate::library;
use crate::support::{AppDrive, MINA, listed_file, refusal};

const NEW: &[u8] = b"the new content";

fn expecting(meta: &FileMeta) -> WriteOptions {
    WriteOptions {
        expect: meta.version.clone(),
        keep_modified: false,
    }
}

async fn one_file() -> (AppDrive<SharePointOptions>, FileMeta) {
    let app = library().await;
    app.put("plans/a.docx", b"the old content").await;
    let meta = listed_file(&*app.app(), "a.docx").await;
    (app, meta)
}

async fn content(app: &AppDrive<SharePointOptions>) -> Vec<u8> {
    app.truth().await.remove("plans/a.docx").unwrap_or_default()
}

#[tokio::test]
async fn one_write_makes_one_version_in_our_name() {
    let (app, meta) = one_file().await;
    let before = app.world.emulator.journal().versions().len();
    let connector = app.app();
    let writing = connector.write(&meta.file, NEW.into(), expecting(&meta));
    let (written, requests) = app.world.requests(writing).await;
    let written = written.unwrap();
    assert_eq!((written.folder, written.name), (meta.folder, meta.name));
    let upload = requests.iter().find(|entry| entry.method == "PUT").unwrap();
    assert_eq!(
        upload.header("content-type"),
        Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
    );
    assert!(
        upload
            .header("if-match")
            .is_some_and(|tag| tag.starts_with("\"{"))
    );
    assert_eq!(
        upload.header("user-agent"),
        Some("NONISV|alder|labeld/test")
    );
    let versions = app.world.emulator.journal().versions();
    let client = app.world.microsoft().client_id();
    assert_eq!(versions.len(), before + 1);
    assert_eq!(versions[before].application.as_deref(), Some(&*client));
}

/// What happens to a file before it is written to, and what the write must come to.
type Obstacle = fn(&AppDrive<SharePointOptions>);

const REFUSALS: &[(&str, Obstacle, ErrorKind)] = &[
    (
        "locked: notAllowed",
        |app| lock(app, LockForm::NotAllowed),
        ErrorKind::Locked,
    ),
    (
        "locked: resourceLocked",
        |app| lock(app, LockForm::ResourceLocked),
        ErrorKind::Locked,
    ),
    (
        "locked: accessDenied",
        |app| lock(app, LockForm::AccessDenied),
        ErrorKind::Locked,
    ),
    (
        "locked: lockMismatch",
        |app| lock(app, LockForm::LockMismatch),
        ErrorKind::Locked,
    ),
    (
        "checked out",
        |app| {
            app.world
                .microsoft()
                .check_out(&app.drive, "plans/a.docx", MINA);
        },
        ErrorKind::CheckedOut,
    ),
    (
        "check-out required, 400",
        |app| require_checkout(app, 400),
        ErrorKind::CheckedOut,
    ),
    (
        "check-out required, 403",
        |app| require_checkout(app, 403),
        ErrorKind::CheckedOut,
    ),
    (
        "check-out required, 409",
        |app| require_checkout(app, 409),
        ErrorKind::CheckedOut,
    ),
    (
        "check-out required, 423",
        |app| require_checkout(app, 423),
        ErrorKind::CheckedOut,
    ),
    (
        "check-out required, 500",
        |app| require_checkout(app, 500),
        ErrorKind::CheckedOut,
    ),
    ("a record, 423", |app| retain(app, 423), ErrorKind::Locked),
    ("a record, 403", |app| retain(app, 403), ErrorKind::Denied),
    (
        "an archived site",
        |app| state(app, SiteState::FullyArchived),
        ErrorKind::Locked,
    ),
    (
        "a site to be read only",
        |app| state(app, SiteState::ReadOnly),
        ErrorKind::Denied,
    ),
    (
        "no room left",
        |app| app.world.microsoft().set_quota(&app.drive, 3),
        ErrorKind::QuotaExceeded,
    ),
    (
        "too large for the service",
        |app| {
            app.world
                .switch(|switches| switches.upload_maximum_bytes = 3);
        },
        ErrorKind::TooLarge,
    ),
    (
        "somebody saved it meanwhile, 412",
        |app| saved_meanwhile(app, IfMatch::Honour412),
        ErrorKind::Changed,
    ),
    (
        "somebody saved it meanwhile, 409",
        |app| saved_meanwhile(app, IfMatch::Honour409),
        ErrorKind::Changed,
    ),
    (
        "somebody saved it meanwhile, notAllowed",
        |app| saved_meanwhile(app, IfMatch::HonourNotAllowed),
        ErrorKind::Changed,
    ),
    (
        "the request is lost each time",
        |app| {
            app.world
                .fault(Effect::RequestLost, |rule| rule.method("PUT"));
        },
        ErrorKind::Transient,
    ),
    (
        "the service fails",
        |app| {
            app.world
                .fault(refusal(500, "generalException"), |rule| rule.method("PUT"));
        },
        ErrorKind::Transient,
    ),
    (
        "the service fails without a word",
        |app| {
            let effect = Effect::Status {
                code: 502,
                headers: Default::default(),
                body: "<html>bad gateway</html>".into(),
            };
            app.world.fault(effect, |rule| rule.method("PUT"));
        },
        ErrorKind::Transient,
    ),
    (
        "the file is gone",
        |app| app.world.microsoft().remove(&app.drive, "plans/a.docx"),
        ErrorKind::NotFound,
    ),
];

fn lock(app: &AppDrive<SharePointOptions>, form: LockForm) {
    app.world
        .microsoft()
        .lock(&app.drive, "plans/a.docx", MINA, form);
}

fn require_checkout(app: &AppDrive<SharePointOptions>, status: u16) {
    app.world
        .switch(|switches| switches.checkout_required_status = status);
    app.world.microsoft().require_checkout(&app.drive, true);
}

fn retain(app: &AppDrive<SharePointOptions>, status: u16) {
    app.world.switch(|switches| switches.record_status = status);
    let record = Some(Retention::default());
    app.world
        .microsoft()
        .retain(&app.drive, "plans/a.docx", record);
}

fn state(app: &AppDrive<SharePointOptions>, state: SiteState) {
    app.world.microsoft().set_site_state("quiet", state);
}

fn saved_meanwhile(app: &AppDrive<SharePointOptions>, if_match: IfMatch) {
    app.world.switch(|switches| switches.if_match = if_match);
    app.world
        .microsoft()
        .edit_before_upload(&app.drive, "plans/a.docx", "a person's words", MINA);
}

#[tokio::test]
async fn each_refusal_is_told_as_what_it_is_and_nothing_of_ours_is_stored() {
    for (name, obstacle, kind) in REFUSALS {
        let (app, meta) = one_file().await;
        // With a connector that has made its calls before.
        let connector = app.app();
        connector.stat(&meta.file).await.unwrap();
        obstacle(&app);
        let outcome = connector
            .write(&meta.file, NEW.into(), expecting(&meta))
            .await;
        let found = outcome.err().map(|error| error.kind());
        assert_eq!(found, Some(*kind), "{name}");
        assert_ne!(content(&app).await, NEW, "{name}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_settled_by_a_look() {
    for (name, effect) in [
        ("lost", Effect::AnswerLost),
        ("cut", Effect::CutAfter { bytes: 10 }),
        ("half a JSON", Effect::TruncatedJson),
    ] {
        let (app, meta) = one_file().await;
        let before = app.world.emulator.journal().versions().len();
        app.world.fault(effect, |rule| rule.method("PUT"));
        let written = app
            .app()
            .write(&meta.file, NEW.into(), expecting(&meta))
            .await
            .unwrap();
        assert_eq!(written.own_write, Some(true), "{name}");
        assert_eq!(content(&app).await, NEW, "{name}");
        let versions = app.world.emulator.journal().versions().len();
        assert_eq!(versions, before + 1, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_the_service_rewrites_is_still_our_own_write() {
    let office = |seed| {
        Content::made(Recipe {
            kind: DocumentKind::Docx,
            size: 20_000,
            seed,
            label: None,
        })
        .bytes()
    };
    for effect in [None, Some(Effect::AnswerLost)] {
        let app = library().await;
        app.put("plans/a.docx", &office(1)).await;
        let connector = app.app();
        let meta = listed_file(&*connector, "a.docx").await;
        if let Some(effect) = effect {
            app.world.fault(effect, |rule| rule.method("PUT"));
        }
        let writing = connector.write(&meta.file, office(2), expecting(&meta));
        let written = writing.await.unwrap();
        assert_eq!(written.own_write, Some(true));
        let rewritten = listed_file(&*app.app(), "a.docx").await;
        assert_ne!(
            content(&app).await,
            office(2),
            "the service has rewritten it"
        );
        assert_ne!(rewritten.version, meta.version);
        assert_eq!(rewritten.own_write, Some(true));
    }
}

#[tokio::test]
async fn where_the_precondition_is_not_heeded_the_covered_edit_stays_in_the_history() {
    let (app, meta) = one_file().await;
    saved_meanwhile(&app, IfMatch::Ignore);
    let writing = app.app();
    let writing = writing.write(&meta.file, NEW.into(), expecting(&meta));
    let (outcome, requests) = app.world.requests(writing).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    let edit = error.covered_edit().unwrap();
    assert!(!edit.put_back && edit.version.is_some(), "{edit:?}");
    assert_eq!(content(&app).await, NEW);
    let looked = requests
        .iter()
        .any(|entry| entry.path().ends_with("/versions"));
    assert!(looked, "the history is looked at");
}

#[tokio::test]
async fn a_library_that_refused_a_write_for_want_of_a_check_out_is_remembered() {
    let (app, meta) = one_file().await;
    require_checkout(&app, 423);
    let tenant = Tenant::new(app.world.secret_options()).unwrap();
    let connector = app.app_of(tenant);
    let before = connector.obstacles(&meta.file).await.unwrap();
    assert_eq!(before.checkout_required, labeld_connector::Answer::Unknown);
    connector
        .write(&meta.file, NEW.into(), expecting(&meta))
        .await
        .unwrap_err();
    let after = connector.obstacles(&meta.file).await.unwrap();
    assert_eq!(after.checkout_required, labeld_connector::Answer::Yes);
}

#[tokio::test]
async fn a_tenant_that_is_read_only_is_not_written_to() {
    let (app, meta) = one_file().await;
    let options = TenantOptions {
        read_only: true,
        ..app.world.options()
    };
    let connector = app.app_of(Tenant::new(options).unwrap());
    assert!(!connector.capabilities().write);
    let writing = connector.write(&meta.file, NEW.into(), expecting(&meta));
    let (outcome, requests) = app.world.requests(writing).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(requests.is_empty());
}
