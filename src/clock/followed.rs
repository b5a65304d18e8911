//! A clock for tests of whole processes: it shows what the emulator's clock shows. No release build has it.

use std::env;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::Clock;

/// Names the emulator: `http://127.0.0.1:PORT`.
const VARIABLE: &str = "LABELD_TEST_CLOCK";

/// Time between two looks at the emulator's clock.
const STEP: Duration = Duration::from_millis(20);

/// Longest time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A clock that follows the emulator's.
#[derive(Debug)]
pub struct FollowedClock(Arc<Mutex<Shown>>);

/// What the emulator's clock showed when it was last looked at.
#[derive(Debug, Clone, Copy)]
struct Shown {
    now: DateTime<Utc>,
    frozen: bool,
    seen: Instant,
}

#[derive(serde::Deserialize)]
struct Answer {
    now: DateTime<Utc>,
    frozen: bool,
}

impl FollowedClock {
    /// The clock that the environment names, where it names one.
    ///
    /// # Errors
    ///
    /// When the emulator cannot be asked.
    pub fn from_environment() -> io::Result<Option<Self>> {
        match env::var(VARIABLE) {
            Ok(base) => Self::follow(&base).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn follow(base: &str) -> io::Result<Self> {
        let address: SocketAddr = base
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
            .map_err(|_| io::Error::other(format!("{VARIABLE} is not http://ADDRESS:PORT")))?;
        let shown = Arc::new(Mutex::new(look(address)?));
        let following = Arc::downgrade(&shown);
        thread::Builder::new()
            .name("test-clock".to_owned())
            .spawn(move || {
                while let Some(shown) = following.upgrade() {
                    // An emulator that is gone leaves the clock running on from what it showed last.
                    if let Ok(now) = look(address) {
                        *shown.lock().unwrap_or_else(PoisonError::into_inner) = now;
                    }
                    drop(shown);
                    thread::sleep(STEP);
                }
            })?;
        Ok(Self(shown))
    }
}

impl Clock for FollowedClock {
    fn now(&self) -> DateTime<Utc> {
        let shown = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.frozen {
            return shown.now;
        }
        shown.now + shown.seen.elapsed()
    }

    fn longest_step(&self) -> Duration {
        STEP
    }
}

fn look(address: SocketAddr) -> io::Result<Shown> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(
        format!("GET /_emulator/clock HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
            .as_bytes(),
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| io::Error::other("the test clock gave no answer"))?;
    let Answer { now, frozen } = serde_json::from_str(body)?;
    Ok(Shown {
        now,
        frozen,
        seen: Instant::now(),
    })
}
