//! The promised figures of the store. The long ones are run by hand:
//! `cargo test --release -p labeld --test it -- --ignored --nocapture figures`.

use std::fs;
use std::time::{Duration, Instant};

use labeld::model::inventory::{FileFacts, FileId};
use labeld::store::files::{self, FileQuery, FolderFilter, LabelFilter, Origin, Page, Span};
use labeld::store::runs::{self, Reuse, RunId};
use labeld::store::{Db, apps::AppId};
use labeld_connector::{Change, FileMeta, FileRef, Version};
use serde_json::json;
use uuid::Uuid;

use super::{
    CONTOSO, at, facts, finance, go_to, label, meta, position, refused, sqlite, whole_feed,
};

const BATCH: usize = 500;

/// Files like those of an organisation: 25 in a folder, deep paths, names of 40 characters, 200 owners.
fn listed(number: usize) -> FileMeta {
    let folder_number = number / 25;
    let folder = format!(
        "Departments/Finance and Controlling/Projects {}/Customer {:05}/Contracts and annexes",
        folder_number / 500,
        folder_number
    );
    let extension = ["docx", "xlsx", "pptx", "pdf"][number % 4];
    let name = format!("Quarterly report and forecast {number:08}.{extension}");
    let path = format!("{folder}/{name}");
    let hash = mixed(number);
    FileMeta {
        file: FileRef(path.clone()),
        size: hash % 3_000_000,
        version: Version(format!("{:x}-{:x}", hash >> 8, hash % 3_000_000)),
        created: Some(at(-40_000_000 + i64::try_from(hash % 30_000_000).unwrap())),
        modified: Some(at(-30_000_000 + i64::try_from(hash % 29_000_000).unwrap())),
        owner: Some(format!("user{:03}@contoso.example", hash % 200)),
        ..meta(&path)
    }
}

/// Numbers that look random, and are the same in every run.
fn mixed(number: usize) -> u64 {
    (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

/// One label on a third of the files; every fiftieth needs a password.
fn found(number: usize, version: Version) -> FileFacts {
    let id = Uuid::from_u128(0x1abe1 + u128::from(mixed(number) % 12));
    let mut label = label(Some(CONTOSO), id, true);
    label.document = json!({
        "site_id": CONTOSO, "id": id, "name": "Confidential", "enabled": true, "removed": false, "effective": true,
        "method": "Standard", "set_date": "2026-03-02T10:11:12Z", "action_id": Uuid::from_u128(number as u128),
        "content_bits": 0, "places": ["custom", "labelinfo"], "extra": {},
    });
    let facts = match number {
        number if number % 50 == 7 => refused("password", "file.password"),
        number if number % 3 == 0 => facts(vec![label]),
        _ => facts(Vec::new()),
    };
    FileFacts { version, ..facts }
}

fn batches(files: usize) -> impl Iterator<Item = Vec<Change>> {
    (0..files).step_by(BATCH).map(move |start| {
        let batch = start..(start + BATCH).min(files);
        batch
            .map(|number| Change::Upserted(listed(number)))
            .collect()
    })
}

/// Lists all files, page by page with the cursor, as a run does.
async fn list_all(db: &Db, app: AppId, run: Option<RunId>, batches: Vec<Vec<Change>>) {
    for (number, batch) in batches.into_iter().enumerate() {
        let tx = db.begin().await.unwrap();
        let feed = whole_feed(&tx, app).await;
        let origin = Origin {
            app,
            feed: Some(feed),
        };
        files::apply_changes(&tx, origin, &batch, at(0))
            .await
            .unwrap();
        if let Some(run) = run {
            runs::record_listed(&tx, run, app, Reuse::Reader(1), &batch)
                .await
                .unwrap();
        }
        let position = position(&format!("page {number}"));
        go_to(&tx, app, feed, &position).await;
        tx.commit().await.unwrap();
    }
}

/// Reads all pending files of the run.
async fn read_all(db: &Db, app: AppId, run: RunId) {
    let mut page = Page {
        after: None,
        limit: u32::try_from(BATCH).unwrap(),
    };
    loop {
        let pending = runs::pending(db, run, page).await.unwrap();
        let Some(last) = pending.last() else {
            return;
        };
        page.after = Some(last.id);
        let results: Vec<(FileId, FileFacts)> = pending
            .iter()
            .map(|file| {
                let number = file.name[30..38].parse().unwrap();
                (file.id, found(number, file.version.clone()))
            })
            .collect();
        let outcomes: Vec<(FileId, &str)> = results
            .iter()
            .map(|(id, facts)| (*id, facts.reason.as_deref().unwrap_or("ok")))
            .collect();
        let tx = db.begin().await.unwrap();
        files::store_facts(&tx, &results).await.unwrap();
        runs::record_everywhere(&tx, app, &outcomes).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn begin(db: &Db) -> (AppId, RunId) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let run = runs::begin(&tx, app, "{}", at(0)).await.unwrap();
    tx.commit().await.unwrap();
    (app, run)
}

async fn finish(db: &Db, run: RunId) {
    let tx = db.begin().await.unwrap();
    runs::finish(&tx, run, at(1)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_row_with_its_indexes_takes_at_most_900_bytes() {
    const FILES: usize = 20_000;
    let (db, folder) = sqlite().await;
    let (app, run) = begin(&db).await;
    list_all(&db, app, Some(run), batches(FILES).collect()).await;
    read_all(&db, app, run).await;
    finish(&db, run).await;
    db.close().await.unwrap();
    let size = fs::metadata(folder.path().join("labeld.db")).unwrap().len();
    let per_row = size / FILES as u64;
    println!("{per_row} bytes a row ({size} bytes, {FILES} files)");
    assert!(per_row <= 900, "{per_row} bytes a row");
}

/// User and system time of this process.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn print_per_row(what: &str, before: Duration, rows: usize) {
    let micros = (cpu() - before).as_micros() as f64 / rows as f64;
    println!("{what}: {micros:.1} µs CPU a file");
}

#[tokio::test]
#[ignore = "prints figures; run it alone and optimised"]
async fn cpu_per_file() {
    const FILES: usize = 1_000_000;
    let (db, folder) = sqlite().await;
    let (app, run) = begin(&db).await;
    // Making the pages is not the store's work: a warm-up of the same kind is taken off.
    let before = cpu();
    let made: usize = batches(FILES).map(|batch| batch.len()).sum();
    let making = cpu() - before;
    let timed = async |what: &str, run| {
        let before = cpu() + making;
        for batch in batches(made) {
            list_all(&db, app, run, vec![batch]).await;
        }
        print_per_row(what, before, FILES);
    };
    timed("first listing with cursor and run", Some(run)).await;
    let before = cpu();
    read_all(&db, app, run).await;
    print_per_row(
        "reading the queue, storing facts, labels and outcomes",
        before,
        FILES,
    );
    let before = cpu();
    finish(&db, run).await;
    print_per_row("finishing the run", before, FILES);
    timed("unchanged listing with cursor", None).await;
    let (_, run) = begin(&db).await;
    timed("unchanged listing with cursor and run", Some(run)).await;
    finish(&db, run).await;
    time_queries(&db, "statistics not gathered").await;
    db.close().await.unwrap();
    let path = folder.path().join("labeld.db");
    let size = fs::metadata(&path).unwrap().len();
    println!("{} bytes a row", size / FILES as u64);
    let location = labeld::store::Location::from(path.as_path());
    let started = Instant::now();
    let db = labeld::store::Db::open(&location, labeld::store::Access::Write)
        .await
        .unwrap();
    println!("open: {:?}", started.elapsed());
    time_queries(&db, "statistics gathered").await;
}

async fn time_queries(db: &Db, when: &str) {
    println!("{when}:");
    let page = Page {
        after: None,
        limit: 100,
    };
    for (name, query) in documented_queries() {
        let mut slowest = Duration::ZERO;
        let mut rows = 0;
        let before = cpu();
        for after in [None, Some(FileId(500_000)), Some(FileId(999_950))] {
            let started = Instant::now();
            let found = files::list(db, &query, Page { after, ..page })
                .await
                .unwrap();
            slowest = slowest.max(started.elapsed());
            rows += found.len();
        }
        let slowest = slowest.as_millis();
        let cpu = (cpu() - before).as_millis();
        println!("  {name}: slowest of 3 pages {slowest} ms; CPU of all {cpu} ms; {rows} rows");
    }
    let started = Instant::now();
    files::by_state(db).await.unwrap();
    files::by_reason(db).await.unwrap();
    println!("  counts by state and reason: {:?}", started.elapsed());
    let started = Instant::now();
    files::by_label(db).await.unwrap();
    println!("  counts by label: {:?}", started.elapsed());
}

/// Each documented filter, once matching much and once little or nothing.
fn documented_queries() -> Vec<(&'static str, FileQuery)> {
    let labels = |ids: &[u128]| {
        Some(LabelFilter {
            site: Some(CONTOSO),
            labels: ids.iter().map(|id| Uuid::from_u128(0x1abe1 + id)).collect(),
            effective: true,
        })
    };
    let folder = |path: &str, subfolders| {
        Some(FolderFilter {
            path: path.to_owned(),
            subfolders,
        })
    };
    let all = FileQuery::default;
    let text = |text: &str| Some(text.to_owned());
    let from = |seconds| Span {
        from: Some(at(seconds)),
        to: None,
    };
    let larger = |bytes| Span {
        from: Some(bytes),
        to: None,
    };
    let deep =
        "Departments/Finance and Controlling/Projects 79/Customer 39900/Contracts and annexes";
    vec![
        ("all", all()),
        (
            "tenant",
            FileQuery {
                tenant: Some("contoso".into()),
                ..all()
            },
        ),
        (
            "tenant and app",
            FileQuery {
                tenant: Some("contoso".into()),
                app: Some("finance".into()),
                ..all()
            },
        ),
        (
            "one label",
            FileQuery {
                label: labels(&[1]),
                ..all()
            },
        ),
        (
            "six labels",
            FileQuery {
                label: labels(&[1, 2, 3, 4, 5, 6]),
                ..all()
            },
        ),
        (
            "label that no file has",
            FileQuery {
                label: labels(&[99]),
                ..all()
            },
        ),
        (
            "labelled",
            FileQuery {
                labelled: Some(true),
                ..all()
            },
        ),
        (
            "not labelled",
            FileQuery {
                labelled: Some(false),
                ..all()
            },
        ),
        (
            "state ok",
            FileQuery {
                state: text("ok"),
                ..all()
            },
        ),
        (
            "state rms",
            FileQuery {
                state: text("rms"),
                ..all()
            },
        ),
        (
            "reason",
            FileQuery {
                reason: text("file.password"),
                ..all()
            },
        ),
        (
            "folder",
            FileQuery {
                folder: folder(deep, false),
                ..all()
            },
        ),
        (
            "subfolders, all",
            FileQuery {
                folder: folder("Departments", true),
                ..all()
            },
        ),
        (
            "subfolders, some",
            FileQuery {
                folder: folder("Departments/Finance and Controlling/Projects 79", true),
                ..all()
            },
        ),
        (
            "subfolders, none",
            FileQuery {
                folder: folder("Departments/HR", true),
                ..all()
            },
        ),
        (
            "extension",
            FileQuery {
                extension: text("pdf"),
                ..all()
            },
        ),
        (
            "format",
            FileQuery {
                format: text("docx"),
                ..all()
            },
        ),
        (
            "owner",
            FileQuery {
                owner: text("user007@contoso.example"),
                ..all()
            },
        ),
        (
            "size, most",
            FileQuery {
                size: larger(1),
                ..all()
            },
        ),
        (
            "size, few",
            FileQuery {
                size: larger(2_999_900),
                ..all()
            },
        ),
        (
            "modified, most",
            FileQuery {
                modified: from(-29_000_000),
                ..all()
            },
        ),
        (
            "modified, few",
            FileQuery {
                modified: from(-1_001_000),
                ..all()
            },
        ),
        (
            "app and modified, few",
            FileQuery {
                tenant: Some("contoso".into()),
                app: Some("finance".into()),
                modified: from(-1_001_000),
                ..all()
            },
        ),
        (
            "created, half",
            FileQuery {
                created: from(-25_000_000),
                ..all()
            },
        ),
        (
            "read, all",
            FileQuery {
                read: from(0),
                ..all()
            },
        ),
        (
            "read, none",
            FileQuery {
                read: from(1000),
                ..all()
            },
        ),
        (
            "name, all",
            FileQuery {
                name: text("*report*"),
                ..all()
            },
        ),
        (
            "name, one",
            FileQuery {
                name: text("*00999999*"),
                ..all()
            },
        ),
        (
            "name, none",
            FileQuery {
                name: text("*payroll*"),
                ..all()
            },
        ),
        (
            "path, some",
            FileQuery {
                path: text("*/Customer 39900/*"),
                ..all()
            },
        ),
        (
            "path, none",
            FileQuery {
                path: text("*payroll*"),
                ..all()
            },
        ),
        (
            "label and folder",
            FileQuery {
                label: labels(&[3]),
                folder: folder("Departments/Finance and Controlling/Projects 79", true),
                ..all()
            },
        ),
        (
            "state and modified",
            FileQuery {
                state: text("ok"),
                modified: from(-1_001_000),
                ..all()
            },
        ),
    ]
}
