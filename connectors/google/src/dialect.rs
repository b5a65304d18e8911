//! How Google refuses (reference/google-drive.md §1.1, §6.6, §9.2): 403 stands for too many things, so that the
//! reason decides and not the status.

use std::time::Duration;

use labeld_connector::ErrorKind;
use labeld_connector::http::{Answer, Dialect, Failure, HeaderMap, Repeat, Url};
use serde_json::Value;

use crate::token::is_about_user;

/// All of Google's APIs and the token endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Google {
    /// Where Drive is.
    pub(crate) drive: Url,
}

/// The bound of a day ends at midnight in California; asking each hour finds it.
const DAILY_WAIT: Duration = Duration::from_secs(3600);

/// The exact words for a user who has uploaded as much as one may in a day (§9.2).
const UPLOADED_ENOUGH: &str = "User rate limit exceeded.";

impl Dialect for Google {
    fn classify(&self, answer: &Answer) -> Failure {
        let words = Words::of(&answer.body);
        let failure = Failure::of_status(answer);
        let (kind, repeat) = meaning(answer, &words).unwrap_or((failure.kind, failure.repeat));
        let is_daily = words.reason() == "dailyLimitExceeded";
        // What concerns one file or one user must not hold up the others.
        let pauses_all = kind == ErrorKind::Throttled && (repeat == Repeat::Always || is_daily);
        Failure {
            pauses_all,
            retry_after: is_daily.then_some(DAILY_WAIT),
            ..failure
        }
        .with_meaning(kind, repeat)
        .with_words(words.codes, words.message)
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        let id = headers.get("x-guploader-uploadid")?;
        id.to_str().ok().map(str::to_owned)
    }

    fn may_follow(&self, url: &Url) -> bool {
        self.drive.origin() == url.origin()
    }
}

/// What a refusal means where its status does not tell.
fn meaning(answer: &Answer, words: &Words) -> Option<(ErrorKind, Repeat)> {
    use ErrorKind::{
        Changed, CursorExpired, Denied, QuotaExceeded, Throttled, TooLarge, Transient,
        Unauthenticated, Unsupported,
    };

    let once = |kind| Some((kind, Repeat::Never));
    let status = answer.status.as_u16();
    if words.are_of_token_endpoint && matches!(status, 400 | 401 | 403) {
        return once(match words.reason() {
            "invalid_grant" if is_about_user(&words.message) => Denied,
            "access_denied" => Denied,
            _ => Unauthenticated,
        });
    }
    match (status, words.reason()) {
        (400, "invalid" | "invalidParameter") if words.location == "pageToken" => {
            once(CursorExpired)
        }
        // The token is new, so that this is about the user: Drive is off for them (§2.1).
        (401, _) => once(Denied),
        (403, "userRateLimitExceeded") if words.message == UPLOADED_ENOUGH => once(Throttled),
        (
            403 | 429,
            "userRateLimitExceeded" | "rateLimitExceeded" | "quotaExceeded" | "RATE_LIMIT_EXCEEDED",
        ) => Some((Throttled, Repeat::Always)),
        (
            403 | 429,
            "dailyLimitExceeded"
            | "sharingRateLimitExceeded"
            | "downloadQuotaExceeded"
            | "UrlLeaseLimitExceeded",
        ) => once(Throttled),
        (403, "accessNotConfigured") => once(Unauthenticated),
        (403, "storageQuotaExceeded" | "teamDriveFileLimitExceeded") => once(QuotaExceeded),
        (403, "fileNotDownloadable" | "fileNotExportable") => once(Unsupported),
        (403, "uploadTooLarge" | "exportSizeLimitExceeded") => once(TooLarge),
        (403, "conditionNotMet") => once(Changed),
        (500, "internalError" | "") => Some((Transient, Repeat::IfRepeatable)),
        _ => None,
    }
}

/// What an error body says, in whichever of its forms.
#[derive(Debug, Default)]
struct Words {
    /// The reason first.
    codes: Vec<String>,
    message: String,
    /// The parameter or header that is at fault.
    location: String,
    are_of_token_endpoint: bool,
}

impl Words {
    fn of(body: &[u8]) -> Self {
        // A page in HTML, or nothing at all, has no words for us.
        let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let mut words = Self::default();
        match answer.get("error") {
            Some(Value::String(code)) => {
                words.are_of_token_endpoint = true;
                words.codes.push(code.clone());
                words.message = text(answer.get("error_description"));
            }
            Some(error) => words.read(error),
            None => {}
        }
        words
    }

    fn read(&mut self, error: &Value) {
        self.message = text(error.get("message"));
        let first = error.pointer("/errors/0");
        for code in [
            first.and_then(|first| first.get("reason")),
            error.pointer("/details/0/reason"),
            error.get("status"),
        ] {
            let code = text(code);
            if !code.is_empty() && !self.codes.contains(&code) {
                self.codes.push(code);
            }
        }
        self.location = text(first.and_then(|first| first.get("location")));
        if self.message.is_empty() {
            self.message = text(first.and_then(|first| first.get("message")));
        }
    }

    fn reason(&self) -> &str {
        self.codes.first().map_or("", String::as_str)
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The first code with which the service refused; empty when it did not.
pub(crate) fn reason_of(error: &labeld_connector::Error) -> &str {
    let failure = labeld_connector::http::CallFailure::of(error);
    failure
        .and_then(|failure| failure.codes().first())
        .map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use labeld_connector::http::StatusCode;

    use super::*;

    fn classify(status: u16, body: &str) -> Failure {
        let url = Url::parse("https://www.googleapis.com/drive/v3/files").unwrap();
        let answer = Answer::new(
            "look at",
            "file",
            url.clone(),
            StatusCode::from_u16(status).unwrap(),
            HeaderMap::new(),
            Bytes::copy_from_slice(body.as_bytes()),
        );
        Google { drive: url }.classify(&answer)
    }

    fn refusal(reason: &str, message: &str) -> String {
        format!(
            r#"{{"error":{{"code":403,"message":"{message}","errors":[{{"domain":"global","reason":"{reason}","message":"{message}"}}]}}}}"#
        )
    }

    #[test]
    fn each_reason_has_its_meaning() {
        use ErrorKind::*;
        use Repeat::{Always, IfRepeatable, Never};
        for (status, reason, kind, repeat, pauses) in [
            (403, "rateLimitExceeded", Throttled, Always, true),
            (403, "userRateLimitExceeded", Throttled, Always, true),
            (403, "quotaExceeded", Throttled, Always, true),
            (429, "rateLimitExceeded", Throttled, Always, true),
            (403, "dailyLimitExceeded", Throttled, Never, true),
            (403, "sharingRateLimitExceeded", Throttled, Never, false),
            (403, "downloadQuotaExceeded", Throttled, Never, false),
            (403, "insufficientPermissions", Denied, Never, false),
            (403, "insufficientFilePermissions", Denied, Never, false),
            (403, "appNotAuthorizedToFile", Denied, Never, false),
            (403, "cannotDownloadFile", Denied, Never, false),
            (403, "cannotDownloadAbusiveFile", Denied, Never, false),
            (403, "abuse", Denied, Never, false),
            (403, "domainPolicy", Denied, Never, false),
            (403, "teamDriveMembershipRequired", Denied, Never, false),
            (403, "somethingNobodyHasSeen", Denied, Never, false),
            (403, "accessNotConfigured", Unauthenticated, Never, false),
            (403, "fileNotDownloadable", Unsupported, Never, false),
            (403, "storageQuotaExceeded", QuotaExceeded, Never, false),
            (
                403,
                "teamDriveFileLimitExceeded",
                QuotaExceeded,
                Never,
                false,
            ),
            (401, "authError", Denied, Never, false),
            (404, "notFound", NotFound, Never, false),
            (410, "gone", NotFound, Never, false),
            (412, "conditionNotMet", Changed, Never, false),
            (413, "uploadTooLarge", TooLarge, Never, false),
            (400, "badRequest", Unexpected, Never, false),
            (500, "internalError", Transient, IfRepeatable, false),
            (503, "backendError", Transient, IfRepeatable, false),
        ] {
            let failure = classify(status, &refusal(reason, "words"));
            assert_eq!(
                (failure.kind, failure.repeat, failure.pauses_all),
                (kind, repeat, pauses),
                "{status} {reason}"
            );
            assert_eq!(failure.codes.first().map(String::as_str), Some(reason));
        }
    }

    #[test]
    fn words_and_places_count_where_a_reason_is_not_enough() {
        use ErrorKind::*;
        let bad_token = r#"{"error":{"code":400,"message":"Invalid Value","errors":[{"message":"Invalid Value","reason":"invalid","location":"pageToken","locationType":"parameter"}]}}"#;
        let newer = r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}}"#;
        for (status, body, kind) in [
            (400, bad_token.to_owned(), CursorExpired),
            (400, bad_token.replace("pageToken", "q"), Unexpected),
            (403, newer.to_owned(), Throttled),
            (403, refusal("userRateLimitExceeded", "User rate limit exceeded."), Throttled),
            (401, r#"{"error":"unauthorized_client","error_description":"Client is unauthorized"}"#.to_owned(), Unauthenticated),
            (400, r#"{"error":"invalid_grant","error_description":"Invalid email or User ID"}"#.to_owned(), Denied),
            (400, r#"{"error":"invalid_grant","error_description":"Not a valid email or user ID."}"#.to_owned(), Denied),
            (400, r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#.to_owned(), Unauthenticated),
            (400, r#"{"error":"invalid_grant","error_description":"Invalid grant: account not found"}"#.to_owned(), Unauthenticated),
            (400, r#"{"error":"invalid_scope"}"#.to_owned(), Unauthenticated),
            (400, r#"{"error":"access_denied"}"#.to_owned(), Denied),
            (500, r#"{"error":"internal_failure"}"#.to_owned(), Transient),
            (502, "<html>Bad Gateway</html>".to_owned(), Transient),
            (403, String::new(), Denied),
            (403, "[1]".to_owned(), Denied),
        ] {
            assert_eq!(classify(status, &body).kind, kind, "{status} {body}");
        }
        let enough = classify(
            403,
            &refusal("userRateLimitExceeded", "User rate limit exceeded."),
        );
        assert_eq!((enough.repeat, enough.pauses_all), (Repeat::Never, false));
    }
}
