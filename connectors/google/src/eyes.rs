//! Whose eyes Drive is seen with: their tokens, and how fast they may look. Google counts for each user and for the
//! project (reference/google-drive.md §9.1).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use labeld_connector::http::{PaceOptions, Pacer, ServerClock, TokenCache};

/// Most users whose pace is remembered. Who is forgotten begins anew, and the service says so when that is too fast.
const MOST_USERS: usize = 2_000;

/// One user who is impersonated.
#[derive(Debug)]
pub(crate) struct Eyes {
    pub(crate) tokens: Arc<TokenCache>,
    pub(crate) pacer: Arc<Pacer>,
}

/// The pace of each user.
#[derive(Debug)]
pub(crate) struct Everybody {
    pace: PaceOptions,
    clock: Arc<ServerClock>,
    pacers: Mutex<HashMap<String, Arc<Pacer>>>,
}

impl Everybody {
    pub(crate) fn new(pace: PaceOptions, clock: Arc<ServerClock>) -> Self {
        Self {
            pace,
            clock,
            pacers: Mutex::default(),
        }
    }

    /// The eyes of a user.
    pub(crate) fn eyes(&self, user: &str, tokens: Arc<TokenCache>) -> Arc<Eyes> {
        let mut pacers = self.pacers.lock().unwrap_or_else(PoisonError::into_inner);
        if pacers.len() >= MOST_USERS {
            // Those that nobody is using.
            pacers.retain(|_, pacer| Arc::strong_count(pacer) > 1);
        }
        let pacer = pacers
            .entry(user.to_lowercase())
            .or_insert_with(|| Arc::new(Pacer::new(&self.pace, Arc::clone(&self.clock))));
        Arc::new(Eyes {
            tokens,
            pacer: Arc::clone(pacer),
        })
    }
}
