//! Compound files: Office documents encrypted with a password or protected by rights management, and
//! binary workbooks (reference/label-formats.md §3, §4).

use std::io::{self, Cursor, Write as _};

use super::label::{self, Label};
use super::random::Random;

/// Which kind of compound file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Agile encryption with a password.
    Password,
    /// Rights management; the label stands in clear.
    Rights,
    /// A binary workbook with labels in its document properties.
    Workbook,
}

type Compound = cfb::CompoundFile<Cursor<Vec<u8>>>;

/// The bytes of a compound file of about `size` bytes.
pub(crate) fn write(
    kind: Kind,
    labels: &[Label],
    size: usize,
    random: &mut Random,
) -> io::Result<Vec<u8>> {
    let memory = Cursor::new(Vec::new());
    let mut file = Compound::create_with_version(cfb::Version::V3, memory)?;
    let content = random.bytes(size.saturating_sub(8_000));
    match kind {
        Kind::Password => {
            put(&mut file, "/EncryptionInfo", &agile_encryption_info())?;
            data_spaces(&mut file, "StrongEncryptionDataSpace")?;
            put(&mut file, "/EncryptedPackage", &content)?;
        }
        Kind::Rights => {
            data_spaces(&mut file, "DRMEncryptedDataSpace")?;
            file.create_storage_all("/\u{6}DataSpaces/TransformInfo/DRMEncryptedTransform")?;
            let licence = primary_stream(labels, random);
            let primary = "/\u{6}DataSpaces/TransformInfo/DRMEncryptedTransform/\u{6}Primary";
            put(&mut file, primary, &licence)?;
            let label = label::label_info(labels);
            put(
                &mut file,
                "/\u{6}DataSpaces/TransformInfo/LabelInfo",
                label.as_bytes(),
            )?;
            put(&mut file, "/EncryptedPackage", &content)?;
        }
        Kind::Workbook => {
            put(&mut file, "/Workbook", &workbook(content))?;
            let properties = document_properties(labels);
            put(&mut file, "/\u{5}DocumentSummaryInformation", &properties)?;
        }
    }
    Ok(file.into_inner().into_inner())
}

fn put(file: &mut Compound, path: &str, data: &[u8]) -> io::Result<()> {
    file.create_new_stream(path)?.write_all(data)
}

/// The storages that say how the package is transformed (MS-OFFCRYPTO 2.1).
fn data_spaces(file: &mut Compound, space: &str) -> io::Result<()> {
    file.create_storage_all("/\u{6}DataSpaces/DataSpaceInfo")?;
    file.create_storage_all("/\u{6}DataSpaces/TransformInfo")?;
    let transform = space.replace("DataSpace", "Transform");
    let mut version = prefixed("Microsoft.Container.DataSpaces");
    version.extend_from_slice(&[1, 0, 0, 0].repeat(3));
    put(file, "/\u{6}DataSpaces/Version", &version)?;
    let mut entry = words(&[1, 0]);
    entry.extend(prefixed("EncryptedPackage"));
    entry.extend(prefixed(space));
    let mut map = words(&[8, 1, entry.len() as u32 + 4]);
    map.extend(entry);
    put(file, "/\u{6}DataSpaces/DataSpaceMap", &map)?;
    let mut definition = words(&[8, 1]);
    definition.extend(prefixed(&transform));
    put(
        file,
        &format!("/\u{6}DataSpaces/DataSpaceInfo/{space}"),
        &definition,
    )
}

fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A UTF-16 string behind its length in bytes, padded to four.
fn prefixed(text: &str) -> Vec<u8> {
    let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = words(&[text.len() as u32]);
    bytes.extend(&text);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Version 4.4 and the descriptor (MS-OFFCRYPTO 2.3.4.10).
fn agile_encryption_info() -> Vec<u8> {
    let mut bytes = vec![4, 0, 4, 0, 0x40, 0, 0, 0];
    bytes.extend_from_slice(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n\
          <encryption xmlns=\"http://schemas.microsoft.com/office/2006/encryption\" \
          xmlns:p=\"http://schemas.microsoft.com/office/2006/keyEncryptor/password\">\
          <keyData saltSize=\"16\" blockSize=\"16\" keyBits=\"256\" hashSize=\"64\" cipherAlgorithm=\"AES\" \
          cipherChaining=\"ChainingModeCBC\" hashAlgorithm=\"SHA512\" saltValue=\"aW52ZW50ZWQgc2FsdCAxNg==\"/>\
          <keyEncryptors><keyEncryptor uri=\"http://schemas.microsoft.com/office/2006/keyEncryptor/password\">\
          <p:encryptedKey spinCount=\"100000\" saltSize=\"16\" blockSize=\"16\" keyBits=\"256\" hashSize=\"64\" \
          cipherAlgorithm=\"AES\" cipherChaining=\"ChainingModeCBC\" hashAlgorithm=\"SHA512\" \
          saltValue=\"aW52ZW50ZWQgc2FsdCAxNg==\"/></keyEncryptor></keyEncryptors></encryption>",
    );
    bytes
}

/// The transform header and the publishing licence of an Azure tenant (MS-OFFCRYPTO 2.2.6).
fn primary_stream(labels: &[Label], random: &mut Random) -> Vec<u8> {
    let mut bytes = words(&[0x58, 1]);
    bytes.extend(prefixed("{C73DFACD-061F-43B0-8B64-0C620D2A8B50}"));
    bytes.extend(prefixed("Microsoft.Metadata.DRMTransform"));
    bytes.extend([1, 0, 0, 0].repeat(3));
    bytes.extend(words(&[4]));
    let mut licence = format!(
        "<?xml version=\"1.0\"?><XrML version=\"1.2\" xmlns=\"\"><BODY type=\"Microsoft Rights Label\" version=\"3.0\">\
         <ISSUEDTIME>2026-01-12T09:30</ISSUEDTIME><DESCRIPTOR><OBJECT><ID type=\"MS-GUID\">{{{}}}</ID>\
         <NAME>LCID 1033:NAME Invented template:DESCRIPTION Invented;</NAME></OBJECT></DESCRIPTOR>\
         <DISTRIBUTIONPOINT><OBJECT type=\"License-Acquisition-URL\"><ID type=\"MS-GUID\">{{{}}}</ID><NAME>DRM Server Cluster</NAME>\
         <ADDRESS type=\"URL\">https://{}.rms.eu.aadrm.com/_wmcs/licensing</ADDRESS></OBJECT></DISTRIBUTIONPOINT>",
        random.uuid(),
        random.uuid(),
        random.uuid()
    );
    for label in labels {
        licence.push_str(&format!(
            "<AUTHENTICATEDDATA id=\"LABEL\" name=\"ID\">{}</AUTHENTICATEDDATA>\
             <AUTHENTICATEDDATA id=\"LABEL\" name=\"TenantId\">{}</AUTHENTICATEDDATA>",
            label.id, label.site_id
        ));
    }
    licence.push_str("</BODY></XrML>");
    bytes.extend(words(&[licence.len() as u32]));
    bytes.extend(licence.into_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A globals substream's first records, then opaque content.
fn workbook(content: Vec<u8>) -> Vec<u8> {
    let mut bytes = vec![
        0x09, 0x08, 0x10, 0, 0, 6, 5, 0, 0xBB, 0x0D, 0xCC, 7, 0, 0, 0, 0, 6, 0, 0, 0,
    ];
    bytes.extend([0x42, 0, 2, 0, 0xB0, 4]);
    bytes.extend([0x0A, 0, 0, 0]);
    bytes.extend(content);
    bytes
}

/// The property set stream with its second section, user-defined properties
/// (MS-OLEPS 2.21, 2.17).
fn document_properties(labels: &[Label]) -> Vec<u8> {
    const FIRST: [u8; 16] = [
        0x02, 0xD5, 0xCD, 0xD5, 0x9C, 0x2E, 0x1B, 0x10, 0x93, 0x97, 0x08, 0x00, 0x2B, 0x2C, 0xF9,
        0xAE,
    ];
    let second: Vec<u8> = [0x05].iter().chain(&FIRST[1..]).copied().collect();
    let first_section = section(&[(1, code_page())]);
    let fields: Vec<(String, String)> = labels.iter().flat_map(Label::fields).collect();
    let mut properties = vec![(0, dictionary(&fields)), (1, code_page())];
    for (index, (_, text)) in fields.iter().enumerate() {
        properties.push((index as u32 + 2, string(text)));
    }
    let second_section = section(&properties);
    let mut bytes = words(&[0x0000_FFFE, 0x0002_0A00]);
    bytes.extend([0; 16]);
    bytes.extend(words(&[2]));
    bytes.extend(FIRST);
    bytes.extend(words(&[68]));
    bytes.extend(second);
    bytes.extend(words(&[68 + first_section.len() as u32]));
    bytes.extend(first_section);
    bytes.extend(second_section);
    bytes
}

fn section(properties: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut at = 8 + 8 * properties.len() as u32;
    let mut index = Vec::new();
    let mut values = Vec::new();
    for (id, value) in properties {
        index.extend(words(&[*id, at]));
        at += value.len() as u32;
        values.extend_from_slice(value);
    }
    let mut bytes = words(&[at, properties.len() as u32]);
    bytes.extend(index);
    bytes.extend(values);
    bytes
}

/// Code page 1252, which Excel writes for names and values in Latin letters.
fn code_page() -> Vec<u8> {
    words(&[2, 1252])
}

fn dictionary(fields: &[(String, String)]) -> Vec<u8> {
    let mut bytes = words(&[fields.len() as u32]);
    for (index, (name, _)) in fields.iter().enumerate() {
        bytes.extend(words(&[index as u32 + 2, name.len() as u32 + 1]));
        bytes.extend(name.as_bytes());
        bytes.push(0);
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn string(text: &str) -> Vec<u8> {
    const VT_LPSTR: u32 = 0x1E;
    let mut bytes = words(&[VT_LPSTR, text.len() as u32 + 1]);
    bytes.extend(text.as_bytes());
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
