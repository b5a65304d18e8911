//! Drive and item ids, made as the service makes them (reference/microsoft-graph.md §3.3), so that a client
//! that takes them apart finds the list and the file it expects.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::{BASE32_NOPAD, Specification};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use uuid::Uuid;

/// The unique id of the root folder of every library.
pub(crate) const ROOT_FOLDER: Uuid = Uuid::from_u128(0xea8c_c6be_ffdb_43d7_976f_bc7d_a445_c639);

/// The first two characters of every item id of a business drive.
const ITEM_PREFIX: &str = "01";

/// RFC 4648 without padding that also takes ids whose unused bits are not zero; comparing with the id that
/// belongs to the bytes refuses those afterwards.
static LENIENT_BASE32: LazyLock<data_encoding::Encoding> = LazyLock::new(|| {
    let mut specification: Specification = BASE32_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or(BASE32_NOPAD)
});

/// The GUIDs a drive id is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DriveKey {
    /// The site collection.
    pub(crate) site: Uuid,
    /// The site within the collection.
    pub(crate) web: Uuid,
    /// The library.
    pub(crate) list: Uuid,
}

impl DriveKey {
    /// The id of the drive: 48 bytes in the byte order of COM, in base64url, after `b!`.
    pub(crate) fn drive_id(&self) -> String {
        let mut bytes = Vec::with_capacity(48);
        for id in [self.site, self.web, self.list] {
            bytes.extend_from_slice(&id.to_bytes_le());
        }
        format!("b!{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Takes a drive id apart; `None` when it is none.
    pub(crate) fn parse(drive_id: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(drive_id.strip_prefix("b!")?)
            .ok()
            .filter(|bytes| bytes.len() == 48)?;
        let id = |at: usize| Uuid::from_slice_le(&bytes[at..at + 16]).ok();
        Some(Self {
            site: id(0)?,
            web: id(16)?,
            list: id(32)?,
        })
    }

    /// The four bytes that the item ids of this site begin with.
    fn item_head(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.site.to_bytes_le());
        hash.update(self.web.to_bytes_le());
        let hash = hash.finalize();
        [hash[3], hash[2], hash[1], hash[0]]
    }

    /// The id of an item of this drive: 20 bytes in base32, after `01`.
    pub(crate) fn item_id(&self, unique_id: Uuid) -> String {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&self.item_head());
        bytes[4..].copy_from_slice(&unique_id.to_bytes_le());
        let mut id = String::with_capacity(34);
        id.push_str(ITEM_PREFIX);
        BASE32_NOPAD.encode_append(&bytes, &mut id);
        id
    }

    /// The unique id within an item id, when it is one of this drive's site.
    pub(crate) fn unique_id(&self, item_id: &str) -> Option<Uuid> {
        let bytes = LENIENT_BASE32
            .decode(item_id.strip_prefix(ITEM_PREFIX)?.as_bytes())
            .ok()
            .filter(|bytes| bytes.len() == 20)?;
        let unique_id = Uuid::from_slice_le(&bytes[4..]).ok()?;
        (self.item_id(unique_id) == item_id).then_some(unique_id)
    }
}

/// An entity tag: it moves with every change of the item. The quotes are part of the value.
pub(crate) fn e_tag(unique_id: Uuid, count: u32) -> String {
    format!("\"{{{}}},{count}\"", braced(unique_id))
}

/// A content tag: documented to move with the content only.
pub(crate) fn c_tag(unique_id: Uuid, count: u32) -> String {
    format!("\"c:{{{}}},{count}\"", braced(unique_id))
}

fn braced(unique_id: Uuid) -> String {
    unique_id.hyphenated().to_string().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRIVE: &str = "b!Cn8dTiybWU-Kdx9vCzwtENTGorg_XgtKnB0uf2pbTD2rT0aZQh1oR7u3n9p0c5xK";

    fn uuid(text: &str) -> Uuid {
        text.parse().unwrap()
    }

    fn key() -> DriveKey {
        DriveKey {
            site: uuid("4e1d7f0a-9b2c-4f59-8a77-1f6f0b3c2d10"),
            web: uuid("b8a2c6d4-5e3f-4a0b-9c1d-2e7f6a5b4c3d"),
            list: uuid("99464fab-1d42-4768-bbb7-9fda74739c4a"),
        }
    }

    #[test]
    fn ids_are_those_of_the_reference() {
        assert_eq!(key().drive_id(), DRIVE);
        assert_eq!(DriveKey::parse(DRIVE), Some(key()));
        let table = [
            (
                "5d0c7e11-a2b3-4c4d-8e5f-60718293a4b5",
                "01RNGHWXIRPYGF3M5CJVGI4X3AOGBJHJFV",
            ),
            (
                "ea8cc6be-ffdb-43d7-976f-bc7da445c639",
                "01RNGHWXN6Y2GOVW7725BZO354PWSELRRZ",
            ),
            (
                "0f0e0d0c-0b0a-4908-8706-050403020100",
                "01RNGHWXIMBUHA6CQLBBEYOBQFAQBQEAIA",
            ),
        ];
        for (unique_id, item_id) in table {
            assert_eq!(key().item_id(uuid(unique_id)), item_id);
            assert_eq!(key().unique_id(item_id), Some(uuid(unique_id)));
        }
    }

    #[test]
    fn what_is_no_id_of_the_drive_is_refused() {
        for drive in ["", "b!", "b!AAAA", &DRIVE[2..], &DRIVE.to_lowercase()[..65]] {
            assert_eq!(DriveKey::parse(drive), None, "{drive}");
        }
        let table = [
            "",
            "01",
            "01rnghwxirpygf3m5cjvgi4x3aogbjhjfv",
            "02RNGHWXIRPYGF3M5CJVGI4X3AOGBJHJFV",
            "01RNGHWXIRPYGF3M5CJVGI4X3AOGBJHJF",
            "01SNGHWXIRPYGF3M5CJVGI4X3AOGBJHJFV",
        ];
        for item in table {
            assert_eq!(key().unique_id(item), None, "{item}");
        }
    }
}
