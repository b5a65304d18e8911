//! How many notifications are looked at.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::model::{AppName, TenantName};

/// Notifications a second for each address, and as a burst. A hint makes an app look once, however many
/// more come until then.
const ONE_ADDRESS: (u32, u32) = (10, 100);

/// Notifications a second in all, known or not, and as a burst.
const ALL_ADDRESSES: (u32, u32) = (100, 500);

type Limiter =
    RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// What may still come.
#[derive(Debug)]
pub(super) struct Rates {
    all: Limiter,
    addresses: Mutex<HashMap<(TenantName, Option<AppName>), Limiter>>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            all: limiter(ALL_ADDRESSES),
            addresses: Mutex::default(),
        }
    }
}

impl Rates {
    /// Whether one more may be looked at, whoever it is for.
    pub(super) fn allow_any(&self) -> bool {
        self.all.check().is_ok()
    }

    /// Whether one more may be looked at for this address.
    pub(super) fn allow(&self, tenant: TenantName, app: Option<AppName>) -> bool {
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let of_address = addresses
            .entry((tenant, app))
            .or_insert_with(|| limiter(ONE_ADDRESS));
        of_address.check().is_ok()
    }
}

fn limiter((a_second, burst): (u32, u32)) -> Limiter {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_second(number(a_second)).allow_burst(number(burst));
    RateLimiter::direct_with_clock(quota, MonotonicClock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_too_fast_does_not_hold_up_another() {
        let rates = Rates::default();
        let address = |app: &str| (TenantName::from("t"), Some(AppName::from(app)));
        let allowed = |app: &str| {
            let (tenant, app) = address(app);
            rates.allow(tenant, app)
        };
        let first = (0..10_000).filter(|_| allowed("first")).count();
        assert!((100..10_000).contains(&first), "{first}");
        assert!(allowed("second"));
    }

    #[test]
    fn all_together_are_bounded() {
        let rates = Rates::default();
        let allowed = (0..100_000).filter(|_| rates.allow_any()).count();
        assert!((500..100_000).contains(&allowed), "{allowed}");
    }
}
