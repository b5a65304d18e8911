//! Change notifications, as each service sends them, to apps made from a configuration.

use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, Utc};
use labeld::apps::Organisation;
use labeld::config::Config;
use labeld::http::webhooks::{self, Hint, HintSink, HintTarget, NotNow};
use labeld::model::{AppName, TenantName};
use labeld_connector::{FeedRef, Subscription};
use ring::hmac;

use super::{Reply, exchange};

const SIGNATURE_KEY: &str = "signature-key";

const KEY_FILE: &str = include_str!("../../../connectors/core/tests/keys/pkcs8.pem");

/// Three apps that take notifications, and what they heard.
struct Organisations {
    targets: Vec<HintTarget>,
    heard: Mutex<Vec<String>>,
    away: bool,
}

#[async_trait]
impl HintSink for Organisations {
    async fn targets(
        &self,
        tenant: &TenantName,
        app: Option<&AppName>,
    ) -> Result<Vec<HintTarget>, NotNow> {
        let is_meant = |target: &&HintTarget| {
            target.tenant == *tenant && app.is_none_or(|app| target.app == *app)
        };
        Ok(self.targets.iter().filter(is_meant).cloned().collect())
    }

    async fn heard(&self, target: &HintTarget, hint: Hint) -> Result<(), NotNow> {
        if self.away {
            return Err(NotNow);
        }
        let feeds: Vec<_> = hint.look_at.iter().map(|feed| feed.0.as_str()).collect();
        let (app, feeds, renew) = (&target.app, feeds.join(","), hint.renew.join(","));
        self.heard
            .lock()
            .unwrap()
            .push(format!("{app} look:{feeds} renew:{renew}"));
        Ok(())
    }
}

fn configuration(folder: &std::path::Path) -> Config {
    let key = serde_json::json!({
        "type": "service_account",
        "private_key": KEY_FILE,
        "client_email": "labeld@demo.iam.gserviceaccount.com",
    });
    fs::write(folder.join("key.json"), key.to_string()).unwrap();
    fs::write(folder.join("secret"), "secret").unwrap();
    fs::write(folder.join("signature"), SIGNATURE_KEY).unwrap();
    let text = r#"
        store.sqlite = "labeld.db"
        [[tenant]]
        name = "contoso"
        id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
        [tenant.microsoft]
        client_id = "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"
        client_secret = { file = "secret" }
        notification_url = "https://labeld.example/hooks/contoso"
        [[tenant.sharepoint]]
        name = "sites"
        [[tenant.box]]
        name = "boxes"
        client_id = "client"
        client_secret = { file = "secret" }
        enterprise_id = "900100"
        primary_signature_key = { file = "signature" }
        [[tenant.google]]
        name = "drives"
        service_account = { file = "key.json" }
        admin = "ada@alder.example"
        notification_url = "https://labeld.example/hooks/contoso/drives"
        [[tenant.local]]
        name = "folder"
        root = "."
    "#;
    let path = folder.join("labeld.toml");
    fs::write(&path, text).unwrap();
    Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"))
}

fn subscription(id: &str, feed: &str) -> Subscription {
    Subscription {
        id: id.to_owned(),
        feed: FeedRef(feed.to_owned()),
        secret: "client-state".to_owned(),
        expires: Utc::now() + TimeDelta::days(20),
    }
}

fn organisations(away: bool) -> Organisations {
    // Fails when another test has done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path());
    let tenant = &config.tenants[0];
    let organisation = Organisation::new(&config, tenant);
    let target = |app: labeld::config::AppConfig<'_>| HintTarget {
        tenant: tenant.name.clone(),
        app: app.name().clone(),
        connector: organisation.app(app).unwrap().connector,
        known: match &*app.name().0 {
            "sites" => vec![subscription("subscription-1", "library")],
            "drives" => vec![subscription("channel/resource", "mina")],
            _ => Vec::new(),
        },
    };
    Organisations {
        targets: tenant.apps().map(target).collect(),
        heard: Mutex::default(),
        away,
    }
}

async fn serving(organisations: Arc<Organisations>) -> SocketAddr {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let served = webhooks::serve(address, organisations, std::future::pending()).await;
    served.unwrap().address()
}

async fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request =
        format!("POST {path} HTTP/1.1\r\nHost: labeld.example\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    exchange(address, request.as_bytes()).await
}

fn notification(id: &str, state: &str) -> String {
    serde_json::json!({ "value": [{ "subscriptionId": id, "clientState": state }] }).to_string()
}

/// Headers of a delivery that is signed with `key`.
fn signed(key: &str, body: &str) -> Vec<(&'static str, String)> {
    let sent = Utc::now().to_rfc3339();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hmac::sign(&key, [body, &*sent].concat().as_bytes());
    vec![
        ("BOX-DELIVERY-TIMESTAMP", sent),
        ("BOX-SIGNATURE-VERSION", "1".to_owned()),
        ("BOX-SIGNATURE-ALGORITHM", "HmacSHA256".to_owned()),
        ("BOX-SIGNATURE-PRIMARY", STANDARD.encode(signature)),
    ]
}

fn channel(id: &str, token: &str, state: &str) -> Vec<(&'static str, String)> {
    vec![
        ("X-Goog-Channel-ID", id.to_owned()),
        ("X-Goog-Channel-Token", token.to_owned()),
        ("X-Goog-Resource-State", state.to_owned()),
    ]
}

#[tokio::test]
async fn each_service_is_heard_when_it_proves_who_it_is() {
    type Case = (
        &'static str,
        &'static str,
        Vec<(&'static str, String)>,
        String,
        u16,
        &'static str,
    );
    let none = Vec::new;
    let body = r#"{"id":"1"}"#.to_owned();
    let handshake = "/hooks/contoso?validationToken=Validation%3A+testing";
    let script = "/hooks/contoso?validationToken=%3Cscript%3E";
    let (tenant, drives, boxes) = (
        "/hooks/contoso",
        "/hooks/contoso/drives",
        "/hooks/contoso/boxes",
    );
    let genuine = notification("subscription-1", "client-state");
    let cases: Vec<Case> = vec![
        ("handshake", handshake, none(), String::new(), 200, ""),
        (
            "handshake with a page",
            script,
            none(),
            String::new(),
            400,
            "",
        ),
        (
            "graph",
            tenant,
            none(),
            genuine.clone(),
            202,
            "sites look:library renew:",
        ),
        (
            "graph, one app",
            "/hooks/contoso/sites",
            none(),
            genuine,
            202,
            "sites look:library renew:",
        ),
        (
            "graph, wrong state",
            tenant,
            none(),
            notification("subscription-1", "x"),
            401,
            "",
        ),
        (
            "graph, unknown",
            tenant,
            none(),
            notification("other", "client-state"),
            401,
            "",
        ),
        (
            "box",
            boxes,
            signed(SIGNATURE_KEY, &body),
            body.clone(),
            200,
            "boxes look: renew:",
        ),
        (
            "box, wrong key",
            boxes,
            signed("other", &body),
            body.clone(),
            403,
            "",
        ),
        (
            "box, other body",
            boxes,
            signed(SIGNATURE_KEY, &body),
            "{}".to_owned(),
            403,
            "",
        ),
        ("box, unsigned", boxes, none(), body, 403, ""),
        (
            "google",
            drives,
            channel("channel", "client-state", "change"),
            String::new(),
            200,
            "drives look:mina renew:",
        ),
        (
            "google, opened",
            drives,
            channel("channel", "client-state", "sync"),
            String::new(),
            200,
            "",
        ),
        (
            "google, wrong token",
            drives,
            channel("channel", "x", "change"),
            String::new(),
            403,
            "",
        ),
        (
            "google, unknown",
            drives,
            channel("other", "client-state", "change"),
            String::new(),
            404,
            "",
        ),
        (
            "an app without",
            "/hooks/contoso/folder",
            none(),
            String::new(),
            404,
            "",
        ),
        (
            "unknown app",
            "/hooks/contoso/x",
            none(),
            String::new(),
            404,
            "",
        ),
        (
            "unknown tenant",
            "/hooks/fabrikam",
            none(),
            String::new(),
            404,
            "",
        ),
        ("other page", "/metrics", none(), String::new(), 404, ""),
        (
            "too large",
            boxes,
            none(),
            "x".repeat((1 << 20) + 1),
            413,
            "",
        ),
    ];
    let organisations = Arc::new(organisations(false));
    let address = serving(Arc::clone(&organisations)).await;
    for (name, path, headers, body, status, heard) in cases {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let reply = post(address, path, &headers, &body).await;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
        let told = std::mem::take(&mut *organisations.heard.lock().unwrap());
        let heard: Vec<&str> = Some(heard)
            .filter(|heard| !heard.is_empty())
            .into_iter()
            .collect();
        assert_eq!(told, heard, "{name}");
        let expected = if name == "handshake" {
            "Validation: testing"
        } else {
            ""
        };
        if status != 413 {
            assert_eq!(reply.body, expected, "{name}");
        }
        if name == "handshake" {
            assert!(
                reply.has_header("content-type: text/plain; charset=utf-8"),
                "{reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_noted_is_sent_again() {
    let address = serving(Arc::new(organisations(true))).await;
    let body = notification("subscription-1", "client-state");
    assert_eq!(
        post(address, "/hooks/contoso", &[], &body).await.status,
        503
    );
}

#[tokio::test]
async fn a_sender_who_is_too_fast_is_told_to_wait() {
    let address = serving(Arc::new(organisations(false))).await;
    let path = "/hooks/contoso/boxes";
    let mut replies = Vec::new();
    // Far more than may come at once; how many more depends on how long this takes.
    while replies
        .last()
        .is_none_or(|reply: &Reply| reply.status == 403)
        && replies.len() < 5_000
    {
        replies.push(post(address, path, &[], "{}").await);
    }
    let last = replies.last().unwrap();
    assert_eq!(last.status, 429, "{}", replies.len());
    assert!(last.has_header("retry-after: 10"), "{last:?}");
    assert!(replies.len() > 100, "{}", replies.len());
    // Others are heard.
    let body = notification("subscription-1", "client-state");
    assert_eq!(
        post(address, "/hooks/contoso/sites", &[], &body)
            .await
            .status,
        202
    );
}
