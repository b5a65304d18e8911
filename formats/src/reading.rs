//! What a reading of one file found.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::rms::Licence;

/// Version of this reader's answers. Facts stored by an older reader are read anew.
pub const READER_VERSION: u32 = 1;

/// The true type of a file, found from its bytes (reference/label-formats.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(
    missing_docs,
    reason = "the variants are the usual extensions of the types"
)]
pub enum Format {
    Docx,
    Dotx,
    Docm,
    Dotm,
    Xlsx,
    Xltx,
    Xlsm,
    Xltm,
    Xlam,
    Xlsb,
    Pptx,
    Potx,
    Ppsx,
    Pptm,
    Potm,
    Ppsm,
    Ppam,
    Thmx,
    Vsdx,
    Vsdm,
    Vssx,
    Vssm,
    Vstx,
    Vstm,
    /// An Open Packaging Conventions package of another kind.
    Opc,
    Odt,
    Ods,
    Odp,
    Odg,
    /// Another OpenDocument file.
    Odf,
    Pdf,
    Doc,
    Xls,
    Ppt,
    /// An Office document encrypted as a whole; which one is not visible from outside.
    #[serde(rename = "encrypted-ooxml")]
    EncryptedOoxml,
    /// Another compound file.
    Ole,
    Pfile,
    /// A ZIP archive that is not a document.
    Zip,
}

impl Format {
    /// The name used in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Dotx => "dotx",
            Self::Docm => "docm",
            Self::Dotm => "dotm",
            Self::Xlsx => "xlsx",
            Self::Xltx => "xltx",
            Self::Xlsm => "xlsm",
            Self::Xltm => "xltm",
            Self::Xlam => "xlam",
            Self::Xlsb => "xlsb",
            Self::Pptx => "pptx",
            Self::Potx => "potx",
            Self::Ppsx => "ppsx",
            Self::Pptm => "pptm",
            Self::Potm => "potm",
            Self::Ppsm => "ppsm",
            Self::Ppam => "ppam",
            Self::Thmx => "thmx",
            Self::Vsdx => "vsdx",
            Self::Vsdm => "vsdm",
            Self::Vssx => "vssx",
            Self::Vssm => "vssm",
            Self::Vstx => "vstx",
            Self::Vstm => "vstm",
            Self::Opc => "opc",
            Self::Odt => "odt",
            Self::Ods => "ods",
            Self::Odp => "odp",
            Self::Odg => "odg",
            Self::Odf => "odf",
            Self::Pdf => "pdf",
            Self::Doc => "doc",
            Self::Xls => "xls",
            Self::Ppt => "ppt",
            Self::EncryptedOoxml => "encrypted-ooxml",
            Self::Ole => "ole",
            Self::Pfile => "pfile",
            Self::Zip => "zip",
        }
    }

    /// Whether labeld may write labels into files of this type (rules §3 gate 4).
    #[must_use]
    pub fn is_writable(self) -> bool {
        matches!(
            self,
            Self::Docm
                | Self::Docx
                | Self::Dotm
                | Self::Dotx
                | Self::Xlam
                | Self::Xlsm
                | Self::Xlsx
                | Self::Xltx
                | Self::Potm
                | Self::Potx
                | Self::Ppsx
                | Self::Ppsm
                | Self::Pptm
                | Self::Pptx
                | Self::Pdf
        )
    }
}

/// Where in a file a label stands (product §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `MSIP_Label_*` custom properties of an Office package.
    Custom,
    /// `docMetadata/LabelInfo.xml` of an Office package.
    #[serde(rename = "labelinfo")]
    LabelInfo,
    /// PDF document information dictionary.
    PdfInfo,
    /// PDF XMP packet (and the XMP block of a pfile).
    PdfXmp,
    /// Publishing licence of a rights-managed file.
    RmsLicense,
    /// `LabelInfo` stream of a rights-managed Office file.
    #[serde(rename = "rms_labelinfo")]
    RmsLabelInfo,
    /// Document summary property set of a compound file.
    DocSummary,
    /// `meta.xml` of an OpenDocument file.
    OdfMeta,
}

/// One label group as one place states it, before precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelGroup {
    /// Where it stands.
    pub place: Place,
    /// Among groups of one tenant only those of the highest precedence count (MS-OFFCRYPTO 2.6.3);
    /// the others are shown as hidden. Places that are equals share a number.
    pub precedence: u8,
    /// Entra tenant id.
    pub site_id: Option<Uuid>,
    /// Label id (the tenant id on a removed LabelInfo element).
    pub id: Uuid,
    /// `Name`, as the file says.
    pub name: Option<String>,
    /// `Enabled`.
    pub enabled: bool,
    /// `removed` / `Removed`.
    pub removed: bool,
    /// `Method`.
    pub method: Option<String>,
    /// `SetDate`, as the file says.
    pub set_date: Option<String>,
    /// `ActionId`.
    pub action_id: Option<String>,
    /// `ContentBits`.
    pub content_bits: Option<u32>,
    /// `Parent`: id of the parent label.
    pub parent: Option<Uuid>,
    /// All other fields.
    pub extra: BTreeMap<String, String>,
}

impl LabelGroup {
    /// A group that says nothing yet, and so is not in effect.
    pub(crate) fn new(place: Place, precedence: u8, id: Uuid) -> Self {
        Self {
            place,
            precedence,
            site_id: None,
            id,
            name: None,
            enabled: false,
            removed: false,
            method: None,
            set_date: None,
            action_id: None,
            content_bits: None,
            parent: None,
            extra: BTreeMap::new(),
        }
    }
}

/// A label of a file: one for each pair of tenant and label, its places merged (product §1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Entra tenant id; `None` where the file does not say.
    pub site_id: Option<Uuid>,
    /// Label id.
    pub id: Uuid,
    /// What the file calls it. Names never identify a label.
    pub name: Option<String>,
    /// Whether the element says that the label is in effect.
    pub enabled: bool,
    /// Whether the element says "no label of this tenant".
    pub removed: bool,
    /// Whether it is that tenant's label after the precedence of MS-OFFCRYPTO 2.6.3.
    pub effective: bool,
    /// `Standard`, `Privileged`, `Auto`, as the file says.
    pub method: Option<String>,
    /// When it was set, as the file says.
    pub set_date: Option<String>,
    /// Id of the labelling action.
    pub action_id: Option<String>,
    /// Marking bit mask (reference/label-formats.md §8).
    pub content_bits: Option<u32>,
    /// All places that state it, sorted.
    pub places: Vec<Place>,
    /// Fields beside those above.
    pub extra: BTreeMap<String, String>,
}

/// Kind of protection (product §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionKind {
    /// None.
    #[default]
    None,
    /// A password is needed to open the file.
    Password,
    /// Opens without a password, but the owner restricted what may be done.
    OwnerPassword,
    /// Encrypted for the holders of certificates.
    Certificate,
    /// Rights management.
    Rms,
    /// Encrypted by something unknown.
    Other,
}

impl ProtectionKind {
    /// The name used in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Password => "password",
            Self::OwnerPassword => "owner_password",
            Self::Certificate => "certificate",
            Self::Rms => "rms",
            Self::Other => "other",
        }
    }
}

/// How a file is protected, and what can be told of it without any key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Protection {
    /// Kind.
    pub kind: ProtectionKind,
    /// How, in the format's own words: `agile`, `standard`, `rc4`, `xor`, `R6`, `MicrosoftIRMServices v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// What the publishing licence says in clear.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub licence: Option<Box<Licence>>,
}

/// Signatures noted while reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Signatures {
    /// The document is digitally signed or certified.
    pub signed: bool,
    /// Level of a PDF certification: 1 allows no change, 2 form filling, 3 also annotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc_mdp: Option<u8>,
    /// A PDF carries usage rights (Reader extensions).
    pub usage_rights: bool,
    /// A VBA project is signed. It does not cover label metadata.
    pub macro_signed: bool,
}

/// Something worth telling that stops nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Warning {
    /// Two places of one tenant name different labels; the newer or stronger one was taken (rules §4 L1).
    PlacesDisagree,
    /// A label property stands twice with different values; the first was taken.
    DuplicateProperty,
    /// Two relationships of a kind that may occur once; the first was taken.
    DuplicateRelationship,
    /// More labels than the limit; the rest were dropped.
    TooManyLabels,
    /// The publishing licence could not be read.
    UnreadableLicence,
    /// The property set of a compound file is damaged; a stronger place names the label.
    DamagedProperties,
    /// The XMP packet of a PDF could not be read, or not to its end; labels come from the other place.
    UnreadableMetadata,
    /// The file's own tables are damaged, so all of it was searched.
    FullRead,
    /// Signature fields were too many to look at all; the file is taken as signed.
    SignaturesNotSettled,
    /// The package breaks a packaging rule that matters only for writing.
    IrregularPackage,
}

impl Warning {
    /// The name used in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PlacesDisagree => "places_disagree",
            Self::DuplicateProperty => "duplicate_property",
            Self::DuplicateRelationship => "duplicate_relationship",
            Self::TooManyLabels => "too_many_labels",
            Self::UnreadableLicence => "unreadable_licence",
            Self::FullRead => "full_read",
            Self::SignaturesNotSettled => "signatures_not_settled",
            Self::IrregularPackage => "irregular_package",
            Self::DamagedProperties => "damaged_properties",
            Self::UnreadableMetadata => "unreadable_metadata",
        }
    }
}

/// What a reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Size of the file in bytes.
    pub size: u64,
    /// True type; `None` where it is nothing known.
    pub format: Option<Format>,
    /// Why the reading ended early; `None` when all is read.
    pub refusal: Option<Refusal>,
    /// One tenant has several live, unrelated labels (`label.ambiguous`).
    pub ambiguous: bool,
    /// The labels, sorted by tenant and id.
    pub labels: Vec<Label>,
    /// Protection.
    pub protection: Protection,
    /// Signatures.
    pub signatures: Signatures,
    /// Warnings, sorted, each once.
    pub warnings: Vec<Warning>,
}

/// What a parser has found so far; its labels are raw groups.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) format: Option<Format>,
    pub(crate) groups: Vec<LabelGroup>,
    pub(crate) protection: Protection,
    pub(crate) signatures: Signatures,
    pub(crate) warnings: Vec<Warning>,
}

impl Findings {
    pub(crate) fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
