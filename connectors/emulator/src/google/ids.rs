//! Ids as the service makes them: opaque, and told apart by their first characters only by people.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What an id is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdKind {
    /// A file or a folder.
    File,
    /// A shared drive, which is also its top folder, or the top folder of a My Drive.
    Root,
    /// A revision.
    Revision,
    /// A permission of a person or a group.
    Permission,
    /// A user or a group in the directory.
    Directory,
    /// Anything that is shown to nobody.
    Opaque,
}

/// The id number `number` of its kind; the same in every run.
pub(crate) fn id(kind: IdKind, number: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(b"labeld-emulator google ");
    hash.update([kind as u8]);
    hash.update(number.to_be_bytes());
    let hash = hash.finalize();
    let text = URL_SAFE_NO_PAD.encode(hash);
    let first = |length: usize| text.get(..length).unwrap_or_default();
    match kind {
        IdKind::File => format!("1{}", first(32)),
        IdKind::Root => format!("0A{}Uk9PVA", first(11)),
        IdKind::Revision => format!("0B{}", first(40)),
        IdKind::Permission => digits(&hash, 20),
        IdKind::Directory => format!("1{}", digits(&hash, 20)),
        IdKind::Opaque => first(32).to_owned(),
    }
}

fn digits(hash: &[u8], length: usize) -> String {
    let digits = hash.iter().map(|byte| char::from(b'0' + byte % 10));
    digits.take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_stay() {
        for kind in [
            IdKind::File,
            IdKind::Root,
            IdKind::Revision,
            IdKind::Permission,
        ] {
            assert_eq!(id(kind, 7), id(kind, 7));
            assert_ne!(id(kind, 7), id(kind, 8));
        }
        assert_eq!(id(IdKind::File, 1).len(), 33);
        assert_eq!(id(IdKind::Root, 1).len(), 19);
        assert_eq!(id(IdKind::Directory, 1).len(), 21);
    }
}
