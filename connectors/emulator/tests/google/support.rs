//! An emulator and a client of it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use labeld_emulator::google::{Google, GoogleOptions, Switches};
use labeld_emulator::{APP_KEY_PEM, Emulator, EmulatorOptions};
use reqwest::{Method, RequestBuilder, Response};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

pub(crate) const MINA: &str = "mina@alder.example";
pub(crate) const ADMIN: &str = "admin@alder.example";

/// A running emulator, with a bearer that is always good for Mina.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    client: reqwest::Client,
}

/// Status, reason, and what it is about.
pub(crate) type Refusal = (u16, String, Option<String>);

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Switches::default()).await
    }

    pub(crate) async fn with(switches: Switches) -> Self {
        // Also when another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = EmulatorOptions {
            google: GoogleOptions {
                static_token: Some("mina-token".to_owned()),
                switches,
            },
            ..EmulatorOptions::default()
        };
        Self {
            emulator: Emulator::start(options).await.unwrap(),
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
        }
    }

    pub(crate) fn google(&self) -> &Arc<Google> {
        self.emulator.google()
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: Method, target: &str) -> RequestBuilder {
        let url = self.google().base().join(target).unwrap();
        self.client.request(method, url)
    }

    /// A request in Mina's name.
    pub(crate) fn request(&self, method: Method, target: &str) -> RequestBuilder {
        self.bare(method, target).bearer_auth("mina-token")
    }

    /// What a path gives Mina.
    pub(crate) async fn get(&self, target: &str) -> Value {
        let answer = self.request(Method::GET, target).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{target}: {}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }

    /// How a path is refused to Mina.
    pub(crate) async fn refused(&self, target: &str) -> Refusal {
        refusal(self.request(Method::GET, target).send().await.unwrap()).await
    }

    /// The answer to a request for a token with these claims, over those that are good.
    pub(crate) async fn ask_token(&self, change: &Value) -> (u16, Value) {
        let now = self.emulator.clock().now().timestamp();
        let mut claims = json!({
            "iss": "labeld@labeld-demo.iam.gserviceaccount.com",
            "sub": MINA,
            "scope": "https://www.googleapis.com/auth/drive",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": now,
            "exp": now + 3600,
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let header = encoded(r#"{"alg":"RS256","typ":"JWT","kid":"0a1b2c3d"}"#);
        let signed = format!("{header}.{}", encoded(&claims.to_string()));
        let assertion = format!("{signed}.{}", signature(signed.as_bytes()));
        self.post_assertion(&assertion).await
    }

    pub(crate) async fn post_assertion(&self, assertion: &str) -> (u16, Value) {
        let form = [
            ("assertion", assertion),
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ];
        let answer = self
            .bare(Method::POST, "token")
            .form(&form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A token for somebody.
    pub(crate) async fn token(&self, user: &str, scope: &str) -> String {
        let scope = format!("https://www.googleapis.com/auth/{scope}");
        let (_, answer) = self.ask_token(&json!({"sub": user, "scope": scope})).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

/// What an answer refuses with.
pub(crate) async fn refusal(answer: Response) -> Refusal {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let error = &body["error"]["errors"][0];
    let location = error["location"].as_str().map(str::to_owned);
    (
        status,
        error["reason"].as_str().unwrap_or_default().to_owned(),
        location,
    )
}

/// The refusal as tables have it.
pub(crate) fn of(status: u16, reason: &str, location: Option<&str>) -> Refusal {
    (status, reason.to_owned(), location.map(str::to_owned))
}

/// A signature with the service account's key.
fn signature(signed: &[u8]) -> String {
    let lines = APP_KEY_PEM
        .lines()
        .filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    let key = RsaKeyPair::from_pkcs8(&der).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature)
        .unwrap();
    URL_SAFE_NO_PAD.encode(signature)
}

/// Text in the alphabet of assertions.
pub(crate) fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
