//! What every app in a cloud says alike: addresses, the way to the network, people, numbers.

use std::path::PathBuf;

use url::Url;

use crate::config::address::{ProxyUrl, ServiceUrl};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::value::Whole;

/// The way to a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkConfig {
    /// PEM file with certificate authorities that are trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// The proxy that all calls go through.
    pub proxy: Option<ProxyConfig>,
}

/// The proxy that calls go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyConfig {
    /// Its address.
    Url(Url),
    /// Its address with user name and password in it.
    Secret(Secret),
}

pub(super) fn read_network(section: &mut Section<'_>) -> NetworkConfig {
    NetworkConfig {
        ca: section.optional("ca"),
        proxy: read_proxy(section),
    }
}

/// As text, or as a place of a secret where the address holds a password.
fn read_proxy(section: &mut Section<'_>) -> Option<ProxyConfig> {
    if section.is_table("proxy") {
        return section.secret("proxy").map(ProxyConfig::Secret);
    }
    let url: Option<ProxyUrl> = section.optional("proxy");
    url.map(|ProxyUrl(url)| ProxyConfig::Url(url))
}

pub(super) fn url(section: &mut Section<'_>, key: &'static str) -> Option<Url> {
    let url: Option<ServiceUrl> = section.optional(key);
    url.map(ServiceUrl::into_url)
}

pub(super) fn urls(section: &mut Section<'_>, key: &'static str) -> Vec<Url> {
    let urls: Vec<ServiceUrl> = section.optional(key).unwrap_or_default();
    urls.into_iter().map(ServiceUrl::into_url).collect()
}

/// A whole number from 1 to `MOST`.
pub(super) fn whole<const MOST: u32>(
    section: &mut Section<'_>,
    key: &'static str,
    default: u32,
) -> u32 {
    section.optional(key).unwrap_or(Whole::<MOST>(default)).0
}

/// A whole number from 1 to `MOST`, where one is told.
pub(super) fn whole_or_none<const MOST: u32>(
    section: &mut Section<'_>,
    key: &'static str,
) -> Option<u32> {
    let number: Option<Whole<MOST>> = section.optional(key);
    number.map(|number| number.0)
}

/// Reports a key that means nothing without another.
pub(super) fn refuse_without(section: &mut Section<'_>, key: &str, needed: &str) {
    if section.has(key) && !section.has(needed) {
        section.report_key(
            key,
            format!("`{key}` without `{needed}`"),
            &format!("add `{needed}`, or take `{key}` out"),
        );
    }
}

/// Domains, in lower case.
pub(super) fn read_domains(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    let domains: Vec<String> = section.or_default(key);
    if let Some(wrong) = domains.iter().find(|domain| !is_domain(domain)) {
        section.report_key(
            key,
            format!("`{wrong}` is no domain"),
            "what stands behind the @ of an address: [\"contoso.example\"]",
        );
    }
    domains.iter().map(|domain| domain.to_lowercase()).collect()
}

pub(super) fn is_domain(domain: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-');
    domain.contains('.') && domain.split('.').all(is_part)
}

/// People by their addresses.
pub(super) fn read_people(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    let people: Vec<String> = section.or_default(key);
    if let Some(wrong) = people.iter().find(|person| !is_address(person)) {
        section.report_key(
            key,
            format!("`{wrong}` names no user"),
            "an address such as \"mina@contoso.example\"",
        );
    }
    people
}

/// Whether a text looks like the address of a person: `name@domain`.
pub(super) fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
        && !text.contains(|c: char| c.is_whitespace() || c == '/')
}
