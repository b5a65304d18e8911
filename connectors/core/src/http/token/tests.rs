use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::{advance, sleep};

use super::*;
use crate::error::ErrorKind;

/// Gives out `0`, `1`, … after a second each, or refuses by script.
#[derive(Debug)]
struct Scripted {
    lifetime: Duration,
    takes: Duration,
    fetches: AtomicUsize,
    refused: fn(usize) -> bool,
}

#[async_trait]
impl TokenSource for Scripted {
    async fn fetch(&self) -> Result<FreshToken> {
        let count = self.fetches.fetch_add(1, Ordering::SeqCst);
        sleep(self.takes).await;
        if (self.refused)(count) {
            return Err(Error::new(
                ErrorKind::Denied,
                "fetch a token",
                format!("number {count}"),
            )
            .with_retry_after(Duration::from_secs(7))
            .with_source("no"));
        }
        Ok(FreshToken {
            token: Secret::new(count.to_string()),
            lifetime: self.lifetime,
        })
    }
}

fn cache(lifetime: u64, refused: fn(usize) -> bool) -> (Arc<TokenCache>, Arc<Scripted>) {
    let source = Arc::new(Scripted {
        lifetime: Duration::from_secs(lifetime),
        takes: Duration::from_secs(1),
        fetches: AtomicUsize::new(0),
        refused,
    });
    (
        Arc::new(TokenCache::new(Arc::clone(&source) as Arc<dyn TokenSource>)),
        source,
    )
}

fn shown(result: &Result<Secret>) -> String {
    match result {
        Ok(token) => token.expose().to_owned(),
        Err(error) => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            format!(
                "{error}: {} {:?}",
                cause.unwrap_or_default(),
                error.retry_after()
            )
        }
    }
}

/// Fifty callers at once; all must get the same.
async fn fifty(cache: &Arc<TokenCache>, rejected: Option<&Secret>) -> String {
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (cache, rejected) = (Arc::clone(cache), rejected.cloned());
            tokio::spawn(async move {
                match rejected {
                    Some(rejected) => cache.renew(&rejected).await,
                    None => cache.token().await,
                }
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.push(shown(&caller.await.unwrap()));
    }
    outcomes.dedup();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes.remove(0)
}

#[tokio::test(start_paused = true)]
async fn callers_share_one_fetch_its_token_and_its_error() {
    let (tokens, source) = cache(3600, |_| false);
    assert_eq!(fifty(&tokens, None).await, "0");
    assert_eq!(fifty(&tokens, Some(&"0".into())).await, "1");
    // Another one has renewed already.
    assert_eq!(fifty(&tokens, Some(&"0".into())).await, "1");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);

    let (tokens, source) = cache(3600, |count| count == 0);
    let refused = "cannot fetch a token number 0: access denied: no Some(7s)";
    assert_eq!(fifty(&tokens, None).await, refused);
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
    // An error is not kept: the next one tries.
    assert_eq!(fifty(&tokens, None).await, "1");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_not_given_out_again() {
    let (tokens, _) = cache(3600, |count| count == 1);
    let first = tokens.token().await.unwrap();
    assert!(tokens.renew(&first).await.is_err());
    assert_eq!(shown(&tokens.token().await), "2");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_ahead_of_its_end() {
    // (lifetime, age, which token is had then)
    let table = [
        (3600, 3298, "0"),
        (3600, 3301, "1"),
        (600, 299, "0"),
        (600, 301, "1"),
        (100, 49, "0"),
        (100, 51, "1"),
        (0, 0, "1"),
        (u64::MAX, 86_000, "0"),
        (u64::MAX, 86_500, "1"),
    ];
    for (lifetime, age, expected) in table {
        let (tokens, _) = cache(lifetime, |_| false);
        tokens.token().await.unwrap();
        advance(Duration::from_secs(age)).await;
        assert_eq!(shown(&tokens.token().await), expected, "{lifetime} {age}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_token_outlives_a_failed_renewal() {
    let (tokens, source) = cache(3600, |count| count > 0);
    tokens.token().await.unwrap();
    advance(Duration::from_secs(3310)).await;
    assert_eq!(fifty(&tokens, None).await, "0");
    assert_eq!(
        source.fetches.load(Ordering::SeqCst),
        2,
        "not again at once"
    );
    advance(Duration::from_secs(40)).await;
    assert_eq!(shown(&tokens.token().await), "0");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 3);
    advance(Duration::from_secs(300)).await;
    assert!(tokens.token().await.is_err(), "its end has come");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_holds_nobody_up() {
    let source = Arc::new(Scripted {
        lifetime: Duration::from_secs(3600),
        takes: Duration::from_secs(100),
        fetches: AtomicUsize::new(0),
        refused: |_| false,
    });
    let tokens = Arc::new(TokenCache::new(source));
    tokens.token().await.unwrap();
    advance(Duration::from_secs(3310)).await;
    let start = Instant::now();
    assert_eq!(fifty(&tokens, None).await, "0");
    assert!(start.elapsed() <= RENEWAL_AHEAD);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_leaves_the_fetch_to_the_next() {
    let (tokens, source) = cache(3600, |_| false);
    let given_up = tokio::time::timeout(Duration::from_millis(500), tokens.token());
    assert!(given_up.await.is_err());
    assert_eq!(fifty(&tokens, None).await, "1");
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}
