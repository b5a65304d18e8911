//! What the cases do.

pub(crate) mod listing;
pub(crate) mod reading;
pub(crate) mod writing;

use crate::Harness;
use crate::caller::Caller;

/// More files than fit on two pages: folders within folders, one name in two of them, names that sort
/// around the separator, letters beyond ASCII, and a file without content.
const TREE: &[(&str, &[u8])] = &[
    ("a.docx", b"one"),
    ("a/b.docx", b"two"),
    ("a/b/c.docx", b"three"),
    ("a/b/d e.pdf", b"four"),
    ("a-b.docx", b"five"),
    ("empty.docx", b""),
    ("z/b.docx", b"six six"),
    ("z/deep/er/still/f.xlsx", b"seven"),
    ("z/\u{dc}bersicht \u{6587}\u{66f8}.pptx", b"eight"),
    ("z/percent%20and+plus&more.pdf", b"nine"),
    ("zz.pdf", b"ten"),
    ("zz2.pdf", b"eleven"),
];

async fn put_tree(harness: &dyn Harness) {
    for (path, body) in TREE {
        harness.put(path, body).await;
    }
}

async fn connect(harness: &dyn Harness) -> Caller {
    Caller {
        connector: harness.connect().await,
        root: harness.root(),
    }
}
