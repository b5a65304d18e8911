//! Which libraries are found, and what of places that cannot be looked into.

use labeld_connector::{Connector, ErrorKind, FeedList};
use labeld_connector_sharepoint::{SharePoint, SharePointOptions, Sites};
use labeld_emulator::microsoft::{SiteRole, SiteState};

use crate::support::{World, refusal};

fn app(world: &World, scope: SharePointOptions) -> SharePoint {
    SharePoint::new("finance", world.tenant(), scope)
}

fn titles(list: &FeedList) -> Vec<&str> {
    let mut titles: Vec<&str> = list.feeds.iter().map(|feed| &*feed.title).collect();
    titles.sort_unstable();
    titles
}

const FINANCE: &str = "sites/finance/Shared Documents";

#[tokio::test]
async fn all_libraries_of_all_sites_but_peoples_own_are_found() {
    let world = World::new().await;
    let microsoft = world.microsoft();
    microsoft.add_site("hr", "HR");
    microsoft.add_library("hr", "Contracts");
    microsoft.add_library("hr", "Secret");
    microsoft.add_site("board", "Board");
    // Several pages of sites.
    world.switch(|switches| switches.site_page_size = 1);
    let list = app(&world, SharePointOptions::default())
        .feeds()
        .await
        .unwrap();
    assert!(list.complete);
    assert!(list.unreadable.is_empty(), "{:?}", list.unreadable);
    let found = titles(&list);
    assert!(found.contains(&FINANCE), "{found:?}");
    assert!(found.contains(&"sites/hr/Contracts"), "{found:?}");
    assert!(
        found.iter().all(|title| title.starts_with("sites/")),
        "{found:?}"
    );

    let base = microsoft.bases().sharepoint.clone();
    let out = |path: &str| base.join(path).unwrap();
    let scope = SharePointOptions {
        exclude: vec![out("sites/board"), out("sites/HR/Secret")],
        ..SharePointOptions::default()
    };
    let list = app(&world, scope).feeds().await.unwrap();
    let left = titles(&list);
    assert!(left.contains(&"sites/hr/Contracts"), "{left:?}");
    assert!(
        !left
            .iter()
            .any(|title| title.contains("board") || title.contains("Secret")),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_site_that_cannot_be_looked_into_does_not_disturb_the_others() {
    for (state, kind) in [
        (SiteState::Unreadable, ErrorKind::Denied),
        (SiteState::Missing, ErrorKind::NotFound),
        (SiteState::Gone, ErrorKind::NotFound),
        (SiteState::Locked, ErrorKind::Locked),
        (SiteState::RecentlyArchived, ErrorKind::Locked),
        (SiteState::FullyArchived, ErrorKind::Locked),
    ] {
        let world = World::new().await;
        world.microsoft().add_site("hr", "HR");
        let drive = world.microsoft().add_library("hr", "Contracts");
        world.microsoft().set_site_state("hr", state);
        let list = app(&world, SharePointOptions::default())
            .feeds()
            .await
            .unwrap();
        assert_eq!(titles(&list), [FINANCE], "{state:?}");
        assert!(list.complete, "{state:?}");
        let [unreadable] = &*list.unreadable else {
            panic!("{state:?}: {:?}", list.unreadable);
        };
        assert_eq!(unreadable.error.kind(), kind, "{state:?}");
        assert_eq!(unreadable.path, "sites/hr", "{state:?}");
        assert!(drive.starts_with(&unreadable.prefix), "{state:?}");
        assert!(unreadable.prefix.len() > 40, "{state:?}");
    }
}

#[tokio::test]
async fn listed_sites_are_found_without_the_list_of_all() {
    let world = World::new().await;
    let microsoft = world.microsoft();
    microsoft.add_site("hr", "HR");
    microsoft.add_library("hr", "Contracts");
    microsoft.grant_site("hr", Some(SiteRole::Read));
    microsoft.set_roles(&["Sites.Selected"], &["Sites.Selected"]);
    let base = microsoft.bases().sharepoint.clone();
    let scope = SharePointOptions {
        sites: Sites::Listed(vec![
            base.join("sites/hr").unwrap(),
            base.join("sites/nowhere").unwrap(),
        ]),
        ..SharePointOptions::default()
    };
    let list = app(&world, scope).feeds().await.unwrap();
    assert!(
        titles(&list)
            .iter()
            .all(|title| title.starts_with("sites/hr/"))
    );
    assert!(!list.feeds.is_empty());
    let [unreadable] = &*list.unreadable else {
        panic!("{:?}", list.unreadable);
    };
    assert!(unreadable.path.ends_with("sites/nowhere"));
    assert!(!list.complete, "the missing site's feeds have no names");
}

#[tokio::test]
async fn a_list_of_sites_with_a_page_missing_is_no_list() {
    let world = World::new().await;
    world.microsoft().add_site("hr", "HR");
    world.switch(|switches| switches.site_page_size = 1);
    world.fault(refusal(403, "accessDenied"), |rule| {
        rule.host("graph").path("/v1.0/sites/**").skip(1).count(1)
    });
    let error = app(&world, SharePointOptions::default())
        .feeds()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}
