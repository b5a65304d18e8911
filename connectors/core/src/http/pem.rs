//! PEM as it is found in the wild (RFC 7468): several blocks in one file, text before and between them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pkcs8::der::zeroize::Zeroizing;

/// A block of a PEM file.
pub(super) struct Block {
    /// What it says it is: `PRIVATE KEY`.
    pub(super) label: String,
    /// Its content; `None` when that is not base64.
    pub(super) der: Option<Zeroizing<Vec<u8>>>,
    /// The content is encrypted in OpenSSL's own old way (`Proc-Type: 4,ENCRYPTED`).
    pub(super) old_encryption: bool,
}

/// The complete blocks of a file, in their order. Lines outside of blocks are skipped.
pub(super) fn blocks(pem: &[u8]) -> Vec<Block> {
    let text = Zeroizing::new(String::from_utf8_lossy(pem).into_owned());
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if let Some(label) = boundary(line, "BEGIN")
            && let Some(block) = read_block(label, &mut lines)
        {
            blocks.push(block);
        }
    }
    blocks
}

fn read_block<'a>(label: &str, lines: &mut impl Iterator<Item = &'a str>) -> Option<Block> {
    let mut encoded = Zeroizing::new(String::new());
    let mut old_encryption = false;
    for line in lines {
        if boundary(line, "END") == Some(label) {
            return Some(Block {
                label: label.to_owned(),
                der: STANDARD.decode(encoded.as_bytes()).ok().map(Zeroizing::new),
                old_encryption,
            });
        }
        // Headers of the old form (RFC 1421) have a colon, which base64 has not.
        if line.contains(':') {
            old_encryption |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
        } else {
            encoded.extend(line.split_whitespace());
        }
    }
    None
}

/// The label of a line `-----BEGIN label-----`.
fn boundary<'a>(line: &'a str, which: &str) -> Option<&'a str> {
    line.strip_prefix("-----")?
        .strip_prefix(which)?
        .strip_prefix(' ')?
        .strip_suffix("-----")
}
