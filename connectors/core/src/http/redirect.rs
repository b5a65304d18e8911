//! Where a redirect may lead.

use http::header::LOCATION;
use http::{HeaderMap, Method};
use url::Url;

use super::dialect::Dialect;
use super::failure::CallFailure;
use super::url::{check_call_url, shown_url};

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
        return Err(refused(
            "an unreadable address".to_owned(),
            "which cannot be followed",
        ));
    };
    url.set_fragment(None);
    let shown = shown_url(&url);
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(refused(shown, "which is followed for reading only"));
    }
    if check_call_url(&url).is_err() {
        return Err(refused(shown, "which is not a safe address"));
    }
    if !dialect.may_follow(&url) {
        return Err(refused(shown, "which is not one of the service's hosts"));
    }
    Ok(url)
}

/// A redirect that is not followed.
pub(super) fn refused(target: String, why: &'static str) -> CallFailure {
    CallFailure::Redirected { target, why }
}
