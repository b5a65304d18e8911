//! The contract check notices what breaks a description, and passes what does not.

#![allow(clippy::unwrap_used, reason = "a panic is the failure report")]

use std::fs;
use std::path::Path;

use labeld_conformance::{Contract, SentRequest};

fn graph() -> Contract {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/openapi/microsoft-graph.json");
    let document = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    Contract::from_openapi(&document).unwrap()
}

/// Method, path with query, headers, body; what the breach says, or nothing.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    Option<&'static str>,
);

const JSON: (&str, &str) = ("content-type", "application/json");

const ROWS: &[Row] = &[
    (
        "GET",
        "/v1.0/drives/b%21x/root/delta?$top=200&$select=id,name",
        &[("prefer", "hierarchicalsharing")],
        "",
        None,
    ),
    (
        "GET",
        "/v1.0/drives/b!x/root/delta?token=latest",
        &[("authorization", "Bearer x")],
        "",
        None,
    ),
    (
        "GET",
        "/v1.0/drives/b!x/root/delta?$top=many",
        &[],
        "",
        Some("$top"),
    ),
    (
        "GET",
        "/v1.0/drives/b!x/root/delta?$skip=3",
        &[],
        "",
        Some("unknown query parameter"),
    ),
    (
        "GET",
        "/v1.0/drives/b!x/root/deltas",
        &[],
        "",
        Some("no such path"),
    ),
    (
        "DELETE",
        "/v1.0/drives/b!x/root/delta",
        &[],
        "",
        Some("no such method"),
    ),
    (
        "GET",
        "/v1.0/drives/b!x/root/delta",
        &[("x-odd", "1")],
        "",
        Some("unknown header"),
    ),
    (
        "GET",
        "/v1.0/sites/alder.sharepoint.com:/sites/finance",
        &[],
        "",
        None,
    ),
    (
        "POST",
        "/v1.0/drives/d/items/i/assignSensitivityLabel",
        &[JSON],
        r#"{"sensitivityLabelId":"x","assignmentMethod":"auto","justificationText":"y"}"#,
        None,
    ),
    (
        "POST",
        "/v1.0/drives/d/items/i/assignSensitivityLabel",
        &[JSON],
        r#"{"sensitivityLabelId":7}"#,
        Some("body"),
    ),
    (
        "POST",
        "/v1.0/drives/d/items/i/assignSensitivityLabel",
        &[JSON],
        "{",
        Some("no JSON"),
    ),
    (
        "POST",
        "/v1.0/$batch",
        &[JSON],
        r#"{"requests":[{"id":"1","method":"GET","url":"/me"}]}"#,
        None,
    ),
    ("POST", "/v1.0/$batch", &[], "", Some("missing")),
    (
        "PUT",
        "/v1.0/drives/d/items/i/content",
        &[("content-type", "application/pdf"), ("if-match", "e")],
        "bytes",
        None,
    ),
];

#[test]
fn breaches_are_noticed() {
    let contract = graph();
    for (method, target, headers, body, expected) in ROWS {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let request = SentRequest {
            method: (*method).to_owned(),
            path: path.to_owned(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|pair| owned(&pair))
                .collect(),
            headers: headers.iter().map(owned).collect(),
            body: body.as_bytes().to_vec(),
        };
        let outcome = contract.check(&request);
        match (expected, &outcome) {
            (None, Ok(_)) => {}
            (Some(words), Err(breach)) => assert!(breach.0.contains(words), "{target}: {breach}"),
            _ => panic!("{method} {target}: {outcome:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn discovery_documents_are_read() {
    let document = serde_json::json!({
        "servicePath": "drive/v3/",
        "parameters": {"alt": {"location": "query", "enum": ["json", "media"]}},
        "resources": {"files": {"methods": {
            "list": {"id": "drive.files.list", "path": "files", "httpMethod": "GET",
                     "parameters": {"pageSize": {"location": "query", "type": "integer"}}},
            "update": {"id": "drive.files.update", "path": "files/{fileId}", "httpMethod": "PATCH", "request": {},
                       "parameters": {"fileId": {"location": "path", "required": true}},
                       "mediaUpload": {"protocols": {"simple": {"path": "/upload/drive/v3/files/{fileId}"}}}},
        }}},
    });
    let contract = Contract::from_discovery(&document).unwrap();
    let check = |method: &str, path: &str, query: &[(&str, &str)]| {
        let query = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = SentRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.collect(),
            ..SentRequest::default()
        };
        contract
            .check(&request)
            .map(str::to_owned)
            .map_err(|breach| breach.0)
    };
    assert_eq!(
        check("GET", "/drive/v3/files", &[("pageSize", "7")]).unwrap(),
        "drive.files.list"
    );
    assert!(check("GET", "/drive/v3/files", &[("pageSize", "x")]).is_err());
    assert!(check("GET", "/drive/v3/files", &[("alt", "proto")]).is_err());
    let upload = "/upload/drive/v3/files/1";
    assert_eq!(
        check("PATCH", upload, &[("uploadType", "media")]).unwrap(),
        "drive.files.update"
    );
    assert!(
        check("PATCH", upload, &[])
            .unwrap_err()
            .contains("uploadType")
    );
}
