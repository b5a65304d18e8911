//! Every reason code is reached by a file that a real run of the pipeline has brought there, and `labeld explain` names it with
//! its cause and its fix.

mod clouds;
mod documents;
mod folder;
mod scripted;
mod writes;

use std::collections::BTreeSet;

use labeld::model::Reason;

use crate::workspace::{Workspace, testdata};

/// What brings a file to a reason code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// Rescans of a folder, and what people do in it and with its policies.
    Folder,
    /// A rescan over the four clouds.
    Clouds,
    /// Writes that end in other ways than they should.
    Writes,
    /// An app in memory.
    Scripted,
    /// No code of today: why, and what shows it instead.
    Nowhere(&'static str),
}

/// A new code does not compile without its row.
fn reached(reason: Reason) -> Reached {
    use Reached::{Clouds, Folder, Nowhere, Scripted, Writes};
    match reason {
        Reason::NotQueued
        | Reason::Pending
        | Reason::FileDeleted
        | Reason::FileTypeUnsupported
        | Reason::FileTypeMismatch
        | Reason::FileTooLarge
        | Reason::FileLimit
        | Reason::FileEmpty
        | Reason::FilePassword
        | Reason::FileRms
        | Reason::FileCorrupt
        | Reason::FileSigned
        | Reason::FileOwnerPassword
        | Reason::TypeSpecial
        | Reason::LabelSame
        | Reason::LabelNone
        | Reason::LabelByLabeld
        | Reason::LabelOutside
        | Reason::LabelUserDefined
        | Reason::LabelDowngrade
        | Reason::LabelExternal
        | Reason::LabelDisabled
        | Reason::LabelDeleted
        | Reason::LabelUnpublished
        | Reason::LabelScope
        | Reason::LabelNoRights
        | Reason::LabelNeedsProtection
        | Reason::LabelAmbiguous
        | Reason::ProtectedOutside
        | Reason::ProtectedUnmapped
        | Reason::PolicyNoMatch
        | Reason::PolicyLostTo
        | Reason::PolicySuspended
        | Reason::PolicyFightingUser
        | Reason::PolicyCancelled
        | Reason::CapReached
        | Reason::UndoChanged => Folder,
        Reason::AccessExternalOwner
        | Reason::AccessDenied
        | Reason::AccessNotCovered
        | Reason::TypeNativeGoogle
        | Reason::TypeShortcut
        | Reason::TypePackage
        | Reason::FileLocked
        | Reason::FileCheckedOut
        | Reason::LibraryCheckoutRequired
        | Reason::FileRetained
        | Reason::FileMalware
        | Reason::FileClientEncrypted
        | Reason::WriteConflict
        | Reason::WriteDenied
        | Reason::WriteQuota
        | Reason::WriteNameInvalid
        | Reason::WriteWatermarked => Clouds,
        Reason::WriteVerifyFailed
        | Reason::WriteUnknown
        | Reason::ProtectedOwn
        | Reason::ProtectedOwnOverride
        | Reason::Internal => Writes,
        Reason::FileTrashed | Reason::FilePoison | Reason::FetchFailed | Reason::FetchThrottled => {
            Scripted
        }
        Reason::TypeFolder => Nowhere(
            "folders are no rows of the inventory: `labeld inspect` of a list with one says it",
        ),
        Reason::FileQuarantined => {
            Nowhere("nothing puts files into quarantine yet: gate 7 says it of the fact")
        }
        Reason::InspectNotGranted => {
            Nowhere("there is no content inspection yet: the table of codes has it")
        }
    }
}

/// Runs `labeld explain` over files, all at once, and checks what it says of each.
#[track_caller]
fn shows(workspace: &Workspace, expected: &[(Reason, String)]) {
    let mut arguments = vec!["explain"];
    arguments.extend(expected.iter().map(|(_, target)| target.as_str()));
    let said = workspace.run(arguments).expect(0).out;
    let blocks: Vec<&str> = said.split("\n\n").collect();
    assert_eq!(blocks.len(), expected.len(), "{said}");
    let missing: Vec<String> = expected
        .iter()
        .zip(blocks)
        .filter(|((reason, _), block)| !names(block, *reason))
        .map(|((reason, target), block)| format!("{reason} of {target} is not in\n{block}"))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Whether a text has a code with its cause and its fix.
fn names(said: &str, reason: Reason) -> bool {
    let code = format!("reason    {} (", reason.code());
    let cause = format!("): {}\n", reason.cause());
    let fix = format!("next      {}", reason.fix());
    [code, cause, fix].iter().all(|words| said.contains(words))
}

/// That a story has reached each of its codes.
#[track_caller]
fn is_all_of(story: Reached, shown: impl IntoIterator<Item = Reason>) {
    let shown: BTreeSet<Reason> = shown.into_iter().collect();
    let all = Reason::ALL.iter().copied();
    let own: BTreeSet<Reason> = all.filter(|reason| reached(*reason) == story).collect();
    assert_eq!(shown, own);
}

/// The codes that nothing reaches yet are few, and each has a reason.
#[test]
fn codes_that_nothing_reaches_are_shown_by_what_has_them() {
    let unreached: Vec<Reason> = Reason::ALL
        .iter()
        .copied()
        .filter(|reason| matches!(reached(*reason), Reached::Nowhere(_)))
        .collect();
    assert_eq!(
        unreached,
        [
            Reason::TypeFolder,
            Reason::FileQuarantined,
            Reason::InspectNotGranted
        ]
    );
    let workspace = Workspace::new();
    std::fs::write(workspace.path("list"), "/\n").unwrap();
    let inspected = workspace.rows(["inspect", "--files-from", "list"]);
    let codes = inspected.iter().map(|row| row["reason"].as_str());
    assert!(
        codes.into_iter().any(|code| code == Some("type.folder")),
        "{inspected:?}"
    );
    let page = std::fs::read_to_string(testdata().join("../docs/reasons.md")).unwrap();
    for reason in unreached {
        for words in [reason.code(), reason.cause(), reason.fix()] {
            assert!(page.contains(words), "{words}");
        }
    }
}
