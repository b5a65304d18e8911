//! Streams of invented documents, for tests.

use super::container_tests::Streams;

/// What varies between document summary property sets.
#[derive(Clone, Copy)]
pub(super) struct SampleSummary<'a> {
    pub(super) code_page: u16,
    /// Whether values are UTF-16 in a set whose code page is not.
    pub(super) wide_values: bool,
    pub(super) properties: &'a [(&'a str, &'a str)],
}

impl SampleSummary<'_> {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let section = self.section();
        let mut bytes = vec![0xFE, 0xFF, 0, 0, 6, 0, 2, 0];
        bytes.extend([0; 16]);
        bytes.extend(2u32.to_le_bytes());
        // The first section is the document summary itself, here without any property.
        bytes.extend([
            0x02, 0xD5, 0xCD, 0xD5, 0x9C, 0x2E, 0x1B, 0x10, 0x93, 0x97, 0x08, 0x00, 0x2B, 0x2C,
            0xF9, 0xAE,
        ]);
        bytes.extend(68u32.to_le_bytes());
        bytes.extend([
            0x05, 0xD5, 0xCD, 0xD5, 0x9C, 0x2E, 0x1B, 0x10, 0x93, 0x97, 0x08, 0x00, 0x2B, 0x2C,
            0xF9, 0xAE,
        ]);
        bytes.extend(76u32.to_le_bytes());
        bytes.extend([8, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(section);
        bytes
    }

    fn section(&self) -> Vec<u8> {
        let mut values = vec![(0, self.dictionary()), (1, self.code_page_value())];
        for (index, (_, value)) in self.properties.iter().enumerate() {
            values.push((2 + index as u32, self.value(value)));
        }
        let mut list = Vec::new();
        let mut data = Vec::new();
        let data_start = 8 + 8 * values.len();
        for (id, value) in values {
            list.extend(u32::to_le_bytes(id));
            list.extend(((data_start + data.len()) as u32).to_le_bytes());
            data.extend(value);
        }
        let mut section = Vec::new();
        section.extend(((data_start + data.len()) as u32).to_le_bytes());
        section.extend((list.len() as u32 / 8).to_le_bytes());
        section.extend(list);
        section.extend(data);
        section
    }

    fn dictionary(&self) -> Vec<u8> {
        let mut bytes = (self.properties.len() as u32).to_le_bytes().to_vec();
        for (index, (name, _)) in self.properties.iter().enumerate() {
            bytes.extend((2 + index as u32).to_le_bytes());
            if self.code_page == 1200 {
                bytes.extend((name.encode_utf16().count() as u32 + 1).to_le_bytes());
                bytes.extend(utf16(&format!("{name}\0")));
                pad(&mut bytes);
            } else {
                bytes.extend((name.len() as u32 + 1).to_le_bytes());
                bytes.extend(self.encode(&format!("{name}\0")));
            }
        }
        pad(&mut bytes);
        bytes
    }

    fn code_page_value(&self) -> Vec<u8> {
        let [low, high] = self.code_page.to_le_bytes();
        vec![2, 0, 0, 0, low, high, 0, 0]
    }

    fn value(&self, value: &str) -> Vec<u8> {
        let text = format!("{value}\0");
        let mut bytes = Vec::new();
        if self.wide_values {
            bytes.extend([0x1F, 0, 0, 0]);
            bytes.extend((text.encode_utf16().count() as u32).to_le_bytes());
            bytes.extend(utf16(&text));
        } else {
            let encoded = self.encode(&text);
            bytes.extend([0x1E, 0, 0, 0]);
            bytes.extend((encoded.len() as u32).to_le_bytes());
            bytes.extend(encoded);
        }
        pad(&mut bytes);
        bytes
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        match self.code_page {
            1200 => utf16(text),
            1251 => encoding_rs::WINDOWS_1251.encode(text).0.into_owned(),
            932 => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
            1252 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
            _ => text.as_bytes().to_vec(),
        }
    }
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn named(text: &str) -> Vec<u8> {
    let mut bytes = ((2 * text.encode_utf16().count()) as u32)
        .to_le_bytes()
        .to_vec();
    bytes.extend(utf16(text));
    pad(&mut bytes);
    bytes
}

/// Names of a rights-managed document's parts.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) content: &'static str,
    pub(super) space: &'static str,
    pub(super) transform: &'static str,
}

pub(super) const OOXML: Names = Names {
    content: "EncryptedPackage",
    space: "DRMEncryptedDataSpace",
    transform: "DRMEncryptedTransform",
};
pub(super) const BINARY: Names = Names {
    content: "\u{9}DRMContent",
    space: "\u{9}DRMDataSpace",
    transform: "\u{9}DRMTransform",
};

pub(super) const DRM_CLASS: &str = "{C73DFACD-061F-43B0-8B64-0C620D2A8B50}";
pub(super) const PASSWORD_CLASS: &str = "{FF9A3F03-56EF-4613-BDD5-5A41C1D07246}";

/// The streams of an encrypted document whose data spaces are complete.
pub(super) fn encrypted(names: Names, class: &str, licence: &[u8]) -> Streams {
    let spaces = "\u{6}DataSpaces";
    let mut map = Vec::new();
    for field in [8u32, 1] {
        map.extend(field.to_le_bytes());
    }
    let mut entry = Vec::new();
    for field in [1u32, 0] {
        entry.extend(field.to_le_bytes());
    }
    entry.extend(named(names.content));
    entry.extend(named(names.space));
    map.extend((entry.len() as u32 + 4).to_le_bytes());
    map.extend(entry);

    let mut space = Vec::new();
    for field in [8u32, 1] {
        space.extend(field.to_le_bytes());
    }
    space.extend(named(names.transform));
    Streams::from([
        (format!("{spaces}/DataSpaceMap"), map),
        (format!("{spaces}/DataSpaceInfo/{}", names.space), space),
        (
            format!("{spaces}/TransformInfo/{}/\u{6}Primary", names.transform),
            primary(class, licence),
        ),
        (names.content.to_owned(), vec![0xA5; 5000]),
    ])
}

fn primary(class: &str, licence: &[u8]) -> Vec<u8> {
    let mut header = 1u32.to_le_bytes().to_vec();
    header.extend(named(class));
    let mut bytes = (header.len() as u32 + 4).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(named("Microsoft.Metadata.DRMTransform"));
    bytes.extend([1, 0, 0, 0].repeat(3));
    bytes.extend(4u32.to_le_bytes());
    bytes.extend((licence.len() as u32).to_le_bytes());
    bytes.extend(licence);
    pad(&mut bytes);
    bytes
}
