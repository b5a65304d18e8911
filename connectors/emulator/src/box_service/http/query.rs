//! Query parameters.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use url::form_urlencoded;

use super::refusal::Refusal;
use crate::box_service::view::Fields;

/// The query of a request, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A boolean, in any case of letters (reference/box.md §2.2).
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// A number, `default` when it is not there.
    pub(crate) fn number(&self, name: &str, default: u64) -> Result<u64, Refusal> {
        match self.get(name) {
            None | Some("") => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Refusal::bad_request(&format!("Invalid value '{text}' for {name}"))),
        }
    }

    /// `fields`.
    pub(crate) fn fields(&self) -> Fields {
        Fields::of(self.get("fields"))
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        Ok(Self(pairs.into_owned().collect()))
    }
}
