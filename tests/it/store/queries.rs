//! Finding and counting files.

use chrono::{DateTime, Utc};
use labeld::model::inventory::FileFacts;
use labeld::store::files::{
    self, FileQuery, FolderFilter, LabelCount, LabelFilter, Page, Removed, Span, TermCount,
};
use labeld::store::{Db, apps};
use labeld_connector::{Change, FileMeta, FileRef};
use uuid::Uuid;

use super::{
    CONTOSO, FABRIKAM, GENERAL, SECRET, at, facts, finance, label, meta, on_both_stores, refused,
};

on_both_stores!(every_filter, pages_follow_each_other, counts);

/// Eight files of `finance` (one of them gone), one of another tenant's app, and one that was never read.
async fn fill(db: &Db) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let listed: Vec<Change> = [
        meta("top.docx"),
        FileMeta {
            size: 0,
            ..meta("a/one.DOCX")
        },
        FileMeta {
            size: 5000,
            owner: Some("bob".to_owned()),
            ..meta("a/b/two.pdf")
        },
        FileMeta {
            modified: Some(at(500)),
            created: None,
            ..meta("a/b/c/100%_done.xlsx")
        },
        FileMeta {
            modified: None,
            ..meta("a-z/not below a.txt")
        },
        FileMeta {
            owner: None,
            ..meta("a0/Über.docx")
        },
        meta("a/gone.docx"),
        meta("unread"),
    ]
    .map(Change::Upserted)
    .to_vec();
    files::apply_changes(&tx, app, &listed, at(0))
        .await
        .unwrap();
    let read: [(&str, FileFacts); 7] = [
        ("top.docx", facts(vec![label(Some(CONTOSO), SECRET, true)])),
        (
            "a/one.DOCX",
            facts(vec![label(Some(CONTOSO), SECRET, false)]),
        ),
        (
            "a/b/two.pdf",
            FileFacts {
                format: Some("pdf".to_owned()),
                read_at: at(900),
                ..facts(vec![
                    label(Some(FABRIKAM), SECRET, true),
                    label(Some(CONTOSO), GENERAL, true),
                ])
            },
        ),
        ("a/b/c/100%_done.xlsx", refused("password", "file.password")),
        (
            "a-z/not below a.txt",
            refused("unsupported", "file.type_unsupported"),
        ),
        ("a0/Über.docx", facts(vec![label(None, GENERAL, true)])),
        (
            "a/gone.docx",
            facts(vec![label(Some(CONTOSO), SECRET, true)]),
        ),
    ];
    let mut found = Vec::new();
    for (file, facts) in read {
        let record = files::find(&tx, app, &FileRef(file.to_owned()))
            .await
            .unwrap();
        found.push((record.unwrap().id, facts));
    }
    files::store_facts(&tx, &found).await.unwrap();
    let gone = [Change::Removed(FileRef("a/gone.docx".to_owned()))];
    files::apply_changes(&tx, app, &gone, at(1)).await.unwrap();
    let other = apps::ensure(&tx, &"fabrikam".into(), &"finance".into())
        .await
        .unwrap();
    let theirs = [Change::Upserted(meta("a/theirs.pdf"))];
    files::apply_changes(&tx, other, &theirs, at(0))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

const ALL: Page = Page {
    after: None,
    limit: 100,
};

async fn check(db: &Db, query: FileQuery, expected: &[&str]) {
    let found = files::list(db, &query, ALL).await.unwrap();
    let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, expected, "{query:?}");
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn labels(site: Option<Uuid>, labels: &[Uuid], effective: bool) -> Option<LabelFilter> {
    let labels = labels.to_vec();
    Some(LabelFilter {
        site,
        labels,
        effective,
    })
}

fn folder(path: &str, subfolders: bool) -> Option<FolderFilter> {
    let path = path.to_owned();
    Some(FolderFilter { path, subfolders })
}

fn span<T>(from: Option<T>, to: Option<T>) -> Span<T> {
    Span { from, to }
}

const TOP: &str = "top.docx";
const ONE: &str = "one.DOCX";
const TWO: &str = "two.pdf";
const DONE: &str = "100%_done.xlsx";
const NOT_BELOW: &str = "not below a.txt";
const UEBER: &str = "Über.docx";
const GONE: &str = "gone.docx";
const UNREAD: &str = "unread";
const THEIRS: &str = "theirs.pdf";

#[rustfmt::skip]
async fn every_filter(db: Db) {
    fill(&db).await;
    let all = FileQuery::default;
    let db = &db;
    let times = |from: Option<i64>, to: Option<i64>| -> Span<DateTime<Utc>> { span(from.map(at), to.map(at)) };

    check(db, all(), &[TOP, ONE, TWO, DONE, NOT_BELOW, UEBER, UNREAD, THEIRS]).await;
    check(db, FileQuery { removed: Removed::Only, ..all() }, &[GONE]).await;
    check(db, FileQuery { removed: Removed::Any, ..all() }, &[TOP, ONE, TWO, DONE, NOT_BELOW, UEBER, GONE, UNREAD, THEIRS]).await;
    check(db, FileQuery { tenant: Some("fabrikam".into()), ..all() }, &[THEIRS]).await;
    check(db, FileQuery { app: Some("finance".into()), extension: text("PDF"), ..all() }, &[TWO, THEIRS]).await;
    check(db, FileQuery { tenant: Some("contoso".into()), app: Some("finance".into()), extension: text("pdf"), ..all() }, &[TWO]).await;
    check(db, FileQuery { tenant: Some("nobody".into()), ..all() }, &[]).await;

    check(db, FileQuery { label: labels(None, &[SECRET], false), ..all() }, &[TOP, ONE, TWO]).await;
    check(db, FileQuery { label: labels(None, &[SECRET], true), ..all() }, &[TOP, TWO]).await;
    check(db, FileQuery { label: labels(Some(CONTOSO), &[SECRET], false), ..all() }, &[TOP, ONE]).await;
    check(db, FileQuery { label: labels(Some(CONTOSO), &[SECRET, GENERAL], true), ..all() }, &[TOP, TWO]).await;
    check(db, FileQuery { label: labels(None, &[GENERAL], true), ..all() }, &[TWO, UEBER]).await;
    check(db, FileQuery { label: labels(None, &[CONTOSO], false), ..all() }, &[]).await;
    check(db, FileQuery { label: labels(None, &[], false), ..all() }, &[]).await;
    check(db, FileQuery { label: labels(None, &[SECRET], false), removed: Removed::Any, ..all() }, &[TOP, ONE, TWO, GONE]).await;
    check(db, FileQuery { labelled: Some(true), ..all() }, &[TOP, TWO, UEBER]).await;
    check(db, FileQuery { labelled: Some(false), ..all() }, &[ONE, DONE, NOT_BELOW]).await;

    check(db, FileQuery { state: text("password"), ..all() }, &[DONE]).await;
    check(db, FileQuery { state: text("no such state"), ..all() }, &[]).await;
    check(db, FileQuery { reason: text("file.type_unsupported"), ..all() }, &[NOT_BELOW]).await;
    check(db, FileQuery { format: text("pdf"), ..all() }, &[TWO]).await;
    check(db, FileQuery { extension: text("docx"), ..all() }, &[TOP, ONE, UEBER]).await;
    check(db, FileQuery { owner: text("bob"), ..all() }, &[TWO]).await;

    check(db, FileQuery { folder: folder("", false), ..all() }, &[TOP, UNREAD]).await;
    check(db, FileQuery { folder: folder("", true), state: text("ok"), ..all() }, &[TOP, ONE, TWO, UEBER]).await;
    check(db, FileQuery { folder: folder("a", false), ..all() }, &[ONE, THEIRS]).await;
    check(db, FileQuery { folder: folder("a", true), ..all() }, &[ONE, TWO, DONE, THEIRS]).await;
    check(db, FileQuery { folder: folder("a/b", true), ..all() }, &[TWO, DONE]).await;
    check(db, FileQuery { folder: folder("A", true), ..all() }, &[]).await;

    check(db, FileQuery { name: text("*.docx"), ..all() }, &[TOP, ONE, UEBER]).await;
    check(db, FileQuery { name: text("T??.*"), ..all() }, &[TOP, TWO]).await;
    check(db, FileQuery { name: text("?ber.docx"), ..all() }, &[UEBER]).await;
    check(db, FileQuery { name: text("100%_*"), ..all() }, &[DONE]).await;
    check(db, FileQuery { name: text("1%"), ..all() }, &[]).await;
    check(db, FileQuery { path: text("a/*"), ..all() }, &[ONE, TWO, DONE, THEIRS]).await;
    check(db, FileQuery { path: text("top*"), ..all() }, &[TOP]).await;

    check(db, FileQuery { size: span(Some(5000), None), ..all() }, &[TWO]).await;
    check(db, FileQuery { size: span(None, Some(1000)), ..all() }, &[ONE]).await;
    check(db, FileQuery { size: span(Some(0), Some(1)), ..all() }, &[ONE]).await;
    check(db, FileQuery { modified: times(Some(0), None), ..all() }, &[DONE]).await;
    check(db, FileQuery { modified: times(Some(500), Some(501)), ..all() }, &[DONE]).await;
    check(db, FileQuery { modified: times(None, Some(500)), name: text("*.txt"), ..all() }, &[]).await;
    check(db, FileQuery { created: times(None, Some(0)), folder: folder("a/b", true), ..all() }, &[TWO]).await;
    check(db, FileQuery { read: times(Some(900), None), ..all() }, &[TWO]).await;
    check(db, FileQuery { read: times(None, Some(900)), size: span(None, Some(1)), ..all() }, &[ONE]).await;
}

async fn pages_follow_each_other(db: Db) {
    fill(&db).await;
    for query in [
        FileQuery::default(),
        FileQuery {
            name: text("*"),
            ..FileQuery::default()
        },
    ] {
        let whole = files::list(&db, &query, ALL).await.unwrap();
        let mut pieces = Vec::new();
        loop {
            let after = pieces
                .last()
                .map(|file: &labeld::model::inventory::FileRecord| file.id);
            let page = Page { after, limit: 3 };
            let next = files::list(&db, &query, page).await.unwrap();
            assert!(next.len() <= 3);
            if next.is_empty() {
                break;
            }
            pieces.extend(next);
        }
        assert_eq!(pieces, whole);
    }
}

async fn counts(db: Db) {
    fill(&db).await;
    let terms = |counts: Vec<TermCount>| {
        let line = counts
            .into_iter()
            .map(|count| format!("{} {}", count.term.as_deref().unwrap_or("-"), count.files));
        line.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        terms(files::by_state(&db).await.unwrap()),
        "- 2, ok 4, password 1, unsupported 1"
    );
    assert_eq!(
        terms(files::by_reason(&db).await.unwrap()),
        "file.password 1, file.type_unsupported 1"
    );
    let count = |site_id, id, files, effective| LabelCount {
        site_id,
        id,
        files,
        effective,
    };
    assert_eq!(
        files::by_label(&db).await.unwrap(),
        [
            count(Some(CONTOSO), SECRET, 2, 1),
            count(Some(FABRIKAM), SECRET, 1, 1),
            count(None, GENERAL, 1, 1),
            count(Some(CONTOSO), GENERAL, 1, 1),
        ]
    );
}
