//! Web addresses: where services are, and which proxy leads to them.

use std::net::IpAddr;

use toml::de::DeValue;
use url::{Host, Url};

use super::section::describe;
use super::source::Source;
use super::value::{Refusal, Value, refuse, wrong_type};

/// The address of a service or of something in it: `https`, or plain `http` on this machine, without login,
/// query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceUrl(Url);

impl ServiceUrl {
    /// The address.
    pub(super) fn into_url(self) -> Url {
        self.0
    }
}

impl Value for ServiceUrl {
    const EXPECTED: &'static str = "a web address as text";
    const EXAMPLE: &'static str = "\"https://…\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let url = parse::<Self>(value)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return refuse(
                    "plain http would show tokens and files to the network",
                    "write https; plain http is for 127.0.0.1, [::1] and localhost",
                );
            }
            scheme => {
                return refuse(
                    format!("`{scheme}` is not a web address"),
                    "it begins with https://",
                );
            }
        }
        if has_login(&url) {
            return refuse(
                "a user name or password in an address",
                "take it out: labeld signs in with the credential that is configured",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(
                "an address with a query or a fragment",
                "take out what begins with `?` or `#`",
            );
        }
        Ok(Self(url))
    }
}

impl Value for Vec<ServiceUrl> {
    const EXPECTED: &'static str = "a list of web addresses";
    const EXAMPLE: &'static str = "[\"https://…\", \"https://…\"]";

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
        let items = value.as_array().ok_or_else(|| wrong_type::<Self>(value))?;
        items
            .iter()
            .map(|item| match ServiceUrl::read(item.get_ref(), source) {
                // Says which of them.
                Err(refusal) => Err(Refusal {
                    message: match item.get_ref().as_str().map(without_login) {
                        Some(text) => format!("`{text}`: {}", refusal.message),
                        None => refusal.message,
                    },
                    fix: refusal.fix,
                }),
                url => url,
            })
            .collect()
    }
}

/// The address of a proxy that asks for no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProxyUrl(pub(super) Url);

impl Value for ProxyUrl {
    const EXPECTED: &'static str = "a web address as text";
    const EXAMPLE: &'static str = "\"http://proxy.example:3128\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let url = parse::<Self>(value)?;
        if !matches!(url.scheme(), "http" | "https") {
            return refuse(
                format!("`{}` is no kind of proxy that labeld knows", url.scheme()),
                "it begins with http:// or https://",
            );
        }
        if has_login(&url) {
            return refuse(
                "a user name or password in an address",
                "keep the whole address elsewhere and say where: { env = \"NAME\" } or { file = \"PATH\" }",
            );
        }
        Ok(Self(url))
    }
}

fn parse<T: Value>(value: &DeValue<'_>) -> Result<Url, Refusal> {
    let text = value.as_str().ok_or_else(|| Refusal {
        message: format!("expected {}, found {}", T::EXPECTED, describe(value)),
        fix: format!("for example {}", T::EXAMPLE),
    })?;
    match Url::parse(text) {
        Ok(url) if url.has_host() => Ok(url),
        Ok(_) => refuse("a web address without a host", T::EXAMPLE),
        Err(url::ParseError::RelativeUrlWithoutBase) => refuse(
            "not a web address: nothing like https:// in front",
            format!("for example {}", T::EXAMPLE),
        ),
        Err(error) => refuse(
            format!("not a web address: {error}"),
            format!("for example {}", T::EXAMPLE),
        ),
    }
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Text of an address that may not parse, without what may be a password in it.
fn without_login(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

/// Whether an address stays on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost")
        }
        None => false,
    }
}
