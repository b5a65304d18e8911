//! How the service says no (reference/box.md §1.4, §1.5, §5.4, §9).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::box_service::world::EditError;

const HELP: &str =
    "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/";

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// Nothing.
    Empty,
    /// The form of the API.
    Error {
        code: String,
        message: String,
        context: Value,
    },
    /// The form of the token endpoint.
    OAuth {
        error: &'static str,
        description: String,
    },
}

impl Refusal {
    /// In the form of the API.
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self(Box::new(Parts {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            form: Form::Error {
                code: code.to_owned(),
                message: message.to_owned(),
                context: Value::Null,
            },
        }))
    }

    /// With more about it.
    pub(crate) fn with_context(mut self, more: Value) -> Self {
        if let Form::Error { context, .. } = &mut self.0.form {
            *context = more;
        }
        self
    }

    /// In the form of the token endpoint.
    pub(crate) fn oauth(error: &'static str, description: &str) -> Self {
        Self(Box::new(Parts {
            status: StatusCode::BAD_REQUEST,
            headers: HeaderMap::new(),
            form: Form::OAuth {
                error,
                description: description.to_owned(),
            },
        }))
    }

    /// A token that is none, or has expired: nothing in the body.
    pub(crate) fn invalid_token() -> Self {
        Self::challenge(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The access token provided is invalid.",
        )
    }

    /// A scope that the app does not have: nothing in the body.
    pub(crate) fn insufficient_scope() -> Self {
        Self::challenge(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token.",
        )
    }

    fn challenge(status: StatusCode, error: &str, description: &str) -> Self {
        let challenge = format!(
            "Bearer realm=\"Service\", error=\"{error}\", error_description=\"{description}\""
        );
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::try_from(challenge) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        Self(Box::new(Parts {
            status,
            headers,
            form: Form::Empty,
        }))
    }

    /// Nothing there, or nothing for this user: the service does not tell which.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "not_found", "Not Found").with_context(json!({
            "errors": [{"reason": "invalid_parameter", "name": "item", "message": "Invalid value"}],
        }))
    }

    /// In the trash.
    pub(crate) fn trashed() -> Self {
        Self::new(404, "trashed", "Item is trashed")
    }

    /// The user may not.
    pub(crate) fn no_permission() -> Self {
        Self::new(
            403,
            "access_denied_insufficient_permissions",
            "Access denied - insufficient permission",
        )
    }

    /// A parameter that makes no sense.
    pub(crate) fn bad_request(message: &str) -> Self {
        Self::new(400, "bad_request", message)
    }

    /// An `If-Match` that does not.
    pub(crate) fn precondition_failed() -> Self {
        Self::new(
            412,
            "precondition_failed",
            "The resource has been modified. Retrieve the resource again and retry",
        )
    }

    /// Too many calls.
    pub(crate) fn rate_limited(retry_after: Option<u32>) -> Self {
        let mut refusal = Self::new(
            429,
            "rate_limit_exceeded",
            "Request rate limit exceeded, please try again later",
        );
        if let Some(seconds) = retry_after {
            refusal.0.headers.insert(RETRY_AFTER, seconds.into());
        }
        refusal
    }

    /// A method that the path does not take.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "method_not_allowed", "Method Not Allowed")
    }
}

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound => Self::not_found(),
            EditError::NameTaken => Self::new(
                409,
                "item_name_in_use",
                "Item with the same name already exists",
            )
            .with_context(json!({"conflicts": []})),
            EditError::BadName => Self::new(400, "item_name_invalid", "Item name invalid"),
            EditError::LongName => Self::new(400, "item_name_too_long", "Item name too long"),
            EditError::IntoItself => {
                Self::new(403, "forbidden", "A folder cannot be moved into itself")
            }
            EditError::WrongKind => Self::method_not_allowed(),
            EditError::QuotaExceeded => Self::new(
                403,
                "storage_limit_exceeded",
                "Account storage limit reached",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Parts {
            status,
            headers,
            form,
        } = *self.0;
        let mut answer = match form {
            Form::Empty => status.into_response(),
            Form::OAuth { error, description } => (
                status,
                Json(json!({"error": error, "error_description": description})),
            )
                .into_response(),
            Form::Error {
                code,
                message,
                context,
            } => {
                let mut body = json!({
                    "type": "error",
                    "status": status.as_u16(),
                    "code": code,
                    "message": message,
                    "help_url": HELP,
                    "request_id": Uuid::new_v4().simple().to_string(),
                });
                if !context.is_null() {
                    body["context_info"] = context;
                }
                (status, Json(body)).into_response()
            }
        };
        answer.headers_mut().extend(headers);
        answer
    }
}
