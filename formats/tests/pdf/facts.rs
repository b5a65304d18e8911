//! Signatures, usage rights and rights management.

use labeld_formats::{ProtectionKind, Reading, Signatures};

use crate::support::{PAGES, info, packet, read_all_ways, summary};
use crate::writer::{Pdf, deflated};

fn with_catalog(catalog: &str, objects: &[(u32, &str)]) -> Reading {
    let mut pdf = Pdf::new();
    pdf.object(1, format!("<</Type /Catalog /Pages 2 0 R {catalog}>>"))
        .object(2, PAGES);
    pdf.object(3, info('a'));
    for (number, body) in objects {
        pdf.object(*number, body);
    }
    read_all_ways(&pdf.table("/Root 1 0 R /Info 3 0 R").bytes)
}

#[test]
fn signatures() {
    let check =
        |what: &str, catalog: &str, objects: &[(u32, &str)], expected: (bool, Option<u8>, bool)| {
            let reading = with_catalog(catalog, objects);
            let (signed, doc_mdp, usage_rights) = expected;
            let expected = Signatures {
                signed,
                doc_mdp,
                usage_rights,
                macro_signed: false,
            };
            assert_eq!(reading.signatures, expected, "{what}");
            assert_eq!(summary(&reading), "ok A:info", "{what}");
        };
    let signature = "<</Type /Sig /Contents <00> /Reference [9 0 R]>>";
    let reference = |p: &str| format!("<</TransformMethod /DocMDP /TransformParams <<{p}>>>>");
    let unsigned = (false, None, false);
    let signed = (true, None, false);
    check("none", "", &[], unsigned);
    check(
        "no flag",
        "/AcroForm <</SigFlags 0 /Fields [5 0 R]>>",
        &[(5, "<</FT /Sig /V 6 0 R>>"), (6, signature)],
        unsigned,
    );
    let form = "/AcroForm <</SigFlags 3 /Fields [5 0 R]>>";
    check(
        "a field",
        form,
        &[(5, "<</FT /Sig /V 6 0 R>>"), (6, signature)],
        signed,
    );
    check("an empty field", form, &[(5, "<</FT /Sig>>")], unsigned);
    check(
        "a dangling value",
        form,
        &[(5, "<</FT /Sig /V 6 0 R>>")],
        unsigned,
    );
    check("a text field", form, &[(5, "<</FT /Tx /V (x)>>")], unsigned);
    check(
        "direct value",
        form,
        &[(5, "<</FT /Sig /V <</Type /Sig>>>>")],
        signed,
    );
    check(
        "inherited type",
        form,
        &[
            (5, "<</FT /Sig /Kids [7 0 R]>>"),
            (7, "<</V 6 0 R>>"),
            (6, signature),
        ],
        signed,
    );
    check(
        "inherited value",
        form,
        &[
            (5, "<</V 6 0 R /Kids [7 0 R]>>"),
            (7, "<</FT /Sig>>"),
            (6, signature),
        ],
        signed,
    );
    check(
        "fields in a loop",
        form,
        &[(5, "<</FT /Tx /Kids [7 0 R]>>"), (7, "<</Kids [8 0 R]>>")],
        unsigned,
    );
    check(
        "indirect form without flags",
        "/AcroForm 7 0 R",
        &[
            (7, "<</Fields 8 0 R>>"),
            (8, "[5 0 R]"),
            (5, "<</FT /Sig /V 6 0 R>>"),
            (6, signature),
        ],
        signed,
    );
    let perms = "/Perms <</DocMDP 6 0 R>>";
    check(
        "certified",
        perms,
        &[(6, signature), (9, &reference("/P 1"))],
        (true, Some(1), false),
    );
    check(
        "certified, default",
        perms,
        &[(6, signature), (9, &reference(""))],
        (true, Some(2), false),
    );
    check(
        "certified, no parameters",
        perms,
        &[(6, "<</Type /Sig>>")],
        (true, Some(2), false),
    );
    check("certified, dangling", perms, &[], unsigned);
    check(
        "usage rights",
        "/Perms 8 0 R",
        &[(8, "<</UR3 6 0 R>>"), (6, signature)],
        (false, None, true),
    );
    check(
        "older usage rights",
        "/Perms <</UR <<>>>>",
        &[],
        (false, None, true),
    );
}

#[test]
fn forms_too_large_to_settle_count_as_signed() {
    let kids: String = (10..3_000).map(|number| format!("{number} 0 R ")).collect();
    let form = format!("/AcroForm <</SigFlags 1 /Fields [{kids}]>>");
    let bodies: Vec<(u32, &str)> = (10..3_000).map(|number| (number, "<</FT /Tx>>")).collect();
    let mut pdf = Pdf::new();
    pdf.object(1, format!("<</Type /Catalog /Pages 2 0 R {form}>>"))
        .object(2, PAGES);
    for (number, body) in bodies {
        pdf.object(number, body);
    }
    let reading = read_all_ways(&pdf.stream_section(5_000, "/Root 1 0 R").bytes);
    assert!(reading.signatures.signed);
    assert_eq!(summary(&reading), "ok signatures_not_settled");
    let circle = with_catalog(
        "/AcroForm <</SigFlags 1 /Fields [5 0 R]>>",
        &[(5, "<</Kids [5 0 R 5 0 R]>>")],
    );
    assert!(circle.signatures.signed);
}

#[test]
fn wrappers_of_rights_managed_documents() {
    let check = |what: &str, catalog: &str, file: &str, scheme: Option<&str>| {
        let reading = with_catalog(catalog, &[(5, file), (6, "<</Names [(x) 5 0 R]>>")]);
        assert_eq!(reading.protection.scheme.as_deref(), scheme, "{what}");
        let (kind, state) = match scheme {
            Some(_) => (ProtectionKind::Rms, "file.rms A:info"),
            None => (ProtectionKind::None, "ok A:info"),
        };
        assert_eq!(
            (reading.protection.kind, summary(&reading).as_str()),
            (kind, state),
            "{what}"
        );
    };
    let payload = "<</Type /Filespec /AFRelationship /EncryptedPayload /EP <</Subtype /MicrosoftIRMServices /Version 2>>>>";
    let v2 = Some("MicrosoftIRMServices v2");
    check(
        "associated file",
        "/Collection <<>> /AF [5 0 R]",
        payload,
        v2,
    );
    check(
        "embedded file",
        "/Names <</EmbeddedFiles 6 0 R>>",
        payload,
        v2,
    );
    check(
        "in a leaf",
        "/Names <</EmbeddedFiles <</Kids [6 0 R]>>>>",
        payload,
        v2,
    );
    let named = "<</Type /Filespec /UF (MicrosoftIRMServices Protected PDF.pdf)>>";
    check(
        "version 1",
        "/Names <</EmbeddedFiles 6 0 R>>",
        named,
        Some("MicrosoftIRMServices v1"),
    );
    let other = "<</Type /Filespec /F (a.xml) /EP <</Subtype /Other>>>>";
    check(
        "another payload",
        "/AF [5 0 R] /Names <</EmbeddedFiles 6 0 R>>",
        other,
        None,
    );
    check("nothing embedded", "/AF [] /Names <<>>", other, None);
}

#[test]
fn bare_payloads_of_rights_managed_documents() {
    let licence = "\u{feff}<XrML version=\"1.2\"><BODY type=\"Microsoft Rights Label\"><DISTRIBUTIONPOINT>\
        <OBJECT type=\"License-Acquisition-URL\"><ADDRESS type=\"URL\">https://a.rms.na.aadrm.com/_wmcs/licensing</ADDRESS>\
        </OBJECT></DISTRIBUTIONPOINT></BODY></XrML>";
    let packed = base64(&deflated(licence.as_bytes()));
    let check = |what: &str, version: &str, licence: &str, scheme: &str| {
        let mut pdf = Pdf::new();
        pdf.object(1, "<</Type /Catalog /Pages 2 0 R /Metadata 4 0 R>>")
            .object(2, PAGES);
        pdf.stream(4, "/Type /Metadata", packet('a').as_bytes());
        pdf.object(
            5,
            format!(
                "<</Filter /MicrosoftIRMServices /V 5 {version} /PublishingLicense ({licence})>>"
            ),
        );
        let reading = read_all_ways(&pdf.table("/Root 1 0 R /Encrypt 5 0 R").bytes);
        assert_eq!(summary(&reading), "file.rms", "{what}");
        assert_eq!(reading.protection.scheme.as_deref(), Some(scheme), "{what}");
        let url = reading.protection.licence.unwrap().licence_url;
        assert!(url.unwrap().contains("aadrm.com"), "{what}");
    };
    check(
        "version 2",
        "/MicrosoftIRMVersion 2",
        licence,
        "MicrosoftIRMServices v2",
    );
    check("version 1", "", &packed, "MicrosoftIRMServices v1");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
