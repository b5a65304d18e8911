//! Encryption of PDF with AES-256, revision 6 (ISO 32000-2, 7.6.4): an owner password, and an empty
//! user password, so that anyone may open the file.

use std::fmt::Write as _;

use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::random::Random;

type Aes128Cbc = cbc::Encryptor<aes::Aes128>;
type Aes256Cbc = cbc::Encryptor<aes::Aes256>;

/// The key of a file.
#[derive(Debug, Clone)]
pub(crate) struct FileKey([u8; 32]);

impl FileKey {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(&random.bytes(32));
        Self(key)
    }

    /// Encrypts a string or a stream: the initialisation vector, then the data.
    pub(crate) fn encrypt(&self, data: &[u8], random: &mut Random) -> Vec<u8> {
        let mut vector = [0; 16];
        vector.copy_from_slice(&random.bytes(16));
        let mut encrypted = vector.to_vec();
        encrypted.extend(
            Aes256Cbc::new(&self.0.into(), &vector.into()).encrypt_padded_vec::<Pkcs7>(data),
        );
        encrypted
    }

    /// The encryption dictionary.
    pub(crate) fn dictionary(&self, owner_password: &[u8], random: &mut Random) -> String {
        let (user, user_key) = self.entries(b"", &[], random);
        let (owner, owner_key) = self.entries(owner_password, &user, random);
        // Printing and copying allowed, nothing else; metadata encrypted.
        let permissions: i32 = -1_340;
        let mut clear = [0xFF; 16];
        clear[..4].copy_from_slice(&permissions.to_le_bytes());
        clear[8..12].copy_from_slice(b"Tadb");
        clear[12..].copy_from_slice(&random.bytes(4));
        let sealed = without_padding_256(&self.0, &clear);
        let mut dictionary = String::from(
            "<</Filter/Standard/V 5/R 6/Length 256/StmF/StdCF/StrF/StdCF\
             /CF<</StdCF<</Type/CryptFilter/CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>",
        );
        for (key, value) in [
            ("U", &user),
            ("UE", &user_key),
            ("O", &owner),
            ("OE", &owner_key),
            ("Perms", &sealed),
        ] {
            let _ = write!(dictionary, "/{key}{}", hexadecimal(value));
        }
        let _ = write!(dictionary, "/P {permissions}>>");
        dictionary
    }

    /// Hash with salts (`U` or `O`) and the file key sealed by the password (`UE` or `OE`).
    fn entries(&self, password: &[u8], user: &[u8], random: &mut Random) -> (Vec<u8>, Vec<u8>) {
        let salts = random.bytes(16);
        let (validation, key_salt) = salts.split_at(8);
        let mut entry = hash(password, validation, user).to_vec();
        entry.extend_from_slice(&salts);
        let sealed = without_padding_256(&hash(password, key_salt, user), &self.0);
        (entry, sealed)
    }
}

/// A hexadecimal string.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + 2);
    text.push('<');
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text.push('>');
    text
}

fn without_padding_256(key: &[u8; 32], data: &[u8]) -> Vec<u8> {
    Aes256Cbc::new(key.into(), &[0; 16].into()).encrypt_padded_vec::<NoPadding>(data)
}

/// Algorithm 2.B.
fn hash(password: &[u8], salt: &[u8], user: &[u8]) -> [u8; 32] {
    let mut key = Sha256::digest([password, salt, user].concat()).to_vec();
    for round in 0_u32.. {
        let block = [password, &key, user].concat().repeat(64);
        let (mut aes_key, mut vector) = ([0; 16], [0; 16]);
        aes_key.copy_from_slice(&key[..16]);
        vector.copy_from_slice(&key[16..32]);
        let encrypted =
            Aes128Cbc::new(&aes_key.into(), &vector.into()).encrypt_padded_vec::<NoPadding>(&block);
        let remainder = encrypted[..16]
            .iter()
            .map(|byte| u32::from(*byte))
            .sum::<u32>()
            % 3;
        key = match remainder {
            0 => Sha256::digest(&encrypted).to_vec(),
            1 => Sha384::digest(&encrypted).to_vec(),
            _ => Sha512::digest(&encrypted).to_vec(),
        };
        let last = encrypted.last().copied().map_or(0, u32::from);
        if round >= 63 && last <= round + 1 - 32 {
            break;
        }
    }
    let mut result = [0; 32];
    result.copy_from_slice(&key[..32]);
    result
}
