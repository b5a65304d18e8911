//! What is told of documents in compound files.

use std::io::{Read, Seek, SeekFrom, Write};

use proptest::prelude::*;

use super::container_tests::{Streams, write};
use super::samples::{self, BINARY, Names, OOXML, SampleSummary};
use crate::rms::samples::{LABEL, SampleLicence, TENANT};
use crate::{
    BlockCache, Format, Limits, Place, ProtectionKind, RangeStrategy, ReadOptions, Reading,
    TenantKnowledge, Warning, read, read_ranged,
};

pub(super) const SUMMARY: &str = "\u{5}DocumentSummaryInformation";
const LABEL_INFO: &str = "\u{6}DataSpaces/TransformInfo/LabelInfo";
const OTHER_LABEL: &str = "77777777-1111-4222-8333-444444444444";

fn options(known: &TenantKnowledge) -> ReadOptions<'_> {
    ReadOptions {
        limits: Limits::default(),
        known,
    }
}

fn read_whole(bytes: &[u8]) -> Reading {
    read(&bytes, options(&TenantKnowledge::default())).unwrap()
}

fn read_bytes(bytes: &[u8]) -> Reading {
    let known = TenantKnowledge::default();
    let whole = read_whole(bytes);
    let mut cache = BlockCache::new(bytes.len() as u64, RangeStrategy::LOCAL);
    let ranged = read_ranged(&mut cache, options(&known), |range| {
        Ok(bytes[range.start as usize..range.end as usize].to_vec())
    });
    assert_eq!(ranged.unwrap(), whole, "ranged and whole reading agree");
    whole
}

pub(super) fn read_streams(streams: &Streams) -> Reading {
    read_bytes(&write(cfb::Version::V3, streams))
}

/// One line that says everything a test may want to know of a reading.
pub(super) fn summary_of(reading: &Reading) -> String {
    let mut parts = vec![
        reading.format.map_or("none", Format::name).to_owned(),
        reading.protection.kind.name().to_owned(),
        reading.protection.scheme.clone().unwrap_or_default(),
        reading
            .refusal
            .as_ref()
            .map_or("ok", |refusal| refusal.code())
            .to_owned(),
    ];
    for label in &reading.labels {
        let effective = if label.effective { "+" } else { "-" };
        let id = &label.id.to_string()[..8];
        parts.push(format!("{effective}{id} {:?}", label.places));
    }
    parts.join(" | ")
}

fn label_info(label: &str, attributes: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="utf-8" standalone="yes"?><clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"><clbl:label id="{{{label}}}" siteId="{{{TENANT}}}" {attributes} /></clbl:labelList>"#
    )
    .into_bytes()
}

const LIVE: &str = r#"enabled="1" method="Standard" removed="0""#;

pub(super) fn summary(label: &str) -> Vec<u8> {
    let name = |field: &str| format!("MSIP_Label_{label}_{field}");
    let (enabled, site, title) = (name("Enabled"), name("SiteId"), name("Name"));
    SampleSummary {
        code_page: 1252,
        wide_values: false,
        properties: &[
            ("_Unrelated", "x"),
            (&enabled, "true"),
            (&site, TENANT),
            (&title, "Café"),
        ],
    }
    .bytes()
}

pub(super) fn with(mut streams: Streams, more: &[(&str, Vec<u8>)]) -> Streams {
    for (name, bytes) in more {
        streams.insert((*name).to_owned(), bytes.clone());
    }
    streams
}

fn rights_managed(names: Names, sample: &SampleLicence) -> Streams {
    samples::encrypted(names, samples::DRM_CLASS, sample.text().as_bytes())
}

#[test]
fn rights_managed_documents_and_the_strength_of_their_places() {
    let azure = SampleLicence::azure();
    let unlabelled = SampleLicence {
        label: None,
        ..azure.clone()
    };
    let odd = Names {
        content: "EncryptedPackage",
        space: "any space",
        transform: "any transform",
    };
    for (what, streams, expected) in [
        (
            "licence alone",
            rights_managed(OOXML, &azure),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [RmsLicense]",
        ),
        (
            "unusual names",
            rights_managed(odd, &azure),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [RmsLicense]",
        ),
        (
            "stream and licence agree",
            with(
                rights_managed(OOXML, &azure),
                &[(LABEL_INFO, label_info(LABEL, LIVE))],
            ),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [RmsLicense, RmsLabelInfo]",
        ),
        (
            "the licence wins",
            with(
                rights_managed(OOXML, &azure),
                &[(LABEL_INFO, label_info(OTHER_LABEL, LIVE))],
            ),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [RmsLicense] | -77777777 [RmsLabelInfo]",
        ),
        (
            "the stream wins over properties",
            with(
                rights_managed(OOXML, &unlabelled),
                &[
                    (LABEL_INFO, label_info(OTHER_LABEL, LIVE)),
                    (SUMMARY, summary(LABEL)),
                ],
            ),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | -1b1b1b1b [DocSummary] | +77777777 [RmsLabelInfo]",
        ),
        (
            "properties alone",
            with(
                rights_managed(OOXML, &unlabelled),
                &[(SUMMARY, summary(LABEL))],
            ),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [DocSummary]",
        ),
        (
            "binary, by its decoy",
            with(
                rights_managed(BINARY, &azure),
                &[("Workbook", vec![0; 100])],
            ),
            "xls | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [RmsLicense]",
        ),
        (
            "binary without decoy",
            rights_managed(BINARY, &unlabelled),
            "ole | rms | Microsoft.Metadata.DRMTransform | file.rms",
        ),
        (
            "damaged LabelInfo stream",
            with(
                rights_managed(OOXML, &azure),
                &[(LABEL_INFO, b"<clbl".to_vec())],
            ),
            "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.corrupt | +1b1b1b1b [RmsLicense]",
        ),
    ] {
        let reading = read_streams(&streams);
        assert_eq!(summary_of(&reading), expected, "{what}");
        assert!(reading.protection.licence.is_some(), "{what}");
    }
}

#[test]
fn data_spaces_that_do_not_say_enough() {
    let streams = rights_managed(OOXML, &SampleLicence::azure());
    let without = |part: &str| {
        let mut streams = streams.clone();
        streams.retain(|path, _| !path.contains(part));
        streams
    };
    let damaged = |part: &str, length: usize| {
        let mut streams = streams.clone();
        for (_, bytes) in streams.iter_mut().filter(|(path, _)| path.contains(part)) {
            bytes[..length].fill(0xFF);
        }
        streams
    };
    let found = "encrypted-ooxml | rms | Microsoft.Metadata.DRMTransform | file.rms | +1b1b1b1b [RmsLicense]";
    for (what, streams) in [
        ("no map", without("DataSpaceMap")),
        ("no definition", without("DataSpaceInfo")),
        ("damaged map", damaged("DataSpaceMap", 60)),
        ("damaged definition", damaged("DataSpaceInfo", 12)),
        ("damaged head of the licence", damaged("Primary", 100)),
    ] {
        assert_eq!(summary_of(&read_streams(&streams)), found, "{what}");
    }

    let reading = read_streams(&damaged("Primary", 200));
    assert_eq!(reading.warnings, [Warning::UnreadableLicence]);
    assert_eq!(reading.protection.kind, ProtectionKind::Rms);

    let password = samples::encrypted(OOXML, samples::PASSWORD_CLASS, b"");
    assert_eq!(
        summary_of(&read_streams(&password)),
        "encrypted-ooxml | password |  | file.password"
    );
    assert_eq!(
        summary_of(&read_streams(&without("DataSpaces"))),
        "encrypted-ooxml | none |  | file.corrupt"
    );
}

fn version(major: u16, minor: u16, flags: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(major.to_le_bytes());
    bytes.extend(minor.to_le_bytes());
    bytes.extend(flags.to_le_bytes());
    bytes.resize(200, 0);
    bytes
}

#[test]
fn passwords_on_packages() {
    for (info, scheme) in [
        (version(4, 4, 0x40), "agile"),
        (version(2, 2, 0x24), "standard"),
        (version(3, 2, 0x24), "standard"),
        (version(4, 2, 0x24), "standard"),
        (version(3, 2, 0x04), "rc4"),
        (version(3, 3, 0x10), "extensible"),
        (version(9, 9, 0), ""),
    ] {
        let streams = Streams::from([
            ("EncryptionInfo".to_owned(), info),
            ("encryptedpackage".to_owned(), vec![0; 9_000]),
            (SUMMARY.to_owned(), summary(LABEL)),
        ]);
        assert_eq!(
            summary_of(&read_streams(&streams)),
            format!(
                "encrypted-ooxml | password | {scheme} | file.password | +1b1b1b1b [DocSummary]"
            )
        );
    }
}

#[test]
fn property_sets_of_all_code_pages() {
    let name = |field: &str| format!("MSIP_Label_{LABEL}_{field}");
    for (code_page, wide_values, title) in [
        (1252, false, "Café – sûr"),
        (1252, true, "Тайна 秘密"),
        (1251, false, "Тайна"),
        (932, false, "秘密"),
        (65001, false, "Тайна 秘密"),
        (1200, false, "Тайна 秘密"),
        (1200, true, "Тайна 秘密"),
        (60_000, false, "Secret"),
    ] {
        let bytes = SampleSummary {
            code_page,
            wide_values,
            properties: &[
                ("Odd", "length of a name moves what follows"),
                (&name("Enabled"), "true"),
                (&name("SiteId"), TENANT),
                (&name("Name").to_uppercase(), title),
                (&name("SetDate"), "2031-01-01T00:00:00Z"),
                (&name("Tag"), "10, 3, 0, 1"),
            ],
        }
        .bytes();
        let reading = read_streams(&Streams::from([(SUMMARY.to_owned(), bytes)]));
        let [label] = &reading.labels[..] else {
            panic!("{code_page} {wide_values}: {reading:?}");
        };
        assert_eq!(
            label.name.as_deref(),
            Some(title),
            "{code_page} {wide_values}"
        );
        assert_eq!(label.set_date.as_deref(), Some("2031-01-01T00:00:00Z"));
        assert_eq!(label.extra["Tag"], "10, 3, 0, 1");
        assert!(label.effective);
    }
}

#[test]
fn damaged_property_sets_never_lose_a_label_silently() {
    let whole = summary(LABEL);
    let healthy = read_streams(&Streams::from([(SUMMARY.to_owned(), whole.clone())]));
    for end in 0..whole.len() {
        let cut = whole[..end].to_vec();
        let mentions = super::property_set::mentions_label(&cut);
        let reading = read_streams(&Streams::from([(SUMMARY.to_owned(), cut)]));
        let is_told = reading.refusal.is_some() || reading.labels == healthy.labels;
        assert!(is_told || !mentions, "cut at {end}: {reading:?}");
    }

    let cut = whole[..whole.len() - 8].to_vec();
    let unlabelled = read_streams(&Streams::from([(
        SUMMARY.to_owned(),
        b"\xFE\xFFjunk".to_vec(),
    )]));
    assert_eq!(summary_of(&unlabelled), "ole | none |  | ok");
    let protected = with(
        rights_managed(OOXML, &SampleLicence::azure()),
        &[(SUMMARY, cut)],
    );
    let reading = read_streams(&protected);
    assert_eq!(reading.refusal.unwrap().code(), "file.rms");
    assert_eq!(reading.warnings, [Warning::DamagedProperties]);
}

#[test]
fn files_cut_at_every_offset_tell_the_truth_or_refuse() {
    let mut streams = with(
        rights_managed(OOXML, &SampleLicence::azure()),
        &[
            (LABEL_INFO, label_info(LABEL, LIVE)),
            (SUMMARY, summary(LABEL)),
        ],
    );
    streams.insert("EncryptedPackage".to_owned(), vec![0; 100]);
    let bytes = write(cfb::Version::V3, &streams);
    let whole = read_bytes(&bytes);
    assert_eq!(
        whole.labels[0].places,
        [Place::RmsLicense, Place::RmsLabelInfo, Place::DocSummary]
    );
    for end in 8..bytes.len() {
        let reading = read_whole(&bytes[..end]);
        let is_same = reading.labels == whole.labels && reading.protection == whole.protection;
        let code = reading
            .refusal
            .as_ref()
            .map_or("ok", |refusal| refusal.code());
        let is_told =
            code == "file.corrupt" || reading.warnings.contains(&Warning::UnreadableLicence);
        assert!(is_same || is_told, "cut at {end}: {reading:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn mutations_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..16),
    ) {
        let streams = with(
            rights_managed(OOXML, &SampleLicence::azure()),
            &[(LABEL_INFO, label_info(LABEL, LIVE)), (SUMMARY, summary(LABEL))],
        );
        let mut bytes = write(cfb::Version::V3, &streams);
        for (at, byte) in edits {
            *at.get_mut(&mut bytes[8..]) = byte;
        }
        read_bytes(&bytes);
    }
}

/// 100 MB of ciphertext in front of everything else, on a disk that stores no zeros.
#[test]
fn the_ciphertext_is_never_fetched() {
    const LENGTH: u64 = 100 << 20;
    let known = TenantKnowledge::default();
    for version in [cfb::Version::V3, cfb::Version::V4] {
        let mut disk = tempfile::tempfile().unwrap();
        let mut file =
            cfb::CompoundFile::create_with_version(version, disk.try_clone().unwrap()).unwrap();
        let mut content = file.create_stream("EncryptedPackage").unwrap();
        content.set_len(LENGTH).unwrap();
        content.flush().unwrap();
        for (path, bytes) in rights_managed(OOXML, &SampleLicence::azure()) {
            if path != "EncryptedPackage" {
                if let Some((storage, _)) = path.rsplit_once('/') {
                    file.create_storage_all(storage).unwrap();
                }
                file.create_stream(path).unwrap().write_all(&bytes).unwrap();
            }
        }
        file.flush().unwrap();
        drop(file);

        let length = disk.metadata().unwrap().len();
        assert!(length > LENGTH);
        let mut cache = BlockCache::new(length, RangeStrategy::LOCAL);
        let reading = read_ranged(&mut cache, options(&known), |range| {
            let mut bytes = vec![0; (range.end - range.start) as usize];
            disk.seek(SeekFrom::Start(range.start))?;
            disk.read_exact(&mut bytes)?;
            Ok(bytes)
        });
        let reading = reading.unwrap();
        assert_eq!(reading.refusal.unwrap().code(), "file.rms");
        assert_eq!(reading.labels[0].places, [Place::RmsLicense]);
        let fetched = cache.bytes_read();
        assert!(
            fetched < 40 << 10,
            "{version:?}: {fetched} bytes in {} reads",
            cache.reads()
        );
    }
}
