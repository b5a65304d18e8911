//! What an examination finds.

use chrono::TimeDelta;
use labeld_connector::http::Secret;
use labeld_connector::{Examined, Health};
use labeld_connector_sharepoint::{SharePointOptions, Sites};
use labeld_emulator::microsoft::Availability;
use labeld_graph::{Credential, Tenant, TenantOptions};

use crate::library;
use crate::support::AppDrive;

async fn examined(app: &AppDrive<SharePointOptions>, options: TenantOptions) -> Vec<Examined> {
    app.app_of(Tenant::new(options).unwrap()).examine().await
}

fn of<'a>(found: &'a [Examined], subject: &str) -> &'a Examined {
    let one = found.iter().find(|one| one.subject.contains(subject));
    one.unwrap_or_else(|| panic!("{subject} is not in {found:?}"))
}

#[tokio::test]
async fn a_healthy_app_is_found_healthy() {
    let app = library().await;
    let found = examined(&app, app.world.options()).await;
    let unwell: Vec<_> = found
        .iter()
        .filter(|one| one.health != Health::Passed)
        .collect();
    assert!(unwell.is_empty(), "{unwell:?}");
}

#[tokio::test]
async fn a_wrong_secret_is_told_with_advice() {
    let app = library().await;
    let options = TenantOptions {
        credential: Credential::Secret(Secret::new("Xyzzy42")),
        ..app.world.options()
    };
    let found = examined(&app, options).await;
    assert_eq!(found.len(), 1, "nothing else can be looked at: {found:?}");
    let token = of(&found, "token");
    assert_eq!(token.health, Health::Failed);
    assert!(token.found.contains("secret"), "{token:?}");
    assert!(!format!("{found:?}").contains("Xyzzy42"));
}

#[tokio::test]
async fn a_secret_is_warned_about_what_it_cannot_see() {
    let app = library().await;
    let found = examined(&app, app.world.secret_options()).await;
    let libraries = of(&found, "check-out");
    assert_eq!(libraries.health, Health::Warning);
    assert!(libraries.fix.contains("certificate"), "{libraries:?}");
}

#[tokio::test]
async fn missing_permissions_are_named_with_the_place_to_grant_them() {
    type Case = (
        &'static [&'static str],
        &'static [&'static str],
        &'static str,
        Health,
        &'static str,
    );
    let cases: [Case; 4] = [
        (
            &["Sites.Read.All", "SensitivityLabel.Read", "User.Read.All"],
            &["Sites.Read.All"],
            "permission to write",
            Health::Failed,
            "Files.ReadWrite.All",
        ),
        (
            &["Files.ReadWrite.All", "Sites.Read.All", "User.Read.All"],
            &["Sites.Read.All"],
            "permission to read the label list",
            Health::Warning,
            "SensitivityLabel.Read",
        ),
        (
            &[],
            &[],
            "permission to read files",
            Health::Failed,
            "Files.Read.All",
        ),
        (
            &["Sites.ReadWrite.All", "Files.ReadWrite.All"],
            &[],
            "check-out",
            Health::Warning,
            "Sites.Read.All of SharePoint",
        ),
    ];
    for (graph, sharepoint, subject, health, fix) in cases {
        let app = library().await;
        app.world.microsoft().set_roles(graph, sharepoint);
        let found = examined(&app, app.world.options()).await;
        let one = of(&found, subject);
        assert_eq!(one.health, health, "{one:?}");
        assert!(one.fix.contains(fix), "{one:?}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told() {
    for (minutes, health) in [
        (0, Health::Passed),
        (-5, Health::Warning),
        (5, Health::Warning),
    ] {
        let app = library().await;
        app.world
            .emulator
            .clock()
            .advance(TimeDelta::minutes(minutes));
        let found = examined(&app, app.world.options()).await;
        assert_eq!(of(&found, "clock").health, health, "{minutes}");
        assert_eq!(of(&found, "token").health, Health::Passed, "{minutes}");
    }
}

#[tokio::test]
async fn a_feed_that_fails_is_told() {
    let app = library().await;
    app.world
        .switch(|switches| switches.delta = Availability::Forbidden);
    let found = examined(&app, app.world.options()).await;
    assert_eq!(of(&found, "change feed").health, Health::Failed);
}

#[tokio::test]
async fn a_large_tenant_is_looked_at_by_a_sample() {
    let mut app = library().await;
    for number in 0..30 {
        let site = format!("site{number}");
        app.world.microsoft().add_site(&site, "One of many");
        app.world.microsoft().add_library(&site, "Papers");
    }
    app.scope.sites = Sites::All;
    let connector = app.app();
    let (found, requests) = app.world.requests(connector.examine()).await;
    assert_eq!(of(&found, "drives").health, Health::Passed);
    assert!(requests.len() < 15, "{} requests", requests.len());
}
