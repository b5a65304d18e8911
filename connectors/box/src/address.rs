//! Addresses of calls.

use labeld_connector::http::{Url, shown_url};
use labeld_connector::{Error, ErrorKind, Result};

/// `base` with more path segments, each percent-encoded, and query parameters.
///
/// # Errors
///
/// [`ErrorKind::Unexpected`] for a base without a path, such as `mailto:`.
pub(crate) fn below(base: &Url, segments: &[&str], query: &[(&str, &str)]) -> Result<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(ErrorKind::Unexpected, "use address", shown_url(base)))?
        .pop_if_empty()
        .extend(segments);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}
