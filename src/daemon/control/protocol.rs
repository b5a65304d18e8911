//! What is said over the control socket: one JSON object a line. A client sends one [`Request`]; the service answers with
//! [`Reply`] lines, of which only a rescan has more than one.

use serde::{Deserialize, Serialize};

use crate::daemon::hand::{HandAnswer, HandRequest};
use crate::daemon::rescan::{RescanEvent, RescanRequest};
use crate::daemon::status::Status;
use crate::daemon::switch::{SwitchReport, SwitchRequest};

/// What a client asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// The state of the service.
    Status,
    /// Has tasks done before they are due.
    Nudge {
        /// Which one; without it all that look for news.
        task: Option<String>,
    },
    /// Reads the configuration anew.
    Reload,
    /// A rescan; it is stopped when the client goes away.
    Rescan(RescanRequest),
    /// Switches a policy.
    SwitchPolicy(SwitchRequest),
    /// Writes by hand. They go on where the client goes away.
    Hand(HandRequest),
}

/// What the service answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The state of the service.
    Status {
        /// It.
        status: Box<Status>,
    },
    /// Tasks were nudged.
    Nudged {
        /// How many.
        tasks: u64,
    },
    /// The configuration was read anew and is in force.
    Reloaded,
    /// News of a rescan; [`RescanEvent::Ended`] is the last.
    Rescan {
        /// It.
        event: RescanEvent,
    },
    /// A policy was switched.
    Switched {
        /// How it stands in each tenant that has it.
        reports: Vec<SwitchReport>,
    },
    /// What was asked for by hand is done, or waits.
    Hand {
        /// What came of it.
        answer: HandAnswer,
    },
    /// The request was refused, or failed.
    Refused {
        /// Why.
        error: String,
    },
}
