//! HTTP for connectors to cloud services.
//!
//! A connector makes one [`Network`] for each tenant, one [`Pacer`] for each app and tenant, and one
//! [`Service`] for each API it talks to, with the [`Dialect`] that knows how this API says no. A
//! [`Call`] then says what to ask and what to expect; [`Service::send`] paces it, gives it a token from
//! a [`TokenCache`], repeats it where that is safe, reads the answer within bounds, and turns everything
//! else into [`Error`](crate::Error).
//!
//! What holds for every call:
//! - Plain `http` goes to this machine only ([`check_base_url`]).
//! - A token goes to the origin of the call and nowhere else, also when the service redirects.
//! - A call whose effect is unknown is repeated only when it is declared repeatable
//!   ([`Call::repeatable`]).
//! - Errors, logs and `Debug` show neither tokens nor the query of a URL, which is a credential where a
//!   service hands out pre-authenticated addresses.
//!
//! The rustls crypto provider is the program's choice: it installs one before the first
//! [`Network::new`].

mod answer;
mod body;
mod call;
mod clock;
mod content;
mod dialect;
mod failure;
pub mod jwt;
mod key;
mod network;
mod pace;
mod pem;
pub mod range;
mod redirect;
mod retry;
mod secret;
mod service;
mod token;
mod url;
mod wait;
mod watch;

pub use answer::Answer;
pub use call::{Call, Expect, Redirects};
pub use clock::ServerClock;
pub use dialect::{Dialect, Failure, Repeat};
pub use failure::CallFailure;
pub use network::{Network, NetworkOptions};
pub use pace::{Overdue, PaceOptions, Pacer, Pass};
pub use retry::{RetryBudget, RetryOptions};
pub use secret::Secret;
pub use service::Service;
pub use token::{FreshToken, TokenCache, TokenSource};
pub use url::{BaseUrlError, check_base_url, shown_url};
pub use watch::{CallBudget, CallObserver, CallWatch, NoCall};

// The vocabulary of the signatures above.
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use ::url::Url;
