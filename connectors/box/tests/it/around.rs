//! What stands against writing to files, and what is known of their owners.

use labeld_connector::{Answer, Connector, OwnerDetails};
use labeld_connector_box::{BoxApp, BoxOptions, TrackingCodes};
use labeld_emulator::box_service::{NewLock, NewUser};

use crate::access::{PATH, prepared};
use crate::support::{Enterprise, listed};

#[tokio::test]
async fn obstacles_are_locks_and_no_retention() {
    let lock = |app_type: Option<&str>, seconds: Option<i64>| NewLock {
        app_type: app_type.map(str::to_owned),
        seconds,
        ..NewLock::default()
    };
    for (name, lock, retained, forbids, expected) in [
        // Checked out, locked, retained.
        (
            "nothing",
            None,
            false,
            false,
            (Answer::No, Answer::No, Answer::No),
        ),
        (
            "a person",
            Some(lock(None, None)),
            false,
            false,
            (Answer::Yes, Answer::No, Answer::No),
        ),
        (
            "Word",
            Some(lock(Some("office_wopi"), None)),
            false,
            false,
            (Answer::No, Answer::Yes, Answer::No),
        ),
        (
            "Google",
            Some(lock(Some("gsuite"), Some(60))),
            false,
            false,
            (Answer::No, Answer::Yes, Answer::No),
        ),
        (
            "an ended lock",
            Some(lock(None, Some(-1))),
            false,
            false,
            (Answer::No, Answer::No, Answer::No),
        ),
        (
            "retention",
            None,
            true,
            false,
            (Answer::No, Answer::No, Answer::No),
        ),
        (
            "retention that forbids",
            None,
            true,
            true,
            (Answer::No, Answer::No, Answer::Yes),
        ),
        (
            "no retention to forbid",
            None,
            false,
            true,
            (Answer::No, Answer::No, Answer::No),
        ),
    ] {
        let (enterprise, bo, _) = prepared().await;
        let service = enterprise.service();
        let file = service.find(&enterprise.mina(), PATH).unwrap();
        let lock = lock.map(|lock| NewLock {
            by: bo.clone(),
            ..lock
        });
        service.set_lock(&file, lock.as_ref());
        if retained {
            service.retain(&file, Some(1_000));
        }
        let app = BoxApp::new(BoxOptions {
            retention_forbids_writing: forbids,
            ..enterprise.options()
        })
        .unwrap();
        let listed = listed(&app, PATH).await;
        let obstacles = app.obstacles(&listed.file).await.unwrap();
        let found = (obstacles.checked_out, obstacles.locked, obstacles.retained);
        assert_eq!(found, expected, "{name}");
        assert_eq!(obstacles.checkout_required, Answer::No);
        let by = (obstacles.checked_out == Answer::Yes).then(|| "bo@alder.example".to_owned());
        assert_eq!(obstacles.checked_out_by, by, "{name}");
        assert_eq!(
            !obstacles.remarks.is_empty(),
            retained,
            "{name}: {:?}",
            obstacles.remarks
        );
    }
}

#[tokio::test]
async fn owners_have_tracking_codes_and_groups() {
    let enterprise = Enterprise::new().await;
    let service = enterprise.service();
    let bo = service.add_user(&NewUser {
        login: "bo@alder.example".to_owned(),
        name: "Bo Alder".to_owned(),
        tracking_codes: vec![
            ("Department".to_owned(), "Sales".to_owned()),
            ("OU".to_owned(), "alder/emea".to_owned()),
        ],
        ..NewUser::default()
    });
    service.add_user(&NewUser {
        login: "plain@alder.example".to_owned(),
        ..NewUser::default()
    });
    for name in ["Alpha", "Beta"] {
        let group = service.add_group(name, false);
        service.join(&bo, &group);
    }
    let details = |owner: &str,
                   name: &str,
                   department: Option<&str>,
                   unit: Option<&str>,
                   groups: Option<&[&str]>| {
        OwnerDetails {
            owner: owner.to_owned(),
            display_name: Some(name.to_owned()),
            department: department.map(str::to_owned),
            unit: unit.map(str::to_owned),
            groups: groups.map(|groups| groups.iter().map(ToString::to_string).collect()),
        }
    };
    let (bo, plain) = ("bo@alder.example", "plain@alder.example");
    let both: &[&str] = &["Alpha", "Beta"];
    for (codes, groups, expected) in [
        (
            TrackingCodes::default(),
            false,
            vec![
                details(bo, "Bo Alder", Some("Sales"), None, None),
                details(plain, plain, None, None, None),
            ],
        ),
        (
            TrackingCodes {
                department: "cost centre".to_owned(),
                unit: Some("ou".to_owned()),
            },
            true,
            vec![
                details(bo, "Bo Alder", None, Some("alder/emea"), Some(both)),
                details(plain, plain, None, None, Some(&[])),
            ],
        ),
    ] {
        let app = BoxApp::new(BoxOptions {
            tracking_codes: codes,
            owner_groups: groups,
            ..enterprise.options()
        })
        .unwrap();
        let owners = [bo, "nobody@birch.example", plain].map(str::to_owned);
        assert_eq!(app.owner_details(&owners).await.unwrap(), expected);
        let before = enterprise.emulator.journal().last();
        assert_eq!(app.owner_details(&owners).await.unwrap(), expected);
        assert_eq!(enterprise.emulator.journal().last(), before, "asked again");
    }
}
