//! Refusals, with the bodies that Google gives them (reference/google-drive.md §9.2).

use std::ops::{Deref, DerefMut};

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::frame::{Body, Reply};
use crate::google::world::EditError;

/// A refusal, boxed because it is the rare outcome of everything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure(Box<Refusal>);

/// What a refusal says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    pub(crate) domain: &'static str,
    pub(crate) message: String,
    /// What it is about, and where that is: `("fileId", "parameter")`.
    pub(crate) location: Option<(String, &'static str)>,
    /// The name of the status in newer answers.
    pub(crate) status_name: Option<&'static str>,
    pub(crate) details: Option<Value>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) has_body: bool,
}

impl Deref for Failure {
    type Target = Refusal;

    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Refusal {
        &mut self.0
    }
}

impl Failure {
    /// A refusal.
    pub(crate) fn new(status: StatusCode, reason: &str, message: &str) -> Self {
        Self(Box::new(Refusal {
            status,
            reason: reason.to_owned(),
            domain: "global",
            message: message.to_owned(),
            location: None,
            status_name: None,
            details: None,
            headers: Vec::new(),
            has_body: true,
        }))
    }

    /// With what it is about.
    pub(crate) fn at(mut self, location: &str, kind: &'static str) -> Self {
        self.location = Some((location.to_owned(), kind));
        self
    }

    /// With the domain of quotas.
    pub(crate) fn of_usage(mut self) -> Self {
        self.domain = "usageLimits";
        self
    }

    /// With a header, unless the value cannot be one.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn bad_request(reason: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason, message)
    }

    pub(crate) fn invalid_parameter(name: &str, message: &str) -> Self {
        Self::bad_request("invalidParameter", message).at(name, "parameter")
    }

    /// 400 with the words for a value that makes no sense.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::bad_request("invalid", "Invalid Value").at(name, "parameter")
    }

    pub(crate) fn required(name: &str) -> Self {
        Self::bad_request("required", &format!("Required parameter: {name}")).at(name, "parameter")
    }

    pub(crate) fn forbidden(reason: &str, message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, reason, message)
    }

    /// 401: the token is absent or not good.
    pub(crate) fn invalid_credentials() -> Self {
        let mut failure = Self::new(StatusCode::UNAUTHORIZED, "authError", "Invalid Credentials")
            .at("Authorization", "header")
            .header(
                http::header::WWW_AUTHENTICATE,
                "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
            );
        failure.status_name = Some("UNAUTHENTICATED");
        failure
    }

    /// 404 for a file.
    pub(crate) fn file_not_found(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "notFound",
            &format!("File not found: {id}."),
        )
        .at("fileId", "parameter")
    }

    /// 404 for a shared drive.
    pub(crate) fn drive_not_found(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "notFound",
            &format!("Shared drive not found: {id}"),
        )
        .at("driveId", "parameter")
    }

    /// 403 for a file that may be seen and no more.
    pub(crate) fn insufficient_file_permissions(id: &str) -> Self {
        Self::forbidden(
            "insufficientFilePermissions",
            &format!("The user does not have sufficient permissions for file {id}."),
        )
    }

    /// 404 for a path that is none.
    pub(crate) fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "notFound", "Not Found")
    }

    /// The answer with its body. `newer` is the shape of Drive Labels.
    pub(crate) fn reply(&self, newer: bool) -> Reply {
        let body = match (self.has_body, newer) {
            (false, _) => Body::Empty,
            (true, false) => Body::Json(self.body()),
            (true, true) => Body::Json(self.newer_body()),
        };
        let mut reply = Reply::new(self.status, body);
        for (name, value) in &self.headers {
            reply.headers.insert(name.clone(), value.clone());
        }
        reply
    }

    fn body(&self) -> Value {
        let mut inner = json!({
            "message": self.message,
            "domain": self.domain,
            "reason": self.reason,
        });
        if let Some((location, kind)) = &self.location {
            inner["location"] = json!(location);
            inner["locationType"] = json!(kind);
        }
        let mut error = json!({
            "code": self.status.as_u16(),
            "message": self.message,
            "errors": [inner],
        });
        if let Some(name) = self.status_name {
            error["status"] = json!(name);
        }
        if let Some(details) = &self.details {
            error["details"] = details.clone();
        }
        json!({ "error": error })
    }

    fn newer_body(&self) -> Value {
        let name = self.status_name.unwrap_or(match self.status.as_u16() {
            400 => "INVALID_ARGUMENT",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            _ => "INTERNAL",
        });
        json!({"error": {
            "code": self.status.as_u16(),
            "message": self.message,
            "status": name,
            "details": self.details.clone().unwrap_or_else(|| json!([])),
        }})
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound(what) => Self::file_not_found(&what),
            EditError::WrongKind(_) => {
                Self::forbidden("parentNotAFolder", "The specified parent is not a folder.")
            }
            EditError::IntoItself => Self::forbidden(
                "cyclicMembershipsNotAllowed",
                "A folder cannot be its own parent.",
            ),
            EditError::Taken(what) => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                &format!("{what} already exists."),
            ),
        }
    }
}
