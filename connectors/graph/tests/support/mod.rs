//! A tenant of the emulator, and connectors on it. The tests of the SharePoint and OneDrive connectors use it too.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and a panic is the failure report"
)]

mod drive;
mod journal;

use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use labeld_connector::http::{NetworkOptions, PaceOptions, RetryBudget, RetryOptions, Secret};
use labeld_connector::{Change, Connector, Cursor, FeedRef, FileMeta};
use labeld_emulator::frame::{Effect, Entry, FaultRule};
use labeld_emulator::microsoft::{Microsoft, Switches};
use labeld_emulator::{Emulator, EmulatorOptions};
use labeld_graph::{Credential, Endpoints, SharePointHosts, Tenant, TenantOptions};

pub use drive::{AppDrive, Unlucky};

/// Who edits files behind the connector's back.
pub const MINA: &str = "mina@alder.example";

/// A running emulator.
pub struct World {
    pub emulator: Emulator,
    tenant: OnceLock<Arc<Tenant>>,
}

impl World {
    pub async fn new() -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider()
                .install_default()
                .unwrap();
        });
        Self {
            emulator: Emulator::start(EmulatorOptions::default()).await.unwrap(),
            tenant: OnceLock::new(),
        }
    }

    pub fn microsoft(&self) -> &Arc<Microsoft> {
        self.emulator.microsoft()
    }

    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.microsoft().switch(change);
    }

    /// What an app that signs in with a certificate and may write needs; calls are neither paced nor repeated late.
    pub fn options(&self) -> TenantOptions {
        let microsoft = self.microsoft();
        let bases = microsoft.bases();
        let endpoints = Endpoints {
            login: bases.login.clone(),
            graph: bases.graph.clone(),
            sharepoint: SharePointHosts::Exact(vec![
                bases.sharepoint.clone(),
                bases.sharepoint_my.clone(),
            ]),
        };
        let credential = Credential::Certificate {
            certificate_pem: microsoft.certificate_pem().into(),
            private_key_pem: Secret::new(microsoft.private_key_pem()),
            passphrase: None,
        };
        let options = TenantOptions::new(
            microsoft.tenant_id(),
            microsoft.client_id(),
            credential,
            endpoints,
        );
        TenantOptions {
            network: NetworkOptions {
                user_agent: "NONISV|alder|labeld/test".to_owned(),
                ..NetworkOptions::default()
            },
            pace: PaceOptions {
                units_per_minute: 1_000_000_000,
                units_per_day: None,
                side_by_side: 8,
            },
            retry: RetryOptions {
                first_delay: Duration::from_millis(1),
                longest_delay: Duration::from_millis(5),
                budget: RetryBudget {
                    repetitions: 10_000,
                    successes_per_repetition: 1,
                },
                ..RetryOptions::default()
            },
            read_only: false,
            ..options
        }
    }

    /// As [`options`](Self::options), with a client secret.
    pub fn secret_options(&self) -> TenantOptions {
        TenantOptions {
            credential: Credential::Secret(Secret::new(self.microsoft().client_secret())),
            ..self.options()
        }
    }

    /// The tenant as [`options`](Self::options) say, made once: it remembers tokens, and what apps were told of files.
    pub fn tenant(&self) -> Arc<Tenant> {
        let tenant = self
            .tenant
            .get_or_init(|| Tenant::new(self.options()).unwrap());
        Arc::clone(tenant)
    }

    /// Lets a fault befall the requests that `aim` says.
    pub fn fault(&self, effect: Effect, aim: impl FnOnce(FaultRule) -> FaultRule) {
        let rule = aim(FaultRule::new(effect));
        self.emulator.faults().add(rule).unwrap();
    }

    /// The requests that `work` makes.
    pub async fn requests<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Entry>) {
        let before = self.emulator.journal().last();
        let outcome = work.await;
        (outcome, self.emulator.journal().since(before))
    }
}

/// Every request of every test keeps to the service's own description, and no token ever goes to where the bytes are.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            journal::expect_clean(&self.emulator.journal().since(0));
        }
    }
}

/// An answer of status `code` with Graph's error body.
pub fn refusal(code: u16, error: &str) -> Effect {
    refusal_with(code, error, &[])
}

/// As [`refusal`], with headers.
pub fn refusal_with(code: u16, error: &str, headers: &[(&str, &str)]) -> Effect {
    let headers = headers
        .iter()
        .chain(&[("content-type", "application/json")]);
    Effect::Status {
        code,
        headers: headers
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: serde_json::json!({"error": {"code": error, "message": "by a test"}}),
    }
}

/// Everything that a feed tells from `since` on, and where it leads.
pub async fn drain(
    app: &dyn Connector,
    feed: &FeedRef,
    since: Option<Cursor>,
) -> labeld_connector::Result<(Vec<Change>, Cursor)> {
    let mut since = since;
    let mut changes = Vec::new();
    loop {
        let page = app.changes(feed, since.as_ref()).await?;
        changes.extend(page.changes);
        if !page.more {
            return Ok((changes, page.next));
        }
        since = Some(page.next);
    }
}

/// The only feed of an app.
pub async fn only_feed(app: &dyn Connector) -> FeedRef {
    let list = app.feeds().await.unwrap();
    assert!(list.unreadable.is_empty(), "{:?}", list.unreadable);
    let [feed] = &*list.feeds else {
        panic!("{:?}", list.feeds);
    };
    feed.feed.clone()
}

/// What an app lists at first.
pub async fn listed(app: &dyn Connector) -> Vec<FileMeta> {
    let feed = only_feed(app).await;
    let (changes, _) = drain(app, &feed, None).await.unwrap();
    let files = changes.into_iter().filter_map(|change| match change {
        Change::Upserted(meta) => Some(meta),
        _ => None,
    });
    files.collect()
}

/// The one file of that name that an app lists at first.
pub async fn listed_file(app: &dyn Connector, name: &str) -> FileMeta {
    let files = listed(app).await;
    let file = files.into_iter().find(|meta| meta.name == name);
    file.unwrap_or_else(|| panic!("{name} is not listed"))
}
