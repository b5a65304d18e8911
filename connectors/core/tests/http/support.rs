//! What the tests share: a dialect, a service without long waits, and how outcomes are compared.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use labeld_connector::http::{
    Answer, Dialect, Failure, FreshToken, HeaderMap, Network, NetworkOptions, PaceOptions, Pacer,
    RetryBudget, RetryOptions, Secret, ServerClock, Service, TokenCache, TokenSource, Url,
};
use labeld_connector::{Error, Result};

/// Nothing with this in it may be shown.
pub(crate) const HIDDEN: &str = "hidden";

/// Refuses by status; `code` in a JSON body is its code. Redirects may go to loopback and to `*.example.com`.
#[derive(Debug)]
pub(crate) struct Plain;

impl Dialect for Plain {
    fn classify(&self, answer: &Answer) -> Failure {
        let body: serde_json::Value = answer.json().unwrap_or_default();
        let codes = body["code"]
            .as_str()
            .map(str::to_owned)
            .into_iter()
            .collect();
        Failure::of_status(answer).with_words(codes, body["message"].as_str().unwrap_or_default())
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        Some(headers.get("request-id")?.to_str().ok()?.to_owned())
    }

    fn may_follow(&self, url: &Url) -> bool {
        url.host_str()
            .is_some_and(|host| host == "127.0.0.1" || host.ends_with(".example.com"))
    }
}

/// The provider is the program's to install.
pub(crate) fn network_options() -> NetworkOptions {
    // Fails when another test has done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    NetworkOptions::default()
}

pub(crate) fn retry() -> RetryOptions {
    RetryOptions {
        attempts: 3,
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(2),
        deadline: Duration::from_secs(20),
        budget: RetryBudget::default(),
    }
}

pub(crate) fn pacer() -> Arc<Pacer> {
    let pace = PaceOptions {
        units_per_minute: 1_000_000,
        units_per_day: None,
        side_by_side: 100,
    };
    Arc::new(Pacer::new(&pace, Arc::new(ServerClock::new())))
}

pub(crate) fn service() -> Service {
    service_with(&network_options(), retry(), pacer())
}

pub(crate) fn service_with(
    network: &NetworkOptions,
    retry: RetryOptions,
    pacer: Arc<Pacer>,
) -> Service {
    Service::new(
        Network::new(network).unwrap(),
        Arc::new(Plain),
        pacer,
        retry,
    )
}

/// Gives out `hidden-token-0`, `hidden-token-1`, …
#[derive(Debug, Default)]
pub(crate) struct Counting(pub(crate) AtomicUsize);

#[async_trait]
impl TokenSource for Counting {
    async fn fetch(&self) -> Result<FreshToken> {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(FreshToken {
            token: Secret::new(format!("{HIDDEN}-token-{count}")),
            lifetime: Duration::from_secs(3600),
        })
    }
}

pub(crate) fn tokens() -> Arc<TokenCache> {
    Arc::new(TokenCache::new(Arc::new(Counting::default())))
}

/// An error with all its causes, as people and logs see it. It must not show what is hidden.
pub(crate) fn told(error: &Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    let debug = format!("{error:?}");
    assert!(!told.contains(HIDDEN), "{told}");
    assert!(!debug.contains(HIDDEN), "{debug}");
    told
}

/// `200` with the body, or the kind of the error.
pub(crate) fn outcome(result: &Result<Answer>) -> String {
    match result {
        Ok(answer) => {
            let body = String::from_utf8_lossy(&answer.body);
            format!("{} {body}", answer.status.as_u16())
                .trim_end()
                .to_owned()
        }
        Err(error) => {
            told(error);
            format!("{:?}", error.kind())
        }
    }
}
