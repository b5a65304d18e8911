//! Parts of files, from servers that keep to the rules and from those that do not.

use std::ops::Range;

use labeld_connector::ErrorKind;
use labeld_connector::http::range::{RangeAnswer, checked_next_range, checked_range};
use labeld_connector::http::{Answer, Call, HeaderMap, Method, StatusCode, Url};

use crate::server::{Reply, Server};
use crate::support::{outcome, service, told};

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let url = Url::parse("https://files.example.com/a").unwrap();
    Answer::new(
        "read",
        "item 7",
        url,
        StatusCode::from_u16(status).unwrap(),
        headers,
        body.into(),
    )
}

#[test]
fn a_part_is_checked() {
    let other = "brings another range than was asked for";
    let bad = "has an unreadable Content-Range";
    let count = "brings another number of bytes than its Content-Range says";
    type Headers = &'static [(&'static str, &'static str)];
    type Expected = Result<(&'static str, Option<u64>), &'static str>;
    let table: &[(u16, Headers, &'static str, Range<u64>, Expected)] = &[
        (
            206,
            &[("content-range", "bytes 2-5/10")],
            "cdef",
            2..6,
            Ok(("cdef", Some(10))),
        ),
        (
            206,
            &[("content-range", "bytes 2-5/*")],
            "cdef",
            2..6,
            Ok(("cdef", None)),
        ),
        (
            206,
            &[("content-range", "BYTES 8-9/10")],
            "ij",
            8..20,
            Ok(("ij", Some(10))),
        ),
        (
            206,
            &[("content-range", "bytes 8-9/*")],
            "ij",
            8..20,
            Ok(("ij", None)),
        ),
        (
            206,
            &[("content-range", "bytes 0-3/10")],
            "abcd",
            2..6,
            Err(other),
        ),
        (
            206,
            &[("content-range", "bytes 2-4/10")],
            "cde",
            2..6,
            Err(other),
        ),
        (
            206,
            &[("content-range", "bytes 2-7/10")],
            "cdefgh",
            2..6,
            Err(other),
        ),
        (
            206,
            &[("content-range", "bytes 2-5/10")],
            "cde",
            2..6,
            Err(count),
        ),
        (
            206,
            &[("content-range", "bytes 2-5/10")],
            "cdefg",
            2..6,
            Err(count),
        ),
        (
            206,
            &[],
            "cdef",
            2..6,
            Err("does not say which range it is"),
        ),
        (
            206,
            &[("content-range", "bytes 5-2/10")],
            "cdef",
            2..6,
            Err(bad),
        ),
        (
            206,
            &[("content-range", "bytes 2-5/4")],
            "cdef",
            2..6,
            Err(bad),
        ),
        (
            206,
            &[("content-range", "bytes 2-5")],
            "cdef",
            2..6,
            Err(bad),
        ),
        (
            206,
            &[("content-range", "items 2-5/10")],
            "cdef",
            2..6,
            Err(bad),
        ),
        (
            206,
            &[("content-range", "bytes 0-18446744073709551615/*")],
            "",
            0..4,
            Err(bad),
        ),
        (
            206,
            &[("content-range", "bytes */10")],
            "",
            2..6,
            Err("has no range in its Content-Range"),
        ),
        (
            206,
            &[
                ("content-range", "bytes 2-5/10"),
                ("content-encoding", "gzip"),
            ],
            "cdef",
            2..6,
            Err("has a content coding that was not asked for"),
        ),
        (
            206,
            &[
                ("content-range", "bytes 0-5/10"),
                ("content-type", "text/html"),
            ],
            "<html>",
            0..6,
            Ok(("<html>", Some(10))),
        ),
        (200, &[], "abcdefghij", 2..6, Ok(("cdef", None))),
        (200, &[], "abcdefghij", 8..20, Ok(("ij", Some(10)))),
        (200, &[], "abcdefghij", 20..30, Ok(("", Some(10)))),
        (
            200,
            &[("content-length", "50")],
            "abcdef",
            2..6,
            Ok(("cdef", Some(50))),
        ),
        (
            200,
            &[("content-type", "text/html")],
            "<html>",
            2..6,
            Err("is a page instead of a file"),
        ),
        (
            200,
            &[("content-type", "application/json")],
            "{\"error\":1}",
            2..6,
            Err("is a page instead of a file"),
        ),
        (
            416,
            &[("content-range", "bytes */10")],
            "",
            10..20,
            Ok(("", Some(10))),
        ),
        (
            416,
            &[("content-range", "bytes */0")],
            "",
            0..20,
            Ok(("", Some(0))),
        ),
        (
            416,
            &[("content-range", "bytes */10")],
            "",
            9..20,
            Err("refuses a range that the file has"),
        ),
        (
            416,
            &[("content-range", "bytes 0-9/10")],
            "",
            20..30,
            Err(bad),
        ),
        (
            416,
            &[],
            "",
            10..20,
            Err("does not say how large the file is"),
        ),
        (404, &[], "", 0..4, Err("is no answer to a range")),
    ];
    for (status, headers, body, asked, expected) in table {
        let found = checked_range(&answer(*status, headers, body), asked);
        match (&found, expected) {
            (Ok(part), Ok((bytes, total))) => {
                assert_eq!(part.bytes, bytes.as_bytes(), "{status} {headers:?}");
                assert_eq!(
                    (part.start, part.total),
                    (asked.start, *total),
                    "{status} {headers:?}"
                );
            }
            (Err(error), Err(why)) => {
                assert_eq!(error.kind(), ErrorKind::Malformed);
                assert!(
                    told(error).contains(why),
                    "{status} {headers:?}: {}",
                    told(error)
                );
            }
            _ => panic!("{status} {headers:?}: {found:?}"),
        }
    }
}

#[test]
fn a_file_that_changes_between_two_parts_is_noticed() {
    let first = |total, etag: Option<&str>| RangeAnswer {
        bytes: "ab".into(),
        start: 0,
        total,
        etag: etag.map(str::to_owned),
    };
    let table = [
        (first(Some(10), None), true),
        (first(None, None), true),
        (first(Some(11), None), false),
        (first(Some(10), Some("\"one\"")), true),
        (first(Some(10), Some("\"two\"")), false),
    ];
    let next = answer(
        206,
        &[("content-range", "bytes 2-5/10"), ("etag", "\"one\"")],
        "cdef",
    );
    for (before, same) in table {
        let found = checked_next_range(&next, &(2..6), &before);
        let kind = found.as_ref().err().map(labeld_connector::Error::kind);
        assert_eq!(kind, (!same).then_some(ErrorKind::Changed), "{before:?}");
    }
}

#[tokio::test]
async fn a_wrong_part_is_asked_for_again() {
    let part = |range: &str, body: &str| {
        Reply::new(206, "application/octet-stream", body).header("Content-Range", range)
    };
    let right = || part("bytes 2-5/10", "cdef");
    let wrong = || part("bytes 0-3/10", "abcd");
    let table = [
        ("right", vec![right()], "206 cdef", 1),
        ("wrong, then right", vec![wrong(), right()], "206 cdef", 2),
        ("always wrong", vec![wrong()], "Malformed", 3),
        ("cut", vec![right().announcing(9), right()], "206 cdef", 2),
        (
            "too long",
            vec![part("bytes 2-5/10", "cdefghij"), right()],
            "206 cdef",
            2,
        ),
        (
            "a page",
            vec![Reply::new(200, "text/html", "<html>"), right()],
            "206 cdef",
            2,
        ),
        (
            "whole",
            vec![Reply::new(200, "", "abcdefghij")],
            "200 abcdef",
            1,
        ),
        (
            "whole, and endless",
            vec![
                Reply::new(200, "", "abcdefghij")
                    .announcing(1 << 40)
                    .then_silence(),
            ],
            "200 abcdef",
            1,
        ),
        (
            "whole, and shorter",
            vec![Reply::new(200, "", "abc")],
            "200 abc",
            1,
        ),
        (
            "beyond",
            vec![Reply::status(416).header("Content-Range", "bytes */2")],
            "416",
            1,
        ),
    ];
    for (name, replies, expected, requests) in table {
        let server = Server::replying(replies).await;
        let call = Call::new(
            Method::GET,
            server.url("/a?tempauth=hidden"),
            "read",
            "item 7",
        )
        .range(2..6);
        let result = service().send(call).await;
        assert_eq!(outcome(&result), expected, "{name}: {result:?}");
        assert_eq!(server.seen().len(), requests, "{name}");
        assert_eq!(
            server.seen()[0].header("range"),
            Some("bytes=2-5"),
            "{name}"
        );
        if let Ok(answer) = result {
            assert!(checked_range(&answer, &(2..6)).is_ok(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_range_far_into_a_file_is_not_read_up_to() {
    let server = Server::replying(vec![Reply::new(200, "", "abc")]).await;
    let far = 1 << 40;
    let call = Call::new(Method::GET, server.url("/"), "read", "item 7").range(far..far + 10);
    assert_eq!(outcome(&service().send(call).await), "TooLarge");
}
