//! Label properties in the document summary property set (MS-OLEPS 2.21,
//! reference/label-formats.md §4).

use encoding_rs::Encoding;

use crate::fields::Fields;
use crate::input::{Input, Parsed};
use crate::msip::{Collector, split_name};
use crate::refusal::Refusal;

/// Format id of the section with the user-defined properties:
/// `{D5CDD505-2E9C-101B-9397-08002B2CF9AE}` as stored.
const USER_DEFINED: [u8; 16] = [
    0x05, 0xD5, 0xCD, 0xD5, 0x9C, 0x2E, 0x1B, 0x10, 0x93, 0x97, 0x08, 0x00, 0x2B, 0x2C, 0xF9, 0xAE,
];
/// Sections looked at; the format has two.
const MOST_SECTIONS: u32 = 8;
const WHAT: &str = "its document summary";

/// Property ids with a meaning of their own.
const DICTIONARY: u32 = 0;
const CODE_PAGE: u32 = 1;

/// Types of values (MS-OLEPS 2.15).
const VT_I4: u16 = 0x03;
const VT_BOOL: u16 = 0x0B;
const VT_LPSTR: u16 = 0x1E;
const VT_LPWSTR: u16 = 0x1F;

/// Whether the bytes hold the beginning of a label property's name, in any encoding that stores
/// ASCII in one or two bytes. Without it there is no label, whatever state the property set is in.
pub(super) fn mentions_label(bytes: &[u8]) -> bool {
    memchr::memchr2_iter(b'M', b'm', bytes).any(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        starts_with_prefix(rest.iter()) || starts_with_prefix(rest.iter().step_by(2))
    })
}

fn starts_with_prefix<'b>(bytes: impl Iterator<Item = &'b u8>) -> bool {
    let prefix = b"MSIP_Label_";
    let head = bytes.take(prefix.len());
    head.map(u8::to_ascii_uppercase)
        .eq(prefix.iter().map(u8::to_ascii_uppercase))
}

/// Reads the label properties of a property set stream into `labels`; what stands before damage is
/// read.
pub(super) fn read(input: &Input<'_>, bytes: &[u8], labels: &mut Collector) -> Parsed<()> {
    let start = Fields::new(bytes, WHAT);
    let mut fields = start.at(0)?;
    if fields.u16()? != 0xFFFE {
        return Err(fields.damage().into());
    }
    let count = start.at(24)?.u32()?;
    let mut list = start.at(28)?;
    for _ in 0..count.min(MOST_SECTIONS) {
        let format: [u8; 16] = list.array()?;
        let offset = list.u32()?;
        if format == USER_DEFINED {
            let size = start.at(offset)?.u32()?;
            let section = start.at(offset)?.rest();
            let end = (size as usize).min(section.len());
            Section::open(section.get(..end).unwrap_or_default())?.read(input, labels)?;
        }
    }
    Ok(())
}

/// One section: property ids and where their values are.
struct Section<'b> {
    start: Fields<'b>,
    properties: Vec<(u32, u32)>,
    encoding: &'static Encoding,
}

impl<'b> Section<'b> {
    fn open(bytes: &'b [u8]) -> Parsed<Self> {
        let start = Fields::new(bytes, WHAT);
        let count = start.at(4)?.u32()?;
        let mut fields = start.at(8)?;
        // Each takes eight bytes, so a greater count cannot be true.
        if u64::from(count) * 8 > fields.rest().len() as u64 {
            return Err(fields.damage().into());
        }
        let properties = (0..count)
            .map(|_| Ok((fields.u32()?, fields.u32()?)))
            .collect::<Parsed<Vec<_>>>()?;
        let mut section = Self {
            start,
            properties,
            encoding: encoding_rs::WINDOWS_1252,
        };
        if let Some(offset) = section.offset_of(CODE_PAGE) {
            let mut value = section.start.at(offset)?;
            let _type = value.u32()?;
            section.encoding = encoding_of(value.u16()?);
        }
        Ok(section)
    }

    fn offset_of(&self, id: u32) -> Option<u32> {
        let property = self.properties.iter().find(|(known, _)| *known == id);
        property.map(|(_, offset)| *offset)
    }

    fn read(&self, input: &Input<'_>, labels: &mut Collector) -> Parsed<()> {
        let Some(dictionary) = self.offset_of(DICTIONARY) else {
            return Ok(());
        };
        let mut fields = self.start.at(dictionary)?;
        let count = fields.u32()?;
        for _ in 0..count {
            input.step(1)?;
            let id = fields.u32()?;
            let name = self.name(&mut fields)?;
            if split_name(&name).is_none() {
                continue;
            }
            // Looking the value up passes over all properties.
            input.step(self.properties.len() as u64)?;
            let offset = self.offset_of(id).ok_or_else(|| fields.damage())?;
            labels.property(&name, &self.value(offset)?);
        }
        Ok(())
    }

    /// One name of the dictionary (MS-OLEPS 2.16): counted in characters where they are UTF-16.
    fn name(&self, fields: &mut Fields<'_>) -> Parsed<String> {
        let length = u64::from(fields.u32()?);
        if ![encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&self.encoding) {
            return Ok(self.text(fields.take(length)?));
        }
        let name = self.text(fields.take(length * 2)?);
        fields.align();
        Ok(name)
    }

    fn value(&self, offset: u32) -> Parsed<String> {
        let mut fields = self.start.at(offset)?;
        let kind = fields.u16()?;
        let _padding = fields.u16()?;
        match kind {
            VT_LPSTR => {
                let length = fields.u32()?;
                Ok(self.text(fields.take(u64::from(length))?))
            }
            VT_LPWSTR => {
                let length = fields.u32()?;
                let bytes = fields.take(u64::from(length) * 2)?;
                Ok(decode(encoding_rs::UTF_16LE, bytes))
            }
            VT_BOOL => Ok((fields.u16()? != 0).to_string()),
            VT_I4 => Ok(fields.u32()?.cast_signed().to_string()),
            _ => Err(Refusal::corrupt("a label property of it is no text").into()),
        }
    }

    fn text(&self, bytes: &[u8]) -> String {
        decode(self.encoding, bytes)
    }
}

/// Text up to its terminator.
fn decode(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    text.split('\0').next().unwrap_or_default().to_owned()
}

/// The encoding of a Windows code page. Names and ids of labels are ASCII, which the default reads
/// as well as any.
fn encoding_of(code_page: u16) -> &'static Encoding {
    let label = match code_page {
        1200 => return encoding_rs::UTF_16LE,
        1201 => return encoding_rs::UTF_16BE,
        65001 => return encoding_rs::UTF_8,
        1250..=1258 => format!("windows-{code_page}"),
        28591..=28606 => format!("iso-8859-{}", code_page - 28590),
        874 => "windows-874".to_owned(),
        866 => "ibm866".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10000 => "macintosh".to_owned(),
        10007 => "x-mac-cyrillic".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        54936 => "gb18030".to_owned(),
        _ => String::new(),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::WINDOWS_1252)
}
