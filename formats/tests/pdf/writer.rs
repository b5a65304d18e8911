//! A writer of PDF files that controls every byte that a reader may stumble over.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Where an object was put, for the next cross-reference section.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Free,
    At(usize),
    In { container: u32, index: u32 },
}

/// A PDF being written.
#[derive(Debug, Clone)]
pub(crate) struct Pdf {
    pub(crate) bytes: Vec<u8>,
    entries: BTreeMap<u32, Entry>,
    /// Where the section written last begins.
    pub(crate) section: Option<usize>,
    /// From where offsets are counted.
    pub(crate) base: usize,
}

impl Pdf {
    pub(crate) fn new() -> Self {
        Self::after(b"")
    }

    /// A PDF with something before its header, from which its offsets count.
    pub(crate) fn after(before: &[u8]) -> Self {
        Self {
            bytes: [before, b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"].concat(),
            entries: BTreeMap::new(),
            section: None,
            base: before.len(),
        }
    }

    pub(crate) fn raw(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.bytes.extend_from_slice(bytes.as_ref());
        self
    }

    fn here(&self) -> usize {
        self.bytes.len() - self.base
    }

    /// Writes an indirect object.
    pub(crate) fn object(&mut self, number: u32, body: impl AsRef<[u8]>) -> &mut Self {
        self.entries.insert(number, Entry::At(self.here()));
        self.raw(format!("{number} 0 obj\n"));
        self.raw(body);
        self.raw("\nendobj\n")
    }

    pub(crate) fn free(&mut self, number: u32) -> &mut Self {
        self.entries.insert(number, Entry::Free);
        self
    }

    /// Writes a stream as it is; `dictionary` is what stands beside the length.
    pub(crate) fn stream(&mut self, number: u32, dictionary: &str, data: &[u8]) -> &mut Self {
        self.object(number, stream_body(dictionary, data))
    }

    /// Writes a compressed object stream.
    pub(crate) fn object_stream(&mut self, number: u32, objects: &[(u32, String)]) -> &mut Self {
        let (mut directory, mut content) = (String::new(), String::new());
        for (index, (inside, body)) in (0..).zip(objects) {
            directory += &format!("{inside} {} ", content.len());
            content += body;
            content += " ";
            let entry = Entry::In {
                container: number,
                index,
            };
            self.entries.insert(*inside, entry);
        }
        let dictionary = format!(
            "/Type /ObjStm /N {} /First {} /Filter /FlateDecode",
            objects.len(),
            directory.len()
        );
        let data = deflated((directory + &content).as_bytes());
        self.stream(number, &dictionary, &data)
    }

    fn size(&self) -> u32 {
        self.entries.keys().max().map_or(1, |most| most + 1)
    }

    fn trailer(&self, rest: &str) -> String {
        let previous = self
            .section
            .map(|at| format!("/Prev {at}"))
            .unwrap_or_default();
        format!("/Size {} {previous} {rest}", self.size())
    }

    /// Writes a classic section of the objects since the last one, and ends the revision.
    pub(crate) fn table(&mut self, trailer: &str) -> &mut Self {
        let dictionary = self.trailer(trailer);
        let at = self.here();
        self.raw("xref\n0 1\n0000000000 65535 f \n");
        for (number, entry) in std::mem::take(&mut self.entries) {
            let line = match entry {
                Entry::At(offset) => format!("{offset:010} 00000 n \n"),
                // What is compressed is hidden from old readers.
                Entry::Free | Entry::In { .. } => "0000000000 65535 f \n".to_owned(),
            };
            self.raw(format!("{number} 1\n{line}"));
        }
        self.raw(format!("trailer\n<<{dictionary}>>\n"));
        self.end(at)
    }

    /// Writes a cross-reference stream of the objects since the last section; ends nothing. Gives where
    /// it stands.
    pub(crate) fn bare_stream_section(
        &mut self,
        number: u32,
        trailer: &str,
        predictor: bool,
    ) -> usize {
        let at = self.here();
        self.entries.insert(number, Entry::At(at));
        let dictionary = self.trailer(trailer);
        let entries = std::mem::take(&mut self.entries);
        let index: Vec<String> = entries.keys().map(|number| format!("{number} 1")).collect();
        let mut above = [0u8; 7];
        let mut rows = Vec::new();
        for entry in entries.values() {
            let (kind, second, third) = match *entry {
                Entry::Free => (0, 0, 0),
                Entry::At(offset) => (1, offset as u32, 0),
                Entry::In { container, index } => (2, container, index as u16),
            };
            let mut row = vec![kind];
            row.extend(second.to_be_bytes());
            row.extend(third.to_be_bytes());
            if predictor {
                rows.push(2);
                rows.extend(
                    row.iter()
                        .zip(above)
                        .map(|(byte, up)| byte.wrapping_sub(up)),
                );
                above.copy_from_slice(&row);
            } else {
                rows.extend(row);
            }
        }
        let parameters = if predictor {
            "/DecodeParms <</Predictor 12 /Columns 7>>"
        } else {
            ""
        };
        let dictionary = format!(
            "/Type /XRef /W [1 4 2] /Index [{}] /Filter /FlateDecode {parameters} {dictionary}",
            index.join(" ")
        );
        self.raw(format!("{number} 0 obj\n"));
        self.raw(stream_body(&dictionary, &deflated(&rows)));
        self.raw("\nendobj\n");
        at
    }

    /// Writes a cross-reference stream and ends the revision.
    pub(crate) fn stream_section(&mut self, number: u32, trailer: &str) -> &mut Self {
        let at = self.bare_stream_section(number, trailer, true);
        self.end(at)
    }

    /// Ends a revision whose section stands at `at`.
    pub(crate) fn end(&mut self, at: usize) -> &mut Self {
        self.section = Some(at);
        self.raw(format!("startxref\n{at}\n%%EOF\n"))
    }
}

fn stream_body(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary} /Length {}>>\nstream\r\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

pub(crate) fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
