//! What was sent, judged by the vendor's description of the interface.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use labeld_conformance::{Contract, SentRequest};
use labeld_connector::http::Url;
use labeld_emulator::frame::Entry;

/// Headers that the description does not know, because they are of every operation (reference/box.md §1.5).
const EXTRA_HEADERS: &[&str] = &["as-user"];

/// Panics where a request breaks the description, or takes along what is not for the host it goes to.
pub(crate) fn expect_clean(entries: &[Entry]) {
    for entry in entries {
        match entry.host {
            // Pre-signed addresses are followed as they come.
            "download" => expect_bare(entry),
            // Whether the host answers at all.
            "upload" if entry.path() == "/" => {}
            _ => expect_known(entry),
        }
    }
}

fn expect_bare(entry: &Entry) {
    for name in ["authorization", "as-user"] {
        assert_eq!(entry.header(name), None, "{name} went to {}", entry.path());
    }
}

fn expect_known(entry: &Entry) {
    let url = Url::parse("http://service/").unwrap();
    let url = url.join(&entry.target).unwrap();
    let body = entry
        .request_body
        .as_ref()
        .map(|body| body.bytes().to_vec());
    let mut request = SentRequest {
        method: entry.method.clone(),
        path: entry.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        headers: entry.headers.clone(),
        body: body.unwrap_or_default(),
    };
    request
        .headers
        .retain(|(name, _)| !EXTRA_HEADERS.contains(&name.as_str()));
    if let Err(breach) = contract().check(&request) {
        panic!("{breach}");
    }
}

fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/openapi/box.json");
        let document = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        Contract::from_openapi(&document).unwrap()
    })
}
