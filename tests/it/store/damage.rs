//! A store in which one byte has changed: never a crash, and whatever is noticed is told with the file and a way out.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use labeld::store::care::{self, Depth, Health};
use labeld::store::files::{self, FileQuery, Page};
use labeld::store::{Access, Db, Location, StoreError};
use tempfile::TempDir;

use super::{
    CONTOSO, SECRET, facts, finance, go_to, label, position, sqlite, upserted, whole_feed,
};

const PAGE_SIZE: usize = 4096;

/// Enough files for interior pages in tables and indexes.
const FILES: usize = 600;

/// Bytes that are changed in each region: spread over all of it.
const SAMPLES: usize = 40;

async fn fill(db: &Db, from: usize, to: usize) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let feed = whole_feed(&tx, app).await;
    let paths: Vec<String> = (from..to)
        .map(|number| format!("folder {}/{number}.docx", number % 7))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    files::apply_changes(&tx, app, &upserted(&paths), super::at(1))
        .await
        .unwrap();
    let position = position(&format!("page {to}"));
    go_to(&tx, app, feed, &position).await;
    tx.commit().await.unwrap();
    let all = Page {
        after: None,
        limit: 10_000,
    };
    let listed = files::list(db, &FileQuery::default(), all).await.unwrap();
    let facts: Vec<_> = listed
        .iter()
        .map(|file| (file.id, facts(vec![label(Some(CONTOSO), SECRET, true)])))
        .collect();
    let tx = db.begin().await.unwrap();
    files::store_facts(&tx, &facts).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the bytes of a page are part of.
fn region(page: usize, bytes: &[u8]) -> Option<&'static str> {
    let body = &bytes[page * PAGE_SIZE..(page + 1) * PAGE_SIZE];
    let is_schema = page == 0 || body.windows(13).any(|words| words == b"CREATE TABLE ");
    let kind = body[0];
    match kind {
        _ if is_schema => Some("schema"),
        0x02 | 0x0a => Some("index"),
        0x05 | 0x0d => Some("table"),
        _ => None,
    }
}

/// Offsets of the bytes that are changed, by region.
fn samples(bytes: &[u8]) -> BTreeMap<&'static str, Vec<usize>> {
    let mut regions: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for page in 0..bytes.len() / PAGE_SIZE {
        if let Some(region) = region(page, bytes) {
            let start = if page == 0 { 100 } else { page * PAGE_SIZE };
            // The page's own header and its list of cells come first, and hold it together.
            let all = (start..start + 48).chain((start + 48..(page + 1) * PAGE_SIZE).step_by(13));
            regions.entry(region).or_default().extend(all);
        }
    }
    regions.insert("header", (0..100).collect());
    for offsets in regions.values_mut() {
        let step = (offsets.len() / SAMPLES).max(1);
        *offsets = offsets.iter().copied().step_by(step).collect();
    }
    regions
}

/// Uses the store as commands do; the findings, or the error that kept it from being opened.
async fn use_all_of(path: &Path) -> Result<Health, StoreError> {
    let location = Location::from(path);
    let checked = care::check(&location, Depth::Full).await;
    for access in [Access::Read, Access::Write] {
        let used = use_with(&location, access).await;
        let is_sound = matches!(&checked, Ok(health) if health.findings.is_empty());
        match used {
            Ok(()) => {}
            Err(error) => {
                expect_told(&error);
                assert!(!is_sound, "a store that passes its check works: {error}");
            }
        }
    }
    checked
}

async fn use_with(location: &Location, access: Access) -> Result<(), StoreError> {
    let db = Db::open(location, access).await?;
    let all = Page {
        after: None,
        limit: 10_000,
    };
    files::list(&db, &FileQuery::default(), all).await?;
    files::by_reason(&db).await?;
    if access == Access::Write {
        let tx = db.begin().await?;
        let app = labeld::store::apps::ensure(&tx, &"contoso".into(), &"finance".into()).await?;
        let changes = upserted(&["folder 1/1.docx", "new/new.docx"]);
        files::apply_changes(&tx, app, &changes, super::at(2)).await?;
        tx.commit().await?;
    }
    db.close().await
}

#[track_caller]
fn expect_told(error: &StoreError) {
    let message = error.to_string();
    // A row that has changed may also be one that a rule of the schema refuses.
    let is_told = matches!(error, StoreError::Constraint { .. })
        || (error.exit_code() == 10 && message.contains("labeld store"));
    assert!(is_told, "{error:?}");
    if let StoreError::Damaged { .. } = error {
        for words in ["damaged.db", "labeld store restore"] {
            assert!(message.contains(words), "{message}");
        }
    }
}

#[tokio::test]
async fn one_changed_byte_is_told_or_does_no_harm() {
    let (db, folder) = sqlite().await;
    fill(&db, 0, FILES).await;
    db.close().await.unwrap();
    let sound = fs::read(folder.path().join("labeld.db")).unwrap();
    let path = folder.path().join("damaged.db");
    for (region, offsets) in samples(&sound) {
        let mut noticed = 0;
        for offset in &offsets {
            let mut bytes = sound.clone();
            bytes[*offset] ^= 0x55;
            fs::write(&path, bytes).unwrap();
            match use_all_of(&path).await {
                Ok(health) => noticed += usize::from(!health.findings.is_empty()),
                Err(error) => {
                    expect_told(&error);
                    noticed += 1;
                }
            }
            remove_beside(&path);
        }
        println!("{region}: {noticed} of {} noticed", offsets.len());
        assert!(noticed > 0, "{region}");
    }
}

fn remove_beside(path: &Path) {
    for suffix in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{suffix}", path.display()));
        if beside.exists() {
            fs::remove_file(beside).unwrap();
        }
    }
}

/// A store whose last transactions are in its log, as a killed process leaves it.
async fn with_log() -> (Vec<u8>, Vec<u8>, TempDir) {
    let (db, folder) = sqlite().await;
    for number in 0..4 {
        fill(&db, number * 20, number * 20 + 20).await;
    }
    let path = folder.path().join("labeld.db");
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let bytes = (fs::read(&path).unwrap(), fs::read(log).unwrap());
    db.close().await.unwrap();
    (bytes.0, bytes.1, folder)
}

#[tokio::test]
async fn a_changed_byte_in_the_log_is_told() {
    let (store, log, _folder) = with_log().await;
    let frame = 24 + PAGE_SIZE;
    let frames = (log.len() - 32) / frame;
    assert!(frames > 10 && (log.len() - 32) % frame == 0);
    let target = TempDir::new().unwrap();
    let path = target.path().join("damaged.db");
    let wal = target.path().join("damaged.db-wal");
    let header = 0..32;
    // The last frame is what a killed process may leave by half.
    let before_the_last = (0..frames - 1).map(|number| 32 + number * frame);
    let in_frames = before_the_last.flat_map(|start| {
        let fields = [0, 4, 9, 13, 17, 21];
        fields
            .map(|at| start + at)
            .into_iter()
            .chain([start + 24 + 77])
    });
    for offset in header.chain(in_frames.step_by(5)) {
        let mut bytes = log.clone();
        bytes[offset] ^= 0x01;
        fs::write(&path, &store).unwrap();
        fs::write(&wal, &bytes).unwrap();
        let health = care::check(&Location::from(path.as_path()), Depth::Full).await;
        match health {
            Ok(health) => {
                let finding = health.findings.iter().find(|finding| finding.code == "log");
                let finding = finding.unwrap_or_else(|| panic!("byte {offset}: {health:?}"));
                assert!(finding.what.contains("damaged.db-wal"), "{finding:?}");
                assert!(finding.fix.contains("labeld store restore"), "{finding:?}");
            }
            // Nothing of the log is left, and with it the first tables.
            Err(error) => assert_eq!(error.exit_code(), 10, "byte {offset}: {error:?}"),
        }
        // A writer goes on with what is before the break, and keeps the log.
        if let Ok(db) = Db::open(&Location::from(path.as_path()), Access::Write).await {
            db.close().await.unwrap();
            assert_eq!(
                fs::read(target.path().join("damaged.db-wal.broken")).unwrap(),
                bytes
            );
        }
        remove_beside(&path);
    }
}

#[tokio::test]
async fn a_log_that_is_not_damaged_is_no_finding() {
    let (store, log, folder) = with_log().await;
    let frame = 24 + PAGE_SIZE;
    let target = TempDir::new().unwrap();
    let path = target.path().join("damaged.db");
    let mut half_written = log.clone();
    let last = log.len() - frame;
    half_written[last + 100..].fill(0);
    let logs: [(&str, &[u8]); 4] = [
        ("whole", &log),
        ("cut in its last frame", &log[..log.len() - 1000]),
        ("last frame half written", &half_written),
        ("empty", &[]),
    ];
    for (name, log) in logs {
        fs::write(&path, &store).unwrap();
        fs::write(target.path().join("damaged.db-wal"), log).unwrap();
        match care::check(&Location::from(path.as_path()), Depth::Full).await {
            Ok(health) => assert_eq!(health.findings, [], "{name}"),
            Err(error) => assert!(name == "empty", "{name}: {error:?}"),
        }
        remove_beside(&path);
    }
    // Also while it is written, and begun anew.
    let location = Location::from(folder.path().join("labeld.db").as_path());
    let db = Db::open(&location, Access::Write).await.unwrap();
    let is_written = Cell::new(false);
    let write = async {
        for number in 4..16 {
            fill(&db, number * 20, number * 20 + 20).await;
        }
        is_written.set(true);
    };
    let check = async {
        while !is_written.get() {
            let health = care::check(&location, Depth::Quick).await.unwrap();
            assert_eq!(health.findings, []);
        }
    };
    tokio::join!(write, check);
    db.close().await.unwrap();
}
