//! An enterprise, and a client that is no better than HTTP.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use labeld_emulator::box_service::{BoxOptions, BoxService, Switches};
use labeld_emulator::{APP_KEY_PEM, Emulator, EmulatorOptions};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, redirect};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};

pub(crate) const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    client: Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code, as tables have them.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let body = self.json();
        let code = body["code"].as_str().or(body["error"].as_str());
        (self.status, code.unwrap_or_default().to_owned())
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Switches::default()).await
    }

    pub(crate) async fn with(switches: Switches) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = EmulatorOptions {
            box_service: BoxOptions { switches },
            ..EmulatorOptions::default()
        };
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            emulator: Emulator::start(options).await.unwrap(),
            client,
        }
    }

    pub(crate) fn service(&self) -> &Arc<BoxService> {
        self.emulator.box_service()
    }

    pub(crate) fn mina(&self) -> String {
        self.service().mina()
    }

    pub(crate) fn switch(&self, turn: impl FnOnce(&mut Switches)) {
        let mut switches = self.service().switches();
        turn(&mut switches);
        self.service().set_switches(switches);
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    /// A request to the host `api`, `upload` or `download`.
    pub(crate) fn request(&self, method: &str, host: &str, path: &str) -> RequestBuilder {
        let bases = self.service().bases();
        let base = match host {
            "api" => bases.api,
            "upload" => bases.upload,
            _ => bases.download,
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, base.join(path.trim_start_matches('/')).unwrap())
    }

    pub(crate) fn at(&self, url: &str) -> RequestBuilder {
        self.client.get(url)
    }

    /// Asks for a token with a form.
    pub(crate) async fn ask_for_token(&self, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", "api", "/oauth2/token").form(fields))
            .await
    }

    /// A token by client credentials.
    pub(crate) async fn token(&self) -> String {
        let service = self.service();
        let enterprise = service.enterprise_id();
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", service.client_id()),
            ("client_secret", service.client_secret()),
            ("box_subject_type", "enterprise"),
            ("box_subject_id", enterprise.as_str()),
        ];
        let answer = self.ask_for_token(&fields).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A caller with a token, in the name of a user.
    pub(crate) async fn caller(&self, user: &str) -> Caller<'_> {
        Caller {
            world: self,
            token: self.token().await,
            user: Some(user.to_owned()),
        }
    }

    /// A caller with a token, as the service account.
    pub(crate) async fn app(&self) -> Caller<'_> {
        Caller {
            user: None,
            ..self.caller("").await
        }
    }
}

/// Somebody with a token.
pub(crate) struct Caller<'a> {
    pub(crate) world: &'a World,
    pub(crate) token: String,
    pub(crate) user: Option<String>,
}

impl Caller<'_> {
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.on("api", method, path)
    }

    pub(crate) fn on(&self, host: &str, method: &str, path: &str) -> RequestBuilder {
        let request = self
            .world
            .request(method, host, path)
            .bearer_auth(&self.token);
        match &self.user {
            Some(user) => request.header("As-User", user),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.world.send(self.request("GET", path)).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.world.send(self.request(method, path).json(body)).await
    }

    /// Uploads a new version.
    pub(crate) async fn upload(
        &self,
        file: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let path = format!("/api/2.0/files/{file}/content");
        let mut request = self
            .on("upload", "POST", &path)
            .header("content-type", "multipart/form-data; boundary=B")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.world.send(request).await
    }
}

/// The two parts of an upload, in their order.
pub(crate) fn multipart(attributes: &Value, content: &str) -> Vec<u8> {
    format!(
        "{}{}--B--\r\n",
        attributes_part(attributes),
        file_part(content)
    )
    .into_bytes()
}

pub(crate) fn attributes_part(attributes: &Value) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"attributes\"\r\n\r\n{attributes}\r\n")
}

pub(crate) fn file_part(content: &str) -> String {
    format!(
        "--B\r\nContent-Disposition: form-data; name=\"contents\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n{content}\r\n"
    )
}

/// A signed assertion with these claims; `algorithm` is one of RS256, RS384 and RS512.
pub(crate) fn assertion(kid: &str, claims: &Value, algorithm: &str) -> String {
    let encoded: String = APP_KEY_PEM
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = data_encoding::BASE64.decode(encoded.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(&der).unwrap();
    let encoding: &dyn RsaEncoding = match algorithm {
        "RS256" => &RSA_PKCS1_SHA256,
        "RS384" => &RSA_PKCS1_SHA384,
        _ => &RSA_PKCS1_SHA512,
    };
    let base64 = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let header = json!({"alg": algorithm, "typ": "JWT", "kid": kid});
    let signed = format!("{}.{}", base64(&header), base64(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(encoding, &random, signed.as_bytes(), &mut signature)
        .unwrap();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}
