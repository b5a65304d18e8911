//! How Graph, SharePoint REST and the token endpoint refuse (reference/microsoft-graph.md §1.1, §5.3, §5.4,
//! §8.2, §9 "Errors").

use labeld_connector::ErrorKind;
use labeld_connector::http::{Answer, Dialect, Failure, HeaderMap, Repeat, Url};
use serde_json::{Map, Value};

use crate::endpoints::Endpoints;

/// Deepest nesting of inner errors that is followed. Real ones have three.
const MOST_DEPTH: usize = 10;

/// The exception by which SharePoint REST tells a check-out, in whatever language its message is.
pub(crate) const CHECK_OUT_EXCEPTION: &str = "SPFileCheckOutException";

/// All of Microsoft 365. The status decides; a code only where one status stands for several things.
#[derive(Debug, Clone)]
pub(crate) struct Microsoft {
    endpoints: Endpoints,
}

impl Microsoft {
    pub(crate) fn new(endpoints: Endpoints) -> Self {
        Self { endpoints }
    }
}

impl Dialect for Microsoft {
    fn classify(&self, answer: &Answer) -> Failure {
        let words = Words::of(&answer.body);
        let failure = Failure::of_status(answer);
        let (kind, repeat) = match answer.status.as_u16() {
            // Too many token requests, or a loop of them.
            400 | 401 if words.have("AADSTS50196") => (ErrorKind::Throttled, Repeat::Always),
            400 | 401 if words.have_beginning("AADSTS") => {
                (ErrorKind::Unauthenticated, Repeat::Never)
            }
            400 | 409 | 410 if words.are_of_a_lost_feed() => {
                (ErrorKind::CursorExpired, Repeat::Never)
            }
            400 | 403 | 507 if words.have("quotaLimitReached") => {
                (ErrorKind::QuotaExceeded, Repeat::Never)
            }
            400 | 403 | 409 | 423 if words.have_ending(CHECK_OUT_EXCEPTION) => {
                (ErrorKind::CheckedOut, Repeat::Never)
            }
            400 | 403 | 500 if words.have("notSupported") => {
                (ErrorKind::Unsupported, Repeat::Never)
            }
            403 | 409 if words.have("resourceLocked") => (ErrorKind::Locked, Repeat::Never),
            415 => (ErrorKind::Unsupported, Repeat::Never),
            _ => (failure.kind, failure.repeat),
        };
        failure
            .with_meaning(kind, repeat)
            .with_words(words.codes, words.message)
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        [
            "request-id",
            "sprequestguid",
            "x-ms-request-id",
            "client-request-id",
        ]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok())
        .map(str::to_owned)
    }

    fn may_follow(&self, url: &Url) -> bool {
        self.endpoints.graph.origin() == url.origin() || self.endpoints.sharepoint.contain(url)
    }
}

/// What an error body says, in whichever of its forms.
#[derive(Debug, Default)]
struct Words {
    codes: Vec<String>,
    message: String,
}

impl Words {
    fn of(body: &[u8]) -> Self {
        let mut words = Self::default();
        // A page in HTML, or nothing at all, has no words for us.
        if let Ok(Value::Object(answer)) = serde_json::from_slice(body) {
            words.read(&answer);
        }
        words
    }

    fn read(&mut self, answer: &Map<String, Value>) {
        match (answer.get("error"), answer.get("odata.error")) {
            (Some(Value::Object(error)), _) | (_, Some(Value::Object(error))) => {
                self.read_chain(error);
            }
            _ => self.read_token_error(answer),
        }
    }

    /// An error and the errors in it, innermost last.
    fn read_chain(&mut self, outermost: &Map<String, Value>) {
        let mut error = outermost;
        for _ in 0..MOST_DEPTH {
            if let Some(code) = error.get("code").and_then(Value::as_str) {
                self.codes.push(code.to_owned());
            }
            if let Some(message) = message_of(error).filter(|message| !message.is_empty()) {
                message.clone_into(&mut self.message);
            }
            let inner = error.get("innererror").or_else(|| error.get("innerError"));
            match inner {
                Some(Value::Object(inner)) => error = inner,
                _ => break,
            }
        }
    }

    /// The token endpoint, and SharePoint where it refuses a token.
    fn read_token_error(&mut self, answer: &Map<String, Value>) {
        if let Some(error) = answer.get("error").and_then(Value::as_str) {
            self.codes.push(error.to_owned());
        }
        let numbers = answer.get("error_codes").and_then(Value::as_array);
        for number in numbers.into_iter().flatten().filter_map(Value::as_u64) {
            self.codes.push(format!("AADSTS{number}"));
        }
        if let Some(message) = answer.get("error_description").and_then(Value::as_str) {
            message.clone_into(&mut self.message);
        }
    }

    fn have(&self, code: &str) -> bool {
        self.codes
            .iter()
            .any(|known| known.eq_ignore_ascii_case(code))
    }

    fn have_beginning(&self, beginning: &str) -> bool {
        self.codes.iter().any(|code| code.starts_with(beginning))
    }

    fn have_ending(&self, ending: &str) -> bool {
        self.codes.iter().any(|code| code.ends_with(ending))
    }

    /// §3.4: every way to say that a delta link cannot be followed any longer.
    fn are_of_a_lost_feed(&self) -> bool {
        self.have("syncStateNotFound")
            || self
                .codes
                .iter()
                .any(|code| code.to_ascii_lowercase().starts_with("resync"))
    }
}

fn message_of(error: &Map<String, Value>) -> Option<&str> {
    match error.get("message")? {
        Value::String(message) => Some(message),
        // SharePoint REST: `{"lang":…,"value":…}`.
        Value::Object(message) => message.get("value")?.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use labeld_connector::http::StatusCode;

    use super::*;
    use crate::endpoints::Cloud;

    fn classify(status: u16, body: &str) -> Failure {
        let answer = Answer::new(
            "look at",
            "file",
            Url::parse("https://graph.microsoft.com/v1.0/me").unwrap(),
            StatusCode::from_u16(status).unwrap(),
            HeaderMap::new(),
            Bytes::copy_from_slice(body.as_bytes()),
        );
        Microsoft::new(Endpoints::of(Cloud::Global).unwrap()).classify(&answer)
    }

    #[test]
    fn each_refusal_has_its_meaning() {
        use ErrorKind::*;
        for (status, body, kind, codes) in [
            (
                404,
                r#"{"error":{"code":"itemNotFound","message":"Gone"}}"#,
                NotFound,
                "itemNotFound",
            ),
            (
                423,
                r#"{"error":{"code":"notAllowed","innerError":{"code":"resourceLocked"},"message":"locked"}}"#,
                Locked,
                "notAllowed resourceLocked",
            ),
            (
                423,
                r#"{"error":{"code":"accessDenied","message":"The file is currently checked out or locked for editing by another user."}}"#,
                Locked,
                "accessDenied",
            ),
            (
                423,
                r#"{"odata.error":{"code":"-2147024738, Microsoft.SharePoint.SPFileCheckOutException","message":{"lang":"de-DE","value":"nicht ausgecheckt"}}}"#,
                CheckedOut,
                "-2147024738, Microsoft.SharePoint.SPFileCheckOutException",
            ),
            (423, "", Locked, ""),
            (
                409,
                r#"{"error":{"code":"resourceModified"}}"#,
                Changed,
                "resourceModified",
            ),
            (
                412,
                r#"{"error":{"code":"notAllowed","innererror":{"code":"preconditionFailed"}}}"#,
                Changed,
                "notAllowed preconditionFailed",
            ),
            (
                410,
                r#"{"error":{"code":"resyncRequired","message":"Resync required."}}"#,
                CursorExpired,
                "resyncRequired",
            ),
            (
                410,
                r#"{"error":{"code":"UnknownError","innerError":{"code":"resyncApplyDifferences"}}}"#,
                CursorExpired,
                "UnknownError resyncApplyDifferences",
            ),
            (
                410,
                r#"{"error":{"code":"syncStateNotFound"}}"#,
                CursorExpired,
                "syncStateNotFound",
            ),
            (
                403,
                r#"{"error":{"code":"accessDenied"}}"#,
                Denied,
                "accessDenied",
            ),
            (
                507,
                r#"{"error":{"code":"quotaLimitReached"}}"#,
                QuotaExceeded,
                "quotaLimitReached",
            ),
            (
                400,
                r#"{"error":{"code":"notSupported","message":"view.delta can only be called on the root."}}"#,
                Unsupported,
                "notSupported",
            ),
            (
                415,
                r#"{"error":{"code":"unsupportedMediaType"}}"#,
                Unsupported,
                "unsupportedMediaType",
            ),
            (413, "", TooLarge, ""),
            (
                429,
                r#"{"error":{"code":"activityLimitReached"}}"#,
                Throttled,
                "activityLimitReached",
            ),
            (500, "<html>oops</html>", Transient, ""),
            (
                504,
                r#"{"error":{"code":"UnknownError","message":""}}"#,
                Transient,
                "UnknownError",
            ),
            (
                401,
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret","error_codes":[7000215]}"#,
                Unauthenticated,
                "invalid_client AADSTS7000215",
            ),
            (
                400,
                r#"{"error":"invalid_request","error_codes":[50196]}"#,
                Throttled,
                "invalid_request AADSTS50196",
            ),
            (
                401,
                r#"{"error_description":"Unsupported app only token."}"#,
                Unauthenticated,
                "",
            ),
            (400, "[1]", Unexpected, ""),
            (400, r#"{"error":{"code":7,"message":[]}}"#, Unexpected, ""),
        ] {
            let failure = classify(status, body);
            assert_eq!(failure.kind, kind, "{status} {body}");
            assert_eq!(failure.codes.join(" "), codes, "{body}");
        }
    }

    #[test]
    fn inner_errors_are_followed_to_a_bound() {
        let depth = 200;
        let body = "{\"error\":".to_owned()
            + &"{\"code\":\"x\",\"innerError\":".repeat(depth)
            + "null"
            + &"}".repeat(depth + 1);
        assert!(classify(500, &body).codes.len() <= MOST_DEPTH);
    }
}
