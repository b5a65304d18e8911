//! Which addresses may be called, and how they are shown.

use ::url::{Host, Url};

/// What is wrong with an address from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Neither `https` nor `http`.
    #[error("cannot use {shown}: the scheme must be https")]
    Scheme {
        /// The address without what may be secret.
        shown: String,
    },
    /// Plain `http` to another machine: tokens and files would travel in the open.
    #[error(
        "cannot use {shown}: plain http is for this machine only (127.0.0.1, [::1], localhost); use https"
    )]
    PlainHttp {
        /// The address without what may be secret.
        shown: String,
    },
    /// A user name or password in the address.
    #[error("cannot use {shown}: an address must not carry a user name or a password")]
    Credentials {
        /// The address without what may be secret.
        shown: String,
    },
    /// A query or a fragment, which cannot be part of a base.
    #[error("cannot use {shown} as a base: it has a query or a fragment")]
    NotABase {
        /// The address without what may be secret.
        shown: String,
    },
}

/// Checks the base address of a service, as it stands in a configuration: `https`, or plain `http` to
/// this machine; no user name, query or fragment.
///
/// # Errors
///
/// What of that does not hold.
pub fn check_base_url(url: &Url) -> Result<(), BaseUrlError> {
    check_call_url(url)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BaseUrlError::NotABase {
            shown: shown_url(url),
        });
    }
    Ok(())
}

/// Checks the address of a call: as [`check_base_url`], but a query is allowed.
pub(super) fn check_call_url(url: &Url) -> Result<(), BaseUrlError> {
    let shown = || shown_url(url);
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(url) => {}
        "http" => return Err(BaseUrlError::PlainHttp { shown: shown() }),
        _ => return Err(BaseUrlError::Scheme { shown: shown() }),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BaseUrlError::Credentials { shown: shown() });
    }
    Ok(())
}

/// The address without user name, password, query and fragment, for people and logs.
#[must_use]
pub fn shown_url(url: &Url) -> String {
    if url.cannot_be_a_base() {
        return format!("{}:…", url.scheme());
    }
    let mut shown = url.clone();
    // Refused only for addresses that cannot have them.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.set_fragment(None);
    shown.into()
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_addresses_are_a_base() {
        let table = [
            ("https://graph.microsoft.com/v1.0", "ok"),
            ("https://graph.microsoft.com:8443", "ok"),
            ("http://127.0.0.1:4001/v1.0", "ok"),
            ("http://127.9.9.9", "ok"),
            ("http://[::1]:4001", "ok"),
            ("http://localhost:4001", "ok"),
            ("http://LOCALHOST", "ok"),
            ("http://localhost.example.com", "plain"),
            ("http://127.0.0.1.example.com", "plain"),
            ("http://10.0.0.1", "plain"),
            ("http://0.0.0.0", "plain"),
            ("http://[::ffff:10.0.0.1]", "plain"),
            ("http://graph.microsoft.com", "plain"),
            ("ftp://127.0.0.1", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("mailto:mina@alder.example", "scheme"),
            ("https://user@graph.microsoft.com", "credentials"),
            ("https://user:hidden@graph.microsoft.com", "credentials"),
            ("http://user:hidden@graph.microsoft.com", "plain"),
            ("https://graph.microsoft.com/?a=b", "base"),
            ("https://graph.microsoft.com/#a", "base"),
        ];
        for (text, expected) in table {
            let result = check_base_url(&Url::parse(text).unwrap());
            let found = match &result {
                Ok(()) => "ok",
                Err(BaseUrlError::PlainHttp { .. }) => "plain",
                Err(BaseUrlError::Scheme { .. }) => "scheme",
                Err(BaseUrlError::Credentials { .. }) => "credentials",
                Err(BaseUrlError::NotABase { .. }) => "base",
            };
            assert_eq!(found, expected, "{text}");
            if let Err(error) = result {
                let told = error.to_string();
                assert!(!told.contains("hidden") && !told.contains("a=b"), "{told}");
            }
        }
    }

    #[test]
    fn a_shown_address_has_no_secrets() {
        let table = [
            (
                "https://user:hidden@alder.sharepoint.com/_layouts/download.aspx?tempauth=secret#part",
                "https://alder.sharepoint.com/_layouts/download.aspx",
            ),
            ("http://127.0.0.1:4001/a%20b", "http://127.0.0.1:4001/a%20b"),
            ("mailto:mina@alder.example", "mailto:…"),
        ];
        for (text, shown) in table {
            assert_eq!(shown_url(&Url::parse(text).unwrap()), shown);
        }
    }
}
