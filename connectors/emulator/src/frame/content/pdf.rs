//! A PDF of one page.

use std::fmt::Write as _;

use super::padding::{incompressible, words};
use super::{LabelMark, Recipe};

/// A PDF 1.7 with a page of text, an information dictionary, and a stream of padding.
pub(super) fn document(recipe: &Recipe) -> Vec<u8> {
    let least = assemble(recipe, &[]).len() as u64;
    let padding = incompressible(recipe.size.saturating_sub(least), recipe.seed);
    assemble(recipe, &padding)
}

/// The file with this padding. Numbers that depend on the padding have a fixed width, so that the rest has
/// a fixed size.
fn assemble(recipe: &Recipe, padding: &[u8]) -> Vec<u8> {
    let text = format!("BT /F1 12 Tf 72 720 Td ({}) Tj ET", words(recipe.seed));
    let mut file = Writer::default();
    file.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    file.object(b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    file.object(
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
          /Resources << /Font << /F1 5 0 R >> >> >>",
    );
    file.stream(text.as_bytes());
    file.object(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    file.stream(padding);
    file.object(information(recipe.label.as_ref()).as_bytes());
    file.finish()
}

/// The document information dictionary with the label's keys (reference/label-formats.md, PDF).
fn information(label: Option<&LabelMark>) -> String {
    let mut dictionary = "<< /Producer (labeld emulator)".to_owned();
    if let Some(label) = label {
        let prefix = format!("MSIP_Label_{}", label.label_id);
        for (key, value) in [
            ("Enabled", "true"),
            ("SetDate", "2024-01-15T09:30:00Z"),
            ("Method", label.method()),
            ("Name", &label.name),
            ("SiteId", &label.tenant_id.to_string()),
            ("ContentBits", "0"),
        ] {
            // Writing to a string cannot fail.
            let _ = write!(dictionary, " /{prefix}_{key} {}", text_string(value));
        }
    }
    dictionary.push_str(" >>");
    dictionary
}

/// A text string in UTF-16BE, written in hex, which needs no escapes (ISO 32000-1 §7.9.2.2).
fn text_string(text: &str) -> String {
    let mut hex = "<FEFF".to_owned();
    for unit in text.encode_utf16() {
        let _ = write!(hex, "{unit:04X}");
    }
    hex.push('>');
    hex
}

struct Writer {
    file: Vec<u8>,
    offsets: Vec<usize>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            // The second line tells programs that the file is not text (ISO 32000-1 §7.5.2).
            file: b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(),
            offsets: Vec::new(),
        }
    }
}

impl Writer {
    fn object(&mut self, body: &[u8]) {
        self.offsets.push(self.file.len());
        let number = self.offsets.len();
        self.file
            .extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        self.file.extend_from_slice(body);
        self.file.extend_from_slice(b"\nendobj\n");
    }

    fn stream(&mut self, data: &[u8]) {
        let mut body = format!("<< /Length {:010} >>\nstream\n", data.len()).into_bytes();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\nendstream");
        self.object(&body);
    }

    /// Cross-references and trailer; the last object is the information dictionary.
    fn finish(mut self) -> Vec<u8> {
        let start = self.file.len();
        let last = self.offsets.len();
        let count = last + 1;
        let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            let _ = writeln!(end, "{offset:010} 00000 n ");
        }
        let _ = write!(
            end,
            "trailer\n<< /Size {count} /Root 1 0 R /Info {last} 0 R >>\nstartxref\n{start:010}\n%%EOF\n"
        );
        self.file.extend_from_slice(end.as_bytes());
        self.file
    }
}
