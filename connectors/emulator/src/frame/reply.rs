//! What a provider answers.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::ResourceUnits;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// What the call cost.
    pub(crate) units: Option<u32>,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Bytes(Bytes),
}

impl Reply {
    /// An answer without headers.
    pub(crate) fn new(status: StatusCode, body: Body) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body,
            units: None,
        }
    }

    /// 200 with JSON.
    pub(crate) fn json(body: Value) -> Self {
        Self::new(StatusCode::OK, Body::Json(body))
    }

    /// A status alone.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, Body::Empty)
    }

    /// Adds a header, unless the value cannot be one.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Whether the body is JSON.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.body, Body::Json(_))
    }

    /// The body as it is sent.
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.body {
            Body::Empty => Bytes::new(),
            Body::Json(value) => Bytes::from(value.to_string()),
            Body::Bytes(bytes) => bytes.clone(),
        }
    }

    /// The answer as it is sent, with the type that the service gives to JSON.
    pub(crate) fn response(self, json_type: &'static str) -> Response {
        let is_json = self.is_json();
        let mut response = (self.status, self.bytes()).into_response();
        let headers = response.headers_mut();
        headers.remove(http::header::CONTENT_TYPE);
        if is_json {
            headers.insert(
                http::header::CONTENT_TYPE,
                HeaderValue::from_static(json_type),
            );
        }
        headers.extend(self.headers);
        if let Some(units) = self.units {
            response.extensions_mut().insert(ResourceUnits(units));
        }
        response
    }
}
