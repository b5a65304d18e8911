//! Calls to the API.

use std::sync::Arc;

use labeld_connector::http::{Call, Method, Url};
use labeld_connector::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

use crate::address::below;
use crate::app::BoxApp;
use crate::model::{Id, Page};

/// The bound of one answer, in bytes: a page of 1000 entries with all their fields.
const MOST_ANSWER: u64 = 16 << 20;

/// Entries of one page of a list that is read to its end.
const LIST_LIMIT: &str = "1000";

/// What a call is for, as errors tell it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'a> {
    pub(crate) operation: &'static str,
    pub(crate) context: &'a str,
}

impl Purpose<'_> {
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, self.context)
    }

    pub(crate) fn malformed(&self, why: &'static str) -> Error {
        self.error(ErrorKind::Malformed).with_source(why)
    }
}

/// In whose name a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acting {
    /// The service account's own.
    App,
    /// A user's, by As-User.
    As(Id),
}

impl BoxApp {
    /// An address of the API.
    pub(crate) fn api(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Url> {
        let mut whole = vec!["2.0"];
        whole.extend_from_slice(segments);
        below(&self.endpoints.api, &whole, query)
    }

    /// A call with the app's token.
    pub(crate) fn call(
        &self,
        method: Method,
        url: Url,
        acting: Acting,
        purpose: &Purpose<'_>,
    ) -> Call {
        let call = Call::new(method, url, purpose.operation, purpose.context)
            .bearer(Arc::clone(&self.tokens))
            .most_bytes(MOST_ANSWER);
        match acting {
            Acting::App => call,
            Acting::As(user) => call.header("as-user", user.to_string()),
        }
    }

    /// Reads one thing.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        acting: Acting,
        purpose: &Purpose<'_>,
    ) -> Result<T> {
        let call = self.call(Method::GET, url, acting, purpose);
        self.service.send(call).await?.json()
    }

    /// Reads a list that is paged by marker to its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when it has more than `most_pages`. Never a part of the list.
    pub(crate) async fn get_all<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        acting: Acting,
        purpose: &Purpose<'_>,
        most_pages: usize,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..most_pages {
            let mut asked = query.to_vec();
            asked.push(("limit", LIST_LIMIT));
            if let Some(marker) = &marker {
                asked.push(("marker", marker));
            }
            let url = self.api(segments, &asked)?;
            let page: Page<T> = self.get(url, acting, purpose).await?;
            let next = page.next().map(str::to_owned);
            all.extend(page.entries);
            match next {
                None => return Ok(all),
                next => marker = next,
            }
        }
        Err(purpose.malformed("the list does not end"))
    }

    /// Reads a list that is paged by offset to its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when it has more than `most_pages`. Never a part of the list.
    pub(crate) async fn get_all_by_offset<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        purpose: &Purpose<'_>,
        most_pages: usize,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..most_pages {
            let offset = all.len().to_string();
            let url = self.api(segments, &[("limit", LIST_LIMIT), ("offset", &offset)])?;
            let page: Page<T> = self.get(url, Acting::App, purpose).await?;
            let is_empty = page.entries.is_empty();
            let total = page.total_count;
            all.extend(page.entries);
            if is_empty || total.is_some_and(|total| all.len() as u64 >= total) {
                return Ok(all);
            }
        }
        Err(purpose.malformed("the list does not end"))
    }
}
