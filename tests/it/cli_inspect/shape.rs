//! The JSON of `labeld inspect`: keys, types, and whole objects for one file of each state.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::inspect_samples;

/// Keys that every object has, and those that stand only where there is something to say.
const KEYS: &[&str] = &[
    "path",
    "size",
    "format",
    "state",
    "reason",
    "labels",
    "protection",
    "signed",
    "bytes_read",
    "reads",
];
const OPTIONAL_KEYS: &[&str] = &["path_base64", "detail", "warnings"];
const LABEL_KEYS: &[&str] = &[
    "site_id",
    "id",
    "name",
    "enabled",
    "removed",
    "effective",
    "method",
    "set_date",
    "action_id",
    "content_bits",
    "places",
    "extra",
];

fn keys(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn one_object_for_each_file_in_the_documented_shape() {
    let table = [
        (
            "labelled/miniexcel__TestQueryTable.xlsx",
            json!({
                "path": "labelled/miniexcel__TestQueryTable.xlsx", "size": 12328, "format": "xlsx",
                "state": "ok", "reason": null,
                "labels": [{
                    "site_id": "9814d2bb-bafd-4590-adaa-96fffe3be9f4",
                    "id": "defa4170-0d19-0005-0004-bc88714345d2",
                    "name": "defa4170-0d19-0005-0004-bc88714345d2",
                    "enabled": true, "removed": false, "effective": true, "method": "Standard",
                    "set_date": "2026-05-19T10:36:50Z",
                    "action_id": "bfaf0413-f884-4979-9c01-48b9d7d2a46f", "content_bits": 0,
                    "places": ["custom"], "extra": {"Tag": "10, 3, 0, 1"},
                }],
                "protection": {"kind": "none"}, "signed": false,
            }),
        ),
        (
            "password/pypdf__r4-aes-user-password.pdf",
            json!({
                "size": 16395, "format": "pdf", "state": "password", "reason": "file.password",
                "labels": [], "signed": false,
            }),
        ),
        (
            "irm/busybox__taskbox_data_collection.pdf",
            json!({"size": 182_881, "format": "pdf", "state": "rms", "reason": "file.rms"}),
        ),
        (
            "broken/openpyxl__null_file.xlsx",
            json!({
                "size": 0, "format": null, "state": "empty", "reason": "file.empty", "labels": [],
                "protection": {"kind": "none"}, "signed": false, "bytes_read": 0, "reads": 0,
            }),
        ),
        (
            "broken/qpdf__bad1.pdf",
            json!({
                "size": 5, "format": null, "state": "unsupported",
                "reason": "file.type_unsupported", "labels": [], "bytes_read": 5, "reads": 1,
            }),
        ),
    ];
    let paths: Vec<&str> = table.iter().map(|(path, _)| *path).collect();
    let found = inspect_samples(&paths);
    assert_eq!(found.len(), table.len());
    for (object, (path, expected)) in found.iter().zip(&table) {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&object[key], value, "{key} of {path}");
        }
    }
}

/// The shape with its types, for every sample.
#[test]
fn every_key_is_there_with_its_type() {
    let all = inspect_samples(&["-r", "."]);
    let optional: BTreeSet<&str> = OPTIONAL_KEYS.iter().copied().collect();
    let mut with_labels = 0;
    for object in &all {
        let keys = keys(object);
        let missing: Vec<_> = KEYS.iter().filter(|key| !keys.contains(*key)).collect();
        assert!(missing.is_empty(), "{missing:?} in {object}");
        let known: BTreeSet<&str> = KEYS.iter().copied().chain(optional.clone()).collect();
        assert!(keys.is_subset(&known), "{keys:?}");
        assert!(
            object["path"].is_string() && object["state"].is_string(),
            "{object}"
        );
        assert!(
            object["format"].is_string() || object["format"].is_null(),
            "{object}"
        );
        assert_eq!(
            object["reason"].is_null(),
            object["state"] == "ok" && object["reason"] != "label.ambiguous",
            "{object}"
        );
        assert!(
            object["size"].is_u64() && object["reads"].is_u64(),
            "{object}"
        );
        assert!(
            object["bytes_read"].as_u64() <= object["size"].as_u64(),
            "{object}"
        );
        assert!(object["signed"].is_boolean(), "{object}");
        assert!(object["protection"]["kind"].is_string(), "{object}");
        for label in object["labels"].as_array().unwrap() {
            with_labels += 1;
            check_label(label);
        }
    }
    assert!(with_labels > 20);
}

fn check_label(label: &Value) {
    assert_eq!(keys(label), LABEL_KEYS.iter().copied().collect(), "{label}");
    for key in ["site_id", "id", "action_id"] {
        if let Some(guid) = label[key].as_str() {
            let parsed: uuid::Uuid = guid.parse().unwrap();
            assert_eq!(guid, parsed.to_string(), "lower case, no braces: {label}");
        } else {
            assert!(key != "id" && label[key].is_null(), "{label}");
        }
    }
    for key in ["enabled", "removed", "effective"] {
        assert!(label[key].is_boolean(), "{label}");
    }
    assert!(label["content_bits"].is_u64() || label["content_bits"].is_null());
    assert!(label["extra"].is_object(), "{label}");
    let places = label["places"].as_array().unwrap();
    assert!(
        !places.is_empty() && places.iter().all(Value::is_string),
        "{label}"
    );
}
