//! Writing labels: bytes in, bytes out, everything else as it was.
//!
//! An Office package keeps every other entry's compressed bytes; a PDF keeps all of its bytes and gets
//! a revision behind them. Where the label goes follows reference/label-formats.md §2.5 and §5.5. The
//! result is read again by the reader, and compared with the original, before anybody gets to see it.
//!
//! - [`set_label`] and [`remove_label`] change the label of one tenant. What other tenants have in the
//!   file stays byte for byte.
//! - [`restore`] undoes one of them on a file that is as it was left, so that every part is again what
//!   it was, and a PDF has its old length.
//! - Doing the same twice changes nothing ([`Written::unchanged`]). Removing a label that was set on a
//!   file without one gives back every part as it was; but where a tenant's labels stand in the label
//!   list of a package, its removal is recorded there (reference/label-formats.md §2.4), which a
//!   restore takes back, too.

mod change;
mod content;
mod refusal;
mod undo;
mod verify;

use std::io;

use uuid::Uuid;

pub(crate) use change::Fields;
pub use change::{LabelChange, Method};
pub(crate) use content::are_same;
pub use content::{Content, Segment};
pub use refusal::WriteRefusal;
pub use undo::Undo;
pub(crate) use undo::{Base64, Digest256, PartStep, PartUndo, Steps, reverted};

use crate::input::{Input, Stop};
use crate::labels::TenantKnowledge;
use crate::limits::Limits;
use crate::reader::{ReadOptions, read};
use crate::reading::{Format, Label, LabelGroup, Place, ProtectionKind, Reading, Warning};
use crate::refusal::Refusal;
use crate::source::Source;
use crate::zip::Archive;
use crate::{ooxml, pdf};

/// The largest file that labels are written into, in bytes (rules §3 gate 5).
pub const USUAL_SIZE_LIMIT: u64 = 31_457_280;

/// What is done with signed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignedFiles {
    /// Never write into them.
    #[default]
    Refuse,
    /// Write where it can be seen that no signature covers what is written, and a certification does
    /// not forbid every change (reference/label-formats.md §5.6, §7).
    AllowUncovered,
}

/// How to write.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions<'a> {
    /// What reading one file may cost.
    pub limits: Limits,
    /// What is known of tenants beside the file; the co-authoring setting decides where labels go.
    pub known: &'a TenantKnowledge,
    /// The ids of the tenant's label list: properties of these labels are the tenant's even where they
    /// do not say so.
    pub own_labels: &'a [Uuid],
    /// Largest file in bytes, before and after.
    pub size_limit: u64,
    /// What is done with signed files.
    pub signed: SignedFiles,
}

impl<'a> WriteOptions<'a> {
    /// The usual limits, no label list, signed files refused.
    #[must_use]
    pub fn new(known: &'a TenantKnowledge) -> Self {
        Self {
            limits: Limits::default(),
            known,
            own_labels: &[],
            size_limit: USUAL_SIZE_LIMIT,
            signed: SignedFiles::default(),
        }
    }

    pub(crate) fn read(&self, file: &dyn Source) -> io::Result<Reading> {
        let options = ReadOptions {
            limits: self.limits,
            known: self.known,
        };
        read(file, options)
    }
}

/// A part of a file that carries labels, as it is after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelPart {
    /// Which.
    pub place: Place,
    /// SHA-256 of its content: of the uncompressed part of a package, the information dictionary as it
    /// is written, the decoded XMP packet.
    pub sha256: [u8; 32],
}

/// What a caller should know of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The label stands in the information dictionary only: in XMP it would break conformance to
    /// PDF/A-1, -2 and -3 (reference/label-formats.md §5.7).
    XmpLeftOut,
    /// The label stands in XMP only: PDF/A-4 has no information dictionary
    /// (reference/label-formats.md §5.7).
    InfoLeftOut,
    /// The file is signed, and no signature covers what was written.
    Signed,
}

/// What a write gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The whole file, as pieces of the original and new ones.
    pub content: Content,
    /// Whether the file already was as it should be; the content is all of the original then.
    pub unchanged: bool,
    /// The parts that carry labels, in the order of [`Place`].
    pub label_parts: Vec<LabelPart>,
    /// How to undo it; `None` where nothing was changed and after a restore.
    pub undo: Option<Undo>,
    /// What should be known of it.
    pub notes: Vec<Note>,
}

/// What is wanted of a file.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Set(Fields),
    Remove(Uuid),
}

impl Wish {
    fn site_id(&self) -> Uuid {
        match self {
            Self::Set(fields) => fields.site_id,
            Self::Remove(site_id) => *site_id,
        }
    }
}

/// What a writer of one format works with.
pub(crate) struct Task<'t> {
    pub(crate) file: &'t [u8],
    pub(crate) input: &'t Input<'t>,
    pub(crate) options: &'t WriteOptions<'t>,
    pub(crate) wish: &'t Wish,
    /// Whether the file is signed and may be written all the same where no signature covers it.
    pub(crate) is_signed: bool,
}

impl Task<'_> {
    /// Whether a label is the tenant's: the file says so, or says nothing and it is of the tenant's list.
    pub(crate) fn owns(&self, site_id: Option<Uuid>, id: Uuid) -> bool {
        let is_wanted = |id| match self.wish {
            Wish::Set(fields) => fields.label_id == id,
            Wish::Remove(_) => false,
        };
        match site_id {
            Some(site_id) => site_id == self.wish.site_id(),
            None => is_wanted(id) || self.options.own_labels.contains(&id),
        }
    }

    pub(crate) fn owns_group(&self, group: &LabelGroup) -> bool {
        self.owns(group.site_id, group.id)
    }

    /// Whether a label is the tenant's and in effect, or would be if another did not win.
    pub(crate) fn is_live_own(&self, label: &Label) -> bool {
        self.owns(label.site_id, label.id) && label.enabled && !label.removed
    }

    pub(crate) fn site_id(&self) -> Uuid {
        self.wish.site_id()
    }
}

/// A result that nobody has checked yet.
pub(crate) struct Made {
    pub(crate) content: Content,
    pub(crate) label_parts: Vec<LabelPart>,
    pub(crate) undo: Option<Undo>,
    pub(crate) notes: Vec<Note>,
    /// Names of the entries of a package that are not the original's.
    pub(crate) touched: Vec<Vec<u8>>,
}

/// Sets the label of one tenant, in place of whatever label it had.
///
/// Whether that label may be replaced is the caller's question; ambiguous labels are all replaced.
///
/// # Errors
///
/// Why it was not written; see [`WriteRefusal`].
pub fn set_label(
    original: &[u8],
    change: &LabelChange,
    options: &WriteOptions<'_>,
) -> Result<Written, WriteRefusal> {
    write(original, &Wish::Set(change.into()), options)
}

/// Removes whatever label a tenant has.
///
/// # Errors
///
/// Why it was not written; see [`WriteRefusal`].
pub fn remove_label(
    original: &[u8],
    site_id: Uuid,
    options: &WriteOptions<'_>,
) -> Result<Written, WriteRefusal> {
    write(original, &Wish::Remove(site_id), options)
}

/// Undoes a write on a file whose label metadata is as that write left it.
///
/// Whether the rest of a package is as it was left is the caller's question; for a PDF the question
/// does not arise, as anything changed stands behind what would be cut off.
///
/// # Errors
///
/// [`WriteRefusal::NotAsLeft`], or why it was not written.
pub fn restore(
    current: &[u8],
    undo: &Undo,
    options: &WriteOptions<'_>,
) -> Result<Written, WriteRefusal> {
    let before = gate(current, options)?;
    let input = Input::new(&current, options.limits);
    let is_pdf = before.format == Some(Format::Pdf);
    let made = match &undo.0 {
        Steps::Package(parts) if !is_pdf => ooxml::write::restore(&input, current, parts)?,
        steps if is_pdf => pdf::write::restore(current, steps, options)?,
        _ => return Err(WriteRefusal::NotAsLeft),
    };
    check_size(made.content.len(), options)?;
    verify::check_restored(current, &before, &made, options)?;
    Ok(finished(made))
}

/// The parts of a file that carry labels, in the order of [`Place`]; empty for a file that labels are
/// not written into.
///
/// # Errors
///
/// What keeps the file from being read.
pub fn label_parts(file: &[u8], limits: Limits) -> Result<Vec<LabelPart>, Refusal> {
    let input = Input::new(&file, limits);
    let parts = if file.starts_with(b"PK") {
        Archive::open(&input).and_then(|archive| ooxml::write::label_parts(&archive))
    } else {
        pdf::write::label_parts(&input)
    };
    parts.map_err(|stop| match WriteRefusal::from(stop) {
        WriteRefusal::Unreadable(refusal) => refusal,
        other => Refusal::corrupt(other.to_string()),
    })
}

fn write(
    original: &[u8],
    wish: &Wish,
    options: &WriteOptions<'_>,
) -> Result<Written, WriteRefusal> {
    let before = gate(original, options)?;
    let input = Input::new(&original, options.limits);
    let task = Task {
        file: original,
        input: &input,
        options,
        wish,
        is_signed: before.signatures.signed || before.signatures.usage_rights,
    };
    let made = match before.format {
        Some(Format::Pdf) => pdf::write::apply(&task)?,
        _ => ooxml::write::apply(&task)?,
    };
    let Some(mut made) = made else {
        return Ok(Written {
            content: Content::original(original.len()),
            unchanged: true,
            label_parts: label_parts(original, options.limits)?,
            undo: None,
            notes: Vec::new(),
        });
    };
    if task.is_signed {
        made.notes.push(Note::Signed);
    }
    check_size(made.content.len(), options)?;
    verify::check(&task, &before, &made)?;
    Ok(finished(made))
}

fn finished(made: Made) -> Written {
    Written {
        content: made.content,
        unchanged: false,
        label_parts: made.label_parts,
        undo: made.undo,
        notes: made.notes,
    }
}

fn check_size(size: u64, options: &WriteOptions<'_>) -> Result<(), WriteRefusal> {
    let limit = options.size_limit;
    match size > limit {
        true => Err(WriteRefusal::TooLarge { size, limit }),
        false => Ok(()),
    }
}

/// Reads the file and refuses what no label may be written into.
fn gate(file: &[u8], options: &WriteOptions<'_>) -> Result<Reading, WriteRefusal> {
    check_size(file.len() as u64, options)?;
    let reading = options.read(&file).map_err(Stop::Io)?;
    if let Some(refusal) = reading.refusal {
        return Err(refusal.into());
    }
    if !reading.format.is_some_and(Format::is_writable) {
        return Err(WriteRefusal::UnsupportedType);
    }
    match reading.protection.kind {
        ProtectionKind::None => {}
        ProtectionKind::OwnerPassword => return Err(WriteRefusal::OwnerPassword),
        _ => return Err(Refusal::Password("it is encrypted").into()),
    }
    for warning in &reading.warnings {
        refuse_warning(*warning)?;
    }
    refuse_signed(&reading, options.signed)?;
    Ok(reading)
}

/// What stops nothing when reading may stop a write: what is not understood is not changed.
fn refuse_warning(warning: Warning) -> Result<(), WriteRefusal> {
    Err(match warning {
        Warning::FullRead => Refusal::corrupt("its own tables do not lead to its objects").into(),
        Warning::DuplicateRelationship => {
            Refusal::corrupt("two of its relationships are of a kind that may occur once").into()
        }
        Warning::IrregularPackage => Refusal::corrupt("it breaks a rule of packages").into(),
        Warning::UnreadableMetadata => Refusal::corrupt("its XMP packet cannot be read").into(),
        Warning::DamagedProperties => Refusal::corrupt("its properties are damaged").into(),
        Warning::TooManyLabels => Refusal::Limit("it has too many labels").into(),
        Warning::SignaturesNotSettled => {
            WriteRefusal::Signed("it has too many form fields to look at all")
        }
        Warning::PlacesDisagree | Warning::DuplicateProperty | Warning::UnreadableLicence => {
            return Ok(());
        }
    })
}

fn refuse_signed(reading: &Reading, signed: SignedFiles) -> Result<(), WriteRefusal> {
    let signatures = reading.signatures;
    Err(WriteRefusal::Signed(match signed {
        SignedFiles::Refuse if signatures.signed => "signed files are not written into",
        SignedFiles::Refuse if signatures.usage_rights => {
            "a change would take the usage rights away that it grants"
        }
        SignedFiles::AllowUncovered if signatures.doc_mdp == Some(1) => {
            "its certification allows no change"
        }
        _ => return Ok(()),
    }))
}

impl From<Stop> for WriteRefusal {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Unreadable(refusal),
            // Memory has no errors of its own but for ranges outside of it.
            Stop::Io(error) => Self::Unreadable(Refusal::corrupt(error.to_string())),
        }
    }
}
