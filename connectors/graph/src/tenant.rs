//! One tenant, seen by one app registration: its tokens, its pace, its addresses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use labeld_connector::http::{
    CallWatch, Network, NetworkOptions, PaceOptions, Pacer, RetryOptions, ServerClock, Service,
    TokenCache, Url, check_base_url,
};
use labeld_connector::{Error, ErrorKind, LabelSource, Result};
use uuid::Uuid;

use crate::dialect::Microsoft;
use crate::drives::links::Links;
use crate::endpoints::Endpoints;
use crate::label_list::LabelList;
use crate::token::{Credential, EntraTokens, Proof};

/// What a tenant is, and what labeld may do in it.
#[derive(Debug, Clone)]
pub struct TenantOptions {
    /// The directory's id.
    pub tenant_id: Uuid,
    /// The app registration's id.
    pub client_id: String,
    /// How the app proves who it is.
    pub credential: Credential,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// The way to the network. Its user agent should be `NONISV|{operator}|labeld/{version}`: undecorated traffic
    /// has lower priority (reference/microsoft-graph.md §8.2).
    pub network: NetworkOptions,
    /// How fast the tenant is called, in SharePoint's resource units (§8.1). All apps of the tenant share it.
    pub pace: PaceOptions,
    /// How failed calls are repeated.
    pub retry: RetryOptions,
    /// Whether `assignSensitivityLabel` may be called: it is metered (§6.2).
    pub assign_labels: bool,
    /// What the numbers of the label list mean (§2.4).
    pub label_order: LabelOrder,
    /// Where change notifications go; `None` leaves them off.
    pub hints: Option<HintOptions>,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// The organisation's own mail domains. With them every address of another domain is external; without
    /// them only what SharePoint or the directory marks as a guest (§7.3).
    pub internal_domains: Vec<String>,
    /// Whether the groups of owners are looked up: one more call for each owner and day, and the permission
    /// `GroupMember.Read.All`.
    pub owner_groups: bool,
}

impl TenantOptions {
    /// Everything else at its default: read-only, no metered calls, no notifications.
    #[must_use]
    pub fn new(
        tenant_id: Uuid,
        client_id: impl Into<String>,
        credential: Credential,
        endpoints: Endpoints,
    ) -> Self {
        Self {
            tenant_id,
            client_id: client_id.into(),
            credential,
            endpoints,
            network: NetworkOptions::default(),
            pace: PaceOptions::default(),
            retry: RetryOptions::default(),
            assign_labels: false,
            label_order: LabelOrder::default(),
            hints: None,
            read_only: true,
            internal_domains: Vec::new(),
            owner_groups: false,
        }
    }
}

/// What the numbers by which a label list is ordered mean. Graph's documentation contradicts itself
/// (reference/microsoft-graph.md §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LabelOrder {
    /// The larger the number, the more sensitive.
    #[default]
    Ascending,
    /// The larger the number, the less sensitive.
    Descending,
}

/// Where Graph sends change notifications: public HTTPS addresses (reference/microsoft-graph.md §8.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintOptions {
    /// For notifications.
    pub notification_url: Url,
    /// For what concerns the subscriptions themselves; without it those come to nothing.
    pub lifecycle_url: Option<Url>,
}

/// One tenant, shared by its apps and its label list.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub(crate) id: Uuid,
    pub(crate) client_id: String,
    pub(crate) endpoints: Endpoints,
    pub(crate) assign_labels: bool,
    pub(crate) label_order: LabelOrder,
    pub(crate) hints: Option<HintOptions>,
    pub(crate) read_only: bool,
    /// In lower case.
    pub(crate) internal_domains: Vec<String>,
    pub(crate) owner_groups: bool,
    pub(crate) service: Service,
    pub(crate) proof: Arc<Proof>,
    pub(crate) graph_tokens: Arc<TokenCache>,
    /// Where the contents of files are. All apps share them as they share the pace, so that they are read in the same time.
    pub(crate) links: Arc<Links>,
    /// By origin: SharePoint takes one token for each host (§1.7).
    sharepoint_tokens: Arc<Mutex<HashMap<String, Arc<TokenCache>>>>,
}

impl Tenant {
    /// The tenant. Calls nothing yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`] when an address may not be called, the certificate or its key cannot be read, or the network
    /// cannot be set up.
    pub fn new(options: TenantOptions) -> Result<Arc<Self>> {
        for base in [&options.endpoints.login, &options.endpoints.graph] {
            check_base_url(base).map_err(|cause| {
                Error::new(ErrorKind::Unexpected, "use address", base.as_str()).with_source(cause)
            })?;
        }
        let service = Service::new(
            Network::new(&options.network)?,
            Arc::new(Microsoft::new(options.endpoints.clone())),
            Arc::new(Pacer::new(&options.pace, Arc::new(ServerClock::new()))),
            options.retry,
        );
        let tokens = Tokens {
            service: &service,
            login: &options.endpoints.login,
            tenant: options.tenant_id,
            client_id: &options.client_id,
        };
        let proof = Arc::new(Proof::of(&options.credential)?);
        let graph_tokens = tokens.of(&options.endpoints.graph, &proof)?;
        let domains = options.internal_domains.iter();
        Ok(Arc::new(Self {
            id: options.tenant_id,
            client_id: options.client_id,
            endpoints: options.endpoints,
            assign_labels: options.assign_labels,
            label_order: options.label_order,
            hints: options.hints,
            read_only: options.read_only,
            internal_domains: domains.map(|domain| domain.to_lowercase()).collect(),
            owner_groups: options.owner_groups,
            service,
            proof,
            graph_tokens,
            links: Arc::default(),
            sharepoint_tokens: Arc::default(),
        }))
    }

    /// The same tenant for one of its apps, whose calls are watched apart from the others'. All else is shared.
    #[must_use]
    pub fn watched(&self, watch: CallWatch) -> Arc<Self> {
        Arc::new(Self {
            service: self.service.watched(watch),
            ..self.clone()
        })
    }

    /// The same tenant for apps that begin as after a restart: nothing is remembered of files. Tokens and pace are shared.
    #[must_use]
    pub fn restarted(&self) -> Arc<Self> {
        Arc::new(Self {
            links: Arc::default(),
            ..self.clone()
        })
    }

    /// The tenant's label list (§2).
    #[must_use]
    pub fn label_source(self: &Arc<Self>) -> Arc<dyn LabelSource> {
        Arc::new(LabelList::new(Arc::clone(self)))
    }

    /// Tokens for SharePoint REST on the host of `url`, which must be one of SharePoint's.
    pub(crate) fn sharepoint_tokens(&self, url: &Url) -> Result<Arc<TokenCache>> {
        let origin = url.origin().ascii_serialization();
        let mut known = self
            .sharepoint_tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = known.get(&origin) {
            return Ok(Arc::clone(tokens));
        }
        let tokens = Tokens {
            service: &self.service,
            login: &self.endpoints.login,
            tenant: self.id,
            client_id: &self.client_id,
        }
        .of(url, &self.proof)?;
        known.insert(origin, Arc::clone(&tokens));
        Ok(tokens)
    }
}

/// What the token sources of a tenant have in common.
struct Tokens<'a> {
    service: &'a Service,
    login: &'a Url,
    tenant: Uuid,
    client_id: &'a str,
}

impl Tokens<'_> {
    /// Tokens for everything at the origin of `resource`.
    fn of(&self, resource: &Url, proof: &Arc<Proof>) -> Result<Arc<TokenCache>> {
        let tenant = self.tenant.to_string();
        let endpoint = crate::address::below(self.login, &[&tenant, "oauth2", "v2.0", "token"])?;
        let source = EntraTokens {
            service: self.service.clone(),
            endpoint,
            client_id: self.client_id.to_owned(),
            proof: Arc::clone(proof),
            scope: format!("{}/.default", resource.origin().ascii_serialization()),
        };
        Ok(Arc::new(TokenCache::new(Arc::new(source))))
    }
}
