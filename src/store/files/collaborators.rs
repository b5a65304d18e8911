//! Lists of addresses that files are shared with by name. Each is stored once.

use std::collections::BTreeMap;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use crate::store::db::Tx;
use crate::store::error::{Result, StoreError};
use crate::store::value::{Value, values};

/// A list as it is stored: what it is found by, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredList {
    digest: Vec<u8>,
    text: String,
}

impl StoredList {
    /// `None` is the list of what an app was asked for and cannot tell.
    pub(super) fn of(addresses: Option<&[String]>) -> Self {
        let text = serde_json::Value::from(addresses.map(<[String]>::to_vec)).to_string();
        let digest = digest(&SHA256, text.as_bytes()).as_ref().to_vec();
        Self { digest, text }
    }

    /// The parameter that the list's row is found by.
    pub(super) fn key(&self) -> Value {
        Value::Bytes(self.digest.clone())
    }
}

/// Makes sure that each of the lists has a row, always in the same order, so that two workers cannot wait for each other.
pub(super) async fn intern_lists<'a>(
    tx: &Tx,
    lists: impl IntoIterator<Item = &'a StoredList>,
) -> Result<()> {
    let lists: BTreeMap<&[u8], &str> = lists
        .into_iter()
        .map(|list| (list.digest.as_slice(), list.text.as_str()))
        .collect();
    let rows = lists
        .into_iter()
        .map(|(digest, text)| values![Value::Bytes(digest.to_vec()), text]);
    tx.execute_many(
        "INSERT INTO collaborator_list (digest, addresses) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
        rows.collect(),
    )
    .await?;
    Ok(())
}

/// The addresses of a stored list; `None` where there is none, or the app cannot tell.
pub(super) fn collaborators_of(text: Option<String>) -> Result<Option<Arc<[String]>>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let addresses: Option<Vec<String>> =
        serde_json::from_str(&text).map_err(|error| StoreError::Content {
            what: "a list of whom a file is shared with is not JSON".to_owned(),
            source: Some(error.into()),
        })?;
    Ok(addresses.map(Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_were_stored() {
        let pat = ["pat@partner.example".to_owned()];
        for addresses in [None, Some(&[][..]), Some(&pat[..])] {
            let text = StoredList::of(addresses).text;
            let read = collaborators_of(Some(text)).unwrap();
            assert_eq!(read.as_deref(), addresses);
        }
        assert_ne!(StoredList::of(None), StoredList::of(Some(&[])));
        assert_eq!(collaborators_of(None).unwrap(), None);
        assert!(collaborators_of(Some("[".to_owned())).is_err());
    }
}
