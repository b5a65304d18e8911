//! Signed files: refused, and written into only where no signature covers what is written.

use labeld_formats::write::{Note, SignedFiles, WriteOptions, WriteRefusal};
use labeld_formats::{Coauthoring, TenantKnowledge};

use crate::corpus::{samples, trouble};
use crate::independent::contents;
use crate::package_writer::{Part, archive, part};
use crate::packages::{TENANT, label, parts};
use crate::support::{Done, knowledge, live, reading, remove_label, restore, set_label};

fn known() -> TenantKnowledge {
    knowledge(TENANT, Coauthoring::Unknown)
}

fn allowing(known: &TenantKnowledge) -> WriteOptions<'_> {
    WriteOptions {
        signed: SignedFiles::AllowUncovered,
        ..WriteOptions::new(known)
    }
}

/// Certified against every change, or restricted by a password beside.
const NEVER: [&str; 3] = [
    "pdfcpu__sample2.pdf",
    "pyhanko__certified-with-indirect-refs-in-dir.pdf",
    "qpdf__minimal-signed-restricted.pdf",
];

#[test]
fn real_signed_files() {
    let known = known();
    let mut complaints = Vec::new();
    let mut written = 0;
    for sample in samples() {
        if !sample.is_signed() {
            continue;
        }
        let original = sample.bytes();
        let refused = set_label(&original, &label(), &WriteOptions::new(&known));
        assert!(refused.is_err(), "{}", sample.name);
        let outcome = set_label(&original, &label(), &allowing(&known));
        if NEVER.iter().any(|name| sample.name.ends_with(name)) {
            assert!(outcome.is_err(), "{}", sample.name);
            continue;
        }
        let Ok(set) = outcome else {
            complaints.push(format!("{}: {outcome:?}", sample.name));
            continue;
        };
        written += 1;
        assert!(set.notes.contains(&Note::Signed));
        complaints.extend(trouble(&sample, &original, &set));
        let after = reading(&set.bytes, &known);
        assert_eq!(live(&after, TENANT).len(), 1);
        assert_eq!(after.signatures, reading(&original, &known).signatures);
        let removed = remove_label(&set.bytes, TENANT, &allowing(&known)).unwrap();
        let undone = restore(&set.bytes, &set.undo.unwrap(), &allowing(&known)).unwrap();
        for back in [removed.bytes, undone.bytes] {
            let same = match sample.name.ends_with(".pdf") {
                true => back == original,
                false => contents(&back) == contents(&original),
            };
            assert!(same, "{}", sample.name);
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(written >= 2, "only {written} signed files");
}

/// A document with a signature of these references.
fn signed(references: &str) -> Vec<u8> {
    let origin = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature";
    let mut parts: Vec<Part> = parts(None, None, false);
    let rows = String::from_utf8(parts[1].bytes.clone()).unwrap();
    let row =
        format!("<Relationship Id=\"o\" Type=\"{origin}/origin\" Target=\"_s/o.sigs\"/></Rel");
    parts[1].bytes = rows.replace("</Rel", &row).into_bytes();
    parts.push(part("_s/o.sigs", ""));
    parts.push(part(
        "_s/_rels/o.sigs.rels",
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"r\" Type=\"{origin}/signature\" Target=\"s.xml\"/></Relationships>"
        ),
    ));
    parts.push(part(
        "_s/s.xml",
        format!(
            "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\" \
             xmlns:m=\"http://schemas.openxmlformats.org/package/2006/digital-signature\">\
             <SignedInfo><Reference URI=\"#x\"/></SignedInfo><Object><Manifest>{references}\
             </Manifest></Object></Signature>"
        ),
    ));
    archive(&parts)
}

fn outcome(references: &str) -> Result<Done, WriteRefusal> {
    let known = known();
    set_label(&signed(references), &label(), &allowing(&known))
}

#[test]
fn a_signature_that_covers_a_label_forbids_it() {
    let selection = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform";
    let rows = |inner: &str| {
        format!(
            "<Reference URI=\"/_rels/.rels?ContentType=x\"><Transforms>{inner}</Transforms></Reference>"
        )
    };
    let selected = |inner: &str| {
        rows(&format!(
            "<Transform Algorithm=\"{selection}\">{inner}</Transform>"
        ))
    };
    let document = "<Reference URI=\"/word/document.xml?ContentType=x\"/>";
    let main = selected("<m:RelationshipReference SourceId=\"rId0\"/>");
    let allowed = |references: &str| {
        let written = outcome(references).unwrap();
        assert_eq!(written.notes, [Note::Signed], "{references}");
    };
    allowed("");
    allowed(document);
    allowed(&(main.clone() + document));

    let refused = |references: &str| {
        let refusal = outcome(references).unwrap_err();
        assert_eq!(refusal.code(), "file.signed", "{references}: {refusal}");
    };
    refused("<Reference URI=\"/docProps/Custom.xml?ContentType=x\"/>");
    refused("<Reference URI=\"/%5BContent_Types%5D.xml\"/>");
    refused("<Reference URI=\"word/document.xml\"/>");
    refused("<Reference URI=\"http://x.example/\"/>");
    refused("<Reference/>");
    // All relationships, all of a type, or one of the kind that a label brings.
    refused("<Reference URI=\"/_rels/.rels\"/>");
    refused(&rows("<Transform Algorithm=\"http://x.example/\"/>"));
    refused(&(main.clone() + &rows("")));
    refused(&selected(
        "<m:RelationshipsGroupReference SourceType=\"urn:x\"/>",
    ));
    refused(&selected(
        "<m:RelationshipReference SourceId=\"labeldCustom\"/>",
    ));
}
