//! The control API.

use serde_json::{Value, json};

use crate::tiny::World;

/// Makes calls one after the other on one world; each answer has this status, and contains this.
async fn check(calls: &[(&str, &str, u16, Value)]) {
    let world = World::plain().await;
    for (call, body, status, expected) in calls {
        let (method, path) = call.split_once(' ').unwrap();
        let (code, answer) = world.control(method, path, body).await;
        assert_eq!(code, *status, "{call} {body}: {answer}");
        contains(&answer, expected, &format!("{call} {body}: {answer}"));
    }
}

/// Objects contain the members of the expected one, texts its text; everything else is equal.
fn contains(answer: &Value, expected: &Value, case: &str) {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => {
            for (name, expected) in expected {
                contains(answer.get(name).unwrap_or(&Value::Null), expected, case);
            }
        }
        (Value::String(answer), Value::String(expected)) => {
            assert!(answer.contains(&**expected), "{expected:?} in {case}");
        }
        _ => assert_eq!(answer, expected, "{case}"),
    }
}

fn error(text: &str) -> Value {
    json!({"error": text})
}

#[tokio::test]
async fn the_clock_is_set() {
    check(&[
        ("GET /_emulator/clock", "", 200, json!({"frozen": false})),
        (
            "POST /_emulator/clock",
            r#"{"now": "2026-03-01T09:00:00Z", "frozen": true}"#,
            200,
            json!({"now": "2026-03-01T09:00:00Z", "frozen": true}),
        ),
        (
            "POST /_emulator/clock",
            r#"{"advance_seconds": 90.5}"#,
            200,
            json!({"now": "2026-03-01T09:01:30.5"}),
        ),
        (
            "POST /_emulator/clock",
            r#"{"advance_seconds": -90.5}"#,
            200,
            json!({"now": "2026-03-01T09:00:00"}),
        ),
        (
            "POST /_emulator/clock",
            r#"{"frozen": false}"#,
            200,
            json!({"frozen": false}),
        ),
        (
            "POST /_emulator/clock",
            r#"{"advance_seconds": 1e300}"#,
            400,
            error("a thousand years"),
        ),
        (
            "POST /_emulator/clock",
            r#"{"now": "noon"}"#,
            400,
            error("bad body"),
        ),
        (
            "POST /_emulator/clock",
            r#"{"later": 1}"#,
            400,
            error("unknown field `later`"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn faults_are_added_and_removed() {
    let rule = r#"{"host": "one", "path": "/**", "count": 2, "effect": "answer_lost"}"#;
    let listed = json!({
        "id": 1, "host": "one", "path": "/**", "skip": 0, "count": 2, "probability": 1.0, "seed": 0,
        "effect": "answer_lost", "seen": 0, "hits": 0,
    });
    check(&[
        ("GET /_emulator/faults", "", 200, json!({"faults": []})),
        ("POST /_emulator/faults", rule, 200, json!({"id": 1})),
        (
            "GET /_emulator/faults",
            "",
            200,
            json!({"faults": [listed]}),
        ),
        ("DELETE /_emulator/faults/1", "", 200, json!({})),
        (
            "DELETE /_emulator/faults/1",
            "",
            404,
            error("there is no fault 1"),
        ),
        ("DELETE /_emulator/faults/x", "", 400, error("x")),
        ("POST /_emulator/faults", rule, 200, json!({"id": 2})),
        ("DELETE /_emulator/faults", "", 200, json!({})),
        ("GET /_emulator/faults", "", 200, json!({"faults": []})),
        (
            "POST /_emulator/faults",
            "{}",
            400,
            error("missing field `effect`"),
        ),
        ("POST /_emulator/faults", "{", 400, error("bad body: EOF")),
        (
            "POST /_emulator/faults",
            r#"{"effect": {"status": {"code": 99}}}"#,
            400,
            error("from 200 to 599, not 99"),
        ),
        (
            "POST /_emulator/faults",
            r#"{"provider": "huge", "effect": "html"}"#,
            404,
            error("no provider \"huge\""),
        ),
        (
            "POST /_emulator/faults",
            r#"{"host": "three", "effect": "html"}"#,
            404,
            error("no host \"three\""),
        ),
    ])
    .await;
}

#[tokio::test]
async fn providers_are_operated() {
    let about = "{name, text}: stores a file";
    check(&[
        (
            "POST /_emulator/tiny/put",
            r#"{"name": "a", "text": "abc"}"#,
            200,
            json!({"size": 3}),
        ),
        (
            "POST /_emulator/tiny/put",
            r#"{"name": "a"}"#,
            400,
            error("missing field `text`"),
        ),
        ("POST /_emulator/tiny/put", "[]", 400, error("bad body")),
        ("POST /_emulator/tiny/lock", "", 409, error("it is locked")),
        (
            "POST /_emulator/tiny/burn",
            "",
            500,
            error("it cannot be put out: there is no water"),
        ),
        (
            "POST /_emulator/tiny/fly",
            "",
            404,
            error("unknown operation \"fly\""),
        ),
        (
            "POST /_emulator/huge/put",
            "",
            404,
            error("no provider \"huge\""),
        ),
        (
            "GET /_emulator/tiny/put",
            "",
            405,
            error("does not take GET"),
        ),
        (
            "GET /_emulator/tiny",
            "",
            404,
            error("there is no /_emulator/tiny"),
        ),
        ("GET /", "", 404, error("lists the calls")),
        (
            "GET /_emulator/switches",
            "",
            200,
            json!({"tiny": {"strict": false}}),
        ),
        (
            "PATCH /_emulator/switches",
            r#"{"tiny": {"strict": true}}"#,
            200,
            json!({"tiny": {"strict": true}}),
        ),
        (
            "PATCH /_emulator/switches",
            r#"{"tiny": {}}"#,
            400,
            error("\"strict\" is a bool"),
        ),
        (
            "PATCH /_emulator/switches",
            r#"{"huge": {}}"#,
            404,
            error("no provider \"huge\""),
        ),
    ])
    .await;
    let world = World::plain().await;
    for path in ["/_emulator", "/_emulator/"] {
        let (code, index) = world.control("GET", path, "").await;
        let put = json!({"call": "POST /_emulator/tiny/put", "about": about});
        assert_eq!(code, 200);
        assert!(index["calls"].as_array().unwrap().contains(&put), "{index}");
    }
}

#[tokio::test]
async fn the_journal_is_told() {
    let world = World::plain().await;
    world.get("range").send().await.unwrap();
    world
        .client
        .get(world.tiny.url("two", ""))
        .send()
        .await
        .unwrap();
    for (query, expected) in [
        ("", vec![1, 2]),
        ("?after=1", vec![2]),
        ("?host=one", vec![1]),
        ("?provider=tiny&limit=1", vec![1]),
        ("?provider=huge", vec![]),
    ] {
        let path = format!("/_emulator/journal{query}");
        let (code, answer) = world.control("GET", &path, "").await;
        let told: Vec<u64> = answer["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(
            (code, told, &answer["last"]),
            (200, expected, &json!(2)),
            "{query}"
        );
    }
    let (code, answer) = world.control("GET", "/_emulator/journal?since=1", "").await;
    assert_eq!(code, 400);
    contains(&answer, &error("unknown field `since`"), "since");
    world.control("DELETE", "/_emulator/journal", "").await;
    let (_, answer) = world.control("GET", "/_emulator/journal", "").await;
    assert_eq!(answer, json!({"last": 2, "entries": []}));
}

#[tokio::test]
async fn states_are_saved_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let named = json!({"file": file}).to_string();
    let world = World::plain().await;
    world
        .control(
            "POST",
            "/_emulator/tiny/put",
            r#"{"name": "a", "text": "abc"}"#,
        )
        .await;
    let frozen = r#"{"now": "2026-03-01T09:00:00Z", "frozen": true}"#;
    let (_, clock) = world.control("POST", "/_emulator/clock", frozen).await;

    let (code, state) = world.control("POST", "/_emulator/save", "").await;
    assert_eq!(
        (code, &state["providers"]),
        (200, &json!({"tiny": {"a": "abc"}}))
    );
    let (code, _) = world.control("POST", "/_emulator/save", &named).await;
    assert_eq!(code, 200);

    for arguments in [named, json!({"state": state}).to_string()] {
        let other = World::plain().await;
        let (code, _) = other
            .control("POST", "/_emulator/restore", &arguments)
            .await;
        assert_eq!(code, 200);
        assert_eq!(other.tiny.file("a").unwrap(), "abc");
        assert_eq!(other.control("GET", "/_emulator/clock", "").await.1, clock);
    }
    let clock = json!({"running": {"ahead_microseconds": 0}});
    let state = |format, provider: &str| {
        let state = json!({"format": format, "clock": clock, "providers": {provider: {"a": 1}}});
        json!({"state": state}).to_string()
    };
    for (arguments, expected) in [
        (String::new(), "give \"file\" or \"state\""),
        (r#"{"state": {}}"#.to_owned(), "this is not a saved state"),
        (state(9, "tiny"), "has format 9"),
        (state(1, "huge"), "a provider \"huge\""),
        (state(1, "tiny"), "cannot restore tiny"),
        (r#"{"file": "/nowhere"}"#.to_owned(), "cannot read /nowhere"),
    ] {
        let (code, answer) = world
            .control("POST", "/_emulator/restore", &arguments)
            .await;
        assert_eq!(code, 400);
        contains(&answer, &error(expected), &arguments);
    }
    assert_eq!(world.tiny.file("a").unwrap(), "abc");
}

#[tokio::test]
async fn web_pages_are_refused() {
    let world = World::plain().await;
    let url = world.server.control_url().join("/_emulator/save").unwrap();
    let request = world
        .client
        .post(url)
        .header("Origin", "https://example.com");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        error("the control API does not answer web pages")
    );
}
