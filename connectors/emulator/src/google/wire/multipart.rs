//! `multipart/related` and `multipart/mixed` bodies, as leniently as the service reads them
//! (reference/google-drive.md §11 "Wire quirks").

use bytes::Bytes;

use super::failure::Failure;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Names in lower case; folded lines are one.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Part {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The boundary in a `Content-Type`, which may stand in quotes.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let value = parameters.into_iter().find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then_some(value.trim())
    })?;
    let bare = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    Some(bare.unwrap_or(value).to_owned()).filter(|boundary| !boundary.is_empty())
}

/// Takes a body apart. Lines may end with LF alone; the line end before a boundary belongs to the boundary.
pub(crate) fn parts(body: &Bytes, boundary: &str) -> Result<Vec<Part>, Failure> {
    let mark = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut at = delimiter(body, 0, &mark).ok_or_else(malformed)?;
    loop {
        if at.is_last {
            return Ok(parts);
        }
        let next = delimiter(body, at.end, &mark).ok_or_else(|| {
            Failure::bad_request("badRequest", "Missing end boundary in multipart body.")
        })?;
        parts.push(part(&body.slice(at.end..next.start.max(at.end)))?);
        at = next;
    }
}

/// Where a delimiter line stands.
struct Delimiter {
    /// Of the line end before it.
    start: usize,
    /// Behind its own line end.
    end: usize,
    is_last: bool,
}

fn delimiter(body: &[u8], from: usize, mark: &str) -> Option<Delimiter> {
    let mark = mark.as_bytes();
    let mut at = from;
    while let Some(found) = body
        .get(at..)?
        .windows(mark.len())
        .position(|window| window == mark)
    {
        let start = at + found;
        at = start + 1;
        let line_begins = start == 0 || start == from || body.get(start - 1) == Some(&b'\n');
        if !line_begins {
            continue;
        }
        let rest = body.get(start + mark.len()..)?;
        let is_last = rest.starts_with(b"--");
        let tail = if is_last { rest.get(2..)? } else { rest };
        let line_end = tail.iter().position(|byte| *byte == b'\n');
        let line = tail.get(..line_end.unwrap_or(tail.len()))?;
        if !line.iter().all(u8::is_ascii_whitespace) || (line_end.is_none() && !is_last) {
            continue;
        }
        let end = body.len() - tail.len() + line_end.map_or(tail.len(), |end| end + 1);
        let mut before = start;
        for end in [b'\n', b'\r'] {
            if before > from && body.get(before - 1) == Some(&end) {
                before -= 1;
            }
        }
        return Some(Delimiter {
            start: before,
            end,
            is_last,
        });
    }
    None
}

fn part(bytes: &Bytes) -> Result<Part, Failure> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += end.map_or(rest.len(), |end| end + 1);
        if line.is_empty() {
            return Ok(Part {
                headers,
                body: bytes.slice(at.min(bytes.len())..),
            });
        }
        let text = std::str::from_utf8(line).map_err(|_| malformed())?;
        if text.starts_with([' ', '\t']) {
            let last = headers.last_mut().ok_or_else(malformed)?;
            last.1.push_str(text.trim());
        } else {
            let (name, value) = text.split_once(':').ok_or_else(malformed)?;
            headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
        if end.is_none() {
            return Err(malformed());
        }
    }
}

fn malformed() -> Failure {
    Failure::bad_request("badRequest", "Malformed multipart body.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_every_client_are_read() {
        let python = "--===============12==\nContent-Type: application/json\nMIME-Version: 1.0\n\n{\"a\": 1}\n\
            --===============12==\nContent-Type: \n application/pdf\nMIME-Version: 1.0\nContent-Transfer-Encoding: binary\n\n\
            one\r\n--two\n--===============12\n\n--===============12==--";
        let plain = "--B\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{\"a\": 1}\r\n\
            --B\r\nContent-Type: application/pdf\r\n\r\none\r\n--two\n--===============12\n\r\n--B--\r\n";
        for (content_type, body) in [
            (
                "multipart/related; boundary=\"===============12==\"",
                python,
            ),
            ("multipart/related; boundary=B", plain),
        ] {
            let boundary = boundary(content_type).unwrap();
            let parts = parts(&Bytes::from(body), &boundary).unwrap();
            assert_eq!(parts.len(), 2);
            assert_eq!(parts[0].body, "{\"a\": 1}");
            assert_eq!(parts[1].header("content-type"), Some("application/pdf"));
            assert_eq!(parts[1].body, "one\r\n--two\n--===============12\n");
        }
    }

    #[test]
    fn what_is_no_multipart_is_refused() {
        for (body, message) in [
            ("", "Malformed multipart body."),
            ("--C--\r\n", "Malformed multipart body."),
            (
                "--B\r\nno header\r\n\r\n\r\n--B--",
                "Malformed multipart body.",
            ),
            (
                "--B\r\nA: b\r\n\r\nx",
                "Missing end boundary in multipart body.",
            ),
        ] {
            assert_eq!(
                parts(&Bytes::from(body), "B").unwrap_err().message,
                message,
                "{body}"
            );
        }
        assert_eq!(parts(&Bytes::from("--B--"), "B").unwrap().len(), 0);
        let empty = "--B\r\n\r\n\r\n--B--";
        assert_eq!(parts(&Bytes::from(empty), "B").unwrap()[0].body, "");
    }
}
