//! What labeld serves over HTTP: health and metrics on one address, change notifications on another.
//!
//! Everything that comes in is bounded: connections, headers, bodies, time. The pages are meant for this
//! machine or an internal network and know no passwords; where they listen on loopback, a browser that was
//! led there by a foreign name is refused. Change notifications are meant for a proxy that faces the
//! internet and ends TLS; see [`webhooks`].

mod host;
mod pages;
mod server;
pub mod webhooks;

pub use pages::{FailingCheck, Probes, serve};
pub use server::{ListenError, Served};
