//! Where redirects are followed to, and what goes along.

use labeld_connector::ErrorKind;
use labeld_connector::http::{Call, Method, Redirects, Url};

use crate::server::{Reply, Server};
use crate::support::{outcome, service, tokens, told};

fn to(target: &str) -> Reply {
    Reply::status(302).header("Location", target)
}

fn call(url: Url, redirects: Redirects) -> Call {
    Call::new(Method::GET, url, "read", "item 7")
        .bearer(tokens())
        .header("As-User", "hidden-user")
        .redirects(redirects)
        .range(0..4)
}

fn part() -> Reply {
    Reply::new(206, "application/octet-stream", "part").header("Content-Range", "bytes 0-3/9")
}

#[tokio::test]
async fn the_token_stays_at_home() {
    let files = Server::replying(vec![part()]).await;
    let target = files.url("/download?tempauth=hidden-query");
    let home = Server::start(move |n, _| {
        if n == 0 {
            to("/moved")
        } else {
            to(target.as_str())
        }
    })
    .await;
    let result = service()
        .send(call(home.url("/content"), Redirects::Follow))
        .await;
    assert_eq!(outcome(&result), "206 part");

    for (seen, path) in home.seen().iter().zip(["/content", "/moved"]) {
        assert_eq!(seen.target, path);
        assert_eq!(seen.header("authorization"), Some("Bearer hidden-token-0"));
        assert_eq!(seen.header("as-user"), Some("hidden-user"));
    }
    let seen = &files.seen()[0];
    assert_eq!(seen.target, "/download?tempauth=hidden-query");
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.header("as-user"), None);
    assert_eq!(seen.header("referer"), None);
    assert_eq!(seen.header("cookie"), None);
    assert_eq!(seen.header("range"), Some("bytes=0-3"));
    assert_eq!(seen.header("accept"), Some("*/*"));
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
    assert!(!format!("{:?}", result.unwrap()).contains("hidden"));
}

#[tokio::test]
async fn a_token_that_left_home_does_not_come_back() {
    let away = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let first = std::sync::Arc::clone(&away);
    let home = Server::start(move |n, _| {
        if n == 0 {
            to(first.get().unwrap()).header("Set-Cookie", "a=b")
        } else {
            part()
        }
    })
    .await;
    let back = home.url("/back");
    let other = Server::start(move |_, _| to(back.as_str())).await;
    away.set(other.url("/away").to_string()).unwrap();
    let result = service().send(call(home.url("/"), Redirects::Follow)).await;
    assert_eq!(outcome(&result), "206 part");
    assert!(home.seen()[0].header("authorization").is_some());
    assert_eq!(home.seen()[1].header("authorization"), None);
    assert_eq!(home.seen()[1].header("cookie"), None);
}

#[tokio::test]
async fn a_refusal_away_from_home_costs_no_token() {
    let files = Server::replying(vec![Reply::status(401)]).await;
    let target = files.url("/download");
    let home = Server::start(move |_, _| to(target.as_str())).await;
    let result = service().send(call(home.url("/"), Redirects::Follow)).await;
    assert_eq!(outcome(&result), "Unauthenticated");
    assert_eq!(home.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_followed_only_where_that_is_safe() {
    let here = "/again";
    let elsewhere = "https://files.example.org/a?tempauth=hidden-query";
    let table = [
        (
            Redirects::Refuse,
            Method::GET,
            here,
            "which was not to be followed",
            1,
        ),
        (
            Redirects::Follow,
            Method::GET,
            elsewhere,
            "https://files.example.org, which is not one of the service's hosts",
            1,
        ),
        (
            Redirects::Follow,
            Method::GET,
            "http://files.example.com/a",
            "which is not a safe address",
            1,
        ),
        (
            Redirects::Follow,
            Method::GET,
            "file:///etc/passwd",
            "which is not a safe address",
            1,
        ),
        (
            Redirects::Follow,
            Method::GET,
            "https://user:hidden@files.example.com/",
            "which is not a safe address",
            1,
        ),
        (
            Redirects::Follow,
            Method::GET,
            "https://[",
            "which cannot be followed",
            1,
        ),
        (
            Redirects::Follow,
            Method::GET,
            here,
            "after too many redirects",
            6,
        ),
        (
            Redirects::Follow,
            Method::PUT,
            here,
            "which is followed for reading only",
            1,
        ),
    ];
    for (redirects, method, target, why, requests) in table {
        let server = Server::replying(vec![to(target)]).await;
        let mut call = Call::new(method, server.url("/"), "read", "item 7").bearer(tokens());
        call = call.redirects(redirects);
        let error = service().send(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(told(&error).contains(why), "{target}: {}", told(&error));
        assert_eq!(server.seen().len(), requests, "{target}");
    }
}

#[tokio::test]
async fn a_redirect_can_be_the_answer() {
    let server = Server::replying(vec![to("/there?tempauth=hidden-query")]).await;
    let call =
        Call::new(Method::GET, server.url("/here"), "read", "item 7").redirects(Redirects::Return);
    let answer = service().send(call).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(
        answer.location(),
        Some(server.url("/there?tempauth=hidden-query"))
    );

    let unchanged = Server::replying(vec![Reply::status(304)]).await;
    for (accepted, expected) in [(&[304][..], "304"), (&[], "Unexpected")] {
        let call =
            Call::new(Method::GET, unchanged.url("/"), "read", "item 7").accept_status(accepted);
        assert_eq!(outcome(&service().send(call).await), expected);
    }
}
