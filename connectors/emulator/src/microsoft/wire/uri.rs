//! Paths and queries.

use percent_encoding::percent_decode_str;

/// The segments of a path, each decoded. A `/` that is encoded does not divide.
pub(crate) fn path_segments(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(decoded).collect()
}

/// The parameters of a query, decoded: `+` is a space.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// A percent-decoded text; bytes that are not UTF-8 are replaced.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
