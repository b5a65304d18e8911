//! The parts of a batch, as `multipart/mixed` has them.

use std::collections::HashMap;

use bytes::Bytes;
use labeld_connector::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Url};

/// The answer to one part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PartAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The body that asks for each address under its number.
pub(super) fn request(boundary: &str, targets: &[(usize, Url)]) -> String {
    let mut body = String::new();
    for (number, url) in targets {
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        body.push_str(&format!(
            "--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\nGET {}{query} HTTP/1.1\r\n\r\n\r\n",
            url.path()
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    body
}

/// The answers by number; `None` when the body is no batch.
pub(super) fn answer(content_type: &str, body: &Bytes) -> Option<HashMap<usize, PartAnswer>> {
    let boundary = boundary(content_type)?;
    let mark = format!("--{boundary}");
    let text = std::str::from_utf8(body).ok()?;
    let mut answers = HashMap::new();
    // A boundary is not in any answer: the service chose it.
    for piece in text.split(mark.as_str()).skip(1) {
        if piece.starts_with("--") {
            break;
        }
        if let Some((number, part)) = part(piece) {
            answers.insert(number, part);
        }
    }
    Some(answers)
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_boundary = name.trim().eq_ignore_ascii_case("boundary");
        let value = value.trim().trim_matches('"');
        (is_boundary && !value.is_empty()).then_some(value)
    })
}

/// Number and answer of a part: its own headers, then a status line, headers and body.
fn part(text: &str) -> Option<(usize, PartAnswer)> {
    let (outer, inner) = head_and_body(text.trim_start_matches(['\r', '\n']))?;
    let number = header(outer, "content-id")?;
    let number = number
        .trim_matches(['<', '>'])
        .rsplit('-')
        .next()?
        .parse()
        .ok()?;
    let (head, body) = head_and_body(inner).unwrap_or((inner, ""));
    let mut lines = head.lines();
    let status = lines.next()?.split_whitespace().nth(1)?;
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Some((name, value)) = line.split_once(':')
            && let Ok(name) = HeaderName::try_from(name.trim())
            && let Ok(value) = HeaderValue::try_from(value.trim())
        {
            headers.insert(name, value);
        }
    }
    let answer = PartAnswer {
        status: status.parse().ok()?,
        headers,
        body: Bytes::copy_from_slice(body.trim_end().as_bytes()),
    };
    Some((number, answer))
}

fn head_and_body(text: &str) -> Option<(&str, &str)> {
    text.split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_by_their_number() {
        let body = "--b_1\r\nContent-Type: application/http\r\nContent-ID: <response-7>\r\n\r\nHTTP/1.1 200 OK\r\n\
            Content-Type: application/json; charset=UTF-8\r\nETag: \"x\"\r\n\r\n{\"id\":\"1\"}\r\n\r\n\
            --b_1\nContent-Type: application/http\nContent-ID: response-9\n\nHTTP/1.1 404 Not Found\n\n{}\n--b_1--\r\n";
        let found = answer("multipart/mixed; boundary=\"b_1\"", &Bytes::from(body)).unwrap();
        let seven = &found[&7];
        assert_eq!(
            (seven.status.as_u16(), &seven.body[..]),
            (200, &b"{\"id\":\"1\"}"[..])
        );
        assert_eq!(seven.headers["etag"], "\"x\"");
        assert_eq!(found[&9].status.as_u16(), 404);
        for (content_type, body) in [
            ("application/json", "{}"),
            ("multipart/mixed", "--b"),
            ("multipart/mixed; boundary=", ""),
        ] {
            assert_eq!(
                answer(content_type, &Bytes::from(body)),
                None,
                "{content_type}"
            );
        }
        for body in [
            "",
            "--b",
            "--b\r\n\r\n",
            "--b\r\nContent-ID: <x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            "--b--",
        ] {
            let found = answer("multipart/mixed; boundary=b", &Bytes::from(body)).unwrap();
            assert!(found.is_empty(), "{body}");
        }
    }
}
