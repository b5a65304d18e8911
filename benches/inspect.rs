//! Time to read one document of each kind, fetched in ranges from memory.

use divan::Bencher;
use labeld_bench::documents::{Document, Example};
use labeld_bench::reading::{Measured, read_bytes};
use labeld_formats::RangeStrategy;

/// The mean of the sizes found on disks.
const SIZE: usize = 512 << 10;

fn main() {
    divan::main();
}

#[divan::bench(args = [
    Example::DocxCustom,
    Example::DocxLabelInfo,
    Example::Xlsx,
    Example::Pptx,
    Example::PdfClassic,
    Example::PdfCompressed,
    Example::PdfHybrid,
    Example::PdfAes,
    Example::Rights,
    Example::Workbook,
])]
fn inspect(bencher: Bencher<'_, '_>, example: &Example) {
    let document = example.document(SIZE);
    let labels = |document: &Document| read(document).map(|it| it.reading.labels.len()).ok();
    if let Ok(document) = &document {
        assert_eq!(
            labels(document),
            Some(document.truth.labels.len()),
            "{example:?}"
        );
    }
    bencher.bench_local(|| document.as_ref().map(read));
}

fn read(document: &Document) -> std::io::Result<Measured> {
    read_bytes(&document.bytes, RangeStrategy::LOCAL)
}
