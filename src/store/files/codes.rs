//! The numbers that stand for kinds, barriers and exposures in the table `file`. None is ever given another meaning.

use labeld_connector::{Barrier, Exposure, FileKind};

use crate::store::error::{Result, StoreError};

const KINDS: &[(i64, FileKind)] = &[
    (0, FileKind::File),
    (1, FileKind::Shortcut),
    (2, FileKind::Native),
    (3, FileKind::Package),
    (4, FileKind::Special),
];

const BARRIERS: &[(i64, Option<Barrier>)] = &[
    (0, None),
    (1, Some(Barrier::Denied)),
    (2, Some(Barrier::ExternalOwner)),
    (3, Some(Barrier::NotCovered)),
    (4, Some(Barrier::Trashed)),
    (5, Some(Barrier::Malware)),
    (6, Some(Barrier::ClientEncrypted)),
];

/// Unknown is null.
const EXPOSURES: &[(Option<i64>, Exposure)] = &[
    (None, Exposure::Unknown),
    (Some(0), Exposure::Private),
    (Some(1), Exposure::Internal),
    (Some(2), Exposure::External),
    (Some(3), Exposure::Public),
];

pub(super) fn kind_code(kind: FileKind) -> i64 {
    match kind {
        FileKind::File => 0,
        FileKind::Shortcut => 1,
        FileKind::Native => 2,
        FileKind::Package => 3,
        FileKind::Special => 4,
    }
}

pub(super) fn kind_of(code: i64) -> Result<FileKind> {
    meaning(KINDS, &code, "kind of file")
}

pub(super) fn barrier_code(barrier: Option<Barrier>) -> i64 {
    match barrier {
        None => 0,
        Some(Barrier::Denied) => 1,
        Some(Barrier::ExternalOwner) => 2,
        Some(Barrier::NotCovered) => 3,
        Some(Barrier::Trashed) => 4,
        Some(Barrier::Malware) => 5,
        Some(Barrier::ClientEncrypted) => 6,
    }
}

pub(super) fn barrier_of(code: i64) -> Result<Option<Barrier>> {
    meaning(BARRIERS, &code, "barrier")
}

pub(super) fn exposure_code(exposure: Exposure) -> Option<i64> {
    match exposure {
        Exposure::Unknown => None,
        Exposure::Private => Some(0),
        Exposure::Internal => Some(1),
        Exposure::External => Some(2),
        Exposure::Public => Some(3),
    }
}

pub(super) fn exposure_of(code: Option<i64>) -> Result<Exposure> {
    meaning(EXPOSURES, &code, "exposure")
}

fn meaning<C: PartialEq + std::fmt::Debug, T: Copy>(
    table: &[(C, T)],
    code: &C,
    what: &str,
) -> Result<T> {
    let row = table.iter().find(|(known, _)| known == code);
    row.map(|(_, meaning)| *meaning)
        .ok_or_else(|| StoreError::content(format!("{code:?} stands for no {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_comes_back() {
        for (code, kind) in KINDS {
            assert_eq!(kind_code(*kind), *code);
            assert_eq!(kind_of(*code).unwrap(), *kind);
        }
        for (code, barrier) in BARRIERS {
            assert_eq!(barrier_code(*barrier), *code);
            assert_eq!(barrier_of(*code).unwrap(), *barrier);
        }
        for (code, exposure) in EXPOSURES {
            assert_eq!(exposure_code(*exposure), *code);
            assert_eq!(exposure_of(*code).unwrap(), *exposure);
        }
        assert!(kind_of(99).is_err() && barrier_of(99).is_err() && exposure_of(Some(99)).is_err());
    }
}
