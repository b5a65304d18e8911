//! What drive and item ids hold (reference/microsoft-graph.md §3.3).
//!
//! Microsoft does not document their form, so everything here gives `None` where an id is of another one,
//! and callers then ask the service.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

/// Bytes of a GUID.
const GUID: usize = 16;

/// The list, web and site collection that a drive belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DriveParts {
    pub(crate) site: Uuid,
    pub(crate) web: Uuid,
    pub(crate) list: Uuid,
}

impl DriveParts {
    /// Reads a drive id: `b!` and 48 bytes.
    pub(crate) fn of(drive: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(drive.strip_prefix("b!")?).ok()?;
        let (guids, rest) = bytes.as_chunks::<GUID>();
        match guids {
            [site, web, list] if rest.is_empty() => Some(Self {
                site: Uuid::from_bytes_le(*site),
                web: Uuid::from_bytes_le(*web),
                list: Uuid::from_bytes_le(*list),
            }),
            _ => None,
        }
    }

    /// The unique id of a file or folder in this drive's web: `01` and 20 bytes, of which the first four
    /// depend on site and web and so show that the id is of the form that is known.
    pub(crate) fn unique_id(&self, item: &str) -> Option<Uuid> {
        let bytes = BASE32_NOPAD
            .decode(item.strip_prefix("01")?.as_bytes())
            .ok()?;
        let (mark, unique) = bytes.split_first_chunk::<4>()?;
        if *mark != self.item_mark() {
            return None;
        }
        Some(Uuid::from_bytes_le(unique.try_into().ok()?))
    }

    /// The first four bytes of every item id of this web.
    fn item_mark(&self) -> [u8; 4] {
        let mut hashed = [0; 2 * GUID];
        let (site, web) = hashed.split_at_mut(GUID);
        site.copy_from_slice(&self.site.to_bytes_le());
        web.copy_from_slice(&self.web.to_bytes_le());
        let mut mark = [0; 4];
        for (to, from) in mark.iter_mut().rev().zip(digest(&SHA256, &hashed).as_ref()) {
            *to = *from;
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRIVE: &str = "b!Cn8dTiybWU-Kdx9vCzwtENTGorg_XgtKnB0uf2pbTD2rT0aZQh1oR7u3n9p0c5xK";

    #[test]
    fn a_drive_id_holds_its_list() {
        let parts = DriveParts::of(DRIVE).unwrap();
        assert_eq!(
            [parts.site, parts.web, parts.list].map(|id| id.to_string()),
            [
                "4e1d7f0a-9b2c-4f59-8a77-1f6f0b3c2d10",
                "b8a2c6d4-5e3f-4a0b-9c1d-2e7f6a5b4c3d",
                "99464fab-1d42-4768-bbb7-9fda74739c4a"
            ]
        );
    }

    #[test]
    fn an_item_id_holds_its_unique_id() {
        let parts = DriveParts::of(DRIVE).unwrap();
        for (item, unique) in [
            (
                "01RNGHWXIRPYGF3M5CJVGI4X3AOGBJHJFV",
                Some("5d0c7e11-a2b3-4c4d-8e5f-60718293a4b5"),
            ),
            (
                "01RNGHWXN6Y2GOVW7725BZO354PWSELRRZ",
                Some("ea8cc6be-ffdb-43d7-976f-bc7da445c639"),
            ),
            // Of another web.
            ("01AAAAAAIRPYGF3M5CJVGI4X3AOGBJHJFV", None),
            ("01RNGHWXIRPYGF3M5CJVGI4X3AOGBJHJF", None),
            ("01rnghwxirpygf3m5cjvgi4x3aogbjhjfv", None),
            ("02RNGHWXIRPYGF3M5CJVGI4X3AOGBJHJFV", None),
            ("01", None),
            ("", None),
        ] {
            let found = parts.unique_id(item).map(|id| id.to_string());
            assert_eq!(found.as_deref(), unique, "{item}");
        }
    }

    #[test]
    fn an_id_of_another_form_says_nothing() {
        for drive in ["", "b!", "b!AAAA", "a consumer's drive", &DRIVE[2..]] {
            assert_eq!(DriveParts::of(drive), None, "{drive}");
        }
    }
}
