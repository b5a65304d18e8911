//! Microsoft 365: SharePoint, OneDrive and the label list of one tenant.
//!
//! It answers as `reference/microsoft-graph.md` says the service does, and refuses what the service refuses: it
//! is the judge of the connectors, and what it lets pass they will be refused elsewhere. What the reference
//! leaves open is a [switch](Switches).

mod config;
mod control;
mod delivery;
mod graph;
mod ids;
mod labelling;
mod operations;
mod package;
mod quickxor;
mod seed;
mod sharepoint;
mod state;
mod switches;
mod tenant;
mod throttle;
mod tokens;
mod wire;
mod world;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

pub use self::operations::{FileView, GenerateOptions, NewGroup, NewUser, Share, ShareWith};
pub use self::state::directory::{GroupKind, NoOneDrive};
pub use self::state::drive::Library;
pub use self::state::item::{LockForm, Retention};
pub use self::state::label::Label;
pub use self::state::site::{SiteRole, SiteState};
pub use self::switches::{
    Availability, BadTokenAnswer, DeletedForm, ExtractShape, HashlessForm, IfMatch, LabelShape,
    LinkForm, NoRetentionLabel, Promotion, Switches, ThrottleSwitches, UnlabelledForm,
};
pub use self::world::Bases;

use self::state::State;
use self::state::drive::DriveIndex;
use self::state::site::SharePointHost;
use self::wire::{Call, Reply};
use self::world::World;
use crate::frame::{ActiveFaults, ControlError, Frame, Operation, Provider};

/// The type of JSON as Graph sends it.
const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// How the tenant begins.
#[derive(Clone)]
pub struct MicrosoftOptions {
    /// The directory's id.
    pub tenant_id: Uuid,
    /// The first part of its host names.
    pub tenant_name: String,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// For the ids of what is made.
    pub seed: u64,
    /// What the reference leaves open.
    pub switches: Switches,
}

impl std::fmt::Debug for MicrosoftOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MicrosoftOptions")
            .field("tenant_id", &self.tenant_id)
            .field("tenant_name", &self.tenant_name)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Default for MicrosoftOptions {
    /// The tenant and the application of the reference's examples.
    fn default() -> Self {
        Self {
            tenant_id: Uuid::from_u128(0x7d1f_0c52_3b0a_4b6e_9a51_0c5f_2c9a_1e01),
            tenant_name: "alder".to_owned(),
            client_id: "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77".to_owned(),
            client_secret: "alder~emulator~secret~1".to_owned(),
            seed: 1,
            switches: Switches::default(),
        }
    }
}

/// The Microsoft cloud with one tenant in it.
pub struct Microsoft {
    frame: Frame,
    options: MicrosoftOptions,
    state: Mutex<State>,
    switches: RwLock<Arc<Switches>>,
    bases: RwLock<Arc<Bases>>,
    /// Whether a notification is on its way.
    notifying: AtomicBool,
    this: Weak<Self>,
}

impl std::fmt::Debug for Microsoft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Microsoft")
            .field("tenant_id", &self.options.tenant_id)
            .finish_non_exhaustive()
    }
}

impl Microsoft {
    /// A tenant with a site, a library, a person with a OneDrive, a few labels, and an application that may do
    /// everything.
    #[must_use]
    pub fn new(options: MicrosoftOptions, frame: Frame) -> Arc<Self> {
        let state = tenant::initial(&options, frame.clock.now());
        Arc::new_cyclic(|this| Self {
            state: Mutex::new(state),
            switches: RwLock::new(Arc::new(options.switches.clone())),
            bases: RwLock::new(Arc::new(Bases::unbound())),
            notifying: AtomicBool::new(false),
            this: this.clone(),
            frame,
            options,
        })
    }

    /// The directory's id.
    #[must_use]
    pub fn tenant_id(&self) -> Uuid {
        self.options.tenant_id
    }

    /// The application's id.
    #[must_use]
    pub fn client_id(&self) -> String {
        self.options.client_id.clone()
    }

    /// The application's secret.
    #[must_use]
    pub fn client_secret(&self) -> String {
        self.options.client_secret.clone()
    }

    /// The application's registered certificate.
    #[must_use]
    pub fn certificate_pem(&self) -> &'static str {
        crate::APP_CERTIFICATE_PEM
    }

    /// The key of the certificate.
    #[must_use]
    pub fn private_key_pem(&self) -> &'static str {
        crate::APP_KEY_PEM
    }

    /// The base URLs; those of no service at all until the ports are bound.
    #[must_use]
    pub fn bases(&self) -> Arc<Bases> {
        Arc::clone(&self.bases.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The switches.
    #[must_use]
    pub fn switches(&self) -> Arc<Switches> {
        Arc::clone(&self.switches.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other switches in place of the present ones.
    pub fn set_switches(&self, switches: Switches) {
        *self
            .switches
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(switches);
    }

    /// Changes some of the switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = Switches::clone(&self.switches());
        change(&mut switches);
        self.set_switches(switches);
    }

    /// Does something with the state, after what was due by now has happened.
    fn with<T>(&self, act: impl FnOnce(&mut World<'_>) -> T) -> T {
        let (switches, bases) = (self.switches(), self.bases());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut world = World {
            state: &mut state,
            switches: &switches,
            bases: &bases,
            journal: &self.frame.journal,
            now: self.frame.clock.now(),
        };
        world.settle();
        let done = act(&mut world);
        let is_watched = state
            .subscriptions
            .iter()
            .any(|subscription| state.changed_drives.contains(&subscription.drive));
        drop(state);
        if is_watched && switches.automatic_notifications {
            self.notify_soon(Duration::from_millis(u64::from(
                switches.notification_delay_milliseconds,
            )));
        }
        done
    }

    /// Notes that the subscribers of drives are still to be told, at the next change or `notify`.
    fn changed_again(&self, drives: &[DriveIndex]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.changed_drives.extend(drives);
    }

    /// Tells the subscribers after a while, in which more changes are collected.
    fn notify_soon(&self, delay: Duration) {
        let (Ok(runtime), Some(this)) =
            (tokio::runtime::Handle::try_current(), self.this.upgrade())
        else {
            return;
        };
        if self.notifying.swap(true, Ordering::AcqRel) {
            return;
        }
        runtime.spawn(async move {
            tokio::time::sleep(delay).await;
            this.notifying.store(false, Ordering::Release);
            graph::notify(&this).await;
        });
    }

    /// Answers a request to one of the hosts.
    async fn answer(&self, host: Host, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        // The frame has read the whole body already.
        let body = body
            .collect()
            .await
            .map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
        let call = Call {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: wire::query_pairs(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body,
            faults: parts.extensions.get::<ActiveFaults>().cloned(),
            request_id: Uuid::new_v4(),
        };
        let reply: Reply = match host {
            Host::Login => self.with(|world| tokens::answer(world, &call)),
            Host::Graph => graph::answer(self, call).await,
            Host::SharePoint(host) => self.with(|world| sharepoint::answer(world, host, &call)),
        };
        reply.response(JSON)
    }
}

/// The hosts, by what they are.
#[derive(Debug, Clone, Copy)]
enum Host {
    Login,
    Graph,
    SharePoint(SharePointHost),
}

impl Host {
    fn named(name: &str) -> Self {
        match name {
            "login" => Self::Login,
            "sharepoint" => Self::SharePoint(SharePointHost::Root),
            "sharepoint-my" => Self::SharePoint(SharePointHost::My),
            _ => Self::Graph,
        }
    }
}

impl Provider for Microsoft {
    fn name(&self) -> &'static str {
        "microsoft"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["login", "graph", "sharepoint", "sharepoint-my"]
    }

    fn bound(&self, bases: HashMap<&'static str, Url>) {
        let before = self.bases();
        let of = |name: &str, before: &Url| bases.get(name).unwrap_or(before).clone();
        let bound = Bases {
            login: of("login", &before.login),
            graph: of("graph", &before.graph),
            sharepoint: of("sharepoint", &before.sharepoint),
            sharepoint_my: of("sharepoint-my", &before.sharepoint_my),
        };
        *self.bases.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(bound);
    }

    fn router(self: Arc<Self>, host: &str) -> Router {
        let host = Host::named(host);
        Router::new().fallback(move |request: Request| {
            let this = Arc::clone(&self);
            async move { this.answer(host, request).await }
        })
    }

    fn operations(&self) -> &'static [Operation] {
        control::OPERATIONS
    }

    fn control(&self, operation: &str, arguments: &Value) -> Result<Value, ControlError> {
        control::operate(self, operation, arguments)
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*Self::switches(self)).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Value) -> Result<(), ControlError> {
        let switches = Self::switches(self)
            .patched(patch)
            .map_err(|error| ControlError::BadArguments(error.to_string()))?;
        Self::set_switches(self, switches);
        Ok(())
    }

    fn seed(&self, folder: &Path) -> anyhow::Result<()> {
        seed::store(self, folder)
    }

    fn save(&self) -> Value {
        let state = self.with(|world| serde_json::to_value(&*world.state));
        serde_json::json!({
            "state": state.unwrap_or_default(),
            "switches": Provider::switches(self),
        })
    }

    fn restore(&self, saved: &Value) -> anyhow::Result<()> {
        use serde::Deserialize as _;

        let state = State::deserialize(&saved["state"])?;
        let switches = Switches::deserialize(&saved["switches"])?;
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        Self::set_switches(self, switches);
        Ok(())
    }

    fn describe(&self) -> Value {
        config::describe(self)
    }

    fn config_toml(&self, folder: &Path) -> anyhow::Result<String> {
        config::write(self, folder)
    }
}
