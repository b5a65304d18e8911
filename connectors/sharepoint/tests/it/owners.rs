//! What the directory knows about owners.

use labeld_conformance::Harness;
use labeld_emulator::microsoft::{GroupKind, NewGroup, NewUser};
use labeld_graph::{Tenant, TenantOptions};

use crate::library;

#[tokio::test]
async fn owners_are_looked_up_together_and_once_a_day() {
    let app = library().await;
    app.put("a.docx", b"a").await;
    let mut owners = vec!["nobody@alder.example".to_owned()];
    for number in 0..25 {
        let name = format!("person{number}@alder.example");
        app.world.microsoft().add_user(NewUser {
            department: Some("Finance".to_owned()),
            distinguished_name: Some(format!("CN=Person {number},OU=Finance,OU=Staff,DC=alder")),
            ..NewUser::named(&name)
        });
        owners.push(name);
    }
    let connector = app.app();
    let (details, requests) = app.world.requests(connector.owner_details(&owners)).await;
    let details = details.unwrap();
    assert_eq!(details.len(), 25, "{details:?}");
    for known in &details {
        assert_eq!(known.department.as_deref(), Some("Finance"));
        assert_eq!(known.unit.as_deref(), Some("OU=Finance,OU=Staff"));
        assert_eq!(known.groups, None);
        assert!(owners.contains(&known.owner));
    }
    let calls = requests
        .iter()
        .filter(|entry| entry.host == "graph")
        .count();
    // Twice twenty by name, and the unknown one by address.
    assert_eq!(calls, 3);
    let (again, requests) = app.world.requests(connector.owner_details(&owners)).await;
    assert_eq!((again.unwrap().len(), requests.len()), (25, 0));
}

#[tokio::test]
async fn groups_are_looked_up_where_they_are_wanted() {
    let app = library().await;
    let microsoft = app.world.microsoft();
    for (name, kind) in [
        ("Controllers", GroupKind::Unified),
        ("Auditors", GroupKind::Security),
        ("Readers", GroupKind::Role),
    ] {
        microsoft.add_group(&NewGroup {
            name: name.to_owned(),
            kind,
            members: vec![crate::support::MINA.to_owned()],
        });
    }
    let options = TenantOptions {
        owner_groups: true,
        ..app.world.options()
    };
    let connector = app.app_of(Tenant::new(options).unwrap());
    let owners = [crate::support::MINA.to_owned()];
    let details = connector.owner_details(&owners).await.unwrap();
    let mut groups = details[0].groups.clone().unwrap();
    groups.sort();
    assert_eq!(groups, ["Auditors", "Controllers", "Finance"]);
}
