//! What stands against a write, by certificate and by secret.

use labeld_conformance::Harness;
use labeld_connector::Answer::{No, Unknown, Yes};
use labeld_connector::{Answer, Obstacles};
use labeld_connector_sharepoint::SharePointOptions;
use labeld_emulator::microsoft::{LockForm, Retention};
use labeld_graph::Tenant;

use crate::library;
use crate::support::{AppDrive, MINA, listed_file};

type Case = fn(&AppDrive<SharePointOptions>);

/// What happens, then retained, check-out required, checked out, locked: with a certificate, and with a secret.
type Row = (&'static str, Case, [Answer; 4], [Answer; 4]);

const ROWS: &[Row] = &[
    (
        "nothing",
        |_| {},
        [No, No, No, No],
        [No, Unknown, No, Unknown],
    ),
    (
        "a record",
        |app| {
            let record = Some(Retention::default());
            app.world.microsoft().retain(&app.drive, "a.docx", record);
        },
        [Yes, No, No, No],
        [Yes, Unknown, No, Unknown],
    ),
    (
        "a label that lets content change",
        |app| {
            let label = Retention {
                content_update_allowed: true,
                record_locked: false,
                ..Retention::default()
            };
            app.world
                .microsoft()
                .retain(&app.drive, "a.docx", Some(label));
        },
        [No, No, No, No],
        [No, Unknown, No, Unknown],
    ),
    (
        "check-out required",
        |app| app.world.microsoft().require_checkout(&app.drive, true),
        [No, Yes, No, No],
        [No, Unknown, No, Unknown],
    ),
    (
        "checked out",
        |app| app.world.microsoft().check_out(&app.drive, "a.docx", MINA),
        [No, No, Yes, No],
        [No, Unknown, Yes, Unknown],
    ),
    (
        "locked",
        |app| {
            app.world
                .microsoft()
                .lock(&app.drive, "a.docx", MINA, LockForm::NotAllowed);
        },
        [No, No, No, Yes],
        [No, Unknown, No, Unknown],
    ),
    (
        "no roles of SharePoint",
        |app| {
            let roles = ["Sites.ReadWrite.All", "Files.ReadWrite.All"];
            app.world.microsoft().set_roles(&roles, &[]);
            app.world.microsoft().expire_access_tokens();
        },
        [No, Unknown, No, Unknown],
        [No, Unknown, No, Unknown],
    ),
];

fn answers(obstacles: &Obstacles) -> [Answer; 4] {
    [
        obstacles.retained,
        obstacles.checkout_required,
        obstacles.checked_out,
        obstacles.locked,
    ]
}

#[tokio::test]
async fn each_obstacle_is_told_and_what_is_unknown_has_a_remark() {
    for (name, case, by_certificate, by_secret) in ROWS {
        let app = library().await;
        app.put("a.docx", b"a").await;
        let file = listed_file(&*app.app(), "a.docx").await.file;
        case(&app);
        for (options, expected) in [
            (app.world.options(), by_certificate),
            (app.world.secret_options(), by_secret),
        ] {
            let connector = app.app_of(Tenant::new(options).unwrap());
            let obstacles = connector.obstacles(&file).await.unwrap();
            assert_eq!(answers(&obstacles), *expected, "{name}: {obstacles:?}");
            let unknown = expected.iter().filter(|&&answer| answer == Unknown).count();
            assert_eq!(obstacles.remarks.len(), unknown, "{name}: {obstacles:?}");
            let by = (*name == "checked out").then_some(MINA);
            assert_eq!(obstacles.checked_out_by.as_deref(), by, "{name}");
        }
    }
}

#[tokio::test]
async fn a_secret_is_told_that_a_certificate_is_needed() {
    let app = library().await;
    app.put("a.docx", b"a").await;
    let file = listed_file(&*app.app(), "a.docx").await.file;
    let connector = app.app_of(Tenant::new(app.world.secret_options()).unwrap());
    let looking = connector.obstacles(&file);
    let (obstacles, requests) = app.world.requests(looking).await;
    let remarks = obstacles.unwrap().remarks.join("\n");
    assert!(remarks.contains("certificate"), "{remarks}");
    assert!(
        requests.iter().all(|entry| entry.host != "sharepoint"),
        "SharePoint is not even asked"
    );
}

#[tokio::test]
async fn what_the_operator_declares_holds() {
    let mut app = library().await;
    app.put("a.docx", b"a").await;
    let file = listed_file(&*app.app(), "a.docx").await.file;
    let base = app.world.microsoft().bases().sharepoint.clone();
    app.scope.checkout_required = vec![format!("{base}sites/Quiet/Plans%20and%20Papers/")];
    let connector = app.app_of(Tenant::new(app.world.secret_options()).unwrap());
    let obstacles = connector.obstacles(&file).await.unwrap();
    assert_eq!(obstacles.checkout_required, Yes);
}

#[tokio::test]
async fn the_settings_of_a_library_are_asked_once_a_day() {
    let app = library().await;
    app.put("a.docx", b"a").await;
    let connector = app.app();
    let file = listed_file(&*connector, "a.docx").await.file;
    let asking = async {
        for _ in 0..3 {
            connector.obstacles(&file).await.unwrap();
        }
    };
    let ((), requests) = app.world.requests(asking).await;
    let settings = requests
        .iter()
        .filter(|entry| entry.path().contains("/lists(guid"));
    assert_eq!(settings.count(), 1);
}
