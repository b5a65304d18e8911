//! What was sent, judged by the vendor's description of the interface.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use labeld_conformance::{Contract, SentRequest};
use labeld_connector::http::Url;
use labeld_emulator::frame::{Entry, RecordedBody};
use serde_json::Value;

/// Requests that the description does not know, and why they are made.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Who holds a lock: SharePoint REST, of which the description has only a part.
    ("GET", "/LockedByUser"),
    // Where the first page of all sites leads to; followed as it comes (reference/microsoft-graph.md §3.1).
    ("GET", "/sites/oneDrive.getAllSites"),
    // The other forms of delta links (§3.4).
    ("GET", "/root/delta(token="),
    ("GET", "/root/microsoft.graph.delta"),
];

/// Headers that the description does not know of a request, and the reference does (§8.4).
const EXTRA_HEADERS: &[(&str, &str, &str)] = &[("POST", "/v1.0/subscriptions", "prefer")];

/// Panics where a request breaks the description, or takes a token along to where the bytes are.
pub fn expect_clean(entries: &[Entry]) {
    for entry in entries {
        let path = entry.path();
        if path.contains("/_layouts/") || path.contains("/monitor/") {
            let token = entry.header("authorization");
            assert_eq!(token, None, "a token went to {path}");
        }
        for request in requests_in(entry) {
            expect_known(&request);
        }
    }
}

fn expect_known(request: &SentRequest) {
    let is_exception = EXCEPTIONS
        .iter()
        .any(|(method, part)| request.method == *method && request.path.contains(part));
    if is_exception {
        return;
    }
    let mut request = request.clone();
    request.headers.retain(|(name, _)| {
        let (method, path) = (&*request.method, &*request.path);
        !EXTRA_HEADERS.contains(&(method, path, name))
    });
    // Links to a next page are the service's own, and followed as they come.
    request.query.retain(|(name, _)| name != "$skiptoken");
    if let Err(breach) = contract().check(&request) {
        panic!("{breach}");
    }
}

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../testdata/openapi/microsoft-graph.json");
        let document = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        Contract::from_openapi(&document).unwrap()
    })
}

/// The request itself, and those that it bundles.
fn requests_in(entry: &Entry) -> Vec<SentRequest> {
    let body = entry
        .request_body
        .as_ref()
        .map(|body| body.bytes().to_vec());
    let mut requests = vec![request(
        &entry.method,
        &entry.target,
        &entry.headers,
        body.unwrap_or_default(),
    )];
    let bundled = entry.request_body.as_ref().and_then(RecordedBody::json);
    if entry.path().ends_with("/$batch")
        && let Some(parts) = bundled
            .as_ref()
            .and_then(|body| body["requests"].as_array())
    {
        assert!(parts.len() <= 20, "{} parts", parts.len());
        requests.extend(parts.iter().map(part));
    }
    requests
}

fn part(part: &Value) -> SentRequest {
    let text = |name: &str| part[name].as_str().unwrap_or_default();
    request(
        text("method"),
        &format!("/v1.0{}", text("url")),
        &[],
        Vec::new(),
    )
}

fn request(method: &str, target: &str, headers: &[(String, String)], body: Vec<u8>) -> SentRequest {
    let url = Url::parse("http://service/").unwrap().join(target).unwrap();
    SentRequest {
        method: method.to_owned(),
        path: target.split('?').next().unwrap_or_default().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        headers: headers.to_vec(),
        body,
    }
}
