//! Whom a request was meant for.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses requests that name another machine. A web page elsewhere can have its name resolve to this
/// machine and then read what only this machine may read; the name in the request gives it away.
pub(super) async fn only_this_machine(request: Request, next: Next) -> Response {
    if is_meant_for_this_machine(request.uri(), request.headers()) {
        return next.run(request).await;
    }
    let words = "this address serves this machine only; use its loopback address or `localhost`\n";
    (StatusCode::MISDIRECTED_REQUEST, words).into_response()
}

/// A request without a name is no browser's.
fn is_meant_for_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let in_headers = headers.get_all(header::HOST).iter().all(|host| {
        let authority = host.to_str().ok().and_then(|host| host.parse().ok());
        authority.is_some_and(|authority| is_this_machine(&authority))
    });
    in_headers && uri.authority().is_none_or(is_this_machine)
}

fn is_this_machine(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_good() {
        let table: &[(&[&str], &str, bool)] = &[
            (&[], "/livez", true),
            (&["localhost"], "/livez", true),
            (&["LOCALHOST:8620"], "/livez", true),
            (&["127.0.0.1:8620"], "/livez", true),
            (&["127.0.0.2"], "/livez", true),
            (&["[::1]:8620"], "/livez", true),
            (&["localhost"], "http://localhost:8620/livez", true),
            (&["labeld.example"], "/livez", false),
            (&["localhost.example"], "/livez", false),
            (&["127.0.0.1.example"], "/livez", false),
            (&["10.0.0.1:8620"], "/livez", false),
            (&["localhost", "labeld.example"], "/livez", false),
            (&["localhost"], "http://labeld.example/livez", false),
            (&[""], "/livez", false),
            (&["a b"], "/livez", false),
        ];
        for (hosts, uri, good) in table {
            let mut headers = HeaderMap::new();
            for host in *hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(
                is_meant_for_this_machine(&uri, &headers),
                *good,
                "{hosts:?} {uri}"
            );
        }
    }
}
