//! The body of an upload (reference/box.md §5.1).

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use uuid::Uuid;

/// What an upload says of the file; it must come before the bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Attributes<'a> {
    /// The present name: another one would rename the file.
    pub(crate) name: &'a str,
    /// The document's time; that of the upload when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_modified_at: Option<String>,
}

/// A body and its media type.
#[derive(Debug)]
pub(crate) struct Multipart {
    pub(crate) body: Bytes,
    pub(crate) content_type: String,
}

/// Puts an upload together. The boundary is random, so that no content can end it.
pub(crate) fn upload(
    attributes: &Attributes<'_>,
    content: &[u8],
) -> Result<Multipart, serde_json::Error> {
    let attributes = serde_json::to_vec(attributes)?;
    let boundary = Uuid::new_v4().simple().to_string();
    let head =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"attributes\"\r\n\r\n");
    // The name of the file is in the attributes; here it only says that this part is one.
    let middle = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"content\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let length = head.len() + attributes.len() + middle.len() + content.len() + end.len();
    let mut body = BytesMut::with_capacity(length);
    for part in [
        head.as_bytes(),
        &attributes,
        middle.as_bytes(),
        content,
        end.as_bytes(),
    ] {
        body.put_slice(part);
    }
    Ok(Multipart {
        body: body.freeze(),
        content_type: format!("multipart/form-data; boundary={boundary}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_before_the_bytes() {
        for (modified, attributes) in [
            (None, r#"{"name":"a \"b\".docx"}"#),
            (
                Some("2026-05-04T16:12:33Z".to_owned()),
                r#"{"name":"a \"b\".docx","content_modified_at":"2026-05-04T16:12:33Z"}"#,
            ),
        ] {
            let said = Attributes {
                name: "a \"b\".docx",
                content_modified_at: modified,
            };
            let made = upload(&said, b"--\r\nbytes").unwrap();
            let boundary = made.content_type.split_once("boundary=").unwrap().1;
            let expected = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"attributes\"\r\n\r\n{attributes}\r\n\
                 --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"content\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n--\r\nbytes\r\n--{boundary}--\r\n"
            );
            assert_eq!(made.body, expected);
        }
    }
}
