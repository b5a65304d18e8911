//! Why labeld did nothing, or less than asked, to a file: the codes of rules §5.
//!
//! The table below is the only place where a code, its cause and its fix are written.
//! `docs/reasons.md` is made from it, see [`super::reason_page`].

use std::fmt;

use super::FileState;

/// Who can change what a [`Reason`] reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FixedBy {
    /// Nothing needs to be fixed, or nothing can be.
    Nobody,
    /// Time: labeld tries again by itself.
    Waiting,
    /// Whoever runs labeld.
    Operator,
    /// The owner of the file.
    Owner,
    /// The owner of the file or an administrator of the app.
    OwnerOrAdministrator,
    /// The owner of the file, or the operator by hand.
    OwnerOrOperator,
    /// The person who has the file checked out.
    Editor,
    /// The owner of the site or library.
    SiteOwner,
    /// An administrator of the app.
    Administrator,
    /// Whoever manages the tenant's sensitivity labels.
    LabelAdministrator,
    /// Whoever manages retention and legal holds.
    RecordsAdministrator,
    /// labeld's developers: a fault to report.
    Developers,
}

impl fmt::Display for FixedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "nobody needs to",
            Self::Waiting => "nobody: labeld waits",
            Self::Operator => "operator of labeld",
            Self::Owner => "owner of the file",
            Self::OwnerOrAdministrator => "owner of the file or administrator of the app",
            Self::OwnerOrOperator => "owner of the file, or operator by hand",
            Self::Editor => "person who has the file checked out",
            Self::SiteOwner => "owner of the site",
            Self::Administrator => "administrator of the app",
            Self::LabelAdministrator => "administrator of the labels",
            Self::RecordsAdministrator => "records administrator",
            Self::Developers => "developers of labeld: please report it",
        })
    }
}

/// When labeld looks at the file again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// There is nothing to try again.
    NotApplicable,
    /// Never by itself.
    No,
    /// When the file has a new version.
    NewVersion,
    /// When the file has a new version or after 24 hours, whichever is first.
    NewVersionOrDay,
    /// When the app reports a change of rights, place or settings.
    OnChange,
    /// Again and again, with growing pauses.
    WithBackoff,
    /// At the time the service asks for (`Retry-After`).
    AsTold,
    /// Once a day.
    Daily,
    /// At once, against the new version, from the first gate on.
    AtOnce,
    /// When the policy is edited.
    OnPolicyEdit,
    /// When the label list has been read again.
    OnLabelSync,
    /// After the daily cap has been reset.
    AfterReset,
    /// Three times.
    ThreeTimes,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotApplicable => "nothing to try again",
            Self::No => "never",
            Self::NewVersion => "with a new version of the file",
            Self::NewVersionOrDay => "with a new version of the file, or after 24 hours",
            Self::OnChange => "when the rights, the place or the settings change",
            Self::WithBackoff => "again and again, with growing pauses",
            Self::AsTold => "when the service allows it again",
            Self::Daily => "once a day",
            Self::AtOnce => "at once, with the new version",
            Self::OnPolicyEdit => "when the policy is edited",
            Self::OnLabelSync => "after the next label sync",
            Self::AfterReset => "after the cap is reset",
            Self::ThreeTimes => "three times",
        })
    }
}

/// One row of the table.
struct Row {
    code: &'static str,
    fixed_by: FixedBy,
    retry: Retry,
    cause: &'static str,
    fix: &'static str,
}

/// Makes the enum and an exhaustive match from one table, so that no code can lack a column.
macro_rules! reasons {
    ($($variant:ident $code:literal $fixed_by:ident $retry:ident $cause:literal $fix:literal)*) => {
        /// A reason code (rules §5). Exhaustive: every outcome that is not a success is one of these.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = concat!("`", $code, "`: ", $cause)] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of rules §5.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        code: $code,
                        fixed_by: FixedBy::$fixed_by,
                        retry: Retry::$retry,
                        cause: $cause,
                        fix: $fix,
                    },)*
                }
            }
        }
    };
}

reasons! {
    NotQueued "not_queued" Operator NotApplicable
        "No policy and no scan setting asks for this file to be read."
        "Switch on automatic scanning, enable a policy that covers the file, or run `labeld rescan`."
    Pending "pending" Nobody NotApplicable
        "The file waits for its turn."
        "Nothing: the queue is worked off by itself."
    FileDeleted "file.deleted" Nobody No
        "The file is gone from the app."
        "Nothing: it leaves the inventory with its history kept."
    AccessExternalOwner "access.external_owner" OwnerOrAdministrator OnChange
        "The file belongs to somebody outside the organisation."
        "Let somebody of the organisation own the file."
    AccessDenied "access.denied" OwnerOrAdministrator OnChange
        "The app or the file system does not let labeld read the file."
        "Give the account that labeld runs as the right to read the file and the folders above it."
    TypeFolder "type.folder" Nobody No
        "The entry is a folder and carries no label of its own."
        "Nothing: the files inside are looked at one by one."
    TypeNativeGoogle "type.native_google" Nobody No
        "The document lives inside Google's editors and has no file format that could carry a label."
        "Export it as an Office file or PDF if it must be labelled."
    FileTypeUnsupported "file.type_unsupported" Nobody No
        "Files of this type cannot carry a label that labeld knows."
        "Convert the file to a supported type if it must be labelled."
    FileTypeMismatch "file.type_mismatch" Owner NewVersion
        "The file's content is not what its name says."
        "Rename the file to match its content, or save it again in the format of its name."
    FileTooLarge "file.too_large" Owner NewVersion
        "The file is larger than the size limit for writing."
        "Make the file smaller, or raise `size_limit` in the configuration."
    FileLimit "file.limit" Operator NewVersion
        "Reading the file to its end would exceed labeld's limits on size, depth or number of parts."
        "Look at what makes the file so unusual; save it again in a plainer form."
    FileEmpty "file.empty" Nobody NewVersion
        "The file has no bytes."
        "Nothing: it is read as soon as it has content."
    FilePassword "file.password" Owner NewVersion
        "The file is encrypted with a password, so its content cannot be read."
        "Remove the password, or protect the file by a label in its place."
    FileRms "file.rms" Owner NewVersion
        "The file is encrypted by rights management; its label can be read only as far as it stands outside the encryption."
        "Nothing for reading; to change the label, use an Office application with rights on the file."
    FileCorrupt "file.corrupt" Owner NewVersion
        "The file is damaged, and its format's rules cannot be followed to the label."
        "Open the file in its application and save it again, or restore a good version."
    FilePoison "file.poison" Developers NewVersionOrDay
        "Reading the file stopped labeld three times."
        "Report it with the file's type and size; other files are not held up."
    FileSigned "file.signed" Owner NewVersion
        "The file is digitally signed, and writing a label would break the signature."
        "Label the file first and sign it then."
    FileLocked "file.locked" Waiting WithBackoff
        "Somebody is editing the file, or an application holds a lock on it."
        "Wait until the file is closed."
    FileCheckedOut "file.checked_out" Editor WithBackoff
        "A person has the file checked out."
        "Ask the person named to check the file in."
    LibraryCheckoutRequired "library.checkout_required" SiteOwner OnChange
        "The library demands a checkout before every change."
        "Switch off \"require documents to be checked out\" in the library's settings."
    FileRetained "file.retained" RecordsAdministrator Daily
        "A retention rule, legal hold, record or content restriction forbids changes."
        "Release the file from retention, or leave it as it is."
    FileTrashed "file.trashed" Administrator OnChange
        "The file is in the trash."
        "Restore the file if it is still needed."
    FileQuarantined "file.quarantined" Administrator OnChange
        "The file is in quarantine."
        "Release the file from quarantine."
    FetchFailed "fetch.failed" Waiting WithBackoff
        "The bytes of the file could not be fetched."
        "Wait; if it stays, look at the error text beside it and at the network or the disk."
    FetchThrottled "fetch.throttled" Waiting AsTold
        "The service asked labeld to slow down."
        "Wait; if it stays, lower the number of workers or ask the provider for a higher limit."
    WriteConflict "write.conflict" Nobody AtOnce
        "The file changed between the decision and the write, so nothing was written."
        "Nothing: the new version is decided anew."
    WriteDenied "write.denied" Administrator OnChange
        "The app or the file system does not let labeld change the file."
        "Give labeld's account the right to write; a missing permission is named beside the code."
    WriteQuota "write.quota" Owner Daily
        "The owner's storage is full."
        "Free some space or raise the quota."
    WriteNameInvalid "write.name_invalid" Owner No
        "The service does not accept the file's name any more."
        "Rename the file."
    WriteVerifyFailed "write.verify_failed" Developers No
        "The rewritten file did not pass labeld's own check; the original was left as it was."
        "Report it with the file's type and the application that made it."
    WriteUnknown "write.unknown" Waiting WithBackoff
        "It is not known whether a write has landed."
        "Nothing: labeld reads the file again to find out."
    InspectNotGranted "inspect.not_granted" Administrator OnChange
        "labeld was not granted the reading of protected files' content."
        "Grant it if content inspection of protected files is wanted."
    LabelSame "label.same" Nobody NotApplicable
        "The file has the wanted label already."
        "Nothing."
    LabelNone "label.none" Nobody NotApplicable
        "The file has no label that could be removed."
        "Nothing."
    LabelByLabeld "label.by_labeld" Operator OnPolicyEdit
        "labeld set the present label, and a label of its own is final."
        "Remove the present label first, then apply the other one."
    LabelOutside "label.outside" Operator OnPolicyEdit
        "The label was set by somebody or something else, and the policy leaves such labels alone."
        "To replace automatic labels set `override = \"automatic\"`; labels from outside are never removed."
    LabelUserDefined "label.user_defined" Operator OnPolicyEdit
        "A person chose the present label."
        "Set `override = \"user_defined\"` in the policy if people's choices may be replaced."
    LabelDowngrade "label.downgrade" Operator OnPolicyEdit
        "The wanted label ranks below the present one."
        "Set `allow_downgrade = true` in the policy if that is meant."
    LabelExternal "label.external" Operator OnPolicyEdit
        "The label belongs to another organisation."
        "Nothing: labeld never touches other organisations' labels."
    LabelDisabled "label.disabled" LabelAdministrator OnLabelSync
        "The wanted label is disabled in the tenant."
        "Enable the label, or name another one in the policy."
    LabelDeleted "label.deleted" LabelAdministrator OnLabelSync
        "The wanted label was deleted from the tenant."
        "Name another label in the policy."
    LabelUnpublished "label.unpublished" LabelAdministrator OnLabelSync
        "The wanted label is not published to the account labeld runs as."
        "Add that account to a label policy that publishes the label."
    LabelScope "label.scope" LabelAdministrator OnLabelSync
        "The wanted label does not apply to files, or is a group of labels."
        "Add files to the label's scope, or pick a label of the group."
    LabelNoRights "label.no_rights" LabelAdministrator OnLabelSync
        "The label's rights shut labeld's account out."
        "Give all users of the organisation, or labeld's account, rights in the label's protection."
    LabelNeedsProtection "label.needs_protection" LabelAdministrator OnLabelSync
        "The wanted label encrypts, and labeld never writes such a label without its encryption."
        "On SharePoint and OneDrive switch on label assignment by the service; elsewhere choose a label without encryption."
    LabelAmbiguous "label.ambiguous" OwnerOrOperator NewVersion
        "The file carries several labels of one tenant, and no rule says which one counts."
        "Set the right label by hand, which replaces the others."
    ProtectedOutside "protected.outside" Owner No
        "The file is encrypted by a label that was not set by labeld."
        "Remove the protection in an Office application first."
    ProtectedOwn "protected.own" Owner No
        "The file is encrypted by a label that labeld set, and labeld cannot decrypt."
        "Remove the label in an Office application."
    ProtectedOwnOverride "protected.own_override" Owner No
        "The file is encrypted by a label that labeld set over a person's choice."
        "Remove the label in an Office application."
    ProtectedUnmapped "protected.unmapped" Owner No
        "The file is encrypted in a way that belongs to no label of the tenant."
        "Remove the protection in the application that set it."
    PolicyNoMatch "policy.no_match" Operator OnPolicyEdit
        "No enabled policy matches the file."
        "Nothing, or widen a policy."
    PolicyLostTo "policy.lost_to" Operator OnPolicyEdit
        "Another policy with precedence wants another label; it is named beside the code."
        "Change the priorities, or narrow one of the two policies."
    PolicySuspended "policy.suspended" Operator OnPolicyEdit
        "The policy was disabled after the file had been queued."
        "Enable the policy: the file is then decided anew."
    PolicyFightingUser "policy.fighting_user" Operator OnPolicyEdit
        "A person and a policy changed the label of this file in turn, so labeld stopped."
        "Talk to the person named, or exclude the file from the policy."
    PolicyCancelled "policy.cancelled" Operator OnPolicyEdit
        "The policy was deleted or the task was cancelled."
        "Nothing, or make the policy again."
    CapReached "cap.reached" Waiting AfterReset
        "The daily number of labels for this tenant and app is used up."
        "Wait for the date shown, or raise `cap`."
    TypeSpecial "type.special" Nobody No
        "The entry is a pipe, a device, a socket, or a link that leads out of the folder."
        "Nothing: labeld reads ordinary files inside the configured folder only."
    TypeShortcut "type.shortcut" Nobody No
        "The entry only points to another one."
        "Nothing: the target is looked at where it lies."
    TypePackage "type.package" Nobody No
        "The entry is a bundle, such as a notebook, that has no bytes of its own."
        "Nothing."
    FileMalware "file.malware" Owner NewVersion
        "The service marks the file as malware and does not hand it out."
        "Delete the file or replace it by a clean version."
    FileClientEncrypted "file.client_encrypted" Owner NewVersion
        "The file was encrypted before it was uploaded."
        "Upload the file without client-side encryption if it must be labelled."
    FileOwnerPassword "file.owner_password" Owner NewVersion
        "An owner password forbids changes to the PDF; its label can be read but not written."
        "Remove the owner password."
    AccessNotCovered "access.not_covered" Administrator OnChange
        "The place is out of reach of labeld's account, such as a shared drive without a member."
        "Add labeld's account, or exclude the place."
    WriteWatermarked "write.watermarked" Administrator OnChange
        "The service puts a watermark into downloads, so the original bytes cannot be had."
        "Switch off watermarking for the place, or exempt labeld's account."
    UndoChanged "undo.changed" Nobody No
        "The file was changed after labeld had written it, so it is not put back."
        "Decide by hand; the version history has both states."
    Internal "internal" Developers ThreeTimes
        "labeld made a mistake of its own; the id beside the code finds it in the log."
        "Report it with the id and the log lines around it."
}

impl Reason {
    /// The code as every output prints it, for example `file.too_large`.
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
    }

    /// What happened, in one sentence.
    pub const fn cause(self) -> &'static str {
        self.row().cause
    }

    /// What to do about it, in one sentence.
    pub const fn fix(self) -> &'static str {
        self.row().fix
    }

    /// Who can do it.
    pub const fn fixed_by(self) -> FixedBy {
        self.row().fixed_by
    }

    /// When labeld tries again by itself.
    pub const fn retry(self) -> Retry {
        self.row().retry
    }

    /// The part behind `#` in links to `docs/reasons.md`.
    pub const fn docs_anchor(self) -> &'static str {
        self.code()
    }

    /// Whether a run that met this reason ends with exit code 3; a skip is no error (product §1).
    pub fn is_error(self) -> bool {
        let code = self.code();
        code.starts_with("fetch.")
            || code.starts_with("write.")
            || matches!(self, Self::AccessDenied | Self::FilePoison | Self::Internal)
    }

    /// The state that `labeld inspect` prints beside this reason (product §1); `None` for reasons
    /// that reading a file never ends in.
    pub fn file_state(self) -> Option<FileState> {
        FileState::of(self)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
