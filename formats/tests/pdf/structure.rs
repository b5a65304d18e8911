//! Every way in which a PDF can say where its objects are.

use crate::support::{CATALOG, METADATA, PAGES, TRAILER, check, info, labelled, packet, replaced};
use crate::writer::Pdf;

const BOTH: &str = "ok A:info+xmp";

fn classic() -> Vec<u8> {
    labelled().table(TRAILER).bytes.clone()
}

#[test]
fn sections_of_every_kind() {
    check("classic table", &classic(), BOTH);
    check("stream", &labelled().stream_section(9, TRAILER).bytes, BOTH);
    let mut plain = labelled();
    let at = plain.bare_stream_section(9, TRAILER, false);
    check("stream without predictor", &plain.end(at).bytes, BOTH);
    check(
        "object stream",
        &compressed().stream_section(9, TRAILER).bytes,
        BOTH,
    );
    check("hybrid", &hybrid(), BOTH);
    check("as Office exports", &as_office_exports(), BOTH);
    check("linearised", &linearised(), BOTH);
}

/// Catalog and information in an object stream.
fn compressed() -> Pdf {
    let mut pdf = Pdf::new();
    pdf.object(2, PAGES);
    pdf.object_stream(8, &[(1, CATALOG.to_owned()), (3, info('a'))]);
    pdf.stream(4, METADATA, packet('a').as_bytes());
    pdf
}

/// One section of both kinds: the table hides what the stream shows.
fn hybrid() -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.object(1, CATALOG).object(2, PAGES);
    pdf.stream(4, METADATA, packet('a').as_bytes());
    let visible = pdf.clone();
    pdf.object_stream(8, &[(3, info('a'))]);
    let hidden = pdf.bare_stream_section(9, "", true);
    let mut table = visible;
    table.bytes = pdf.bytes;
    table.free(3).free(8).free(9);
    table
        .table(&format!("{TRAILER} /XRefStm {hidden}"))
        .bytes
        .clone()
}

/// A complete classic revision, then an empty section that points at the stream.
fn as_office_exports() -> Vec<u8> {
    let mut pdf = labelled();
    let shown = pdf.clone();
    pdf.object_stream(8, &[(7, "null".to_owned())]);
    let hidden = pdf.bare_stream_section(9, TRAILER, true);
    let mut file = shown;
    file.bytes = pdf.bytes;
    file.table(TRAILER);
    let (previous, at) = (file.section.unwrap(), file.bytes.len());
    file.raw(format!(
        "xref\n0 0\ntrailer\n<</Size 10 {TRAILER} /Prev {previous} /XRefStm {hidden}>>\n"
    ));
    file.end(at).bytes.clone()
}

/// The section that `startxref` names stands first, and its `Prev` points forward.
fn linearised() -> Vec<u8> {
    let mut pdf = Pdf::new();
    let first = pdf.bytes.len();
    pdf.raw(format!(
        "xref\n0 0\ntrailer\n<</Size 5 {TRAILER} /Prev 0000000000>>\n"
    ));
    pdf.raw("startxref\n0\n%%EOF\n");
    pdf.object(1, CATALOG).object(2, PAGES).object(3, info('a'));
    pdf.stream(4, METADATA, packet('a').as_bytes()).table("");
    let main = format!("{:010}", pdf.section.unwrap());
    pdf.raw(format!("startxref\n{first}\n%%EOF\n"));
    replaced(&pdf.bytes, b"0000000000>>", format!("{main}>>").as_bytes())
}

#[test]
fn the_last_revision_counts() {
    let revised = |change: &dyn Fn(&mut Pdf)| {
        let mut pdf = labelled();
        pdf.table(TRAILER);
        change(&mut pdf);
        pdf.table(TRAILER);
        pdf.bytes
    };
    let check_change = |what: &str, expected: &str, change: &dyn Fn(&mut Pdf)| {
        check(what, &revised(change), expected);
        check(
            &format!("{what}, revised by streams"),
            &{
                let mut pdf = labelled();
                pdf.stream_section(9, TRAILER);
                change(&mut pdf);
                pdf.stream_section(10, TRAILER);
                pdf.bytes
            },
            expected,
        );
    };
    check_change("nothing", BOTH, &|_| {});
    check_change("both changed", "ok B:info+xmp", &|pdf| {
        pdf.object(3, info('b'))
            .stream(4, METADATA, packet('b').as_bytes());
    });
    check_change(
        "information changed",
        "ok a:xmp B:info places_disagree",
        &|pdf| {
            pdf.object(3, info('b'));
        },
    );
    check_change(
        "packet changed",
        "ok a:info B:xmp places_disagree",
        &|pdf| {
            pdf.stream(4, METADATA, packet('b').as_bytes());
        },
    );
    check_change("label removed", "ok", &|pdf| {
        pdf.object(3, "<</Producer (x)>>")
            .stream(4, METADATA, b"<x/>");
    });
    check_change("objects freed", "ok", &|pdf| {
        pdf.free(3).free(4);
    });
    check_change("information freed", "ok A:xmp", &|pdf| {
        pdf.free(3);
    });
    let mut many = labelled();
    many.table(TRAILER);
    for round in 0..60 {
        many.object(
            2,
            format!("<</Type /Pages /Kids [] /Count 0 /Round {round}>>"),
        )
        .table(TRAILER);
    }
    check("sixty revisions", &many.bytes, BOTH);
}

#[test]
fn places_of_one_revision_are_equals() {
    let mut pdf = labelled();
    pdf.object(3, info('b'));
    let reading = check("both live", &pdf.table(TRAILER).bytes, "ok a:xmp b:info");
    assert!(reading.ambiguous);
}

#[test]
fn irregular_but_readable() {
    let file = classic();
    let text = |old: &str, new: &str| replaced(&file, old.as_bytes(), new.as_bytes());
    let with = |file: &[u8], more: &[u8]| [file, more].concat();
    check("junk at the end", &with(&file, &[b'x'; 900]), BOTH);
    check("much junk at the end", &with(&file, &[b'x'; 20_000]), BOTH);
    let mut shifted = Pdf::after(b"\x7FELF and then some\n");
    shifted
        .object(1, CATALOG)
        .object(2, PAGES)
        .object(3, info('a'));
    shifted.stream(4, METADATA, packet('a').as_bytes());
    check(
        "offsets count from the header",
        &shifted.table(TRAILER).bytes,
        BOTH,
    );
    check(
        "entries of 19 bytes",
        &replaced_all(&file, b" n \n", b" n\n"),
        BOTH,
    );
    check(
        "entries end in CR LF",
        &replaced_all(&file, b" n \n", b" n\r\n"),
        BOTH,
    );
    check(
        "entries of 21 bytes",
        &replaced_all(&file, b" n \n", b" n \r\n"),
        BOTH,
    );
    let mut missing = labelled();
    missing.bytes = replaced_all(&missing.bytes, b"\nendobj", b"\n      ");
    check("missing endobj", &missing.table(TRAILER).bytes, BOTH);
    let mut names = Pdf::new();
    let escaped = info('a').replace("/MSIP_Label", "%a comment)\n/MS#49P#5fLabel");
    names.object(1, CATALOG).object(2, PAGES).object(3, escaped);
    names.stream(4, METADATA, packet('a').as_bytes());
    check(
        "escaped names, and comments",
        &names.table(TRAILER).bytes,
        BOTH,
    );
    let mut dangling = Pdf::new();
    dangling
        .object(1, CATALOG)
        .object(2, PAGES)
        .object(3, info('a'));
    check(
        "no metadata object",
        &dangling.table(TRAILER).bytes,
        "ok A:info",
    );
    let mut direct = Pdf::new();
    direct
        .object(1, "<</Type /Catalog /Pages 2 0 R>>")
        .object(2, PAGES);
    let trailer = format!("/Root 1 0 R /Info {}", info('a'));
    check(
        "direct information",
        &direct.table(&trailer).bytes,
        "ok A:info",
    );
    check(
        "Prev in a loop",
        &text("/Root", &format!("/Prev {} /Root", start(&file))),
        BOTH,
    );
    check("Prev at zero", &text("/Root", "/Prev 0 /Root"), BOTH);
}

fn start(file: &[u8]) -> usize {
    file.windows(5)
        .position(|window| window == b"xref\n")
        .unwrap()
}

fn replaced_all(file: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = file;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    result.extend_from_slice(rest);
    result
}

#[test]
fn lengths_of_streams() {
    let check_length = |what: &str, length: &str, expected: &str| {
        let mut pdf = Pdf::new();
        pdf.object(1, CATALOG).object(2, PAGES);
        let body = format!(
            "<<{METADATA} /Length {length}>>\nstream\n{}\nendstream",
            packet('a')
        );
        pdf.object(4, body)
            .object(5, packet('a').len().to_string())
            .object(6, "7 0 R");
        pdf.object(7, "6 0 R");
        check(what, &pdf.table("/Root 1 0 R").bytes, expected);
    };
    check_length("indirect", "5 0 R", "ok A:xmp");
    check_length("too short", "10", "ok A:xmp");
    check_length("too long", "2000", "ok A:xmp");
    check_length("beyond the file", "99999999", "ok A:xmp");
    check_length("negative", "-1", "ok A:xmp");
    check_length("missing", "null", "ok A:xmp");
    check_length("dangling", "77 0 R", "ok A:xmp");
    check_length("a loop of references", "6 0 R", "ok A:xmp");
    check_length("its own stream", "4 0 R", "ok A:xmp");
}

#[test]
fn damaged_tables_make_the_whole_file_be_searched() {
    let file = classic();
    let found = "ok A:info+xmp full_read";
    let text = |old: &str, new: &str| replaced(&file, old.as_bytes(), new.as_bytes());
    check("no startxref", &text("startxref", "startxxxx"), found);
    check(
        "startxref elsewhere",
        &text("startxref\n", "startxref\n1"),
        found,
    );
    check("offsets are wrong", &text("1 0 obj", "junk 1 0 obj"), found);
    check("no table", &text("xref\n0 1", "xxxx\n0 1"), found);
    check(
        "no trailer",
        &text("trailer\n<<", "traler\n<<"),
        "ok A:xmp full_read",
    );
    check("Root dangles", &text("/Root 1 0 R", "/Root 9 0 R"), found);
    check(
        "Root is no catalog",
        &text("/Root 1 0 R", "/Root 2 0 R"),
        found,
    );
    check(
        "trailer is no dictionary",
        &text("trailer\n<<", "trailer\n<-"),
        "ok A:xmp full_read",
    );
    let streams = labelled().stream_section(9, TRAILER).bytes.clone();
    check(
        "a stream's offset",
        &replaced(&streams, b"startxref\n", b"startxref\n9"),
        found,
    );
    let compressed = compressed().stream_section(9, TRAILER).bytes.clone();
    check(
        "compressed objects",
        &replaced(&compressed, b"startxref\n", b"startxref\n9"),
        found,
    );
    let mut revised = labelled();
    revised
        .table(TRAILER)
        .object(3, info('b'))
        .stream(4, METADATA, packet('b').as_bytes());
    revised.table(TRAILER);
    let lost = replaced_all(&revised.bytes, b"startxref", b"startxxxx");
    check("the last object counts", &lost, "ok B:info+xmp full_read");
    // Viewers show the last revision that is whole.
    let cut = revised.bytes.len() - 60;
    check("a revision cut short", &revised.bytes[..cut], BOTH);
    let mut embedding = Pdf::new();
    embedding
        .object(1, CATALOG)
        .object(2, PAGES)
        .object(3, info('a'));
    embedding.stream(4, METADATA, packet('a').as_bytes());
    let mut inner = Pdf::new();
    inner
        .object(3, info('b'))
        .stream(4, METADATA, packet('b').as_bytes())
        .table("/Root 3 0 R");
    embedding
        .stream(5, "/Type /EmbeddedFile", &inner.bytes)
        .table(TRAILER);
    let broken = replaced(&embedding.bytes, b"1 0 obj", b"junk 1 0 obj");
    check("an embedded PDF is not searched", &broken, found);
    check(
        "nothing to be found",
        b"%PDF-1.7\nnothing",
        "file.corrupt full_read",
    );
}
