//! The two kinds of parts that carry labels, as a package names and types them
//! (reference/label-formats.md §1.1, §2.1).

use crate::reading::Place;

/// A kind of part. There is at most one part of each in a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Custom {
        /// ISO/IEC 29500 Strict.
        strict: bool,
    },
    LabelInfo,
}

impl PartKind {
    pub(super) fn place(self) -> Place {
        match self {
            Self::Custom { .. } => Place::Custom,
            Self::LabelInfo => Place::LabelInfo,
        }
    }

    /// Names for a new part, the usual one first.
    pub(super) fn names(self) -> impl Iterator<Item = String> {
        let (stem, extension) = match self {
            Self::Custom { .. } => ("docProps/custom", "xml"),
            Self::LabelInfo => ("docMetadata/LabelInfo", "xml"),
        };
        let others = (2..100).map(move |number| format!("{stem}{number}.{extension}"));
        std::iter::once(format!("{stem}.{extension}")).chain(others)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Custom { .. } => {
                "application/vnd.openxmlformats-officedocument.custom-properties+xml"
            }
            // What everybody writes, whatever the specification says (§0.5).
            Self::LabelInfo => "application/vnd.ms-office.classificationlabels+xml",
        }
    }

    pub(super) fn relationship_type(self) -> &'static str {
        match self {
            Self::Custom { strict: false } => {
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
            }
            Self::Custom { strict: true } => {
                "http://purl.oclc.org/ooxml/officeDocument/relationships/customProperties"
            }
            Self::LabelInfo => {
                "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels"
            }
        }
    }

    /// How ids of relationships begin that this writer makes. They tell a part that it made from one
    /// that was there without a single property.
    pub(super) const OWN_IDS: [&'static str; 2] = ["labeldCustom", "labeldLabelInfo"];

    pub(super) fn relationship_id(self) -> &'static str {
        let [custom, label_info] = Self::OWN_IDS;
        match self {
            Self::Custom { .. } => custom,
            Self::LabelInfo => label_info,
        }
    }

    /// A part without a label, byte for byte as Office begins it.
    pub(super) fn empty(self) -> String {
        match self {
            Self::Custom { strict } => {
                let [namespace, types] = super::custom_properties::namespaces(strict);
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
                     <Properties xmlns=\"{namespace}\" xmlns:vt=\"{types}\"></Properties>"
                )
            }
            Self::LabelInfo => format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\
                 <clbl:labelList xmlns:clbl=\"{}\"></clbl:labelList>",
                crate::label_info::NAMESPACE
            ),
        }
    }
}
