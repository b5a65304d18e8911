//! quickXorHash, the hash that SharePoint and OneDrive for Business give of a file's content
//! (reference/microsoft-graph.md §3.5). It finds accidents, and withstands nobody.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bits of the register.
const WIDTH: usize = 160;

/// How far the place moves from one byte to the next, in bits.
const SHIFT: usize = 11;

/// The hash of `content`, in the base64 that the service writes.
pub(crate) fn quick_xor_hash(content: &[u8]) -> String {
    // Byte i goes in at bit 11·i mod 160, so bytes that are 160 apart go in at the same place and can be
    // put together first.
    let mut columns = [0_u8; WIDTH];
    for chunk in content.chunks(WIDTH) {
        for (column, byte) in columns.iter_mut().zip(chunk) {
            *column ^= byte;
        }
    }
    let mut register = [0_u8; WIDTH / 8];
    for (index, column) in columns.into_iter().enumerate() {
        let bit = index * SHIFT % WIDTH;
        let [low, high] = (u16::from(column) << (bit % 8)).to_le_bytes();
        xor(&mut register, bit / 8, low);
        xor(&mut register, (bit / 8 + 1) % (WIDTH / 8), high);
    }
    for (index, byte) in (content.len() as u64).to_le_bytes().into_iter().enumerate() {
        xor(&mut register, WIDTH / 8 - 8 + index, byte);
    }
    STANDARD.encode(register)
}

fn xor(register: &mut [u8], index: usize, byte: u8) {
    if let Some(place) = register.get_mut(index) {
        *place ^= byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_reference_hold() {
        let all_bytes: Vec<u8> = (0..=255).collect();
        let many = [0x50, 0x4b, 0x03, 0x04].repeat(1_000);
        let vectors: [(&[u8], &str); 6] = [
            (b"", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            (b"a", "YQAAAAAAAAAAAAAAAQAAAAAAAAA="),
            (b"abc", "YRDDGAAAAAAAAAAAAwAAAAAAAAA="),
            (b"labeld", "bAiDGMrABjIAAAAABgAAAAAAAAA="),
            (&all_bytes, "QkGEfSisZcA7k+FCh71r2dbCayY="),
            (&many, "7u7u7u7u7u7u7u7uTuHu7u7u7u4="),
        ];
        for (content, hash) in vectors {
            assert_eq!(quick_xor_hash(content), hash, "{} bytes", content.len());
        }
    }
}
