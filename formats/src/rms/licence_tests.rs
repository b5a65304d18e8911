//! Publishing licences in all their forms.

use proptest::prelude::*;
use uuid::Uuid;

use super::licence::{IssuerKind, Licence, parse_licence};
use super::provenance::Provenance;
use super::samples::{self, SampleLicence};
use crate::input::{Input, Stop};
use crate::limits::Limits;
use crate::refusal::Refusal;

fn parse(bytes: &[u8]) -> Result<Licence, Refusal> {
    let nothing: &[u8] = &[];
    parse_licence(&Input::new(&nothing, Limits::default()), bytes).map_err(|stop| match stop {
        Stop::Refused(refusal) => refusal,
        Stop::Io(error) => panic!("a licence is all in memory: {error}"),
    })
}

fn id(text: &str) -> Option<Uuid> {
    Some(Uuid::parse_str(text).unwrap())
}

#[test]
fn every_field_of_an_azure_licence() {
    let sample = SampleLicence {
        until: Some("2032-01-01T00:00"),
        ..SampleLicence::azure()
    };
    let licence = parse(sample.text().as_bytes()).unwrap();
    assert_eq!(
        Licence {
            owner: None,
            ..licence.clone()
        },
        Licence {
            provenance: Provenance::Azure,
            server_url: sample.server_url.map(str::to_owned),
            licence_url: sample.licence_url.map(str::to_owned),
            extranet_url: sample.extranet_url.map(str::to_owned),
            template_id: id(samples::TEMPLATE),
            template_name: Some("Secret & sound".to_owned()),
            template_version: Some("2030-01-01T00:00".to_owned()),
            tenant_id: id(samples::TENANT),
            content_id: id(samples::CONTENT),
            server_id: id(samples::SERVER),
            issued: Some("2031-02-03T04:05".to_owned()),
            expires: Some("2032-01-01T00:00".to_owned()),
            issuer: Some(IssuerKind::Server),
            owner: None,
            label_id: id(samples::LABEL),
            label_tenant_id: id(samples::TENANT),
        }
    );
    assert_eq!(licence.owner.as_ref().unwrap().as_str(), samples::OWNER);
    assert!(!format!("{licence:?}").contains("sample-owner"));
}

#[test]
fn output_names_fields_and_classes_in_snake_case() {
    let licence = parse(SampleLicence::ad_rms().text().as_bytes()).unwrap();
    let json = serde_json::to_value(&licence).unwrap();
    assert_eq!(json["provenance"], "adrms");
    assert_eq!(json["issuer"], "server");
    assert_eq!(json["owner"], samples::OWNER);
    assert_eq!(json["template_name"], "Nur Lesen");
    assert!(json.get("tenant_id").is_none(), "{json}");
}

#[test]
fn provenance_and_tenant_of_each_kind() {
    use Provenance::*;
    let azure = SampleLicence::azure();
    let own = SampleLicence::ad_rms();
    for (sample, class, tenant) in [
        (azure.clone(), Azure, Some(samples::TENANT)),
        (own.clone(), AdRms, None),
        (
            SampleLicence {
                licence_url: azure.licence_url,
                extranet_url: azure.extranet_url,
                ..own.clone()
            },
            AzureImportedKey,
            None,
        ),
        (
            SampleLicence {
                extranet_url: azure.extranet_url,
                by_user: true,
                ..own.clone()
            },
            AdRmsInMigration,
            Some(samples::USER_TENANT),
        ),
        (
            SampleLicence {
                licence_url: own.licence_url,
                extranet_url: own.extranet_url,
                ..azure.clone()
            },
            Inconsistent,
            Some(samples::TENANT),
        ),
        (
            SampleLicence {
                server_url: None,
                licence_url: None,
                extranet_url: None,
                ..own
            },
            Unknown,
            None,
        ),
    ] {
        let licence = parse(sample.text().as_bytes()).unwrap();
        assert_eq!(licence.provenance, class, "{sample:?}");
        assert_eq!(licence.tenant_id, tenant.and_then(id), "{sample:?}");
        let issuer = if sample.by_user {
            IssuerKind::User
        } else {
            IssuerKind::Server
        };
        assert_eq!(licence.issuer, Some(issuer));
        assert_eq!(licence.issued.as_deref(), Some("2031-02-03T04:05"));
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn all_forms_of_text_say_the_same() {
    let by_user = SampleLicence {
        by_user: true,
        ..SampleLicence::azure()
    };
    let text = by_user.text();
    let expected = parse(text.as_bytes()).unwrap();
    assert_eq!(expected.label_id, id(samples::LABEL));
    let bare = text.replacen(r#"<?xml version="1.0"?>"#, "", 1);
    let pretty = text
        .replace("><", ">\r\n    <")
        .replace("{3d3d", "\n  {3d3d");
    for (form, bytes) in [
        ("no declaration", bare.clone().into_bytes()),
        ("byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16", utf16(&text)),
        ("UTF-16, no declaration", utf16(&bare)),
        ("pretty", pretty.into_bytes()),
        (
            "upper-case ids",
            text.replace("3d3d3d3d", "3D3D3D3D").into_bytes(),
        ),
        ("bare ids", text.replace(['{', '}'], "").into_bytes()),
        (
            "open and close tags",
            text.replace(
                r#"value="RMS 2.0"/>"#,
                r#"value="RMS 2.0"></SECURITYLEVEL>"#,
            )
            .into_bytes(),
        ),
        ("padding behind", format!("{text}\0\0\0").into_bytes()),
    ] {
        assert_eq!(parse(&bytes).as_ref(), Ok(&expected), "{form}");
    }
}

#[test]
fn template_names() {
    for (names, expected) in [
        ("LCID 1033:NAME A: b:DESCRIPTION c;", "A: b"),
        (
            "LCID 1036:NAME un:DESCRIPTION x;\nLCID 1033:NAME one:DESCRIPTION y;",
            "one",
        ),
        (
            "LCID 1036:NAME un:DESCRIPTION x;\nLCID 1031:NAME eins:DESCRIPTION y;",
            "un",
        ),
        ("LCID 1033:NAME no description", "no description"),
        ("just a name", "just a name"),
    ] {
        let sample = SampleLicence {
            template_names: names,
            ..SampleLicence::azure()
        };
        let licence = parse(sample.text().as_bytes()).unwrap();
        assert_eq!(licence.template_name.as_deref(), Some(expected));
    }
}

#[test]
fn what_is_no_licence_is_refused() {
    let text = SampleLicence::azure().text();
    let bomb = text.replace("AAAA", &"<x>".repeat(200));
    let large = text.replace("AAAA", &"A".repeat(1 << 20));
    let long_owner = text.replace(samples::OWNER, &"o".repeat(70_000));
    for (bytes, code) in [
        ("", "file.corrupt"),
        ("<XrML", "file.corrupt"),
        (&text[..text.len() - 1], "file.corrupt"),
        ("<XrML><BODY type=\"LICENSE\"/></XrML>", "file.corrupt"),
        (
            &format!(
                "<!DOCTYPE x [<!ENTITY e \"e\">]>{}",
                text.replace("AAAA", "&e;")
            ),
            "file.corrupt",
        ),
        (&bomb, "file.limit"),
        (&large, "file.limit"),
        (&long_owner, "file.limit"),
    ] {
        let refusal = parse(bytes.as_bytes()).unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
    }
}

proptest! {
    #[test]
    fn damage_never_panics(
        by_user: bool, cut in 0usize..4000,
        edits in prop::collection::vec((0usize..4000, any::<u8>()), 0..8),
    ) {
        let mut bytes = SampleLicence { by_user, ..SampleLicence::azure() }.text().into_bytes();
        for (at, byte) in edits {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        bytes.truncate(cut.max(1));
        let _ = parse(&bytes);
    }
}
