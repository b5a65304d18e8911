//! Answers are read within bounds and taken for what they are.

use labeld_connector::http::{Call, Expect, Method, Url};
use serde::Deserialize;

use crate::server::{Reply, Server};
use crate::support::{outcome, service, told};

/// `{"answer": "compressed"}` as gzip.
const GZIP: [u8; 43] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x4a, 0xcc, 0x2b, 0x2e,
    0x4f, 0x2d, 0x52, 0xb2, 0x52, 0x50, 0x4a, 0xce, 0xcf, 0x2d, 0x28, 0x4a, 0x2d, 0x2e, 0x4e, 0x4d,
    0x51, 0xaa, 0x05, 0x00, 0xfb, 0x2a, 0xc9, 0xc6, 0x18, 0x00, 0x00,
];

fn gzip() -> Reply {
    let mut body = GZIP.to_vec();
    body.push(0);
    Reply::new(200, "application/json", body).header("Content-Encoding", "gzip")
}

#[tokio::test]
async fn a_body_is_read_within_its_bound() {
    let small = |url| Call::new(Method::GET, url, "read", "item 7").most_bytes(23);
    let large = |url| Call::new(Method::GET, url, "read", "item 7").most_bytes(24);
    type Build = fn(Url) -> Call;
    let bytes: Build = |url| {
        Call::new(Method::GET, url, "read", "item 7")
            .expect(Expect::Bytes)
            .most_bytes(99)
    };
    let text = r#"{"answer": "compressed"}"#;
    let whole = format!("200 {text}");
    let named = Reply::new(200, "text/html", "<html>").header("Content-Disposition", "attachment");
    let octets = |body: &str| Reply::new(200, "application/octet-stream", body);
    let table: Vec<(&str, Reply, Build, &str)> = vec![
        ("fits", Reply::json(text), large, &whole),
        (
            "announced",
            Reply::json("").announcing(1 << 40).then_silence(),
            small,
            "TooLarge",
        ),
        ("too long", Reply::json(text), small, "TooLarge"),
        (
            "too long, unannounced",
            Reply::json(text).without_length(),
            small,
            "TooLarge",
        ),
        ("gzip", gzip(), large, &whole),
        ("gzip, too long inside", gzip(), small, "TooLarge"),
        ("gzip of a file", gzip(), bytes, "Malformed"),
        ("a file", octets("file"), bytes, "200 file"),
        (
            "a page for a file",
            Reply::new(200, "text/html", "<html>"),
            bytes,
            "Malformed",
        ),
        ("an error for a file", Reply::json(text), bytes, "Malformed"),
        ("a page that is the file", named, bytes, "200 <html>"),
        (
            "a part for a file",
            Reply::new(206, "application/octet-stream", "fi"),
            bytes,
            "Malformed",
        ),
        (
            "a long refusal",
            Reply::new(404, "text/plain", "x".repeat(1 << 20)),
            small,
            "NotFound",
        ),
        (
            "a refusal cut",
            Reply::new(404, "text/plain", "x").announcing(9),
            small,
            "NotFound",
        ),
    ];
    for (name, reply, build, expected) in table {
        let server = Server::replying(vec![reply]).await;
        let result = service().send(build(server.url("/"))).await;
        assert_eq!(outcome(&result), expected, "{name}");
    }
}

#[tokio::test]
async fn gzip_is_asked_for_where_no_bytes_are_counted() {
    let server = Server::replying(vec![Reply::json("{}"), Reply::new(200, "", "file")]).await;
    let call = |expect| Call::new(Method::GET, server.url("/"), "read", "item 7").expect(expect);
    service().send(call(Expect::Json)).await.unwrap();
    service().send(call(Expect::Bytes)).await.unwrap();
    let encodings: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.header("accept-encoding").map(str::to_owned))
        .collect();
    assert_eq!(
        encodings,
        [Some("gzip".to_owned()), Some("identity".to_owned())]
    );
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[expect(dead_code, reason = "only its absence matters")]
    id: u32,
}

#[tokio::test]
async fn json_of_another_shape_is_malformed_and_not_shown() {
    let table = [
        (
            r#"{"id": "hidden-value"}"#,
            "does not have the expected fields",
        ),
        (
            r#"{"name": "hidden-value"}"#,
            "does not have the expected fields",
        ),
    ];
    for (body, why) in table {
        let server = Server::replying(vec![Reply::json(body).header("Request-Id", "4b1c")]).await;
        let call = Call::new(Method::GET, server.url("/"), "read", "item 7");
        let error = service()
            .send(call)
            .await
            .unwrap()
            .json::<Entry>()
            .unwrap_err();
        assert_eq!(
            told(&error),
            format!(
                "cannot read item 7: malformed answer: the answer with status 200 {why} (request id 4b1c)"
            )
        );
    }
}
