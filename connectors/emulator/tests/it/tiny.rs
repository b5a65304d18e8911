//! A service with two hosts and a handful of files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use labeld_emulator::frame::{
    ActiveFaults, Arrival, ClockOptions, ControlError, Frame, JournalOptions, Operation, Provider,
    ResourceUnits, Server, ServerOptions, arguments,
};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

#[derive(Default)]
pub(crate) struct Tiny {
    bases: OnceLock<HashMap<&'static str, Url>>,
    files: Mutex<BTreeMap<String, Bytes>>,
    strict: Mutex<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutArguments {
    name: String,
    text: String,
}

impl Tiny {
    pub(crate) fn url(&self, host: &str, path: &str) -> Url {
        self.bases.get().unwrap()[host].join(path).unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> Option<Bytes> {
        self.files.lock().unwrap().get(name).cloned()
    }
}

impl Provider for Tiny {
    fn name(&self) -> &'static str {
        "tiny"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["one", "two"]
    }

    fn bound(&self, bases: HashMap<&'static str, Url>) {
        self.bases.set(bases).unwrap();
    }

    fn router(self: Arc<Self>, host: &str) -> Router {
        if host == "two" {
            return Router::new().route("/", get(|| async { "two" }));
        }
        Router::new()
            .route("/files/{name}", get(read_file).put(write_file))
            .route("/range", get(read_range))
            .route("/cursor", get(follow_cursor))
            .route("/token", post(give_token))
            .with_state(self)
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation {
            name: "put",
            about: "{name, text}: stores a file",
        }]
    }

    fn control(&self, operation: &str, given: &Value) -> Result<Value, ControlError> {
        match operation {
            "put" => {
                let PutArguments { name, text } = arguments(given)?;
                let size = text.len();
                self.files.lock().unwrap().insert(name, text.into());
                Ok(json!({"size": size}))
            }
            "lock" => Err(ControlError::Conflict("it is locked".to_owned())),
            "burn" => {
                let water = anyhow::anyhow!("there is no water");
                Err(water.context("it cannot be put out").into())
            }
            _ => Err(ControlError::UnknownOperation(operation.to_owned())),
        }
    }

    fn switches(&self) -> Value {
        json!({"strict": *self.strict.lock().unwrap()})
    }

    fn set_switches(&self, patch: &Value) -> Result<(), ControlError> {
        let strict = patch["strict"]
            .as_bool()
            .ok_or_else(|| ControlError::BadArguments("\"strict\" is a bool".to_owned()))?;
        *self.strict.lock().unwrap() = strict;
        Ok(())
    }

    fn seed(&self, _folder: &Path) -> anyhow::Result<()> {
        Ok(())
    }

    fn save(&self) -> Value {
        let files = self.files.lock().unwrap();
        let texts: BTreeMap<&String, &str> = files
            .iter()
            .map(|(name, body)| (name, std::str::from_utf8(body).unwrap()))
            .collect();
        json!(texts)
    }

    fn restore(&self, saved: &Value) -> anyhow::Result<()> {
        let texts = BTreeMap::<String, String>::deserialize(saved)?;
        *self.files.lock().unwrap() = texts
            .into_iter()
            .map(|(name, text)| (name, text.into()))
            .collect();
        Ok(())
    }

    fn describe(&self) -> Value {
        json!({})
    }

    fn config_toml(&self, _folder: &Path) -> anyhow::Result<String> {
        Ok(String::new())
    }
}

async fn read_file(State(tiny): State<Arc<Tiny>>, UrlPath(name): UrlPath<String>) -> Response {
    match tiny.file(&name) {
        Some(body) => ([(CONTENT_TYPE, "text/plain")], body).into_response(),
        None => (
            StatusCode::NOT_FOUND,
            Json(json!({"error": "no such file"})),
        )
            .into_response(),
    }
}

async fn write_file(
    State(tiny): State<Arc<Tiny>>,
    UrlPath(name): UrlPath<String>,
    Extension(arrival): Extension<Arrival>,
    body: Bytes,
) -> Response {
    let answer = json!({"name": name, "size": body.len(), "host": arrival.host});
    tiny.files.lock().unwrap().insert(name, body);
    let mut answer = Json(answer).into_response();
    answer.extensions_mut().insert(ResourceUnits(2));
    answer
}

async fn read_range() -> Response {
    let mut answer = Response::new(Body::from(vec![b'x'; 100]));
    *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    let range = "bytes 100-199/1000".parse().unwrap();
    answer.headers_mut().insert(CONTENT_RANGE, range);
    answer
}

async fn follow_cursor(Extension(faults): Extension<ActiveFaults>) -> StatusCode {
    if faults.expired_cursor() {
        StatusCode::GONE
    } else {
        StatusCode::OK
    }
}

async fn give_token() -> Json<Value> {
    Json(json!({"access_token": "very secret", "expires_in": 3599}))
}

/// A running server with the tiny service, and a client for it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) frame: Frame,
    pub(crate) tiny: Arc<Tiny>,
    pub(crate) client: Client,
}

/// How the client speaks to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Speech {
    #[default]
    Http1,
    Http2,
    /// TLS, and whatever version the two agree on.
    Tls,
}

#[derive(Default)]
pub(crate) struct Setting {
    pub(crate) speech: Speech,
    pub(crate) clock: ClockOptions,
    pub(crate) journal: JournalOptions,
    pub(crate) listen_base: Option<u16>,
}

impl World {
    pub(crate) async fn plain() -> Self {
        Self::start(Setting::default()).await
    }

    pub(crate) async fn start(setting: Setting) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let frame = Frame::new(&setting.clock, setting.journal);
        let tiny = Arc::new(Tiny::default());
        let options = ServerOptions {
            listen_base: setting.listen_base,
            tls: setting.speech == Speech::Tls,
        };
        let providers: Vec<Arc<dyn Provider>> = vec![Arc::clone(&tiny) as _];
        let server = Server::start(&options, frame.clone(), providers)
            .await
            .unwrap();
        let client = client(setting.speech, server.ca_pem());
        Self {
            server,
            frame,
            tiny,
            client,
        }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.tiny.url("one", path))
    }

    pub(crate) fn put(&self, path: &str, body: &'static str) -> RequestBuilder {
        self.client.put(self.tiny.url("one", path)).body(body)
    }

    pub(crate) fn post(&self, path: &str, body: &'static str) -> RequestBuilder {
        self.client.post(self.tiny.url("one", path)).body(body)
    }

    /// Calls the control API; the status and the JSON of the answer.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let url = self.server.control_url().join(path).unwrap();
        let answer = Client::new()
            .request(method.parse().unwrap(), url)
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

pub(crate) fn client(speech: Speech, ca_pem: Option<&str>) -> Client {
    let mut builder = Client::builder().no_proxy();
    builder = match speech {
        Speech::Http1 => builder.http1_only(),
        Speech::Http2 => builder.http2_prior_knowledge(),
        Speech::Tls => builder,
    };
    if let Some(pem) = ca_pem {
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        builder = builder.tls_certs_only([root]);
    }
    builder.build().unwrap()
}
