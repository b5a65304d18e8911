//! Which calls are made again, when, and how often.

use labeld_connector::ErrorKind;
use labeld_connector::http::{Call, CallFailure, Expect, Method, RetryBudget, RetryOptions, Url};

use crate::server::{Reply, Server};
use crate::support::{network_options, outcome, pacer, retry, service, service_with, tokens, told};

const PATH: &str = "/v1.0/items?tempauth=hidden-query";

fn call(method: Method, url: Url) -> Call {
    Call::new(method, url, "read", "item 7").bearer(tokens())
}

fn get(url: Url) -> Call {
    call(Method::GET, url)
}

fn put(url: Url) -> Call {
    call(Method::PUT, url).body("content", "application/octet-stream")
}

fn post(url: Url) -> Call {
    call(Method::POST, url).json(&serde_json::json!({"a": 1}))
}

fn good() -> Reply {
    Reply::json("{}")
}

fn html() -> Reply {
    Reply::new(200, "text/html; charset=utf-8", "<html>Sign in</html>")
}

fn cut() -> Reply {
    Reply::json("{\"value\": [1,").announcing(100)
}

async fn check(
    name: &str,
    replies: &[Reply],
    call: impl Fn(Url) -> Call,
    expected: &str,
    requests: usize,
) {
    let server = Server::replying(replies.to_vec()).await;
    let result = service().send(call(server.url(PATH))).await;
    assert_eq!(outcome(&result), expected, "{name}: {result:?}");
    assert_eq!(server.seen().len(), requests, "{name}");
}

#[tokio::test]
async fn a_call_is_made_again_where_that_is_safe_and_may_help() {
    let failed = |status| Reply::status(status);
    let throttled = |status| Reply::status(status).header("Retry-After", "0");
    type Build = fn(Url) -> Call;
    let repeatable_post: Build = |url| post(url).repeatable(true);
    let accepting_404: Build = |url| get(url).accept_status(&[404]);
    let accepting_202: Build = |url| post(url).accept_status(&[202]);
    let anything: Build = |url| get(url).expect(Expect::Anything);
    let half = || Reply::json("{\"value\": [1,").without_length();
    let table: Vec<(&str, Vec<Reply>, Build, &str, usize)> = vec![
        ("good", vec![good()], get, "200 {}", 1),
        ("no content", vec![failed(204)], get, "204", 1),
        ("500 then good", vec![failed(500), good()], get, "200 {}", 2),
        ("always 500", vec![failed(500)], get, "Transient", 3),
        (
            "408, 502",
            vec![failed(408), failed(502), good()],
            get,
            "200 {}",
            3,
        ),
        (
            "500 to a post",
            vec![failed(500), good()],
            post,
            "Transient",
            1,
        ),
        (
            "500 to a repeatable post",
            vec![failed(500), good()],
            repeatable_post,
            "200 {}",
            2,
        ),
        (
            "429 to a post",
            vec![throttled(429), good()],
            post,
            "200 {}",
            2,
        ),
        (
            "429 without a wait",
            vec![failed(429), good()],
            put,
            "200 {}",
            2,
        ),
        (
            "503 with a wait to a put",
            vec![throttled(503), good()],
            put,
            "200 {}",
            2,
        ),
        (
            "503 without a wait to a put",
            vec![failed(503), good()],
            put,
            "Transient",
            1,
        ),
        (
            "503 without a wait",
            vec![failed(503), good()],
            get,
            "200 {}",
            2,
        ),
        ("always 429", vec![throttled(429)], get, "Throttled", 3),
        ("answer lost", vec![Reply::lost(), good()], get, "200 {}", 2),
        (
            "answer to a put lost",
            vec![Reply::lost(), good()],
            put,
            "Transient",
            1,
        ),
        ("body cut", vec![cut(), good()], get, "200 {}", 2),
        (
            "body of a put's answer cut",
            vec![cut(), good()],
            put,
            "Transient",
            1,
        ),
        ("body always cut", vec![cut()], get, "Transient", 3),
        ("half JSON", vec![half(), good()], get, "200 {}", 2),
        ("always half JSON", vec![half()], get, "Malformed", 3),
        (
            "half JSON to a post",
            vec![half(), good()],
            post,
            "Malformed",
            1,
        ),
        (
            "no JSON at all",
            vec![Reply::json(""), good()],
            get,
            "200 {}",
            2,
        ),
        ("html", vec![html(), good()], get, "200 {}", 2),
        ("always html", vec![html()], get, "Malformed", 3),
        (
            "html without a type",
            vec![Reply::new(200, "", " <!DOCTYPE html>"), good()],
            get,
            "200 {}",
            2,
        ),
        (
            "text",
            vec![Reply::new(200, "text/plain", "{}"), good()],
            get,
            "200 {}",
            2,
        ),
        (
            "html wanted",
            vec![html()],
            anything,
            "200 <html>Sign in</html>",
            1,
        ),
        ("404", vec![failed(404)], get, "NotFound", 1),
        ("404 accepted", vec![failed(404)], accepting_404, "404", 1),
        ("not ready", vec![throttled(202), good()], get, "200 {}", 2),
        (
            "202 without a wait",
            vec![failed(202)],
            get,
            "Unexpected",
            1,
        ),
        (
            "202 accepted",
            vec![throttled(202)],
            accepting_202,
            "202",
            1,
        ),
        ("507", vec![failed(507)], put, "QuotaExceeded", 1),
        ("423", vec![failed(423)], put, "Locked", 1),
    ];
    for (name, replies, build, expected, requests) in &table {
        check(name, replies, build, expected, *requests).await;
    }
}

#[tokio::test]
async fn a_failure_says_whether_the_call_may_have_had_its_effect() {
    let page = Reply::new(200, "text/html", "<html>");
    let table = [
        ("lost", Reply::lost(), true),
        ("cut", cut(), true),
        ("page", page, true),
        ("502", Reply::status(502), true),
        ("404", Reply::status(404), false),
        ("412", Reply::status(412), false),
        ("507", Reply::status(507), false),
    ];
    for (name, reply, unknown) in table {
        let server = Server::replying(vec![reply]).await;
        let error = service().send(put(server.url(PATH))).await.unwrap_err();
        let failure = CallFailure::of(&error).unwrap();
        assert_eq!(failure.fate_is_unknown(), unknown, "{name}");
    }
}

#[tokio::test]
async fn a_call_that_never_left_is_made_again() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let url = Url::parse(&format!("http://{address}{PATH}")).unwrap();
    let error = service().send(put(url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(told(&error).contains("cannot connect"), "{}", told(&error));
    let failure = CallFailure::of(&error).unwrap();
    assert!(matches!(
        failure,
        CallFailure::Transport { sent: false, .. }
    ));
    assert!(!failure.fate_is_unknown());
}

#[tokio::test]
async fn a_refusal_says_what_the_service_said() {
    let body = r#"{"code": "itemNotFound", "message": "There is no\nsuch item"}"#;
    let reply = Reply::new(404, "application/json", body).header("Request-Id", "4b1c");
    let server = Server::replying(vec![reply]).await;
    let error = service().send(get(server.url(PATH))).await.unwrap_err();
    assert_eq!(
        told(&error),
        "cannot read item 7: not found: the service answered 404 itemNotFound: There is no such item \
         (request id 4b1c)"
    );
    let failure = CallFailure::of(&error).unwrap();
    assert_eq!(failure.status().unwrap().as_u16(), 404);
    assert_eq!(failure.codes(), ["itemNotFound"]);
}

#[tokio::test]
async fn a_dead_service_is_not_called_without_end() {
    let server = Server::replying(vec![Reply::status(500)]).await;
    let retry = RetryOptions {
        budget: RetryBudget {
            repetitions: 3,
            successes_per_repetition: 10,
        },
        ..retry()
    };
    let service = service_with(&network_options(), retry, pacer());
    for _ in 0..10 {
        service.send(get(server.url(PATH))).await.unwrap_err();
    }
    assert_eq!(server.seen().len(), 10 + 3);
}

#[tokio::test]
async fn what_cannot_be_sent_safely_is_not_sent() {
    let table = [
        (
            "http://graph.example.com/a?b=hidden",
            "plain http is for this machine only",
        ),
        (
            "https://user:hidden@graph.example.com/a",
            "must not carry a user name",
        ),
        ("ftp://127.0.0.1/a", "the scheme must be https"),
    ];
    for (url, why) in table {
        let error = service()
            .send(get(Url::parse(url).unwrap()))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(told(&error).contains(why), "{}", told(&error));
    }
    let url = Url::parse("https://graph.example.com/").unwrap();
    let error = service().send(get(url.clone()).range(4..4)).await;
    assert!(told(&error.unwrap_err()).contains("the range is empty"));
    let error = service()
        .send(get(url).header("Prefer", "a\nb"))
        .await
        .unwrap_err();
    assert!(
        told(&error).contains("HTTP does not allow"),
        "{}",
        told(&error)
    );
}

#[tokio::test]
async fn a_body_arrives_as_it_was_given() {
    let server = Server::replying(vec![Reply::status(500), good()]).await;
    let form = Call::new(
        Method::POST,
        server.url("/token"),
        "fetch token",
        "for alder",
    )
    .form(&[("scope", "a b/.default"), ("secret", "p&s=1")])
    .repeatable(true);
    service().send(form).await.unwrap();
    for seen in server.seen() {
        assert_eq!(
            seen.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(seen.header("accept"), Some("application/json"));
        assert_eq!(
            seen.header("user-agent"),
            Some(concat!("labeld/", env!("CARGO_PKG_VERSION")))
        );
        assert_eq!(seen.body, b"scope=a+b%2F.default&secret=p%26s%3D1");
    }
}
