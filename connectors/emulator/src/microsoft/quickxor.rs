//! The content hash of SharePoint and OneDrive for Business (reference/microsoft-graph.md §3.5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bits of the register.
const WIDTH: usize = 160;

/// Bits by which the place of each byte is further than that of the byte before it.
const SHIFT: usize = 11;

/// The hash of a content: a register of 160 bits into which each byte is mixed 11 bits further than the one
/// before, and the length at its end.
pub(crate) fn quick_xor_hash(content: &[u8]) -> [u8; 20] {
    // The places repeat after 160 bytes, because 11 and 160 have no common factor: bytes that meet the same
    // place are folded first, and the register is turned once for each place.
    let mut folded = [0u8; WIDTH];
    for block in content.chunks(WIDTH) {
        for (sum, byte) in folded.iter_mut().zip(block) {
            *sum ^= byte;
        }
    }
    let mut register = [0u8; WIDTH / 8];
    for (index, byte) in folded.iter().enumerate() {
        let bit = (index * SHIFT) % WIDTH;
        let shifted = u16::from(*byte) << (bit % 8);
        register[bit / 8] ^= shifted.to_le_bytes()[0];
        register[(bit / 8 + 1) % (WIDTH / 8)] ^= shifted.to_le_bytes()[1];
    }
    for (place, byte) in register[12..]
        .iter_mut()
        .zip((content.len() as u64).to_le_bytes())
    {
        *place ^= byte;
    }
    register
}

/// The hash as it stands in an item.
pub(crate) fn encoded(hash: &[u8; 20]) -> String {
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_reference() {
        let table: [(Vec<u8>, &str); 6] = [
            (Vec::new(), "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            (b"a".to_vec(), "YQAAAAAAAAAAAAAAAQAAAAAAAAA="),
            (b"abc".to_vec(), "YRDDGAAAAAAAAAAAAwAAAAAAAAA="),
            (b"labeld".to_vec(), "bAiDGMrABjIAAAAABgAAAAAAAAA="),
            ((0..=255).collect(), "QkGEfSisZcA7k+FCh71r2dbCayY="),
            (b"PK\x03\x04".repeat(1000), "7u7u7u7u7u7u7u7uTuHu7u7u7u4="),
        ];
        for (content, hash) in table {
            assert_eq!(encoded(&quick_xor_hash(&content)), hash);
        }
    }
}
