//! The gates of rules §3, in their order: what stops a reading, and what stops a writing.
//!
//! Gates 12, 13 and 19 to 21 are not here: they need the policy's state, earlier decisions, the decision table, the rehearsal
//! and the cap.

#[cfg(test)]
mod tests;

use std::fmt;

use labeld_connector::{Answer, Barrier, FileKind};

use super::facts::{Facts, ReadingFacts};
use crate::model::Reason;
use crate::model::policy::SignedFiles;

/// Extensions that labels are written to (gate 4).
pub const WRITABLE_EXTENSIONS: &[&str] = &[
    "docm", "docx", "dotm", "dotx", "xlam", "xlsm", "xlsx", "xltx", "potm", "potx", "ppsx", "ppsm",
    "pptm", "pptx", "pdf",
];

/// What the gates are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To read the label.
    Read,
    /// To write one.
    Write,
}

/// A gate by its number in rules §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gate {
    /// Its number.
    pub number: u8,
    /// What it asks.
    pub question: &'static str,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gate {} ({})", self.number, self.question)
    }
}

/// What the gates say to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateOutcome {
    /// The first gate that stops it, and why.
    pub stopped: Option<(Gate, Reason)>,
    /// The gates before it.
    pub passed: Vec<Gate>,
    /// The one of `passed` that only an option of the policy has opened, and what it would have said.
    pub opened: Option<(Gate, Reason)>,
}

struct Rule {
    gate: Gate,
    /// It stops readings too.
    reads: bool,
    /// It needs the bytes.
    after_reading: bool,
    stops: fn(&Asked<'_>) -> Option<Reason>,
}

/// What a gate looks at.
struct Asked<'a> {
    facts: &'a Facts,
    /// Empty before the file was read.
    reading: Option<&'a ReadingFacts>,
    size_limit: u64,
    purpose: Purpose,
}

/// What a write is held to beside the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteTerms {
    /// Largest file that is written, in bytes, inclusive (gate 5).
    pub size_limit: u64,
    /// What is done with signed files (gate 18).
    pub signed: SignedFiles,
}

const fn gate(number: u8, question: &'static str) -> Gate {
    Gate { number, question }
}

macro_rules! gates {
    ($($number:literal $question:literal $reads:literal $after:literal $stops:expr;)+) => {
        &[$(Rule {
            gate: gate($number, $question),
            reads: $reads,
            after_reading: $after,
            stops: $stops,
        },)+]
    };
}

/// Number, question, whether it stops a reading, whether it needs the bytes, and the test.
const GATES: &[Rule] = gates! {
    1 "is the file still there?" true false |asked| asked.facts.removed.then_some(Reason::FileDeleted);
    2 "may labeld open it?" true false out_of_reach;
    3 "is it a file with bytes of its own?" true false not_a_file;
    4 "can files of its type carry a label?" true false unsupported_type;
    5 "is it small enough to be written?" false false
        |asked| (asked.facts.size > asked.size_limit).then_some(Reason::FileTooLarge);
    6 "has it any bytes?" true false |asked| (asked.facts.size == 0).then_some(Reason::FileEmpty);
    7 "is it in use, not in trash or quarantine?" true false set_aside;
    8 "may it be changed, for all of retention?" false false
        |asked| obstacle(asked, |facts| facts.retained, Reason::FileRetained);
    9 "does its library take changes without a checkout?" false false
        |asked| obstacle(asked, |facts| facts.checkout_required, Reason::LibraryCheckoutRequired);
    10 "is it checked in?" false false
        |asked| obstacle(asked, |facts| facts.checked_out, Reason::FileCheckedOut);
    11 "is nobody editing it?" false false
        |asked| obstacle(asked, |facts| facts.locked, Reason::FileLocked);
    14 "is it what its name says?" true true
        |asked| reported(asked, &[Reason::FileTypeMismatch, Reason::FileTypeUnsupported]);
    15 "is it free of passwords?" true true password;
    17 "could it be read to its end?" true true
        |asked| reported(asked, &[Reason::FileCorrupt, Reason::FileLimit, Reason::FilePoison]);
    18 "is it without a signature?" false true
        |asked| asked.reading.filter(|reading| reading.signed).map(|_| Reason::FileSigned);
};

/// Passes a file through the gates. The gates that need the bytes are asked once it was read.
#[must_use]
pub fn pass(facts: &Facts, purpose: Purpose, terms: WriteTerms) -> GateOutcome {
    let asked = Asked {
        facts,
        reading: facts.reading.as_ref(),
        size_limit: terms.size_limit,
        purpose,
    };
    let mut outcome = GateOutcome {
        stopped: None,
        passed: Vec::new(),
        opened: None,
    };
    for rule in GATES {
        let concerns = rule.reads || purpose == Purpose::Write;
        if !concerns || rule.after_reading && asked.reading.is_none() && rule.gate.number != 15 {
            continue;
        }
        match (rule.stops)(&asked) {
            None => {}
            // Whether a signature covers what is written is seen in the rehearsal (gate 20).
            Some(Reason::FileSigned) if terms.signed == SignedFiles::AllowUncovered => {
                outcome.opened = Some((rule.gate, Reason::FileSigned));
            }
            Some(reason) => {
                outcome.stopped = Some((rule.gate, reason));
                return outcome;
            }
        }
        outcome.passed.push(rule.gate);
    }
    outcome
}

/// Every gate with what it stops, for tables: the gate, and whether it stops readings too.
pub fn all() -> impl Iterator<Item = (Gate, bool)> {
    GATES.iter().map(|rule| (rule.gate, rule.reads))
}

fn out_of_reach(asked: &Asked<'_>) -> Option<Reason> {
    match asked.facts.barrier? {
        Barrier::Denied => Some(Reason::AccessDenied),
        Barrier::ExternalOwner => Some(Reason::AccessExternalOwner),
        Barrier::NotCovered => Some(Reason::AccessNotCovered),
        Barrier::Trashed | Barrier::Malware | Barrier::ClientEncrypted => None,
    }
}

fn not_a_file(asked: &Asked<'_>) -> Option<Reason> {
    match asked.facts.kind {
        FileKind::File => None,
        FileKind::Special => Some(Reason::TypeSpecial),
        FileKind::Shortcut => Some(Reason::TypeShortcut),
        FileKind::Package => Some(Reason::TypePackage),
        FileKind::Native => Some(Reason::TypeNativeGoogle),
    }
}

/// Readings stop only where the reader does not know the type.
fn unsupported_type(asked: &Asked<'_>) -> Option<Reason> {
    let supported = match asked.purpose {
        Purpose::Read => asked.facts.readable_type,
        Purpose::Write => WRITABLE_EXTENSIONS.contains(&asked.facts.extension().as_str()),
    };
    (!supported).then_some(Reason::FileTypeUnsupported)
}

fn set_aside(asked: &Asked<'_>) -> Option<Reason> {
    match asked.facts.barrier {
        Some(Barrier::Trashed) => Some(Reason::FileTrashed),
        _ if asked.facts.quarantined => Some(Reason::FileQuarantined),
        // The service hands out no byte of it, as if it were in quarantine.
        Some(Barrier::Malware) => Some(Reason::FileMalware),
        _ => None,
    }
}

/// What the app cannot tell stops nothing: the write itself is conditional and says so.
fn obstacle(
    asked: &Asked<'_>,
    answer: fn(&labeld_connector::Obstacles) -> Answer,
    reason: Reason,
) -> Option<Reason> {
    let obstacles = asked.facts.obstacles.as_ref()?;
    (answer(obstacles) == Answer::Yes).then_some(reason)
}

fn password(asked: &Asked<'_>) -> Option<Reason> {
    if asked.facts.barrier == Some(Barrier::ClientEncrypted) {
        return Some(Reason::FileClientEncrypted);
    }
    let reading = asked.reading?;
    match reading.protection.as_str() {
        "password" | "certificate" => Some(Reason::FilePassword),
        "owner_password" if asked.purpose == Purpose::Write => Some(Reason::FileOwnerPassword),
        _ => reported(asked, &[Reason::FilePassword]),
    }
}

/// A reason that the reading ended in.
fn reported(asked: &Asked<'_>, reasons: &[Reason]) -> Option<Reason> {
    let reason = asked.reading?.reason?;
    reasons.contains(&reason).then_some(reason)
}
