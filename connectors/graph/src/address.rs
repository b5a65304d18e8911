//! Addresses of calls, and the check of those that the service gives.

use labeld_connector::http::{Url, shown_url};
use labeld_connector::{Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters that stay as they are in the value of a query parameter: those of lists of fields.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b'@');

/// The longest address that is followed or stored. Delta links have some hundred characters.
pub(crate) const MOST_ADDRESS: usize = 8 << 10;

/// `base` with more path segments, each percent-encoded.
///
/// # Errors
///
/// [`ErrorKind::Unexpected`] for a base without a path, such as `mailto:`.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Result<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(ErrorKind::Unexpected, "use address", shown_url(base)))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// Puts query parameters behind an address: OData's names as they are written everywhere, values percent-encoded.
pub(crate) fn ask(url: &mut Url, parameters: &[(&str, &str)]) {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)))
        .collect();
    url.set_query(Some(&parameters.join("&")));
}

/// An address that the service gave for the next page, if it leads to the origin that was asked.
pub(crate) fn next_page(link: &str, home: &Url) -> Option<Url> {
    if link.len() > MOST_ADDRESS {
        return None;
    }
    let url = Url::parse(link).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_plain && url.origin() == home.origin() && url.path().starts_with(home.path()))
        .then_some(url)
}

/// Path of a web address as people read it: decoded, without leading and trailing slash.
pub(crate) fn shown_path(url: &Url) -> String {
    decode_path(url.path())
}

/// Decodes each segment of a path. One that is no UTF-8 when decoded stays as it is.
pub(crate) fn decode_path(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let decoded: Vec<_> = segments
        .map(|segment| {
            let bytes = percent_encoding::percent_decode_str(segment);
            bytes.decode_utf8().unwrap_or_else(|_| segment.into())
        })
        .collect();
    decoded.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_the_same_service_are_followed() {
        let home = Url::parse("https://graph.microsoft.com/").unwrap();
        let long = format!("https://graph.microsoft.com/{}", "x".repeat(MOST_ADDRESS));
        for (link, followed) in [
            (
                "https://graph.microsoft.com/v1.0/drives/x/root/delta?token=a",
                true,
            ),
            (
                "https://graph.microsoft.com/v1.0/sites/oneDrive.getAllSites?$skiptoken=a",
                true,
            ),
            ("https://graph.microsoft.com:8443/v1.0/x", false),
            ("http://graph.microsoft.com/v1.0/x", false),
            ("https://graph.microsoft.com.evil.example/x", false),
            ("https://graph.microsoft.com@evil.example/x", false),
            ("https://user@graph.microsoft.com/x", false),
            ("/v1.0/x", false),
            ("", false),
            (&long, false),
        ] {
            assert_eq!(next_page(link, &home).is_some(), followed, "{link}");
        }
    }

    #[test]
    fn segments_are_encoded_and_paths_decoded() {
        let base = Url::parse("http://127.0.0.1:1/sub/").unwrap();
        let url = below(&base, &["v1.0", "drives", "b!a-b_c", "a b/c?d"]).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:1/sub/v1.0/drives/b!a-b_c/a%20b%2Fc%3Fd"
        );
        for (path, shown) in [
            (
                "/sites/finance/Shared%20Documents/",
                "sites/finance/Shared Documents",
            ),
            ("/a/percent%2520and+plus", "a/percent%20and+plus"),
            ("/a/%FF", "a/%FF"),
            ("", ""),
        ] {
            assert_eq!(decode_path(path), shown, "{path}");
        }
    }
}
