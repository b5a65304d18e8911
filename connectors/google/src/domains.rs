//! Which addresses are the organisation's own (reference/google-drive.md §8).

use std::collections::BTreeSet;
use std::sync::Arc;

use labeld_connector::Result;

use crate::client::{Client, Purpose};
use crate::drive::A_DAY;
use crate::model::DomainList;
use crate::token::Scope;
use labeld_connector::Remembered;

/// The organisation's domains: those of the configuration, or those of the directory.
#[derive(Debug)]
pub(crate) struct Domains {
    configured: Option<Arc<OwnDomains>>,
    asked: Remembered<(), Arc<OwnDomains>>,
}

/// Which addresses are the organisation's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnDomains {
    /// In lower case.
    domains: BTreeSet<String>,
    /// Visitors, who have an account and belong to somebody else.
    guests: Arc<BTreeSet<String>>,
}

impl OwnDomains {
    pub(crate) fn of<'a>(domains: impl IntoIterator<Item = &'a str>) -> Self {
        let domains = domains
            .into_iter()
            .map(|domain| domain.trim().to_lowercase());
        Self {
            domains: domains.filter(|domain| !domain.is_empty()).collect(),
            guests: Arc::default(),
        }
    }

    /// The same without these addresses, which are in lower case.
    pub(crate) fn without(&self, guests: Arc<BTreeSet<String>>) -> Self {
        Self {
            guests,
            ..self.clone()
        }
    }

    /// Whether a domain is one of them.
    pub(crate) fn have(&self, domain: &str) -> bool {
        self.domains.contains(&domain.to_lowercase())
    }

    /// Whether an address is in one of them, and no visitor's.
    pub(crate) fn own(&self, email: &str) -> bool {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| self.have(domain))
            && !self.guests.contains(&email.to_lowercase())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(String::as_str)
    }
}

impl Domains {
    pub(crate) fn new(configured: &[String]) -> Self {
        let own = OwnDomains::of(configured.iter().map(String::as_str));
        Self {
            configured: (!own.domains.is_empty()).then(|| Arc::new(own)),
            asked: Remembered::new(1, A_DAY),
        }
    }

    /// The domains.
    ///
    /// # Errors
    ///
    /// When the directory does not tell.
    pub(crate) async fn get(&self, client: &Client) -> Result<Arc<OwnDomains>> {
        if let Some(known) = self.configured.clone().or_else(|| self.asked.get(&())) {
            return Ok(known);
        }
        let purpose = Purpose::new("list", "the organisation's domains");
        let segments = ["customer", "my_customer", "domains"];
        let query = [(
            "fields",
            "domains(domainName,domainAliases(domainAliasName))",
        )];
        let list: DomainList = client
            .directory(&segments, &query, Scope::Domains, &purpose)
            .await?;
        let names = list.domains.iter().flat_map(|domain| {
            let aliases = domain.domain_aliases.iter();
            let aliases = aliases.filter_map(|alias| alias.domain_alias_name.as_deref());
            domain.domain_name.as_deref().into_iter().chain(aliases)
        });
        let own = Arc::new(OwnDomains::of(names));
        self.asked.put((), Arc::clone(&own));
        Ok(own)
    }

    /// Whether they stand in the configuration.
    pub(crate) fn are_configured(&self) -> bool {
        self.configured.is_some()
    }
}
