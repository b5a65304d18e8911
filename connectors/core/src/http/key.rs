//! Private keys as operators have them.

use std::fmt;
use std::sync::Arc;

use pkcs8::der::Decode;
use pkcs8::der::zeroize::Zeroizing;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use ring::rsa::KeyPair;

use super::pem::{self, Block};
use super::secret::Secret;

/// `rsaEncryption` (RFC 8017).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing in the file is a private key.
    #[error(
        "cannot read the private key: no PEM block with a private key found{}",
        found(others)
    )]
    NoKey {
        /// Labels of the blocks that were found.
        others: Vec<String>,
    },
    /// The block is damaged.
    #[error("cannot read the private key: the block {label:?} is damaged")]
    Damaged {
        /// Label of the block.
        label: String,
    },
    /// An encrypted key without a passphrase.
    #[error("cannot read the private key: it is encrypted and no passphrase is given")]
    PassphraseMissing,
    /// The passphrase does not open the key.
    #[error("cannot read the private key: wrong passphrase")]
    WrongPassphrase,
    /// An encryption that is not supported.
    #[error(
        "cannot read the private key: its encryption is not supported; convert it with \
         `openssl pkcs8 -topk8 -v2 aes-256-cbc -in old.pem -out new.pem`"
    )]
    Encryption,
    /// A key of another kind.
    #[error("cannot use the private key: it is not an RSA key")]
    NotRsa,
    /// Fewer than 2048 bits.
    #[error("cannot use the private key: it has fewer than 2048 bits")]
    TooSmall,
    /// The numbers in the key do not make a key.
    #[error("cannot use the private key: {why}")]
    Unusable {
        /// What the cryptography library says.
        why: String,
    },
}

fn found(labels: &[String]) -> String {
    match labels {
        [] => String::new(),
        labels => format!(" (only {})", labels.join(", ")),
    }
}

/// An RSA key that signs. Copies share one key; `Debug` does not show it.
#[derive(Clone)]
pub struct SigningKey(Arc<KeyPair>);

impl SigningKey {
    /// The first private key of a PEM file: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`), or
    /// encrypted PKCS#8 (`ENCRYPTED PRIVATE KEY`) in PBES2 with AES or with triple DES, as Box's console
    /// makes them (box.md §1.3). The passphrase is ignored for a key that is not encrypted.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_pem(pem: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        let blocks = pem::blocks(pem);
        let Some(block) = blocks
            .iter()
            .find(|block| block.label.ends_with("PRIVATE KEY"))
        else {
            let others = blocks.into_iter().map(|block| block.label).collect();
            return Err(KeyError::NoKey { others });
        };
        if block.old_encryption {
            return Err(KeyError::Encryption);
        }
        let der = block.der.as_ref().ok_or_else(|| damaged(block))?;
        match block.label.as_str() {
            "PRIVATE KEY" => from_pkcs8(der).ok_or_else(|| damaged(block))?,
            "RSA PRIVATE KEY" => usable(KeyPair::from_der(der)),
            "ENCRYPTED PRIVATE KEY" => {
                let encrypted = EncryptedPrivateKeyInfoRef::from_der(der);
                let encrypted = encrypted.map_err(|_| KeyError::Encryption)?;
                let passphrase = passphrase.ok_or(KeyError::PassphraseMissing)?;
                from_pkcs8(&decrypted(&encrypted, passphrase)?).ok_or(KeyError::WrongPassphrase)?
            }
            _ => Err(KeyError::NotRsa),
        }
    }

    /// The key itself.
    pub(super) fn pair(&self) -> &KeyPair {
        &self.0
    }

    /// The public half as `RSAPublicKey` (RFC 8017), as it stands in a certificate.
    pub(super) fn public_der(&self) -> &[u8] {
        self.0.public().as_ref()
    }
}

fn decrypted(
    encrypted: &EncryptedPrivateKeyInfoRef<'_>,
    passphrase: &Secret,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let document = encrypted
        .decrypt(passphrase.expose())
        .map_err(|cause| match cause {
            pkcs8::Error::EncryptedPrivateKey(
                pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }
                | pkcs8::pkcs5::Error::NoPbes1CryptSupport,
            ) => KeyError::Encryption,
            // Also what looks decrypted and is not a key: the padding is right by chance once in 256
            // times.
            _ => KeyError::WrongPassphrase,
        })?;
    Ok(Zeroizing::new(document.as_bytes().to_vec()))
}

/// `None` when it is not PKCS#8 at all.
fn from_pkcs8(der: &[u8]) -> Option<Result<SigningKey, KeyError>> {
    let info = PrivateKeyInfoRef::from_der(der).ok()?;
    if info.algorithm.oid != RSA {
        return Some(Err(KeyError::NotRsa));
    }
    Some(usable(KeyPair::from_pkcs8(der)))
}

fn usable(pair: Result<KeyPair, ring::error::KeyRejected>) -> Result<SigningKey, KeyError> {
    match pair {
        Ok(pair) => Ok(SigningKey(Arc::new(pair))),
        Err(cause) => Err(match cause.to_string().as_str() {
            "TooSmall" => KeyError::TooSmall,
            "WrongAlgorithm" => KeyError::NotRsa,
            why => KeyError::Unusable {
                why: why.to_owned(),
            },
        }),
    }
}

fn damaged(block: &Block) -> KeyError {
    KeyError::Damaged {
        label: block.label.clone(),
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.public().modulus_len() * 8;
        write!(f, "SigningKey(RSA, {bits} bits)")
    }
}
