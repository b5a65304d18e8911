//! Bodies of uploads (reference/google-drive.md §6.1).

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use uuid::Uuid;

/// A body and its type.
#[derive(Debug, Clone)]
pub(super) struct UploadBody {
    pub(super) bytes: Bytes,
    pub(super) content_type: String,
    /// `media` or `multipart`.
    pub(super) upload_type: &'static str,
}

/// The type of bytes of which nothing is known.
const ANY_BYTES: &str = "application/octet-stream";

impl UploadBody {
    /// `bytes` of the type that the file has had: without it the service looks at them anew, and takes a document for an archive.
    /// With metadata where there is any to set.
    pub(super) fn new(bytes: Bytes, media_type: Option<&str>, metadata: &Value) -> Self {
        let media_type = media_type
            .filter(|text| is_media_type(text))
            .unwrap_or(ANY_BYTES);
        if metadata.as_object().is_none_or(serde_json::Map::is_empty) {
            return Self {
                bytes,
                content_type: media_type.to_owned(),
                upload_type: "media",
            };
        }
        let mut metadata = metadata.clone();
        metadata["mimeType"] = Value::from(media_type);
        // Nobody can guess it, so that it is in no document.
        let boundary = format!("labeld_{}", Uuid::new_v4().simple());
        let head = format!(
            "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n\
             --{boundary}\r\nContent-Type: {media_type}\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let mut whole = BytesMut::with_capacity(head.len() + bytes.len() + tail.len());
        whole.extend_from_slice(head.as_bytes());
        whole.extend_from_slice(&bytes);
        whole.extend_from_slice(tail.as_bytes());
        Self {
            bytes: whole.freeze(),
            content_type: format!("multipart/related; boundary={boundary}"),
            upload_type: "multipart",
        }
    }
}

/// Whether a type that the service named can stand in a header.
fn is_media_type(text: &str) -> bool {
    let is_of_type = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-_!#$&^".contains(&byte);
    text.contains('/') && text.len() < 200 && text.bytes().all(is_of_type)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_comes_first_and_the_type_is_kept() {
        let plain = UploadBody::new(Bytes::from("x"), Some("application/pdf"), &json!({}));
        assert_eq!(
            (plain.upload_type, plain.content_type.as_str()),
            ("media", "application/pdf")
        );
        let both = UploadBody::new(Bytes::from("x"), Some("application/pdf"), &json!({"a": 1}));
        let text = String::from_utf8(both.bytes.to_vec()).unwrap();
        let boundary = both
            .content_type
            .strip_prefix("multipart/related; boundary=")
            .unwrap();
        assert_eq!(
            text,
            format!(
                "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{{\"a\":1,\"mimeType\":\"application/pdf\"}}\r\n\
                 --{boundary}\r\nContent-Type: application/pdf\r\n\r\nx\r\n--{boundary}--\r\n"
            )
        );
        for odd in [None, Some(""), Some("pdf"), Some("a/b\r\nEvil: 1")] {
            assert_eq!(
                UploadBody::new(Bytes::new(), odd, &json!({})).content_type,
                ANY_BYTES
            );
        }
    }
}
