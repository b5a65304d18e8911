//! Why a call failed, as the source of its error.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use http::StatusCode;

use super::dialect::{Failure, Repeat};
use super::token::SharedCause;
use super::url::BaseUrlError;
use super::watch::NoCall;
use crate::error::{Error, ErrorKind};

/// How much of a service's message is kept, in characters.
const MOST_MESSAGE: usize = 300;

/// How much of a code or a request id is kept, in characters.
const MOST_CODE: usize = 100;

/// How many of the codes of one answer are kept.
const MOST_CODES: usize = 8;

/// Why a call failed: the source of every error of [`Service::send`](super::Service::send). Where no
/// token could be had it is about the call of the token's endpoint, if the token source makes one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure {
    /// The service refused.
    #[error("{}", Refused { status, codes, message, request_id })]
    Refused {
        /// Status of the answer.
        status: StatusCode,
        /// The service's codes, the outermost first.
        codes: Vec<String>,
        /// The service's words, bounded and without control characters; may be empty.
        message: String,
        /// The name of the call in the service's logs.
        request_id: Option<String>,
    },
    /// No connection, or it broke.
    #[error("{}", broken(*sent))]
    Transport {
        /// Whether the request may have arrived.
        sent: bool,
        /// What the network says, without addresses.
        source: reqwest::Error,
    },
    /// Nothing came for longer than
    /// [`NetworkOptions::silence_timeout`](super::NetworkOptions::silence_timeout).
    #[error("the service was silent for too long")]
    Silent,
    /// The answer is not what was asked for, though its status is that of success.
    #[error("the answer with status {} {what}{}", status.as_u16(), Id(request_id))]
    NotAsAsked {
        /// What is wrong with it.
        what: &'static str,
        /// Status of the answer.
        status: StatusCode,
        /// The name of the call in the service's logs.
        request_id: Option<String>,
    },
    /// The answer is larger than [`Call::most_bytes`](super::Call::most_bytes).
    #[error("the answer is larger than the {most} bytes allowed")]
    TooLong {
        /// The bound.
        most: u64,
    },
    /// A redirect that is not followed.
    #[error("the service redirects to {target}, {why}")]
    Redirected {
        /// Where to: scheme, host and port.
        target: String,
        /// Why it is not followed.
        why: &'static str,
    },
    /// The time for the call was over.
    #[error("the time for the call was over before {}", missed(*sent))]
    OutOfTime {
        /// Whether the request may have arrived.
        sent: bool,
    },
    /// The app's own pace, a pause that the service asked for, or the bound of the day does not let the
    /// call through in its time.
    #[error("calls to this app must wait")]
    MustWait,
    /// The plan counts calls, and there is none left or nobody can tell.
    #[error(transparent)]
    NoCall(NoCall),
    /// An address that may not be called.
    #[error(transparent)]
    Address(#[from] BaseUrlError),
    /// The call cannot be put into HTTP.
    #[error("the call cannot be made: {what}")]
    Unsendable {
        /// Which part of it.
        what: &'static str,
    },
}

impl CallFailure {
    /// What is behind `error`, when it came of a call.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        let source = error.source()?;
        match source.downcast_ref::<SharedCause>() {
            Some(shared) => shared.cause()?.downcast_ref(),
            None => source.downcast_ref(),
        }
    }

    /// Whether the call may have had its effect although it failed: the answer was lost. The caller of a
    /// write must then look at what is there now.
    #[must_use]
    pub fn fate_is_unknown(&self) -> bool {
        match self {
            Self::Transport { sent, .. } | Self::OutOfTime { sent } => *sent,
            Self::Refused { status, .. } => {
                status.is_server_error() && !matches!(status.as_u16(), 501 | 505 | 507)
            }
            Self::Silent | Self::NotAsAsked { .. } | Self::TooLong { .. } => true,
            Self::Redirected { .. }
            | Self::MustWait
            | Self::NoCall(_)
            | Self::Address(_)
            | Self::Unsendable { .. } => false,
        }
    }

    /// Status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::NotAsAsked { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The service's codes, the outermost first.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        match self {
            Self::Refused { codes, .. } => codes,
            _ => &[],
        }
    }

    /// What the caller can do about it, and whether to make the call again.
    pub(super) fn meaning(&self) -> (ErrorKind, Repeat) {
        match self {
            Self::Transport { source, .. } if is_bad_certificate(source) => {
                (ErrorKind::Unexpected, Repeat::Never)
            }
            Self::Transport { sent: false, .. } => (ErrorKind::Transient, Repeat::Always),
            Self::Transport { .. } | Self::Silent => (ErrorKind::Transient, Repeat::IfRepeatable),
            Self::NotAsAsked { .. } => (ErrorKind::Malformed, Repeat::IfRepeatable),
            Self::OutOfTime { .. } => (ErrorKind::Transient, Repeat::Never),
            Self::MustWait | Self::NoCall(NoCall::UsedUp { .. }) => {
                (ErrorKind::Throttled, Repeat::Never)
            }
            Self::NoCall(NoCall::Unknown(_)) => (ErrorKind::Transient, Repeat::Never),
            Self::TooLong { .. } => (ErrorKind::TooLarge, Repeat::Never),
            Self::Refused { .. }
            | Self::Redirected { .. }
            | Self::Address(_)
            | Self::Unsendable { .. } => (ErrorKind::Unexpected, Repeat::Never),
        }
    }

    /// A refusal in words that are safe to show.
    pub(super) fn refused(
        status: StatusCode,
        failure: &Failure,
        request_id: Option<String>,
    ) -> Self {
        let codes = failure.codes.iter().take(MOST_CODES);
        Self::Refused {
            status,
            codes: codes.map(|code| plain(code, MOST_CODE)).collect(),
            message: plain(&failure.message, MOST_MESSAGE),
            request_id: request_id.map(|id| plain(&id, MOST_CODE)),
        }
    }

    /// A break of the connection; the address is taken out of what the network says.
    pub(super) fn transport(cause: reqwest::Error) -> Self {
        Self::Transport {
            sent: !cause.is_connect() && !cause.is_builder(),
            source: cause.without_url(),
        }
    }
}

fn broken(sent: bool) -> &'static str {
    if sent {
        "the connection broke before the answer was complete"
    } else {
        "cannot connect"
    }
}

fn missed(sent: bool) -> &'static str {
    if sent {
        "the answer came"
    } else {
        "it could be made"
    }
}

/// Whether the service's certificate is not trusted: trying again does not help, adding the authority
/// does.
fn is_bad_certificate(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        // An I/O error does not count what it wraps among its sources.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let tls = wrapped
            .and_then(|wrapped| wrapped.downcast_ref::<rustls::Error>())
            .or_else(|| error.downcast_ref());
        if let Some(rustls::Error::InvalidCertificate(_)) = tls {
            return true;
        }
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

struct Refused<'a> {
    status: &'a StatusCode,
    codes: &'a [String],
    message: &'a str,
    request_id: &'a Option<String>,
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status.as_u16())?;
        if !self.codes.is_empty() {
            write!(f, " {}", self.codes.join("/"))?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Id(self.request_id).fmt(f)
    }
}

struct Id<'a>(&'a Option<String>);

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

/// At most `most` characters, on one line, without what could steer a terminal or turn text around.
fn plain(text: &str, most: usize) -> String {
    let safe = |c: char| match c {
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let mut plain = String::new();
    for (count, word) in text
        .chars()
        .take(most * 4)
        .map(safe)
        .collect::<String>()
        .split_whitespace()
        .enumerate()
    {
        if count > 0 {
            plain.push(' ');
        }
        plain.push_str(word);
    }
    match plain.char_indices().nth(most) {
        Some((end, _)) => {
            plain.truncate(end);
            plain.push('…');
            plain
        }
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(codes: &[&str], message: &str) -> Failure {
        Failure {
            kind: ErrorKind::Denied,
            codes: codes.iter().map(ToString::to_string).collect(),
            message: message.to_owned(),
            repeat: Repeat::Never,
            retry_after: None,
            pauses_all: false,
        }
    }

    #[test]
    fn a_refusal_is_shown_on_one_line() {
        let long = "x".repeat(400);
        let cut = format!("the service answered 403: {}…", "x".repeat(300));
        let table: [(&[&str], &str, Option<&str>, &str); 5] = [
            (&[], "", None, "the service answered 403"),
            (
                &["accessDenied", "notAllowed"],
                "No.",
                Some("4b1c"),
                "the service answered 403 accessDenied/notAllowed: No. (request id 4b1c)",
            ),
            (&[], &long, None, &cut),
            (
                &["a\u{1b}[31m"],
                "two\r\nlines\u{202e}back",
                None,
                "the service answered 403 a [31m: two lines back",
            ),
            (
                &[],
                " \n ",
                Some("i\nd"),
                "the service answered 403 (request id i d)",
            ),
        ];
        for (codes, message, id, shown) in table {
            let failure = failure(codes, message);
            let refused =
                CallFailure::refused(StatusCode::FORBIDDEN, &failure, id.map(str::to_owned));
            assert_eq!(refused.to_string(), shown);
        }
    }
}
