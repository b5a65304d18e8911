//! What was sent, judged by Google's own descriptions of its interfaces.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use labeld_conformance::{Contract, SentRequest};
use labeld_emulator::frame::Entry;

/// Paths that no description has: the token endpoint is no API, and a batch is told of only in prose
/// (reference/google-drive.md §1.1, §9.3).
const EXCEPTIONS: &[&str] = &["/token", "/batch/drive/v2", "/batch/drive/v3"];

/// The description gives this path to two methods, of which the other has fewer parameters (§7).
const LABEL: &str = "/v2/labels/";

/// Headers that the descriptions, which know none, leave to the prose (§6.2).
const HEADERS: &[&str] = &["if-match"];

const DOCUMENTS: &[(&str, &str)] = &[
    ("/drive/v3/", "google-drive.v3"),
    ("/drive/v2/", "google-drive.v2"),
    ("/admin/", "google-admin.directory_v1"),
    ("/v2/", "google-drivelabels.v2"),
];

/// Panics where a request breaks its description.
pub(crate) fn expect_clean(entries: &[Entry]) {
    let ours = entries.iter().filter(|entry| entry.provider == "google");
    for entry in ours {
        let body = entry
            .request_body
            .as_ref()
            .map(|body| body.bytes().to_vec());
        let body = body.unwrap_or_default();
        if EXCEPTIONS.contains(&entry.path()) {
            let text = String::from_utf8_lossy(&body);
            for line in text.lines().filter(|line| line.starts_with("GET /")) {
                let target = line.split(' ').nth(1).unwrap();
                expect_known(&request("GET", target, &[], Vec::new()));
            }
            continue;
        }
        if entry.path().starts_with(LABEL) {
            continue;
        }
        expect_known(&request(&entry.method, &entry.target, &entry.headers, body));
    }
}

fn expect_known(request: &SentRequest) {
    let path = &request.path;
    let known = contracts().iter().find(|(prefix, _)| path.contains(prefix));
    let (_, contract) = known.unwrap_or_else(|| panic!("{path} is of no API"));
    if let Err(breach) = contract.check(request) {
        panic!("{breach}");
    }
    // Without it a file of a shared drive is not there (§10), and without `fields` hardly anything is sent.
    let has = |name: &str| request.query.iter().any(|(known, _)| known == name);
    let is_of_file =
        path.contains("/files/") && !path.contains("/revisions") && !path.ends_with("Labels");
    if is_of_file {
        assert!(has("supportsAllDrives"), "{path} without supportsAllDrives");
    }
    let gets_fields =
        request.method == "GET" && !path.starts_with("/v2/") && !path.ends_with("listLabels");
    if gets_fields {
        assert!(has("fields") || has("alt"), "{path} without fields");
    }
}

fn request(method: &str, target: &str, headers: &[(String, String)], body: Vec<u8>) -> SentRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = headers
        .iter()
        .filter(|(name, _)| !HEADERS.contains(&name.as_str()));
    SentRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: headers.cloned().collect(),
        body,
    }
}

fn contracts() -> &'static [(&'static str, Contract)] {
    static CONTRACTS: OnceLock<Vec<(&'static str, Contract)>> = OnceLock::new();
    CONTRACTS.get_or_init(|| {
        let read = |(prefix, name): &(&'static str, &str)| {
            let file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("../../testdata/openapi/{name}.discovery.json"));
            let document = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            (*prefix, Contract::from_discovery(&document).unwrap())
        };
        DOCUMENTS.iter().map(read).collect()
    })
}
