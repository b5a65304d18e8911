//! Refusals, with the bodies that Graph gives them.

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::frame::{Body, Reply};
use crate::microsoft::switches::Switches;
use crate::microsoft::world::EditError;

/// A refusal: status, code, inner codes from the outermost to the innermost, and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) inner: Vec<&'static str>,
    pub(crate) message: String,
    /// Apart, because refusals are passed along often.
    pub(crate) headers: Box<HeaderMap>,
}

impl Failure {
    /// A refusal.
    pub(crate) fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            inner: Vec::new(),
            message: message.to_owned(),
            headers: Box::default(),
        }
    }

    /// With a status that a switch gives; 500 when it is none.
    pub(crate) fn with_status(status: u16, code: &str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, code, message)
    }

    /// Adds an inner code.
    pub(crate) fn inner(mut self, code: &'static str) -> Self {
        self.inner.push(code);
        self
    }

    /// Adds a header, unless the value cannot be one.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// 400 of the gateway.
    pub(crate) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400 of SharePoint.
    pub(crate) fn invalid_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalidRequest", message)
    }

    /// 401: the token is absent or not good for this.
    pub(crate) fn invalid_token(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
            .header(http::header::WWW_AUTHENTICATE, "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"")
    }

    /// 403 of SharePoint.
    pub(crate) fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "accessDenied", "Access denied")
    }

    /// 403 of the gateway, for calls of the directory.
    pub(crate) fn request_denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    }

    /// 404 of SharePoint.
    pub(crate) fn item_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "itemNotFound",
            "The resource could not be found.",
        )
    }

    /// 404 of the directory.
    pub(crate) fn resource_not_found(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            &format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// 409: another item has the name.
    pub(crate) fn name_exists() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "nameAlreadyExists",
            "The specified item name already exists.",
        )
    }

    /// 423: locked.
    pub(crate) fn locked() -> Self {
        Self::new(
            StatusCode::LOCKED,
            "notAllowed",
            "The resource you are attempting to access is locked",
        )
        .inner("resourceLocked")
    }

    /// The answer with its body.
    pub(crate) fn reply(
        &self,
        now: DateTime<Utc>,
        ids: (&str, &str),
        switches: &Switches,
    ) -> Reply {
        let mut reply = Reply::new(self.status, Body::Json(self.body(now, ids, switches)));
        reply.headers = HeaderMap::clone(&self.headers);
        reply
    }

    /// The body: `ids` are those of the request, the service's and the client's.
    fn body(&self, now: DateTime<Utc>, ids: (&str, &str), switches: &Switches) -> Value {
        let name = if switches.inner_error_lower_case {
            "innererror"
        } else {
            "innerError"
        };
        let mut innermost = json!({
            "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": ids.0,
            "client-request-id": ids.1,
        });
        // The outermost inner error is the one with the ids.
        for (depth, code) in self.inner.iter().enumerate().rev() {
            if depth == 0 {
                innermost["code"] = json!(code);
            } else {
                let deeper = innermost.get(name).cloned();
                let mut error = json!({ "code": code });
                if let Some(deeper) = deeper {
                    error[name] = deeper;
                }
                innermost[name] = error;
            }
        }
        json!({ "error": { "code": self.code, "message": self.message, name: innermost } })
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound => Self::item_not_found(),
            EditError::NameTaken => Self::name_exists(),
            EditError::BadName => Self::invalid_request("The provided name cannot be used."),
            EditError::IntoItself | EditError::WrongKind => {
                Self::invalid_request("The operation cannot be performed on this item.")
            }
            EditError::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "quotaLimitReached",
                "The storage limit has been reached.",
            ),
        }
    }
}
