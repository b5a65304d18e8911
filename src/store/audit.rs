//! The audit log: what was decided, done and configured, as a chain of hashes. Entries are added and never changed.
//!
//! The hash of an entry covers the hash before it, so that nothing can be changed, left out or put in without all later
//! hashes being other ones. Whoever can write to the store can still make the whole chain anew: that shows where the
//! [`Head`] of some earlier time is known from elsewhere (docs/audit.md).

mod verify;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use ring::digest::{Context, SHA256};

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::statement::Statement;
use super::value::{FromValue, Row, Value, values};
use crate::model::TenantName;

pub use self::verify::{Finding, Verified, verify};

/// The kind of an entry that another configuration than before is used.
pub const CONFIG_USED: &str = "config.used";

/// What is to be added. No contents of files, no matched text, no secrets: metadata only.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// What happened, in the words of docs/audit.md: [`CONFIG_USED`] for one.
    pub kind: &'static str,
    /// The tenant that it is about; `None` for what concerns all of them.
    pub tenant: Option<&'a TenantName>,
    /// What there is to say of it, a JSON object.
    pub document: serde_json::Value,
}

/// The hash of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryHash(pub [u8; 32]);

impl EntryHash {
    /// What the first entry has before it.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no [`EntryHash`], or no [`Head`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected COUNT:HASH with a hash of 64 hexadecimal digits, as `labeld audit verify` prints it"
)]
pub struct NotAHead;

impl FromStr for EntryHash {
    type Err = NotAHead;

    fn from_str(text: &str) -> std::result::Result<Self, NotAHead> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAHead);
        }
        let mut hash = [0; 32];
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| NotAHead)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAHead)?;
        }
        Ok(Self(hash))
    }
}

impl From<EntryHash> for Value {
    fn from(hash: EntryHash) -> Self {
        Self::Bytes(hash.0.to_vec())
    }
}

impl FromValue for EntryHash {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        let bytes = Vec::<u8>::from_value(value)?;
        match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(hash) => Ok(Self(hash)),
            Err(_) => Err((Value::Bytes(bytes), "32 bytes")),
        }
    }
}

/// The end of the chain: how many entries there are, and the hash of the last. As text `COUNT:HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries, which is the number of the last one.
    pub count: u64,
    /// The last one's hash; [`EntryHash::NONE`] where there is none.
    pub hash: EntryHash,
}

impl Head {
    /// Of a log without entries.
    pub const EMPTY: Self = Self {
        count: 0,
        hash: EntryHash::NONE,
    };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.count, self.hash)
    }
}

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> std::result::Result<Self, NotAHead> {
        let (count, hash) = text.trim().split_once(':').ok_or(NotAHead)?;
        Ok(Self {
            count: count.parse().map_err(|_| NotAHead)?,
            hash: hash.parse()?,
        })
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number; the first is 1.
    pub sequence: u64,
    /// When it was added, by the clock of who did.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: String,
    /// The tenant that it is about.
    pub tenant: Option<String>,
    /// The JSON text that the hash covers.
    pub document: String,
    /// Its hash, as stored.
    pub hash: EntryHash,
}

impl StoredEntry {
    /// The hash that it must have behind an entry of hash `before`. SHA-256 over the encoding that docs/audit.md describes.
    #[must_use]
    pub fn hash_after(&self, before: EntryHash) -> EntryHash {
        let mut context = Context::new(&SHA256);
        context.update(ENCODING);
        context.update(&before.0);
        context.update(&self.sequence.to_be_bytes());
        context.update(&self.at.timestamp_millis().to_be_bytes());
        update_text(&mut context, &self.kind);
        match &self.tenant {
            Some(tenant) => {
                context.update(&[1]);
                update_text(&mut context, tenant);
            }
            None => context.update(&[0]),
        }
        update_text(&mut context, &self.document);
        let digest = context.finish();
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        EntryHash(hash)
    }
}

/// Begins what is hashed, so that another encoding has other hashes.
const ENCODING: &[u8] = b"labeld audit 1\0";

/// With the length before it, so that no two texts run into one another.
fn update_text(context: &mut Context, text: &str) {
    context.update(&(text.len() as u64).to_be_bytes());
    context.update(text.as_bytes());
}

/// Adds an entry. See [`append_all`].
///
/// # Errors
///
/// Those of the store.
pub async fn append(tx: &Tx, entry: &Entry<'_>, now: DateTime<Utc>) -> Result<()> {
    append_all(tx, std::slice::from_ref(entry), now).await
}

/// Adds entries in their order.
///
/// To be called last in the transaction that does what they tell of: from here to its end no other writer can add
/// entries, which is why the chain has no forks.
///
/// # Errors
///
/// Those of the store.
pub async fn append_all(tx: &Tx, entries: &[Entry<'_>], now: DateTime<Utc>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut head = lock(tx).await?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let stored = entry.behind(head, now);
        head = Head {
            count: stored.sequence,
            hash: stored.hash,
        };
        rows.push(values![
            stored.sequence,
            stored.at,
            stored.kind,
            stored.tenant,
            stored.document,
            stored.hash
        ]);
    }
    tx.execute_many(
        "INSERT INTO audit_entry (sequence, at, kind, tenant, document, hash) VALUES ($1, $2, $3, $4, $5, $6)",
        rows,
    )
    .await?;
    tx.execute(
        "UPDATE audit_head SET sequence = $1, hash = $2 WHERE id = 1",
        values![head.count, head.hash],
    )
    .await?;
    Ok(())
}

impl Entry<'_> {
    fn behind(&self, head: Head, now: DateTime<Utc>) -> StoredEntry {
        // What is hashed is what the store gives back: milliseconds, and no NUL.
        let at = DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now);
        let mut entry = StoredEntry {
            sequence: head.count + 1,
            at,
            kind: self.kind.to_owned(),
            tenant: self.tenant.map(|name| name.0.replace('\0', "\u{fffd}")),
            document: self.document.to_string(),
            hash: EntryHash::NONE,
        };
        entry.hash = entry.hash_after(head.hash);
        entry
    }
}

/// Locks the head until the end of the transaction.
async fn lock(tx: &Tx) -> Result<Head> {
    static LOCKED: Statement =
        Statement::new("SELECT sequence, hash FROM audit_head WHERE id = 1 {locked}");
    let locked = async || first_head(tx.query(LOCKED.text(tx.dialect()), Vec::new()).await?);
    if let Some(head) = locked().await? {
        return Ok(head);
    }
    tx.execute(
        "INSERT INTO audit_head (id, sequence, hash) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING",
        values![Head::EMPTY.count, Head::EMPTY.hash],
    )
    .await?;
    locked()
        .await?
        .ok_or_else(|| StoreError::content("the audit head that was just stored is not there"))
}

fn first_head(rows: Vec<Row>) -> Result<Option<Head>> {
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(Head {
        count: row.take()?,
        hash: row.take()?,
    }))
}

/// The end of the chain, as the store has noted it.
///
/// # Errors
///
/// Those of the store.
pub async fn head(source: &impl Source) -> Result<Head> {
    let rows = source
        .query(
            "SELECT sequence, hash FROM audit_head WHERE id = 1",
            Vec::new(),
        )
        .await?;
    Ok(first_head(rows)?.unwrap_or(Head::EMPTY))
}

const COLUMNS: &str = "SELECT sequence, at, kind, tenant, document, hash FROM audit_entry";

/// The next entries behind number `after`, in their order.
///
/// # Errors
///
/// Those of the store.
pub async fn page(source: &impl Source, after: u64, limit: u32) -> Result<Vec<StoredEntry>> {
    let rows = source
        .query(
            format!("{COLUMNS} WHERE sequence > $1 ORDER BY sequence LIMIT $2"),
            values![after, limit],
        )
        .await?;
    rows.into_iter().map(read).collect()
}

/// The newest entry of the kind [`CONFIG_USED`].
///
/// # Errors
///
/// Those of the store.
pub async fn newest_config(source: &impl Source) -> Result<Option<StoredEntry>> {
    // The kind stands in the text, so that the index for it serves.
    let rows = source
        .query(
            format!("{COLUMNS} WHERE kind = '{CONFIG_USED}' ORDER BY sequence DESC LIMIT 1"),
            Vec::new(),
        )
        .await?;
    rows.into_iter().next().map(read).transpose()
}

fn read(mut row: Row) -> Result<StoredEntry> {
    Ok(StoredEntry {
        sequence: row.take()?,
        at: row.take()?,
        kind: row.take()?,
        tenant: row.take()?,
        document: row.take()?,
        hash: row.take()?,
    })
}

#[cfg(test)]
mod tests;
