//! Office packages, part by part as Word, Excel and PowerPoint write them, and as the other writers
//! do whose packages are about as common (reference/label-formats.md §9).

use std::fmt::Write as _;
use std::io;

use super::applications::Application;
use super::label::{self, Label};
use super::office_parts::{self, Part};
use super::random::Random;
use super::zip_archive::{self, Entry, Layout, Packed};

/// Who wrote a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// Office: content types and package relationships first, properties and labels last.
    Office,
    /// Office, saving in the strict variant of the format.
    Strict,
    /// A library that streams: sizes only behind the data.
    Streaming,
    /// A writer whose XML is UTF-16.
    Utf16,
    /// Export of Google's editors: no document properties, content types last.
    Google,
}

/// Where a package states its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    Custom,
    LabelInfo,
    Both,
}

impl Places {
    fn custom(self) -> bool {
        matches!(self, Self::Custom | Self::Both)
    }

    fn label_info(self) -> bool {
        matches!(self, Self::LabelInfo | Self::Both)
    }

    /// The names that labeld prints, sorted as it sorts them.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Custom => &["custom"],
            Self::LabelInfo => &["labelinfo"],
            Self::Both => &["custom", "labelinfo"],
        }
    }
}

/// What to write.
#[derive(Debug)]
pub(crate) struct Package<'a> {
    pub(crate) application: Application,
    /// Extension, which says whether it is a template, a show, or has macros.
    pub(crate) extension: &'static str,
    pub(crate) writer: Writer,
    pub(crate) labels: &'a [Label],
    pub(crate) places: Places,
    /// About how many bytes it shall have.
    pub(crate) size: usize,
}

/// Namespaces and relationship types of the two variants of the format.
struct Variant {
    relationships: &'static str,
    extended: &'static str,
    custom: &'static str,
    custom_namespace: &'static str,
    types_namespace: &'static str,
}

const TRANSITIONAL: Variant = Variant {
    relationships: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    extended: "extended-properties",
    custom: "custom-properties",
    custom_namespace: "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
    types_namespace: "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
};

const STRICT: Variant = Variant {
    relationships: "http://purl.oclc.org/ooxml/officeDocument/relationships",
    extended: "extendedProperties",
    custom: "customProperties",
    custom_namespace: "http://purl.oclc.org/ooxml/officeDocument/customProperties",
    types_namespace: "http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes",
};

const CORE_RELATIONSHIP: &str =
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
const LABEL_RELATIONSHIP: &str =
    "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels";

impl Package<'_> {
    /// The bytes of the package.
    pub(crate) fn write(&self, random: &mut Random) -> io::Result<Vec<u8>> {
        let variant = match self.writer {
            Writer::Strict => &STRICT,
            _ => &TRANSITIONAL,
        };
        let mut parts = self
            .application
            .parts(self.extension, variant.relationships, random);
        let properties = match self.writer {
            Writer::Google => Vec::new(),
            _ => self.properties(variant, random),
        };
        let relationships = self.package_relationships(&parts, &properties, variant);
        // Word writes the relationships of its custom XML behind the properties.
        let late = parts.iter().position(|part| part.late);
        let at = late.unwrap_or(parts.len());
        parts.splice(at..at, properties);
        self.pack(parts, relationships, random)
    }

    /// Core, extended and custom properties and the label part, those that there are.
    fn properties(&self, variant: &Variant, random: &mut Random) -> Vec<Part> {
        let mut parts = vec![
            office_parts::core_properties(random),
            office_parts::extended_properties(self.application, random),
        ];
        let mut other: Vec<(&str, &str)> = Vec::new();
        if random.percent(40) {
            other.push(("ContentTypeId", "0x0101003D7A5C0E86F1B24FA6D2B1C7A9E0F318"));
            other.push(("MediaServiceImageTags", ""));
        }
        let labels = if self.places.custom() {
            self.labels
        } else {
            &[]
        };
        if !labels.is_empty() || !other.is_empty() {
            parts.push(self.custom_properties(variant, &other, labels));
        }
        if !self.labels.is_empty() && self.places.label_info() {
            let part = Part::typed(
                "docMetadata/LabelInfo.xml",
                "application/vnd.ms-office.classificationlabels+xml",
                label::label_info(self.labels).into_bytes(),
            );
            parts.push(part);
        }
        if self.application != Application::Word {
            // Word alone writes the label part behind the properties.
            parts.sort_by_key(|part| !part.name.starts_with("docMetadata"));
        }
        parts
    }

    fn custom_properties(
        &self,
        variant: &Variant,
        other: &[(&str, &str)],
        labels: &[Label],
    ) -> Part {
        let utf16 = self.writer == Writer::Utf16;
        let xml = label::custom_properties(
            other,
            labels,
            variant.custom_namespace,
            variant.types_namespace,
            if utf16 { "UTF-16" } else { "UTF-8" },
        );
        let data = if utf16 {
            utf16_with_mark(&xml)
        } else {
            xml.into_bytes()
        };
        let content_type = "application/vnd.openxmlformats-officedocument.custom-properties+xml";
        Part::typed("docProps/custom.xml", content_type, data).with_room(264)
    }

    fn package_relationships(
        &self,
        parts: &[Part],
        properties: &[Part],
        variant: &Variant,
    ) -> Part {
        let main = self.application.main_part();
        let mut targets = vec![(format!("{}/officeDocument", variant.relationships), main)];
        for part in properties {
            let kind = match part.name.as_str() {
                "docProps/core.xml" => CORE_RELATIONSHIP.to_owned(),
                "docProps/app.xml" => format!("{}/{}", variant.relationships, variant.extended),
                "docProps/custom.xml" => format!("{}/{}", variant.relationships, variant.custom),
                _ => LABEL_RELATIONSHIP.to_owned(),
            };
            targets.push((kind, &part.name));
        }
        if let Some(thumbnail) = parts.iter().find(|part| part.name.contains("thumbnail")) {
            let kind =
                "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail";
            targets.push((kind.to_owned(), &thumbnail.name));
        }
        let targets: Vec<(&str, &str)> = targets
            .iter()
            .map(|(kind, target)| (kind.as_str(), *target))
            .collect();
        office_parts::relationships("_rels/.rels", &targets).with_room(520)
    }

    /// Adds content types and bulk, and puts all into an archive.
    fn pack(
        &self,
        parts: Vec<Part>,
        relationships: Part,
        random: &mut Random,
    ) -> io::Result<Vec<u8>> {
        let mut entries = Vec::with_capacity(parts.len() + 2);
        let mut content_types = ContentTypes::new();
        let mut bulk_at = 0;
        for part in parts {
            content_types.add(&part);
            if part.bulk_follows {
                bulk_at = entries.len() + 1;
            }
            entries.push(part.into_entry(self.layout())?);
        }
        let used: usize = entries.iter().map(Entry::weight).sum();
        let left = self.size.saturating_sub(used + 1_500);
        let bulk = office_parts::bulk(self.application, left, random);
        for (index, part) in bulk.into_iter().enumerate() {
            content_types.add(&part);
            entries.insert(bulk_at + index, part.into_entry(self.layout())?);
        }
        let content_types = content_types
            .part()
            .with_room(520)
            .into_entry(self.layout())?;
        let relationships = relationships.into_entry(self.layout())?;
        if self.writer == Writer::Google {
            entries.push(relationships);
            entries.push(content_types);
        } else {
            entries.splice(0..0, [content_types, relationships]);
        }
        Ok(zip_archive::archive(&entries, self.layout()))
    }

    fn layout(&self) -> Layout {
        match self.writer {
            Writer::Streaming | Writer::Google => Layout::Streaming,
            Writer::Office | Writer::Strict | Writer::Utf16 => Layout::Office,
        }
    }
}

impl Part {
    fn into_entry(self, layout: Layout) -> io::Result<Entry> {
        Ok(Entry {
            name: self.name,
            room: match layout {
                Layout::Office => self.room,
                Layout::Streaming => 0,
            },
            packed: if self.stored {
                Packed::stored(self.data)
            } else {
                Packed::deflated(&self.data)?
            },
        })
    }
}

impl Entry {
    /// Bytes that the entry takes up in the archive, directory included.
    fn weight(&self) -> usize {
        76 + 2 * self.name.len() + usize::from(self.room) + self.packed.len()
    }
}

/// `[Content_Types].xml` while it grows.
struct ContentTypes(String);

impl ContentTypes {
    fn new() -> Self {
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
             <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">",
        );
        for (extension, content_type) in [
            ("bin", "application/vnd.ms-office.vbaProject"),
            ("jpeg", "image/jpeg"),
            ("png", "image/png"),
            (
                "rels",
                "application/vnd.openxmlformats-package.relationships+xml",
            ),
            ("xml", "application/xml"),
        ] {
            let _ = write!(
                xml,
                r#"<Default Extension="{extension}" ContentType="{content_type}"/>"#
            );
        }
        Self(xml)
    }

    fn add(&mut self, part: &Part) {
        if let Some(content_type) = &part.content_type {
            let _ = write!(
                self.0,
                r#"<Override PartName="/{}" ContentType="{content_type}"/>"#,
                part.name
            );
        }
    }

    fn part(mut self) -> Part {
        self.0.push_str("</Types>");
        Part::untyped("[Content_Types].xml", self.0.into_bytes())
    }
}

fn utf16_with_mark(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}
