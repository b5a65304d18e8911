//! What `labeld doctor` sees.

use chrono::TimeDelta;
use labeld_connector::{Connector, Health};
use labeld_connector_box::{BoxApp, BoxOptions, Users};
use labeld_emulator::box_service::{NewUser, Role};
use labeld_emulator::frame::Effect;

use crate::account::client_credentials;
use crate::support::{Enterprise, refusal};

/// What is found wrong, for what is set up wrong.
#[tokio::test]
async fn an_examination_names_what_is_missing() {
    type Setting = fn(&Enterprise, &mut BoxOptions);
    let all: Setting = |_, _| {};
    type Wrong = &'static [(&'static str, Health)];
    let table: &[(&str, Setting, Wrong)] = &[
        ("all is well", all, &[]),
        (
            "an administrator",
            |_, options| options.exclude = Vec::new(),
            &[("users", Health::Warning)],
        ),
        (
            "nobody",
            |_, options| options.users = Users::Listed(vec!["nobody@alder.example".to_owned()]),
            &[
                ("users", Health::Warning),
                ("listed users", Health::Warning),
            ],
        ),
        (
            "no users",
            |e, _| {
                e.service().set_scopes(&[
                    "root_readwrite",
                    "manage_groups",
                    "manage_enterprise_properties",
                ]);
            },
            &[("scope to list users", Health::Failed)],
        ),
        (
            "no groups",
            |e, _| {
                e.service().set_scopes(&[
                    "root_readwrite",
                    "manage_managed_users",
                    "manage_enterprise_properties",
                ]);
            },
            &[("scope to list groups", Health::Warning)],
        ),
        (
            "no events",
            |e, _| {
                e.service().set_scopes(&[
                    "root_readwrite",
                    "manage_managed_users",
                    "manage_groups",
                ]);
            },
            &[("scope to read events", Health::Failed)],
        ),
        (
            "reading only",
            |e, _| {
                e.service().set_scopes(&[
                    "root_readonly",
                    "manage_managed_users",
                    "manage_groups",
                    "manage_enterprise_properties",
                ]);
            },
            &[("scope to write files", Health::Failed)],
        ),
        (
            "reading only is wanted",
            |e, options| {
                e.service().set_scopes(&[
                    "root_readonly",
                    "manage_managed_users",
                    "manage_groups",
                    "manage_enterprise_properties",
                ]);
                options.read_only = true;
            },
            &[],
        ),
        (
            "no As-User",
            |e, _| e.service().set_app(false, true),
            &[("acting as users", Health::Failed)],
        ),
        (
            "a wrong clock",
            |e, _| e.emulator.clock().advance(TimeDelta::minutes(10)),
            &[("clock", Health::Warning)],
        ),
        (
            "another enterprise",
            |e, options| {
                options.credential = client_credentials(e, e.service().client_secret());
                e.fault(
                    Effect::Status {
                        code: 200,
                        headers: std::collections::BTreeMap::new(),
                        body: serde_json::json!({"type": "user", "id": "1", "login": "x", "enterprise": {"id": "7"}}),
                    },
                    |rule| rule.path("/2.0/users/me").count(1),
                );
            },
            &[("enterprise", Health::Warning)],
        ),
        (
            "a bad moment",
            |e, _| {
                e.fault(refusal(500, "internal_server_error"), |rule| {
                    rule.path("/2.0/groups")
                });
            },
            &[("scope to list groups", Health::Warning)],
        ),
    ];
    for (name, set, wrong) in table {
        let enterprise = Enterprise::new().await;
        let mut options = enterprise.options();
        set(&enterprise, &mut options);
        let before = enterprise.emulator.journal().versions().len();
        let seen = BoxApp::new(options).unwrap().examine().await;
        let found: Vec<(&str, Health)> = seen
            .iter()
            .filter(|one| one.health != Health::Passed)
            .map(|one| (&*one.subject, one.health))
            .collect();
        assert_eq!(found, *wrong, "{name}: {seen:?}");
        for one in seen.iter().filter(|one| one.health != Health::Passed) {
            assert!(!one.fix.is_empty(), "{name}: {one:?}");
        }
        assert_eq!(
            enterprise.emulator.journal().versions().len(),
            before,
            "{name}: something was uploaded"
        );
    }
}

#[tokio::test]
async fn an_examination_counts_who_is_covered() {
    let enterprise = Enterprise::new().await;
    for (login, role) in [
        ("bo", Role::User),
        ("co", Role::Coadmin),
        ("ca", Role::Coadmin),
        ("out", Role::User),
    ] {
        enterprise.service().add_user(&NewUser {
            login: format!("{login}@alder.example"),
            role,
            ..NewUser::default()
        });
    }
    let app = BoxApp::new(BoxOptions {
        exclude: vec!["out@alder.example".to_owned()],
        ..enterprise.options()
    })
    .unwrap();
    let seen = app.examine().await;
    let users = seen.iter().find(|one| one.subject == "users").unwrap();
    assert_eq!(
        users.found,
        "2 covered, 1 administrator not covered, 2 co-administrators not covered, 1 left out by the configuration \
         (not covered: admin@alder.example, co@alder.example, ca@alder.example)"
    );
}
