//! The token endpoint.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, JWT, World, assertion};

/// Claims that are right.
fn claims(world: &World, jti: &str) -> Value {
    json!({
        "iss": world.service().client_id(),
        "sub": world.service().enterprise_id(),
        "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token",
        "jti": jti,
        "exp": (world.emulator.clock().now() + TimeDelta::seconds(30)).timestamp(),
    })
}

async fn exchange(world: &World, assertion: &str) -> Answer {
    let service = world.service();
    world
        .ask_for_token(&[
            ("grant_type", JWT),
            ("assertion", assertion),
            ("client_id", service.client_id()),
            ("client_secret", service.client_secret()),
        ])
        .await
}

#[tokio::test]
async fn an_assertion_must_be_right_in_everything() {
    type Change = fn(&World, &mut Value);
    let table: &[(&str, Change, &str)] = &[
        ("right", |_, _| {}, ""),
        ("iss", |_, c| c["iss"] = json!("other"), "'iss'"),
        (
            "aud",
            |_, c| c["aud"] = json!("https://api.box.com/"),
            "'aud'",
        ),
        ("sub", |_, c| c["sub"] = json!("1"), "'sub'"),
        ("sub as a number", |_, c| c["sub"] = json!(900_100), "'sub'"),
        (
            "box_sub_type",
            |_, c| c["box_sub_type"] = json!("group"),
            "'sub'",
        ),
        ("short jti", |_, c| c["jti"] = json!("short"), "'jti'"),
        (
            "no jti",
            |_, c| drop(c.as_object_mut().unwrap().remove("jti")),
            "'jti'",
        ),
        (
            "no exp",
            |_, c| drop(c.as_object_mut().unwrap().remove("exp")),
            "'exp'",
        ),
        (
            "past exp",
            |w, c| c["exp"] = json!(w.emulator.clock().now().timestamp() - 1),
            "'exp'",
        ),
        (
            "far exp",
            |w, c| c["exp"] = json!(w.emulator.clock().now().timestamp() + 70),
            "60 seconds",
        ),
    ];
    let world = World::new().await;
    for (index, (name, change, words)) in table.iter().enumerate() {
        let mut claims = claims(&world, &format!("0123456789abcdef{index}"));
        change(&world, &mut claims);
        let answer = exchange(&world, &assertion("k1d8char", &claims, "RS512")).await;
        let described = answer.json()["error_description"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if words.is_empty() {
            assert_eq!(answer.status, 200, "{name}: {described}");
            assert_eq!(answer.json()["token_type"], "bearer");
            assert!(answer.json()["expires_in"].as_u64().unwrap() > 3_600);
        } else {
            assert_eq!(
                answer.outcome(),
                (400, "invalid_grant".to_owned()),
                "{name}"
            );
            assert!(described.contains(words), "{name}: {described}");
        }
    }
    let both = claims(&world, "0123456789abcdef-again");
    let twice = assertion("k1d8char", &both, "RS384");
    assert_eq!(exchange(&world, &twice).await.status, 200);
    let replayed = exchange(&world, &twice).await;
    assert!(
        replayed.json()["error_description"]
            .as_str()
            .unwrap()
            .contains("unique 'jti'")
    );
    let other_key = assertion("another", &claims(&world, "0123456789abcdef-kid"), "RS512");
    assert_eq!(exchange(&world, &other_key).await.status, 400);
    let mut forged = assertion(
        "k1d8char",
        &claims(&world, "0123456789abcdef-forged"),
        "RS512",
    );
    forged.replace_range(forged.len() - 8..forged.len() - 4, "AAAA");
    assert_eq!(exchange(&world, &forged).await.status, 400);
    for text in ["", "a.b", "a.b.c.d", "%.%.%"] {
        assert_eq!(exchange(&world, text).await.status, 400, "{text}");
    }
}

#[tokio::test]
async fn client_credentials_and_refusals_have_the_form_of_oauth() {
    let world = World::new().await;
    let (client, secret) = (world.service().client_id(), world.service().client_secret());
    let (enterprise, mina) = (world.service().enterprise_id(), world.mina());
    let grant = "client_credentials";
    for (fields, status, error) in [
        ([grant, client, secret, "enterprise", &enterprise], 200, ""),
        (
            [grant, client, "wrong", "enterprise", &enterprise],
            400,
            "invalid_client",
        ),
        (
            [grant, "wrong", secret, "enterprise", &enterprise],
            400,
            "invalid_client",
        ),
        (
            [grant, client, secret, "enterprise", "1"],
            400,
            "invalid_grant",
        ),
        (
            [grant, client, secret, "user", &mina],
            400,
            "unauthorized_client",
        ),
        (
            [
                "authorization_code",
                client,
                secret,
                "enterprise",
                &enterprise,
            ],
            400,
            "invalid_request",
        ),
    ] {
        let names = [
            "grant_type",
            "client_id",
            "client_secret",
            "box_subject_type",
            "box_subject_id",
        ];
        let form: Vec<(&str, &str)> = names.into_iter().zip(fields).collect();
        let answer = world.ask_for_token(&form).await;
        assert_eq!(answer.outcome(), (status, error.to_owned()), "{fields:?}");
    }
    world.service().set_app(true, false);
    let form = [
        ("grant_type", grant),
        ("client_id", client),
        ("client_secret", secret),
        ("box_subject_type", "enterprise"),
        ("box_subject_id", &enterprise),
    ];
    let answer = world.ask_for_token(&form).await;
    assert_eq!(answer.outcome(), (400, "unauthorized_client".to_owned()));
}

#[tokio::test]
async fn a_token_ends_and_can_be_revoked() {
    let world = World::new().await;
    let app = world.app().await;
    assert_eq!(app.get("/2.0/users/me").await.status, 200);
    let form = [
        ("client_id", world.service().client_id()),
        ("client_secret", world.service().client_secret()),
        ("token", &app.token),
    ];
    let revoked = world
        .send(world.request("POST", "api", "/oauth2/revoke").form(&form))
        .await;
    assert_eq!(revoked.status, 200);
    assert_eq!(app.get("/2.0/users/me").await.status, 401);

    let app = world.app().await;
    world.emulator.clock().advance(TimeDelta::seconds(4_122));
    assert_eq!(app.get("/2.0/users/me").await.status, 200);
    world.emulator.clock().advance(TimeDelta::seconds(2));
    assert_eq!(app.get("/2.0/users/me").await.status, 401);
}
