//! Refusals of the REST API (reference/microsoft-graph.md §1.7, §5.4).

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::microsoft::state::item::LockForm;
use crate::microsoft::wire::{Body, Reply};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RestFailure {
    /// 401: the token is not good for this host.
    Token(String),
    /// An error of SharePoint: status, number and exception, and message.
    Exception {
        status: StatusCode,
        code: &'static str,
        message: String,
    },
}

impl RestFailure {
    fn exception(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Exception {
            status,
            code,
            message: message.into(),
        }
    }

    pub(super) fn access_denied() -> Self {
        Self::exception(
            StatusCode::FORBIDDEN,
            "-2147024891, System.UnauthorizedAccessException",
            "Attempted to perform an unauthorized operation.",
        )
    }

    pub(super) fn no_site() -> Self {
        Self::exception(
            StatusCode::NOT_FOUND,
            "-2147024894, System.IO.FileNotFoundException",
            "The site was not found.",
        )
    }

    pub(super) fn no_file() -> Self {
        Self::exception(
            StatusCode::NOT_FOUND,
            "-2130575338, Microsoft.SharePoint.SPException",
            "The file does not exist.",
        )
    }

    pub(super) fn no_list() -> Self {
        Self::exception(
            StatusCode::NOT_FOUND,
            "-2130575322, Microsoft.SharePoint.SPException",
            "List does not exist.",
        )
    }

    pub(super) fn no_method(name: &str) -> Self {
        Self::exception(
            StatusCode::NOT_FOUND,
            "-1, Microsoft.SharePoint.Client.ResourceNotFoundException",
            format!("Cannot find resource for the request {name}."),
        )
    }

    pub(super) fn wrong_verb() -> Self {
        Self::exception(
            StatusCode::METHOD_NOT_ALLOWED,
            "-1, Microsoft.SharePoint.Client.ClientServiceException",
            "The HTTP method cannot be used to access the resource.",
        )
    }

    pub(super) fn no_property(name: &str) -> Self {
        Self::exception(
            StatusCode::BAD_REQUEST,
            "-1, Microsoft.SharePoint.Client.InvalidClientQueryException",
            format!("The field or property '{name}' does not exist."),
        )
    }

    pub(super) fn archived() -> Self {
        Self::exception(
            StatusCode::LOCKED,
            "-2147018894, Microsoft.SharePoint.SPFileLockException",
            "The site is locked.",
        )
    }

    pub(super) fn locked(path: &str, holder: &str, form: LockForm) -> Self {
        let kind = if form == LockForm::AccessDenied {
            "exclusive"
        } else {
            "shared"
        };
        Self::exception(
            StatusCode::LOCKED,
            "-2147018894, Microsoft.SharePoint.SPFileLockException",
            format!("The file \"{path}\" is locked for {kind} use by {holder}."),
        )
    }

    pub(super) fn checked_out(path: &str, holder: &str) -> Self {
        Self::exception(
            StatusCode::LOCKED,
            "-2130575306, Microsoft.SharePoint.SPFileCheckOutException",
            format!("The file \"{path}\" is checked out for editing by {holder}."),
        )
    }

    pub(super) fn not_checked_out(path: &str) -> Self {
        Self::exception(
            StatusCode::LOCKED,
            "-2147024738, Microsoft.SharePoint.SPFileCheckOutException",
            format!("The file \"{path}\" is not checked out."),
        )
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Token(description) => Reply::new(
                StatusCode::UNAUTHORIZED,
                Body::Json(json!({ "error_description": description })),
            )
            .header(
                WWW_AUTHENTICATE,
                "Bearer realm=\"emulator\",client_id=\"00000003-0000-0ff1-ce00-000000000000\"",
            ),
            Self::Exception {
                status,
                code,
                message,
            } => Reply::new(
                *status,
                Body::Json(json!({
                    "odata.error": { "code": code, "message": { "lang": "en-US", "value": message } },
                })),
            ),
        }
    }
}
