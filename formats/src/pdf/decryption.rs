//! Undoing the standard security handler's encryption with the empty user password (ISO 32000-2, 7.6;
//! the older revisions as in ISO 32000-1).

use std::borrow::Cow;

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit, StreamCipher};
use md5::{Digest, Md5};
use sha2::{Sha256, Sha384, Sha512};

use crate::pdf::object::ObjectId;

/// What stands in for a password, or fills one up (ISO 32000-1, 7.6.3.3).
const PADDING: [u8; 32] = [
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
    0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
];
const BLOCK: usize = 16;

/// How strings or streams are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Identity,
    Rc4,
    Aes128,
    Aes256,
}

/// The file key and what is encrypted with it.
#[derive(Debug, Clone)]
pub(super) struct Decryption {
    pub(super) key: Vec<u8>,
    pub(super) strings: Method,
    pub(super) streams: Method,
    /// Named crypt filters, for streams that ask for another than the usual one.
    pub(super) filters: Vec<(Vec<u8>, Method)>,
    pub(super) encrypt_metadata: bool,
}

impl Decryption {
    /// A string of the indirect object `id`.
    pub(super) fn string(&self, id: ObjectId, bytes: &[u8]) -> Vec<u8> {
        self.decrypt(self.strings, id, Cow::Borrowed(bytes))
            .into_owned()
    }

    /// The data of the stream `id`, whose own crypt filter is `named`.
    pub(super) fn stream<'b>(
        &self,
        id: ObjectId,
        named: Option<&[u8]>,
        is_metadata: bool,
        data: Cow<'b, [u8]>,
    ) -> Cow<'b, [u8]> {
        let method = match named {
            Some(name) => self
                .filters
                .iter()
                .find(|(known, _)| known == name)
                .map_or(Method::Identity, |(_, method)| *method),
            None if is_metadata && !self.encrypt_metadata => Method::Identity,
            None => self.streams,
        };
        self.decrypt(method, id, data)
    }

    fn decrypt<'b>(&self, method: Method, id: ObjectId, data: Cow<'b, [u8]>) -> Cow<'b, [u8]> {
        match method {
            Method::Identity => data,
            Method::Rc4 => Cow::Owned(rc4(&self.object_key(id, b""), &data)),
            Method::Aes128 => Cow::Owned(unpadded(aes_128(&self.object_key(id, b"sAlT"), &data))),
            Method::Aes256 => Cow::Owned(unpadded(aes_256(&self.key, &data))),
        }
    }

    /// Algorithm 1: the file key mixed with the object's number.
    fn object_key(&self, id: ObjectId, salt: &[u8]) -> Vec<u8> {
        let mut hash = Md5::new();
        hash.update(&self.key);
        hash.update(id.number.to_le_bytes().get(..3).unwrap_or_default());
        hash.update(id.generation.to_le_bytes().get(..2).unwrap_or_default());
        hash.update(salt);
        let mut key = hash.finalize().to_vec();
        key.truncate((self.key.len() + 5).min(BLOCK));
        key
    }
}

/// What the encryption dictionary says, as far as the key depends on it.
pub(super) struct KeyMaterial<'b> {
    pub(super) revision: u8,
    /// Length of the file key in bytes.
    pub(super) key_length: usize,
    pub(super) owner: &'b [u8],
    pub(super) user: &'b [u8],
    /// `UE` and `OE`: the file key as the passwords of revisions 5 and 6 encrypt it.
    pub(super) user_key: &'b [u8],
    pub(super) owner_key: &'b [u8],
    pub(super) permissions: i64,
    pub(super) first_id: &'b [u8],
    pub(super) encrypt_metadata: bool,
}

impl KeyMaterial<'_> {
    /// The file key, if the empty password opens the file: as the user's, or, as viewers try too, as the
    /// owner's.
    pub(super) fn open_with_empty_password(&self) -> Option<Vec<u8>> {
        match self.revision {
            2..=4 => self
                .open_with_padded(&PADDING)
                .or_else(|| self.open_with_padded(&self.user_password_for_empty_owner()?)),
            5 | 6 => self
                .open_with_salts(self.user, self.user_key, b"")
                .or_else(|| self.open_with_salts(self.owner, self.owner_key, self.user.get(..48)?)),
            _ => None,
        }
    }

    /// Algorithms 2 and 6, for a user password that is filled up already.
    fn open_with_padded(&self, password: &[u8]) -> Option<Vec<u8>> {
        let mut hash = Md5::new();
        hash.update(password);
        hash.update(self.owner.get(..32)?);
        hash.update((self.permissions as u32).to_le_bytes());
        hash.update(self.first_id);
        if self.revision >= 4 && !self.encrypt_metadata {
            hash.update([0xFF; 4]);
        }
        let key = self.strengthened(hash.finalize().to_vec());
        let proven = match self.revision {
            2 => self.user.get(..32)? == rc4(&key, &PADDING),
            _ => self.user.get(..16)? == self.check_value(&key),
        };
        proven.then_some(key)
    }

    /// Algorithm 7: the user password that the owner's, when empty, gives away.
    fn user_password_for_empty_owner(&self) -> Option<Vec<u8>> {
        let key = self.strengthened(Md5::digest(PADDING).to_vec());
        let rounds = if self.revision == 2 { 1 } else { 20u8 };
        let mut password = self.owner.get(..32)?.to_vec();
        for round in (0..rounds).rev() {
            password = rc4(&key_of_round(&key, round), &password);
        }
        Some(password)
    }

    /// Later revisions hash 50 times more; a key is as long as the dictionary says.
    fn strengthened(&self, mut key: Vec<u8>) -> Vec<u8> {
        if self.revision >= 3 {
            for _ in 0..50 {
                key = Md5::digest(key.get(..self.key_length).unwrap_or(&key)).to_vec();
            }
        }
        key.truncate(self.key_length);
        key
    }

    /// Algorithm 5: what `U` begins with when `key` is right.
    fn check_value(&self, key: &[u8]) -> Vec<u8> {
        let mut hash = Md5::new();
        hash.update(PADDING);
        hash.update(self.first_id);
        let mut value = hash.finalize().to_vec();
        for round in 0..20u8 {
            value = rc4(&key_of_round(key, round), &value);
        }
        value
    }

    /// Algorithms 2.A, 11 and 12: `proof` is hash, validation salt and key salt; `packed` is the file key
    /// as the password's hash encrypts it; `bound_to` is the user's proof where the owner's is tried.
    fn open_with_salts(&self, proof: &[u8], packed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
        let hash = |salt: &[u8]| match self.revision {
            6 => hardened_hash(salt, bound_to),
            _ => Sha256::new()
                .chain_update(salt)
                .chain_update(bound_to)
                .finalize()
                .into(),
        };
        if hash(proof.get(32..40)?) != *proof.get(..32)? {
            return None;
        }
        let key: [u8; 32] = hash(proof.get(40..48)?);
        // There is no padding, and the initialization vector is zero.
        aes_256(&key, &[&[0; BLOCK], packed.get(..32)?].concat())
    }
}

/// The key of one of the 20 rounds of algorithms 5 and 7.
fn key_of_round(key: &[u8], round: u8) -> Vec<u8> {
    key.iter().map(|byte| byte ^ round).collect()
}

/// Algorithm 2.B for the empty password.
fn hardened_hash(salt: &[u8], bound_to: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new()
        .chain_update(salt)
        .chain_update(bound_to)
        .finalize()
        .to_vec();
    let mut round = 0;
    loop {
        let mut block = [&hash, bound_to].concat().repeat(64);
        if let (Some(key), Some(vector)) = (hash.first_chunk::<16>(), hash.get(16..32)) {
            let length = block.len();
            // The length is a multiple of the block's, and key and vector are of theirs.
            let _ = cbc::Encryptor::<aes::Aes128>::new_from_slices(key, vector).map(|cipher| {
                cipher
                    .encrypt_padded::<NoPadding>(&mut block, length)
                    .is_ok()
            });
        }
        // 256 is 1 modulo 3, so the first 16 bytes as a number are their sum modulo 3.
        let sum: u32 = block.iter().take(BLOCK).map(|byte| u32::from(*byte)).sum();
        hash = match sum % 3 {
            0 => Sha256::digest(&block).to_vec(),
            1 => Sha384::digest(&block).to_vec(),
            _ => Sha512::digest(&block).to_vec(),
        };
        round += 1;
        let last = u32::from(block.last().copied().unwrap_or(0));
        if round >= 64 && last + 32 <= round {
            break;
        }
    }
    hash.first_chunk().copied().unwrap_or_default()
}

fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    if let Ok(mut cipher) = rc4::Rc4::new_from_slice(key) {
        cipher.apply_keystream(&mut data);
    }
    data
}

/// AES-CBC whose first block is the initialization vector; the padding is still there. `None` for a
/// key of another length or data that is not even a vector.
fn aes_128(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let (vector, mut blocks) = vector_and_blocks(data)?;
    let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(key, vector).ok()?;
    cipher.decrypt_padded::<NoPadding>(&mut blocks).ok()?;
    Some(blocks)
}

/// As [`aes_128`], with a longer key.
fn aes_256(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let (vector, mut blocks) = vector_and_blocks(data)?;
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, vector).ok()?;
    cipher.decrypt_padded::<NoPadding>(&mut blocks).ok()?;
    Some(blocks)
}

/// Damaged data may end in a part of a block, which is left out.
fn vector_and_blocks(data: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (vector, blocks) = data.split_at_checked(BLOCK)?;
    let whole = blocks.len() - blocks.len() % BLOCK;
    Some((vector, blocks.get(..whole)?.to_vec()))
}

/// Takes the padding off. What is badly padded is kept, as viewers do.
fn unpadded(data: Option<Vec<u8>>) -> Vec<u8> {
    let mut data = data.unwrap_or_default();
    if let Some(padding) = data.last().copied().map(usize::from)
        && (1..=BLOCK).contains(&padding)
    {
        data.truncate(data.len().saturating_sub(padding));
    }
    data
}
