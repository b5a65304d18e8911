//! Calls to Graph: single ones, collections page by page, and twenty at once.

use std::sync::Arc;

use labeld_connector::http::{Call, Method, Url};
use labeld_connector::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

use crate::address::{below, next_page};
use crate::model::Page;
use crate::tenant::Tenant;

/// The bound of one answer of Graph, in bytes.
pub(crate) const MOST_ANSWER: u64 = 32 << 20;

/// Resource units of reading one thing (§8.1).
pub(crate) const UNITS_ONE: u32 = 1;

/// Resource units of a list, a delta page without a token, and every write (§8.1).
pub(crate) const UNITS_LIST: u32 = 2;

/// Resource units of everything about permissions (§8.1).
pub(crate) const UNITS_PERMISSIONS: u32 = 5;

/// What a call is for, as errors tell it.
#[derive(Debug, Clone)]
pub(crate) struct Purpose<'a> {
    pub(crate) operation: &'static str,
    pub(crate) context: &'a str,
}

impl Tenant {
    /// An address of the stable version of Graph.
    pub(crate) fn v1(&self, segments: &[&str]) -> Result<Url> {
        let mut whole = vec!["v1.0"];
        whole.extend_from_slice(segments);
        below(&self.endpoints.graph, &whole)
    }

    /// A call to Graph with the app's token.
    pub(crate) fn call(&self, method: Method, url: Url, purpose: &Purpose<'_>, units: u32) -> Call {
        Call::new(method, url, purpose.operation, purpose.context)
            .bearer(Arc::clone(&self.graph_tokens))
            .units(units)
            .most_bytes(MOST_ANSWER)
    }

    /// Reads one thing.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        purpose: &Purpose<'_>,
        units: u32,
    ) -> Result<T> {
        let call = self.call(Method::GET, url, purpose, units);
        self.service.send(call).await?.json()
    }

    /// Reads a collection to its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when there are more than `most_pages`, or a link leads elsewhere. Never a part of the
    /// collection.
    pub(crate) async fn get_all<T: DeserializeOwned>(
        &self,
        first: Url,
        purpose: &Purpose<'_>,
        units: u32,
        most_pages: usize,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut url = first;
        for _ in 0..most_pages {
            let page: Page<T> = self.get(url, purpose, units).await?;
            all.extend(page.value);
            match page.next_link {
                None => return Ok(all),
                Some(link) => url = self.checked_link(&link, purpose)?,
            }
        }
        Err(purpose.malformed("the collection has more pages than any tenant"))
    }

    /// A link to a further page, checked.
    pub(crate) fn checked_link(&self, link: &str, purpose: &Purpose<'_>) -> Result<Url> {
        next_page(link, &self.endpoints.graph)
            .ok_or_else(|| purpose.malformed("the service points to a page of another service"))
    }
}

impl Purpose<'_> {
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation, self.context)
    }

    pub(crate) fn malformed(&self, why: &'static str) -> Error {
        self.error(ErrorKind::Malformed).with_source(why)
    }
}
