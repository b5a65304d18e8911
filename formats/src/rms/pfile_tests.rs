//! pfiles of all versions, and damaged ones.

use proptest::prelude::*;

use super::samples::{self, SampleLicence};
use crate::{
    Format, Limits, Place, ProtectionKind, ReadOptions, Reading, Refusal, TenantKnowledge, Warning,
    read,
};

fn read_bytes(bytes: &[u8]) -> Reading {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    read(&bytes, options).unwrap()
}

/// What varies between pfiles.
struct Sample {
    version: (u32, u32),
    header_length: u32,
    licence: Vec<u8>,
    metadata: Vec<u8>,
}

impl Sample {
    fn bytes(&self) -> Vec<u8> {
        let notice = b"This file is protected.\r\n";
        let extension = b".txt";
        let header_start = 18 + notice.len() as u32;
        let extension_at = header_start + self.header_length;
        let licence_at = extension_at + extension.len() as u32;
        let metadata_at = licence_at + self.licence.len() as u32;
        let content_at = metadata_at + self.metadata.len() as u32;
        let mut bytes = b".pfile".to_vec();
        for field in [self.version.0, self.version.1, notice.len() as u32] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(notice);
        for field in [
            self.header_length,
            extension_at,
            extension.len() as u32,
            licence_at,
            self.licence.len() as u32,
            content_at,
            u32::MAX,
            u32::MAX,
            metadata_at,
            self.metadata.len() as u32,
            0,
            0,
        ] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.truncate((header_start + self.header_length) as usize);
        bytes.extend(extension);
        bytes.extend(&self.licence);
        bytes.extend(&self.metadata);
        bytes.extend(b"ciphertext......");
        bytes
    }
}

/// A packet around the given RDF, padded as in real files.
fn packet(rdf: &str) -> Vec<u8> {
    format!(
        r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:msip="http://www.microsoft.com/msip/1.0/" xmlns:l="http://www.microsoft.com/msip/label/1.0/" xmlns:le="http://www.microsoft.com/msip/label/extended/1.0/"><rdf:Description rdf:about=""{rdf}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>{}"#,
        "\0".repeat(40)
    )
    .into_bytes()
}

fn direct() -> Vec<u8> {
    let (label, tenant) = (samples::LABEL, samples::TENANT);
    packet(&format!(
        "><msip:MSIP_Label_{label}_Enabled>True</msip:MSIP_Label_{label}_Enabled><msip:MSIP_Label_{label}_SiteId>{tenant}</msip:MSIP_Label_{label}_SiteId><msip:MSIP_Label_{label}_Name>Secret &amp; sound</msip:MSIP_Label_{label}_Name>"
    ))
}

fn as_attributes() -> Vec<u8> {
    let (label, tenant) = (samples::LABEL, samples::TENANT);
    packet(&format!(
        r#" msip:MSIP_Label_{label}_Enabled="true" msip:MSIP_Label_{label}_SiteId="{tenant}" msip:MSIP_Label_{label}_Name="Secret &amp; sound">"#
    ))
}

fn bag() -> Vec<u8> {
    let (label, tenant) = (samples::LABEL, samples::TENANT);
    packet(&format!(
        r#"><msip:labels><rdf:Bag><rdf:li rdf:parseType="Resource"><l:Id>{label}</l:Id><l:Name>Secret &amp; sound</l:Name><l:SiteId>{tenant}</l:SiteId><l:Enabled>true</l:Enabled><l:DateCreated>2031-01-01T00:00:00Z</l:DateCreated><le:MSFT_Method>Automatic</le:MSFT_Method><l:extended><rdf:Bag><rdf:li rdf:parseType="Resource"><le:Key>k</le:Key></rdf:li></rdf:Bag></l:extended></rdf:li></rdf:Bag></msip:labels>"#
    ))
}

#[test]
fn all_versions_and_forms_of_metadata() {
    let unlabelled = SampleLicence {
        label: None,
        ..SampleLicence::azure()
    };
    for (version, header_length, metadata) in [
        ((2, 0), 24, Vec::new()),
        ((2, 1), 40, vec![0; 1024]),
        ((2, 1), 48, direct()),
        ((2, 1), 48, as_attributes()),
        ((3, 0), 40, bag()),
    ] {
        let is_labelled = metadata.contains(&b'M');
        let reading = read_bytes(
            &Sample {
                version,
                header_length,
                licence: format!("\u{feff}{}", unlabelled.text()).into_bytes(),
                metadata,
            }
            .bytes(),
        );
        let what = format!("{version:?} {header_length} {reading:?}");
        assert_eq!(reading.format, Some(Format::Pfile), "{what}");
        assert_eq!(reading.refusal, Some(Refusal::Rms), "{what}");
        let scheme = format!("pfile {}.{}", version.0, version.1);
        assert_eq!(reading.protection.scheme, Some(scheme), "{what}");
        assert!(reading.protection.licence.is_some(), "{what}");
        assert!(reading.warnings.is_empty(), "{what}");
        assert_eq!(reading.labels.len(), usize::from(is_labelled), "{what}");
        for label in &reading.labels {
            assert_eq!(label.id.to_string(), samples::LABEL);
            assert_eq!(label.site_id.unwrap().to_string(), samples::TENANT);
            assert_eq!(label.name.as_deref(), Some("Secret & sound"));
            assert_eq!(label.places, [Place::PdfXmp]);
            assert!(label.effective);
        }
    }
}

#[test]
fn the_bag_keeps_its_fields_under_the_names_of_today() {
    let reading = read_bytes(&sample_with(bag()).bytes());
    let label = &reading.labels[0];
    assert_eq!(label.set_date.as_deref(), Some("2031-01-01T00:00:00Z"));
    assert_eq!(label.extra["Extended_MSFT_Method"], "Automatic");
    assert_eq!(label.extra.len(), 1, "{label:?}");
    assert_eq!(label.places, [Place::PdfXmp, Place::RmsLicense]);
}

fn sample_with(metadata: Vec<u8>) -> Sample {
    Sample {
        version: (2, 1),
        header_length: 40,
        licence: SampleLicence::azure().text().into_bytes(),
        metadata,
    }
}

#[test]
fn damage_is_told_and_protection_stays_known() {
    let whole = sample_with(direct());
    let bytes = whole.bytes();
    let field = |index: usize| 18 + 25 + 4 * index;
    let with = |at: usize, value: u32| {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    for (what, bytes) in [
        ("notice beyond the end", with(14, u32::MAX)),
        ("short header", with(field(0), 23)),
        ("extension", with(field(1), u32::MAX)),
        ("licence offset", with(field(3), u32::MAX)),
        ("licence length", with(field(4), u32::MAX)),
        ("content", with(field(5), u32::MAX)),
        ("metadata", with(field(9), u32::MAX)),
        ("cut packet", with(field(9), 300)),
    ] {
        let reading = read_bytes(&bytes);
        let refusal = reading.refusal.as_ref().unwrap();
        assert_eq!(refusal.code(), "file.corrupt", "{what}: {reading:?}");
        assert_eq!(reading.protection.kind, ProtectionKind::Rms, "{what}");
    }
    let reading = read_bytes(&with(field(4), 10));
    assert_eq!(reading.warnings, [Warning::UnreadableLicence]);
    assert_eq!(reading.refusal, Some(Refusal::Rms));
    assert_eq!(reading.labels.len(), 1);
}

#[test]
fn cut_at_every_offset() {
    let bytes = sample_with(direct()).bytes();
    for end in 6..bytes.len() {
        let reading = read_bytes(&bytes[..end]);
        assert_eq!(reading.format, Some(Format::Pfile), "cut at {end}");
    }
}

proptest! {
    #[test]
    fn mutations_never_panic(edits in prop::collection::vec((6usize..3000, any::<u8>()), 1..12)) {
        let mut bytes = sample_with(bag()).bytes();
        for (at, byte) in edits {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        let reading = read_bytes(&bytes);
        prop_assert_eq!(reading.format, Some(Format::Pfile));
    }
}
