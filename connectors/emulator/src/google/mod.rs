//! Google Workspace: tokens, Drive v3 and v2, the directory and Drive labels of one customer.
//!
//! It answers as `reference/google-drive.md` says the service does, and refuses what the service refuses: v3 knows no
//! etag and ignores `If-Match`, v2 keeps it; nobody reads files as an administrator; what a `fields` parameter does
//! not name is not sent. What the reference leaves open is a [switch](Switches).

mod api;
mod control;
mod hand;
mod ids;
mod initial;
mod mime;
mod notifications;
mod provider;
mod seed;
mod state;
mod switches;
mod tokens;
mod wire;
mod world;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use url::Url;

pub use self::hand::{ChannelView, FileView, GenerateOptions, NewUser};
pub use self::state::directory::DriveService;
pub use self::state::permission::{Grantee, Role};
pub use self::switches::{
    DrivesForOthers, MediaHash, RateLimitForm, ResumableCheck, SuffixRange, Switches,
};

use self::state::State;
use self::wire::call::Call;
use self::world::World;
use crate::frame::{ActiveFaults, Frame, Reply};

/// The type of JSON as Google sends it.
pub(crate) const JSON: &str = "application/json; charset=UTF-8";

/// The domain of the customer at the start.
const DOMAIN: &str = "alder.example";

/// How the customer begins.
#[derive(Debug, Clone, Default)]
pub struct GoogleOptions {
    /// A bearer token that is always good, for everything that is delegated, in the name of `mina@alder.example`: for test
    /// suites that bring one of their own.
    pub static_token: Option<String>,
    /// What the reference leaves open.
    pub switches: Switches,
}

/// Google Workspace with one customer in it.
pub struct Google {
    frame: Frame,
    state: Mutex<State>,
    switches: RwLock<Arc<Switches>>,
    base: RwLock<Arc<Url>>,
    static_tokens: Vec<(String, String)>,
    /// Whether messages to channels are on their way.
    notifying: AtomicBool,
    this: Weak<Self>,
}

impl std::fmt::Debug for Google {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Google").finish_non_exhaustive()
    }
}

impl Google {
    /// A customer with an administrator, a person, a shared drive that she organises, and a service account to which every
    /// scope that labeld knows is delegated.
    #[must_use]
    pub fn new(options: GoogleOptions, frame: Frame) -> Arc<Self> {
        let base = unbound();
        let state = initial::state(&options.switches, &base, &frame);
        let person = format!("mina@{DOMAIN}");
        Arc::new_cyclic(|this| Self {
            state: Mutex::new(state),
            switches: RwLock::new(Arc::new(options.switches)),
            base: RwLock::new(Arc::new(base)),
            static_tokens: options
                .static_token
                .into_iter()
                .map(|token| (token, person.clone()))
                .collect(),
            notifying: AtomicBool::new(false),
            this: this.clone(),
            frame,
        })
    }

    /// What the reference leaves open, as it is now.
    #[must_use]
    pub fn switches(&self) -> Switches {
        Switches::clone(&self.present_switches())
    }

    /// Changes what the reference leaves open.
    pub fn set_switches(&self, switches: Switches) {
        *self
            .switches
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(switches);
    }

    /// The base URL, with a `/` at its end.
    #[must_use]
    pub fn base(&self) -> Url {
        Url::clone(&self.present_base())
    }

    fn present_switches(&self) -> Arc<Switches> {
        Arc::clone(&self.switches.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn present_base(&self) -> Arc<Url> {
        Arc::clone(&self.base.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something with the state, and has the channels told what came of it.
    fn with<T>(&self, work: impl FnOnce(&mut World<'_>) -> T) -> T {
        let done = self.with_quietly(work);
        self.notify_soon();
        done
    }

    /// Does something with the state.
    fn with_quietly<T>(&self, work: impl FnOnce(&mut World<'_>) -> T) -> T {
        let switches = self.present_switches();
        let base = self.present_base();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut world = World {
            state: &mut state,
            switches: &switches,
            base: &base,
            journal: &self.frame.journal,
            now: self.frame.clock.now(),
        };
        work(&mut world)
    }

    /// Answers a request.
    async fn serve(self: Arc<Self>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        // The frame has the whole body in memory.
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Bytes::new(),
        };
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let mut call = Call::new(parts.method, target, parts.headers, body);
        call.faults = parts.extensions.get::<ActiveFaults>().cloned();
        let reply: Reply = self.with(|world| api::answer(world, &call, &self.static_tokens));
        reply.response(JSON)
    }
}

/// Stands in until the ports are bound.
fn unbound() -> Url {
    const TEXT: &str = "http://127.0.0.1/";
    match Url::parse(TEXT) {
        Ok(url) => url,
        Err(_) => unreachable!("the text is a URL"),
    }
}
