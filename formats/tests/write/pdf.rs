//! Labels in PDF files of every structure: what is appended, and that it can be taken back.

use std::process::Command;

use labeld_formats::write::{Note, WriteOptions, WriteRefusal, label_parts};
use labeld_formats::{Coauthoring, Limits, Place, TenantKnowledge};

use crate::packages::{HIGH, LABEL, LOW, OTHER_TENANT, TENANT, label};
use crate::pdf_files::{
    METADATA, PAGES, TRAILER, WITH_METADATA, packet, plain, replaced, structures,
};
use crate::pdf_writer::Pdf;
use crate::support::{Done, knowledge, live, reading, remove_label, restore, set_label};

fn known() -> TenantKnowledge {
    knowledge(TENANT, Coauthoring::Unknown)
}

fn written(file: &[u8]) -> Done {
    let known = known();
    set_label(file, &label(), &WriteOptions::new(&known)).unwrap()
}

#[test]
fn a_revision_is_appended_and_taken_back() {
    let known = known();
    let options = WriteOptions::new(&known);
    for (what, file) in structures() {
        assert_eq!(reading(&file, &known).refusal, None, "{what}");
        let set = written(&file);
        assert!(set.bytes.starts_with(&file), "{what}");
        let after = reading(&set.bytes, &known);
        let [found] = live(&after, TENANT)[..] else {
            panic!("{what}: {:?}", after.labels);
        };
        assert_eq!(found.places, [Place::PdfInfo, Place::PdfXmp], "{what}");
        let facts = (
            found.id,
            found.effective,
            found.name.as_deref(),
            found.content_bits,
        );
        assert_eq!(facts, (LABEL, true, Some("A & B"), Some(0)), "{what}");
        assert!(!found.extra.contains_key("Owner"), "{what}");
        assert!(
            set_label(&set.bytes, &label(), &options).unwrap().unchanged,
            "{what}"
        );
        let parts = label_parts(&set.bytes, Limits::default()).unwrap();
        assert_eq!(parts, set.label_parts, "{what}");

        // A revision is in the form of the one before.
        let tail = String::from_utf8_lossy(&set.bytes[file.len()..]).into_owned();
        let is_table = what != "stream" && !what.contains("stream");
        assert_eq!(tail.contains("\nxref\n"), is_table, "{what}: {tail}");
        assert_eq!(tail.contains("/Type /XRef\n"), !is_table, "{what}: {tail}");
        assert!(!tail.contains("/XRefStm"), "{what}: {tail}");

        let removed = remove_label(&set.bytes, TENANT, &options).unwrap();
        assert!(removed.bytes == file, "{what}: removal leaves a trace");
        let again = restore(&removed.bytes, &removed.undo.unwrap(), &options).unwrap();
        assert!(again.bytes == set.bytes, "{what}: set again differs");
        let undone = restore(&set.bytes, &set.undo.unwrap(), &options).unwrap();
        assert!(undone.bytes == file, "{what}: undoing leaves a trace");
        assert!(
            remove_label(&file, TENANT, &options).unwrap().unchanged,
            "{what}"
        );
    }
}

#[test]
fn another_library_reads_what_was_written() {
    for (what, file) in structures() {
        // lopdf counts offsets from the first byte, and wants a table that says its size.
        if ["offsets from the header", "a size that is too low"].contains(&what) {
            continue;
        }
        let set = written(&file);
        let document = lopdf::Document::load_mem(&set.bytes).unwrap();
        let info = document.trailer.get(b"Info").unwrap();
        let info = document
            .get_dictionary(info.as_reference().unwrap())
            .unwrap();
        let key = format!("MSIP_Label_{LABEL}_Name");
        let name = info.get(key.as_bytes()).unwrap().as_str().unwrap();
        assert_eq!(name, b"A & B", "{what}");
        if what.contains("stream") || what.contains("classic") {
            assert_eq!(
                info.get(b"Real").unwrap().as_float().unwrap(),
                1.5,
                "{what}"
            );
            assert!(info.get(b"Ref").unwrap().as_reference().is_ok(), "{what}");
        }
    }
}

#[test]
fn qpdf_finds_nothing_wrong() {
    if Command::new("qpdf").arg("--version").output().is_err() {
        println!("skipped: qpdf is missing");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let check = |what: &str, file: &[u8]| {
        let path = folder.path().join("checked.pdf");
        std::fs::write(&path, file).unwrap();
        let output = Command::new("qpdf")
            .arg("--check")
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), format!("{what}: {said}"))
    };
    for (what, file) in structures() {
        let (before, _) = check(what, &file);
        let (after, said) = check(what, &written(&file).bytes);
        // Warnings (3) there may be where there were some before.
        assert!(after == Some(0) || after == before, "{said}");
    }
}

/// Entries of an information dictionary that set a label.
fn entries(tenant: uuid::Uuid, id: uuid::Uuid) -> String {
    let key = format!("/MSIP_Label_{id}");
    format!("{key}_Enabled (true) {key}_SiteId ({tenant}) {key}_Name (Old) {key}_Owner (x@y)")
}

/// The same in a packet.
fn elements(tenant: uuid::Uuid, id: uuid::Uuid) -> String {
    let name = format!("pdfx:MSIP_Label_{id}");
    format!(
        "<{name}_Enabled>true</{name}_Enabled><{name}_SiteId>{tenant}</{name}_SiteId>\
         <{name}_Name>Old</{name}_Name>"
    )
}

fn with_labels(info: &str, properties: &str) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.object(1, WITH_METADATA).object(2, PAGES);
    pdf.object(3, format!("<</Title (t) {info}>>"));
    pdf.stream(4, METADATA, packet(properties).as_bytes());
    pdf.table(TRAILER).bytes.clone()
}

/// Labels after setting, or removing, one: tenant, id, number of places; those in effect first.
fn labels(file: &[u8]) -> Vec<(uuid::Uuid, uuid::Uuid, usize)> {
    let known = known();
    let reading = reading(file, &known);
    let labels = reading.labels.iter().filter(|label| label.effective);
    labels
        .map(|label| {
            (
                label.site_id.unwrap_or_default(),
                label.id,
                label.places.len(),
            )
        })
        .collect()
}

#[test]
fn a_label_of_the_tenant_gives_way_and_those_of_others_stay() {
    let known = known();
    let options = WriteOptions {
        own_labels: &[LOW],
        ..WriteOptions::new(&known)
    };
    let own = (TENANT, LABEL, 2);
    let other = |places| (OTHER_TENANT, HIGH, places);
    let check = |info: &str, properties: &str, set: &[_], removed: &[_]| {
        let file = with_labels(info, properties);
        let written = set_label(&file, &label(), &options).unwrap();
        assert_eq!(labels(&written.bytes), set, "{info} {properties}");
        let tail = String::from_utf8_lossy(&written.bytes[file.len()..]).into_owned();
        assert!(!tail.contains(&format!("{LOW}_")), "{tail}");
        let without = remove_label(&file, TENANT, &options).unwrap();
        assert_eq!(labels(&without.bytes), removed, "{info} {properties}");
        // Removing the new label does not bring the old one back, undoing does.
        let after = remove_label(&written.bytes, TENANT, &options).unwrap();
        assert_eq!(labels(&after.bytes), removed, "{info} {properties}");
        let undone = restore(&written.bytes, &written.undo.unwrap(), &options).unwrap();
        assert!(undone.bytes == file);
    };
    let (old, old_xmp) = (entries(TENANT, LOW), elements(TENANT, LOW));
    let (others, others_xmp) = (entries(OTHER_TENANT, HIGH), elements(OTHER_TENANT, HIGH));
    check(&old, &old_xmp, &[own], &[]);
    check(&old, "", &[own], &[]);
    check("", &old_xmp, &[own], &[]);
    check(&others, &others_xmp, &[own, other(2)], &[other(2)]);
    check(
        &(old.clone() + &others),
        &others_xmp,
        &[own, other(2)],
        &[other(2)],
    );
    check(
        &others,
        &(old_xmp.clone() + &others_xmp),
        &[own, other(2)],
        &[other(2)],
    );
    // A label that does not say whose it is: of the tenant's list, or of the tenant in the other place.
    let enabled = format!("/MSIP_Label_{LOW}_Enabled (true)");
    check(&enabled, "", &[own], &[]);
    let loose = entries(TENANT, HIGH);
    let nameless = format!("<pdfx:MSIP_Label_{HIGH}_Enabled>true</pdfx:MSIP_Label_{HIGH}_Enabled>");
    check(&loose, &nameless, &[own], &[]);

    let taken = with_labels(&entries(OTHER_TENANT, LABEL), "");
    let refused = set_label(&taken, &label(), &options).unwrap_err();
    assert_eq!(refused, WriteRefusal::ForeignLabel(LABEL));
}

#[test]
fn conformance_to_pdfa_is_kept() {
    let known = known();
    let options = WriteOptions::new(&known);
    let check = |part: &str, notes: &[Note], places: &[Place]| {
        let conforms = format!("<pdfaid:part>{part}</pdfaid:part>");
        let old = elements(TENANT, LOW);
        for properties in [conforms.clone(), conforms + &old] {
            let file = with_labels("", &properties);
            let written = set_label(&file, &label(), &options).unwrap();
            assert_eq!(written.notes, notes, "{part}");
            let after = reading(&written.bytes, &known);
            let [found] = live(&after, TENANT)[..] else {
                panic!("{part}: {:?}", after.labels);
            };
            assert_eq!((found.id, &found.places[..]), (LABEL, places), "{part}");
            assert!(
                set_label(&written.bytes, &label(), &options)
                    .unwrap()
                    .unchanged
            );
            let tail = String::from_utf8_lossy(&written.bytes[file.len()..]).into_owned();
            let has_new_packet = tail.contains("<x:xmpmeta");
            let needs_packet = places != [Place::PdfInfo] || properties.contains("MSIP");
            assert_eq!(has_new_packet, needs_packet, "{part}: {tail}");
        }
    };
    let both = [Place::PdfInfo, Place::PdfXmp];
    for part in ["1", "2", "3"] {
        check(part, &[Note::XmpLeftOut], &[Place::PdfInfo]);
    }
    check("4", &[Note::InfoLeftOut], &[Place::PdfXmp]);
    check("5", &[], &both);
}

#[test]
fn what_is_not_a_labels_revision_is_not_cut_off() {
    let known = known();
    let options = WriteOptions::new(&known);
    let file = plain().table(TRAILER).bytes.clone();
    let set = written(&file).bytes;
    // Another revision of the same shape, whose title somebody changed.
    let at = set
        .windows(7)
        .rposition(|window| window == b"labeld ")
        .unwrap();
    let mut changed = set.clone();
    changed[at..at + 6].copy_from_slice(b"LABELD");
    assert!(at > file.len());
    let removed = remove_label(&changed, TENANT, &options).unwrap();
    assert!(removed.bytes.starts_with(&changed));
    assert_eq!(labels(&removed.bytes), []);
    let undone = restore(&removed.bytes, &removed.undo.unwrap(), &options).unwrap();
    assert!(undone.bytes == changed);
    // Undoing wants the very revision, and the very file, that it was made for.
    let undo = written(&file).undo.unwrap();
    let outcome = restore(&changed, &undo, &options);
    assert_eq!(outcome, Err(WriteRefusal::NotAsLeft));
    let outcome = restore(&file, &undo, &options);
    assert_eq!(outcome, Err(WriteRefusal::NotAsLeft));
}

#[test]
fn damage_is_not_written_over() {
    let known = known();
    let check = |file: &[u8], code: &str| {
        let refusal = set_label(file, &label(), &WriteOptions::new(&known)).unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
    };
    let replaced = |old: &str, new: &str| {
        let file = plain().table(TRAILER).bytes.clone();
        replaced(&file, old, new)
    };
    // Its tables do not lead to its objects.
    check(&replaced("startxref\n", "startxref\n1"), "file.corrupt");
    // A packet that is no XML, or describes nothing.
    check(&replaced("</rdf:RDF>", "</rdf:rdf>"), "file.corrupt");
    check(
        &replaced("rdf-syntax-ns#", "rdf-syntax-ns!"),
        "file.corrupt",
    );
    check(&replaced("/Size 5", "/Size 99999999"), "file.limit");
    check(
        &replaced("/ID [", "/Encrypt <</Filter /Standard /V 4 /R 4>> /ID ["),
        "file.password",
    );
}
