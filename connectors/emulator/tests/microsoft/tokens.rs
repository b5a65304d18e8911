//! Asking for tokens, and using them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use labeld_emulator::{APP_CERTIFICATE_PEM, APP_KEY_PEM};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

use crate::support::Cloud;

const GRAPH: &str = "https://graph.microsoft.com/.default";

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    STANDARD.decode(body).unwrap()
}

fn sign(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let key = RsaKeyPair::from_pkcs8(&der(APP_KEY_PEM)).unwrap();
    let encoding: &dyn RsaEncoding = match header["alg"].as_str() {
        Some("RS256") => &RSA_PKCS1_SHA256,
        _ => &RSA_PSS_SHA256,
    };
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        encoding,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A good assertion, with what `change` makes of its header and claims.
fn assertion(cloud: &Cloud, change: &dyn Fn(&mut Value, &mut Value)) -> String {
    let digest = |algorithm| {
        URL_SAFE_NO_PAD.encode(ring::digest::digest(algorithm, &der(APP_CERTIFICATE_PEM)))
    };
    let now = cloud.clock().now().timestamp();
    let mut header = json!({
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": digest(&ring::digest::SHA256),
        "x5t": digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY),
    });
    let mut claims = json!({
        "aud": cloud.token_url(),
        "iss": cloud.microsoft.client_id(),
        "sub": cloud.microsoft.client_id(),
        "jti": "one",
        "nbf": now,
        "exp": now + 600,
    });
    change(&mut header, &mut claims);
    sign(&header, &claims)
}

pub(crate) async fn certificate_token(cloud: &Cloud, scope: &str) -> String {
    let assertion = assertion(cloud, &|_, _| {});
    let answer = cloud
        .ask_token(
            &cloud.token_url(),
            &with_assertion(cloud, &assertion, scope),
        )
        .await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn with_assertion<'a>(
    cloud: &'a Cloud,
    assertion: &'a str,
    scope: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let _ = cloud;
    vec![
        ("client_id", "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"),
        ("grant_type", "client_credentials"),
        ("scope", scope),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
    ]
}

fn code(answer: &crate::support::Answer) -> (u16, String, u64) {
    let body = answer.json();
    (
        answer.status.as_u16(),
        body["error"].as_str().unwrap_or("").to_owned(),
        body["error_codes"][0].as_u64().unwrap_or(0),
    )
}

#[tokio::test]
async fn secrets_are_checked() {
    let cloud = Cloud::start().await;
    let good = [
        ("client_id", "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"),
        ("client_secret", "alder~emulator~secret~1"),
        ("grant_type", "client_credentials"),
        ("scope", GRAPH),
    ];
    let url = cloud.token_url();
    let other = url.replace("7d1f0c52", "7d1f0c53");
    let domain = url.replace(&cloud.microsoft.tenant_id().to_string(), "alder.example");
    type Code = (u16, &'static str, u64);
    let table: Vec<(&str, &str, &str, Code)> = vec![
        (&url, "", "", (200, "", 0)),
        (&domain, "", "", (200, "", 0)),
        (&other, "", "", (400, "invalid_request", 90002)),
        (
            &url,
            "client_secret",
            "wrong",
            (401, "invalid_client", 7_000_215),
        ),
        (
            &url,
            "client_secret",
            "alder~emulator~secret~1-expired",
            (401, "invalid_client", 7_000_222),
        ),
        (
            &url,
            "client_secret",
            "",
            (401, "invalid_client", 7_000_218),
        ),
        (
            &url,
            "client_id",
            "2c9a7b14-0000-0000-0000-000000000000",
            (400, "unauthorized_client", 700_016),
        ),
        (&url, "client_id", "", (400, "invalid_request", 900_144)),
        (&url, "grant_type", "", (400, "invalid_request", 900_144)),
        (
            &url,
            "grant_type",
            "password",
            (400, "unsupported_grant_type", 70003),
        ),
        (
            &url,
            "scope",
            "https://graph.microsoft.com/Files.Read.All",
            (400, "invalid_scope", 70011),
        ),
        (
            &url,
            "scope",
            "https://graph.microsoft.com/.default https://alder.sharepoint.com/.default",
            (400, "invalid_scope", 70011),
        ),
        (
            &url,
            "scope",
            "https://birch.sharepoint.com/.default",
            (400, "invalid_resource", 500_011),
        ),
        (
            &url,
            "scope",
            "https://alder-my.sharepoint.com/.default",
            (200, "", 0),
        ),
    ];
    for (url, name, value, expected) in table {
        let form: Vec<(&str, &str)> = good
            .iter()
            .map(|(known, usual)| {
                if *known == name {
                    (*known, value)
                } else {
                    (*known, *usual)
                }
            })
            .collect();
        let answer = cloud.ask_token(url, &form).await;
        let expected = (expected.0, expected.1.to_owned(), expected.2);
        assert_eq!(code(&answer), expected, "{name} {value}");
    }
    let wrong_verb = cloud.bare(&url, &[]).await;
    assert_eq!(
        (wrong_verb.status.as_u16(), wrong_verb.header("allow")),
        (405, "POST")
    );
}

#[tokio::test]
async fn assertions_are_checked() {
    type Change = fn(&mut Value, &mut Value);
    let table: [(&str, Change, (u16, &str, u64)); 12] = [
        ("PS256", |_, _| {}, (200, "", 0)),
        (
            "RS256",
            |header, _| header["alg"] = json!("RS256"),
            (200, "", 0),
        ),
        (
            "legacy thumbprint",
            |header, _| {
                header["alg"] = json!("RS256");
                header.as_object_mut().unwrap().remove("x5t#S256");
            },
            (200, "", 0),
        ),
        (
            "legacy thumbprint with PS256",
            |header, _| {
                header.as_object_mut().unwrap().remove("x5t#S256");
            },
            (401, "invalid_client", 700_027),
        ),
        (
            "other certificate",
            |header, _| {
                header["x5t#S256"] = json!("AAAA");
                header["x5t"] = json!("AAAA");
            },
            (401, "invalid_client", 700_027),
        ),
        (
            "RS512",
            |header, _| header["alg"] = json!("RS512"),
            (401, "invalid_client", 700_027),
        ),
        (
            "audience",
            |_, claims| claims["aud"] = json!("https://login.microsoftonline.com/x/v2.0"),
            (401, "invalid_client", 700_023),
        ),
        (
            "issuer",
            |_, claims| claims["iss"] = json!("else"),
            (401, "invalid_client", 700_021),
        ),
        (
            "subject",
            |_, claims| claims["sub"] = json!("else"),
            (401, "invalid_client", 700_021),
        ),
        (
            "expired",
            |_, claims| claims["exp"] = json!(claims["nbf"].as_i64().unwrap() - 301),
            (401, "invalid_client", 700_024),
        ),
        (
            "not yet",
            |_, claims| claims["nbf"] = json!(claims["nbf"].as_i64().unwrap() + 301),
            (401, "invalid_client", 700_024),
        ),
        (
            "no end",
            |_, claims| claims["exp"] = Value::Null,
            (401, "invalid_client", 700_024),
        ),
    ];
    let cloud = Cloud::start().await;
    for (name, change, expected) in table {
        let assertion = assertion(&cloud, &change);
        let answer = cloud
            .ask_token(
                &cloud.token_url(),
                &with_assertion(&cloud, &assertion, GRAPH),
            )
            .await;
        assert_eq!(
            code(&answer),
            (expected.0, expected.1.to_owned(), expected.2),
            "{name}"
        );
    }
    let assertion = assertion(&cloud, &|_, claims| claims["jti"] = json!("two"));
    cloud
        .microsoft
        .switch(|switches| switches.refuse_repeated_jti = true);
    for expected in [200, 401] {
        let answer = cloud
            .ask_token(
                &cloud.token_url(),
                &with_assertion(&cloud, &assertion, GRAPH),
            )
            .await;
        assert_eq!(answer.status.as_u16(), expected);
    }
}

#[tokio::test]
async fn tokens_are_checked() {
    let cloud = Cloud::start().await;
    let token = cloud.token().await.to_owned();
    let drive = format!("v1.0/drives/{}", cloud.microsoft.library());
    let sharepoint = cloud
        .token_for("https://alder.sharepoint.com/.default")
        .await;
    let mut garbled = token.clone();
    garbled.pop();
    garbled.push(if token.ends_with('A') { 'B' } else { 'A' });
    for (token, expected) in [
        (token.as_str(), "200"),
        ("nonsense", "401 InvalidAuthenticationToken"),
        ("a.b.c", "401 InvalidAuthenticationToken"),
        (&garbled, "401 InvalidAuthenticationToken"),
        (&sharepoint, "401 InvalidAuthenticationToken"),
    ] {
        assert_eq!(
            cloud.call_as(token, "GET", &drive, &[], "").await.outcome(),
            expected
        );
    }
    let bare = cloud.bare(&cloud.graph(&drive), &[]).await;
    assert_eq!(bare.outcome(), "401 InvalidAuthenticationToken");
    assert!(bare.header("www-authenticate").starts_with("Bearer"));
    cloud.clock().advance(TimeDelta::seconds(3600));
    assert_eq!(
        cloud.get(&drive).await.outcome(),
        "401 InvalidAuthenticationToken"
    );
}
