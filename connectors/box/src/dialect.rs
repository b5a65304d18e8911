//! How Box refuses (reference/box.md §1.4, §1.5, §5.4, §9).

use labeld_connector::ErrorKind;
use labeld_connector::http::{Answer, Dialect, Failure, HeaderMap, Repeat, Url};
use serde_json::{Map, Value};

use crate::options::DownloadHosts;

/// Box's API, uploads, token endpoint and download hosts. The status decides; a code only where one status stands for several things.
#[derive(Debug, Clone)]
pub(crate) struct BoxDialect {
    pub(crate) download_hosts: DownloadHosts,
}

/// As [`BoxDialect`], for the token endpoint: no call is made twice, because each needs an assertion of its own (§1.3).
#[derive(Debug, Clone)]
pub(crate) struct TokenDialect;

impl Dialect for BoxDialect {
    fn classify(&self, answer: &Answer) -> Failure {
        let words = Words::of(answer);
        let failure = Failure::of_status(answer);
        let code = words.codes.first().map(String::as_str).unwrap_or_default();
        let (kind, repeat) = match (answer.status.as_u16(), code) {
            // Not ready yet, also where it does not say how long to wait (§4).
            (202, _) => (ErrorKind::Transient, Repeat::IfRepeatable),
            (400, "bad_digest") => (ErrorKind::Transient, Repeat::Always),
            (400, "terms_of_service_required" | "password_reset_required") => {
                (ErrorKind::Denied, Repeat::Never)
            }
            (400, "item_name_invalid" | "item_name_too_long") => {
                (ErrorKind::NameInvalid, Repeat::Never)
            }
            (403, "access_denied_item_locked") => (ErrorKind::Locked, Repeat::Never),
            (403 | 409 | 507, "storage_limit_exceeded") => {
                (ErrorKind::QuotaExceeded, Repeat::Never)
            }
            (403, "file_size_limit_exceeded") => (ErrorKind::TooLarge, Repeat::Never),
            (405, _) => (ErrorKind::NotFound, Repeat::Never),
            (409, "operation_blocked_temporary" | "name_temporarily_reserved" | "conflict") => {
                (ErrorKind::Transient, Repeat::Always)
            }
            (409, _) => (ErrorKind::Unexpected, Repeat::Never),
            // A write that is answered so may have happened all the same.
            (503, _) => (failure.kind, Repeat::IfRepeatable),
            _ => (failure.kind, failure.repeat),
        };
        failure
            .with_meaning(kind, repeat)
            .with_words(words.codes, words.message)
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        request_id(headers)
    }

    fn may_follow(&self, url: &Url) -> bool {
        self.download_hosts.contain(url)
    }
}

impl Dialect for TokenDialect {
    fn classify(&self, answer: &Answer) -> Failure {
        let words = Words::of(answer);
        let failure = Failure::of_status(answer);
        let kind = match failure.kind {
            ErrorKind::Throttled | ErrorKind::Transient => failure.kind,
            _ => ErrorKind::Unauthenticated,
        };
        failure
            .with_meaning(kind, Repeat::Never)
            .with_words(words.codes, words.message)
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        request_id(headers)
    }

    fn may_follow(&self, _: &Url) -> bool {
        false
    }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("box-request-id")?.to_str().ok()?;
    Some(id.to_owned())
}

/// What a refusal says, in its body or, where that is empty, in its challenge.
#[derive(Debug, Default)]
struct Words {
    codes: Vec<String>,
    message: String,
}

impl Words {
    fn of(answer: &Answer) -> Self {
        match serde_json::from_slice(&answer.body) {
            Ok(Value::Object(body)) => Self::of_body(&body),
            _ => Self::of_challenge(answer.header("www-authenticate").unwrap_or_default()),
        }
    }

    fn of_body(body: &Map<String, Value>) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let code = text("code").or_else(|| text("error"));
        let message = text("message").or_else(|| text("error_description"));
        Self {
            codes: code.map(str::to_owned).into_iter().collect(),
            message: message.unwrap_or_default().to_owned(),
        }
    }

    fn of_challenge(challenge: &str) -> Self {
        let quoted = |name: &str| {
            let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
            let (value, _) = rest.split_once('"')?;
            Some(value.to_owned())
        };
        Self {
            codes: quoted(" error").into_iter().collect(),
            message: quoted("error_description").unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use labeld_connector::http::{HeaderValue, StatusCode};

    use super::*;

    fn answer(status: u16, header: (&'static str, &'static str), body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header.0, HeaderValue::from_static(header.1));
        Answer::new(
            "look at",
            "file",
            Url::parse("https://api.box.com/2.0/files/1").unwrap(),
            StatusCode::from_u16(status).unwrap(),
            headers,
            Bytes::copy_from_slice(body.as_bytes()),
        )
    }

    const NO_HEADER: (&str, &str) = ("x-other", "x");

    fn body(code: &str) -> String {
        format!(r#"{{"type":"error","code":"{code}","message":"words"}}"#)
    }

    #[test]
    fn each_refusal_has_its_meaning() {
        use ErrorKind::*;
        let dialect = BoxDialect {
            download_hosts: DownloadHosts::default(),
        };
        let challenge = (
            "www-authenticate",
            "Bearer realm=\"Service\", error=\"insufficient_scope\", error_description=\"More.\"",
        );
        for (status, header, code, kind, repeat) in [
            (400, NO_HEADER, "bad_digest", Transient, Repeat::Always),
            (
                400,
                NO_HEADER,
                "terms_of_service_required",
                Denied,
                Repeat::Never,
            ),
            (
                400,
                NO_HEADER,
                "item_name_invalid",
                NameInvalid,
                Repeat::Never,
            ),
            (401, NO_HEADER, "", Unauthenticated, Repeat::Never),
            (403, challenge, "", Denied, Repeat::Never),
            (
                403,
                NO_HEADER,
                "access_denied_item_locked",
                Locked,
                Repeat::Never,
            ),
            (
                403,
                NO_HEADER,
                "access_denied_insufficient_permissions",
                Denied,
                Repeat::Never,
            ),
            (403, NO_HEADER, "forbidden_by_policy", Denied, Repeat::Never),
            (
                403,
                NO_HEADER,
                "storage_limit_exceeded",
                QuotaExceeded,
                Repeat::Never,
            ),
            (
                507,
                NO_HEADER,
                "storage_limit_exceeded",
                QuotaExceeded,
                Repeat::Never,
            ),
            (
                409,
                NO_HEADER,
                "storage_limit_exceeded",
                QuotaExceeded,
                Repeat::Never,
            ),
            (
                403,
                NO_HEADER,
                "file_size_limit_exceeded",
                TooLarge,
                Repeat::Never,
            ),
            (
                413,
                NO_HEADER,
                "request_entity_too_large",
                TooLarge,
                Repeat::Never,
            ),
            (404, NO_HEADER, "trashed", NotFound, Repeat::Never),
            (
                405,
                NO_HEADER,
                "method_not_allowed",
                NotFound,
                Repeat::Never,
            ),
            (
                409,
                NO_HEADER,
                "operation_blocked_temporary",
                Transient,
                Repeat::Always,
            ),
            (
                409,
                NO_HEADER,
                "item_name_in_use",
                Unexpected,
                Repeat::Never,
            ),
            (
                412,
                NO_HEADER,
                "precondition_failed",
                Changed,
                Repeat::Never,
            ),
            (
                429,
                NO_HEADER,
                "rate_limit_exceeded",
                Throttled,
                Repeat::Always,
            ),
            (
                500,
                NO_HEADER,
                "internal_server_error",
                Transient,
                Repeat::IfRepeatable,
            ),
            (
                503,
                ("retry-after", "3"),
                "unavailable",
                Throttled,
                Repeat::IfRepeatable,
            ),
            (
                202,
                ("retry-after", "3"),
                "",
                Transient,
                Repeat::IfRepeatable,
            ),
        ] {
            let words = if code.is_empty() {
                String::new()
            } else {
                body(code)
            };
            let failure = dialect.classify(&answer(status, header, &words));
            assert_eq!(
                (failure.kind, failure.repeat),
                (kind, repeat),
                "{status} {code}"
            );
            if !code.is_empty() {
                assert_eq!(failure.codes, [code]);
                assert_eq!(failure.message, "words");
            }
        }
        let failure = dialect.classify(&answer(403, challenge, ""));
        assert_eq!(
            (failure.codes[0].as_str(), failure.message.as_str()),
            ("insufficient_scope", "More.")
        );
    }

    #[test]
    fn the_token_endpoint_is_never_asked_the_same_twice() {
        for (status, text, kind) in [
            (
                400,
                r#"{"error":"invalid_client","error_description":"no"}"#,
                ErrorKind::Unauthenticated,
            ),
            (
                400,
                r#"{"error":"invalid_grant"}"#,
                ErrorKind::Unauthenticated,
            ),
            (400, "<html>", ErrorKind::Unauthenticated),
            (
                429,
                r#"{"code":"rate_limit_exceeded"}"#,
                ErrorKind::Throttled,
            ),
            (503, "", ErrorKind::Transient),
        ] {
            let failure = TokenDialect.classify(&answer(status, NO_HEADER, text));
            assert_eq!(
                (failure.kind, failure.repeat),
                (kind, Repeat::Never),
                "{status} {text}"
            );
        }
    }
}
