//! Encryption flags of binary Word, Excel and PowerPoint documents (reference/label-formats.md §4).

use super::container::CompoundFile;
use super::directory::Children;
use crate::fields::Fields;
use crate::input::Parsed;
use crate::reading::Format;

/// Schemes as they are shown.
const XOR: &str = "xor";
const RC4: &str = "rc4";
const CRYPTO_API: &str = "cryptoapi";

/// The format that the streams of the root show. Of a rights-managed file these streams hold only a
/// notice to the reader.
pub(super) fn format(root: &Children) -> Option<Format> {
    if root.stream("WordDocument").is_some() {
        Some(Format::Doc)
    } else if root.stream("Workbook").or(root.stream("Book")).is_some() {
        Some(Format::Xls)
    } else if root.stream("PowerPoint Document").is_some() {
        Some(Format::Ppt)
    } else {
        None
    }
}

/// How a document of that format is encrypted; `None` for not at all.
pub(super) fn encryption(
    file: &mut CompoundFile<'_, '_>,
    root: &Children,
    format: Format,
) -> Parsed<Option<&'static str>> {
    match format {
        Format::Doc => word(file, root),
        Format::Xls => excel(file, root),
        Format::Ppt => power_point(file, root),
        _ => Ok(None),
    }
}

/// `FibBase` and the head of the table stream (MS-DOC 2.5.2, 2.2.6).
fn word(file: &mut CompoundFile<'_, '_>, root: &Children) -> Parsed<Option<&'static str>> {
    const ENCRYPTED: u16 = 1 << 8;
    const SECOND_TABLE: u16 = 1 << 9;
    const OBFUSCATED: u16 = 1 << 15;

    let Some(document) = root.stream("WordDocument") else {
        return Ok(None);
    };
    let head = file.read_start(document, 32)?;
    let flags = Fields::new(&head, "its Word document").at(10)?.u16()?;
    if flags & ENCRYPTED == 0 {
        return Ok(None);
    }
    if flags & OBFUSCATED != 0 {
        return Ok(Some(XOR));
    }
    let table = if flags & SECOND_TABLE != 0 {
        "1Table"
    } else {
        "0Table"
    };
    let Some(table) = root.stream(table) else {
        return Ok(Some(RC4));
    };
    let head = file.read_start(table, 4)?;
    let major = Fields::new(&head, "its Word table stream").u16()?;
    Ok(Some(rc4_kind(major)))
}

/// The version that opens an encryption header: 1.1 is plain RC4, later ones use the CryptoAPI
/// (MS-OFFCRYPTO 2.3.5.1, 2.3.6.1).
fn rc4_kind(major: u16) -> &'static str {
    if major == 1 { RC4 } else { CRYPTO_API }
}

/// The `FilePass` record, which can only follow the records here passed over (MS-XLS 2.1.7.20.3,
/// 2.4.117).
fn excel(file: &mut CompoundFile<'_, '_>, root: &Children) -> Parsed<Option<&'static str>> {
    const FILE_PASS: u16 = 0x2F;
    const WRITE_PROTECT: u16 = 0x86;
    /// Beginnings of a substream, of all versions.
    const BEGINNINGS: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];
    /// `vers` of the version whose encryption has a type.
    const BIFF8: u16 = 0x0600;

    let Some(workbook) = root.stream("Workbook").or(root.stream("Book")) else {
        return Ok(None);
    };
    let head = file.read_start(workbook, 512)?;
    let mut fields = Fields::new(&head, "its workbook");
    let mut version = None;
    loop {
        let record = fields.u16()?;
        let length = fields.u16()?;
        let mut body = Fields::new(fields.rest(), "its workbook");
        match (record, version) {
            (_, None) if BEGINNINGS.contains(&record) => version = Some(body.u16()?),
            (_, None) => return Err(fields.damage().into()),
            (WRITE_PROTECT, _) => {}
            (FILE_PASS, Some(BIFF8)) => {
                let (kind, major) = (body.u16()?, body.u16()?);
                return Ok(Some(if kind == 0 { XOR } else { rc4_kind(major) }));
            }
            (FILE_PASS, _) => return Ok(Some(XOR)),
            _ => return Ok(None),
        }
        fields.take(u64::from(length))?;
    }
}

/// `CurrentUserAtom` or the stream with encrypted properties (MS-PPT 2.3.2, 2.3.7). PowerPoint knows
/// the CryptoAPI alone.
fn power_point(file: &mut CompoundFile<'_, '_>, root: &Children) -> Parsed<Option<&'static str>> {
    const ENCRYPTED: u32 = 0xF3D1_C4DF;

    if root.stream("EncryptedSummary").is_some() {
        return Ok(Some(CRYPTO_API));
    }
    let Some(user) = root.stream("Current User") else {
        return Ok(None);
    };
    let head = file.read_start(user, 16)?;
    let token = Fields::new(&head, "its current user stream")
        .at(12)?
        .u32()?;
    Ok((token == ENCRYPTED).then_some(CRYPTO_API))
}
