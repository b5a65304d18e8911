//! What clients see of the faults that the frame does.

use http::StatusCode;
use labeld_emulator::frame::{Effect, Entry, FaultRule, Outcome};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::tiny::{Setting, Speech, World};

const SPEECHES: [Speech; 3] = [Speech::Http1, Speech::Http2, Speech::Tls];

/// What became of a request, as its client sees it.
#[derive(Debug, PartialEq)]
enum Seen {
    Answer(u16, String),
    /// An answer of which so many bytes came before the connection broke.
    Cut(u16, usize),
    /// No answer.
    Broken,
}

async fn seen(request: RequestBuilder) -> Seen {
    let Ok(mut answer) = request.send().await else {
        return Seen::Broken;
    };
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Seen::Answer(status, String::from_utf8(body).unwrap()),
            Err(_) => return Seen::Cut(status, body.len()),
        }
    }
}

fn text(status: u16, body: &str) -> Seen {
    Seen::Answer(status, body.to_owned())
}

/// Puts a rule in force for one request, makes the request with each way of speaking, and once more.
async fn check(
    effect: Effect,
    request: impl Fn(&World) -> RequestBuilder,
    expected: Seen,
    outcome: Outcome,
    afterwards: Seen,
) {
    for speech in SPEECHES {
        let world = World::start(Setting {
            speech,
            ..Setting::default()
        })
        .await;
        world
            .control(
                "POST",
                "/_emulator/tiny/put",
                r#"{"name": "old", "text": "0123456789"}"#,
            )
            .await;
        world
            .frame
            .faults
            .add(FaultRule::new(effect.clone()).count(1))
            .unwrap();
        let case = format!("{effect:?} over {speech:?}");
        assert_eq!(seen(request(&world)).await, expected, "{case}");
        let entry = world.frame.journal.since(0).pop().unwrap();
        assert_eq!(entry.outcome, outcome, "{case}");
        assert_eq!(entry.faults.len(), 1, "{case}");
        assert_eq!(
            seen(request(&world)).await,
            afterwards,
            "{case}, afterwards"
        );
    }
}

fn read_old(world: &World) -> RequestBuilder {
    world.get("files/old")
}

#[tokio::test]
async fn a_status_is_given_in_the_place_of_the_service() {
    let effect = Effect::Status {
        code: 503,
        headers: [("retry-after".to_owned(), "7".to_owned())].into(),
        body: json!({"error": {"code": "serviceNotAvailable"}}),
    };
    let forced = text(503, r#"{"error":{"code":"serviceNotAvailable"}}"#);
    check(
        effect,
        read_old,
        forced,
        Outcome::Answered,
        text(200, "0123456789"),
    )
    .await;
}

#[tokio::test]
async fn forced_answers_have_their_headers() {
    for (body, content_type) in [
        (Value::Null, None),
        (json!("wait"), Some("text/plain; charset=utf-8")),
        (json!({"wait": true}), Some("application/json")),
    ] {
        let world = World::plain().await;
        let effect = Effect::Status {
            code: 429,
            headers: [("retry-after".to_owned(), "7".to_owned())].into(),
            body,
        };
        world.frame.faults.add(FaultRule::new(effect)).unwrap();
        let answer = world.get("files/old").send().await.unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(header(&answer, "retry-after"), Some("7"));
        assert_eq!(header(&answer, "content-type"), content_type);
    }
}

#[tokio::test]
async fn lost_requests_are_not_handled() {
    let put = |world: &World| world.put("files/new", "abc");
    let done = text(200, r#"{"host":"one","name":"new","size":3}"#);
    check(
        Effect::RequestLost,
        put,
        Seen::Broken,
        Outcome::RequestLost,
        done,
    )
    .await;

    let world = World::plain().await;
    world
        .frame
        .faults
        .add(FaultRule::new(Effect::RequestLost))
        .unwrap();
    assert_eq!(seen(put(&world)).await, Seen::Broken);
    assert_eq!(world.tiny.file("new"), None);
}

#[tokio::test]
async fn lost_answers_took_effect() {
    let put = |world: &World| world.put("files/new", "abc");
    let done = text(200, r#"{"host":"one","name":"new","size":3}"#);
    check(
        Effect::AnswerLost,
        put,
        Seen::Broken,
        Outcome::AnswerLost,
        done,
    )
    .await;

    let world = World::plain().await;
    world
        .frame
        .faults
        .add(FaultRule::new(Effect::AnswerLost))
        .unwrap();
    assert_eq!(seen(put(&world)).await, Seen::Broken);
    assert_eq!(world.tiny.file("new").unwrap(), "abc");
    assert_eq!(world.frame.journal.since(0)[0].status, Some(200));
}

#[tokio::test]
async fn answers_are_cut() {
    for bytes in [0, 4, 9] {
        for cut in [
            Effect::CutAfter { bytes },
            Effect::StallAfter { bytes, ms: 40 },
        ] {
            let whole = text(200, "0123456789");
            let broken = Seen::Cut(200, usize::try_from(bytes).unwrap());
            check(cut, read_old, broken, Outcome::Cut, whole).await;
        }
    }
}

#[tokio::test]
async fn short_answers_are_not_cut() {
    let world = World::plain().await;
    let cut = FaultRule::new(Effect::CutAfter { bytes: 100 });
    let id = world.frame.faults.add(cut).unwrap();
    let range = "x".repeat(100);
    assert_eq!(seen(world.get("range")).await, text(206, &range));
    assert_eq!(world.frame.faults.hits(id), Some(0));
}

#[tokio::test]
async fn json_answers_are_cut_whether_or_not_they_are_kept() {
    let cut = Effect::CutAfter { bytes: 5 };
    let put = |world: &World| world.put("files/new", "abc");
    let done = text(200, r#"{"host":"one","name":"new","size":3}"#);
    check(cut, put, Seen::Cut(200, 5), Outcome::Cut, done).await;
}

#[tokio::test]
async fn json_is_truncated() {
    let whole = r#"{"error":"no such file"}"#;
    check(
        Effect::TruncatedJson,
        |world| world.get("files/none"),
        text(404, &whole[..12]),
        Outcome::Answered,
        text(404, whole),
    )
    .await;
}

#[tokio::test]
async fn a_sign_in_page_comes_in_place_of_an_answer() {
    let world = World::plain().await;
    world
        .frame
        .faults
        .add(FaultRule::new(Effect::Html))
        .unwrap();
    let answer = world.put("files/new", "abc").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        header(&answer, "content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(answer.text().await.unwrap().contains("<html>"));
    assert_eq!(world.tiny.file("new"), None);
}

#[tokio::test]
async fn content_ranges_are_wrong() {
    let world = World::plain().await;
    let id = world
        .frame
        .faults
        .add(FaultRule::new(Effect::WrongContentRange).count(1))
        .unwrap();
    // Not a range, so that the rule does not count it.
    assert_eq!(
        seen(world.get("files/none")).await,
        text(404, r#"{"error":"no such file"}"#)
    );
    assert_eq!(world.frame.faults.hits(id), Some(0));
    for expected in ["bytes 99-198/1000", "bytes 100-199/1000"] {
        let answer = world.get("range").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(header(&answer, "content-range"), Some(expected));
        assert_eq!(answer.bytes().await.unwrap().len(), 100);
    }
}

#[tokio::test]
async fn delays_add_up_to_other_faults() {
    let world = World::plain().await;
    let faults = &world.frame.faults;
    for effect in [Effect::DelayMs(1), Effect::DelayMs(1), Effect::AnswerLost] {
        faults.add(FaultRule::new(effect)).unwrap();
    }
    assert_eq!(seen(world.get("range")).await, Seen::Broken);
    let entry = world.frame.journal.since(0).pop().unwrap();
    assert_eq!(entry.faults, ["delay_ms", "delay_ms", "answer_lost"]);
}

#[tokio::test]
async fn a_client_that_goes_away_is_in_the_journal() {
    let world = World::plain().await;
    let an_hour = Effect::DelayMs(3_600_000);
    world.frame.faults.add(FaultRule::new(an_hour)).unwrap();
    let request = tokio::spawn(world.get("range").send());
    world.frame.journal.wait_for(|_| true).await;
    request.abort();
    let abandoned = |entry: &Entry| entry.outcome == Outcome::Abandoned;
    assert_eq!(world.frame.journal.wait_for(abandoned).await.status, None);
}

#[tokio::test]
async fn rules_look_at_the_decoded_path() {
    let world = World::plain().await;
    let rule = FaultRule::new(Effect::RequestLost).path("/files/a b*");
    world.frame.faults.add(rule).unwrap();
    let missing = text(404, r#"{"error":"no such file"}"#);
    assert_eq!(seen(world.get("files/a%20b.docx")).await, Seen::Broken);
    assert_eq!(seen(world.get("files/a%2520b.docx")).await, missing);
}

#[tokio::test]
async fn providers_do_their_own_faults() {
    let world = World::plain().await;
    let rule = FaultRule::new(Effect::ExpiredCursor).skip(1).count(1);
    world.frame.faults.add(rule).unwrap();
    // Not a use of a cursor, so that the rule does not count it.
    seen(world.get("range")).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(world.get("cursor").send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 410, 200]);
    let told = |entry: &Entry| entry.faults == ["expired_cursor"];
    assert_eq!(world.frame.journal.count(told), 1);
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}
