use super::*;

const A: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001";
const B: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9002";

/// One line a label: the fields that are set, in a fixed order.
fn describe(label: &LabelDefinition) -> String {
    let last = |id: Uuid| id.to_string().split_off(35);
    let mut text = format!("{} {:?}", last(label.id), label.display_name);
    let mut push = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!(" {word}={value}"));
        }
    };
    push("internal", label.internal_name.clone());
    push("parent", label.parent.map(last));
    push("group", label.group.then(|| "yes".to_owned()));
    push("rank", label.rank.map(|rank| rank.to_string()));
    push("enabled", (!label.enabled).then(|| "no".to_owned()));
    push("files", label.applies_to_files.map(|yes| yes.to_string()));
    push(
        "encrypts",
        label.needs_protection.map(|yes| yes.to_string()),
    );
    push("published", label.published.map(|yes| yes.to_string()));
    push("rights", label.rights_readable.map(|yes| yes.to_string()));
    push("text", label.description.clone());
    push("color", label.color.clone());
    text
}

fn with_ids(text: &str) -> String {
    text.replace("$A", A).replace("$B", B)
}

fn read(text: &str) -> Result<LabelList, LabelListProblem> {
    parse_bytes(with_ids(text).as_bytes())
}

#[test]
fn every_format_is_read() {
    use ListFormat::{GetLabel, Graph, Labeld};
    let table: &[(ListFormat, &str, &[&str])] = &[
        // One label comes without a list around it; numbers and truth values may be text.
        (
            GetLabel,
            r#"{"Guid":"$A","Name":"gen","DisplayName":"General","Tooltip":"tip","Comment":"","Priority":"2","ParentId":"",
                "Disabled":false,"Mode":"Enforce","ContentType":"File, Email","LabelActions":[],"IsParent":"False",
                "Settings":["[color, #0078D7]","[tooltip, tip]","[displayname, other]"]}"#,
            &[
                r#"1 "General" internal=gen rank=2 files=true encrypts=false text=tip color=#0078d7"#,
            ],
        ),
        // Names and parents only in Settings, here as one text; braces around GUIDs; other case of names.
        (
            GetLabel,
            r#"[{"ImmutableId":"{$A}","name":"a","IsParent":true,"ContentType":"Site, UnifiedGroup"},
                {"guid":"$B","Disabled":"True","Settings":"[displayname, Sub, label] [parentid, $A]","LabelActions":null}]"#,
            &[
                r#"1 "a" internal=a group=yes files=false"#,
                r#"2 "Sub, label" parent=1 enabled=no encrypts=false"#,
            ],
        ),
        // The wrapping of Windows PowerShell; a label that is being deleted is not listed.
        (
            GetLabel,
            r#"{"value":[{"Guid":"$A","Name":"a"},{"Guid":"$B","Name":"b","Mode":"PendingDeletion"}],"Count":2}"#,
            &[r#"1 "a" internal=a"#],
        ),
        // `disabled` is a text; removing protection is no encryption; marking is none either.
        (
            GetLabel,
            r#"[{"Guid":"$A","Name":"a","LabelActions":["{\"Type\":\"applycontentmarking\"}","{\"Type\":\"encrypt\",\"Settings\":[{\"Key\":\"disabled\",\"Value\":\"false\"}]}"]},
                {"Guid":"$B","Name":"b","LabelActions":"{\"Type\":\"encrypt\",\"Settings\":[{\"Key\":\"disabled\",\"Value\":\"true\"}]} {\"Type\":\"encrypt\",\"Settings\":[{\"Key\":\"protectiontype\",\"Value\":\"removeprotection\"}]}"}]"#,
            &[
                r#"1 "a" internal=a encrypts=true"#,
                r#"2 "b" internal=b encrypts=false"#,
            ],
        ),
        // Graph v1.0 as the metadata has it: displayName is null, the sublabel lies inside and beside.
        (
            Graph,
            r#"{"@odata.context":"x","value":[
                {"id":"$A","name":"Confidential","displayName":null,"priority":3,"toolTip":"tip","hasProtection":false,
                 "sublabels":[{"id":"$B","name":"All","priority":4,"isEnabled":false,"applicableTo":"email,file","color":""}]},
                {"id":"$B","name":"All","priority":4,"isEnabled":false}]}"#,
            &[
                r#"1 "Confidential" rank=3 encrypts=false text=tip"#,
                r#"2 "All" parent=1 rank=4 enabled=no files=true"#,
            ],
        ),
        // Graph beta: the parent only inside the child; the child not appliable.
        (
            Graph,
            r##"{"value":[{"id":"$B","name":"Finance","description":"","color":"#AABBCC","sensitivity":2,"tooltip":"Finance only",
                "isActive":true,"isAppliable":false,"hasProtection":true,"contentFormats":["email"],
                "parent":{"id":"$A","displayName":"Confidential","sensitivity":1,"isActive":false}}]}"##,
            &[
                r#"2 "Finance" parent=1 group=yes rank=2 files=false encrypts=true text=Finance only color=#aabbcc"#,
                r#"1 "Confidential" rank=1 enabled=no"#,
            ],
        ),
        // Nothing but ids.
        (
            Graph,
            r#"[{"id":"$A"}]"#,
            &[r#"1 "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001""#],
        ),
        (Graph, r#"{"value":[]}"#, &[]),
        (
            Labeld,
            r##"{"tenant_id":"$B","labels":[{"id":"$A","name":"General","internal_name":"gen","parent":"$B","group":true,"rank":1,
                "enabled":false,"applies_to_files":true,"needs_protection":false,"published":true,"rights_readable":false,
                "description":"d","color":"#0078d7"}, {"id":"$A","name":"General"}]}"##,
            &[
                r#"1 "General" internal=gen parent=2 group=yes rank=1 enabled=no files=true encrypts=false published=true rights=false text=d color=#0078d7"#,
            ],
        ),
    ];
    for (format, text, expected) in table {
        let list = read(text).unwrap_or_else(|problem| panic!("{problem}: {text}"));
        let labels: Vec<String> = list.labels.iter().map(describe).collect();
        assert_eq!(labels, *expected, "{text}");
        assert_eq!(list.format, *format, "{text}");
        let tenant_id = (*format == Labeld).then(|| Uuid::try_parse(B).unwrap());
        assert_eq!(list.tenant_id, tenant_id);
    }
}

#[test]
fn what_is_no_list_is_refused_with_its_place() {
    let table: &[(&str, &str)] = &[
        ("", "empty: export"),
        (" \n", "empty: export"),
        ("[{]", "not valid JSON at line 1, column 3: "),
        ("42", "no list of labels"),
        ("{}", "without a list of labels"),
        (r#"{"id":"$A","name":"one"}"#, "without a list of labels"),
        (
            r#"{"value":[],"@odata.nextLink":"x"}"#,
            "only a part of the list",
        ),
        (
            r#"[{"id":"$A"},7]"#,
            "label 2, field `(all)`: expected an object, found a number",
        ),
        (r#"[{"name":"a"}]"#, r#"label 1 ("a"), field `id`: missing"#),
        (
            r#"[{"id":"$A","name":"x"},{"id":"12","name":"b"}]"#,
            r#"label 2 ("b"), field `id`: expected a GUID, found "12""#,
        ),
        (
            r#"[{"id":"00000000-0000-0000-0000-000000000000"}]"#,
            "field `id`: missing",
        ),
        (
            r#"[{"id":"$A","name":["a"]}]"#,
            "field `name`: expected text, found a list",
        ),
        (
            r#"[{"id":"$A","sensitivity":1.5}]"#,
            "field `sensitivity`: expected a whole number",
        ),
        (
            r#"[{"id":"$A","isActive":"perhaps"}]"#,
            r#"field `isActive`: expected true or false, found "perhaps""#,
        ),
        (
            r#"[{"id":"$A","name":"a"},{"id":"$A","name":"b"}]"#,
            "stands twice, and the two differ in name",
        ),
        (
            r#"{"labels":[{"id":"$A","name":"a","parent":"$B"},{"id":"$B","name":"b","parent":"$A"}]}"#,
            "is its own parent",
        ),
        (
            r#"{"labels":[{"id":"$A","name":"a","parent":"$A"}]}"#,
            "is its own parent",
        ),
        (
            r#"{"labels":[{"id":"$A","name":"a","colour":"x"}]}"#,
            r#"label 1 ("a"), field `colour`: unknown; known are id, name"#,
        ),
        (r#"{"labels":[{"id":"$A"}]}"#, "field `name`: missing"),
        (
            r#"{"labels":[{"id":"$A","name":"a","color":"blue"}]}"#,
            "field `color`: expected `#rrggbb`",
        ),
        (
            r#"{"tenant_id":"x","labels":[]}"#,
            "`tenant_id` is not a GUID",
        ),
        (
            r#"{"Guid":"$A","LabelActions":["System.Object[]"]}"#,
            "field `LabelActions`: not JSON; export again",
        ),
        (
            r#"{"Guid":"$A","Settings":["[parentid, up]"]}"#,
            "field `Settings`: `parentid`: expected a GUID",
        ),
    ];
    for (text, expected) in table {
        let problem = read(text).expect_err(text).to_string();
        assert!(
            problem.contains(expected),
            "{text}\n  {problem}\n  {expected}"
        );
    }
}

#[test]
fn any_unicode_encoding_is_read() {
    let text = with_ids(r#"[{"id":"$A","name":"Gehälter 💶"}]"#);
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let encodings = [
        text.clone().into_bytes(),
        marked(&[0xEF, 0xBB, 0xBF], text.as_bytes()),
        marked(&[0xFF, 0xFE], &utf16(u16::to_le_bytes)),
        marked(&[0xFE, 0xFF], &utf16(u16::to_be_bytes)),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    for bytes in encodings {
        let list = parse_bytes(&bytes).unwrap();
        assert_eq!(list.labels[0].display_name, "Gehälter 💶");
    }
    for bytes in [
        &[0xFF, 0xFE, b'['][..],
        &[0xFF, 0xFE, 0x00, 0xD8][..],
        &[b'[', 0xFF][..],
    ] {
        assert!(matches!(parse_bytes(bytes), Err(LabelListProblem::NotText)));
    }
}

#[test]
fn limits_hold() {
    let many = |count: usize| {
        let labels: Vec<String> = (1..=count)
            .map(|number| format!(r#"{{"id":"{}"}}"#, Uuid::from_u128(number as u128)))
            .collect();
        format!("[{}]", labels.join(","))
    };
    assert_eq!(read(&many(MAX_LABELS)).unwrap().labels.len(), MAX_LABELS);
    let table: Vec<(String, &str)> = vec![
        (many(MAX_LABELS + 1), "more than 10000 labels"),
        ("[".repeat(100_000), "nested deeper"),
        (format!("[{}0]", "0,".repeat(1_000_000)), "more values"),
        (
            " ".repeat(MAX_FILE_BYTES as usize + 1),
            "larger than 32 MiB",
        ),
        // The same inside a text that holds JSON.
        (
            format!(
                r#"{{"Guid":"$A","LabelActions":"{}"}}"#,
                "[".repeat(100_000)
            ),
            "not JSON",
        ),
    ];
    for (text, expected) in table {
        let problem = read(&text).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = read_file(Path::new("no/such/labels.json")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use the label list no/such/labels.json"
    );
    assert!(matches!(error.problem, LabelListProblem::Unreadable(_)));
}

#[test]
fn a_source_may_say_that_its_order_is_turned_round() {
    for (order, expected) in [("descending", -2), ("ascending", 2)] {
        let text = format!(
            r#"{{"value":[{{"id":"$A","name":"a","priority":2}}],"{ORDER_FIELD}":"{order}"}}"#
        );
        assert_eq!(
            read(&text).unwrap().labels[0].rank,
            Some(expected),
            "{order}"
        );
    }
}

/// The list that the example configuration names.
#[test]
fn the_demonstration_list_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/labels.json");
    let list = read_file(&path).unwrap();
    assert_eq!(list.format, ListFormat::Labeld);
    assert!(list.tenant_id.is_some());
    let ids: Vec<Uuid> = list.labels.iter().map(|label| label.id).collect();
    let parents = list.labels.iter().filter_map(|label| label.parent);
    assert!(parents.into_iter().all(|parent| ids.contains(&parent)));
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = parse_bytes(&bytes);
    }

    #[test]
    fn no_text_of_known_words_panics(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "[", "]", "{", "}", ",", ":", "null", "\"id\"", "\"Guid\"", "\"value\"", "\"labels\"", "\"parent\"",
            "\"sublabels\"", "\"Settings\"", "\"[parentid, x]\"", "\"LabelActions\"", "7",
            "\"0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001\"",
        ]), 0..40)) {
        let _ = parse_bytes(words.concat().as_bytes());
    }
}
