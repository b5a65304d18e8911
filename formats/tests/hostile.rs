//! Files made to cost much: each ends within the budgets.

#![allow(clippy::unwrap_used, reason = "a panic is the failure report")]

use labeld_formats::{
    BlockCache, Limits, RangeStrategy, ReadOptions, Refusal, TenantKnowledge, read, read_ranged,
};

const TOO_MANY_STEPS: Option<Refusal> = Some(Refusal::Limit("reading it takes too many steps"));

/// A PDF without a table, which is therefore searched, with `count` times `unit` in it.
fn searched_pdf(before: &str, unit: &str, count: usize) -> Vec<u8> {
    let catalog = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n";
    let units = unit.repeat(count);
    format!("%PDF-1.4\n{catalog}{before}{units}\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
        .into_bytes()
}

/// A PDF with a right table of these objects, numbered from 1; the first is the catalog.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.7\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    file += &table;
    file += &format!("trailer<</Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

fn refusal_within(steps: u64, file: &[u8]) -> Option<Refusal> {
    let known = TenantKnowledge::default();
    let limits = Limits {
        steps,
        ..Limits::default()
    };
    let options = ReadOptions {
        limits,
        known: &known,
    };
    read(&file, options).unwrap().refusal
}

/// Each occurrence of a word starts a value that runs to the end of the file: together they are
/// gigabytes to look at.
#[test]
fn searching_a_pdf_for_objects_that_never_end_is_bounded() {
    let padding = " ".repeat(40);
    for (before, unit) in [
        ("", format!("trailer<<{padding}(")),
        ("", format!("trailer<<{padding}<0")),
        ("", format!("trailer{padding}%")),
        ("2 0 obj<</A(", format!("stream\n{padding}")),
        ("", format!("3 0 obj(stream\n{padding}")),
    ] {
        let file = searched_pdf(before, &unit, 20_000);
        assert_eq!(refusal_within(200_000, &file), TOO_MANY_STEPS, "{unit}");
    }
}

/// Strings are long and few in a regular file; here one long object is asked for again and again.
#[test]
fn reading_one_long_pdf_object_over_and_over_is_bounded() {
    let references: String = (0..3_000)
        .map(|index| format!("{} 0 R ", 4 + index % 3))
        .collect();
    let field = format!("<</T(a)/A({})>>", "x".repeat(1 << 20));
    let file = pdf(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm 3 0 R>>".to_owned(),
        "<</Type/Pages/Kids[]/Count 0>>".to_owned(),
        format!("<</Fields[{references}]>>"),
        field.clone(),
        field.clone(),
        field,
    ]);
    assert_eq!(
        refusal_within(Limits::default().steps, &file),
        TOO_MANY_STEPS
    );
}

/// 300 revisions, a megabyte from each to the one before. What is fetched of such a file is held in
/// memory, so there is an end to it.
#[test]
fn what_is_fetched_of_one_file_is_bounded() {
    const DISTANCE: u64 = 1 << 20;
    const REVISIONS: u64 = 300;
    let len = REVISIONS * DISTANCE;
    let section = |index: u64| {
        let root = if index == 0 { "/Root 1 0 R" } else { "" };
        let previous = index.saturating_sub(1) * DISTANCE;
        format!("xref\n0 0\ntrailer<<{root}/Prev {previous}>>\n").into_bytes()
    };
    let last = (REVISIONS - 1) * DISTANCE;
    let end = format!("startxref\n{last}\n%%EOF\n").into_bytes();
    let byte = |at: u64| {
        let index = at / DISTANCE;
        let from_end = (len - at) as usize;
        if from_end <= end.len() {
            return end[end.len() - from_end];
        }
        let section = section(index);
        let within = (at % DISTANCE) as usize;
        section.get(within).copied().unwrap_or(b' ')
    };
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let mut cache = BlockCache::new(len, RangeStrategy::LOCAL);
    let reading = read_ranged(&mut cache, options, |range| {
        let mut bytes = vec![b' '; (range.end - range.start) as usize];
        for (slot, at) in bytes.iter_mut().zip(range) {
            if at % DISTANCE < 100 || len - at < 100 {
                *slot = byte(at);
            }
        }
        Ok(bytes)
    });
    let refusal = reading.unwrap().refusal;
    assert_eq!(refusal, Some(Refusal::Limit("it needs too many reads")));
    assert!(cache.bytes_read() <= 64 << 20);
}
