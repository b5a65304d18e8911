//! Who set the present label, and how the file is encrypted: the words of rules §1, from a file's labels and the ledger.

#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use uuid::Uuid;

use super::facts::{LedgerFact, ReadingFacts};
use crate::model::Reason;
use crate::model::inventory::FileLabel;
use crate::model::policy::{Origin, ProtectionClass, Route};

/// What the labels of a file say, seen by one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelStanding {
    /// Who set the present label.
    pub origin: Origin,
    /// The present label of our tenant; `None` where there is none, or no winner among several.
    pub current: Option<Uuid>,
    /// Whether the ledger marks labeld's write with `override=true`. Only for a label that is still labeld's own.
    pub applied_with_override: bool,
    /// How the file is encrypted.
    pub protection: ProtectionClass,
    /// Whether another tenant has a live label on it.
    pub has_external: bool,
}

/// How a tenant knows its own labels.
#[derive(Clone, Copy)]
pub struct OwnLabels<'a> {
    /// Its Entra tenant id.
    pub site_id: Option<Uuid>,
    /// Whether a GUID is in its catalogue.
    pub is_listed: &'a dyn Fn(Uuid) -> bool,
}

impl OwnLabels<'_> {
    /// A label that names its tenant is that tenant's; one that names none is ours where the catalogue has it.
    fn owns(&self, label: &FileLabel) -> bool {
        match (label.site_id, self.site_id) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => (self.is_listed)(label.id),
        }
    }
}

/// The labels of a file as our tenant sees them.
#[must_use]
pub fn standing(
    reading: &ReadingFacts,
    own: OwnLabels<'_>,
    ledger: Option<&LedgerFact>,
) -> LabelStanding {
    let live = || reading.labels.iter().filter(|label| is_live(label));
    let mut effective = live().filter(|label| own.owns(label) && label.effective);
    let (first, second) = (effective.next(), effective.next());
    let without_winner = reading.reason == Some(Reason::LabelAmbiguous)
        && live().filter(|label| own.owns(label)).count() > 1;
    let (origin, current) = match (first, second) {
        (Some(_), Some(_)) => (Origin::Ambiguous, None),
        (None, _) if without_winner => (Origin::Ambiguous, None),
        (Some(label), None) => (origin_of(label, ledger), Some(label)),
        (None, _) if live().any(|label| !own.owns(label)) => (Origin::External, None),
        (None, _) => (Origin::None, None),
    };
    LabelStanding {
        has_external: live().any(|label| !own.owns(label)),
        origin,
        current: current.map(|label| label.id),
        applied_with_override: origin == Origin::Us
            && ledger.is_some_and(|ledger| ledger.override_used),
        protection: protection(&reading.protection, current.is_some() || without_winner),
    }
}

fn protection(kind: &str, has_own_label: bool) -> ProtectionClass {
    match kind {
        // An owner password lets everybody read; gate 15 stops the writing.
        "none" | "owner_password" => ProtectionClass::None,
        // A certificate shuts labeld out as a password does (product §1).
        "password" | "certificate" => ProtectionClass::Password,
        "rms" if has_own_label => ProtectionClass::OwnLabel,
        // Rights without a label of ours, and what a newer reader may tell.
        _ => ProtectionClass::Unmapped,
    }
}

fn text<'l>(label: &'l FileLabel, key: &str) -> Option<&'l str> {
    label.document.get(key).and_then(Json::as_str)
}

/// A label that is neither switched off nor taken away on the file itself.
fn is_live(label: &FileLabel) -> bool {
    let flag = |key| label.document.get(key).and_then(Json::as_bool);
    flag("enabled") != Some(false) && flag("removed") != Some(true)
}

fn origin_of(label: &FileLabel, ledger: Option<&LedgerFact>) -> Origin {
    if ledger.is_some_and(|ledger| is_as_written(label, ledger)) {
        return Origin::Us;
    }
    match method(label) {
        Some(Method::Automatic) => Origin::OutsideAutomatic,
        Some(Method::Person) | None => Origin::OutsideUser,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Automatic,
    Person,
}

fn method_of(word: &str) -> Option<Method> {
    match word.to_ascii_lowercase().as_str() {
        "standard" | "auto" => Some(Method::Automatic),
        "privileged" => Some(Method::Person),
        _ => None,
    }
}

/// The Method; where it is missing, the one that the classic client wrote beside it.
fn method(label: &FileLabel) -> Option<Method> {
    if let Some(word) = text(label, "method") {
        return method_of(word);
    }
    let extra = label.document.get("extra")?;
    let classic = extra.get("Extended_MSFT_Method")?.as_str()?;
    match classic.to_ascii_lowercase().as_str() {
        "automatic" => Some(Method::Automatic),
        "manual" => Some(Method::Person),
        _ => None,
    }
}

/// GUID and Method as labeld wrote them and, where the place stores one, its ActionId. SetDate is never compared.
fn is_as_written(label: &FileLabel, ledger: &LedgerFact) -> bool {
    let same_method =
        text(label, "method").is_some_and(|method| method.eq_ignore_ascii_case(&ledger.method));
    if label.id != ledger.label || !same_method {
        return false;
    }
    if ledger.route == Route::Service || !stores_action_id(label) {
        return true;
    }
    let action = text(label, "action_id").and_then(|id| Uuid::try_parse(id).ok());
    action == Some(ledger.action_id)
}

/// Custom properties and the places of a PDF do; LabelInfo has neither ActionId nor date.
fn stores_action_id(label: &FileLabel) -> bool {
    let places = label.document.get("places").and_then(Json::as_array);
    places
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .any(|place| matches!(place, "custom" | "pdf_info" | "pdf_xmp"))
}
