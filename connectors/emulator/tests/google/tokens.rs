//! The token endpoint, and what tokens are good for.

use labeld_emulator::google::DriveService;
use reqwest::Method;
use serde_json::json;

use crate::support::{ADMIN, MINA, World, encoded, of, refusal};

#[tokio::test]
async fn assertions_are_checked() {
    let world = World::new().await;
    let now = world.emulator.clock().now().timestamp();
    let own = world.google().base().join("token").unwrap();
    for (change, expected) in [
        (json!({}), Ok(())),
        (json!({"aud": own.as_str()}), Ok(())),
        (json!({"sub": null}), Ok(())),
        (json!({"iat": now + 120, "exp": now + 3000}), Ok(())),
        (
            json!({"aud": "https://elsewhere.example/token"}),
            Err((400, "invalid_grant", "Invalid JWT: Failed audience check.")),
        ),
        (
            json!({"iss": "other@labeld-demo.iam.gserviceaccount.com"}),
            Err((400, "invalid_grant", "Invalid grant: account not found")),
        ),
        (
            json!({"exp": now + 3601}),
            Err((
                400,
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token",
            )),
        ),
        (
            json!({"iat": now - 4000, "exp": now - 400}),
            Err((
                400,
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token",
            )),
        ),
        (
            json!({"iat": now + 1000, "exp": now + 2000}),
            Err((
                400,
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token",
            )),
        ),
        (
            json!({"sub": "nobody@alder.example"}),
            Err((400, "invalid_grant", "Invalid email or User ID")),
        ),
        (
            json!({"sub": "mina"}),
            Err((400, "invalid_grant", "Not a valid email or user ID.")),
        ),
        (
            json!({"scope": ""}),
            Err((400, "invalid_scope", "Invalid OAuth scope")),
        ),
        (
            json!({"scope": "drive"}),
            Err((400, "invalid_scope", "Invalid OAuth scope")),
        ),
        (
            json!({"scope": "https://www.googleapis.com/auth/drive https://www.googleapis.com/auth/gmail.readonly"}),
            Err((401, "unauthorized_client", "Client is unauthorized")),
        ),
    ] {
        let (status, answer) = world.ask_token(&change).await;
        match expected {
            Ok(()) => {
                assert_eq!(status, 200, "{change}: {answer}");
                assert_eq!(
                    (answer["token_type"].as_str(), answer["expires_in"].as_i64()),
                    (Some("Bearer"), Some(3599))
                );
            }
            Err((code, error, description)) => {
                assert_eq!(
                    (status, answer["error"].as_str()),
                    (code, Some(error)),
                    "{change}"
                );
                assert!(
                    answer["error_description"]
                        .as_str()
                        .unwrap()
                        .starts_with(description),
                    "{change}: {answer}"
                );
            }
        }
    }
    let claims = encoded(
        r#"{"iss":"labeld@labeld-demo.iam.gserviceaccount.com","aud":"https://oauth2.googleapis.com/token","iat":1,"exp":2}"#,
    );
    for (assertion, description) in [
        (
            format!(
                "{}.{claims}.{}",
                encoded(r#"{"alg":"RS256"}"#),
                encoded("no signature")
            ),
            "Invalid JWT Signature.",
        ),
        (
            format!("{}.{claims}.", encoded(r#"{"alg":"none"}"#)),
            "Invalid JWT Signature.",
        ),
        (
            "no assertion".to_owned(),
            "Invalid JWT: Malformed assertion.",
        ),
    ] {
        let (status, answer) = world.post_assertion(&assertion).await;
        assert_eq!(
            (status, answer["error_description"].as_str()),
            (400, Some(description)),
            "{assertion}"
        );
    }
}

#[tokio::test]
async fn tokens_are_for_one_user_and_their_scopes() {
    let world = World::new().await;
    let drive = world.token(MINA, "drive").await;
    let reading = world.token(MINA, "drive.metadata.readonly").await;
    let directory = world.token(ADMIN, "admin.directory.user.readonly").await;
    let not_admin = world.token(MINA, "admin.directory.user.readonly").await;
    let id = world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    let media = format!("drive/v3/files/{id}?alt=media");
    let users = "admin/directory/v1/users?customer=my_customer";
    for (token, target, expected) in [
        (drive.as_str(), media.as_str(), None),
        (&reading, "drive/v3/files", None),
        (
            &reading,
            &media,
            Some(of(403, "insufficientPermissions", None)),
        ),
        (&directory, users, None),
        (&not_admin, users, Some(of(403, "forbidden", None))),
        (
            &directory,
            "drive/v3/files",
            Some(of(403, "insufficientPermissions", None)),
        ),
        (
            &drive,
            users,
            Some(of(403, "insufficientPermissions", None)),
        ),
        (
            "nothing",
            "drive/v3/files",
            Some(of(401, "authError", Some("Authorization"))),
        ),
    ] {
        let answer = world
            .bare(Method::GET, target)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        match expected {
            None => assert_eq!(answer.status().as_u16(), 200, "{target}"),
            Some(expected) => {
                let names_realm = answer.headers().contains_key("www-authenticate");
                assert_eq!(
                    names_realm,
                    matches!(expected.1.as_str(), "authError" | "insufficientPermissions")
                );
                assert_eq!(refusal(answer).await, expected, "{target}");
            }
        }
    }
    let without = world
        .bare(Method::GET, "drive/v3/files")
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(without).await.0, 401);
    world
        .emulator
        .clock()
        .advance(chrono::TimeDelta::seconds(3600));
    let late = world
        .bare(Method::GET, "drive/v3/files")
        .bearer_auth(&drive)
        .send()
        .await
        .unwrap();
    assert_eq!(
        refusal(late).await,
        of(401, "authError", Some("Authorization"))
    );
}

#[tokio::test]
async fn a_person_without_drive_and_an_api_that_is_off_are_refused() {
    let world = World::new().await;
    for (service, expected) in [
        (
            DriveService::InvalidSession,
            of(401, "authError", Some("Authorization")),
        ),
        (DriveService::DomainPolicy, of(403, "domainPolicy", None)),
    ] {
        world.google().set_drive_service(MINA, service).unwrap();
        assert_eq!(world.refused("drive/v3/files").await, expected);
    }
    world
        .google()
        .set_drive_service(MINA, DriveService::On)
        .unwrap();
    world.google().set_api_enabled("drive", false);
    assert_eq!(
        world.refused("drive/v3/files").await,
        of(403, "accessNotConfigured", None)
    );
}

#[tokio::test]
async fn the_bare_service_account_has_nothing_and_no_room() {
    let world = World::new().await;
    let (_, answer) = world.ask_token(&json!({"sub": null})).await;
    let token = answer["access_token"].as_str().unwrap();
    let list = world
        .bare(Method::GET, "drive/v3/files")
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let list: serde_json::Value = list.json().await.unwrap();
    assert_eq!(list["files"], json!([]));
    let make = world
        .bare(Method::POST, "upload/drive/v3/files?uploadType=media")
        .bearer_auth(token)
        .body("x");
    assert_eq!(
        refusal(make.send().await.unwrap()).await,
        of(403, "storageQuotaExceeded", None)
    );
}
