//! Where a redirect may lead.

use http::header::LOCATION;
use http::{HeaderMap, Method};
use url::Url;

use super::dialect::Dialect;
use super::failure::CallFailure;
use super::url::check_call_url;

/// How many redirects of one call are followed.
pub(super) const MOST_REDIRECTS: usize = 5;

/// The target of a redirect from `from`, when it may be followed.
pub(super) fn target(
    method: &Method,
    from: &Url,
    headers: &HeaderMap,
    dialect: &dyn Dialect,
) -> Result<Url, CallFailure> {
    let location = headers
        .get(LOCATION)
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let Some(mut url) = location.and_then(|location| from.join(location).ok()) else {
        return Err(refused(None, "which cannot be followed"));
    };
    url.set_fragment(None);
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(refused(Some(&url), "which is followed for reading only"));
    }
    if check_call_url(&url).is_err() {
        return Err(refused(Some(&url), "which is not a safe address"));
    }
    if !dialect.may_follow(&url) {
        return Err(refused(
            Some(&url),
            "which is not one of the service's hosts",
        ));
    }
    Ok(url)
}

/// A redirect that is not followed. Only the origin of its target is told: the rest may be a credential.
pub(super) fn refused(target: Option<&Url>, why: &'static str) -> CallFailure {
    let target = target.map(|url| url.origin().ascii_serialization());
    CallFailure::Redirected {
        target: target.unwrap_or_else(|| "an unreadable address".to_owned()),
        why,
    }
}
