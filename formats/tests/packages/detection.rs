//! What a file is taken for where its head and its end say different things.

use labeld_formats::{Format, Reading};

use crate::support::{Part, archive, labelled_document, part, read_all_ways, state};

const COMPOUND: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n44\n%%EOF\n";

fn document() -> Vec<u8> {
    archive(&labelled_document())
}

fn is_taken_for_the_package(reading: &Reading) -> bool {
    reading.format == Some(Format::Docx) && reading.labels.len() == 1
}

/// Makes the offsets in an archive count from `shift` bytes before it.
fn shifted(mut file: Vec<u8>, shift: u32) -> Vec<u8> {
    let end = file.len() - 22;
    let mut at = add(&mut file, end + 16, shift) as usize;
    while at < end {
        add(&mut file, at + 42, shift);
        let length = |field: usize| {
            let at = at + field;
            usize::from(u16::from_le_bytes([file[at], file[at + 1]]))
        };
        at += 46 + length(28) + length(30) + length(32);
    }
    file
}

/// Adds to the number at `at` and returns what it was.
fn add(file: &mut [u8], at: usize, summand: u32) -> u32 {
    let field = &mut file[at..at + 4];
    let value = u32::from_le_bytes(field.try_into().unwrap());
    field.copy_from_slice(&(value + summand).to_le_bytes());
    value
}

#[test]
fn a_known_head_decides() {
    let heads: [&[u8]; 3] = [
        &[&COMPOUND[..], &[0; 4_000]].concat(),
        PDF,
        b".pfile 123456789",
    ];
    for head in heads {
        for padding in [0, 3_000] {
            let junk = [head, &vec![0; padding]].concat();
            let embedded = [&junk[..], &document()].concat();
            let absolute = [&junk[..], &shifted(document(), junk.len() as u32)].concat();
            for file in [embedded, absolute] {
                let reading = read_all_ways(&file);
                assert!(
                    !is_taken_for_the_package(&reading),
                    "{head:.8?}: {reading:?}"
                );
            }
        }
    }
}

#[test]
fn bytes_before_and_after_an_archive_do_not_hide_it() {
    let long_comment = {
        let mut file = document();
        let end = file.len();
        file.truncate(end - 2);
        [&file[..], &40_000u16.to_le_bytes(), &[b'c'; 40_000]].concat()
    };
    let files = [
        ("plain", document()),
        ("junk before", [b"#!junk".as_slice(), &document()].concat()),
        (
            "junk before, counted",
            [b"#!junk".as_slice(), &shifted(document(), 6)].concat(),
        ),
        ("bytes after", [&document()[..], b"\r\n"].concat()),
        ("many bytes after", [&document()[..], &[0; 30_000]].concat()),
        ("long comment", long_comment),
        ("a PDF after", [&document()[..], PDF].concat()),
    ];
    for (what, file) in files {
        let reading = read_all_ways(&file);
        assert_eq!(state(&reading), "ok", "{what}");
        assert!(is_taken_for_the_package(&reading), "{what}: {reading:?}");
    }
}

#[test]
fn a_stored_pdf_at_the_end_does_not_make_a_pdf() {
    let pdf = Part {
        is_stored: true,
        ..part("word/embedded.pdf", PDF)
    };
    let mut parts = labelled_document();
    parts.push(pdf);
    assert!(is_taken_for_the_package(&read_all_ways(&archive(&parts))));
}
