//! Who may call what.

use labeld_emulator::box_service::{ALL_SCOPES, NewUser, Role, Status};

use crate::support::World;

#[tokio::test]
async fn a_bad_token_is_refused_without_a_body() {
    let world = World::new().await;
    for header in [
        None,
        Some("Bearer nonsense"),
        Some("Basic eA=="),
        Some("nonsense"),
    ] {
        let mut request = world.request("GET", "api", "/2.0/users/me");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.body.len()), (401, 0), "{header:?}");
        assert!(
            answer
                .header("www-authenticate")
                .contains("error=\"invalid_token\"")
        );
    }
}

#[tokio::test]
async fn only_ordinary_managed_users_can_be_acted_as() {
    let world = World::new().await;
    let service = world.service();
    let add = |login: &str, new: NewUser| {
        service.add_user(&NewUser {
            login: login.to_owned(),
            ..new
        })
    };
    let co = add(
        "co@alder.example",
        NewUser {
            role: Role::Coadmin,
            ..NewUser::default()
        },
    );
    let gone = add(
        "gone@alder.example",
        NewUser {
            status: Status::Inactive,
            ..NewUser::default()
        },
    );
    let outsider = add(
        "olga@birch.example",
        NewUser {
            external: true,
            ..NewUser::default()
        },
    );
    let other_app = add("AutomationUser_1_x@boxdevedition.com", NewUser::default());
    let app_user = add("AppUser_1_x@boxdevedition.com", NewUser::default());
    let myself = world.app().await.get("/2.0/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let denied = (403, "access_denied_insufficient_permissions");
    for (name, user, outcome) in [
        ("mina", world.mina(), (200, "")),
        ("an app user", app_user, (200, "")),
        ("the administrator", service.admin(), denied),
        ("a co-administrator", co, denied),
        ("another service account", other_app, denied),
        ("itself", myself, denied),
        ("an outsider", outsider, denied),
        ("nobody", "1".to_owned(), denied),
        ("nonsense", "mina".to_owned(), denied),
        ("an inactive user", gone, (403, "forbidden")),
    ] {
        let answer = world.caller(&user).await.get("/2.0/folders/0/items").await;
        assert_eq!(
            answer.outcome(),
            (outcome.0, outcome.1.to_owned()),
            "{name}"
        );
    }
    service.set_app(false, true);
    let answer = world.caller(&world.mina()).await.get("/2.0/users/me").await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_service_account_sees_nothing_by_itself() {
    let world = World::new().await;
    let file = world.service().put(&world.mina(), "a.docx", b"a".to_vec());
    let app = world.app().await;
    let root = app.get("/2.0/folders/0/items").await;
    assert_eq!(root.json()["entries"], serde_json::json!([]));
    let answer = app.get(&format!("/2.0/files/{file}")).await;
    assert_eq!(answer.outcome(), (404, "not_found".to_owned()));
    // The scope of the Global Content Manager shows it, and lets nothing be changed without As-User.
    let mut scopes = ALL_SCOPES.to_vec();
    scopes.push("enterprise_content");
    world.service().set_scopes(&scopes);
    let app = world.app().await;
    assert_eq!(app.get(&format!("/2.0/files/{file}")).await.status, 200);
    let change = serde_json::json!({"name": "b.docx"});
    let answer = app
        .call("PUT", &format!("/2.0/files/{file}"), &change)
        .await;
    assert_eq!(answer.status, 403);
    let mina = world.caller(&world.mina()).await;
    assert_eq!(
        mina.call("PUT", &format!("/2.0/files/{file}"), &change)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn each_call_needs_its_scope() {
    for (missing, method, path) in [
        ("manage_managed_users", "GET", "/2.0/users"),
        ("manage_groups", "GET", "/2.0/groups"),
        (
            "manage_enterprise_properties",
            "GET",
            "/2.0/events?stream_type=admin_logs",
        ),
        ("manage_webhook", "GET", "/2.0/webhooks"),
        ("root_readwrite", "DELETE", "/2.0/files/1"),
    ] {
        let world = World::new().await;
        let allowed: Vec<&str> = ALL_SCOPES
            .iter()
            .copied()
            .filter(|scope| *scope != missing)
            .collect();
        let app = world.app().await;
        let with = world.send(app.request(method, path)).await;
        assert!(
            !with
                .header("www-authenticate")
                .contains("insufficient_scope"),
            "{path}"
        );
        world.service().set_scopes(&allowed);
        let app = world.app().await;
        let without = world.send(app.request(method, path)).await;
        assert_eq!((without.status, without.body.len()), (403, 0), "{path}");
        assert!(
            without
                .header("www-authenticate")
                .contains("insufficient_scope"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn calls_are_limited_by_minute_and_user() {
    let world = World::new().await;
    world.emulator.clock().freeze();
    world.switch(|switches| switches.calls_per_minute = Some(2));
    let mina = world.caller(&world.mina()).await;
    for _ in 0..2 {
        assert_eq!(mina.get("/2.0/users/me").await.status, 200);
    }
    let limited = mina.get("/2.0/users/me").await;
    assert_eq!(limited.outcome(), (429, "rate_limit_exceeded".to_owned()));
    let seconds: i64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(
        world.app().await.get("/2.0/users/me").await.status,
        200,
        "another user"
    );
    world
        .emulator
        .clock()
        .advance(chrono::TimeDelta::seconds(seconds));
    assert_eq!(mina.get("/2.0/users/me").await.status, 200);
}

#[tokio::test]
async fn errors_have_the_services_form() {
    let world = World::new().await;
    let mina = world.caller(&world.mina()).await;
    let answer = mina.get("/2.0/files/1").await;
    let body = answer.json();
    assert_eq!(
        (body["type"].as_str(), body["status"].as_u64()),
        (Some("error"), Some(404))
    );
    assert!(body["request_id"].is_string() && body["help_url"].is_string());
    assert_ne!(
        answer.header("box-request-id"),
        body["request_id"].as_str().unwrap()
    );
    assert!(!answer.header("box-request-id").is_empty());
    for (method, path, outcome) in [
        ("GET", "/2.0/files/abc", (405, "method_not_allowed")),
        ("GET", "/2.0/nothing", (404, "not_found")),
        ("PATCH", "/2.0/files/1", (405, "method_not_allowed")),
    ] {
        let answer = world.send(mina.request(method, path)).await;
        assert_eq!(
            answer.outcome(),
            (outcome.0, outcome.1.to_owned()),
            "{method} {path}"
        );
    }
}
