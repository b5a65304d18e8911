//! Whom a file is shared with by name.

use std::collections::BTreeSet;
use std::fmt;

/// Gathers the addresses that a file is shared with by name, from all that an app tells about its access.
///
/// Nobody is left out without a word: once somebody's address is not told, or there are more than [`MOST`](Self::MOST)
/// addresses or more than [`MOST_BYTES`](Self::MOST_BYTES) of them, the list is not known.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Collaborators {
    addresses: BTreeSet<String>,
    bytes: usize,
    is_incomplete: bool,
}

impl Collaborators {
    /// Most addresses of one file.
    pub const MOST: usize = 500;

    /// Most bytes that the addresses of one file have together.
    pub const MOST_BYTES: usize = 32 * 1024;

    /// Adds a mail address of a person or a group. What is none says as little as no address at all.
    pub fn add(&mut self, address: &str) {
        match address.trim().rsplit_once('@') {
            Some((name, domain)) if !name.is_empty() && !domain.is_empty() => {
                self.insert(address.trim().to_lowercase());
            }
            _ => self.cannot_tell(),
        }
    }

    /// Somebody has access of whom no address is told.
    pub fn cannot_tell(&mut self) {
        self.is_incomplete = true;
        self.addresses.clear();
        self.bytes = 0;
    }

    /// Adds all that `other` has.
    pub fn add_all(&mut self, other: &Self) {
        if other.is_incomplete {
            self.cannot_tell();
        }
        for address in &other.addresses {
            self.insert(address.clone());
        }
    }

    /// Bytes of the addresses.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The addresses without the owner's, in lower case, each once, in the order of the alphabet; `None` where not all are
    /// known.
    #[must_use]
    pub fn without(self, owner: Option<&str>) -> Option<Vec<String>> {
        let owner = owner.map(str::to_lowercase);
        let is_other = |address: &String| Some(address) != owner.as_ref();
        (!self.is_incomplete).then(|| self.addresses.into_iter().filter(is_other).collect())
    }

    fn insert(&mut self, address: String) {
        if self.is_incomplete {
            return;
        }
        let bytes = address.len();
        if self.addresses.insert(address) {
            self.bytes += bytes;
        }
        if self.addresses.len() > Self::MOST || self.bytes > Self::MOST_BYTES {
            self.cannot_tell();
        }
    }
}

/// Addresses are personal data, and what is shown for debugging ends up in logs.
impl fmt::Debug for Collaborators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collaborators")
            .field("addresses", &self.addresses.len())
            .field("is_incomplete", &self.is_incomplete)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(addresses: &[&str]) -> Collaborators {
        let mut all = Collaborators::default();
        for address in addresses {
            all.add(address);
        }
        all
    }

    #[test]
    fn addresses_are_sorted_and_each_is_there_once() {
        let table: &[(&[&str], Option<&[&str]>)] = &[
            (&[], Some(&[])),
            (&["Pat@Partner.example"], Some(&["pat@partner.example"])),
            (
                &["pat@b.example", "noor@a.example", " PAT@b.example"],
                Some(&["noor@a.example", "pat@b.example"]),
            ),
            (&["Mina@alder.example"], Some(&[])),
            (&["pat@b.example", "everybody"], None),
            (&["everybody", "pat@b.example"], None),
            (&["@b.example"], None),
            (&["pat@"], None),
            (&[""], None),
        ];
        for (addresses, expected) in table {
            let expected = expected.map(|list| list.iter().map(ToString::to_string).collect());
            let told = gathered(addresses).without(Some("mina@Alder.example"));
            assert_eq!(told, expected, "{addresses:?}");
        }
    }

    #[test]
    fn more_than_the_bounds_is_not_known() {
        let name = |number: usize| format!("{number}@partner.example");
        for (count, length, is_known) in [
            (Collaborators::MOST, 0, true),
            (Collaborators::MOST + 1, 0, false),
            (1, Collaborators::MOST_BYTES, true),
            (1, Collaborators::MOST_BYTES + 1, false),
        ] {
            let mut all = Collaborators::default();
            for number in 0..count {
                all.add(&format!("{:0>length$}", name(number)));
            }
            assert_eq!(all.without(None).is_some(), is_known, "{count}, {length}");
        }
    }

    #[test]
    fn what_is_unknown_of_a_part_is_unknown_of_all() {
        for (one, other, expected) in [
            (vec!["a@x.example"], vec!["b@x.example"], Some(2)),
            (vec!["a@x.example"], vec!["a@x.example"], Some(1)),
            (vec!["a@x.example"], vec!["?"], None),
            (vec!["?"], vec!["a@x.example"], None),
        ] {
            let mut all = gathered(&one);
            all.add_all(&gathered(&other));
            let told = all.without(None).map(|list| list.len());
            assert_eq!(told, expected, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn no_address_is_shown_for_debugging() {
        let shown = format!("{:?}", gathered(&["pat@partner.example"]));
        assert!(!shown.contains("partner"), "{shown}");
    }
}
