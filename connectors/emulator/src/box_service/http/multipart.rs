//! The two parts of an upload (reference/box.md §5.1).

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// What an upload says and brings.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) attributes: Map<String, Value>,
    pub(crate) content: Bytes,
}

/// Takes an upload apart.
///
/// # Errors
///
/// 400 when it is no such upload, with a code of its own when the attributes come after the file.
pub(crate) fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Upload, Refusal> {
    let wrong = || Refusal::bad_request("Bad multipart body");
    let boundary = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(boundary)
        .ok_or_else(wrong)?;
    let parts = parts(body, &boundary).ok_or_else(wrong)?;
    let mut attributes = None;
    let mut content = None;
    for part in parts {
        match &*part.name {
            "attributes" if content.is_some() => {
                return Err(Refusal::new(
                    400,
                    "metadata_after_file_contents",
                    "Metadata part must come before the file contents",
                ));
            }
            "attributes" => {
                attributes = Some(serde_json::from_slice(&part.body).map_err(|_| wrong())?);
            }
            // The name of the part is free; that it is a file says its file name, which may be empty.
            _ if part.is_file => content = Some(part.body),
            _ => {}
        }
    }
    Ok(Upload {
        attributes: attributes.ok_or_else(wrong)?,
        content: content.ok_or_else(wrong)?,
    })
}

fn boundary(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';');
    if !parameters
        .next()?
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return None;
    }
    let value = parameters
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?
        .1;
    let boundary = value.trim_matches('"');
    (!boundary.is_empty() && boundary.len() <= 70).then(|| boundary.to_owned())
}

struct Part {
    name: String,
    is_file: bool,
    body: Bytes,
}

fn parts(body: &Bytes, boundary: &str) -> Option<Vec<Part>> {
    let open = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut at = find(body, open.as_bytes(), 0)? + open.len();
    let mut parts = Vec::new();
    loop {
        if body.get(at..at + 2)? == b"--" {
            return Some(parts);
        }
        if body.get(at..at + 2)? != b"\r\n" {
            return None;
        }
        let head_end = find(body, b"\r\n\r\n", at)?;
        let start = head_end + 4;
        let end = find(body, between.as_bytes(), start)?;
        let head = std::str::from_utf8(body.get(at + 2..head_end)?).ok()?;
        parts.push(part(head, body.slice(start..end))?);
        at = end + between.len();
    }
}

fn part(head: &str, body: Bytes) -> Option<Part> {
    let disposition = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?
        .1;
    let parameter = |wanted: &str| {
        disposition
            .split(';')
            .filter_map(|parameter| parameter.trim().split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    Some(Part {
        name: parameter("name")?,
        is_file: parameter("filename").is_some() || parameter("filename*").is_some(),
        body,
    })
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let rest = haystack.get(from..)?;
    let first = *needle.first()?;
    let mut at = 0;
    while let Some(next) = rest.get(at..)?.iter().position(|byte| *byte == first) {
        at += next;
        if rest.get(at..at + needle.len())? == needle {
            return Some(from + at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_are_taken_apart() {
        let attributes = "--B\r\nContent-Disposition: form-data; name=\"attributes\"\r\n\r\n{\"name\":\"a\"}\r\n";
        let file = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\nContent-Type: x/y\r\n\r\nline\r\n--Bline?\r\n";
        let file = file.replace("--Bline?", "-Bline?");
        for (body, works) in [
            (format!("{attributes}{file}--B--\r\n"), true),
            (format!("{file}{attributes}--B--\r\n"), false),
            (format!("{attributes}{file}"), false),
            (format!("{file}--B--"), false),
            (String::new(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                CONTENT_TYPE,
                "multipart/form-data; boundary=B".parse().unwrap(),
            );
            let upload = parse(&headers, &Bytes::from(body.clone()));
            assert_eq!(upload.is_ok(), works, "{body}");
            if let Ok(upload) = upload {
                assert_eq!(upload.content, "line\r\n-Bline?");
                assert_eq!(upload.attributes["name"], "a");
            }
        }
    }
}
