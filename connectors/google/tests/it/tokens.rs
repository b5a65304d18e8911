//! Tokens: one for each person and scope, and what is said when there is none.

use labeld_connector::http::Secret;
use labeld_connector::{Connector as _, ErrorKind, ReadOptions};
use labeld_connector_google::{GoogleDrive, GoogleOptions};
use labeld_emulator::frame::Effect;

use crate::support::{MINA, World, file_of_mina, sentence, walk};

#[tokio::test]
async fn each_person_and_scope_has_one_token() {
    let world = World::new().await;
    world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    let drive = world.connect(world.options());
    let (_, requests) = world
        .requests(async {
            walk(&drive).await;
            walk(&drive).await;
        })
        .await;
    let tokens = requests
        .iter()
        .filter(|entry| entry.path() == "/token")
        .count();
    // Drive as admin and as Mina, the users, the domains.
    assert_eq!(tokens, 4);
}

#[tokio::test]
async fn a_token_that_is_no_good_is_asked_for_anew() {
    let world = World::new().await;
    let drive = world.connect(world.mina_options());
    let meta = world.one_file(&drive, "plan.docx", b"x").await;
    world.google().revoke_tokens();
    let (read, requests) = world
        .requests(drive.read(&meta.file, ReadOptions::default()))
        .await;
    assert_eq!(read.unwrap(), "x");
    assert_eq!(
        requests
            .iter()
            .filter(|entry| entry.path() == "/token")
            .count(),
        1
    );
    // An hour later all of them are at their end.
    world.emulator.clock().advance(chrono::TimeDelta::hours(2));
    assert_eq!(
        drive
            .read(&meta.file, ReadOptions::default())
            .await
            .unwrap(),
        "x"
    );
}

#[tokio::test]
async fn a_wrong_clock_of_this_machine_is_corrected() {
    for hours in [-5, 5] {
        let world = World::new().await;
        world
            .emulator
            .clock()
            .advance(chrono::TimeDelta::hours(hours));
        let drive = world.connect(world.mina_options());
        world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
        assert_eq!(walk(&drive).await.files.len(), 1, "{hours}");
    }
}

/// The key file of an account that nobody knows.
fn other_key(world: &World) -> Secret {
    let text = world.google().service_account_json();
    let mut key: serde_json::Value = serde_json::from_str(&text).unwrap();
    key["client_email"] = "other@labeld-demo.iam.gserviceaccount.com".into();
    Secret::new(key.to_string())
}

/// Who asks, what is wrong, and what is said about it.
#[tokio::test]
async fn refusals_name_what_to_do() {
    type Change = fn(&World, GoogleOptions) -> GoogleOptions;
    let table: [(&str, Change, ErrorKind, &str); 4] = [
        (
            "scope",
            |world, options| {
                world.google().set_delegated("drive", false);
                options
            },
            ErrorKind::Unauthenticated,
            "the scope https://www.googleapis.com/auth/drive is not granted to client 100000000000000000001",
        ),
        (
            "read-only scope",
            |world, options| {
                world.google().set_delegated("drive.readonly", false);
                GoogleOptions {
                    read_only: true,
                    ..options
                }
            },
            ErrorKind::Unauthenticated,
            "auth/drive.readonly is not granted",
        ),
        (
            "account",
            |world, options| GoogleOptions {
                service_account_json: other_key(world),
                ..options
            },
            ErrorKind::Unauthenticated,
            "the service account was deleted",
        ),
        (
            "API",
            |world, options| {
                world.google().set_api_enabled("drive", false);
                options
            },
            ErrorKind::Unauthenticated,
            "accessNotConfigured",
        ),
    ];
    for (what, change, kind, words) in table {
        let world = World::new().await;
        let id = world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
        let drive = world.connect(change(&world, world.mina_options()));
        let error = drive.stat(&file_of_mina(&id)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{what}");
        let told = sentence(&error);
        assert!(told.contains(words), "{what}: {told}");
        assert!(
            !told.contains("PRIVATE KEY") && !told.contains("eyJ"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_person_who_is_not_there_is_no_reason_to_stop() {
    let world = World::new().await;
    let drive = world.connect(world.mina_options());
    let file = labeld_connector::FileRef("user/nobody@alder.example/1AbC".to_owned());
    let error = drive.stat(&file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        sentence(&error).contains("no primary address"),
        "{}",
        sentence(&error)
    );
}

#[tokio::test]
async fn the_token_endpoint_is_asked_again_when_it_fails() {
    let world = World::new().await;
    let effect = Effect::Status {
        code: 503,
        headers: [].into(),
        body: serde_json::json!({"error": "internal_failure"}),
    };
    world.fault(effect, |rule| rule.path("/token").count(2));
    let drive = world.connect(world.mina_options());
    assert!(walk(&drive).await.failed.is_empty());
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let world = World::new().await;
    let drive: GoogleDrive = world.connect(world.mina_options());
    let shown = format!("{drive} {drive:?} {:?}", world.mina_options());
    for secret in ["PRIVATE KEY", "private_key", "ya29"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(
        shown.contains("Google Drive app \"drive\" of alder.example"),
        "{shown}"
    );
}
