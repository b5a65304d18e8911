//! An emulator, and a client that speaks to it as plainly as possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_emulator::frame::{ClockOptions, EmulatorClock};
use labeld_emulator::microsoft::Microsoft;
use labeld_emulator::{Emulator, EmulatorOptions};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode, redirect};
use serde_json::Value;

/// The time at which every test begins, and stands still.
pub(crate) const BEGIN: &str = "2026-03-04T10:00:00Z";

pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    pub(crate) microsoft: Arc<Microsoft>,
    pub(crate) client: Client,
    token: tokio::sync::OnceCell<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The status, and of a refusal the code and the inner codes: `423 notAllowed/resourceLocked`.
    #[track_caller]
    pub(crate) fn outcome(&self) -> String {
        let status = self.status.as_u16();
        let Ok(body) = serde_json::from_slice::<Value>(&self.bytes) else {
            return status.to_string();
        };
        let mut error = &body["error"];
        if !error.is_object() {
            return status.to_string();
        }
        let mut codes = Vec::new();
        while error.is_object() {
            codes.extend(error["code"].as_str());
            error = if error["innerError"].is_object() {
                &error["innerError"]
            } else {
                &error["innererror"]
            };
        }
        format!("{status} {}", codes.join("/"))
    }

    /// The entries of a list by name, or by id where there is no name.
    #[track_caller]
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.json()["value"])
    }
}

pub(crate) fn names(entries: &Value) -> Vec<String> {
    let entries = entries.as_array().unwrap();
    entries
        .iter()
        .map(|entry| {
            let name = entry["name"]
                .as_str()
                .or(entry["displayName"].as_str())
                .or(entry["id"].as_str());
            let mark = if entry["deleted"].is_object() {
                "-"
            } else {
                ""
            };
            format!("{mark}{}", name.unwrap())
        })
        .collect()
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        Self::with(EmulatorOptions::default()).await
    }

    pub(crate) async fn with(options: EmulatorOptions) -> Self {
        let options = EmulatorOptions {
            clock: ClockOptions {
                start: Some(BEGIN.parse::<DateTime<Utc>>().unwrap()),
                frozen: true,
            },
            ..options
        };
        let emulator = Emulator::start(options).await.unwrap();
        // The client is built without a provider of its own; plain HTTP needs none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            microsoft: Arc::clone(emulator.microsoft()),
            emulator,
            client,
            token: tokio::sync::OnceCell::new(),
        }
    }

    pub(crate) fn clock(&self) -> &EmulatorClock {
        self.emulator.clock()
    }

    pub(crate) fn graph(&self, path: &str) -> String {
        format!(
            "{}{}",
            self.microsoft.bases().graph,
            path.trim_start_matches('/')
        )
    }

    pub(crate) fn token_url(&self) -> String {
        let tenant = self.microsoft.tenant_id();
        format!("{}{tenant}/oauth2/v2.0/token", self.microsoft.bases().login)
    }

    /// Asks for a token as `form` says.
    pub(crate) async fn ask_token(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        read(self.client.post(url).form(form).send().await.unwrap()).await
    }

    /// A token by secret.
    pub(crate) async fn token_for(&self, scope: &str) -> String {
        let form = [
            ("client_id", self.microsoft.client_id()),
            ("client_secret", self.microsoft.client_secret()),
            ("grant_type", "client_credentials".to_owned()),
            ("scope", scope.to_owned()),
        ];
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = self.ask_token(&self.token_url(), &form).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn token(&self) -> &str {
        self.token
            .get_or_init(|| self.token_for("https://graph.microsoft.com/.default"))
            .await
    }

    /// A call to Graph with the usual token.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let token = self.token().await.to_owned();
        self.call_as(&token, method, path, headers, body).await
    }

    pub(crate) async fn call_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let url = if path.contains("://") {
            path.to_owned()
        } else {
            self.graph(path)
        };
        let mut request = self
            .client
            .request(method.parse::<Method>().unwrap(), url)
            .bearer_auth(token)
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call("GET", path, headers, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(
            "POST",
            path,
            &[("content-type", "application/json")],
            body.to_string(),
        )
        .await
    }

    /// A call without any token.
    pub(crate) async fn bare(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.unwrap()).await
    }

    /// Follows a list to its end: all entries by id, the last of each, and the delta link.
    pub(crate) async fn follow(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (BTreeMap<String, Value>, Option<String>) {
        let mut found = BTreeMap::new();
        let mut next = path.to_owned();
        loop {
            let page = self.get_with(&next, headers).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.outcome());
            let page = page.json();
            for entry in page["value"].as_array().unwrap() {
                found.insert(entry["id"].as_str().unwrap().to_owned(), entry.clone());
            }
            match page["@odata.nextLink"].as_str() {
                Some(link) => next = link.to_owned(),
                None => return (found, page["@odata.deltaLink"].as_str().map(str::to_owned)),
            }
        }
    }
}

async fn read(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        bytes: response.bytes().await.unwrap().to_vec(),
    }
}
