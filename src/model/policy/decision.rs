//! What a decision of rules §4 is made from, and what it says.

use std::fmt;

use uuid::Uuid;

use super::words;
use crate::model::Reason;

words! {
    /// Who set the present label of our tenant (rules §1).
    pub enum Origin {
        /// No live label.
        None = "none",
        /// labeld, and nobody has changed it since.
        Us = "us",
        /// Somebody else's software, by Method `Standard` or `Auto`.
        OutsideAutomatic = "out-auto",
        /// A person, or nobody knows: Method `Privileged`, missing or unknown.
        OutsideUser = "out-user",
        /// Several live, unrelated labels of the tenant, and no winner.
        Ambiguous = "ambiguous",
        /// Only labels of other tenants.
        External = "ext",
    }
}

impl Origin {
    /// `out-*`: set outside of labeld.
    pub const OUTSIDE: &'static [Self] = &[Self::OutsideAutomatic, Self::OutsideUser];
}

words! {
    /// How the file is encrypted, as far as a decision asks (rules §1).
    pub enum ProtectionClass {
        /// Not at all.
        None = "-",
        /// By a label of our tenant.
        OwnLabel = "P",
        /// By something no label of ours stands for: a template, a person's permissions, AD RMS, another tenant.
        Unmapped = "Px",
        /// By a password.
        Password = "pw",
    }
}

words! {
    /// Which labels set outside of labeld a policy may replace. The default is `automatic`.
    pub enum Override {
        /// None.
        None = "none",
        /// Those that no person chose.
        Automatic = "automatic",
        /// Those too that a person chose.
        UserDefined = "user_defined",
    }
}

words! {
    /// The wanted label beside the present one.
    pub enum Relation {
        /// It is the present one.
        Same = "same",
        /// It ranks below it, or one of the two ranks is not known, which is the safer side.
        Lower = "lower",
        /// It ranks at least as high, or there is no present one.
        Other = "other",
    }
}

words! {
    /// Whether the wanted label can be applied (rules §8).
    pub enum LabelUse {
        /// It can.
        Usable = "usable",
        /// It encrypts.
        NeedsProtection = "needs_protection",
        /// Switched off in the tenant.
        Disabled = "disabled",
        /// Gone from the tenant.
        Deleted = "deleted",
        /// Not published to the account that labeld runs as.
        Unpublished = "unpublished",
        /// Its scope leaves files out, or it is a group of labels.
        Scope = "scope",
        /// Its rights shut that account out.
        NoRights = "no_rights",
    }
}

impl LabelUse {
    /// Every state in which the label cannot be applied at all (row A14).
    pub const REFUSED: &'static [Self] = &[
        Self::Disabled,
        Self::Deleted,
        Self::Unpublished,
        Self::Scope,
        Self::NoRights,
    ];

    /// The reason that goes with it; `None` for a usable label.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Usable => None,
            Self::NeedsProtection => Some(Reason::LabelNeedsProtection),
            Self::Disabled => Some(Reason::LabelDisabled),
            Self::Deleted => Some(Reason::LabelDeleted),
            Self::Unpublished => Some(Reason::LabelUnpublished),
            Self::Scope => Some(Reason::LabelScope),
            Self::NoRights => Some(Reason::LabelNoRights),
        }
    }
}

words! {
    /// What the catalogue says of the label that is to be removed.
    pub enum CurrentLabel {
        /// Listed and switched on.
        Known = "known",
        /// Switched off in the tenant.
        Disabled = "disabled",
        /// Gone from the tenant.
        Deleted = "deleted",
    }
}

words! {
    /// The file beside what labeld wrote last.
    pub enum SinceLabeld {
        /// Exactly as labeld left it.
        AsLeft = "as_left",
        /// Changed by somebody since.
        Changed = "changed",
    }
}

words! {
    /// How a label gets onto a file.
    pub enum Route {
        /// labeld writes it into the file.
        File = "file",
        /// The service assigns it, and encrypts the file where the label says so.
        Service = "service",
    }
}

/// What labeld wrote last to a file, for the origin of its label (rules §1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFact {
    /// The label.
    pub label: Uuid,
    /// The Method that was written.
    pub method: String,
    /// The ActionId that was written, which is the ledger row's own id.
    pub action_id: Uuid,
    /// Whether a person's choice was replaced.
    pub override_used: bool,
    /// How it got onto the file.
    pub route: Route,
}

/// A row of rules §4, such as `A5n`. `impossible` stands for facts that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub &'static str);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What may be done to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Apply the wanted label.
    Apply {
        /// A person's choice is replaced: the Method is `Privileged`, and the ledger marks `override=true` (row A7).
        override_used: bool,
        /// How.
        route: Route,
    },
    /// Remove the present label.
    Remove,
    /// Put back the label state before labeld's write.
    Restore,
    /// Nothing is to be done, and it costs no slot.
    NoOp(Reason),
    /// Nothing may be done.
    Block(Reason),
    /// The facts contradict each other; nothing may be done.
    Impossible,
}

impl Verdict {
    /// The word in tables and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply {
                override_used: false,
                ..
            } => "apply",
            Self::Apply {
                override_used: true,
                ..
            } => "apply_override",
            Self::Remove => "remove",
            Self::Restore => "restore",
            Self::NoOp(_) => "no_op",
            Self::Block(_) => "block",
            Self::Impossible => "impossible",
        }
    }

    /// Why nothing is done; `None` where something is.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Apply { .. } | Self::Remove | Self::Restore => None,
            Self::NoOp(reason) | Self::Block(reason) => Some(reason),
            Self::Impossible => Some(Reason::Internal),
        }
    }

    /// Whether the file is to be written.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Apply { .. } | Self::Remove | Self::Restore)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
